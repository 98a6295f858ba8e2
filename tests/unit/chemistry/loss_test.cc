// The loss against values worked out by hand and against its definition; the search against all
// sets of small pools.
#include "aggregator/chemistry/loss.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <string>
#include <vector>

namespace consilium {
namespace {

using Names = std::vector<std::string>;
using Positions = std::vector<std::size_t>;
constexpr double kInfinity = std::numeric_limits<double>::infinity();

Names NamesOf(std::size_t count) {
  Names names;
  for (std::size_t i = 0; i < count; ++i) {
    names.push_back("m");
    names.back() += static_cast<char>('a' + static_cast<char>(i));
  }
  return names;
}

// Values of a grid of `step`, so that there are ties; 0 = any value.
ChemistryMatrix RandomMatrix(std::mt19937_64& rng, std::size_t count, double step) {
  std::uniform_real_distribution<double> uniform(0.0, 1.0);
  ChemistryMatrix matrix(NamesOf(count));
  for (std::size_t a = 0; a < count; ++a) {
    for (std::size_t b = a + 1; b < count; ++b) {
      const double value = uniform(rng);
      matrix.Set(a, b, step > 0.0 ? std::floor(value / step) * step : value);
    }
  }
  return matrix;
}

std::vector<Names> RandomPast(std::mt19937_64& rng, const ChemistryMatrix& matrix,
                              std::size_t sets) {
  std::vector<Names> past;
  for (std::size_t i = 0; i < sets; ++i) {
    Names names = matrix.models();
    std::shuffle(names.begin(), names.end(), rng);
    names.resize(2 + rng() % (names.size() - 1));
    past.push_back(names);
  }
  return past;
}

Positions Members(std::size_t subset) {
  Positions members;
  for (std::size_t i = 0; subset >> i != 0; ++i) {
    if ((subset >> i & 1u) != 0) members.push_back(i);
  }
  return members;
}

double Optimum(const ChemistryLoss& loss, std::size_t count, std::size_t size_min,
               std::size_t size_max) {
  double best = kInfinity;
  for (std::size_t subset = 0; subset < std::size_t{1} << count; ++subset) {
    const Positions members = Members(subset);
    if (members.size() < size_min || members.size() > size_max) continue;
    best = std::min(best, loss.Loss(members));
  }
  return best;
}

Positions PositionsOf(const ChemistryMatrix& matrix, const Names& names) {
  Positions positions;
  for (const std::string& name : names) positions.push_back(matrix.Find(name));
  return positions;
}

// ma-mb 0.8, ma-mc 0.4, mb-mc 0.2, md with nobody.
ChemistryMatrix Four() {
  ChemistryMatrix matrix(NamesOf(4));
  matrix.Set(0, 1, 0.8);
  matrix.Set(0, 2, 0.4);
  matrix.Set(1, 2, 0.2);
  return matrix;
}

TEST(ChemistryLossTest, ByHand) {
  const ChemistryMatrix matrix = Four();
  const ChemistryLoss loss(matrix, {0.25, 0.1});
  EXPECT_NEAR(loss.max_total(), 1.4, 1e-12);
  // By total: ma 1.2, mb 1.0, mc 0.6, md 0. Dealt: {ma, mc} and {mb, md}.
  EXPECT_NEAR(loss.max_inter(), 0.8 + 0.2, 1e-12);
  EXPECT_NEAR(loss.Loss(Positions{}), 0.25 * 1.0 + 0.75 * 1.4, 1e-12);
  EXPECT_NEAR(loss.Loss(Positions{0, 1}), 0.25 * 0.4 + 0.75 * 0.6 + 0.2, 1e-12);
  EXPECT_NEAR(loss.Loss(Positions{0, 1, 2}), 0.25 * 1.0 + 0.3, 1e-12);
  EXPECT_NEAR(loss.Loss(Positions{3}), 0.25 * 1.0 + 0.75 * 1.4 + 0.1, 1e-12);
}

TEST(ChemistryLossTest, InfiniteWhereMoreIsBetweenThanTheSplitHas) {
  const ChemistryMatrix matrix = Four();
  const ChemistryLoss loss(matrix, {});
  EXPECT_EQ(loss.Loss(Positions{0}), kInfinity);  // 1.2 between, at most 1.0
  EXPECT_TRUE(std::isfinite(loss.Loss(Positions{1})));
}

TEST(ChemistryLossTest, RoundingMakesNoLossInfinite) {
  int sets = 0;
  for (unsigned seed = 0; seed < 50; ++seed) {
    std::mt19937_64 rng(seed);
    const std::size_t count = 2 + seed % 10;
    const ChemistryMatrix matrix = RandomMatrix(rng, count, 0.0);
    const ChemistryLoss loss(matrix, {});
    // Everybody: nothing between, all of it inside, so both brackets are at an end.
    EXPECT_NEAR(loss.Loss(Members((std::size_t{1} << count) - 1)),
                0.5 * loss.max_inter() + 0.5 * static_cast<double>(count), 1e-9)
        << "seed " << seed;
    ++sets;
  }
  EXPECT_EQ(sets, 50);
}

TEST(ChemistryLossTest, EqualsItsDefinition) {
  for (unsigned seed = 0; seed < 20; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937_64 rng(seed);
    const ChemistryMatrix matrix = RandomMatrix(rng, 7, 0.0);
    const ChemistryLoss loss(matrix, {0.3, 0.2});
    for (std::size_t subset = 0; subset < 128; ++subset) {
      double intra = 0.0;
      double inter = 0.0;
      for (std::size_t a = 0; a < 7; ++a) {
        for (std::size_t b = a + 1; b < 7; ++b) {
          const bool in_a = (subset >> a & 1u) != 0;
          const bool in_b = (subset >> b & 1u) != 0;
          if (in_a && in_b) intra += matrix.at(a, b);
          if (in_a != in_b) inter += matrix.at(a, b);
        }
      }
      const Positions members = Members(subset);
      const double expected = inter > loss.max_inter() + 1e-9
                                  ? kInfinity
                                  : 0.3 * (loss.max_inter() - inter) +
                                        0.7 * (loss.max_total() - intra) +
                                        0.2 * static_cast<double>(members.size());
      if (std::isfinite(expected)) {
        ASSERT_NEAR(loss.Loss(members), expected, 1e-9);
      } else {
        ASSERT_EQ(loss.Loss(members), kInfinity);
      }
    }
  }
}

TEST(ChemistryLossTest, ClimbNeverBeatsTheOptimumAndOftenReachesIt) {
  int optimal = 0;
  int climbs = 0;
  for (unsigned seed = 0; seed < 120; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937_64 rng(seed);
    const std::size_t count = 3 + seed % 7;
    const ChemistryMatrix matrix = RandomMatrix(rng, count, seed % 2 == 0 ? 0.25 : 0.0);
    const ChemistryLoss loss(matrix, {0.5, 0.1 * static_cast<double>(seed % 6)});
    const auto past = RandomPast(rng, matrix, 4);
    const auto chosen = loss.Climb(past);
    if (!chosen) continue;  // no chemistry among any past set
    const Positions members = PositionsOf(matrix, chosen->models);
    ASSERT_TRUE(std::is_sorted(members.begin(), members.end()));
    ASSERT_GE(members.size(), 2u);
    ASSERT_EQ(chosen->loss, loss.Loss(members));
    const double optimum = Optimum(loss, count, 2, count);
    ASSERT_LE(optimum, chosen->loss + 1e-9);
    for (const Names& names : past) {
      Positions start = PositionsOf(matrix, names);
      std::sort(start.begin(), start.end());
      // A start without any chemistry is none.
      double intra = 0.0;
      for (std::size_t a : start) {
        for (std::size_t b : start) intra += matrix.at(a, b);
      }
      if (intra <= 0.0) continue;
      ASSERT_LE(chosen->loss, loss.Loss(start) + 1e-9);
    }
    ++climbs;
    optimal += chosen->loss <= optimum + 1e-9 ? 1 : 0;
  }
  EXPECT_GT(climbs, 100);
  EXPECT_GT(optimal, climbs * 3 / 4);
}

TEST(ChemistryLossTest, ClimbOfSizeHasExactlyThatSizeAndNeverBeatsTheOptimum) {
  int optimal = 0;
  int finite = 0;
  for (unsigned seed = 0; seed < 60; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937_64 rng(seed);
    const std::size_t count = 2 + seed % 8;
    const ChemistryMatrix matrix = RandomMatrix(rng, count, seed % 2 == 0 ? 0.25 : 0.0);
    const ChemistryLoss loss(matrix, {});
    const auto past = RandomPast(rng, matrix, seed % 4);
    for (std::size_t size = 1; size <= count; ++size) {
      const auto chosen = loss.ClimbOfSize(past, size);
      ASSERT_TRUE(chosen.ok()) << chosen.error().text;
      ASSERT_EQ(chosen->models.size(), size);
      const Positions members = PositionsOf(matrix, chosen->models);
      ASSERT_EQ(std::adjacent_find(members.begin(), members.end(), std::greater_equal<>()),
                members.end());
      ASSERT_EQ(chosen->loss, loss.Loss(members));
      const double optimum = Optimum(loss, count, size, size);
      ASSERT_GE(chosen->loss, optimum - 1e-9);
      if (!std::isfinite(optimum)) continue;
      ++finite;
      optimal += chosen->loss <= optimum + 1e-9 ? 1 : 0;
    }
  }
  EXPECT_GT(finite, 200);
  EXPECT_GT(optimal, finite * 4 / 5);
}

TEST(ChemistryLossTest, TheSameSetWhateverTheOrderOfThePast) {
  for (unsigned seed = 0; seed < 40; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937_64 rng(seed);
    const ChemistryMatrix matrix = RandomMatrix(rng, 9, seed % 2 == 0 ? 0.5 : 0.0);
    const ChemistryLoss loss(matrix, {});
    auto past = RandomPast(rng, matrix, 5);
    const auto climbed = loss.Climb(past);
    const auto sized = loss.ClimbOfSize(past, 4);
    std::shuffle(past.begin(), past.end(), rng);
    for (Names& names : past) std::shuffle(names.begin(), names.end(), rng);
    past.push_back(past[0]);
    past[1].push_back(past[1][0]);
    const auto again = loss.Climb(past);
    ASSERT_EQ(climbed.has_value(), again.has_value());
    if (climbed) {
      EXPECT_EQ(climbed->models, again->models);
      EXPECT_EQ(climbed->loss, again->loss);
    }
    EXPECT_EQ(sized->models, loss.ClimbOfSize(past, 4)->models);
  }
}

TEST(ChemistryLossTest, TiesGoToTheSmallerSetThenToTheNames) {
  ChemistryMatrix matrix(NamesOf(5));
  for (std::size_t a = 0; a < 5; ++a) {
    for (std::size_t b = a + 1; b < 5; ++b) matrix.Set(a, b, 1.0);
  }
  // 0.5 (6 - inter) + 0.5 (10 - intra) + 2 |X|: 2 members 8.5, 3 members 9.5, 4 members 11.
  const ChemistryLoss dear(matrix, {0.5, 2.0});
  const std::vector<Names> past = {{"mc", "md", "me"}};
  EXPECT_EQ(dear.Climb(past)->models, (Names{"mc", "md"}));
  EXPECT_EQ(dear.ClimbOfSize({}, 2)->models, (Names{"ma", "mb"}));
  // At 1 a member, 2 and 3 members tie at 6.5.
  const ChemistryLoss even(matrix, {0.5, 1.0});
  EXPECT_NEAR(even.Loss(Positions{0, 1}), 6.5, 1e-12);
  EXPECT_NEAR(even.Loss(Positions{0, 1, 2}), 6.5, 1e-12);
  const std::vector<Names> all = {NamesOf(5), {"mb", "me"}};
  EXPECT_EQ(even.Climb(all)->models, (Names{"mb", "me"}));
}

TEST(ChemistryLossTest, RoundingBreaksNoTie) {
  // Both pairs have 0.3, one of them as a sum that rounds up.
  ChemistryMatrix matrix(NamesOf(4));
  matrix.Set(0, 1, 0.3);
  matrix.Set(2, 3, 0.1 + 0.2);
  ASSERT_GT(matrix.at(2, 3), matrix.at(0, 1));
  const ChemistryLoss loss(matrix, {0.0, 1.0});
  const std::vector<Names> past = {{"mc", "md"}, {"ma", "mb"}};
  EXPECT_EQ(loss.Climb(past)->models, (Names{"ma", "mb"}));
  EXPECT_EQ(loss.ClimbOfSize(past, 2)->models, (Names{"ma", "mb"}));
}

TEST(ChemistryLossTest, OnlyPastSetsWithChemistryAreStarts) {
  const ChemistryMatrix matrix = Four();
  const ChemistryLoss loss(matrix, {});
  EXPECT_FALSE(loss.Climb({}).has_value());
  EXPECT_FALSE(loss.Climb(std::vector<Names>{{"ma"}, {"ma", "ma"}}).has_value());
  EXPECT_FALSE(loss.Climb(std::vector<Names>{{"ma", "md"}, {"mb", "unknown"}}).has_value());
  const auto chosen = loss.Climb(std::vector<Names>{{"unknown", "mc", "mb"}});
  ASSERT_TRUE(chosen.has_value());
  EXPECT_EQ(chosen->models, (Names{"ma", "mb"}));
}

TEST(ChemistryLossTest, WithoutAPastASizeIsReachedFromNothing) {
  const ChemistryMatrix matrix = Four();
  const ChemistryLoss loss(matrix, {});
  EXPECT_EQ(loss.ClimbOfSize({}, 2)->models, (Names{"ma", "mb"}));
  EXPECT_EQ(loss.ClimbOfSize({}, 3)->models, (Names{"ma", "mb", "mc"}));
  EXPECT_EQ(loss.ClimbOfSize({}, 4)->models, NamesOf(4));
}

TEST(ChemistryLossTest, APoolWithoutChemistryStillHasCouncilsOfEachSize) {
  const ChemistryMatrix matrix(NamesOf(3));
  const ChemistryLoss loss(matrix, {});
  EXPECT_EQ(loss.ClimbOfSize({}, 2)->models, (Names{"ma", "mb"}));
  EXPECT_EQ(loss.ClimbOfSize({}, 2)->loss, 1.0);
}

TEST(ChemistryLossTest, AnotherSizeIsRefused) {
  const ChemistryMatrix matrix = Four();
  const ChemistryLoss loss(matrix, {});
  EXPECT_EQ(loss.ClimbOfSize({}, 0).error(),
            Invalid("size = 0, expected 1..4, the number of models"));
  EXPECT_EQ(loss.ClimbOfSize({}, 5).error().text, "size = 5, expected 1..4, the number of models");
  const ChemistryMatrix none;
  EXPECT_EQ(ChemistryLoss(none, {}).ClimbOfSize({}, 1).error().text,
            "size = 1, expected 1..0, the number of models");
}

}  // namespace
}  // namespace consilium
