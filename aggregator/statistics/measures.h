// How good stated confidences are. All take the same forecasts and are defined, with formulas, in
// docs/evaluation.md. Pure; an empty list has no value.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

namespace consilium {

// One recommendation: how sure it was, in [0, 1], and whether it was right.
struct Forecast {
  double confidence = 0.0;
  bool right = false;
};

inline constexpr std::size_t kReliabilityBins = 10;

// One bin of a reliability diagram: forecasts with a confidence in [k / 10, (k + 1) / 10), the last
// one with 1, too.
struct ReliabilityBin {
  std::size_t count = 0;
  double confidence = 0.0;  // means; 0 where nothing fell in
  double accuracy = 0.0;
};
std::vector<ReliabilityBin> Reliability(std::span<const Forecast> forecasts);
// Expected calibration error: the mean over the forecasts of |confidence - accuracy| of their bin.
std::optional<double> CalibrationError(std::span<const Forecast> forecasts);

// Mean of (confidence - right)^2, and what somebody gets who always states the share that is right.
struct Brier {
  double score = 0.0;
  double constant = 0.0;
};
std::optional<Brier> BrierScore(std::span<const Forecast> forecasts);

// Chance that one that was right had a higher confidence than one that was wrong, equal ones count
// half. Absent where all or none were right.
std::optional<double> Auroc(std::span<const Forecast> forecasts);

// What is wrong among the most confident, from one to all. Forecasts of equal confidence are taken
// together: no order among them is made up.
struct RiskPoint {
  double coverage = 0.0;   // share that is answered, (0, 1]
  double risk = 0.0;       // share of these that is wrong
  double threshold = 0.0;  // the lowest confidence among them
};
std::vector<RiskPoint> RiskCoverage(std::span<const Forecast> forecasts);
// Accuracy of the most confident `coverage` (0, 1]; of a group of equal ones that it cuts, the
// part it takes is as right as the whole group.
std::optional<double> AccuracyAt(std::span<const Forecast> forecasts, double coverage);

}  // namespace consilium
