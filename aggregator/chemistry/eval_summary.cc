// What the splits of history_eval.h say together.
#include <cmath>
#include <numeric>
#include <utility>

#include "aggregator/chemistry/history_eval.h"

namespace consilium {
namespace {

using Splits = std::vector<std::vector<EvalScore>>;

// Mean of what `get` finds in the `place`-th score of every split.
template <class Get>
EvalMean MeanOf(const Splits& splits, std::size_t place, Get get) {
  std::vector<double> values;
  for (const std::vector<EvalScore>& scores : splits) {
    const std::optional<double> value = get(scores[place]);
    if (value) values.push_back(*value);
  }
  const EvalDifference described = DescribeValues(values);
  return {described.trials, described.mean, described.error};
}

// What a strategy that seats nobody has is absent, not 0.
std::optional<double> IfSeated(const EvalScore& score, double value) {
  return score.outcome ? std::optional<double>(value) : std::nullopt;
}

EvalMean GapOf(const Splits& splits, std::size_t place) {
  std::vector<double> gaps;
  for (const std::vector<EvalScore>& scores : splits) {
    for (const EvalScore& oracle : scores) {
      if (oracle.strategy != "oracle" || oracle.size != scores[place].size) continue;
      if (!oracle.outcome || !scores[place].outcome) continue;
      gaps.push_back(*oracle.outcome - *scores[place].outcome);
    }
  }
  const EvalDifference described = DescribeValues(gaps);
  return {described.trials, described.mean, described.error};
}

}  // namespace

EvalDifference DescribeValues(const std::vector<double>& values) {
  EvalDifference result;
  result.trials = values.size();
  if (values.empty()) return result;
  const auto count = static_cast<double>(values.size());
  const double mean = std::accumulate(values.begin(), values.end(), 0.0) / count;
  result.mean = mean;
  if (values.size() < 2) return result;
  double squares = 0.0;
  for (const double value : values) squares += (value - mean) * (value - mean);
  result.error = std::sqrt(squares / (count - 1.0) / count);
  return result;
}

std::vector<EvalRow> Summarise(const Splits& splits) {
  std::vector<EvalRow> rows;
  if (splits.empty()) return rows;
  for (std::size_t i = 0; i < splits.front().size(); ++i) {
    EvalRow row;
    row.strategy = splits.front()[i].strategy;
    row.size = splits.front()[i].size;
    row.outcome = MeanOf(splits, i, [](const EvalScore& s) { return s.outcome; });
    row.weighted = MeanOf(splits, i, [](const EvalScore& s) { return s.weighted; });
    row.members = MeanOf(splits, i, [](const EvalScore& s) { return IfSeated(s, s.members); });
    row.coverage = MeanOf(splits, i, [](const EvalScore& s) { return IfSeated(s, s.coverage); });
    row.overlap = MeanOf(splits, i, [](const EvalScore& s) { return IfSeated(s, s.overlap); });
    row.over_random = MeanOf(splits, i, [](const EvalScore& s) { return s.over_random.mean; });
    row.over_random_error =
        MeanOf(splits, i, [](const EvalScore& s) { return s.over_random.error; });
    row.over_performance =
        MeanOf(splits, i, [](const EvalScore& s) { return s.over_performance.mean; });
    row.over_performance_error =
        MeanOf(splits, i, [](const EvalScore& s) { return s.over_performance.error; });
    row.over_single = MeanOf(splits, i, [](const EvalScore& s) { return s.over_single.mean; });
    row.over_single_error =
        MeanOf(splits, i, [](const EvalScore& s) { return s.over_single.error; });
    row.gap = GapOf(splits, i);
    rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace consilium
