// What is printed of each policy: its accuracy with an interval, its paired difference to the best
// single model, how far its confidence can be trusted, and what it takes. Threads: functions
// without state.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "aggregator/evaluation/policies.h"
#include "aggregator/statistics/bootstrap.h"

namespace consilium {

// What is wrong among the surest `coverage` of the forecasts.
struct CoverageRisk {
  double coverage = 0.0;
  double risk = 0.0;
};
inline constexpr std::size_t kCurvePoints = 20;  // coverage 0.05, 0.1, ..., 1

struct PolicySummary {
  Policy policy = Policy::kAverageSingle;
  std::size_t size = 1;
  std::size_t answered = 0;  // cases
  std::optional<double> accuracy;
  std::optional<Interval> accuracy_interval;
  // To the best single model, over cases that both answered.
  std::optional<double> difference;
  std::optional<Interval> difference_interval;
  // Cases that would tell the two apart, where the interval holds 0.
  std::optional<std::size_t> cases_needed;
  // Standard deviation of the accuracy over repeats: the deal alone. Absent below 2 repeats.
  std::optional<double> spread;
  // Of its confidences; absent where it states none.
  std::optional<double> calibration_error;
  std::optional<Brier> brier;
  std::optional<double> auroc;
  std::optional<double> accuracy_at_50;
  std::optional<double> accuracy_at_80;
  std::optional<double> accuracy_at_90;
  std::vector<ReliabilityBin> reliability;
  std::vector<CoverageRisk> curve;
  PolicyMeans means;
};

struct DeadlineSummary {
  double deadline_s = 0.0;
  std::optional<double> accuracy;
  std::optional<Interval> accuracy_interval;
  double latency_s = 0.0;
  double answers = 0.0;
};

struct EvalSummary {
  std::vector<PolicySummary> policies;  // in the order of eval.results
  std::vector<DeadlineSummary> deadlines;
};

// `draws` of the bootstrap, with `seed`.
EvalSummary SummarisePolicies(const PolicyEval& eval, std::size_t draws, std::uint64_t seed);

}  // namespace consilium
