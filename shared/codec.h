// Domain structs and messages to MessagePack and JSON, and back, within our own limits.
//
// Unknown fields are ignored (a newer peer may know more); a missing or wrong one is kInvalid and
// names the path: `vignette.text: missing`, `deadline_s = "x", expected a number`. Bytes from
// outside never reach a CHECK. Instantiated in shared/fields_*.cc for every struct of domain.h and
// messages.h. Threads: functions without state.
#pragma once

#include <string>
#include <string_view>

#include "shared/result.h"

namespace consilium {

template <class T>
std::string Pack(const T& value);
template <class T>
Result<T> Unpack(std::string_view bytes);

// Absent optionals are written as null so that a reader sees that they are not known.
template <class T>
std::string ToJson(const T& value, int indent = -1);
template <class T>
Result<T> FromJson(std::string_view text);

}  // namespace consilium
