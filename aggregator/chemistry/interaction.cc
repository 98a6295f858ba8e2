#include "aggregator/chemistry/interaction.h"

#include <algorithm>
#include <limits>
#include <tuple>
#include <utility>

#include "shared/check.h"
#include "shared/number_text.h"

namespace consilium {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
// A ratio that is higher by less than this is not looked for: it may be rounding, and nobody
// compares chemistry so finely.
constexpr double kRatioStep = 1e-13;

// A used model.
struct Ranked {
  std::size_t position = 0;  // in the matrix
  double penalty = 0.0;
};

// 1/i, for i >= 1.
class Weights {
 public:
  explicit Weights(std::size_t last) : of_(last + 1, 0.0) {
    for (std::size_t i = 1; i <= last; ++i) of_[i] = 1.0 / static_cast<double>(i);
  }
  double operator[](std::size_t i) const { return of_[i]; }
  // 2/(k(k+1)(k+2)): what a model at place k of X, after both a and b, adds to the interaction.
  double Second(std::size_t k) const { return 2.0 * of_[k] * of_[k + 1] * of_[k + 2]; }

 private:
  std::vector<double> of_;
};

// What X can cost before b: the models come in rank order and stand at places 1 + shift, ...
struct CheapestSets {
  std::vector<double> cost = {0.0};  // the least of exactly c models out of those offered, by c
  double lone = kInfinity;           // the least of one model with a penalty above 0

  // Each set continues without the model or takes it as its last.
  void Offer(double penalty, std::size_t shift, const Weights& weights) {
    if (penalty > 0.0) lone = std::min(lone, cost[0] + penalty * weights[1 + shift]);
    cost.push_back(kInfinity);
    for (std::size_t c = cost.size() - 1; c > 0; --c) {
      cost[c] = std::min(cost[c], cost[c - 1] + penalty * weights[c + shift]);
    }
  }

  // Puts a behind all offered models.
  void Close(double penalty, const Weights& weights) {
    for (std::size_t c = 0; c < cost.size(); ++c) cost[c] += penalty * weights[c + 1];
    lone += penalty * weights[2];
  }
};

// The chemistry of pairs (a, b) of used models, a ranked before b. X splits into s members before b
// and the rest after it; docs/chemistry.md derives that with c = p_b / ((s+1)(s+2)) and the member
// at place k of X (k > s) having penalty l_k
//
//   numerator   = |sum over k of 2 l_k / (k(k+1)(k+2)) - c|
//   denominator = cost before b, with a + p_b / (s+2) + sum over k of l_k / (k+2)
class PairSearch {
 public:
  explicit PairSearch(const std::vector<Ranked>& ranked)
      : ranked_(ranked),
        weights_(ranked.size() + 4),
        gain_(ranked.size() + 2),
        cost_(ranked.size() + 2),
        worth_(ranked.size() + 2),
        largest_(ranked.size() + 1) {
    for (std::size_t i = ranked.size(); i > 0; --i) {
      largest_[i - 1] = std::max(largest_[i], ranked[i - 1].penalty);
    }
  }

  const Weights& weights() const { return weights_; }

  // Over the X with a penalty above 0: where all are 0 so is the cost. `before_b`: cheapest sets
  // before b, with a in its place.
  double Nonempty(std::size_t a, std::size_t b, const CheapestSets& before_b) {
    const double best = std::max(ShrinkingBefore(b, before_b), ShrinkingAfter(a, b));
    return std::min(1.0, Growing(b, before_b, best));
  }

  // With X = {}, whose cost is 1 by convention.
  double Empty(std::size_t a, std::size_t b) const {
    const double first = ranked_[a].penalty;
    const double second = ranked_[b].penalty;
    if (first <= 0.0 || second <= 0.0) return 0.0;
    return std::min(1.0, (1.0 - second / 2.0) / (first + second / 2.0));
  }

 private:
  double Shrink(std::size_t b, std::size_t s) const {  // c
    return ranked_[b].penalty * weights_[s + 1] * weights_[s + 2];
  }

  // Negative sums, X with a penalty before b: members after b only lower the ratio, and so do all
  // before it but one.
  double ShrinkingBefore(std::size_t b, const CheapestSets& before_b) const {
    const double p = ranked_[b].penalty;
    return p > 0.0 ? Shrink(b, 1) / (before_b.lone + p * weights_[3]) : 0.0;
  }

