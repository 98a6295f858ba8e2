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

}  // namespace
}  // namespace consilium
