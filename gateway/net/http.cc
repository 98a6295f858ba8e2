#include "gateway/net/http.h"

#include <algorithm>

#include "shared/text.h"

namespace consilium {
namespace {

constexpr std::size_t kSegmentsMax = 16;
constexpr std::size_t kQueryMax = 64;

int HexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::optional<std::string> Decoded(std::string_view text, bool plus_is_space) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '+' && plus_is_space) c = ' ';
    if (c == '%') {
      if (i + 2 >= text.size()) return {};
      const int high = HexValue(text[i + 1]);
      const int low = HexValue(text[i + 2]);
      if (high < 0 || low < 0) return {};
      c = static_cast<char>(high * 16 + low);
      i += 2;
    }
    if (c == '\0') return {};
    out += c;
  }
  if (FindInvalidUtf8(out) != std::string_view::npos) return {};
  return out;
}

bool ReadQuery(std::string_view text, HttpFields& query) {
  while (!text.empty()) {
    const std::string_view pair = text.substr(0, text.find('&'));
    text.remove_prefix(std::min(pair.size() + 1, text.size()));
    if (pair.empty()) continue;
    const std::size_t equals = std::min(pair.find('='), pair.size());
    auto name = Decoded(pair.substr(0, equals), true);
    auto value = Decoded(pair.substr(std::min(equals + 1, pair.size())), true);
    if (!name || !value || query.size() == kQueryMax) return false;
    query.emplace_back(std::move(*name), std::move(*value));
  }
  return true;
}

}  // namespace

std::string_view HttpRequest::Field(std::string_view name) const {
  for (const auto& [key, value] : fields) {
    if (key == name) return value;
  }
  return "";
}

std::optional<std::string> HttpRequest::Query(std::string_view name) const {
  for (const auto& [key, value] : query) {
    if (key == name) return value;
  }
  return {};
}

std::string HttpRequest::Path() const { return target.substr(0, target.find('?')); }

std::optional<HttpTarget> ParseTarget(std::string_view target) {
  if (target.empty() || target[0] != '/') return {};
  const std::size_t question = std::min(target.find('?'), target.size());
  HttpTarget parsed;
  std::string_view path = target.substr(1, question - 1);
  while (!path.empty()) {
    const std::size_t slash = std::min(path.find('/'), path.size());
    auto segment = Decoded(path.substr(0, slash), false);
    if (!segment || parsed.segments.size() == kSegmentsMax) return {};
    parsed.segments.push_back(std::move(*segment));
    path.remove_prefix(std::min(slash + 1, path.size()));
  }
  if (!ReadQuery(target.substr(std::min(question + 1, target.size())), parsed.query)) return {};
  return parsed;
}

Status CheckQuery(const HttpFields& query, const std::vector<std::string>& known) {
  for (std::size_t i = 0; i < query.size(); ++i) {
    const std::string& name = query[i].first;
    if (std::find(known.begin(), known.end(), name) == known.end()) {
      std::string names;
      for (const std::string& one : known) names += (names.empty() ? "one of " : ", ") + one;
      return Invalid(Quoted(name, 64) + ": unknown parameter, expected " +
                     (names.empty() ? "none" : names));
    }
    for (std::size_t j = 0; j < i; ++j) {
      if (query[j].first == name) return Invalid(name + ": twice, expected once");
    }
  }
  return Ok();
}

std::string PercentEncoded(std::string_view text) {
  constexpr std::string_view kPlain = "-._~";
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const bool alnum = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (alnum || kPlain.find(c) != kPlain.npos) {
      out += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out += '%';
      out += kHex[byte >> 4];
      out += kHex[byte & 15];
    }
  }
  return out;
}

}  // namespace consilium
