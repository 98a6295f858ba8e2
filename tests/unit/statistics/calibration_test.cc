#include "aggregator/statistics/calibration.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "shared/ids.h"

namespace consilium {
namespace {

// Right as often as `truth` says of the raw confidence.
std::vector<Forecast> Forecasts(std::size_t count, const std::function<double(double)>& truth,
                                std::uint64_t seed = 1) {
  SeededRandom random(seed, "calibration");
  std::vector<Forecast> forecasts;
  for (std::size_t i = 0; i < count; ++i) {
    const double raw = random.Unit();
    forecasts.push_back({raw, random.Unit() < truth(raw)});
  }
  return forecasts;
}

double Line(double raw) {
  const double x = std::log(raw / (1 - raw));
  return 1 / (1 + std::exp(-(0.5 * x + 1)));
}
double Stairs(double raw) { return raw < 0.3 ? 0.1 : raw < 0.7 ? 0.5 : 0.95; }

// Largest distance to the truth between 0.05 and 0.95.
double Distance(const Calibration& fitted, const std::function<double(double)>& truth) {
  double most = 0;
  for (double raw = 0.05; raw <= 0.951; raw += 0.05) {
    most = std::max(most, std::abs(fitted(raw) - truth(raw)));
  }
  return most;
}

TEST(CalibrationTest, PlattFindsTheLine) {
  const auto fitted = Calibrate(Forecasts(20000, Line), CalibrationKind::kPlatt);
  ASSERT_TRUE(fitted.ok());
  EXPECT_NEAR(fitted->a, 0.5, 0.03);
  EXPECT_NEAR(fitted->b, 1, 0.05);
  EXPECT_LT(Distance(*fitted, Line), 0.02);
}

TEST(CalibrationTest, IsotonicFindsStairs) {
  const auto fitted = Calibrate(Forecasts(20000, Stairs), CalibrationKind::kIsotonic);
  ASSERT_TRUE(fitted.ok());
  for (const double raw : {0.1, 0.2, 0.4, 0.5, 0.6, 0.8, 0.9}) {
    EXPECT_NEAR((*fitted)(raw), Stairs(raw), 0.06) << raw;
  }
}

TEST(CalibrationTest, IsotonicOfAFewByHand) {
  // 0.2 right, 0.4 wrong, 0.6 wrong, 0.8 right: the first three pool to one third.
  const std::vector<Forecast> four = {{0.2, true}, {0.4, false}, {0.6, false}, {0.8, true}};
  const auto fitted = Calibrate(four, CalibrationKind::kIsotonic);
  ASSERT_EQ(fitted->knots.size(), 2u);
  EXPECT_NEAR(fitted->knots[0].raw, 0.4, 1e-12);
  EXPECT_NEAR(fitted->knots[0].confidence, 1.0 / 3, 1e-12);
  EXPECT_NEAR(fitted->knots[1].confidence, 1 - 1.0 / 6, 1e-12) << "nobody is certain after four";
  EXPECT_NEAR((*fitted)(0.6), (1.0 / 3 + 5.0 / 6) / 2, 1e-12);
  EXPECT_NEAR((*fitted)(0.0), 1.0 / 3, 1e-12);
  EXPECT_NEAR((*fitted)(1.0), 5.0 / 6, 1e-12);
}

TEST(CalibrationTest, TheKindThatFitsIsChosen) {
  EXPECT_EQ(ChooseCalibration(Forecasts(400, [](double p) { return p; }), 5)->kind,
            CalibrationKind::kIdentity);
  EXPECT_EQ(ChooseCalibration(Forecasts(2000, Line), 5)->kind, CalibrationKind::kPlatt);
  EXPECT_EQ(ChooseCalibration(Forecasts(5000, Stairs), 5)->kind, CalibrationKind::kIsotonic);
}

TEST(CalibrationTest, EveryKindIsMonotoneAndNeverCertain) {
  for (const std::uint64_t seed : {1u, 2u, 3u, 4u, 5u}) {
    for (const auto kind : {CalibrationKind::kPlatt, CalibrationKind::kIsotonic}) {
      // The surer, the less often right: the worst that can be asked of it.
      const auto data = Forecasts(
          40, [](double raw) { return 1 - raw; }, seed);
      const auto fitted = Calibrate(data, kind);
      ASSERT_TRUE(fitted.ok());
      double before = 0;
      for (int i = 0; i <= 1000; ++i) {
        const double now = (*fitted)(i / 1000.0);
        EXPECT_GE(now, before);
        EXPECT_GT(now, 0);
        EXPECT_LT(now, 1);
        before = now;
      }
    }
  }
  const std::vector<Forecast> all_right(20, Forecast{1.0, true});
  EXPECT_LT((*Calibrate(all_right, CalibrationKind::kPlatt))(1.0), 1);
  EXPECT_LT((*Calibrate(all_right, CalibrationKind::kIsotonic))(1.0), 1);
}

TEST(CalibrationTest, WhatMakesNoSenseIsNamed) {
  EXPECT_FALSE(Calibrate({}, CalibrationKind::kPlatt).ok());
  EXPECT_EQ(Calibrate(std::vector<Forecast>{{0.5, true}, {1.5, true}}, CalibrationKind::kPlatt)
                .error()
                .text,
            "calibration: case 1: confidence = 1.500000, expected 0..1");
  EXPECT_FALSE(Calibrate(std::vector<Forecast>{{NAN, true}}, CalibrationKind::kPlatt).ok());
  EXPECT_FALSE(ChooseCalibration(std::vector<Forecast>{{0.5, true}}, 5).ok());
}

}  // namespace
}  // namespace consilium
