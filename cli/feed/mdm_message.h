// A plain vignette as the note of an HL7 v2 feed, to try a gateway with cases that have no message.
//
// Only what the case states is said: there is no name and no birth date, an age is a line of the
// note. No time stands in it either, so the same case is the same bytes, and a gateway that gets it
// twice knows it again. Source: HL7 v2.5.1 chapter 9 (MDM^T02, TXA), tables 0001, 0136, 0200, 0271.
// Pure. Threads: functions without state.
#pragma once

#include <string>

#include "shared/domain.h"

namespace consilium {

// PID-3 is the case id under the authority CONSILIUM-DEMO, which is also MSH-10 and TXA-12.
// Segments end in CR; UTF-8.
std::string MdmOf(const CaseRequest& request);

}  // namespace consilium
