// Text of HL7 v2 fields: escape sequences read into text for people, and text made safe to stand in
// a field. Source: HL7 v2.5 chapter 2.7 and 2.A (FT); clinical.md 1.2.
// Threads: functions without state.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/hl7/charset.h"
#include "gateway/hl7/delimiters.h"

namespace consilium {

struct Hl7Text {
  std::string text;                 // UTF-8, lines end in '\n'
  std::size_t unknown_escapes = 0;  // kept as they came
};

// Readable text from a part of a message (UTF-8) that was split already; what a sequence stands for
// is never split again.
//  - \F\ \S\ \T\ \R\ \E\ \P\: the delimiter. \Xhh..\: bytes of `charset`, over several sequences
//  too.
//  - \.br\ ends a line, as do CR, LF and CRLF; \.sp<n>\ n lines (at most 8); \.ce\ one. \.in\ and
//    \.ti\ indent (with a sign: by so much more; at most 40); \.sk<n>\ n spaces (at most 80).
//  - \H\ \N\ \.fi\ \.nf\ leave nothing.
//  - \Cxxyy\ \Mxxyyzz\: what follows is of that set (ASCII, 8859, the Japanese, KS X 1001).
//  - Anything else, \Z..\ too, stays as it is and is counted. Sequences do not nest.
//  - Control characters that are no line end and no tab are left out.
Hl7Text UnescapeHl7(std::string_view raw, const Hl7Delimiters& delimiters,
                    const Hl7Charset& charset);

enum class Hl7TextType {
  kPlain,      // ST, TX, ...: a line end becomes \X0D\.
  kFormatted,  // FT: a line end becomes \.br\.
};

// Text (UTF-8) that stands in one subcomponent and reads as `text` again: no delimiter, line end or
// frame byte is left in it. Control characters other than line ends and tabs are left out; bytes
// that are not UTF-8 become U+FFFD. Text that is exactly "" (two quotes) is written so that it is
// no null. A sender without an escape character gets spaces instead of what must be escaped.
std::string EscapeHl7(std::string_view text, const Hl7Delimiters& delimiters,
                      Hl7TextType type = Hl7TextType::kPlain);

// Parts that stand for themselves (escaped where need be), with `between`; empty ones at the end
// are left out.
std::string JoinHl7(std::vector<std::string> parts, char between);

}  // namespace consilium
