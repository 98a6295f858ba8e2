#include "aggregator/evaluation/policy_summary.h"

#include <algorithm>
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

// Cases that are all alike give draws that are all alike, and an interval of no width. What none of
// n cases showed may still be true of up to 1 - 0.025^(1/n) of others, and there be as far away as
// `possible` goes (Clopper & Pearson 1934, for 0 of n).
std::optional<Interval> AtLeastAsWide(std::optional<Interval> drawn, const Values& values,
                                      const Interval& possible) {
  std::optional<double> same;
  double count = 0.0;
  for (const auto& value : values) {
    if (!value) continue;
    if (same && *same != *value) return drawn;
    same = value;
    count += 1.0;
  }
  if (!drawn || !same) return drawn;
  const double unseen = 1 - std::pow((1 - kConfidenceLevel) / 2, 1 / count);
  return Interval{std::min(drawn->low, *same - unseen * (*same - possible.low)),
                  std::max(drawn->high, *same + unseen * (possible.high - *same))};
}
constexpr Interval kShare{0.0, 1.0};
constexpr Interval kGain{-1.0, 1.0};

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
    if (IsSingle(eval.results[r])) {
      row.accuracy_interval = AtLeastAsWide(resamples.Middle(accuracies), best.right, kShare);
    }
    if (&eval.results[r] == &best) continue;
    const Values gains = Gains(eval.results[r].right, best.right);
    const EvalDifference paired = Describe(gains);
    row.difference = paired.mean;
    row.difference_interval = resamples.Middle(std::move(differences[r]));
    if (!IsSingle(eval.results[r])) {
      row.difference_interval = AtLeastAsWide(row.difference_interval, gains, kGain);
    }
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
    row.accuracy_interval = AtLeastAsWide(resamples.OfMean(result.right), result.right, kShare);
    row.spread = Deviation(DescribeValues(result.accuracy));
    Trust(result.forecasts, row);
  }
  if (best != nullptr) Compare(eval, *best, resamples, summary);
  for (const DeadlineResult& late : eval.deadlines) {
    summary.deadlines.push_back({late.deadline_s, Describe(late.right).mean,
                                 AtLeastAsWide(resamples.OfMean(late.right), late.right, kShare),
                                 late.latency_s, late.answers});
  }
  return summary;
}

}  // namespace consilium
