// How well the strategies for seating a council do on trials that they have not seen.
//
// A split deals the trials of a history at random into two halves: on one the strategies choose
// (eval_strategies.h), on the other their sets are scored by what the council would have
// recommended: v(X and who answered) of replay.h, the plain mean over the trials in which a member
// of X answered. Strategies so see different trials; the paired differences are over common ones.
// Same history and seed, same bits. Threads: const after construction.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "aggregator/chemistry/eval_strategies.h"
#include "aggregator/chemistry/history_csv.h"
#include "aggregator/chemistry/replay.h"
#include "shared/result.h"

namespace consilium {

inline constexpr std::size_t kEvalSizesMax = 16;
inline constexpr std::size_t kEvalSplitsMax = 1000;
inline constexpr std::size_t kEvalDraws = 50;  // sets of strategy "random", a split and size
inline constexpr std::size_t kEvalTrialsMin = 4;

struct EvalRules {
  std::vector<std::size_t> sizes{3, 5, 10};  // each 1..limits::kModelsMax, distinct
  std::size_t splits = 20;                   // 1..kEvalSplitsMax
  std::uint64_t seed = 1;
};

// Of outcomes, over the held-out trials in which both have an answer.
struct EvalDifference {
  std::size_t trials = 0;
  std::optional<double> mean;
  std::optional<double> error;  // standard error over these trials
};

// Of any values; no error below 2.
EvalDifference DescribeValues(const std::vector<double>& values);

// One strategy at one size in one split.
struct EvalScore {
  std::string strategy;
  std::size_t size = 0;             // asked for
  std::vector<std::string> models;  // seated; empty for "random", which draws kEvalDraws sets
  double members = 0.0;             // how many
  double trials = 0.0;              // held-out ones in which a member answered
  std::optional<double> outcome;    // mean of v over these
  std::optional<double> weighted;   // ... weighted by (share of the set that answered)^3
  double coverage = 0.0;            // their share of the held-out trials
  double overlap = 0.0;             // mean share of the set that answered, over these
  EvalDifference over_random;       // against the mean of the draws
  EvalDifference over_performance;
  EvalDifference over_single;
};

class HistoryEval {
 public:
  // Errors: kInvalid for rules out of range and fewer than kEvalTrialsMin trials with a usable
  // answer.
  static Result<HistoryEval> Make(const TaskHistory& history, EvalRules rules);

  std::size_t trials() const { return trials_.size(); }
  std::size_t models() const { return models_.size(); }
  const EvalRules& rules() const { return rules_; }

  // In the order of strategies, size by size; a strategy with nobody to seat has no outcome.
  // `split`: below rules().splits.
  Result<std::vector<EvalScore>> RunSplit(std::size_t split) const;

 private:
  struct Trial {
    CaseEvidence evidence;
    Replay replay;
    std::vector<std::size_t> members;  // in models_, by place in the replay
    std::vector<const HistoryRow*> rows;
  };
  // One value a held-out trial; nullopt where nobody of the set answered.
  using Values = std::vector<std::optional<double>>;
  struct Training {
    TaskHistory history;
    std::vector<RecordedCase> cases;
  };
  struct Halves {
    std::vector<std::size_t> train;  // ascending
    std::vector<std::size_t> test;
  };
  class Scorer;

  HistoryEval() = default;
  Halves Deal(std::size_t split) const;
  Training TrainingOf(const std::vector<std::size_t>& train) const;

  EvalRules rules_;
  std::string task_;
  std::vector<std::string> models_;  // sorted
  std::vector<Trial> trials_;
};

// --- over splits

// Mean over the splits that have a value. `error`: standard deviation over splits / sqrt(splits).
// Splits share trials: it says how firmly these splits fix the mean, not how new trials would vary.
struct EvalMean {
  std::size_t splits = 0;
  std::optional<double> mean;
  std::optional<double> error;  // absent below 2
};

struct EvalRow {
  std::string strategy;
  std::size_t size = 0;
  EvalMean outcome;
  EvalMean weighted;
  EvalMean members;
  EvalMean coverage;
  EvalMean overlap;
  EvalMean gap;  // outcome of the oracle - outcome
  // Paired; `error` beside each is the mean over splits of the standard error over the trials of
  // one half.
  EvalMean over_random;
  EvalMean over_random_error;
  EvalMean over_performance;
  EvalMean over_performance_error;
  EvalMean over_single;
  EvalMean over_single_error;
};

// In the order of the first split.
std::vector<EvalRow> Summarise(const std::vector<std::vector<EvalScore>>& splits);

}  // namespace consilium
