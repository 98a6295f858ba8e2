// Finds and classifies the escape sequences of HL7 v2 text (chapter 2, "use of escape sequences";
// clinical.md 1.2), without saying what becomes of them.
// Threads: functions without state.
#pragma once

#include <cstddef>
#include <string_view>

namespace consilium {

struct Hl7Escape {
  enum class Kind {
    kUnknown,    // not one of these: the escape character stands for itself
    kDelimiter,  // F S T R E P: `body` is the letter
    kHex,        // X: `body` is the digits, two a byte
    kHighlight,  // H, N
    kCharset,    // C, M: `body` is the digits of the ISO 2022 escape sequence
    kLocal,      // Z: agreed between two sites, not with us
    kBreak,      // .br
    kLines,      // .sp<n>: ends the line, n lines down
    kIndent,     // .in<n>: of all lines from here on
    kIndentOne,  // .ti<n>: of this line
    kSkip,       // .sk<n>: n spaces
    kCentre,     // .ce: ends the line
    kFill,       // .fi, .nf
  };
  Kind kind = Kind::kUnknown;
  std::string_view body;
  std::size_t bytes = 1;  // with both escape characters; 1 for kUnknown
  int number = 0;         // of the commands that have one, within -9999..9999
  bool has_sign = false;  // it was written with + or -
};

// The one that `text` begins with; text[0] is `escape`.
Hl7Escape ReadHl7Escape(std::string_view text, char escape);

// How many escape characters in the text begin none, or one of kLocal.
std::size_t CountUnknownEscapes(std::string_view text, char escape);

}  // namespace consilium
