// What an ended case says about its models, for chemistry.
// Threads: functions without state.
#pragma once

#include "shared/messages.h"

namespace consilium {

// From the recommendation alone, so that what is learned is what was decided. Answers have the
// number of their candidate as key. An answer that did not count is left out.
CaseEvidence MakeEvidence(const CaseView& view, const Recommendation& recommendation);

// The same in place of what the case's last recommendation said, if it has one.
EvidenceLine MakeEvidenceLine(const CaseView& view, const Recommendation& recommendation);

}  // namespace consilium
