// A recommendation against the gold that came with its case.
// Threads: functions without state.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "aggregator/council/medication.h"
#include "shared/domain.h"

namespace consilium {

// Both sides are sets of canonical names: `gold` is normalised with the same table as the answers
// were; `ingredients` is Recommendation::ingredients. Two empty sets are equal: "no medication" was
// right.
Score ScoreAgainst(const std::vector<std::string>& gold,
                   const std::vector<std::string>& ingredients, const MedicationTable& table);

}  // namespace consilium
