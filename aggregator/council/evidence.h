// What an ended case says about its models, for chemistry.
// Threads: functions without state.
#pragma once

#include <optional>

#include "shared/messages.h"

namespace consilium {

// From the recommendation alone, so that what is learned is what was decided; only which answers
// were right is what is `known` by now, or, before any outcome, what it was judged by then. Answers
// have the number of their candidate as key. An answer that did not count is left out.
CaseEvidence MakeEvidence(const CaseView& view, const Recommendation& recommendation,
                          const std::optional<KnownRight>& known = std::nullopt);

// The same in place of what the case's last recommendation said, if it has one: with what was known
// when it said it, which is on the record.
EvidenceLine MakeEvidenceLine(const CaseView& view, const Recommendation& recommendation,
                              const std::optional<KnownRight>& known = std::nullopt);

}  // namespace consilium
