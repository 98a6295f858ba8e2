// Character sets of HL7 v2, by their names in table 0211. Threads: constants, functions without
// state; an Hl7Charset lives as long as the program.
#pragma once

#include <string>
#include <string_view>

namespace consilium {

struct Hl7Charset {
  enum class Kind {
    kLatin,     // one byte a character, mostly ASCII: real text is not UTF-8 by accident
    kAlphabet,  // one byte a character, mostly beyond ASCII (Cyrillic, Arabic, Greek, Hebrew)
    kUtf8,
    kMultiByte,  // ASCII, and several bytes from 0x80 on (GB 18030, BIG-5, KS X 1001, ...)
    kShift,      // 7-bit with escape sequences (ISO 2022: the Japanese sets)
    kWide,       // UTF-16, UTF-32
  };
  std::string_view name;   // as table 0211 has it, else the common one ("WINDOWS-1252")
  std::string_view iconv;  // as glibc has it
  Kind kind = Kind::kLatin;
};

// By a name of table 0211 ("8859/1", "UNICODE UTF-8", "BIG-5") or a common one ("ISO-8859-1",
// "utf8", "windows-1252"); only letters and digits count, in either case. nullptr = not known.
const Hl7Charset* FindHl7Charset(std::string_view name);

// For people: the names that are known, without those that mean the same.
std::string Hl7CharsetNames();

// Those that bytes are taken for, whatever a label says.
inline constexpr Hl7Charset kHl7Ascii = {"ASCII", "ASCII", Hl7Charset::Kind::kLatin};
inline constexpr Hl7Charset kHl7Latin1 = {"8859/1", "ISO-8859-1", Hl7Charset::Kind::kLatin};
inline constexpr Hl7Charset kHl7Windows1252 = {"WINDOWS-1252", "CP1252", Hl7Charset::Kind::kLatin};
inline constexpr Hl7Charset kHl7Utf8 = {"UNICODE UTF-8", "UTF-8", Hl7Charset::Kind::kUtf8};
inline constexpr Hl7Charset kHl7Utf16 = {"UNICODE UTF-16", "UTF-16BE", Hl7Charset::Kind::kWide};
inline constexpr Hl7Charset kHl7Utf16Little = {"UNICODE UTF-16", "UTF-16LE",
                                               Hl7Charset::Kind::kWide};
inline constexpr Hl7Charset kHl7Utf32 = {"UNICODE UTF-32", "UTF-32BE", Hl7Charset::Kind::kWide};
inline constexpr Hl7Charset kHl7Utf32Little = {"UNICODE UTF-32", "UTF-32LE",
                                               Hl7Charset::Kind::kWide};

}  // namespace consilium
