// ED: data of another kind in an OBX. Threads: functions without state.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "gateway/hl7/message.h"

namespace consilium {

// The text of one repetition of OBX-5 (source^type^subtype^encoding^data), where it is text:
// type TEXT (or "text/plain"), encoding A, Hex or Base64, and the bytes are no PDF, RTF or markup.
// UTF-8. Empty: a human has to read it.
std::optional<std::string> TextOfEncapsulated(const Hl7Repetition& value);

}  // namespace consilium
