// What the council would have recommended on a recorded case if only some of its models had sat:
// decided by what the aggregator decides with (council/cluster.h, council/confidence.h), from the
// answers, grades and weights as they were. Threads: functions without state.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "aggregator/evaluation/judged_case.h"

namespace consilium {

struct CouncilVerdict {
  std::vector<std::size_t> ranked;  // keys of the case, best first, never empty
  double support = 0.0;             // of the best, [0, 1]
  std::optional<double> confidence;
  // Whether the record's risk target lets it be recommended; absent where that cannot be judged.
  std::optional<bool> sure;
};

// `answers`: positions in evidence.answers of those who sit and answered; not one is no verdict.
// `record`: null for a council without one. `reviewed`: answers without a grade count nothing;
// otherwise each is a vote.
std::optional<CouncilVerdict> DecideRecorded(const JudgedCase& judged,
                                             std::span<const std::size_t> answers,
                                             const TrackRecord* record, bool reviewed);

// The case as if only these had answered.
CaseEvidence Restrict(const CaseEvidence& evidence, std::span<const std::size_t> answers);

}  // namespace consilium
