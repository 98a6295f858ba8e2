// From a raw confidence to the probability of being right, learned from outcomes.
//
// Three ways, from the simplest: as it is; Platt's line in log odds, sigmoid(a logit(x) + b) with a
// > 0, held near a = 1, b = 0 as by one case; isotonic regression (pool adjacent violators) between
// the means of its blocks. Which one is decided by cross-validation on the log loss, never on what
// it is scored on. All are monotone: who was surer stays surer. Same forecasts, same bits.
// Threads: functions without state. Sources: Platt 1999; Zadrozny & Elkan 2002.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

#include "aggregator/statistics/measures.h"
#include "shared/result.h"

namespace consilium {

enum class CalibrationKind { kIdentity, kPlatt, kIsotonic };
inline constexpr std::string_view kCalibrationNames[] = {"identity", "platt", "isotonic"};

struct Calibration {
  CalibrationKind kind = CalibrationKind::kIdentity;
  std::size_t cases = 0;  // it was fitted on
  double a = 1.0;         // Platt
  double b = 0.0;
  struct Knot {
    double raw = 0.0;
    double confidence = 0.0;
  };
  std::vector<Knot> knots;  // isotonic, ascending in both

  // `raw` in [0, 1]; the result never is 0 or 1 but for identity.
  double operator()(double raw) const;
};

// kInvalid without forecasts, and for a confidence outside [0, 1].
Result<Calibration> Calibrate(std::span<const Forecast> forecasts, CalibrationKind kind);

// The kind with the smallest log loss on the part that it was not fitted on, over `folds` parts
// (case i is in part i mod folds: shuffle first), fitted on all; among equals the simplest.
// folds: 2..forecasts.
Result<Calibration> ChooseCalibration(std::span<const Forecast> forecasts, std::size_t folds);

// Mean of -ln of what it gave to what came, with confidences held in [1e-6, 1 - 1e-6].
double ForecastLoss(std::span<const Forecast> forecasts);

}  // namespace consilium
