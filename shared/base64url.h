// base64url without padding, as JOSE writes it. Threads: functions without state.
// Source: RFC 4648, 5; RFC 7515, 2 and appendix C.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace consilium {

std::string ToBase64Url(std::string_view bytes);

// Strict: no padding, no spaces, no other alphabet, and nothing in the bits that are left over, so
// that the same bytes have one text. Empty otherwise.
std::optional<std::string> FromBase64Url(std::string_view text);

}  // namespace consilium
