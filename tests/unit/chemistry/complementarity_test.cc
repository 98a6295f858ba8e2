#include "aggregator/chemistry/complementarity.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <string>
#include <vector>

namespace consilium {
namespace {

using Profiles = std::vector<ModelProfile>;

Profiles RandomSet(std::mt19937_64& rng, std::size_t size, double step) {
  std::uniform_real_distribution<double> uniform(0.0, 1.0);
  const auto snap = [&](double x) { return step > 0.0 ? std::round(x / step) * step : x; };
  Profiles set;
  for (std::size_t i = 0; i < size; ++i) {
    set.push_back({"m" + std::to_string(i), 10.0 * snap(uniform(rng)), snap(uniform(rng))});
  }
  return set;
}

// The area by its definition: cut the plane at every coordinate and add the cells that some member
// dominates.
double AreaByCells(const Profiles& set) {
  std::vector<double> xs = {0.0};
  std::vector<double> ys = {0.0};
  for (const ModelProfile& profile : set) {
    xs.push_back(profile.accuracy);
    ys.push_back(profile.quality / 10.0);
  }
  std::sort(xs.begin(), xs.end());
  std::sort(ys.begin(), ys.end());
  double area = 0.0;
  for (std::size_t i = 1; i < xs.size(); ++i) {
    for (std::size_t j = 1; j < ys.size(); ++j) {
      const bool dominated = std::any_of(set.begin(), set.end(), [&](const ModelProfile& profile) {
        return profile.accuracy >= xs[i] && profile.quality / 10.0 >= ys[j];
      });
      if (dominated) area += (xs[i] - xs[i - 1]) * (ys[j] - ys[j - 1]);
    }
  }
  return area;
}

double RaoByDefinition(const Profiles& set) {
  double sum = 0.0;
  for (const ModelProfile& a : set) {
    for (const ModelProfile& b : set) {
      const double dx = a.accuracy - b.accuracy;
      const double dy = (a.quality - b.quality) / 10.0;
      sum += std::sqrt(dx * dx + dy * dy);
    }
  }
  return sum / double(set.size() * set.size()) / std::sqrt(2.0);
}

TEST(ComplementarityTest, ByHand) {
  // Two steps of a staircase: 0.5 x 0.8 + 0.9 x 0.4 - 0.5 x 0.4. Distance (0.4, 0.4).
  const Complementarity two = MeasureComplementarity(Profiles{{"a", 8.0, 0.5}, {"b", 4.0, 0.9}});
  EXPECT_NEAR(two.hypervolume, 0.56, 1e-12);
  EXPECT_NEAR(two.rao, 2 * 0.4 / 4, 1e-12);
  EXPECT_NEAR(two.index, 0.38, 1e-12);
}

TEST(ComplementarityTest, OneModelHasAnAreaAndNoEntropy) {
  const Complementarity one = MeasureComplementarity(Profiles{{"a", 8.0, 0.5}});
  EXPECT_NEAR(one.hypervolume, 0.4, 1e-12);
  EXPECT_EQ(one.rao, 0.0);
  EXPECT_NEAR(one.index, 0.2, 1e-12);
}

TEST(ComplementarityTest, NoModelHasNothing) {
  const Complementarity none = MeasureComplementarity({});
  EXPECT_EQ(none.hypervolume, 0.0);
  EXPECT_EQ(none.rao, 0.0);
  EXPECT_EQ(none.index, 0.0);
}

TEST(ComplementarityTest, EqualModelsAddNothing) {
  const Complementarity three =
      MeasureComplementarity(Profiles{{"a", 6.0, 0.5}, {"b", 6.0, 0.5}, {"c", 6.0, 0.5}});
  EXPECT_NEAR(three.hypervolume, 0.3, 1e-12);
  EXPECT_EQ(three.rao, 0.0);
}

TEST(ComplementarityTest, OppositeCornersAreTheMostDiverse) {
  const Complementarity corners =
      MeasureComplementarity(Profiles{{"a", 0.0, 0.0}, {"b", 10.0, 1.0}});
  EXPECT_EQ(corners.hypervolume, 1.0);
  EXPECT_NEAR(corners.rao, 0.5, 1e-12);
  const Complementarity nothing =
      MeasureComplementarity(Profiles{{"a", 10.0, 0.0}, {"b", 0.0, 1.0}});
  EXPECT_EQ(nothing.hypervolume, 0.0);
  EXPECT_NEAR(nothing.rao, 0.5, 1e-12);
}

TEST(ComplementarityTest, EqualsTheDefinitionOnRandomSets) {
  int sets = 0;
  for (unsigned seed = 0; seed < 200; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937_64 rng(seed);
    const Profiles set = RandomSet(rng, 1 + seed % 12, seed % 2 == 0 ? 0.2 : 0.0);
    const Complementarity measured = MeasureComplementarity(set);
    ASSERT_NEAR(measured.hypervolume, AreaByCells(set), 1e-12);
    ASSERT_NEAR(measured.rao, RaoByDefinition(set), 1e-12);
    ASSERT_DOUBLE_EQ(measured.index, (measured.hypervolume + measured.rao) / 2.0);
    ASSERT_TRUE(measured.index >= 0.0 && measured.index <= 1.0);
    ++sets;
  }
  EXPECT_EQ(sets, 200);
}

TEST(ComplementarityTest, TheSameBitsInAnyOrder) {
  for (unsigned seed = 0; seed < 20; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937_64 rng(seed);
    Profiles set = RandomSet(rng, 25, seed % 2 == 0 ? 0.2 : 0.0);
    const Complementarity before = MeasureComplementarity(set);
    std::shuffle(set.begin(), set.end(), rng);
    const Complementarity after = MeasureComplementarity(set);
    EXPECT_EQ(before.hypervolume, after.hypervolume);
    EXPECT_EQ(before.rao, after.rao);
  }
}

}  // namespace
}  // namespace consilium
