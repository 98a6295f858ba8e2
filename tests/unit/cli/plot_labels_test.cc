#include "cli/plot_labels.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <random>
#include <string>
#include <vector>

namespace consilium::plot {
namespace {

using svg::Box;

constexpr double kHeight = 15.0;
constexpr Box kArea{0, 0, 600, 400};

TEST(PlotLabelsTest, AloneAPointHasItsNameOnTheRight) {
  const auto places = PlaceLabels({{100, 100, 5, 60}}, kHeight, kArea, {});
  ASSERT_TRUE(places.at(0).has_value());
  EXPECT_GT(places[0]->box.left, 105);
  EXPECT_NEAR((places[0]->box.top + places[0]->box.bottom) / 2, 100, 1e-9);
  EXPECT_FALSE(places[0]->leader);
}

TEST(PlotLabelsTest, AtTheEdgeTheNameTurnsInwards) {
  const auto places = PlaceLabels({{595, 100, 5, 60}}, kHeight, kArea, {});
  ASSERT_TRUE(places.at(0).has_value());
  EXPECT_LT(places[0]->box.right, 590);
}

TEST(PlotLabelsTest, AClusterGetsLeaders) {
  std::vector<LabelAsk> asks(9);
  for (std::size_t i = 0; i < asks.size(); ++i) {
    const std::size_t row = i / 3;
    asks[i] = {300.0 + 8.0 * double(i % 3), 200.0 + 8.0 * double(row), 5, 80};
  }
  const auto places = PlaceLabels(asks, kHeight, kArea, {});
  std::size_t placed = 0;
  std::size_t leaders = 0;
  for (const auto& place : places) {
    placed += place ? 1u : 0u;
    leaders += place && place->leader ? 1u : 0u;
  }
  // The one in the middle is shut in by markers: no leader may run through them.
  EXPECT_GE(placed, 8u);
  EXPECT_GE(leaders, 1u);
}

TEST(PlotLabelsTest, NamesOverlapNeitherEachOtherNorPointsNorLeaveTheArea) {
  for (unsigned seed = 1; seed <= 40; ++seed) {
    std::mt19937 random(seed);
    const auto uniform = [&](double low, double high) {
      return low + (high - low) * (static_cast<double>(random()) / 4294967296.0);
    };
    std::vector<LabelAsk> asks(40);
    for (LabelAsk& ask : asks) ask = {uniform(5, 595), uniform(5, 395), 6, uniform(20, 160)};
    const auto places = PlaceLabels(asks, kHeight, kArea, {});
    ASSERT_EQ(places.size(), asks.size());
    std::size_t placed = 0;
    for (std::size_t i = 0; i < places.size(); ++i) {
      if (!places[i]) continue;
      ++placed;
      EXPECT_TRUE(kArea.Contains(places[i]->box)) << "seed " << seed << ", name " << i;
      for (std::size_t j = 0; j < places.size(); ++j) {
        const Box marker{asks[j].x - 6, asks[j].y - 6, asks[j].x + 6, asks[j].y + 6};
        EXPECT_FALSE(places[i]->box.Overlaps(marker)) << "seed " << seed << ", " << i << ", " << j;
        if (j <= i || !places[j]) continue;
        EXPECT_FALSE(places[i]->box.Overlaps(places[j]->box))
            << "seed " << seed << ", " << i << ", " << j;
      }
    }
    EXPECT_GE(placed, 32u) << "seed " << seed;
  }
}

TEST(PlotLabelsTest, ObstaclesAreKeptClearWhileThereIsOtherRoom) {
  const Box right{105, 0, 600, 400};
  const auto places = PlaceLabels({{100, 100, 5, 60}}, kHeight, kArea, {right});
  ASSERT_TRUE(places.at(0).has_value());
  EXPECT_FALSE(places[0]->box.Overlaps(right));
  EXPECT_TRUE(PlaceLabels({{100, 100, 5, 60}}, kHeight, kArea, {kArea}).at(0).has_value());
}

TEST(PlotLabelsTest, WithoutRoomThereIsNoPlace) {
  EXPECT_FALSE(PlaceLabels({{100, 100, 5, 700}}, kHeight, kArea, {}).at(0).has_value());
  EXPECT_TRUE(PlaceLabels({}, kHeight, kArea, {}).empty());
}

}  // namespace
}  // namespace consilium::plot
