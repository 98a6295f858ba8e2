// What a CDS client has: keys made by OpenSSL, their JWKs, and tokens signed with them. It shares
// no code with what is tested but the base64url writer.
#pragma once

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <vector>

#include "shared/base64url.h"

namespace consilium {

struct EvpKeyFree {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
using EvpKey = std::unique_ptr<EVP_PKEY, EvpKeyFree>;

inline EvpKey MakeEcKey(const char* curve) {
  return EvpKey(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", curve));
}
inline EvpKey MakeRsaKey(std::size_t bits) {
  return EvpKey(EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", bits));
}

inline std::string BigNumber(EVP_PKEY* key, const char* name, int bytes = 0) {
  BIGNUM* number = nullptr;
  if (EVP_PKEY_get_bn_param(key, name, &number) != 1) throw std::runtime_error(name);
  std::vector<unsigned char> out(
      static_cast<std::size_t>(bytes > 0 ? bytes : BN_num_bytes(number)));
  BN_bn2binpad(number, out.data(), static_cast<int>(out.size()));
  BN_free(number);
  return std::string(out.begin(), out.end());
}

inline nlohmann::json EcJwk(EVP_PKEY* key, const std::string& kid,
                            const std::string& curve = "P-384", int bytes = 48) {
  return {{"kty", "EC"},
          {"crv", curve},
          {"kid", kid},
          {"use", "sig"},
          {"x", ToBase64Url(BigNumber(key, OSSL_PKEY_PARAM_EC_PUB_X, bytes))},
          {"y", ToBase64Url(BigNumber(key, OSSL_PKEY_PARAM_EC_PUB_Y, bytes))}};
}
inline nlohmann::json RsaJwk(EVP_PKEY* key, const std::string& kid) {
  return {{"kty", "RSA"},
          {"kid", kid},
          {"alg", "RS384"},
          {"n", ToBase64Url(BigNumber(key, OSSL_PKEY_PARAM_RSA_N))},
          {"e", ToBase64Url(BigNumber(key, OSSL_PKEY_PARAM_RSA_E))}};
}

// Signs as `digest` wants; an EC signature as r and s of `half` bytes each, as JWS has it.
inline std::string SignBytes(EVP_PKEY* key, const EVP_MD* digest, const std::string& what,
                             int half = 48) {
  EVP_MD_CTX* const context = EVP_MD_CTX_new();
  const auto* bytes = reinterpret_cast<const unsigned char*>(what.data());
  std::size_t size = 0;
  EVP_DigestSignInit(context, nullptr, digest, nullptr, key);
  EVP_DigestSign(context, nullptr, &size, bytes, what.size());
  std::vector<unsigned char> made(size);
  if (EVP_DigestSign(context, made.data(), &size, bytes, what.size()) != 1) {
    throw std::runtime_error("cannot sign");
  }
  EVP_MD_CTX_free(context);
  made.resize(size);
  if (EVP_PKEY_get_base_id(key) != EVP_PKEY_EC) return std::string(made.begin(), made.end());
  const unsigned char* at = made.data();
  ECDSA_SIG* const signature = d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(made.size()));
  std::vector<unsigned char> raw(static_cast<std::size_t>(2 * half));
  BN_bn2binpad(ECDSA_SIG_get0_r(signature), raw.data(), half);
  BN_bn2binpad(ECDSA_SIG_get0_s(signature), raw.data() + half, half);
  ECDSA_SIG_free(signature);
  return std::string(raw.begin(), raw.end());
}

// A token of these texts, which need not be JSON.
inline std::string SignedToken(EVP_PKEY* key, const std::string& header, const std::string& payload,
                               const EVP_MD* digest = EVP_sha384(), int half = 48) {
  const std::string what = ToBase64Url(header) + "." + ToBase64Url(payload);
  return what + "." + ToBase64Url(SignBytes(key, digest, what, half));
}

}  // namespace consilium
