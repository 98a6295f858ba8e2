// What people read of the live matrix and the recommended ensembles; at most 80 columns. Pure.
#pragma once

#include <string>

#include "cli/heat_map.h"
#include "cli/screen.h"
#include "shared/messages.h"

namespace consilium {

// Models with their profiles, and the pairs with the strongest and the weakest synergy.
std::string RenderChemistryReport(const ChemistryReport& report, const Look& look);
std::string RenderBoard(const SeatingBoard& board, const Look& look);

// Of the signed synergy, or of the published measure.
HeatMap SynergyMap(const ChemistryReport& report);
HeatMap ChemistryMap(const ChemistryReport& report);

// The pairs as CSV with a line of titles, for spreadsheets.
std::string PairsCsv(const ChemistryReport& report);

}  // namespace consilium
