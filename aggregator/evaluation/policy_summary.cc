#include "aggregator/evaluation/policy_summary.h"

#include <cmath>

namespace consilium {
namespace {

struct Spread {
  std::size_t count = 0;
  double mean = 0.0;
  std::optional<double> deviation;
};

template <class Values, class Get>
Spread Describe(const Values& values, Get get) {
  Spread spread;
  double sum = 0.0;
  for (const auto& value : values) {
    if (const std::optional<double> one = get(value)) {
      sum += *one;
      ++spread.count;
    }
  }
  if (spread.count == 0) return spread;
  spread.mean = sum / static_cast<double>(spread.count);
  if (spread.count < 2) return spread;
  double squares = 0.0;
  for (const auto& value : values) {
    if (const std::optional<double> one = get(value)) {
      squares += (*one - spread.mean) * (*one - spread.mean);
    }
  }
  spread.deviation = std::sqrt(squares / static_cast<double>(spread.count - 1));
  return spread;
}

constexpr auto kSame = [](const auto& value) { return std::optional<double>(value); };

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
    const Spread right = Describe(result.right, kSame);
    summary.answered = right.count;
    if (right.count > 0) summary.accuracy = right.mean;
    summary.accuracy_interval = resamples.OfMean(result.right);
    if (best != nullptr && &result != best) {
      std::vector<std::optional<double>> difference;
      for (std::size_t q = 0; q < result.right.size(); ++q) {
        auto& one = difference.emplace_back();
        if (result.right[q] && best->right[q]) one = *result.right[q] - *best->right[q];
      }
      const Spread paired = Describe(difference, kSame);
      if (paired.count > 0) summary.difference = paired.mean;
      summary.difference_interval = resamples.OfMean(difference);
      const bool open = summary.difference_interval && summary.difference_interval->Contains(0);
      if (open && paired.deviation) {
        summary.questions_needed = CasesNeeded(paired.mean, *paired.deviation);
      }
    }
    summary.spread = Describe(result.accuracy, kSame).deviation;
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
