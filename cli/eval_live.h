// Puts vignettes to a running cluster and collects what its models answered, for `eval --live`.
// Threads: one; signals are polled.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "aggregator/council/medication.h"
#include "aggregator/evaluation/judged_case.h"
#include "cli/commands.h"
#include "cli/render_policies.h"

namespace consilium {

struct LiveCollected {
  RecordedAnswers recorded;
  std::map<std::string, std::string> placement;  // model -> "local" or "remote"
  LiveFacts facts;
  int exit_code = 0;  // of a run that could be evaluated: whether cases were refused
};

// The exit code where there is nothing to evaluate: usage, no cluster, interrupted, too few cases.
// What was wrong is said. Answers that were collected are saved in any case.
std::optional<int> CollectLive(const EvalOptions& options, const MedicationTable& table,
                               LiveCollected& collected);

}  // namespace consilium
