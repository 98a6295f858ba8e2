// Text from one character set into another, by the iconv of glibc; the only file that uses it.
// Threads: functions without state.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace consilium {

struct Recoded {
  std::string bytes;
  std::size_t bad = 0;  // places that could not be read or written and were replaced
};

// From `charset` (a name of iconv's) into UTF-8; each byte (or unit of `unit` bytes) that is not of
// that set becomes U+FFFD. A set that this machine does not know is read as ASCII.
Recoded RecodeToUtf8(std::string_view bytes, std::string_view charset, std::size_t unit = 1);

// From well-formed UTF-8 into `charset`; a character that it does not have becomes '?'.
Recoded RecodeFromUtf8(std::string_view text, std::string_view charset);

}  // namespace consilium
