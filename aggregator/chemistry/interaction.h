// The published chemistry of two models: how far their joint effect on the cost of a set departs
// from the sum of their effects, at its most extreme.
//
//   used(X) = members of X with accuracy > usage threshold, by quality descending, then by name
//   cost(X) = sum over used(X) of p_i / i, p = (1 - quality/10)(1 - accuracy); 1 if used(X) is {}
//   chem(a, b) = max over X, subset of S \ {a, b}, of
//                min(1, |cost(X+a+b) - cost(X+a) - cost(X+b) + cost(X)| / cost(X+a+b))
//
// over the X whose four costs are all non-zero; 0 where there is none. kPublished takes every such
// X, kNonempty only those with used(X) non-empty. Not more than 1e-12 from the exact value, by the
// dynamic program that docs/chemistry.md derives. n used models cost O(n^3) time for what stands
// before a pair and O(n min(n, sqrt(2/r))) a pair and round for what stands after it, r being its
// chemistry: O(n^3) in practice, O(n^4) a round where nearly all chemistry is tiny. Memory: O(n)
// beside the matrix.
// Source: arXiv 2510.03930; docs/chemistry.md. Threads: functions without state.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "aggregator/chemistry/profile.h"
#include "shared/result.h"

namespace consilium {

enum class ChemistryVariant { kPublished, kNonempty };
inline constexpr const char* kChemistryVariantNames[] = {"published", "nonempty"};

inline constexpr double kUsageThreshold = 0.5;

// Shape: models x models by the sorted names; symmetric, zero diagonal. Each value in [0, 1].
class ChemistryMatrix {
 public:
  ChemistryMatrix() = default;
  // `models` distinct and sorted; all values 0.
  explicit ChemistryMatrix(std::vector<std::string> models);

  const std::vector<std::string>& models() const { return models_; }
  std::size_t size() const { return models_.size(); }
  double at(std::size_t a, std::size_t b) const { return values_[a * models_.size() + b]; }
  void Set(std::size_t a, std::size_t b, double value);  // and (b, a)
  // Position of a model; size() when it is not there.
  std::size_t Find(std::string_view model) const;

 private:
  std::vector<std::string> models_;
  std::vector<double> values_;
};

// cost(X) of the models of `set`. Errors: as CheckProfiles, and a threshold outside [0, 1].
Result<double> Cost(std::span<const ModelProfile> set, double usage_threshold);

// Errors: as Cost. No models and one model give a matrix without pairs.
Result<ChemistryMatrix> ComputeChemistry(std::span<const ModelProfile> profiles,
                                         ChemistryVariant variant, double usage_threshold);

}  // namespace consilium
