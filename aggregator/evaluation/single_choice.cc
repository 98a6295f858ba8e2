#include "aggregator/evaluation/single_choice.h"

#include <numeric>
#include <string>
#include <utility>

#include "shared/ids.h"

namespace consilium {

std::vector<std::size_t> DealOrder(std::size_t cases, std::uint64_t seed, std::size_t repeat) {
  std::vector<std::size_t> dealt(cases);
  std::iota(dealt.begin(), dealt.end(), 0);
  SeededRandom random(seed, "deal " + std::to_string(repeat));
  random.Shuffle(dealt);
  return dealt;
}

double SmoothedAccuracy(double right, double wrong) { return (right + 1) / (right + wrong + 2); }

SingleChoice::SingleChoice(std::vector<std::vector<std::optional<bool>>> right,
                           const std::vector<std::vector<std::size_t>>& deals, std::size_t folds)
    : right_(std::move(right)), folds_(folds) {
  for (const std::vector<std::size_t>& dealt : deals) {
    std::vector<std::size_t>& parts = parts_.emplace_back(dealt.size());
    for (std::size_t i = 0; i < dealt.size(); ++i) parts[dealt[i]] = i % folds;
  }
}

std::vector<std::size_t> SingleChoice::Choose(std::span<const std::uint16_t> counts,
                                              const std::vector<std::size_t>& parts) const {
  std::vector<std::size_t> chosen(folds_, 0);
  std::vector<double> best(folds_, -1.0);
  for (std::size_t m = 0; m < right_.size(); ++m) {
    std::vector<double> right(folds_, 0.0);
    std::vector<double> wrong(folds_, 0.0);
    for (std::size_t c = 0; c < counts.size(); ++c) {
      if (right_[m][c]) (*right_[m][c] ? right : wrong)[parts[c]] += counts[c];
    }
    const double all_right = std::accumulate(right.begin(), right.end(), 0.0);
    const double all_wrong = std::accumulate(wrong.begin(), wrong.end(), 0.0);
    for (std::size_t f = 0; f < folds_; ++f) {
      const double elsewhere = SmoothedAccuracy(all_right - right[f], all_wrong - wrong[f]);
      if (elsewhere <= best[f]) continue;
      best[f] = elsewhere;
      chosen[f] = m;
    }
  }
  return chosen;
}

std::vector<std::optional<double>> SingleChoice::Right(
    std::span<const std::uint16_t> counts) const {
  std::vector<double> right(counts.size(), 0.0);
  std::vector<double> answered(counts.size(), 0.0);
  for (const std::vector<std::size_t>& parts : parts_) {
    const std::vector<std::size_t> chosen = Choose(counts, parts);
    for (std::size_t c = 0; c < counts.size(); ++c) {
      const std::optional<bool>& one = right_[chosen[parts[c]]][c];
      if (!one) continue;
      right[c] += *one ? 1.0 : 0.0;
      answered[c] += 1.0;
    }
  }
  std::vector<std::optional<double>> share(counts.size());
  for (std::size_t c = 0; c < counts.size(); ++c) {
    if (answered[c] > 0) share[c] = right[c] / answered[c];
  }
  return share;
}

}  // namespace consilium
