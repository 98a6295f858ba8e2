#include "shared/gateway_files.h"

#include <gtest/gtest.h>

#include <ctime>

#include "shared/ids.h"
#include "tests/support/cluster_process.h"
#include "tests/support/self_signed.h"

namespace consilium {
namespace {

class GatewayFilesTest : public testing::Test {
 protected:
  GatewayFilesTest() {
    config.gateway.http = "tcp://127.0.0.1:1";
    config.gateway.tls_cert_file = folder.Write("cert", ours.certificate);
    config.gateway.tls_key_file = folder.Write("key", ours.key);
  }
  std::string Problems() const {
    const Status good = CheckGatewayFiles(config);
    return good ? "" : good.error().text;
  }
  TestFolder folder;
  const SelfSigned ours = MakeSelfSigned();
  Config config;
};

TEST_F(GatewayFilesTest, FilesThatCanBeUsedSayWhatTheyHold) {
  config.gateway.mllp_client_ca =
      folder.Write("ca", ours.certificate + MakeSelfSigned().certificate);
  config.gateway.tokens_file = folder.Write("tokens", Sha256Hex("secret") + " read amy\n");
  EXPECT_EQ(Problems(), "");
  const std::vector<GatewayFile> looks = LookAtGatewayFiles(config);
  ASSERT_EQ(looks.size(), 4u);
  EXPECT_EQ(looks[0].found, "1 certificate");
  EXPECT_EQ(looks[2].found, "2 certificates");
  EXPECT_EQ(looks[3].found, "1 token");
  // Of the helper that made it: for 23 hours.
  ASSERT_TRUE(looks[0].end_s.has_value());
  EXPECT_NEAR(static_cast<double>(*looks[0].end_s - std::time(nullptr)), 23 * 3600, 60);
}

TEST_F(GatewayFilesTest, EachMissingFileIsNamedWithItsOption) {
  config.gateway.tls_cert_file = "/no/cert";
  config.gateway.tls_key_file = "/no/key";
  config.gateway.mllp_client_ca = "/no/ca";
  config.gateway.tokens_file = "/no/tokens";
  config.gateway.receiver_ca_file = "/no/receiver";
  config.cds_clients = {{"https://ehr", "", "/no/keys"},
                        {"https://other", "https://other/jwks", ""}};
  EXPECT_EQ(Problems(),
            "gateway.tls_cert_file: /no/cert: no such file\n"
            "gateway.tls_key_file: /no/key: no such file\n"
            "gateway.mllp_client_ca: /no/ca: no such file\n"
            "gateway.tokens_file: /no/tokens: no such file\n"
            "gateway.receiver_ca_file: /no/receiver: no such file\n"
            "cds_client.keys_file: /no/keys: no such file");
  config.gateway.http = "";
  EXPECT_EQ(Problems(), "") << "no door is open";
}

TEST_F(GatewayFilesTest, WhatAFileHoldsIsLookedAt) {
  const std::string cert = config.gateway.tls_cert_file;
  const std::string key = config.gateway.tls_key_file;
  config.gateway.tls_cert_file = key;
  EXPECT_EQ(Problems(), "gateway.tls_cert_file: " + key +
                            ": certificate 1 cannot be read, expected PEM (-----BEGIN "
                            "CERTIFICATE-----)");
  config.gateway.tls_cert_file =
      folder.Write("cut", ours.certificate + ours.certificate.substr(0, 200));
  EXPECT_EQ(Problems(), "gateway.tls_cert_file: " + folder.File("cut") +
                            ": certificate 2 cannot be read, expected PEM (-----BEGIN "
                            "CERTIFICATE-----)");
  config.gateway.tls_cert_file = cert;
  config.gateway.tls_key_file = folder.Write("other", MakeSelfSigned().key);
  EXPECT_EQ(Problems(), "gateway.tls_key_file: " + folder.File("other") +
                            ": is not the key of the certificate");
  config.gateway.tls_key_file = cert;
  EXPECT_EQ(Problems(), "gateway.tls_key_file: " + cert +
                            ": no private key that can be read, expected PEM without a password");
  config.gateway.tls_key_file = key;
  config.gateway.tokens_file = folder.Write("tokens", "secret read amy\n");
  EXPECT_EQ(Problems(), "gateway.tokens_file: " + folder.File("tokens") +
                            ":1: expected 64 lower-case hex digits: the SHA-256 of a token");
}

}  // namespace
}  // namespace consilium
