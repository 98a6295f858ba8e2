// The demo's closing summary. Pure.
#pragma once

#include <chrono>
#include <string>

#include "cli/demo_score.h"
#include "cli/screen.h"
#include "cli/submission.h"

namespace consilium {

// How the cases ended, how many were right by which measure beside the single models on the same
// cases, calls, wall time, and that all of it is simulated. `took`: from the first submission.
std::string DemoSummary(const DemoScore& score, const Tally& tally, std::chrono::milliseconds took,
                        const Look& look);

}  // namespace consilium
