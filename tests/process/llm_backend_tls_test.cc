// Our four real backends over TLS: who is trusted, and what a broken handshake is.
#include <gtest/gtest.h>

#include <optional>

#include "tests/support/backend_rig.h"
#include "tests/support/cluster_process.h"
#include "tests/support/fault_llm.h"

namespace consilium {
namespace {

class LlmBackendTlsTest : public testing::TestWithParam<ProviderWay> {
 protected:
  LlmBackendTlsTest() { options.tls = true; }
  Outcome Ask(bool trusted) {
    if (!server) server.emplace(options);
    BackendConfig config = RigConfig(GetParam(), server->url());
    if (trusted) config.ca_file = folder.Write("ca.pem", server->certificate());
    BackendRig rig(config);
    return rig.Ask(RigCall("c")).outcome;
  }
  TestFolder folder;
  FaultLlmOptions options;
  std::optional<FaultLlm> server;
};

TEST_P(LlmBackendTlsTest, UnknownCertificateIsNotTrustedAndGetsNoRequest) {
  const Outcome outcome = Ask(/*trusted=*/false);
  EXPECT_EQ(LineOf(outcome), "error tls_failed") << outcome.text;
  EXPECT_FALSE(outcome.retryable) << "it will not be trusted the next time either";
  EXPECT_TRUE(server->ledger().empty()) << "neither the key nor the case went out";
}

TEST_P(LlmBackendTlsTest, CertificateOfTheCaFileIsTrusted) {
  const Outcome outcome = Ask(/*trusted=*/true);
  EXPECT_EQ(LineOf(outcome), "ok") << outcome.text;
}

TEST_P(LlmBackendTlsTest, AbortedHandshakeMayDoBetterTheNextTime) {
  options.abort_handshake = [](std::size_t nth) { return nth == 1; };
  const Outcome outcome = Ask(/*trusted=*/true);
  EXPECT_EQ(LineOf(outcome), "error tls_handshake") << outcome.text;
  EXPECT_TRUE(outcome.retryable);
  EXPECT_EQ(LineOf(Ask(/*trusted=*/true)), "ok");
}

TEST_P(LlmBackendTlsTest, ConnectionThatBreaksAfterTheRequestIsCut) {
  options.plan = [](const Asked&) { return Fault::kTlsFailure; };
  const Outcome outcome = Ask(/*trusted=*/true);
  EXPECT_EQ(LineOf(outcome), "error cut_stream") << outcome.text;
  EXPECT_TRUE(outcome.retryable);
  EXPECT_EQ(server->ledger().size(), 1u);
}

// Without a length, an end that TLS did not announce could be an attacker's.
TEST_P(LlmBackendTlsTest, FaultsAreToldApartOverTlsAsWithoutIt) {
  options.streams_until_close = true;
  options.plan = [](const Asked& asked) {
    return asked.nth == 1 ? Fault::kReset : asked.nth == 2 ? Fault::kCut : Fault::kNone;
  };
  EXPECT_EQ(LineOf(Ask(/*trusted=*/true)), "error cut_stream");
  EXPECT_EQ(LineOf(Ask(/*trusted=*/true)), "error cut_stream");
  EXPECT_EQ(LineOf(Ask(/*trusted=*/true)), "ok");
}

INSTANTIATE_TEST_SUITE_P(All, LlmBackendTlsTest, testing::ValuesIn(AllProviderWays()), WayName);

}  // namespace
}  // namespace consilium
