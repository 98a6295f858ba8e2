// The character sets that \Cxxyy\ and \Mxxyyzz\ switch to within a text (HL7 v2.5, 2.7.3).
// Threads: functions without state.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "gateway/hl7/charset.h"

namespace consilium {

// What follows such a sequence is read as.
struct CharsetSwitch {
  bool back = false;        // as the message is
  std::string_view iconv;   // else in this set,
  std::string designation;  // after these bytes
};

// `digits`: of the sequence, 4 or 6 hexadecimal digits. nullopt = a set that is not known.
std::optional<CharsetSwitch> FindCharsetSwitch(std::string_view digits);

// `text` was read as `charset`, but is of the set that was switched to.
std::string ReadSwitched(std::string_view text, const CharsetSwitch& to, const Hl7Charset& charset);

// The bytes that hexadecimal digits (in pairs) stand for.
std::string BytesOfHex(std::string_view digits);

}  // namespace consilium
