// What is known to be right in a case: the gold that came with it and the outcomes that came later,
// each a voice of its own.
//
// Of one who spoke several times the latest counts. Sets of ingredients are compared; where none is
// given also the option of a closed choice, if both name one ("surgery" is not "reassurance").
// Voices that disagree make the case contradictory: then nobody was right or wrong.
// docs/decision.md has the rules. Threads: functions without state.
#pragma once

#include <optional>

#include "aggregator/council/medication.h"
#include "shared/messages.h"

namespace consilium {

// Empty when nobody says anything. An outcome about a revision that is not there says nothing.
std::optional<KnownRight> JudgeOutcomes(const CaseView& view, const MedicationTable& table);

// Whether the answers of `candidate` were right; absent: not known.
std::optional<bool> IsRight(const Candidate& candidate, const KnownRight& known);

}  // namespace consilium
