#include "aggregator/statistics/measures.h"

#include <algorithm>
#include <cmath>

#include "shared/check.h"

namespace consilium {
namespace {

// Forecasts of one confidence.
struct Group {
  double confidence = 0.0;
  std::size_t count = 0;
  std::size_t right = 0;
};

// The most confident first.
std::vector<Group> Groups(std::span<const Forecast> forecasts) {
  std::vector<Forecast> sorted(forecasts.begin(), forecasts.end());
  std::stable_sort(sorted.begin(), sorted.end(), [](const Forecast& a, const Forecast& b) {
    return a.confidence > b.confidence;
  });
  std::vector<Group> groups;
  for (const Forecast& forecast : sorted) {
    if (groups.empty() || groups.back().confidence != forecast.confidence) {
      groups.push_back({forecast.confidence, 0, 0});
    }
    ++groups.back().count;
    groups.back().right += forecast.right ? 1 : 0;
  }
  return groups;
}

double Share(std::size_t part, std::size_t whole) {
  return static_cast<double>(part) / static_cast<double>(whole);
}

}  // namespace

std::vector<ReliabilityBin> Reliability(std::span<const Forecast> forecasts) {
  std::vector<ReliabilityBin> bins(kReliabilityBins);
  for (const Forecast& forecast : forecasts) {
    const auto place =
        static_cast<std::size_t>(forecast.confidence * static_cast<double>(kReliabilityBins));
    ReliabilityBin& bin = bins[std::min(place, kReliabilityBins - 1)];
    ++bin.count;
    bin.confidence += forecast.confidence;
    bin.accuracy += forecast.right ? 1 : 0;
  }
  for (ReliabilityBin& bin : bins) {
    if (bin.count == 0) continue;
    bin.confidence /= static_cast<double>(bin.count);
    bin.accuracy /= static_cast<double>(bin.count);
  }
  return bins;
}

std::optional<double> CalibrationError(std::span<const Forecast> forecasts) {
  if (forecasts.empty()) return std::nullopt;
  double error = 0.0;
  for (const ReliabilityBin& bin : Reliability(forecasts)) {
    error += Share(bin.count, forecasts.size()) * std::abs(bin.confidence - bin.accuracy);
  }
  return error;
}

std::optional<Brier> BrierScore(std::span<const Forecast> forecasts) {
  if (forecasts.empty()) return std::nullopt;
  Brier brier;
  std::size_t right = 0;
  for (const Forecast& forecast : forecasts) {
    const double miss = forecast.confidence - (forecast.right ? 1 : 0);
    brier.score += miss * miss;
    right += forecast.right ? 1 : 0;
  }
  brier.score /= static_cast<double>(forecasts.size());
  const double share = Share(right, forecasts.size());
  brier.constant = share * (1 - share);
  return brier;
}

std::optional<double> Auroc(std::span<const Forecast> forecasts) {
  std::size_t right_above = 0;
  double pairs = 0.0;
  std::size_t wrong = 0;
  for (const Group& group : Groups(forecasts)) {
    const std::size_t here = group.count - group.right;
    pairs += static_cast<double>(here) *
             (static_cast<double>(right_above) + static_cast<double>(group.right) / 2);
    right_above += group.right;
    wrong += here;
  }
  if (right_above == 0 || wrong == 0) return std::nullopt;
  return pairs / (static_cast<double>(right_above) * static_cast<double>(wrong));
}

std::vector<RiskPoint> RiskCoverage(std::span<const Forecast> forecasts) {
  std::vector<RiskPoint> points;
  std::size_t taken = 0;
  std::size_t right = 0;
  for (const Group& group : Groups(forecasts)) {
    taken += group.count;
    right += group.right;
    points.push_back(
        {Share(taken, forecasts.size()), Share(taken - right, taken), group.confidence});
  }
  return points;
}

std::optional<double> AccuracyAt(std::span<const Forecast> forecasts, double coverage) {
  CHECK(coverage > 0 && coverage <= 1, "a share of the forecasts");
  if (forecasts.empty()) return std::nullopt;
  const double wanted = coverage * static_cast<double>(forecasts.size());
  double taken = 0.0;
  double right = 0.0;
  for (const Group& group : Groups(forecasts)) {
    const double part = std::min(static_cast<double>(group.count), wanted - taken);
    if (part <= 0) break;
    taken += part;
    right += part * Share(group.right, group.count);
  }
  return right / taken;
}

}  // namespace consilium
