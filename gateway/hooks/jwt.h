// Who calls a CDS service: the JWT of a CDS client, verified.
//
//   Authorization: Bearer <header>.<payload>.<signature>
//
// The client sees 401 and nothing else, whatever was wrong. The Error is for the log: it begins
// with one word for programs ("expired: ..."), names what was expected, and holds of the token at
// most the 64 first bytes of a header field. Not here: the replay check (jti), which needs a store,
// and the fetching of keys. Threads: functions without state. Time: only through `now_s`.
// Source: CDS Hooks 2.0, "Trusting CDS Clients"; RFC 7515, 7518, 7519; RFC 8725 (what to refuse).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/hooks/jwks.h"
#include "shared/result.h"

namespace consilium {

inline constexpr std::size_t kJwtBytesMax = 8192;

// Whom to trust. With `jku` a token that names its JWK Set has to name this one; without, it may
// name none: an address that nobody allowed is never believed, and never fetched here.
struct TrustedIssuer {
  std::string iss;
  std::string jku;
  std::vector<SigningKey> keys;
};

struct JwtLimits {
  std::int64_t skew_s = 60;       // between the client's clock and ours
  std::int64_t lifetime_s = 300;  // from iat to exp
};

struct JwtClaims {
  std::string iss;
  std::string jti;     // unique within iss; a second one before `exp_s` + skew is a replay
  std::string tenant;  // "" = not stated
  std::string kid;
  std::int64_t iat_s = 0;  // Unix seconds
  std::int64_t exp_s = 0;
};

// The token in an Authorization header; empty when it holds none.
std::optional<std::string_view> BearerToken(std::string_view authorization);

// ES384 and RS384 only, the two that the specification recommends: each further algorithm is one
// more that has to be right. `audience`: the URL of the service as the client knows it.
//
// kNotFound ("unknown_kid: ..."): a trusted issuer signs with a key that is not here; its JWK Set
// may have changed. kForbidden for everything else. A claim is looked at only once the signature is
// right. Words: too_long, not_compact, bad_header, bad_alg, bad_typ, crit, bad_payload,
// unknown_issuer, jku_not_allowed, unknown_kid, bad_signature, bad_claim, other_audience, expired,
// not_yet_valid, issued_later, lives_too_long.
Result<JwtClaims> VerifyJwt(std::string_view token, std::string_view audience,
                            const std::vector<TrustedIssuer>& issuers, std::int64_t now_s,
                            const JwtLimits& limits = {});

}  // namespace consilium
