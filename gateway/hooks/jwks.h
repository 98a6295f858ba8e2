// The public keys of a CDS client, from its JWK Set.
//
// Source: RFC 7517 (JWK), RFC 7518, 6.2 and 6.3 (EC, RSA). Threads: plain data, a function without
// state.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "shared/result.h"

namespace consilium {

inline constexpr std::size_t kJwkSetBytesMax = 256u << 10;
inline constexpr std::size_t kJwkSetKeysMax = 64;

struct SigningKey {
  std::string kid;
  std::string alg;   // "ES384": EC on P-384; "RS384": RSA of 2048 to 8192 bits
  std::string spki;  // SubjectPublicKeyInfo, DER

  friend bool operator==(const SigningKey&, const SigningKey&) = default;
};

struct JwkSet {
  std::vector<SigningKey> keys;      // in their order
  std::vector<std::string> skipped;  // "keys[1]: kty = \"oct\", expected EC or RSA"
};

// A key that cannot verify ES384 or RS384 is skipped, as RFC 7517, 5 wants it: other types, curves
// and algorithms, use or key_ops for something else, no kid, a point that is not on the curve. So
// is one that was published with its private half: whoever reads it can sign. Errors: kTooLarge;
// kInvalid for what is no JWK Set, and for two keys with the same kid and algorithm.
Result<JwkSet> ReadJwkSet(std::string_view text);

}  // namespace consilium
