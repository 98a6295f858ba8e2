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

// Against the best single model, over the same cases.
void Compare(const PolicyResult& result, const PolicyResult& best, const Resamples& resamples,
             PolicySummary& summary) {
  std::vector<std::optional<double>> difference;
  for (std::size_t c = 0; c < result.right.size(); ++c) {
    auto& one = difference.emplace_back();
    if (result.right[c] && best.right[c]) one = *result.right[c] - *best.right[c];
  }
  const EvalDifference paired = Describe(difference);
  summary.difference = paired.mean;
  summary.difference_interval = resamples.OfMean(difference);
  const bool open = summary.difference_interval && summary.difference_interval->Contains(0);
  const auto deviation = Deviation(paired);
  if (open && deviation) summary.cases_needed = CasesNeeded(*paired.mean, *deviation);
}

void Trust(const std::vector<Forecast>& forecasts, PolicySummary& summary) {
  if (forecasts.empty()) return;
  summary.calibration_error = CalibrationError(forecasts);
  summary.brier = BrierScore(forecasts);
  summary.auroc = Auroc(forecasts);
  summary.accuracy_at_50 = AccuracyAt(forecasts, 0.5);
  summary.accuracy_at_80 = AccuracyAt(forecasts, 0.8);
  summary.accuracy_at_90 = AccuracyAt(forecasts, 0.9);
  summary.reliability = Reliability(forecasts);
  for (std::size_t i = 1; i <= kCurvePoints; ++i) {
    const double coverage = static_cast<double>(i) / kCurvePoints;
    summary.curve.push_back({coverage, 1 - *AccuracyAt(forecasts, coverage)});
  }
}

}  // namespace

EvalSummary SummarisePolicies(const PolicyEval& eval, std::size_t draws, std::uint64_t seed) {
  const Resamples resamples(eval.known.size(), draws, seed);
  const PolicyResult* const best = BestSingle(eval);
  EvalSummary summary;
  for (const PolicyResult& result : eval.results) {
    PolicySummary& row = summary.policies.emplace_back();
    row.policy = result.policy;
    row.size = result.size;
    row.means = result.means;
    const EvalDifference right = Describe(result.right);
    row.answered = right.trials;
    row.accuracy = right.mean;
    row.accuracy_interval = resamples.OfMean(result.right);
    if (best != nullptr && &result != best) Compare(result, *best, resamples, row);
    row.spread = Deviation(DescribeValues(result.accuracy));
    Trust(result.forecasts, row);
  }
  for (const DeadlineResult& late : eval.deadlines) {
    summary.deadlines.push_back({late.deadline_s, Describe(late.right).mean,
                                 resamples.OfMean(late.right), late.latency_s, late.answers});
  }
  return summary;
}

}  // namespace consilium
