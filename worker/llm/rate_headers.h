// What a response's headers say about coming back. Pure; `unix_s` is now, to place dates.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "shared/http/http_client.h"

namespace consilium {

// Milliseconds to wait, in [0, one day]: retry-after-ms or x-ms-retry-after-ms if it is a number,
// else Retry-After as seconds or as an HTTP date (RFC 9110, section 10.2.3, all three forms); empty
// for anything else.
std::optional<std::int64_t> ParseRetryAfter(const HttpHeaders& headers, std::int64_t unix_s);

// Milliseconds until the last of the used-up limits is filled again, in [0, one day], when a
// header says that nothing remains of one: OpenAI's x-ratelimit-remaining-* and -reset-*,
// Anthropic's anthropic-ratelimit-*-remaining and -reset; empty otherwise.
std::optional<std::int64_t> ParseUsedUp(const HttpHeaders& headers, std::int64_t unix_s);

// "1h2m3s", "6m0s", "1.5s", "20ms", seconds, Unix seconds, or a date of RFC 3339 in UTC, as
// milliseconds from now; empty for anything else.
std::optional<std::int64_t> ParseReset(std::string_view text, std::int64_t unix_s);

}  // namespace consilium
