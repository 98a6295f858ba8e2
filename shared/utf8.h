// The characters of well-formed UTF-8, one at a time (text.h says what is well-formed).
// Threads: functions without state.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace consilium {

struct Utf8Character {
  char32_t code = 0;
  std::size_t bytes = 1;
};

// Of well-formed text the character at `at`; of any other something that moves on and stays inside.
inline Utf8Character Utf8At(std::string_view text, std::size_t at) {
  const unsigned lead = static_cast<unsigned char>(text[at]);
  if (lead < 0xC0) return {lead, 1};
  Utf8Character one;
  one.bytes = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  if (at + one.bytes > text.size()) return {0xFFFD, 1};
  one.code = lead & (0x7Fu >> one.bytes);
  for (std::size_t i = 1; i < one.bytes; ++i) {
    one.code = (one.code << 6) | (static_cast<unsigned char>(text[at + i]) & 0x3Fu);
  }
  return one;
}

// How many characters begin in `text`.
inline std::size_t Utf8Characters(std::string_view text) {
  std::size_t count = 0;
  for (const char c : text) count += (static_cast<unsigned char>(c) & 0xC0u) != 0x80u ? 1u : 0u;
  return count;
}

// `code` is a character: at most U+10FFFF, no surrogate.
inline void AppendUtf8(std::string& out, char32_t code) {
  const auto byte = [&out](char32_t value) { out += static_cast<char>(value); };
  const auto following = [&](unsigned shift) { byte(0x80u | (code >> shift & 0x3Fu)); };
  if (code < 0x80) return byte(code);
  if (code < 0x800) {
    byte(0xC0u | code >> 6);
  } else {
    if (code < 0x10000) {
      byte(0xE0u | code >> 12);
    } else {
      byte(0xF0u | code >> 18);
      following(12);
    }
    following(6);
  }
  following(0);
}

}  // namespace consilium
