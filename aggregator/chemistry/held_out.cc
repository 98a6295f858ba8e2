#include "aggregator/chemistry/held_out.h"

#include <algorithm>
#include <cmath>

namespace consilium {
namespace {

struct WeightedMean {
  double value = 0.0;
  double weight = 0.0;

  void Add(double x, double w) {
    value += w * x;
    weight += w;
  }
  std::optional<double> Mean() const {
    if (!(weight > 0)) return std::nullopt;
    return value / weight;
  }
};

// Scores `council` and `single`, chosen without the cases of `fold`, on these.
struct Scores {
  WeightedMean council;
  WeightedMean single;
  std::array<PairedMean, kFolds> paired;
  std::size_t folds = 0;

  void Add(OutcomeTable& table, std::size_t fold, ModelSet council_set, ModelSet single_set) {
    bool any = false;
    const auto size = static_cast<double>(SizeOf(council_set));
    for (std::size_t i = 0; i < table.size(); ++i) {
      if (table.fold(i) != fold) continue;
      const ModelSet present = table.answered(i) & council_set;
      const bool has_single = (table.answered(i) & single_set) != 0;
      const double share = static_cast<double>(SizeOf(present)) / size;
      const double weight = table.weight(i) * std::pow(share, kOverlapExponent);
      if (has_single) single.Add(table.Value(i, single_set), table.weight(i));
      if (present == 0) continue;
      council.Add(table.Value(i, present), weight);
      any = true;
      if (has_single)
        paired[fold].Add(table.Value(i, present) - table.Value(i, single_set), weight);
    }
    folds += any ? 1 : 0;
  }
};

}  // namespace

void PairedMean::Add(double difference, double weight) {
  w_ += weight;
  w2_ += weight * weight;
  wx_ += weight * difference;
  wx2_ += weight * difference * difference;
}

void PairedMean::Add(const PairedMean& other) {
  w_ += other.w_;
  w2_ += other.w2_;
  wx_ += other.wx_;
  wx2_ += other.wx2_;
}

double PairedMean::effective() const { return w2_ > 0 ? w_ * w_ / w2_ : 0.0; }

std::optional<double> PairedMean::Mean() const {
  if (!(w2_ > 0)) return std::nullopt;
  return wx_ / w_;
}

std::optional<double> PairedMean::Error() const {
  const double n = effective();
  if (!(n >= kPairedCasesMin)) return std::nullopt;
  const double mean = wx_ / w_;
  const double variance = std::max(0.0, wx2_ / w_ - mean * mean);
  return std::max(std::sqrt(variance / (n - 1.0)), 1.0 / n);
}

bool PairedMean::Proven() const {
  const auto mean = Mean();
  const auto error = Error();
  return mean && error && *mean > 0 && *mean > *error;
}

PairedMean HeldOut::Advantage(std::optional<std::size_t> left_out) const {
  PairedMean sum;
  if (folds < 2) return sum;
  for (std::size_t fold = 0; fold < by_fold.size(); ++fold) {
    if (fold != left_out) sum.Add(by_fold[fold]);
  }
  return sum;
}

HoldingOut::HoldingOut(OutcomeTable& table, SetSearch& search, std::size_t size)
    : table_(table), search_(search) {
  for (std::size_t fold = 0; fold < static_cast<std::size_t>(kFolds); ++fold) {
    growths_.emplace_back(size, fold);
  }
  growths_.emplace_back(size, std::nullopt);
}

bool HoldingOut::Step() {
  std::size_t outcomes = kPieceOutcomes;
  for (; grown_ < growths_.size(); ++grown_) {
    if (search_.Advance(growths_[grown_], outcomes)) return true;
  }
  // Each case is looked up in the set and the single model of its fold.
  const std::size_t work = 3 * table_.size();
  while (sizes_.size() < best().size()) {
    if (outcomes == 0) return true;
    ScoreNext();
    outcomes -= std::min(outcomes, work);
  }
  return false;
}

void HoldingOut::ScoreNext() {
  HeldOut held;
  held.size = sizes_.size() + 1;
  Scores scores;
  for (std::size_t fold = 0; fold < static_cast<std::size_t>(kFolds); ++fold) {
    const std::vector<ModelSet>& best = growths_[fold].best();
    if (best.size() < held.size) continue;
    scores.Add(table_, fold, best[held.size - 1], best.front());
  }
  held.folds = scores.folds;
  held.by_fold = scores.paired;
  if (scores.folds >= 2) {
    held.mean = scores.council.Mean();
    held.single = scores.single.Mean();
  }
  sizes_.push_back(held);
}

std::size_t SizeBy(const std::vector<HeldOut>& sizes, std::optional<std::size_t> left_out) {
  double best = 0.0;
  double reach = 0.0;  // what is within one error of the best
  for (const HeldOut& held : sizes) {
    const PairedMean advantage = held.Advantage(left_out);
    if (held.size < 2 || !advantage.Proven() || *advantage.Mean() <= best) continue;
    best = *advantage.Mean();
    reach = best - *advantage.Error();
  }
  if (best <= 0) return 1;
  for (const HeldOut& held : sizes) {
    const PairedMean advantage = held.Advantage(left_out);
    if (held.size > 1 && advantage.Proven() && *advantage.Mean() >= reach) return held.size;
  }
  return 1;  // not reached: the best is within its own error
}

PairedMean AdvantageOfRule(const std::vector<HeldOut>& sizes) {
  PairedMean sum;
  for (std::size_t fold = 0; fold < static_cast<std::size_t>(kFolds); ++fold) {
    const std::size_t size = SizeBy(sizes, fold);
    for (const HeldOut& held : sizes) {
      if (held.size == size) sum.Add(held.by_fold[fold]);
    }
  }
  return sum;
}

}  // namespace consilium
