#include "worker/json_object.h"

#include "shared/limits.h"
#include "worker/json_repair.h"
#include "worker/text_clean.h"

namespace consilium {
namespace {

// A text made of opening brackets must not cost a scan of the rest for each.
constexpr int kCandidatesMax = 64;
constexpr std::string_view kSpaces = " \t\r\n";

// Where the value that opens at `start` ends (one past its bracket); npos when it does not.
std::size_t ValueEnd(std::string_view text, std::size_t start) {
  const char open = text[start];
  const char close = open == '{' ? '}' : ']';
  int depth = 0;
  std::size_t end = text.npos;
  OutsideStrings(text, start, [&](std::size_t at) {
    if (text[at] == open) ++depth;
    if (text[at] == close && --depth == 0) end = at + 1;
    return end == text.npos;
  });
  return end;
}

// A brace before a key, with or without quotes; any other is prose.
bool OpensObject(std::string_view text, std::size_t start) {
  const std::size_t inside = text.find_first_not_of(kSpaces, start + 1);
  if (inside == std::string_view::npos) return true;
  std::size_t end = inside;
  const auto is_word = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  };
  while (end < text.size() && is_word(text[end])) ++end;
  if (end > inside) return end == text.size() || text[end] == ':';
  const std::string_view rest = text.substr(inside);
  for (const std::string_view quote : {"\"", "'", "\u201c", "\u2018", "//", "/*"}) {
    if (rest.substr(0, quote.size()) == quote) return true;
  }
  return false;
}

// The next brace, or bracket with a brace behind it.
std::size_t NextCandidate(std::string_view text, std::size_t from) {
  for (std::size_t at = text.find_first_of("{[", from); at != text.npos;
       at = text.find_first_of("{[", at + 1)) {
    if (text[at] == '{') return at;
    const std::size_t inside = text.find_first_not_of(kSpaces, at + 1);
    if (inside == text.npos) return text.npos;
    if (text[inside] == '{') return at;
    at = inside - 1;  // no space is looked at twice
  }
  return text.npos;
}

}  // namespace

std::optional<nlohmann::json> ReadJson(std::string_view text) {
  if (NestingDepth(text) > limits::kDepthMax) return std::nullopt;
  nlohmann::json parsed = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (parsed.is_discarded()) return std::nullopt;
  return parsed;
}

JsonInText FindJson(std::string_view text, bool complete) {
  JsonInText found;
  std::size_t start = NextCandidate(text, 0);
  for (int i = 0; i < kCandidatesMax && start != text.npos; ++i) {
    const std::size_t end = ValueEnd(text, start);
    found.bytes_read += (end == text.npos ? text.size() : end) - start;
    std::size_t next = end;
    std::optional<nlohmann::json> value;
    if (end != text.npos) {
      value = ReadJson(text.substr(start, end - start));
      found.bytes_read += end - start;
    }
    if (!value) {
      const RepairedJson repaired = RepairJson(text.substr(start), complete);
      found.bytes_read += repaired.end;
      if (repaired.json) {
        value = ReadJson(*repaired.json);
        found.bytes_read += repaired.json->size();
      }
      if (value) next = start + repaired.end;
    }
    if (value) {
      if (found.values.empty()) found.first_at = start;
      found.unread_behind = false;
      found.values.push_back(*std::move(value));
    } else if (text[start] == '[') {
      next = start + 1;  // a list in prose; what stands in it stands for itself
    } else if (next == text.npos) {
      // What looks like an object was cut off: nothing inside of it is the reply.
      if (OpensObject(text, start)) {
        found.unread = found.unread_behind = true;
        break;
      }
      next = start + 1;
    } else if (OpensObject(text, start)) {
      found.unread = found.unread_behind = true;
    }
    start = NextCandidate(text, next);
  }
  return found;
}

}  // namespace consilium
