#include "cli/plot_axis.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "cli/svg.h"

namespace consilium::plot {
namespace {

using testing::ElementsAre;

std::vector<std::string> TextsOf(const std::vector<Tick>& ticks) {
  std::vector<std::string> texts;
  texts.reserve(ticks.size());
  for (const Tick& tick : ticks) texts.push_back(tick.text);
  return texts;
}

TEST(PlotAxisTest, RangeEndsOnRoundNumbersBeyondTheValues) {
  const Range range = RangeOf({0.62, 0.94});
  EXPECT_NEAR(range.low, 0.6, 1e-12);
  EXPECT_NEAR(range.high, 0.95, 1e-12);
  const Range wide = RangeOf({-120, 80});
  EXPECT_LE(wide.low, -120);
  EXPECT_GE(wide.high, 80);
}

TEST(PlotAxisTest, SharesGetNoAxisBeyondZeroAndOne) {
  const Range range = RangeOf({0.0, 1.0});
  EXPECT_EQ(range.low, 0.0);
  EXPECT_EQ(range.high, 1.0);
  EXPECT_EQ(RangeOf({0.001, 40.0}).low, 0.0);
}

TEST(PlotAxisTest, NothingOneAndEqualValuesHaveARange) {
  EXPECT_EQ(RangeOf({}).low, 0.0);
  EXPECT_EQ(RangeOf({}).high, 1.0);
  for (const double value : {0.0, 0.7, 1.0, -3.0, 5e-9, 1e15, -1e15, 1e-300}) {
    for (const Range& range : {RangeOf({value}), RangeOf({value, value, value})}) {
      EXPECT_LT(range.low, range.high) << value;
      EXPECT_TRUE(range.Contains(value)) << value;
    }
  }
}

TEST(PlotAxisTest, WhatIsNotANumberIsAbsent) {
  const double nan = std::nan("");
  const double infinity = std::numeric_limits<double>::infinity();
  EXPECT_FALSE(Plottable(nan));
  EXPECT_FALSE(Plottable(-infinity));
  EXPECT_FALSE(Plottable(2e15));
  EXPECT_TRUE(Plottable(-5.0));
  EXPECT_FALSE(Plottable(0.0, true));
  EXPECT_FALSE(Plottable(std::optional<double>(nan)).has_value());
  EXPECT_EQ(RangeOf({nan, infinity, 1e300}).high, 1.0);
}

TEST(PlotAxisTest, AskedRangeCountsOnlyIfItIsOne) {
  const Range otherwise{2, 3};
  EXPECT_EQ(RangeOr(Range{0, 1}, otherwise).high, 1.0);
  EXPECT_EQ(RangeOr(Range{1, 1}, otherwise).high, 3.0);
  EXPECT_EQ(RangeOr(Range{1, 0}, otherwise).high, 3.0);
  EXPECT_EQ(RangeOr(Range{0, std::nan("")}, otherwise).high, 3.0);
  EXPECT_EQ(RangeOr(std::nullopt, otherwise).high, 3.0);
}

TEST(PlotAxisTest, TicksAreRoundAndHaveEqualDigits) {
  EXPECT_THAT(TextsOf(Ticks({{0, 1}, false, 0, 600}, 11, 5)),
              ElementsAre("0.0", "0.2", "0.4", "0.6", "0.8", "1.0"));
  EXPECT_THAT(TextsOf(Ticks({{-0.1, 0.1}, false, 300, 0}, 11, 4)),
              ElementsAre("-0.10", "-0.05", "0.00", "0.05", "0.10"));
  EXPECT_THAT(TextsOf(Ticks({{0, 4e9}, false, 0, 600}, 11, 4)),
              ElementsAre("0", "1e+09", "2e+09", "3e+09", "4e+09"));
}

TEST(PlotAxisTest, LogarithmicTicksAreOneTwoFiveOrPowers) {
  const Axis decade{RangeOf({1.2, 18}, true), true, 0, 600};
  EXPECT_THAT(TextsOf(Ticks(decade, 11, 10)), ElementsAre("1", "2", "5", "10", "20"));
  const Axis wide{{1e-3, 1e6}, true, 0, 300};
  const auto ticks = TextsOf(Ticks(wide, 11, 6));
  EXPECT_GE(ticks.size(), 2u);
  EXPECT_LE(ticks.size(), 6u);
  EXPECT_EQ(ticks.front(), "0.001");
  EXPECT_NEAR(decade.At(1), 0, 1e-9);
  EXPECT_NEAR(decade.At(20), 600, 1e-9);
}

TEST(PlotAxisTest, TickTextsDoNotTouch) {
  for (const double high : {1.0, 0.00001, 99999.0, 1e7, 1e15}) {
    for (const double length : {120.0, 300.0, 700.0}) {
      const auto ticks = Ticks({{0, high}, false, 0, length}, 11, 12);
      ASSERT_FALSE(ticks.empty());
      for (std::size_t i = 1; i < ticks.size(); ++i) {
        EXPECT_NE(ticks[i].text, ticks[i - 1].text);
        EXPECT_GT(ticks[i].at - ticks[i - 1].at,
                  (svg::TextWidth(ticks[i].text, 11) + svg::TextWidth(ticks[i - 1].text, 11)) / 2)
            << high << " in " << length;
      }
    }
  }
}

}  // namespace
}  // namespace consilium::plot