  // Negative sums, X with no penalty before b: then exactly one after it, pushed back by all
  // penalties of 0 on the way.
  double ShrinkingAfter(std::size_t a, std::size_t b) const {
    const double p = ranked_[b].penalty;
    if (p <= 0.0) return 0.0;
    const std::size_t zeros_before_a = CountZeros(0, a);
    const std::size_t zeros_before_b = zeros_before_a + CountZeros(a + 1, b);
    double best = 0.0;
    for (std::size_t s = 0; s <= zeros_before_b && weights_[s + 1] > best; ++s) {
      const double top = Shrink(b, s);
      const double bottom =
          ranked_[a].penalty * weights_[std::min(s, zeros_before_a) + 1] + p * weights_[s + 2];
      if (top <= best * bottom) continue;
      std::size_t k = s + 1;
      for (std::size_t i = b + 1; i < ranked_.size(); ++i) {
        const double l = ranked_[i].penalty;
        if (l > 0.0) {
          best = std::max(best, (top - l * weights_.Second(k)) / (bottom + l * weights_[k + 2]));
        } else {
          ++k;
        }
      }
    }
    return best;
  }

  // Positive sums, which have a penalty after b; at least `best`. Dinkelbach: the set that is best
  // by numerator - ratio x denominator either has a higher ratio or there is none.
  double Growing(std::size_t b, const CheapestSets& before_b, double best) {
    if (largest_[b + 1] <= 0.0) return best;
    best = std::max(best, GrowingByOne(b, before_b));
    while (best < 1.0) {
      const double higher = HigherRatio(b, before_b, best + kRatioStep);
      if (higher <= best) break;
      best = higher;
    }
    return best;
  }

  // The best with one member after b: a start that is seldom far off.
  double GrowingByOne(std::size_t b, const CheapestSets& before_b) const {
    const double l = largest_[b + 1];
    double best = 0.0;
    // The ratio is below 2/(k(k+1)) with k = s + 1.
    for (std::size_t s = 0; s < before_b.cost.size(); ++s) {
      if (2.0 * weights_[s + 1] * weights_[s + 2] <= best) break;
      const double top = l * weights_.Second(s + 1) - Shrink(b, s);
      const double bottom =
          before_b.cost[s] + ranked_[b].penalty * weights_[s + 2] + l * weights_[s + 3];
      best = std::max(best, top / bottom);
    }
    return best;
  }

  // A ratio above `ratio` that some X has; 0 when none has.
  double HigherRatio(std::size_t b, const CheapestSets& before_b, double ratio) {
    const std::size_t places = FillAfter(b, ratio);
    double higher = 0.0;
    for (std::size_t s = 0; s < std::min(places, before_b.cost.size()); ++s) {
      const double bottom = before_b.cost[s] + ranked_[b].penalty * weights_[s + 2];
      const double value = gain_[s] - Shrink(b, s) - ratio * bottom;
      if (value > 0.0) higher = std::max(higher, ratio + value / (bottom + cost_[s]));
    }
    return higher;
  }

  // For each number k of members already in X, the most that members after b add to
  // numerator - ratio x denominator (gain_), and what these add to the denominator (cost_). Only
  // the first places count, those where k(k+1) < 2 / ratio; returns how many.
  std::size_t FillAfter(std::size_t b, double ratio) {
    std::size_t places = 0;
    for (std::size_t k = 1; k + 1 < ranked_.size(); ++k, ++places) {
      worth_[k] = (2.0 * weights_[k] * weights_[k + 1] - ratio) * weights_[k + 2];
      if (worth_[k] <= 0.0) break;
    }
    std::fill_n(gain_.begin(), places + 1, 0.0);
    std::fill_n(cost_.begin(), places + 1, 0.0);
    for (std::size_t i = ranked_.size() - 1; i > b; --i) {
      const double penalty = ranked_[i].penalty;
      if (penalty <= 0.0) continue;  // would only push the others back
      for (std::size_t k = 0; k < places; ++k) {
        const double with = penalty * worth_[k + 1] + gain_[k + 1];
        if (with <= gain_[k]) continue;
        gain_[k] = with;
        cost_[k] = penalty * weights_[k + 3] + cost_[k + 1];
      }
    }
    return places;
  }

  std::size_t CountZeros(std::size_t from, std::size_t to) const {
    std::size_t count = 0;
    for (std::size_t i = from; i < to; ++i) count += ranked_[i].penalty > 0.0 ? 0u : 1u;
    return count;
  }

