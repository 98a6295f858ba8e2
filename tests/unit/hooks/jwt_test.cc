#include "gateway/hooks/jwt.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/hmac.h>

#include "tests/support/client_keys.h"

namespace consilium {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::Not;

constexpr std::int64_t kNow = 1'800'000'000;
constexpr const char* kAudience = "https://cds.example.org/cds-services/medication-council";
constexpr const char* kIssuer = "https://ehr.example.com/";
constexpr const char* kJku = "https://ehr.example.com/jwks.json";

EVP_PKEY* Ec() {
  static const EvpKey key = MakeEcKey("P-384");
  return key.get();
}
EVP_PKEY* Rsa() {
  static const EvpKey key = MakeRsaKey(2048);
  return key.get();
}
EVP_PKEY* OthersKey() {
  static const EvpKey key = MakeEcKey("P-384");
  return key.get();
}

std::vector<SigningKey> Keys(const std::vector<json>& jwks) {
  const auto set = ReadJwkSet(json{{"keys", jwks}}.dump());
  EXPECT_TRUE(set && set->keys.size() == jwks.size());
  return set->keys;
}

const std::vector<TrustedIssuer>& Issuers() {
  static const std::vector<TrustedIssuer> issuers = {
      {kIssuer, kJku, Keys({EcJwk(Ec(), "ec"), RsaJwk(Rsa(), "rsa")})},
      {"https://other.example.com/", "", Keys({EcJwk(OthersKey(), "others")})}};
  return issuers;
}

json Header() { return {{"alg", "ES384"}, {"typ", "JWT"}, {"kid", "ec"}, {"jku", kJku}}; }
json Payload() {
  return {{"iss", kIssuer},   {"aud", kAudience},  {"exp", kNow + 290},
          {"iat", kNow - 10}, {"jti", "ee22b021"}, {"tenant", "clinic-7"}};
}

std::string Judge(const std::string& token, std::int64_t now = kNow) {
  const auto claims = VerifyJwt(token, kAudience, Issuers(), now);
  if (claims) return "ok";
  return std::string(ErrorName(claims.error().code)) + " " + claims.error().text;
}
std::string JudgeHeader(const json& header) {
  return Judge(SignedToken(Ec(), header.dump(), Payload().dump()));
}
std::string JudgePayload(const json& payload) {
  return Judge(SignedToken(Ec(), Header().dump(), payload.dump()));
}
json With(json object, const char* field, const json& value) {
  object[field] = value;
  return object;
}
json Without(json object, const char* field) {
  object.erase(field);
  return object;
}

TEST(JwtTest, TokenOfATrustedClientSaysWhoCalls) {
  const auto claims =
      VerifyJwt(SignedToken(Ec(), Header().dump(), Payload().dump()), kAudience, Issuers(), kNow);
  ASSERT_TRUE(claims) << claims.error().text;
  EXPECT_EQ(claims->iss, kIssuer);
  EXPECT_EQ(claims->jti, "ee22b021");
  EXPECT_EQ(claims->tenant, "clinic-7");
  EXPECT_EQ(claims->kid, "ec");
  EXPECT_EQ(claims->iat_s, kNow - 10);
  EXPECT_EQ(claims->exp_s, kNow + 290);
}

TEST(JwtTest, Rs384IsVerifiedToo) {
  const json header = {{"alg", "RS384"}, {"typ", "JWT"}, {"kid", "rsa"}};
  const std::string token = SignedToken(Rsa(), header.dump(), Payload().dump());
  EXPECT_EQ(Judge(token), "ok");
  std::string changed = token;
  changed[changed.size() - 10] = changed[changed.size() - 10] == 'A' ? 'B' : 'A';
  EXPECT_EQ(Judge(changed), "forbidden bad_signature: the key of this kid did not make it");
}

// The example of CDS Hooks 2.0, "Trusting CDS Clients". It lives for years, which only this test
// allows.
TEST(JwtTest, TheExampleOfTheSpecificationIsVerified) {
  const std::string jwks =
      R"({"keys":[{"kty":"EC","use":"sig","crv":"P-384","kid":"example-kid",)"
      R"("x":"46SDH7Znh821wblCBglA61sNE9ZrHYKKt3qRtRTmSXyOI_FIGBLWrWa0GPUkDCEk",)"
      R"("y":"XMcRuuoGW7CXjQdy-F5i3FeBE0x9hPLdeFdSoDd3ELmx404tLX0VRRcqzAsPhXcI","alg":"ES384"}]})";
  const std::string token =
      "eyJhbGciOiJFUzM4NCIsInR5cCI6IkpXVCIsImtpZCI6ImV4YW1wbGUta2lkIiwiamt1IjoiaHR0cHM6Ly9maGlyLWV"
      "oci5leGFtcGxlLmNvbS9qd2tfdXJpIn0.eyJpc3MiOiJodHRwczovL2ZoaXItZWhyLmV4YW1wbGUuY29tLyIsImF1ZCI"
      "6Imh0dHBzOi8vY2RzLmV4YW1wbGUub3JnL2Nkcy1zZXJ2aWNlcy9zb21lLXNlcnZpY2UiLCJleHAiOjE0MjI1Njg4NjA"
      "sImlhdCI6MTMxMTI4MDk3MCwianRpIjoiZWUyMmIwMjEtZTFiNy00NjExLWJhNWItOGVlYzZhMzNhYzFlIiwidGVuYW5"
      "0IjoiMmRkZDZjM2EtOGU5YS00NGM2LWEzMDUtNTIxMTFhZDMwMmEyIn0.d1WfLjGRKlcWB94l9do4cM8REXeYJLL6SGU"
      "BO8VHZhfM8mwKYP70EMxJ67War4TQblEpaQrp11wx5p7oPFm2ETYgCicS84vXWEIYTdjooZdooCSDf2L8-i4awdoUwiE"
      "b";
  const auto set = ReadJwkSet(jwks);
  ASSERT_TRUE(set && set->keys.size() == 1);
  const std::vector<TrustedIssuer> issuers = {
      {"https://fhir-ehr.example.com/", "https://fhir-ehr.example.com/jwk_uri", set->keys}};
  JwtLimits limits;
  limits.lifetime_s = 1422568860 - 1311280970;
  const auto claims = VerifyJwt(token, "https://cds.example.org/cds-services/some-service", issuers,
                                1400000000, limits);
  ASSERT_TRUE(claims) << claims.error().text;
  EXPECT_EQ(claims->jti, "ee22b021-e1b7-4611-ba5b-8eec6a33ac1e");
  EXPECT_EQ(claims->tenant, "2ddd6c3a-8e9a-44c6-a305-52111ad302a2");
}

TEST(JwtTest, UnsignedTokenIsRefused) {
  const std::string expected = "forbidden bad_alg: alg = \"none\", expected ES384 or RS384";
  const std::string what =
      ToBase64Url(With(Header(), "alg", "none").dump()) + "." + ToBase64Url(Payload().dump());
  EXPECT_EQ(Judge(what + "."), expected);
  EXPECT_EQ(JudgeHeader(With(Header(), "alg", "none")), expected);
  EXPECT_THAT(JudgeHeader(With(Header(), "alg", "NoNe")), HasSubstr("bad_alg"));
  EXPECT_THAT(JudgeHeader(Without(Header(), "alg")), HasSubstr("bad_alg"));
}

TEST(JwtTest, PublicKeyAsSharedSecretIsRefused) {
  for (const char* alg : {"HS256", "HS384", "HS512"}) {
    const std::string what =
        ToBase64Url(With(Header(), "alg", alg).dump()) + "." + ToBase64Url(Payload().dump());
    const std::string& secret = Issuers()[0].keys[0].spki;
    unsigned int size = 0;
    unsigned char mac[EVP_MAX_MD_SIZE];
    HMAC(EVP_sha384(), secret.data(), static_cast<int>(secret.size()),
         reinterpret_cast<const unsigned char*>(what.data()), what.size(), mac, &size);
    const std::string token =
        what + "." + ToBase64Url(std::string_view(reinterpret_cast<const char*>(mac), size));
    EXPECT_EQ(Judge(token),
              std::string("forbidden bad_alg: alg = \"") + alg + "\", expected ES384 or RS384");
  }
}

TEST(JwtTest, OtherAlgorithmsOfTheSameKeyAreRefused) {
  for (const char* alg : {"RS256", "RS512", "PS384", "ES256", "ES512", "EdDSA", "es384"}) {
    EXPECT_THAT(JudgeHeader(With(Header(), "alg", alg)), HasSubstr("bad_alg"));
  }
  // A header that claims the other accepted one does not find a key.
  EXPECT_EQ(JudgeHeader(With(Header(), "alg", "RS384")),
            "not_found unknown_kid: kid = \"ec\", expected one of the issuer's RS384 keys");
}

TEST(JwtTest, SignatureOfAnotherCurveIsRefused) {
  const EvpKey p256 = MakeEcKey("P-256");
  const std::string token =
      SignedToken(p256.get(), Header().dump(), Payload().dump(), EVP_sha256(), 32);
  EXPECT_EQ(Judge(token), "forbidden bad_signature: the key of this kid did not make it");
}

TEST(JwtTest, StrippedOrChangedSignatureIsRefused) {
  const std::string expected = "forbidden bad_signature: the key of this kid did not make it";
  const std::string token = SignedToken(Ec(), Header().dump(), Payload().dump());
  const std::string what = token.substr(0, token.rfind('.'));
  EXPECT_EQ(Judge(what + "."), expected);
  EXPECT_EQ(Judge(what), "forbidden not_compact: expected three parts with dots between them");
  EXPECT_EQ(Judge(token + "."),
            "forbidden not_compact: expected three parts with dots between them");
  EXPECT_EQ(Judge(token + "AA"), expected);
  EXPECT_EQ(Judge(token + "="), expected);
  EXPECT_EQ(Judge(what + "." + ToBase64Url(std::string(96, '\0'))), expected);  // r = s = 0
  EXPECT_EQ(Judge(SignedToken(OthersKey(), Header().dump(), Payload().dump())), expected);
  // The signature of one payload under another.
  const std::string other =
      ToBase64Url(Header().dump()) + "." + ToBase64Url(With(Payload(), "tenant", "x").dump());
  EXPECT_EQ(Judge(other + token.substr(token.rfind('.'))), expected);
}

// An ES384 signature in DER, as OpenSSL writes it, is not what JWS defines.
TEST(JwtTest, DerSignatureIsRefused) {
  const std::string what = ToBase64Url(Header().dump()) + "." + ToBase64Url(Payload().dump());
  EVP_MD_CTX* const context = EVP_MD_CTX_new();
  std::vector<unsigned char> der(256);
  std::size_t size = der.size();
  EVP_DigestSignInit(context, nullptr, EVP_sha384(), nullptr, Ec());
  EVP_DigestSign(context, der.data(), &size, reinterpret_cast<const unsigned char*>(what.data()),
                 what.size());
  EVP_MD_CTX_free(context);
  const std::string token =
      what + "." + ToBase64Url(std::string(der.begin(), der.begin() + static_cast<long>(size)));
  EXPECT_EQ(Judge(token), "forbidden bad_signature: the key of this kid did not make it");
}

TEST(JwtTest, TokenForAnotherServiceIsRefused) {
  const std::string expected = "forbidden other_audience: aud: expected the URL of this service";
  EXPECT_EQ(JudgePayload(With(Payload(), "aud", "https://cds.example.org/cds-services")), expected);
  EXPECT_EQ(JudgePayload(With(Payload(), "aud", std::string(kAudience) + "/")), expected);
  EXPECT_EQ(JudgePayload(With(Payload(), "aud", json::array())), expected);
  EXPECT_EQ(JudgePayload(With(Payload(), "aud", {"https://a.example", kAudience})), "ok");
  EXPECT_EQ(JudgePayload(With(Payload(), "aud", 7)),
            "forbidden bad_claim: aud: expected a text or at most 16 of them");
  EXPECT_EQ(JudgePayload(Without(Payload(), "aud")), "forbidden bad_claim: aud: missing");
}

TEST(JwtTest, TimesAreHeldToWithinTheSkew) {
  const std::string token = SignedToken(Ec(), Header().dump(), Payload().dump());
  EXPECT_EQ(Judge(token, kNow + 290 + 59), "ok");
  EXPECT_EQ(Judge(token, kNow + 290 + 60), "forbidden expired: 60 s ago, expected less than 60 s");
  EXPECT_EQ(Judge(token, kNow - 10 - 60), "ok");
  EXPECT_EQ(Judge(token, kNow - 10 - 61),
            "forbidden issued_later: 61 s from now, expected at most 60 s");
  EXPECT_EQ(JudgePayload(With(Payload(), "nbf", kNow + 60)), "ok");
  EXPECT_EQ(JudgePayload(With(Payload(), "nbf", kNow + 61)),
            "forbidden not_yet_valid: 61 s from now, expected at most 60 s");
  EXPECT_EQ(JudgePayload(With(Payload(), "exp", kNow - 10 + 301)), "ok");
  EXPECT_EQ(JudgePayload(With(Payload(), "exp", kNow - 10 + 302)),
            "forbidden lives_too_long: 302 s, expected at most 300 s");
  EXPECT_EQ(JudgePayload(With(Payload(), "exp", kNow - 10)),
            "forbidden bad_claim: exp: not after iat");
}

TEST(JwtTest, TimesHaveToBeNumbersThatAreTimes) {
  for (const char* field : {"exp", "iat"}) {
    EXPECT_EQ(JudgePayload(Without(Payload(), field)), "forbidden bad_claim: exp, iat: missing");
    for (const json& value :
         {json("1800000100"), json(nullptr), json(-1), json(1e300), json(true)}) {
      EXPECT_EQ(JudgePayload(With(Payload(), field, value)),
                std::string("forbidden bad_claim: ") + field + ": expected Unix seconds");
    }
  }
}

TEST(JwtTest, KeyOfAnotherIssuerDoesNotCount) {
  // Signed by a trusted client, in the name of another one.
  const json header = {{"alg", "ES384"}, {"typ", "JWT"}, {"kid", "others"}};
  EXPECT_EQ(Judge(SignedToken(OthersKey(), header.dump(), Payload().dump())),
            "not_found unknown_kid: kid = \"others\", expected one of the issuer's ES384 keys");
  EXPECT_EQ(Judge(SignedToken(OthersKey(), header.dump(),
                              With(Payload(), "iss", "https://other.example.com/").dump())),
            "ok");
  EXPECT_EQ(JudgePayload(With(Payload(), "iss", "https://evil.example/")),
            "forbidden unknown_issuer: iss: not in the allow list");
}

TEST(JwtTest, JwkSetThatNobodyAllowedIsNotBelieved) {
  const std::string expected =
      "forbidden jku_not_allowed: jku: not the one in the allow list for this issuer";
  EXPECT_EQ(JudgeHeader(With(Header(), "jku", "https://evil.example/jwks.json")), expected);
  EXPECT_EQ(JudgeHeader(With(Header(), "jku", std::string(kJku) + "#")), expected);
  EXPECT_EQ(JudgeHeader(With(Header(), "jku", 7)), "forbidden bad_header: jku: expected a text");
  EXPECT_EQ(JudgeHeader(Without(Header(), "jku")), "ok");  // agreed upon before
  // The other issuer has no JWK Set on the network, so none may be named for it.
  const json header = {{"alg", "ES384"}, {"typ", "JWT"}, {"kid", "others"}, {"jku", ""}};
  EXPECT_EQ(Judge(SignedToken(OthersKey(), header.dump(),
                              With(Payload(), "iss", "https://other.example.com/").dump())),
            expected);
}

TEST(JwtTest, KeyInTheHeaderIsNotUsed) {
  const EvpKey own = MakeEcKey("P-384");
  const json header = With(Header(), "jwk", EcJwk(own.get(), "ec"));
  EXPECT_EQ(Judge(SignedToken(own.get(), header.dump(), Payload().dump())),
            "forbidden bad_signature: the key of this kid did not make it");
}

TEST(JwtTest, HeaderHasToSayWhatItIs) {
  EXPECT_EQ(JudgeHeader(With(Header(), "crit", {"b64"})),
            "forbidden crit: expected no critical extension");
  EXPECT_EQ(JudgeHeader(With(Header(), "typ", "at+jwt")),
            "forbidden bad_typ: typ = \"at+jwt\", expected JWT");
  EXPECT_EQ(JudgeHeader(Without(Header(), "typ")), "forbidden bad_typ: typ = \"\", expected JWT");
  EXPECT_EQ(JudgeHeader(Without(Header(), "kid")), "forbidden bad_header: kid: missing or no text");
  EXPECT_EQ(JudgeHeader(json::array()),
            "forbidden bad_header: expected a JSON object in base64url");
}

TEST(JwtTest, KeysThatStandTwiceAreRefused) {
  const std::string header = R"({"alg":"ES384","typ":"JWT","kid":"ec","alg":"none"})";
  EXPECT_EQ(Judge(SignedToken(Ec(), header, Payload().dump())),
            "forbidden bad_header: expected a JSON object in base64url");
  std::string payload = Payload().dump();
  payload.insert(1, R"("aud":"https://elsewhere.example",)");
  EXPECT_EQ(Judge(SignedToken(Ec(), Header().dump(), payload)),
            "forbidden bad_payload: expected a JSON object in base64url");
}

TEST(JwtTest, OnlyStrictBase64UrlIsRead) {
  const std::string token = SignedToken(Ec(), Header().dump(), Payload().dump());
  EXPECT_EQ(Judge("=" + token), "forbidden bad_header: expected a JSON object in base64url");
  EXPECT_EQ(Judge(" " + token), "forbidden bad_header: expected a JSON object in base64url");
  EXPECT_EQ(Judge(""), "forbidden not_compact: expected three parts with dots between them");
  EXPECT_EQ(FromBase64Url("AB"), std::nullopt);  // bits left over
  EXPECT_EQ(FromBase64Url("A"), std::nullopt);
  EXPECT_EQ(FromBase64Url("+/AA"), std::nullopt);
  EXPECT_EQ(FromBase64Url("-_8"), "\xfb\xff");
}

TEST(JwtTest, HugeTokenIsNotRead) {
  const std::string token =
      SignedToken(Ec(), Header().dump(), With(Payload(), "x", std::string(9000, 'a')).dump());
  EXPECT_EQ(Judge(token), "forbidden too_long: " + std::to_string(token.size()) +
                              " bytes, expected at most 8192");
  EXPECT_EQ(Judge(SignedToken(Ec(), Header().dump(), std::string(4000, '['))),
            "forbidden bad_payload: expected a JSON object in base64url");
}

TEST(JwtTest, ReplayCheckNeedsANonce) {
  const std::string expected = "forbidden bad_claim: jti: expected a text of 1..512 bytes";
  EXPECT_EQ(JudgePayload(Without(Payload(), "jti")), expected);
  EXPECT_EQ(JudgePayload(With(Payload(), "jti", "")), expected);
  EXPECT_EQ(JudgePayload(With(Payload(), "jti", "a\nb")), expected);
  EXPECT_EQ(JudgePayload(With(Payload(), "jti", std::string(513, 'a'))), expected);
}

TEST(JwtTest, ErrorsHoldNothingOfTheToken) {
  const std::string secret = "SecretSecretSecret";
  const std::string token =
      SignedToken(Ec(), Header().dump(), With(Payload(), "aud", secret).dump());
  const std::string text = Judge(token);
  EXPECT_THAT(text, Not(HasSubstr(secret)));
  EXPECT_THAT(text, Not(HasSubstr(token.substr(0, 20))));
}

TEST(JwtTest, BearerTokenIsTakenFromTheHeader) {
  EXPECT_EQ(BearerToken("Bearer a.b.c"), "a.b.c");
  EXPECT_EQ(BearerToken("bearer  a.b.c "), "a.b.c");
  EXPECT_EQ(BearerToken("Basic a.b.c"), std::nullopt);
  EXPECT_EQ(BearerToken("Bearer "), std::nullopt);
  EXPECT_EQ(BearerToken(""), std::nullopt);
}

}  // namespace
}  // namespace consilium
