// The choice of the best single model, made again on drawn cases.
//
// Where models are about as good as each other, which of them is chosen depends on the cases, and
// chosen ones that happen to fail elsewhere add up: the share right then varies more than its
// questions do. An interval that keeps the choice holds the truth of equal models 3 times out of 4
// instead of 19 of 20. So a draw chooses again; cases keep their parts, so that a case that is
// drawn twice is never learned from and scored by at once. Threads: const after construction.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace consilium {

// The cases as they are dealt: number i of them into part i mod folds. Same arguments, same deal.
std::vector<std::size_t> DealOrder(std::size_t cases, std::uint64_t seed, std::size_t repeat);

// Share of right answers as if there had been one right and one wrong more.
double SmoothedAccuracy(double right, double wrong);

class SingleChoice {
 public:
  SingleChoice() = default;
  // `right`: by model, then case; absent where it did not answer. `deals`: by repeat, as
  // DealOrder.
  SingleChoice(std::vector<std::vector<std::optional<bool>>> right,
               const std::vector<std::vector<std::size_t>>& deals, std::size_t folds);

  std::size_t models() const { return right_.size(); }
  // By case, over the repeats in which the model chosen on the other parts answered: how often it
  // was right, if each case had been there `counts` times.
  std::vector<std::optional<double>> Right(std::span<const std::uint16_t> counts) const;

 private:
  // By part, the model that was most accurate in the others; the first among equals.
  std::vector<std::size_t> Choose(std::span<const std::uint16_t> counts,
                                  const std::vector<std::size_t>& parts) const;

  std::vector<std::vector<std::optional<bool>>> right_;
  std::vector<std::vector<std::size_t>> parts_;  // by repeat, then case
  std::size_t folds_ = 0;
};

}  // namespace consilium
