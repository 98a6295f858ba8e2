#include "gateway/hooks/jwks.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/x509.h>

#include <algorithm>
#include <memory>

#include "gateway/hooks/json_text.h"
#include "shared/base64url.h"
#include "shared/text.h"

namespace consilium {
namespace {

using nlohmann::json;

template <auto free>
struct Free {
  template <class T>
  void operator()(T* held) const {
    free(held);
  }
};
using Bn = std::unique_ptr<BIGNUM, Free<BN_free>>;
using Key = std::unique_ptr<EVP_PKEY, Free<EVP_PKEY_free>>;
using Context = std::unique_ptr<EVP_PKEY_CTX, Free<EVP_PKEY_CTX_free>>;
using Builder = std::unique_ptr<OSSL_PARAM_BLD, Free<OSSL_PARAM_BLD_free>>;
using Params = std::unique_ptr<OSSL_PARAM, Free<OSSL_PARAM_free>>;

constexpr std::size_t kKidBytesMax = 256;
constexpr std::size_t kP384Bytes = 48;
constexpr int kRsaBitsMin = 2048;
constexpr int kRsaBitsMax = 8192;  // one more costs a verifier ever more time
constexpr std::size_t kRsaExponentBytesMax = 8;

const unsigned char* Bytes(const std::string& text) {
  return reinterpret_cast<const unsigned char*>(text.data());  // NOLINT: OpenSSL's bytes
}

Bn Number(const std::string& bytes) {
  return Bn(BN_bin2bn(Bytes(bytes), static_cast<int>(bytes.size()), nullptr));
}

// Null when OpenSSL does not take it: a point that is not on the curve, an even modulus, ...
Key MakeKey(const char* type, OSSL_PARAM_BLD* builder) {
  const Params params(OSSL_PARAM_BLD_to_param(builder));
  const Context context(EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr));
  if (!params || !context || EVP_PKEY_fromdata_init(context.get()) != 1) return nullptr;
  EVP_PKEY* made = nullptr;
  if (EVP_PKEY_fromdata(context.get(), &made, EVP_PKEY_PUBLIC_KEY, params.get()) != 1) {
    return nullptr;
  }
  Key key(made);
  const Context check(EVP_PKEY_CTX_new(key.get(), nullptr));
  if (!check || EVP_PKEY_public_check(check.get()) != 1) return nullptr;
  return key;
}

std::string ToSpki(EVP_PKEY* key) {
  unsigned char* der = nullptr;
  const int size = i2d_PUBKEY(key, &der);
  if (size <= 0) return "";
  std::string spki(reinterpret_cast<const char*>(der), static_cast<std::size_t>(size));  // NOLINT
  OPENSSL_free(der);
  return spki;
}

// A member that is a number in base64url; Base64urlUInt of RFC 7518 has no zeros in front.
Result<std::string> NumberMember(const json& jwk, const char* name) {
  const std::optional<std::string> bytes = FromBase64Url(JsonText(jwk, name));
  if (!bytes || bytes->empty()) return Invalid(std::string(name) + ": expected base64url");
  return *bytes;
}

Result<std::string> EcKey(const json& jwk) {
  const std::string curve = JsonText(jwk, "crv");
  if (curve != "P-384") return Invalid("crv = " + Quoted(curve) + ", expected P-384");
  std::string point = "\x04";  // uncompressed: x, then y
  for (const char* name : {"x", "y"}) {
    const auto coordinate = NumberMember(jwk, name);
    if (!coordinate) return coordinate.error();
    if (coordinate->size() != kP384Bytes) {
      return Invalid(std::string(name) + ": " + std::to_string(coordinate->size()) +
                     " bytes, expected " + std::to_string(kP384Bytes));
    }
    point += *coordinate;
  }
  const Builder builder(OSSL_PARAM_BLD_new());
  if (!builder ||
      OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, "P-384", 0) != 1 ||
      OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(),
                                       point.size()) != 1) {
    return Invalid("cannot be made into a key");
  }
  const Key key = MakeKey("EC", builder.get());
  if (!key) return Invalid("x, y: not a point of P-384");
  return ToSpki(key.get());
}

