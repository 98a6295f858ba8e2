// The fault-injecting server over TLS, as a client sees it that trusts its certificate.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include <array>
#include <csignal>
#include <memory>
#include <optional>

#include "tests/support/cluster_process.h"
#include "tests/support/fault_llm.h"
#include "tests/support/llm_dialogue.h"

namespace consilium {
namespace {

using testing::HasSubstr;

struct Heard {
  bool handshake = false;
  bool clean_end = false;  // the peer said that it is at its end
  std::string bytes;
};

// One request over TLS; trusts `ca_file`, or nobody if it is empty.
Heard Ask(const FaultLlm& server, const std::string& host, const std::string& ca_file) {
  const std::unique_ptr<SSL_CTX, void (*)(SSL_CTX*)> context(SSL_CTX_new(TLS_client_method()),
                                                             SSL_CTX_free);
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
  if (!ca_file.empty()) SSL_CTX_load_verify_locations(context.get(), ca_file.c_str(), nullptr);
  const std::unique_ptr<BIO, void (*)(BIO*)> bio(BIO_new_ssl_connect(context.get()), BIO_free_all);
  const std::string url = server.url();
  BIO_set_conn_hostname(bio.get(), ("127.0.0.1:" + url.substr(url.rfind(':') + 1)).c_str());
  SSL* tls = nullptr;
  BIO_get_ssl(bio.get(), &tls);
  X509_VERIFY_PARAM* const checked = SSL_get0_param(tls);
  if (X509_VERIFY_PARAM_set1_ip_asc(checked, host.c_str()) != 1) SSL_set1_host(tls, host.c_str());
  Heard heard;
  heard.handshake = BIO_do_connect(bio.get()) == 1 && BIO_do_handshake(bio.get()) == 1;
  ERR_clear_error();
  if (!heard.handshake) return heard;
  const LlmWish wish = GenerateWish(LlmForm::kAnthropic, true, "A cough.");
  const std::string body = RequestOf(wish);
  const std::string text = "POST " + PathOf(wish) +
                           " HTTP/1.1\r\nContent-Length: " + std::to_string(body.size()) +
                           "\r\n\r\n" + body;
  BIO_write(bio.get(), text.data(), static_cast<int>(text.size()));
  std::array<char, 4096> buffer{};
  int got = 0;
  while ((got = BIO_read(bio.get(), buffer.data(), static_cast<int>(buffer.size()))) > 0) {
    heard.bytes.append(buffer.data(), static_cast<std::size_t>(got));
  }
  heard.clean_end = (SSL_get_shutdown(tls) & SSL_RECEIVED_SHUTDOWN) != 0;
  ERR_clear_error();
  return heard;
}

class FaultLlmTlsTest : public testing::Test {
 protected:
  FaultLlmTlsTest() {
    std::signal(SIGPIPE, SIG_IGN);  // our end says goodbye to connections that are reset
    options.tls = true;
    options.streams_until_close = true;
  }
  void Serve() {
    server.emplace(options);
    ca_file = folder.Write("ca.pem", server->certificate());
  }
  TestFolder folder;
  FaultLlmOptions options;
  std::optional<FaultLlm> server;
  std::string ca_file;
};

TEST_F(FaultLlmTlsTest, IsTrustedByItsCertificateUnderBothNames) {
  Serve();
  EXPECT_THAT(server->url(), HasSubstr("https://127.0.0.1:"));
  for (const char* host : {"127.0.0.1", "localhost"}) {
    const Heard heard = Ask(*server, host, ca_file);
    EXPECT_TRUE(heard.handshake) << host;
    EXPECT_TRUE(heard.clean_end);
    EXPECT_THAT(heard.bytes, HasSubstr("event: message_stop"));
  }
}

TEST_F(FaultLlmTlsTest, IsNotTrustedWithoutItOrUnderAnotherName) {
  Serve();
  EXPECT_FALSE(Ask(*server, "127.0.0.1", "").handshake);
  EXPECT_FALSE(Ask(*server, "example.org", ca_file).handshake);
  EXPECT_TRUE(server->WaitFor([](const HttpCounts& all) { return all.handshakes_aborted == 2; }));
  EXPECT_EQ(server->ledger().size(), 0u);
}

TEST_F(FaultLlmTlsTest, HandshakeIsAbortedWherePlanned) {
  options.abort_handshake = [](std::size_t nth) { return nth == 1; };
  Serve();
  EXPECT_FALSE(Ask(*server, "127.0.0.1", ca_file).handshake);
  EXPECT_TRUE(Ask(*server, "127.0.0.1", ca_file).handshake);
  EXPECT_EQ(server->counts().handshakes_aborted, 1);
}

TEST_F(FaultLlmTlsTest, TlsFailureBreaksTheConnectionBeforeTheReply) {
  options.plan = [](const Asked&) { return Fault::kTlsFailure; };
  Serve();
  const Heard heard = Ask(*server, "127.0.0.1", ca_file);
  EXPECT_TRUE(heard.handshake);
  EXPECT_EQ(heard.bytes, "");
  EXPECT_FALSE(heard.clean_end);
}

TEST_F(FaultLlmTlsTest, ResetAndCutLookDifferent) {
  options.plan = [](const Asked& asked) { return asked.nth == 1 ? Fault::kReset : Fault::kCut; };
  Serve();
  EXPECT_FALSE(Ask(*server, "127.0.0.1", ca_file).clean_end);
  const Heard cut = Ask(*server, "127.0.0.1", ca_file);
  EXPECT_TRUE(cut.clean_end);
  EXPECT_THAT(cut.bytes, HasSubstr("event: message_start"));
  EXPECT_THAT(cut.bytes, testing::Not(HasSubstr("event: message_stop")));
}

}  // namespace
}  // namespace consilium
