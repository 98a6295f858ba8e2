// Small things about text that several files need: quoting for messages, UTF-8.
// Threads: functions without state.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace consilium {

// The value between double quotes, fit for one line of a message: control characters, quotes,
// backslashes and bytes that are not UTF-8 are escaped; cut after `max` bytes of `text` (then "..."
// follows).
std::string Quoted(std::string_view text, std::size_t max = 64);

// The same escapes without the quotes and without a cut.
std::string Escaped(std::string_view text);

// Where the first byte stands that is not part of well-formed UTF-8 (RFC 3629: no surrogates,
// nothing overlong, at most U+10FFFF); npos when there is none.
std::size_t FindInvalidUtf8(std::string_view text);

// Replaces each byte that is not part of well-formed UTF-8 by U+FFFD.
std::string ToValidUtf8(std::string_view text);

// Without spaces, tabs and line ends (CR, LF) at either end.
std::string_view Trimmed(std::string_view text);

std::string LowerAscii(std::string_view text);

// The longest prefix of at most `max` bytes that does not end inside a character.
std::string_view CutUtf8(std::string_view text, std::size_t max);

// The error text up to the value it quotes ("patient.age"): values may be case text, which no log
// may hold.
std::string WithoutValue(std::string_view error_text);

}  // namespace consilium
