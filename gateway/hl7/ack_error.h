// The ERR segments of an acknowledgement. For ack.cc.
// Threads: functions without state.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "gateway/hl7/ack.h"
#include "gateway/hl7/delimiters.h"

namespace consilium {

// In the form of that version (MSH-12; "" = 2.5 and later), each ended by CR; "" without faults.
std::string ErrorSegments(const std::vector<Hl7Fault>& faults, const Hl7Delimiters& delimiters,
                          std::string_view version);

}  // namespace consilium
