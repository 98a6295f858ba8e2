#include "worker/text_clean.h"

#include <algorithm>
#include <cstdint>
#include <iterator>

#include "shared/text.h"
#include "shared/utf8.h"

namespace consilium {
namespace {

struct Range {
  std::uint32_t first;
  std::uint32_t last;
};

// Invisible in every usual font, and used to hide instructions in plain sight.
constexpr Range kInvisible[] = {
    {0x0000, 0x001F},    // C0 control characters
    {0x007F, 0x009F},    // delete, C1 control characters
    {0x00AD, 0x00AD},    // soft hyphen
    {0x034F, 0x034F},    // combining grapheme joiner
    {0x061C, 0x061C},    // Arabic letter mark
    {0x115F, 0x1160},    // Hangul fillers
    {0x17B4, 0x17B5},    // Khmer inherent vowels
    {0x180B, 0x180E},    // Mongolian selectors and vowel separator
    {0x200B, 0x200F},    // zero-width characters, direction marks
    {0x2028, 0x202E},    // line and paragraph separators, direction embeddings
    {0x2060, 0x206F},    // word joiner, invisible operators, direction isolates
    {0xFE00, 0xFE0F},    // variation selectors
    {0xFEFF, 0xFEFF},    // byte order mark
    {0xFFF0, 0xFFFB},    // unassigned specials, interlinear annotations
    {0xE0000, 0xE0FFF},  // tags, variation selectors supplement
};

bool Invisible(std::uint32_t character) {
  return std::any_of(std::begin(kInvisible), std::end(kInvisible), [character](const Range& range) {
    return character >= range.first && character <= range.last;
  });
}

}  // namespace

std::string CleanText(std::string_view raw, bool lines) {
  const std::string text = ToValidUtf8(raw);
  std::string clean;
  clean.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const auto [character, length] = Utf8At(text, at);
    if (character == '\n' || character == '\t') {
      clean += lines ? text[at] : ' ';
    } else if (!Invisible(character)) {
      clean.append(text, at, length);
    }
    at += length;
  }
  return clean;
}

std::string_view WithoutThoughts(std::string_view text) {
  constexpr std::string_view kOpen = "<think>";
  constexpr std::string_view kClose = "</think>";
  const std::size_t close = text.rfind(kClose);
  if (close != text.npos) text.remove_prefix(close + kClose.size());
  return text.substr(0, text.find(kOpen));
}

std::size_t NestingDepth(std::string_view json) {
  std::size_t depth = 0;
  std::size_t deepest = 0;
  OutsideStrings(json, 0, [&](std::size_t at) {
    if (json[at] == '{' || json[at] == '[') {
      deepest = std::max(deepest, ++depth);
    } else if ((json[at] == '}' || json[at] == ']') && depth > 0) {
      --depth;
    }
    return true;
  });
  return deepest;
}

}  // namespace consilium