Result<std::string> RsaKey(const json& jwk) {
  const auto modulus = NumberMember(jwk, "n");
  if (!modulus) return modulus.error();
  const auto exponent = NumberMember(jwk, "e");
  if (!exponent) return exponent.error();
  if (modulus->size() > kRsaBitsMax / 8 + 1 || exponent->size() > kRsaExponentBytesMax) {
    return Invalid("n, e: " + std::to_string(modulus->size()) + " and " +
                   std::to_string(exponent->size()) + " bytes, expected at most " +
                   std::to_string(kRsaBitsMax / 8) + " and " +
                   std::to_string(kRsaExponentBytesMax));
  }
  const Bn n = Number(*modulus);
  const Bn e = Number(*exponent);
  const Builder builder(OSSL_PARAM_BLD_new());
  if (!n || !e || !builder) return Invalid("cannot be made into a key");
  const int bits = BN_num_bits(n.get());
  if (bits < kRsaBitsMin || bits > kRsaBitsMax) {
    return Invalid("n: " + std::to_string(bits) + " bits, expected " + std::to_string(kRsaBitsMin) +
                   ".." + std::to_string(kRsaBitsMax));
  }
  if (BN_is_odd(n.get()) != 1 || BN_is_odd(e.get()) != 1 || BN_is_one(e.get()) == 1) {
    return Invalid("n, e: even, or e = 1, expected odd numbers and e of at least 3");
  }
  if (OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, n.get()) != 1 ||
      OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, e.get()) != 1) {
    return Invalid("cannot be made into a key");
  }
  const Key key = MakeKey("RSA", builder.get());
  if (!key) return Invalid("n, e: not a key");
  return ToSpki(key.get());
}

Status CheckPurpose(const json& jwk, const std::string& alg) {
  for (const char* secret : {"d", "p", "q", "k"}) {
    if (jwk.contains(secret)) return Invalid("its private half was published with it");
  }
  if (jwk.contains("use") && JsonText(jwk, "use") != "sig") {
    return Invalid("use = " + Quoted(JsonText(jwk, "use")) + ", expected sig");
  }
  if (jwk.contains("alg") && JsonText(jwk, "alg") != alg) {
    return Invalid("alg = " + Quoted(JsonText(jwk, "alg")) + ", expected " + alg);
  }
  const json* const operations = JsonField(jwk, "key_ops");
  if (operations == nullptr) return Ok();
  if (operations->is_array() &&
      std::find(operations->begin(), operations->end(), "verify") != operations->end()) {
    return Ok();
  }
  return Invalid("key_ops: expected verify among them");
}

Result<SigningKey> ReadKey(const json& jwk) {
  if (!jwk.is_object()) return Invalid("expected an object");
  const std::string type = JsonText(jwk, "kty");
  if (type != "EC" && type != "RSA") {
    return Invalid("kty = " + Quoted(type) + ", expected EC or RSA");
  }
  SigningKey key;
  key.kid = JsonText(jwk, "kid");
  if (key.kid.empty() || key.kid.size() > kKidBytesMax) {
    return Invalid("kid: " + std::to_string(key.kid.size()) + " bytes, expected 1.." +
                   std::to_string(kKidBytesMax));
  }
  key.alg = type == "EC" ? "ES384" : "RS384";
  if (const Status purpose = CheckPurpose(jwk, key.alg); !purpose) return purpose.error();
  auto spki = type == "EC" ? EcKey(jwk) : RsaKey(jwk);
  ERR_clear_error();  // what OpenSSL says about other people's keys is not ours
  if (!spki) return spki.error();
  if (spki->empty()) return Invalid("cannot be made into a key");
  key.spki = *std::move(spki);
  return key;
}

}  // namespace

Result<JwkSet> ReadJwkSet(std::string_view text) {
  JsonLimits bounds;
  bounds.bytes = kJwkSetBytesMax;
  const auto parsed = ParseJson(text, bounds);
  if (!parsed) return parsed.error();
  const json* const keys = JsonField(*parsed, "keys");
  if (keys == nullptr || !keys->is_array()) return Invalid("keys: expected an array of JWKs");
  if (keys->size() > kJwkSetKeysMax) {
    return Error{ErrorCode::kTooLarge, "keys: " + std::to_string(keys->size()) +
                                           " entries, expected at most " +
                                           std::to_string(kJwkSetKeysMax)};
  }
  JwkSet set;
  for (std::size_t i = 0; i < keys->size(); ++i) {
    const std::string where = "keys[" + std::to_string(i) + "]";
    auto key = ReadKey((*keys)[i]);
    if (!key) {
      set.skipped.push_back(where + ": " + key.error().text);
      continue;
    }
    for (const SigningKey& other : set.keys) {
      if (other.kid != key->kid || other.alg != key->alg) continue;
      return Invalid(where + ".kid = " + Quoted(key->kid) +
                     ", expected another one: an earlier key has it");
    }
    set.keys.push_back(*std::move(key));
  }
  return set;
}

}  // namespace consilium
