#include "worker/llm/rate_headers.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <ctime>
#include <string>

namespace consilium {
namespace {

const std::string* Header(const HttpHeaders& headers, const std::string& name) {
  const auto found = headers.find(name);
  return found == headers.end() ? nullptr : &found->second;
}

std::optional<double> Number(std::string_view text) {
  double value = 0.0;
  const char* const end = text.data() + text.size();
  const auto [stop, problem] = std::from_chars(text.data(), end, value);
  if (problem != std::errc() || stop != end || !std::isfinite(value)) return std::nullopt;
  return value;
}

std::int64_t Bounded(double ms) {
  return static_cast<std::int64_t>(std::ceil(std::clamp(ms, 0.0, 86'400'000.0)));
}

// The time a date of one of these forms is away; empty when it is of none.
template <std::size_t N>
std::optional<std::int64_t> ParseDate(const std::string& text,
                                      const std::array<const char*, N>& forms,
                                      std::int64_t unix_s) {
  for (const char* form : forms) {
    std::tm date{};
    const char* const end = strptime(text.c_str(), form, &date);
    if (end == nullptr || *end != '\0') continue;
    return Bounded(static_cast<double>(timegm(&date) - unix_s) * 1000.0);
  }
  return std::nullopt;
}

// A sum of numbers with units.
std::optional<double> DurationMs(std::string_view text) {
  double total = 0.0;
  if (text.empty()) return std::nullopt;
  while (!text.empty()) {
    const std::size_t digits = std::min(text.find_first_not_of("0123456789."), text.size());
    const std::optional<double> number = Number(text.substr(0, digits));
    if (!number) return std::nullopt;
    text.remove_prefix(digits);
    const std::size_t letters = std::min(text.find_first_of("0123456789."), text.size());
    const std::string_view unit = text.substr(0, letters);
    text.remove_prefix(letters);
    if (unit == "ms") {
      total += *number;
    } else if (unit == "s") {
      total += *number * 1e3;
    } else if (unit == "m") {
      total += *number * 60e3;
    } else if (unit == "h") {
      total += *number * 3600e3;
    } else if (unit == "d") {
      total += *number * 86400e3;
    } else {
      return std::nullopt;
    }
  }
  return total;
}

}  // namespace

std::optional<std::int64_t> ParseRetryAfter(const HttpHeaders& headers, std::int64_t unix_s) {
  for (const char* name : {"retry-after-ms", "x-ms-retry-after-ms"}) {
    const std::string* text = Header(headers, name);
    if (text == nullptr) continue;
    if (const auto ms = Number(*text)) return Bounded(*ms);
  }
  const std::string* text = Header(headers, "retry-after");
  if (text == nullptr) return std::nullopt;
  if (const auto seconds = Number(*text)) return Bounded(*seconds * 1000.0);
  constexpr std::array<const char*, 3> kForms = {"%a, %d %b %Y %H:%M:%S GMT",  // IMF-fixdate
                                                 "%A, %d-%b-%y %H:%M:%S GMT",  // RFC 850
                                                 "%a %b %d %H:%M:%S %Y"};      // asctime
  return ParseDate(*text, kForms, unix_s);
}

std::optional<std::int64_t> ParseReset(std::string_view text, std::int64_t unix_s) {
  constexpr double kUnixSeconds = 1e9;
  if (const auto number = Number(text)) {
    const bool date = *number >= kUnixSeconds;
    return Bounded((date ? *number - static_cast<double>(unix_s) : *number) * 1000.0);
  }
  if (const auto ms = DurationMs(text)) return Bounded(*ms);
  constexpr std::array<const char*, 2> kForms = {"%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%dT%H:%M:%S+00:00"};
  std::string whole(text);
  // Fractions of a second; strptime has none.
  if (const std::size_t dot = whole.find('.'); dot != whole.npos) {
    whole.erase(dot, std::min(whole.find_first_not_of("0123456789", dot + 1), whole.size()) - dot);
  }
  return ParseDate(whole, kForms, unix_s);
}

std::optional<std::int64_t> ParseUsedUp(const HttpHeaders& headers, std::int64_t unix_s) {
  std::optional<std::int64_t> longest;
  const auto look = [&](const std::string& remaining, const std::string& reset) {
    const std::string* left = Header(headers, remaining);
    const std::string* when = Header(headers, reset);
    if (left == nullptr || when == nullptr || Number(*left) != 0.0) return;
    if (const auto ms = ParseReset(*when, unix_s)) longest = std::max(longest.value_or(0), *ms);
  };
  for (const std::string what : {"requests", "tokens"}) {
    look("x-ratelimit-remaining-" + what, "x-ratelimit-reset-" + what);
  }
  for (const std::string what : {"requests", "tokens", "input-tokens", "output-tokens"}) {
    const std::string limit = "anthropic-ratelimit-" + what;
    look(limit + "-remaining", limit + "-reset");
  }
  return longest;
}

}  // namespace consilium
