// Intervals by drawing the cases again, with replacement: the same draws for every policy, so that
// differences are paired. Same seed, same bits. Threads: const after construction.
// Source: Efron & Tibshirani, An Introduction to the Bootstrap, 1993; docs/evaluation.md.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace consilium {

struct Interval {
  double low = 0.0;
  double high = 0.0;
  bool Contains(double value) const { return low <= value && value <= high; }
};
inline constexpr double kConfidenceLevel = 0.95;

class Resamples {
 public:
  // `draws` samples of `cases` cases each; both > 0, cases below 2^32.
  Resamples(std::size_t cases, std::size_t draws, std::uint64_t seed);

  std::size_t cases() const { return cases_; }
  std::size_t draws() const { return draws_; }
  // How often each case is in that draw.
  std::span<const std::uint16_t> Counts(std::size_t draw) const;

  // The middle 95 % of the means of each draw's values. Cases without a value are left out of both
  // sums; absent where a tenth of the draws has none at all.
  std::optional<Interval> OfMean(std::span<const std::optional<double>> values) const;
  // ... of any function of how often each case was drawn; draws without a value are left out.
  template <class F>
  std::optional<Interval> Of(F value) const {
    std::vector<double> found;
    found.reserve(draws_);
    for (std::size_t draw = 0; draw < draws_; ++draw) {
      if (const std::optional<double> one = value(Counts(draw))) found.push_back(*one);
    }
    return Middle(std::move(found));
  }
  // The middle 95 % of what the draws gave; absent where a tenth of them gave nothing.
  std::optional<Interval> Middle(std::vector<double> values) const;

 private:
  std::size_t cases_;
  std::size_t draws_;
  std::vector<std::uint16_t> counts_;  // by draw, then case
};

// Cases needed to tell a paired difference of this mean and standard deviation (over cases) from
// nothing at 95 % four times out of five; absent for a mean of 0.
std::optional<std::size_t> CasesNeeded(double mean, double deviation);

}  // namespace consilium
