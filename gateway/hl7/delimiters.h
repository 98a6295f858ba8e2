// The characters that divide an HL7 v2 message, as it declares them itself in MSH-1 and MSH-2 (and
// a batch in BHS, a file in FHS).
// Threads: functions without state.
#pragma once

#include <cstddef>
#include <string_view>

#include "shared/result.h"

namespace consilium {

// Each is one printable ASCII character, no letter, digit or quote; no two are equal;
// '\0' = the message has none (only `field` and `component` are always there).
struct Hl7Delimiters {
  char field = '|';
  char component = '^';
  char repetition = '~';
  char escape = '\\';
  char subcomponent = '&';
  char truncation = '\0';  // ends a value that was cut (2.7 and later: '#')

  friend bool operator==(const Hl7Delimiters&, const Hl7Delimiters&) = default;
};

struct DeclaredDelimiters {
  Hl7Delimiters delimiters;
  std::size_t bytes = 0;  // of the declaration: MSH-1 and MSH-2
  bool repeated = false;  // a character stood there twice; it counts once
};

// Reads the declaration that `text` begins with ("|^~\&|..."). Trailing ones may be missing.
// Errors: kInvalid, naming MSH-1 or MSH-2.
Result<DeclaredDelimiters> ReadDelimiters(std::string_view text);

// Does the text begin with MSH, BHS or FHS (in any case) and a declaration of delimiters that ends
// in the field separator, so that it is not a word of a note?
enum class HeaderMatch {
  kNo,
  kMaybe,  // it is too short to tell
  kYes,
};
HeaderMatch MatchHl7Header(std::string_view text);
inline bool BeginsHl7Header(std::string_view text) {
  return MatchHl7Header(text) == HeaderMatch::kYes;
}

}  // namespace consilium
