// What is printed of each policy: its accuracy with an interval, its paired difference to the best
// single model, and how far its confidence can be trusted. Threads: functions without state.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "aggregator/statistics/bootstrap.h"
#include "aggregator/evaluation/policies.h"

namespace consilium {

struct PolicySummary {
  Policy policy = Policy::kAverageSingle;
  std::size_t size = 1;
  std::size_t answered = 0;  // questions
  std::optional<double> accuracy;
  std::optional<Interval> accuracy_interval;
  // To the best single model, over questions that both answered.
  std::optional<double> difference;
  std::optional<Interval> difference_interval;
  // Questions that would tell the two apart, where the interval holds 0.
  std::optional<std::size_t> questions_needed;
  // Standard deviation of the accuracy over repeats: the deal alone. Absent below 2 repeats.
  std::optional<double> spread;
  // Of its confidences; absent where it states none.
  std::optional<double> calibration_error;
  std::optional<Brier> brier;
  std::optional<double> auroc;
  std::optional<double> accuracy_at_50;
  std::optional<double> accuracy_at_80;
  std::optional<double> accuracy_at_90;
  std::optional<double> latency_mean;  // s, of the slowest seated
  double calls = 0.0;
};

// In the order of eval.results. `draws` of the bootstrap, with `seed`.
std::vector<PolicySummary> SummarisePolicies(const PolicyEval& eval, std::size_t draws,
                                             std::uint64_t seed);

}  // namespace consilium
