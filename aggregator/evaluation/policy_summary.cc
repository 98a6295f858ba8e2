#include "aggregator/evaluation/policy_summary.h"

#include <cmath>
#include <cstdint>
#include <span>
#include <utility>

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

using Values = std::vector<std::optional<double>>;

// By case what a policy gains on the best single model, where both answered.
Values Gains(const Values& right, const Values& best) {
  Values gains(right.size());
  for (std::size_t c = 0; c < right.size(); ++c) {
    if (right[c] && best[c]) gains[c] = *right[c] - *best[c];
  }
  return gains;
}

void AddMean(const Values& values, std::span<const std::uint16_t> counts,
             std::vector<double>& means) {
  double sum = 0.0;
  double count = 0.0;
  for (std::size_t c = 0; c < values.size(); ++c) {
    if (!values[c]) continue;
    sum += counts[c] * *values[c];
    count += counts[c];
  }
  if (count > 0.0) means.push_back(sum / count);
}

// A council of the most accurate one is the best single model, whatever its vote weighs.
bool IsSingle(const PolicyResult& result) {
  return result.policy == Policy::kBestSingle ||
         (result.policy == Policy::kTopWeighted && result.size == 1);
}

// Against the best single model, over the same cases. Every draw chooses that one again, as the
// evaluation did; what else was learned is kept.
void Compare(const PolicyEval& eval, const PolicyResult& best, const Resamples& resamples,
             EvalSummary& summary) {
  std::vector<double> accuracies;
  std::vector<std::vector<double>> differences(eval.results.size());
  for (std::size_t draw = 0; draw < resamples.draws(); ++draw) {
    const auto counts = resamples.Counts(draw);
    const Values chosen = eval.single.Right(counts);
    AddMean(chosen, counts, accuracies);
    for (std::size_t r = 0; r < eval.results.size(); ++r) {
      const Values& right = IsSingle(eval.results[r]) ? chosen : eval.results[r].right;
      AddMean(Gains(right, chosen), counts, differences[r]);
    }
  }
  for (std::size_t r = 0; r < eval.results.size(); ++r) {
    PolicySummary& row = summary.policies[r];
    if (IsSingle(eval.results[r])) row.accuracy_interval = resamples.Middle(accuracies);
    if (&eval.results[r] == &best) continue;
    const EvalDifference paired = Describe(Gains(eval.results[r].right, best.right));
    row.difference = paired.mean;
    row.difference_interval = resamples.Middle(std::move(differences[r]));
    const bool open = row.difference_interval && row.difference_interval->Contains(0);
    const auto deviation = Deviation(paired);
    if (open && deviation) row.cases_needed = CasesNeeded(*paired.mean, *deviation);
  }
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
    row.spread = Deviation(DescribeValues(result.accuracy));
    Trust(result.forecasts, row);
  }
  if (best != nullptr) Compare(eval, *best, resamples, summary);
  for (const DeadlineResult& late : eval.deadlines) {
    summary.deadlines.push_back({late.deadline_s, Describe(late.right).mean,
                                 resamples.OfMean(late.right), late.latency_s, late.answers});
  }
  return summary;
}

}  // namespace consilium
