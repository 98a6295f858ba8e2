#include "cli/feed/feed_format.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "shared/text.h"

namespace consilium {
namespace {

bool EndsIn(std::string_view name, std::string_view end) {
  return name.size() >= end.size() &&
         std::equal(end.rbegin(), end.rend(), name.rbegin(), [](char a, char b) {
           return a == static_cast<char>(std::tolower(static_cast<unsigned char>(b)));
         });
}

// Past what may stand before a message: a byte order mark, zero bytes, blanks, the start of a
// frame.
std::string_view WithoutLead(std::string_view text) {
  constexpr std::string_view kMark = "\xef\xbb\xbf";
  constexpr std::string_view kBlanks("\0 \t\r\n\x0b", 6);
  for (;;) {
    text.remove_prefix(std::min(text.find_first_not_of(kBlanks), text.size()));
    if (!text.starts_with(kMark)) return text;
    text.remove_prefix(kMark.size());
  }
}

bool IsHl7(std::string_view text) {
  const bool header = text.starts_with("MSH") || text.starts_with("BHS") || text.starts_with("FHS");
  return header && text.size() > 3 && std::isalnum(static_cast<unsigned char>(text[3])) == 0 &&
         text[3] > ' ';
}

// The text of a string that is a key: an escaped quote would stand within one.
bool HasKey(std::string_view text, std::string_view quoted) {
  return text.find(quoted) != std::string_view::npos;
}

}  // namespace

std::optional<FeedFormat> FormatFromName(std::string_view name) {
  for (std::size_t i = 0; i < std::size(kFeedFormatNames); ++i) {
    if (name == kFeedFormatNames[i]) return static_cast<FeedFormat>(i);
  }
  return std::nullopt;
}

Result<FeedFormat> DetectFormat(const std::string& file, std::string_view begin) {
  const std::string_view text = WithoutLead(begin);
  if (text.empty()) return Invalid(file + ": empty, expected messages");
  if (IsHl7(text)) return FeedFormat::kHl7;
  if (text.starts_with('{') || text.starts_with('[')) {
    // A line that is an object, and another one that begins so, are lines, whatever the name is.
    const std::size_t end = text.find('\n');
    const std::string_view first = Trimmed(text.substr(0, end));
    const std::string_view rest =
        end == std::string_view::npos ? std::string_view() : Trimmed(text.substr(end));
    const bool lines = EndsIn(file, ".ndjson") || EndsIn(file, ".jsonl") ||
                       (first.size() > 1 && first.ends_with('}') && rest.starts_with('{'));
    if (HasKey(lines ? first : text, "\"resourceType\"")) {
      return lines ? FeedFormat::kBulk : FeedFormat::kFhir;
    }
    if (HasKey(text, "\"text\"")) return FeedFormat::kCases;
  }
  return Invalid(file +
                 ": expected HL7 v2 (it begins with MSH, BHS or FHS, also in a frame of MLLP), a "
                 "FHIR resource (resourceType), or cases (text); --format says which it is");
}

bool IsFeedName(std::string_view name) {
  if (name.empty() || name.front() == '.' || name.back() == '~') return false;
  constexpr std::array<std::string_view, 5> kNames{".hl7", ".txt", ".json", ".jsonl", ".ndjson"};
  return std::any_of(kNames.begin(), kNames.end(),
                     [name](std::string_view end) { return EndsIn(name, end); });
}

}  // namespace consilium
