#include "aggregator/statistics/measures.h"

#include <gtest/gtest.h>

#include <cmath>

#include "shared/ids.h"

namespace consilium {
namespace {

// Worked out by hand.
const std::vector<Forecast> kFive = {
    {0.95, true}, {0.95, false}, {0.6, true}, {0.35, false}, {1.0, true}};

TEST(MeasuresTest, ReliabilityAndCalibrationError) {
  const auto bins = Reliability(kFive);
  ASSERT_EQ(bins.size(), 10u);
  EXPECT_EQ(bins[9].count, 3u) << "1.0 is in the last bin";
  EXPECT_NEAR(bins[9].confidence, 2.9 / 3, 1e-12);
  EXPECT_NEAR(bins[9].accuracy, 2.0 / 3, 1e-12);
  EXPECT_EQ(bins[6].count, 1u);
  EXPECT_EQ(bins[3].count, 1u);
  // 3/5 * 0.3 + 1/5 * 0.4 + 1/5 * 0.35
  EXPECT_NEAR(*CalibrationError(kFive), 0.18 + 0.08 + 0.07, 1e-12);
}

TEST(MeasuresTest, BrierBesideItsConstant) {
  const auto brier = BrierScore(kFive);
  EXPECT_NEAR(brier->score, (0.0025 + 0.9025 + 0.16 + 0.1225 + 0) / 5, 1e-12);
  EXPECT_NEAR(brier->constant, 0.6 * 0.4, 1e-12);
}

TEST(MeasuresTest, AurocCountsTiesHalf) {
  // Right: 0.95, 0.6, 1.0; wrong: 0.95, 0.35. Pairs won: 0.5 + 1, 0 + 1, 1 + 1 of 6.
  EXPECT_NEAR(*Auroc(kFive), 4.5 / 6, 1e-12);
  EXPECT_FALSE(Auroc(std::vector<Forecast>{{0.5, true}, {0.7, true}}));
  EXPECT_NEAR(*Auroc(std::vector<Forecast>{{0.5, true}, {0.5, false}}), 0.5, 1e-12);
}

TEST(MeasuresTest, RiskCoverageTakesEqualOnesTogether) {
  const auto points = RiskCoverage(kFive);
  ASSERT_EQ(points.size(), 4u);
  EXPECT_NEAR(points[0].coverage, 0.2, 1e-12);
  EXPECT_NEAR(points[0].risk, 0, 1e-12);
  EXPECT_NEAR(points[1].coverage, 0.6, 1e-12);
  EXPECT_NEAR(points[1].risk, 1.0 / 3, 1e-12);
  EXPECT_NEAR(points[1].threshold, 0.95, 1e-12);
  EXPECT_NEAR(points[3].coverage, 1, 1e-12);
  EXPECT_NEAR(points[3].risk, 0.4, 1e-12);
  // Two of five: the sure one, and half of the two at 0.95.
  EXPECT_NEAR(*AccuracyAt(kFive, 0.4), (1 + 0.5) / 2, 1e-12);
  EXPECT_NEAR(*AccuracyAt(kFive, 1), 0.6, 1e-12);
}

TEST(MeasuresTest, NothingHasNoValue) {
  EXPECT_FALSE(CalibrationError({}));
  EXPECT_FALSE(BrierScore({}));
  EXPECT_FALSE(Auroc({}));
  EXPECT_TRUE(RiskCoverage({}).empty());
  EXPECT_FALSE(AccuracyAt({}, 0.5));
}

TEST(MeasuresTest, ConfidencesThatComeTrueAreCalibrated) {
  SeededRandom random(1, "forecasts");
  std::vector<Forecast> honest, boasting;
  for (int i = 0; i < 50000; ++i) {
    const double p = random.Unit();
    const bool right = random.Unit() < p;
    honest.push_back({p, right});
    boasting.push_back({std::sqrt(p), right});
  }
  EXPECT_LT(*CalibrationError(honest), 0.01);
  // E |sqrt(p) - p| = 2/3 - 1/2.
  EXPECT_NEAR(*CalibrationError(boasting), 1.0 / 6, 0.01);
  EXPECT_NEAR(*Auroc(honest), *Auroc(boasting), 1e-12) << "the order is the same";
  EXPECT_NEAR(BrierScore(honest)->score, 1.0 / 6, 0.01);
  EXPECT_NEAR(BrierScore(honest)->constant, 0.25, 0.01);
}

}  // namespace
}  // namespace consilium
