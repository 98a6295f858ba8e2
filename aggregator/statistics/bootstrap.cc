#include "aggregator/statistics/bootstrap.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "shared/check.h"
#include "shared/ids.h"

namespace consilium {
namespace {

// Between the two neighbours, as R does by default (type 7).
double Quantile(const std::vector<double>& sorted, double share) {
  const double at = share * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(at);
  const std::size_t above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (at - static_cast<double>(below)) * (sorted[above] - sorted[below]);
}

}  // namespace

Resamples::Resamples(std::size_t cases, std::size_t draws, std::uint64_t seed)
    : cases_(cases), draws_(draws), counts_(cases * draws, 0) {
  CHECK(cases > 0 && draws > 0, "there is something to draw");
  SeededRandom random(seed, "bootstrap");
  for (std::size_t draw = 0; draw < draws; ++draw) {
    std::uint16_t* const counts = counts_.data() + draw * cases;
    for (std::size_t i = 0; i < cases; ++i) {
      std::uint16_t& count = counts[random.Below(cases)];
      count = static_cast<std::uint16_t>(count + 1);
    }
  }
}

std::span<const std::uint16_t> Resamples::Counts(std::size_t draw) const {
  return std::span(counts_).subspan(draw * cases_, cases_);
}

std::optional<Interval> Resamples::OfMean(std::span<const std::optional<double>> values) const {
  CHECK(values.size() == cases_, "one value, or none, a case");
  std::vector<double> weight(cases_, 0.0);
  std::vector<double> value(cases_, 0.0);
  for (std::size_t i = 0; i < cases_; ++i) {
    if (!values[i]) continue;
    weight[i] = 1.0;
    value[i] = *values[i];
  }
  return Of([&](std::span<const std::uint16_t> counts) -> std::optional<double> {
    double sum = 0.0;
    double count = 0.0;
    for (std::size_t i = 0; i < counts.size(); ++i) {
      sum += counts[i] * value[i];
      count += counts[i] * weight[i];
    }
    if (count == 0.0) return std::nullopt;
    return sum / count;
  });
}

std::optional<Interval> Resamples::Middle(std::vector<double> values) const {
  if (values.size() * 10 < draws_ * 9) return std::nullopt;
  std::sort(values.begin(), values.end());
  const double outside = (1 - kConfidenceLevel) / 2;
  return Interval{Quantile(values, outside), Quantile(values, 1 - outside)};
}

std::optional<std::size_t> CasesNeeded(double mean, double deviation) {
  // Normal quantiles of 0.975 and 0.8.
  constexpr double kBoth = 1.959963984540054 + 0.8416212335729143;
  if (mean == 0.0) return std::nullopt;
  const double cases = std::ceil(kBoth * kBoth * deviation * deviation / (mean * mean));
  return cases < 1e15 ? std::optional(static_cast<std::size_t>(std::max(cases, 1.0)))
                      : std::nullopt;
}

}  // namespace consilium
