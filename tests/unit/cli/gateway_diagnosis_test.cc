#include "cli/gateway_diagnosis.h"

#include <gtest/gtest.h>

#include "cli/render_gateway.h"

namespace consilium {
namespace {

constexpr std::int64_t kDay = 24 * 3600;
constexpr std::int64_t kNow = 1795828533;  // 2026-11-28 01:15:33 UTC

std::string Said(const Checked& check) {
  return std::string(kFindingNames[static_cast<std::size_t>(check.finding)]) + ": " + check.text;
}

TEST(GatewayDiagnosisTest, ADoorAnswersOrIsFreeOrIsTaken) {
  const std::string at = "tcp://127.0.0.1:1";
  EXPECT_EQ(Said(JudgeOpenDoor("gateway.http", at)), "ok: answers at tcp://127.0.0.1:1");
  EXPECT_EQ(Said(JudgeClosedDoor("gateway.http", at, Ok())), "ok: free: tcp://127.0.0.1:1");
  EXPECT_EQ(Said(JudgeClosedDoor("gateway.http", at, Error{ErrorCode::kConflict, "in use"})),
            "note: somebody listens at tcp://127.0.0.1:1");
  EXPECT_EQ(Said(JudgeClosedDoor("gateway.http", at, Error{ErrorCode::kUnavailable, "not ours"})),
            "problem: cannot listen at tcp://127.0.0.1:1: not ours");
}

TEST(GatewayDiagnosisTest, ACertificateIsGoodForAWhileOrSoonOverOrOver) {
  GatewayFile look{"gateway.tls_cert_file", "/c", "1 certificate", "", kNow + 15 * kDay};
  EXPECT_EQ(Said(JudgeGatewayFile(look, kNow)),
            "ok: 1 certificate, good until 2026-12-13 01:15:33 UTC  /c");
  EXPECT_EQ(JudgeGatewayFile(look, kNow + kDay).finding, Finding::kNote);
  EXPECT_EQ(Said(JudgeGatewayFile(look, kNow + 15 * kDay)),
            "problem: 1 certificate, of no use since 2026-12-13 01:15:33 UTC  /c");
  look.problem = "gateway.tls_cert_file: /c: no such file";
  EXPECT_EQ(Said(JudgeGatewayFile(look, kNow)), "problem: /c: no such file");
}

TEST(GatewayDiagnosisTest, WhoGetsResultsMustBeReachedAndWhoIsAskedNeedNotBe) {
  const Status refused = Error{ErrorCode::kUnavailable, "Connection refused"};
  EXPECT_EQ(Said(JudgeReceiver("his:2575", Ok())), "ok: can be reached: his:2575");
  EXPECT_EQ(Said(JudgeReceiver("his:2575", refused)), "problem: his:2575: Connection refused");
  EXPECT_EQ(Said(JudgeFhirServer("https://ehr/r4", Ok())), "ok: can be reached: https://ehr/r4");
  EXPECT_EQ(Said(JudgeFhirServer("https://ehr/r4", refused)),
            "note: https://ehr/r4: Connection refused");
}

TEST(RenderGatewayTest, SaysWhichDoorsOpenForWhomAndWhereResultsGo) {
  Config config;
  constexpr Look kPlain{false, 120};
  EXPECT_NE(RenderGateway(config, kPlain).find("none: cases come over the bus only"),
            std::string::npos);
  config.gateway.http = "tcp://127.0.0.1:7380";
  std::string text = RenderGateway(config, kPlain);
  for (const char* part :
       {"tcp://127.0.0.1:7380; whoever reaches it on this machine may do everything", "closed",
        "whoever may use HTTP", "notes, referrals, Bundles, decision support",
        "stay here: gateway.receiver is not set"}) {
    EXPECT_NE(text.find(part), std::string::npos) << part << "\n" << text;
  }
  config.gateway.tls_cert_file = "/c";
  config.gateway.tokens_file = "/t";
  config.gateway.mllp = "tcp://0.0.0.0:2575";
  config.gateway.mllp_client_ca = "/ca";
  config.gateway.cases = {"MDM^T02", "ORU"};
  config.gateway.receiver = "127.0.0.1:1";
  config.cds_clients = {{"https://ehr", "https://ehr/jwks", ""}};
  text = RenderGateway(config, kPlain);
  for (const char* part : {"tcp://127.0.0.1:7380, TLS; who has a token of /t",
                           "tcp://0.0.0.0:2575, TLS; who has a certificate of /ca",
                           "with tokens signed by https://ehr", "MDM^T02, ORU",
                           "as ORU^R01 to 127.0.0.1:1, not encrypted"}) {
    EXPECT_NE(text.find(part), std::string::npos) << part << "\n" << text;
  }
}

}  // namespace
}  // namespace consilium
