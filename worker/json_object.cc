#include "worker/json_object.h"

#include <string>

#include "shared/limits.h"
#include "worker/text_clean.h"

namespace consilium {
namespace {

// A text made of opening braces must not cost a scan of the rest for each.
constexpr int kCandidatesMax = 64;

// Where the object that opens at `start` ends (one past its brace); npos when it does not.
std::size_t ObjectEnd(std::string_view text, std::size_t start) {
  int depth = 0;
  bool in_string = false;
  for (std::size_t i = start; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') {
        ++i;
      } else if (c == '"') {
        in_string = false;
      }
    } else if (c == '"') {
      in_string = true;
    } else if (c == '{') {
      ++depth;
    } else if (c == '}' && --depth == 0) {
      return i + 1;
    }
  }
  return std::string_view::npos;
}

std::string WithoutTrailingCommas(std::string_view json) {
  std::string out;
  out.reserve(json.size());
  bool in_string = false;
  for (std::size_t i = 0; i < json.size(); ++i) {
    const char c = json[i];
    if (in_string) {
      out += c;
      if (c == '\\' && i + 1 < json.size()) {
        out += json[++i];
      } else if (c == '"') {
        in_string = false;
      }
      continue;
    }
    if (c == '"') in_string = true;
    if (c == ',') {
      const std::size_t next = json.find_first_not_of(" \t\r\n", i + 1);
      if (next != std::string_view::npos && (json[next] == '}' || json[next] == ']')) continue;
    }
    out += c;
  }
  return out;
}

}  // namespace

std::optional<nlohmann::json> ReadJson(std::string_view text) {
  if (NestingDepth(text) > limits::kDepthMax) return std::nullopt;
  nlohmann::json parsed = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (parsed.is_discarded()) return std::nullopt;
  return parsed;
}

std::optional<nlohmann::json> FindJsonObject(std::string_view text, std::string_view key) {
  std::optional<nlohmann::json> first;
  std::size_t start = text.find('{');
  for (int i = 0; i < kCandidatesMax && start != std::string_view::npos; ++i) {
    const std::size_t end = ObjectEnd(text, start);
    if (end == std::string_view::npos) {
      // What looks like an object was cut off: nothing inside of it is the reply. A lone brace is
      // prose.
      const std::size_t inside = text.find_first_not_of(" \t\r\n", start + 1);
      if (inside == std::string_view::npos || text[inside] == '"' || text[inside] == '\'') break;
      start = text.find('{', start + 1);
      continue;
    }
    const std::string_view candidate = text.substr(start, end - start);
    std::optional<nlohmann::json> object = ReadJson(candidate);
    if (!object) object = ReadJson(WithoutTrailingCommas(candidate));
    if (object && object->is_object()) {
      if (object->contains(std::string(key))) return object;
      if (!first) first = std::move(object);
    }
    start = text.find('{', end);
  }
  return first;
}

}  // namespace consilium
