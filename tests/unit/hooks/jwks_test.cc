#include "gateway/hooks/jwks.h"

#include <gtest/gtest.h>

#include "tests/support/client_keys.h"

namespace consilium {
namespace {

using nlohmann::json;

std::string SetOf(const std::vector<json>& keys) { return json{{"keys", keys}}.dump(); }

std::string Skipped(const json& key) {
  const auto set = ReadJwkSet(SetOf({key}));
  if (!set) return "refused: " + set.error().text;
  if (!set->keys.empty()) return "taken as " + set->keys[0].alg;
  return set->skipped.at(0);
}

EVP_PKEY* P384() {
  static const EvpKey key = MakeEcKey("P-384");
  return key.get();
}
EVP_PKEY* Rsa2048() {
  static const EvpKey key = MakeRsaKey(2048);
  return key.get();
}

TEST(JwksTest, EcAndRsaKeysAreTakenWithTheirNames) {
  const auto set = ReadJwkSet(SetOf({EcJwk(P384(), "one"), RsaJwk(Rsa2048(), "two")}));
  ASSERT_TRUE(set) << set.error().text;
  EXPECT_TRUE(set->skipped.empty());
  ASSERT_EQ(set->keys.size(), 2u);
  EXPECT_EQ(set->keys[0].kid + " " + set->keys[0].alg, "one ES384");
  EXPECT_EQ(set->keys[1].kid + " " + set->keys[1].alg, "two RS384");
}

// RFC 7517, appendix A.1: an EC key for encryption on another curve, and an RSA key for RS256.
TEST(JwksTest, KeysOfRfc7517AreReadAndAreNotOurs) {
  const std::string n =
      "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECP"
      "ebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY"
      "368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0f"
      "M4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw";
  const json ec = {{"kty", "EC"},
                   {"crv", "P-256"},
                   {"x", "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4"},
                   {"y", "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"},
                   {"use", "enc"},
                   {"kid", "1"}};
  json rsa = {{"kty", "RSA"}, {"n", n}, {"e", "AQAB"}, {"alg", "RS256"}, {"kid", "2011-04-29"}};
  const auto set = ReadJwkSet(SetOf({ec, rsa}));
  ASSERT_TRUE(set) << set.error().text;
  EXPECT_TRUE(set->keys.empty());
  EXPECT_EQ(set->skipped, (std::vector<std::string>{"keys[0]: use = \"enc\", expected sig",
                                                    "keys[1]: alg = \"RS256\", expected RS384"}));
  // The same numbers without their purpose make an RSA key, so they were read as they stand.
  rsa.erase("alg");
  EXPECT_EQ(Skipped(rsa), "taken as RS384");
}

TEST(JwksTest, KeysThatCannotVerifyAreSkippedAndSaidSo) {
  EXPECT_EQ(Skipped({{"kty", "oct"}, {"kid", "a"}, {"k", "AAAA"}}),
            "keys[0]: kty = \"oct\", expected EC or RSA");
  const EvpKey p256 = MakeEcKey("P-256");
  EXPECT_EQ(Skipped(EcJwk(p256.get(), "a", "P-256", 32)),
            "keys[0]: crv = \"P-256\", expected P-384");
  // A shorter key under the longer one's name.
  EXPECT_EQ(Skipped(EcJwk(p256.get(), "a", "P-384", 32)), "keys[0]: x: 32 bytes, expected 48");
  const EvpKey weak = MakeRsaKey(1024);
  EXPECT_EQ(Skipped(RsaJwk(weak.get(), "a")), "keys[0]: n: 1024 bits, expected 2048..8192");
  json key = EcJwk(P384(), "a");
  key["y"] = key["x"];
  EXPECT_EQ(Skipped(key), "keys[0]: x, y: not a point of P-384");
  key = EcJwk(P384(), "");
  EXPECT_EQ(Skipped(key), "keys[0]: kid: 0 bytes, expected 1..256");
  key = EcJwk(P384(), "a");
  key["x"] = key["x"].get<std::string>() + "=";
  EXPECT_EQ(Skipped(key), "keys[0]: x: expected base64url");
  key = EcJwk(P384(), "a");
  key["key_ops"] = {"encrypt"};
  EXPECT_EQ(Skipped(key), "keys[0]: key_ops: expected verify among them");
  key["key_ops"] = {"verify"};
  EXPECT_EQ(Skipped(key), "taken as ES384");
  key = RsaJwk(Rsa2048(), "a");
  key["e"] = "AQ";
  EXPECT_EQ(Skipped(key),
            "keys[0]: n, e: even, or e = 1, expected odd numbers and e of at least 3");
}

TEST(JwksTest, AKeyWhosePrivateHalfIsPublishedIsNotTrusted) {
  json key = EcJwk(P384(), "a");
  key["d"] = "AAAA";
  EXPECT_EQ(Skipped(key), "keys[0]: its private half was published with it");
}

TEST(JwksTest, TwoKeysOfOneNameAreRefused) {
  const EvpKey other = MakeEcKey("P-384");
  const auto set = ReadJwkSet(SetOf({EcJwk(P384(), "a"), EcJwk(other.get(), "a")}));
  ASSERT_FALSE(set);
  EXPECT_EQ(set.error().text, "keys[1].kid = \"a\", expected another one: an earlier key has it");
}

TEST(JwksTest, WhatIsNoJwkSetIsRefused) {
  const auto problem = [](const std::string& text) {
    const auto set = ReadJwkSet(text);
    return set ? "ok" : set.error().text;
  };
  EXPECT_EQ(problem("<html>"), "JSON: cannot be read at byte 1");
  EXPECT_EQ(problem("{}"), "keys: expected an array of JWKs");
  EXPECT_EQ(problem("[]"), "keys: expected an array of JWKs");
  EXPECT_EQ(problem(R"({"keys":{}})"), "keys: expected an array of JWKs");
  EXPECT_EQ(problem(R"({"keys":[],"keys":[]})"),
            "JSON: a key stands twice in one object, expected once");
  EXPECT_EQ(problem(SetOf(std::vector<json>(65, json::object()))),
            "keys: 65 entries, expected at most 64");
  EXPECT_EQ(problem(std::string(300 << 10, ' ')), "JSON: 307200 bytes, expected at most 262144");
}

}  // namespace
}  // namespace consilium
