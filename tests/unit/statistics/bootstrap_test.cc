#include "aggregator/statistics/bootstrap.h"

#include <gtest/gtest.h>

#include <numeric>

#include "shared/ids.h"

namespace consilium {
namespace {

using Values = std::vector<std::optional<double>>;

TEST(BootstrapTest, EachDrawHasAsManyCases) {
  const Resamples resamples(37, 200, 1);
  for (std::size_t draw = 0; draw < 200; ++draw) {
    const auto counts = resamples.Counts(draw);
    EXPECT_EQ(std::accumulate(counts.begin(), counts.end(), 0), 37);
  }
}

// The claim of an interval: in 95 of 100 experiments the truth is inside.
TEST(BootstrapTest, IntervalsCoverAsOftenAsTheyClaim) {
  SeededRandom random(7, "coverage");
  int mean_covered = 0, difference_covered = 0;
  constexpr int kExperiments = 600;
  for (int e = 0; e < kExperiments; ++e) {
    constexpr std::size_t kCases = 150;
    Values first(kCases), difference(kCases);
    for (std::size_t i = 0; i < kCases; ++i) {
      // Two policies with accuracies of 0.8 and 0.7 that mostly err together.
      const double hard = random.Unit();
      const double a = hard < 0.8 ? 1 : 0;
      const double b = hard < 0.65 || (hard > 0.95) ? 1 : 0;
      first[i] = a;
      difference[i] = a - b;
    }
    const Resamples resamples(kCases, 400, static_cast<std::uint64_t>(e));
    mean_covered += resamples.OfMean(first)->Contains(0.8);
    difference_covered += resamples.OfMean(difference)->Contains(0.1);
  }
  // 95 % of 600 is 570, its deviation 5.3; small samples cost the bootstrap a little.
  EXPECT_GE(mean_covered, 550);
  EXPECT_GE(difference_covered, 550);
  EXPECT_LE(mean_covered, 590);
  EXPECT_LE(difference_covered, 590);
}

TEST(BootstrapTest, CasesWithoutAValueAreLeftOut) {
  Values values(100, std::nullopt);
  for (std::size_t i = 0; i < 50; ++i) values[i] = 3.0;
  const auto interval = Resamples(100, 300, 1).OfMean(values);
  ASSERT_TRUE(interval.has_value());
  EXPECT_EQ(interval->low, 3.0);
  EXPECT_EQ(interval->high, 3.0);
  Values one(100, std::nullopt);
  one[0] = 1.0;
  EXPECT_FALSE(Resamples(100, 300, 1).OfMean(one)) << "a third of the draws has no value";
}

TEST(BootstrapTest, SameSeedSameBits) {
  SeededRandom random(1, "values");
  Values values(60);
  for (auto& value : values) value = random.Unit();
  const auto a = Resamples(60, 500, 9).OfMean(values);
  const auto b = Resamples(60, 500, 9).OfMean(values);
  const auto c = Resamples(60, 500, 10).OfMean(values);
  EXPECT_EQ(a->low, b->low);
  EXPECT_EQ(a->high, b->high);
  EXPECT_NE(a->low, c->low);
}

TEST(BootstrapTest, CasesNeeded) {
  // A difference of a fifth of its deviation: (2.8015853 / 0.2)^2 = 196.2.
  EXPECT_EQ(CasesNeeded(0.1, 0.5), 197u);
  EXPECT_EQ(CasesNeeded(-0.1, 0.5), 197u);
  EXPECT_FALSE(CasesNeeded(0, 0.5));
  EXPECT_EQ(CasesNeeded(1, 0), 1u);
}

}  // namespace
}  // namespace consilium
