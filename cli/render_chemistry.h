// What people read of files of chemistry: matrices, synergy, recommended sets, rankings; at most 80
// columns.
// Threads: functions without state.
#pragma once

#include <string>
#include <vector>

#include "aggregator/chemistry/interaction.h"
#include "cli/chemistry_files.h"
#include "cli/heat_map.h"
#include "cli/recommend_set.h"
#include "cli/screen.h"
#include "shared/messages.h"

namespace consilium {

// Task, rows and the profiles of a history's models.
std::string RenderHistory(const LoadedHistory& loaded, const Look& look);
// The matrix; of more models than fit, the strongest and the weakest pairs.
std::string RenderMatrix(const ChemistryMatrix& matrix, ChemistryVariant variant,
                         double usage_threshold, const Look& look);
// The pairs with the most and the least synergy, with their standard errors.
std::string RenderSynergy(const ChemistryReport& report, const Look& look);
std::string RenderRecommended(const RecommendedSet& set, const LoadedHistory& loaded,
                              const RecommendOptions& options, const Look& look);
std::string RenderRanking(const std::vector<ModelProfile>& ranked, const std::vector<TopSet>& sets,
                          const LoadedHistory& loaded, const Look& look);

HeatMap MatrixMap(const ChemistryMatrix& matrix, ChemistryVariant variant,
                  const std::string& subtitle);

}  // namespace consilium
