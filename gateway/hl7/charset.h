// The bytes of an HL7 v2 message as UTF-8: character sets by their names in table 0211, and what is
// done about labels that lie (clinical.md 1.3). Nothing that can be read is lost for its encoding.
// Threads: functions without state; an Hl7Charset lives as long as the program.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "gateway/clinical/record.h"
#include "shared/hl7_charset.h"

namespace consilium {

// What MSH-18 states: its first repetition, or the ISO 2022 set where a later one is of those.
// nullptr = blank or not known.
const Hl7Charset* StatedCharset(std::string_view msh18, char repetition);

struct Hl7Decoded {
  std::string text;                     // well-formed UTF-8, without a byte order mark
  const Hl7Charset* charset = nullptr;  // what the bytes were read as; never nullptr
  std::vector<Remark> remarks;          // charset_doubt, charset_invalid; where "MSH-18"
};

// Reads `bytes` as `stated` (nullptr = nothing was), unless they say otherwise:
//  - A byte order mark, and the zero bytes of UTF-16 and UTF-32, count for more than a label.
//  - Stated as a single-byte set or as nothing, but well-formed UTF-8: is UTF-8. (Where most
//    characters are beyond ASCII, from 8 on: two Cyrillic capitals can look like UTF-8.)
//  - Stated as UTF-8, but not well-formed: is windows-1252, unless most of what is not ASCII is
//    well-formed (a character was cut in two): then it is UTF-8, with U+FFFD in those places.
//  - Nothing or ASCII stated, and bytes beyond it: windows-1252; so are 0x80..0x9F in 8859/1.
//  - A byte that means nothing becomes U+FFFD.
// Each of these leaves a remark; text that is all ASCII never does.
Hl7Decoded DecodeHl7(std::string_view bytes, const Hl7Charset* stated);

// UTF-8 text as bytes of that set; what it does not have becomes '?'. No byte order mark.
std::string EncodeHl7(std::string_view text, const Hl7Charset& charset);

}  // namespace consilium
