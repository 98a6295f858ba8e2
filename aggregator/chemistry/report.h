// The live matrix as people and programs read it: estimates with their uncertainty, from a Ledger's
// sums. All numbers are finite; what cannot be known is absent.
// Threads: functions without state.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "aggregator/chemistry/interaction.h"
#include "aggregator/chemistry/ledger.h"
#include "shared/messages.h"

namespace consilium {

struct ReportRules {
  // Cases at synergy 0 that a pair starts with: the estimate is mean * n / (n + shrinkage), n the
  // effective number of cases, (sum w)^2 / sum w^2.
  double shrinkage = 20;
  ChemistryVariant variant = ChemistryVariant::kNonempty;
  double usage_threshold = kUsageThreshold;
  // Of more models those with the most effective cases are reported: a report of 174 takes 3.8 MB.
  std::size_t models_max = 128;
};

// `kind` empty of cases gives a report without models. cursor, made_ms and unreadable are the
// caller's to fill in.
ChemistryReport MakeReport(const std::string& kind, const KindSums& sums, const ReportRules& rules);

// Mean and its standard error; absent with too few (effective) cases: 1 for the mean, 2 for the
// error. Of evidence that has decayed to nothing both are absent.
struct Estimate {
  std::int64_t count = 0;
  double effective = 0.0;
  std::optional<double> mean;
  std::optional<double> error;
};
Estimate EstimateOf(const Moments& moments);

}  // namespace consilium
