#include "gateway/hooks/jwt.h"

#include <openssl/bn.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <algorithm>
#include <cmath>
#include <memory>

#include "gateway/hooks/json_text.h"
#include "shared/base64url.h"
#include "shared/text.h"

namespace consilium {
namespace {

using nlohmann::json;

constexpr std::size_t kClaimBytesMax = 512;
constexpr std::size_t kAudiencesMax = 16;
constexpr std::size_t kEs384Bytes = 96;  // r and s, 48 bytes each: RFC 7518, 3.4
constexpr double kSecondsMax = 1e12;

Error Refused(const std::string& word, const std::string& text) {
  return {ErrorCode::kForbidden, word + ": " + text};
}

struct KeyFree {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
struct DigestFree {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};
struct SignatureFree {
  void operator()(ECDSA_SIG* signature) const { ECDSA_SIG_free(signature); }
};

const unsigned char* Bytes(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());  // NOLINT: OpenSSL's bytes
}

// r and s as OpenSSL wants them; empty when it does not come out.
std::string ToDer(std::string_view raw) {
  const std::unique_ptr<ECDSA_SIG, SignatureFree> signature(ECDSA_SIG_new());
  const int half = static_cast<int>(raw.size() / 2);
  BIGNUM* const r = BN_bin2bn(Bytes(raw), half, nullptr);
  BIGNUM* const s = BN_bin2bn(Bytes(raw.substr(raw.size() / 2)), half, nullptr);
  if (!signature || r == nullptr || s == nullptr ||
      ECDSA_SIG_set0(signature.get(), r, s) != 1) {  // takes both when it succeeds
    BN_free(r);
    BN_free(s);
    return "";
  }
  unsigned char* der = nullptr;
  const int size = i2d_ECDSA_SIG(signature.get(), &der);
  if (size <= 0) return "";
  std::string bytes(reinterpret_cast<const char*>(der), static_cast<std::size_t>(size));  // NOLINT
  OPENSSL_free(der);
  return bytes;
}

bool IsSigned(std::string_view what, std::string_view signature, const SigningKey& key) {
  const unsigned char* at = Bytes(key.spki);
  const std::unique_ptr<EVP_PKEY, KeyFree> public_key(
      d2i_PUBKEY(nullptr, &at, static_cast<long>(key.spki.size())));
  const std::unique_ptr<EVP_MD_CTX, DigestFree> context(EVP_MD_CTX_new());
  if (!public_key || !context) return false;
  const bool elliptic = key.alg == "ES384";
  if (EVP_PKEY_get_base_id(public_key.get()) != (elliptic ? EVP_PKEY_EC : EVP_PKEY_RSA)) {
    return false;
  }
  std::string der;
  if (elliptic) {
    if (signature.size() != kEs384Bytes) return false;
    der = ToDer(signature);
    if (der.empty()) return false;
    signature = der;
  }
  EVP_PKEY_CTX* settings = nullptr;  // of `context`
  if (EVP_DigestVerifyInit(context.get(), &settings, EVP_sha384(), nullptr, public_key.get()) !=
      1) {
    return false;
  }
  if (!elliptic && EVP_PKEY_CTX_set_rsa_padding(settings, RSA_PKCS1_PADDING) != 1) return false;
  return EVP_DigestVerify(context.get(), Bytes(signature), signature.size(), Bytes(what),
                          what.size()) == 1;
}

struct Parts {
  std::string_view header;
  std::string_view payload;
  std::string_view signature;
  std::string_view what_is_signed;
};

std::optional<Parts> Split(std::string_view token) {
  const std::size_t first = token.find('.');
  if (first == token.npos) return std::nullopt;
  const std::size_t second = token.find('.', first + 1);
  if (second == token.npos || token.find('.', second + 1) != token.npos) return std::nullopt;
  return Parts{token.substr(0, first), token.substr(first + 1, second - first - 1),
               token.substr(second + 1), token.substr(0, second)};
}

std::optional<json> ReadPart(std::string_view part) {
  const std::optional<std::string> text = FromBase64Url(part);
  if (!text) return std::nullopt;
  JsonLimits bounds;
  bounds.bytes = kJwtBytesMax;
  bounds.values = 256;
  bounds.depth = 8;
  auto parsed = ParseJson(*text, bounds);
  if (!parsed || !parsed->is_object()) return std::nullopt;
  return *std::move(parsed);
}

Status CheckHeader(const json& header) {
  const std::string alg = JsonText(header, "alg");
  if (alg != "ES384" && alg != "RS384") {
    return Refused("bad_alg", "alg = " + Quoted(alg) + ", expected ES384 or RS384");
  }
  std::string typ = JsonText(header, "typ");
  std::transform(typ.begin(), typ.end(), typ.begin(),
                 [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
  if (typ != "JWT")
    return Refused("bad_typ", "typ = " + Quoted(JsonText(header, "typ")) + ", expected JWT");
  if (header.contains("crit")) return Refused("crit", "expected no critical extension");
  const std::string kid = JsonText(header, "kid");
  if (kid.empty()) return Refused("bad_header", "kid: missing or no text");
  const json* const jku = JsonField(header, "jku");
  if (jku != nullptr && !jku->is_string()) return Refused("bad_header", "jku: expected a text");
  return Ok();
}

// 1..512 bytes without control characters; it will be a key in a store and a word in a log.
Result<std::string> TextClaim(const json& payload, const char* name) {
  std::string text = JsonText(payload, name);
  const bool clean =
      std::all_of(text.begin(), text.end(), [](char c) { return c < 0 || (c >= 32 && c != 127); });
  if (text.empty() || text.size() > kClaimBytesMax || !clean) {
    return Refused("bad_claim", std::string(name) + ": expected a text of 1.." +
                                    std::to_string(kClaimBytesMax) + " bytes");
  }
  return text;
}

// Absent only where it is not there at all.
Result<std::optional<std::int64_t>> TimeClaim(const json& payload, const char* name) {
  const json* const found = JsonField(payload, name);
  if (found == nullptr) return std::optional<std::int64_t>();
  const double value = found->is_number() ? found->get<double>() : -1;
  if (!(value >= 0 && value <= kSecondsMax)) {
    return Refused("bad_claim", std::string(name) + ": expected Unix seconds");
  }
  return std::optional<std::int64_t>(static_cast<std::int64_t>(std::floor(value)));
}

Status CheckAudience(const json& payload, std::string_view audience) {
  const json* const found = JsonField(payload, "aud");
  if (found == nullptr) return Refused("bad_claim", "aud: missing");
  if (found->is_string()) {
    if (found->get_ref<const std::string&>() == audience) return Ok();
  } else if (found->is_array() && found->size() <= kAudiencesMax) {
    for (const json& one : *found) {
      if (!one.is_string()) return Refused("bad_claim", "aud: expected texts");
      if (one.get_ref<const std::string&>() == audience) return Ok();
    }
  } else {
    return Refused("bad_claim",
                   "aud: expected a text or at most " + std::to_string(kAudiencesMax) + " of them");
  }
  return Refused("other_audience", "aud: expected the URL of this service");
}

std::string Seconds(std::int64_t seconds) { return std::to_string(seconds) + " s"; }

Status CheckTimes(const json& payload, std::int64_t now_s, const JwtLimits& limits,
                  JwtClaims& claims) {
  const auto exp = TimeClaim(payload, "exp");
  if (!exp) return exp.error();
  const auto iat = TimeClaim(payload, "iat");
  if (!iat) return iat.error();
  const auto nbf = TimeClaim(payload, "nbf");
  if (!nbf) return nbf.error();
  if (!*exp || !*iat) return Refused("bad_claim", "exp, iat: missing");
  claims.exp_s = **exp;
  claims.iat_s = **iat;
  if (claims.exp_s <= now_s - limits.skew_s) {
    return Refused("expired", Seconds(now_s - claims.exp_s) + " ago, expected less than " +
                                  Seconds(limits.skew_s));
  }
  if (claims.iat_s > now_s + limits.skew_s) {
    return Refused("issued_later", Seconds(claims.iat_s - now_s) + " from now, expected at most " +
                                       Seconds(limits.skew_s));
  }
  if (*nbf && **nbf > now_s + limits.skew_s) {
    return Refused("not_yet_valid", Seconds(**nbf - now_s) + " from now, expected at most " +
                                        Seconds(limits.skew_s));
  }
  // One second more: clients round both ends.
  const std::int64_t life = claims.exp_s - claims.iat_s;
  if (life > limits.lifetime_s + 1) {
    return Refused("lives_too_long",
                   Seconds(life) + ", expected at most " + Seconds(limits.lifetime_s));
  }
  if (life <= 0) return Refused("bad_claim", "exp: not after iat");
  return Ok();
}

// One issuer may stand in the allow list with several JWK Sets.
Result<SigningKey> FindKey(const std::vector<TrustedIssuer>& issuers, const std::string& iss,
                           const json& header) {
  const std::string alg = JsonText(header, "alg");
  const std::string kid = JsonText(header, "kid");
  const json* const jku = JsonField(header, "jku");
  bool known = false;
  bool allowed = false;
  for (const TrustedIssuer& issuer : issuers) {
    if (issuer.iss != iss) continue;
    known = true;
    if (jku != nullptr && (issuer.jku.empty() || *jku != issuer.jku)) continue;
    allowed = true;
    for (const SigningKey& key : issuer.keys) {
      if (key.kid == kid && key.alg == alg) return key;
    }
  }
  if (!known) return Refused("unknown_issuer", "iss: not in the allow list");
  if (!allowed) {
    return Refused("jku_not_allowed", "jku: not the one in the allow list for this issuer");
  }
  return Error{ErrorCode::kNotFound, "unknown_kid: kid = " + Quoted(kid) +
                                         ", expected one of the issuer's " + alg + " keys"};
}

}  // namespace

std::optional<std::string_view> BearerToken(std::string_view authorization) {
  constexpr std::string_view kScheme = "bearer ";
  authorization = Trimmed(authorization);
  if (authorization.size() <= kScheme.size()) return std::nullopt;
  for (std::size_t i = 0; i < kScheme.size(); ++i) {
    const char c = authorization[i];
    if ((c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c) != kScheme[i]) return std::nullopt;
  }
  const std::string_view token = Trimmed(authorization.substr(kScheme.size()));
  if (token.empty()) return std::nullopt;
  return token;
}

Result<JwtClaims> VerifyJwt(std::string_view token, std::string_view audience,
                            const std::vector<TrustedIssuer>& issuers, std::int64_t now_s,
                            const JwtLimits& limits) {
  if (token.size() > kJwtBytesMax) {
    return Refused("too_long", std::to_string(token.size()) + " bytes, expected at most " +
                                   std::to_string(kJwtBytesMax));
  }
  const std::optional<Parts> parts = Split(token);
  if (!parts) return Refused("not_compact", "expected three parts with dots between them");
  const std::optional<json> header = ReadPart(parts->header);
  if (!header) return Refused("bad_header", "expected a JSON object in base64url");
  if (const Status checked = CheckHeader(*header); !checked) return checked.error();
  const std::optional<json> payload = ReadPart(parts->payload);
  if (!payload) return Refused("bad_payload", "expected a JSON object in base64url");

  // Says only whose keys to try: nothing of it is believed before the signature is right.
  const auto iss = TextClaim(*payload, "iss");
  if (!iss) return iss.error();
  const auto key = FindKey(issuers, *iss, *header);
  if (!key) return key.error();
  const std::optional<std::string> signature = FromBase64Url(parts->signature);
  const bool is_signed = signature && IsSigned(parts->what_is_signed, *signature, *key);
  ERR_clear_error();  // what OpenSSL says about other people's tokens is not ours
  if (!is_signed) return Refused("bad_signature", "the key of this kid did not make it");

  JwtClaims claims;
  claims.iss = *iss;
  claims.kid = key->kid;
  if (const Status times = CheckTimes(*payload, now_s, limits, claims); !times) {
    return times.error();
  }
  if (const Status aud = CheckAudience(*payload, audience); !aud) return aud.error();
  const auto jti = TextClaim(*payload, "jti");
  if (!jti) return jti.error();
  claims.jti = *jti;
  if (payload->contains("tenant")) {
    const auto tenant = TextClaim(*payload, "tenant");
    if (!tenant) return tenant.error();
    claims.tenant = *tenant;
  }
  return claims;
}

}  // namespace consilium
