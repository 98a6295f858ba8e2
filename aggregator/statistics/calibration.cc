#include "aggregator/statistics/calibration.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "aggregator/statistics/steady_math.h"

namespace consilium {
namespace {

constexpr double kLeast = 1e-6;
constexpr double kLog2E = 1.4426950408889634;
constexpr int kStepsMax = 100;

double Held(double p) { return std::clamp(p, kLeast, 1 - kLeast); }
double Logit(double p) { return SteadyLn(Held(p)) - SteadyLn(1 - Held(p)); }
double Sigmoid(double x) {
  return Held(1 / (1 + SteadyExp2(std::clamp(-x, -60.0, 60.0) * kLog2E)));
}

double PlattLoss(std::span<const Forecast> forecasts, double a, double b) {
  double loss = ((a - 1) * (a - 1) + b * b) / 2;
  for (const Forecast& forecast : forecasts) {
    const double p = Sigmoid(a * Logit(forecast.confidence) + b);
    loss -= SteadyLn(forecast.right ? p : 1 - p);
  }
  return loss;
}

// Newton's way with halved steps; the loss is convex in (a, b).
void FitPlatt(std::span<const Forecast> forecasts, Calibration& fitted) {
  double value = PlattLoss(forecasts, fitted.a, fitted.b);
  for (int step = 0; step < kStepsMax; ++step) {
    double ga = fitted.a - 1, gb = fitted.b, haa = 1, hab = 0, hbb = 1;
    for (const Forecast& forecast : forecasts) {
      const double x = Logit(forecast.confidence);
      const double p = Sigmoid(fitted.a * x + fitted.b);
      const double miss = p - (forecast.right ? 1 : 0);
      const double w = p * (1 - p);
      ga += miss * x, gb += miss, haa += w * x * x, hab += w * x, hbb += w;
    }
    const double below = haa * hbb - hab * hab;
    const double da = (hbb * ga - hab * gb) / below;
    const double db = (haa * gb - hab * ga) / below;
    if (std::max(std::abs(da), std::abs(db)) < 1e-10) return;
    bool lower = false;
    for (double length = 1; length > 1e-6 && !lower; length /= 2) {
      // A falling line would turn the order around.
      const double a = std::max(fitted.a - length * da, 1e-3);
      const double b = fitted.b - length * db;
      const double reached = PlattLoss(forecasts, a, b);
      lower = reached < value;
      if (!lower) continue;
      fitted.a = a;
      fitted.b = b;
      value = reached;
    }
    if (!lower) return;
  }
}

void FitIsotonic(std::span<const Forecast> forecasts, Calibration& fitted) {
  std::vector<Forecast> sorted(forecasts.begin(), forecasts.end());
  std::stable_sort(sorted.begin(), sorted.end(), [](const Forecast& a, const Forecast& b) {
    return a.confidence < b.confidence;
  });
  struct Block {
    double raw = 0.0;  // sums
    double right = 0.0;
    double count = 0.0;
    double Share() const { return right / count; }
  };
  std::vector<Block> blocks;
  for (std::size_t i = 0; i < sorted.size();) {
    Block block;
    const double raw = sorted[i].confidence;
    for (; i < sorted.size() && sorted[i].confidence == raw; ++i) {
      block.raw += raw;
      block.right += sorted[i].right ? 1 : 0;
      block.count += 1;
    }
    while (!blocks.empty() && blocks.back().Share() >= block.Share()) {
      block.raw += blocks.back().raw;
      block.right += blocks.back().right;
      block.count += blocks.back().count;
      blocks.pop_back();
    }
    blocks.push_back(block);
  }
  // Nobody is certain after so many cases.
  const double least = 1 / (static_cast<double>(forecasts.size()) + 2);
  for (const Block& block : blocks) {
    fitted.knots.push_back({block.raw / block.count, std::clamp(block.Share(), least, 1 - least)});
  }
}

}  // namespace

double Calibration::operator()(double raw) const {
  if (kind == CalibrationKind::kPlatt) return Sigmoid(a * Logit(raw) + b);
  if (kind == CalibrationKind::kIdentity) return raw;
  const auto above = std::upper_bound(knots.begin(), knots.end(), raw,
                                      [](double x, const Knot& knot) { return x < knot.raw; });
  if (above == knots.begin()) return knots.front().confidence;
  if (above == knots.end()) return knots.back().confidence;
  const Knot& low = *(above - 1);
  const double share = (raw - low.raw) / (above->raw - low.raw);
  return low.confidence + share * (above->confidence - low.confidence);
}

Result<Calibration> Calibrate(std::span<const Forecast> forecasts, CalibrationKind kind) {
  if (forecasts.empty()) return Invalid("calibration: no case, expected at least one");
  for (std::size_t i = 0; i < forecasts.size(); ++i) {
    const double confidence = forecasts[i].confidence;
    if (confidence >= 0 && confidence <= 1) continue;
    return Invalid("calibration: case " + std::to_string(i) +
                   ": confidence = " + std::to_string(confidence) + ", expected 0..1");
  }
  Calibration fitted;
  fitted.kind = kind;
  fitted.cases = forecasts.size();
  if (kind == CalibrationKind::kPlatt) FitPlatt(forecasts, fitted);
  if (kind == CalibrationKind::kIsotonic) FitIsotonic(forecasts, fitted);
  return fitted;
}

double ForecastLoss(std::span<const Forecast> forecasts) {
  double loss = 0.0;
  for (const Forecast& forecast : forecasts) {
    const double p = Held(forecast.confidence);
    loss -= SteadyLn(forecast.right ? p : 1 - p);
  }
  return loss / static_cast<double>(forecasts.size());
}

Result<Calibration> ChooseCalibration(std::span<const Forecast> forecasts, std::size_t folds) {
  if (folds < 2 || folds > forecasts.size()) {
    return Invalid("calibration: " + std::to_string(folds) + " parts, expected 2.." +
                   std::to_string(forecasts.size()) + ", the number of cases");
  }
  constexpr CalibrationKind kKinds[] = {CalibrationKind::kIdentity, CalibrationKind::kPlatt,
                                        CalibrationKind::kIsotonic};
  CalibrationKind best = CalibrationKind::kIdentity;
  double least = 0.0;
  for (const CalibrationKind kind : kKinds) {
    std::vector<Forecast> held_out;
    for (std::size_t fold = 0; fold < folds; ++fold) {
      std::vector<Forecast> others;
      for (std::size_t i = 0; i < forecasts.size(); ++i) {
        if (i % folds != fold) others.push_back(forecasts[i]);
      }
      const auto fitted = Calibrate(others, kind);
      if (!fitted) return fitted.error();
      for (std::size_t i = fold; i < forecasts.size(); i += folds) {
        held_out.push_back({(*fitted)(forecasts[i].confidence), forecasts[i].right});
      }
    }
    const double loss = ForecastLoss(held_out);
    if (kind != CalibrationKind::kIdentity && loss >= least) continue;
    least = loss;
    best = kind;
  }
  return Calibrate(forecasts, best);
}

}  // namespace consilium
