// What stands before and between the parts of an HL7 v2 text. For message, batch and ack only.
// Threads: functions without state.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace consilium {

inline constexpr std::string_view kUtf8Mark = "\xEF\xBB\xBF";

// Spaces, control characters; between lines they say nothing.
inline bool IsHl7Blank(char c) { return static_cast<unsigned char>(c) <= ' ' || c == '\x7F'; }
inline bool IsHl7LineEnd(char c) { return c == '\r' || c == '\n'; }

// Its first bytes are those of UTF-16 or UTF-32.
bool BeginsWide(std::string_view bytes);

// Without blanks before the message, and without a UTF-8 byte order mark before more of them; the
// mark that stands right before it stays.
std::string_view WithoutLead(std::string_view bytes);

// The first byte that is `a` or `b`, from `from` on; npos = none. Eight bytes at a time.
inline std::size_t FindEither(std::string_view text, std::size_t from, char a, char b) {
  constexpr std::uint64_t kOnes = 0x0101010101010101U;
  const auto has = [](std::uint64_t word, char byte) {  // Hacker's Delight, 6-1
    const std::uint64_t zero = word ^ (kOnes * static_cast<unsigned char>(byte));
    return ((zero - kOnes) & ~zero & (kOnes << 7)) != 0;
  };
  while (from < text.size()) {
    std::uint64_t word = 0;
    if (from + sizeof(word) <= text.size()) {
      std::memcpy(&word, text.data() + from, sizeof(word));
      if (!has(word, a) && !has(word, b)) {
        from += sizeof(word);
        continue;
      }
    }
    if (text[from] == a || text[from] == b) return from;
    ++from;
  }
  return std::string_view::npos;
}

}  // namespace consilium
