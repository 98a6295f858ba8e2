// The doors of the gateway in a configuration.
#include <gtest/gtest.h>

#include "shared/config.h"

namespace consilium {
namespace {

constexpr char kBackend[] =
    "\n[[backend]]\nmodel = \"m\"\nurl = \"http://127.0.0.1:1/v1\"\n[ensemble]\nsize = 1\n";

std::string Problems(const std::string& text) {
  const Result<Config> config = ParseConfig(text + kBackend, "/etc/c.toml");
  return config.ok() ? "" : config.error().text;
}

TEST(ConfigGatewayTest, WithoutASectionNothingListens) {
  const auto config = ParseConfig(kBackend, "/etc/c.toml");
  ASSERT_TRUE(config.ok()) << config.error().text;
  EXPECT_EQ(config->gateway.http, "");
  EXPECT_EQ(config->gateway.mllp, "");
  EXPECT_EQ(config->gateway.receiver, "");
}

TEST(ConfigGatewayTest, ReadsDoorsSourcesAndEhrs) {
  const auto config = ParseConfig(
      "[gateway]\nhttp = \"tcp://127.0.0.1:7380\"\nmllp = \"tcp://[::1]:0\"\n"
      "cases = [\"MDM^T02\", \"ORU\"]\nreceiver = \"127.0.0.1:2575\"\ntokens_file = \"tokens\"\n"
      "[[source]]\napplication = \"LAB\"\ncharset = \"8859/1\"\n"
      "[[source]]\napplication = \"LAB\"\nfacility = \"NORTH\"\n"
      "[[cds_client]]\nissuer = \"https://ehr\"\nkeys_file = \"keys.json\"\n" +
          std::string(kBackend),
      "/etc/c.toml");
  ASSERT_TRUE(config.ok()) << config.error().text;
  EXPECT_EQ(config->gateway.mllp, "tcp://[::1]:0");
  EXPECT_EQ(config->gateway.cases, (std::vector<std::string>{"MDM^T02", "ORU"}));
  EXPECT_EQ(config->gateway.tokens_file, "/etc/tokens");
  ASSERT_EQ(config->sources.size(), 2u);
  EXPECT_EQ(config->sources[0].charset, "8859/1");
  EXPECT_EQ(config->sources[1].facility, "NORTH");
  ASSERT_EQ(config->cds_clients.size(), 1u);
  EXPECT_EQ(config->cds_clients[0].keys_file, "/etc/keys.json");
}

TEST(ConfigGatewayTest, BeyondThisMachineNobodyIsLetInUnseen) {
  EXPECT_EQ(Problems("[gateway]\nhttp = \"tcp://0.0.0.0:7380\""),
            "/etc/c.toml:1: gateway.tls_cert_file: missing, needed by gateway.http = "
            "\"tcp://0.0.0.0:7380\", which is beyond this machine\n"
            "/etc/c.toml:1: gateway.tokens_file: missing, needed by gateway.http = "
            "\"tcp://0.0.0.0:7380\", which is beyond this machine");
  EXPECT_EQ(Problems("[gateway]\nmllp = \"tcp://10.0.0.1:2575\"\ntls_cert_file = \"c\"\n"
                     "tls_key_file = \"k\""),
            "/etc/c.toml:1: gateway.mllp_client_ca: missing, needed by gateway.mllp = "
            "\"tcp://10.0.0.1:2575\", which is beyond this machine");
  EXPECT_EQ(Problems("[gateway]\nhttp = \"tcp://0.0.0.0:7380\"\nmllp = \"tcp://0.0.0.0:2575\"\n"
                     "tls_cert_file = \"c\"\ntls_key_file = \"k\"\nmllp_client_ca = \"ca\"\n"
                     "tokens_file = \"t\""),
            "");
}

TEST(ConfigGatewayTest, ResultsLeaveThisMachineEncryptedOnly) {
  EXPECT_EQ(Problems("[gateway]\nreceiver = \"his.example:2575\""),
            "/etc/c.toml:2: gateway.receiver = \"his.example:2575\", expected this machine, or "
            "gateway.receiver_ca_file: without TLS results stay on it");
  EXPECT_EQ(Problems("[gateway]\nreceiver = \"his.example:2575\"\nreceiver_ca_file = \"ca\""), "");
  for (const std::string bad : {"his", ":1", "his:0", "his:65536", "his:x", "his:"}) {
    EXPECT_EQ(Problems("[gateway]\nreceiver = \"" + bad + "\""),
              "/etc/c.toml:2: gateway.receiver = \"" + bad + "\", expected HOST:PORT");
  }
}

TEST(ConfigGatewayTest, RefusesWhatMakesNoSense) {
  EXPECT_EQ(Problems("[gateway]\nhttp = \"127.0.0.1:7380\""),
            "/etc/c.toml:2: gateway.http = \"127.0.0.1:7380\", expected tcp://ADDRESS:PORT, or "
            "nothing");
  EXPECT_EQ(Problems("[gateway]\nhttp = \"tcp://127.0.0.1:1\"\nmllp = \"tcp://127.0.0.1:1\""),
            "/etc/c.toml:3: gateway.mllp = \"tcp://127.0.0.1:1\", expected another endpoint than "
            "gateway.http");
  EXPECT_EQ(Problems("[gateway]\ntls_key_file = \"k\""),
            "/etc/c.toml:1: gateway.tls_cert_file: missing, tls_key_file alone is of no use");
  EXPECT_EQ(Problems("[[source]]\ncharset = \"8859/1\""),
            "/etc/c.toml:1: source.application: missing");
  EXPECT_EQ(Problems("[[cds_client]]\nissuer = \"https://ehr\""),
            "/etc/c.toml:1: cds_client: expected one of jku and keys_file");
}

TEST(ConfigGatewayTest, RefusesARuleThatNoMessageCanMatch) {
  const std::string problems = Problems("[gateway]\ncases = [\"MDM^T02\", \"FOO\"]");
  EXPECT_EQ(problems.substr(0, 69),
            "/etc/c.toml:2: gateway.cases = \"FOO\", expected TYPE or TYPE@SENDER, w");
  std::string many = "\"MDM\"";
  for (int i = 0; i < 64; ++i) many += ", \"MDM\"";
  EXPECT_EQ(Problems("[gateway]\ncases = [" + many + "]"),
            "/etc/c.toml:2: gateway.cases: 65 listed, expected at most 64");
}

TEST(ConfigGatewayTest, RefusesValuesThatCouldNeverWork) {
  constexpr char kSets[] =
      "ASCII, 8859/1, 8859/2, 8859/3, 8859/4, 8859/5, 8859/6, 8859/7, 8859/8, 8859/9, 8859/15, "
      "UNICODE UTF-8, UNICODE UTF-16, UNICODE UTF-32, ISO IR14, ISO IR87, GB 18030-2000, "
      "KS X 1001, CNS 11643-1992, BIG-5, WINDOWS-1250, WINDOWS-1251, WINDOWS-1252, or nothing";
  EXPECT_EQ(Problems("[gateway]\ncharset = \"KLINGON\"\n"
                     "[[source]]\napplication = \"LAB\"\ncharset = \"KLINGON\""),
            std::string("/etc/c.toml:2: gateway.charset = \"KLINGON\", expected one of ") + kSets +
                "\n/etc/c.toml:5: source.charset = \"KLINGON\", expected one of " + kSets);
  EXPECT_EQ(Problems("[gateway]\napplication = \"A|B\"\nfacility = \"A^B\"\n"
                     "[[source]]\napplication = \"A&B\""),
            "/etc/c.toml:2: gateway.application = \"A|B\", expected no control characters and none "
            "of | ^ ~ \\ &\n"
            "/etc/c.toml:3: gateway.facility = \"A^B\", expected no control characters and none of "
            "| ^ ~ \\ &\n"
            "/etc/c.toml:5: source.application = \"A&B\", expected no control characters and none "
            "of | ^ ~ \\ &");
  EXPECT_EQ(Problems("[gateway]\nfhir_servers = [\"https://ehr/r4\", \"ftp://x\"]"),
            "/etc/c.toml:2: gateway.fhir_servers = \"ftp://x\", expected http://HOST... or "
            "https://HOST...");
  EXPECT_EQ(Problems("[gateway]\nfhir_servers = [\"https://ehr/r4?x=1\"]"),
            "/etc/c.toml:2: gateway.fhir_servers = \"https://ehr/r4?x=1\", expected a base URL "
            "without a space, '?' and '#'");
}

TEST(ConfigGatewayTest, AnOriginIsWrittenAsABrowserSendsIt) {
  for (const std::string good : {"*", "https://a.example", "http://localhost:8080",
                                 "https://[::1]:8443", "chrome-extension://abc"}) {
    EXPECT_EQ(Problems("[gateway]\ncors_origins = [\"" + good + "\"]"), "");
  }
  for (const std::string bad :
       {"", "foo", "https://a.b/path", "https://a.b/", "https://A.b", "https://a.b:443",
        "http://a.b:80", "https://a.b:x", "https://", "null", "https://u@a.b", "https://*.a.b"}) {
    EXPECT_EQ(Problems("[gateway]\ncors_origins = [\"" + bad + "\"]"),
              "/etc/c.toml:2: gateway.cors_origins = \"" + bad +
                  "\", expected \"*\" or scheme://host[:port] as a browser sends it: in lower "
                  "case, without a path and without the scheme's usual port");
  }
}

TEST(ConfigGatewayTest, AWrongAddressOfKeysIsOneProblem) {
  EXPECT_EQ(Problems("[[cds_client]]\nissuer = \"https://ehr\"\njku = \"foo\""),
            "/etc/c.toml:3: cds_client.jku = \"foo\", expected http://HOST... or https://HOST...");
}

TEST(ConfigGatewayTest, NothingListensWhereSomethingElseDoes) {
  EXPECT_EQ(Problems("[broker]\nclients = \"tcp://0.0.0.0:1\"\nworkers = \"tcp://127.0.0.1:2\"\n"
                     "[bus]\nkey_file = \"k\"\n"
                     "[gateway]\nhttp = \"tcp://127.0.0.1:1\"\nmllp = \"tcp://localhost:2\""),
            "/etc/c.toml:7: gateway.http = \"tcp://127.0.0.1:1\", expected another endpoint than "
            "broker.clients\n"
            "/etc/c.toml:8: gateway.mllp = \"tcp://localhost:2\", expected another endpoint than "
            "broker.workers");
  EXPECT_EQ(Problems("[gateway]\nhttp = \"tcp://127.0.0.1:0\"\nmllp = \"tcp://127.0.0.1:0\""), "");
  EXPECT_EQ(Problems("[gateway]\nhttp = \"tcp://127.0.0.1:8\"\nmllp = \"tcp://127.0.0.2:8\""), "");
  // Also after a flag moved a door.
  auto config =
      ParseConfig(std::string("[gateway]\nhttp = \"tcp://127.0.0.1:8\"\n") + kBackend, "c");
  ASSERT_TRUE(config.ok()) << config.error().text;
  config->gateway.mllp = config->broker.clients;
  EXPECT_EQ(CheckGateway(*config).error().text,
            "gateway.mllp = \"tcp://127.0.0.1:7300\", expected another endpoint than "
            "broker.clients");
}

TEST(ConfigGatewayTest, AMessageIsNotRememberedLongerThanItsCase) {
  EXPECT_EQ(Problems("[council]\nretention_h = 24\n[gateway]\nmllp = \"tcp://127.0.0.1:1\"\n"
                     "remember_h = 25"),
            "/etc/c.toml:5: gateway.remember_h = 25, expected at most council.retention_h = 24: "
            "later a message that comes again would start its case anew");
  EXPECT_EQ(Problems("[council]\nretention_h = 24\n[gateway]\nmllp = \"tcp://127.0.0.1:1\"\n"
                     "remember_h = 24"),
            "");
  EXPECT_EQ(Problems("[council]\nretention_h = 24"), "") << "no door is open";
  EXPECT_EQ(Problems("[gateway]\nremember_h = 721"),
            "/etc/c.toml:2: gateway.remember_h = 721, expected 1..720")
      << "cancelled cases are kept for 30 days";
}

}  // namespace
}  // namespace consilium
