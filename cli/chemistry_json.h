// What the chemistry commands print for programs: one JSON object and a newline. Doubles read back
// exactly; what is not known, and a loss that is infinite, is null.
// Threads: functions without state.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "aggregator/chemistry/interaction.h"
#include "cli/chemistry_files.h"
#include "cli/recommend_set.h"
#include "shared/messages.h"

namespace consilium {

// {"variant", "models": [names], "chemistry": [[a, b, value], ...]}: sorted, a < b. Of a history
// with its task, profiles, rows, what was skipped, and
// "synergy": [[a, b, value, error, cases], ...].
std::string ChemistryJson(const ChemistryMatrix& matrix, ChemistryVariant variant,
                          const LoadedHistory* loaded, const ChemistryReport* synergy);

std::string RecommendJson(const RecommendedSet& set, const LoadedHistory& loaded,
                          const RecommendOptions& options);

std::string RankJson(const std::vector<ModelProfile>& ranked, const std::vector<TopSet>& sets,
                     const LoadedHistory& loaded);

}  // namespace consilium
