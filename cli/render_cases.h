// The list of cases as people read it, in at most 80 columns but for a longer id. Pure, as
// render.h.
#pragma once

#include <string>
#include <vector>

#include "cli/screen.h"
#include "shared/messages.h"

namespace consilium {

// A table, one line a case; "" without any.
std::string RenderCases(const std::vector<CaseSummary>& cases, const Look& look);

}  // namespace consilium
