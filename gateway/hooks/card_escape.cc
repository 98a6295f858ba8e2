#include "gateway/hooks/card_escape.h"

#include <cstdint>

#include "shared/text.h"
#include "shared/utf8.h"

namespace consilium {
namespace {

bool IsSpace(std::uint32_t c) {
  return c <= 0x20 || c == 0x7f || (c >= 0x80 && c <= 0xa0) || (c >= 0x2000 && c <= 0x200a) ||
         c == 0x2028 || c == 0x2029 || c == 0x202f || c == 0x205f || c == 0x3000;
}

// Neither seen by a reader nor without effect: zero width, direction, tags, variation selectors,
// private use, not a character.
bool IsUnseen(std::uint32_t c) {
  return c == 0xad || c == 0x61c || c == 0x115f || c == 0x1160 || c == 0x180e ||
         (c >= 0x200b && c <= 0x200f) || (c >= 0x202a && c <= 0x202e) ||
         (c >= 0x2060 && c <= 0x206f) || c == 0x3164 || (c >= 0xe000 && c <= 0xf8ff) ||
         (c >= 0xfe00 && c <= 0xfe0f) || c == 0xfeff || (c >= 0xfff0 && c <= 0xfffb) ||
         c >= 0xe0000;
}

bool StartsWithNoCase(std::string_view text, std::string_view lower) {
  if (text.size() < lower.size()) return false;
  for (std::size_t i = 0; i < lower.size(); ++i) {
    const char c = text[i];
    if ((c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c) != lower[i]) return false;
  }
  return true;
}

bool IsLetter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || static_cast<unsigned char>(c) >= 0x80;
}

// "https://x", "//x", "www.x", "x.com" and "a@x" with a space inside, so that nothing makes links
// of them. Numbers ("2.5"), "e.g." and the like stay.
std::string WithoutAddresses(std::string_view line) {
  std::string text;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const std::string_view rest = line.substr(i);
    const bool inside = i > 0 && line[i - 1] != ' ';
    if (line[i] == '@') {
      text += " @ ";
    } else if (line[i] == '/' && !text.empty() && text.back() == '/') {
      text += " /";
    } else if (line[i] == '.' && inside && rest.size() > 2 && IsLetter(rest[1]) &&
               IsLetter(rest[2])) {
      text += ". ";
    } else if (StartsWithNoCase(rest, "www.")) {
      text += rest.substr(0, 3);
      text += ' ';
      i += 2;
    } else {
      text += line[i];
    }
  }
  return text;
}

// At most `max` characters, the ellipsis included.
std::string Cut(std::string_view text, std::size_t max) {
  if (Utf8Characters(text) <= max) return std::string(text);
  constexpr std::string_view kMore = "\u2026";
  std::size_t at = 0;
  for (std::size_t kept = 0; kept + 1 < max; ++kept) at += Utf8At(text, at).bytes;
  const std::size_t space = text.rfind(' ', at);
  if (space != text.npos && space + 24 > at && space > 0) at = space;
  return std::string(text.substr(0, at)) + std::string(kMore);
}

std::string Escape(std::string_view line) {
  constexpr std::string_view kInline = "\\`*_[]|~";
  std::string text;
  for (const char c : line) {
    if (c == '<') {
      text += "&lt;";
    } else if (c == '>') {
      text += "&gt;";
    } else if (c == '&') {
      text += "&amp;";
    } else {
      if (kInline.find(c) != kInline.npos) text += '\\';
      text += c;
    }
  }
  // What begins a heading, a list or a rule where a line begins.
  if (!text.empty() && std::string_view("#+-=").find(text[0]) != std::string_view::npos) {
    return "\\" + text;
  }
  const std::size_t digits = text.find_first_not_of("0123456789");
  if (digits != 0 && digits != text.npos && (text[digits] == '.' || text[digits] == ')') &&
      (digits + 1 == text.size() || text[digits + 1] == ' ')) {
    text.insert(digits, "\\");
  }
  return text;
}

}  // namespace

std::string CleanLine(std::string_view text, std::size_t max) {
  const std::string valid = ToValidUtf8(text);
  std::string line;
  for (std::size_t at = 0; at < valid.size();) {
    const Utf8Character one = Utf8At(valid, at);
    if (IsSpace(one.code)) {
      if (!line.empty() && line.back() != ' ') line += ' ';
    } else if (!IsUnseen(one.code)) {
      line.append(valid, at, one.bytes);
    }
    at += one.bytes;
  }
  if (!line.empty() && line.back() == ' ') line.pop_back();
  return Cut(line, max);
}

std::string PlainLine(std::string_view text, std::size_t max) {
  std::string line = WithoutAddresses(CleanLine(text));
  for (char& c : line) {
    if (c == '<' || c == '[' || c == '{') c = '(';
    if (c == '>' || c == ']' || c == '}') c = ')';
    if (c == '`') c = '\'';
    if (c == '*' || c == '|' || c == '\\' || c == '~') c = ' ';
  }
  return CleanLine(line, max);
}

std::string MarkdownLine(std::string_view text, std::size_t max) {
  return Escape(CleanLine(WithoutAddresses(CleanLine(text)), max));
}

}  // namespace consilium
