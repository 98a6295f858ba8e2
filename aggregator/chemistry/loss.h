// The published loss of a set of models and the hill climb that lowers it, made deterministic.
//
//   intra(X) = sum of chem over the pairs of X;  inter(X) = sum of chem over X x (S \ X)
//   loss(X) = alpha (max_inter - inter) + (1 - alpha)(max_total - intra) + beta |X|
//
// infinite where a bracket is negative. max_total = sum over all pairs of S; max_inter = cross sum
// of the split that deals the models, by total chemistry descending, alternately into two halves.
// The search compares losses in units of 1e-9; ties go to the smaller set, then to the names in
// order; of infinite losses the one whose brackets are least negative is the better one.
// Source: arXiv 2510.03930; docs/chemistry.md. Threads: none of its own; const after construction.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "aggregator/chemistry/interaction.h"
#include "shared/result.h"

namespace consilium {

struct LossWeights {
  double alpha = 0.5;  // [0, 1]
  double beta = 0.5;   // per member, >= 0
};

struct ChosenSet {
  std::vector<std::string> models;  // sorted
  double loss = 0.0;                // may be infinite
};

class ChemistryLoss {
 public:
  // Borrows the matrix. Weights are CHECKed: they are ours.
  ChemistryLoss(const ChemistryMatrix& matrix, LossWeights weights);

  double max_total() const { return max_total_; }
  double max_inter() const { return max_inter_; }
  // `set`: sorted distinct positions in the matrix.
  double Loss(std::span<const std::size_t> set) const;

  // The published search: from each past set with at least two known models and any chemistry among
  // them, up to 10 steps to the best neighbour by adding, removing or swapping one model, never
  // below two. Unknown models in `past` are left out. Empty when no past set qualifies.
  std::optional<ChosenSet> Climb(std::span<const std::vector<std::string>> past) const;
  // The best set of exactly `size` (1..number of models) found from the same starts, each brought
  // to that size by the best additions or removals, then by swaps; without any start, from the
  // empty set. Errors: kInvalid for another size.
  Result<ChosenSet> ClimbOfSize(std::span<const std::vector<std::string>> past,
                                std::size_t size) const;
  // Whether a search that found both would keep `a`: searches from parts of the past find together
  // what one from all of it does. Models of the matrix only.
  bool Prefers(const ChosenSet& a, const ChosenSet& b) const;

 private:
  ChosenSet Describe(std::span<const std::size_t> set) const;

  const ChemistryMatrix& matrix_;
  LossWeights weights_;
  std::vector<double> totals_;  // per model, with all others
  double max_total_ = 0.0;
  double max_inter_ = 0.0;
};

}  // namespace consilium
