#include "aggregator/evaluation/policy_summary.h"

#include <cmath>

#include "aggregator/chemistry/history_eval.h"

namespace consilium {
namespace {

// Of those that there are.
EvalDifference Describe(const std::vector<std::optional<double>>& values) {
  std::vector<double> known;
  for (const auto& value : values) {
    if (value) known.push_back(*value);
  }
  return DescribeValues(known);
}

std::optional<double> Deviation(const EvalDifference& described) {
  if (!described.error) return std::nullopt;
  return *described.error * std::sqrt(static_cast<double>(described.trials));
}

const PolicyResult* BestSingle(const PolicyEval& eval) {
  for (const PolicyResult& result : eval.results) {
    if (result.policy == Policy::kBestSingle) return &result;
  }
  return nullptr;
}

}  // namespace

std::vector<PolicySummary> SummarisePolicies(const PolicyEval& eval, std::size_t draws,
                                             std::uint64_t seed) {
  const Resamples resamples(eval.questions.size(), draws, seed);
  const PolicyResult* const best = BestSingle(eval);
  std::vector<PolicySummary> summaries;
  for (const PolicyResult& result : eval.results) {
    PolicySummary summary;
    summary.policy = result.policy;
    summary.size = result.size;
    summary.latency_mean = result.latency_mean;
    summary.calls = result.calls;
    const EvalDifference right = Describe(result.right);
    summary.answered = right.trials;
    summary.accuracy = right.mean;
    summary.accuracy_interval = resamples.OfMean(result.right);
    if (best != nullptr && &result != best) {
      std::vector<std::optional<double>> difference;
      for (std::size_t q = 0; q < result.right.size(); ++q) {
        auto& one = difference.emplace_back();
        if (result.right[q] && best->right[q]) one = *result.right[q] - *best->right[q];
      }
      const EvalDifference paired = Describe(difference);
      summary.difference = paired.mean;
      summary.difference_interval = resamples.OfMean(difference);
      const bool open = summary.difference_interval && summary.difference_interval->Contains(0);
      const auto deviation = Deviation(paired);
      if (open && deviation) summary.questions_needed = CasesNeeded(*paired.mean, *deviation);
    }
    summary.spread = Deviation(DescribeValues(result.accuracy));
    if (!result.forecasts.empty()) {
      summary.calibration_error = CalibrationError(result.forecasts);
      summary.brier = BrierScore(result.forecasts);
      summary.auroc = Auroc(result.forecasts);
      summary.accuracy_at_50 = AccuracyAt(result.forecasts, 0.5);
      summary.accuracy_at_80 = AccuracyAt(result.forecasts, 0.8);
      summary.accuracy_at_90 = AccuracyAt(result.forecasts, 0.9);
    }
    summaries.push_back(summary);
  }
  return summaries;
}

}  // namespace consilium
