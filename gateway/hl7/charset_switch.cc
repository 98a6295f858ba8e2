#include "gateway/hl7/charset_switch.h"

#include <cstddef>

#include "gateway/hl7/recode.h"

namespace consilium {
namespace {

struct Designated {
  std::string_view bytes;  // after ESC
  std::string_view iconv;  // "" = as the message is
  bool shift;              // the set is read from the designation itself
};

constexpr Designated kDesignated[] = {
    {"(B", "", false},  // ISO-IR 6, ASCII
    {"(J", "", false},  // ISO-IR 14: see charset.cc on its backslash
    {"-A", "ISO-8859-1", false},
    {"-B", "ISO-8859-2", false},
    {"-C", "ISO-8859-3", false},
    {"-D", "ISO-8859-4", false},
    {"-L", "ISO-8859-5", false},
    {"-G", "ISO-8859-6", false},
    {"-F", "ISO-8859-7", false},
    {"-H", "ISO-8859-8", false},
    {"-M", "ISO-8859-9", false},
    {")I", "CP932", false},          // ISO-IR 13, katakana from 0xA1 on
    {"$B", "ISO-2022-JP-2", true},   // ISO-IR 87
    {"$@", "ISO-2022-JP-2", true},   // its 1978 edition
    {"$(D", "ISO-2022-JP-2", true},  // ISO-IR 159
    {"$(C", "ISO-2022-JP-2", true},  // ISO-IR 149, KS X 1001
    {"$A", "ISO-2022-JP-2", true},   // ISO-IR 58, GB 2312
};

unsigned HexValue(char c) {
  if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
  return static_cast<unsigned>((c | 0x20) - 'a') + 10;
}

}  // namespace

std::string BytesOfHex(std::string_view digits) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < digits.size(); i += 2) {
    bytes += static_cast<char>(HexValue(digits[i]) << 4 | HexValue(digits[i + 1]));
  }
  return bytes;
}

std::optional<CharsetSwitch> FindCharsetSwitch(std::string_view digits) {
  const std::string bytes = BytesOfHex(digits);
  for (const Designated& set : kDesignated) {
    if (set.bytes != bytes) continue;
    CharsetSwitch found;
    found.back = set.iconv.empty();
    found.iconv = set.iconv;
    if (set.shift) found.designation = "\x1B" + bytes;
    return found;
  }
  return std::nullopt;
}

std::string ReadSwitched(std::string_view text, const CharsetSwitch& to,
                         const Hl7Charset& charset) {
  if (to.back) return std::string(text);
  return RecodeToUtf8(to.designation + EncodeHl7(text, charset), to.iconv).bytes;
}

}  // namespace consilium
