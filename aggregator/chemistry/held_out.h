// Cross-validation of councils against the single best model, and the size that it speaks for.
// Threads: functions without state.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <vector>

#include "aggregator/chemistry/set_search.h"

namespace consilium {

// (share of the set that answered)^3: a case that shows half of a set counts an eighth.
inline constexpr int kOverlapExponent = 3;
// Cases that a set is taken to have shown before, coming out as the average single answer does: the
// shrinkage that the live matrix has by default (report.h).
inline constexpr double kPriorCases = 20.0;
// Fewer effective cases prove nothing: with two or three, luck looks like certainty.
inline constexpr double kPairedCasesMin = 5.0;

// A mean of paired differences and its standard error.
//   n = (sum w)^2 / sum w^2;  error^2 = max(s^2 / (n - 1), 1 / n^2), s^2 the weighted variance:
// never below 1/n, what one case more or less would change.
class PairedMean {
 public:
  void Add(double difference, double weight);
  void Add(const PairedMean& other);
  double effective() const;  // n; 0 without any
  std::optional<double> Mean() const;
  std::optional<double> Error() const;  // absent below kPairedCasesMin
  bool Proven() const;                  // positive and above its error

 private:
  double w_ = 0.0;
  double w2_ = 0.0;
  double wx_ = 0.0;
  double wx2_ = 0.0;
};

// Sets of one size, each chosen without the cases that it is scored on.
struct HeldOut {
  std::size_t size = 1;
  std::size_t folds = 0;         // that have cases to score; below two, the means are absent
  std::optional<double> mean;    // weighted as utility.h says
  std::optional<double> single;  // of the best single model, chosen likewise
  std::array<PairedMean, kFolds> by_fold;  // against the single, where both have an answer

  // Over the folds but one; empty with fewer than two folds to score.
  PairedMean Advantage(std::optional<std::size_t> left_out = std::nullopt) const;
};

// Chooses and scores sets of every size 1..size that the models and their price allow, in pieces.
// What it says of a size does not depend on how many more there are.
class HoldingOut {
 public:
  // Borrows the table, which has cases, and the search.
  HoldingOut(OutcomeTable& table, SetSearch& search, std::size_t size);

  // One piece, of about kPieceOutcomes; true while there is more.
  bool Step();
  // Then, by size: how those chosen on other cases do, and the best set on all cases.
  const std::vector<HeldOut>& sizes() const { return sizes_; }
  const std::vector<ModelSet>& best() const { return growths_.back().best(); }

 private:
  void ScoreNext();

  OutcomeTable& table_;
  SetSearch& search_;
  std::vector<SetSearch::Growth> growths_;  // without each fold, then without none
  std::size_t grown_ = 0;
  std::vector<HeldOut> sizes_;
};

// The size that the folds but one speak for: among the sizes whose advantage is proven the smallest
// that is within one error of the best of them; 1 when there is none.
std::size_t SizeBy(const std::vector<HeldOut>& sizes, std::optional<std::size_t> left_out);

// The advantage of choosing the size so: each fold is scored with the size that the others speak
// for. Unlike the best advantage of many sizes it has not been picked for being high.
PairedMean AdvantageOfRule(const std::vector<HeldOut>& sizes);

}  // namespace consilium
