#include "gateway/hl7/feed_time.h"

#include <algorithm>

#include "gateway/clinical/iso_time.h"
#include "shared/text.h"

namespace consilium {
namespace {

bool IsDigits(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// "+0100", "-05" as "+01:00", "-05:00"; "" when it is no zone.
std::string Zone(std::string_view text) {
  const std::string_view digits = text.substr(1);
  if (!IsDigits(digits) || (digits.size() != 4 && digits.size() != 2)) return "";
  std::string zone(1, text.front());
  zone += digits.substr(0, 2);
  zone += ':';
  zone += digits.size() == 4 ? digits.substr(2) : "00";
  return zone;
}

// The parts of a date without those that are all zeros.
std::string_view WithoutZeroParts(std::string_view date) {
  while (date.size() > 4 && date.size() <= 8 && date.substr(date.size() - 2) == "00") {
    date.remove_suffix(2);
  }
  return date;
}

}  // namespace

FeedTime ReadFeedTime(std::string_view text) {
  text = Trimmed(text);
  if (text.empty()) return {};
  if (ParseIsoTime(text) && text.size() > 4) return {std::string(text), true};
  const std::size_t sign = text.find_first_of("+-");
  const std::string_view stamp = text.substr(0, sign);
  const std::size_t point = stamp.find('.');
  std::string_view digits = stamp.substr(0, point);
  if (!IsDigits(digits) || digits.size() < 4 || digits.size() > 14 || digits.size() % 2 != 0) {
    return {"", true};
  }
  const std::size_t stated = digits.size();
  digits = WithoutZeroParts(digits);
  std::string iso;
  constexpr const char* kBetween[] = {"", "-", "-", "T", ":", ":"};
  for (std::size_t part = 0, at = 0; at < digits.size(); ++part) {
    const std::size_t size = part == 0 ? 4 : 2;
    iso += kBetween[part];
    iso += digits.substr(at, size);
    at += size;
  }
  if (point != std::string_view::npos) {
    const std::string_view fraction = stamp.substr(point + 1);
    if (digits.size() != 14 || fraction.empty() || !IsDigits(fraction)) return {"", true};
    iso += '.';
    iso += fraction;
  }
  bool odd = digits.size() != stated;
  if (sign != std::string_view::npos) {
    const std::string zone = Zone(text.substr(sign));
    if (zone.empty()) return {"", true};
    // A date has no zone that says anything.
    if (digits.size() > 8) iso += zone;
  }
  if (!ParseIsoTime(iso)) return {"", true};
  return {iso, odd};
}

}  // namespace consilium