  const std::vector<Ranked>& ranked_;
  Weights weights_;
  std::vector<double> gain_;
  std::vector<double> cost_;
  std::vector<double> worth_;    // of a penalty of 1 at place k, to numerator - ratio x denominator
  std::vector<double> largest_;  // penalty from a rank on
};

Status CheckInput(std::span<const ModelProfile> profiles, double usage_threshold) {
  // Written so that NaN fails.
  if (!(usage_threshold >= 0.0 && usage_threshold <= 1.0)) {
    return Invalid("usage_threshold = " + ShortestDecimal(usage_threshold) + ", expected 0..1");
  }
  return CheckProfiles(profiles);
}

std::vector<const ModelProfile*> SortedByName(std::span<const ModelProfile> profiles) {
  std::vector<const ModelProfile*> sorted;
  sorted.reserve(profiles.size());
  for (const ModelProfile& profile : profiles) sorted.push_back(&profile);
  std::sort(sorted.begin(), sorted.end(),
            [](const ModelProfile* a, const ModelProfile* b) { return a->model < b->model; });
  return sorted;
}

// The used models, the best first. `sorted` by name.
std::vector<Ranked> Rank(const std::vector<const ModelProfile*>& sorted, double usage_threshold) {
  std::vector<Ranked> ranked;
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    if (sorted[i]->accuracy <= usage_threshold) continue;
    ranked.push_back({i, (1.0 - sorted[i]->quality / 10.0) * (1.0 - sorted[i]->accuracy)});
  }
  std::sort(ranked.begin(), ranked.end(), [&](const Ranked& a, const Ranked& b) {
    return std::tuple(-sorted[a.position]->quality, a.position) <
           std::tuple(-sorted[b.position]->quality, b.position);
  });
  return ranked;
}

}  // namespace

ChemistryMatrix::ChemistryMatrix(std::vector<std::string> models)
    : models_(std::move(models)), values_(models_.size() * models_.size(), 0.0) {}

void ChemistryMatrix::Set(std::size_t a, std::size_t b, double value) {
  CHECK(a < size() && b < size() && a != b, "a pair is two models of the matrix");
  values_[a * size() + b] = value;
  values_[b * size() + a] = value;
}

std::size_t ChemistryMatrix::Find(std::string_view model) const {
  const auto found = std::lower_bound(models_.begin(), models_.end(), model);
  if (found == models_.end() || *found != model) return size();
  return static_cast<std::size_t>(found - models_.begin());
}

Result<double> Cost(std::span<const ModelProfile> set, double usage_threshold) {
  if (Status status = CheckInput(set, usage_threshold); !status) return status.error();
  const auto ranked = Rank(SortedByName(set), usage_threshold);
  if (ranked.empty()) return 1.0;
  double cost = 0.0;
  for (std::size_t i = 0; i < ranked.size(); ++i) {
    cost += ranked[i].penalty / static_cast<double>(i + 1);
  }
  return cost;
}

Result<ChemistryMatrix> ComputeChemistry(std::span<const ModelProfile> profiles,
                                         ChemistryVariant variant, double usage_threshold) {
  if (Status status = CheckInput(profiles, usage_threshold); !status) return status.error();
  const auto sorted = SortedByName(profiles);
  std::vector<std::string> names;
  names.reserve(sorted.size());
  for (const ModelProfile* profile : sorted) names.push_back(profile->model);
  ChemistryMatrix matrix(std::move(names));

  // A pair with an unused model stays 0: such a model changes no cost.
  const auto ranked = Rank(sorted, usage_threshold);
  PairSearch search(ranked);
  CheapestSets before_a;
  for (std::size_t a = 0; a < ranked.size(); ++a) {
    CheapestSets before_b = before_a;
    before_b.Close(ranked[a].penalty, search.weights());
    for (std::size_t b = a + 1; b < ranked.size(); ++b) {
      double value = variant == ChemistryVariant::kPublished ? search.Empty(a, b) : 0.0;
      if (value < 1.0) value = std::max(value, search.Nonempty(a, b, before_b));
      matrix.Set(ranked[a].position, ranked[b].position, value);
      before_b.Offer(ranked[b].penalty, 1, search.weights());
    }
    before_a.Offer(ranked[a].penalty, 0, search.weights());
  }
  return matrix;
}

}  // namespace consilium
