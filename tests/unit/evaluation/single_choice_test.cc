#include "aggregator/evaluation/single_choice.h"

#include <gtest/gtest.h>

#include <cmath>

#include "aggregator/statistics/bootstrap.h"
#include "shared/ids.h"

namespace consilium {
namespace {

using Right = std::vector<std::vector<std::optional<bool>>>;

std::vector<std::uint16_t> Once(std::size_t cases) { return std::vector<std::uint16_t>(cases, 1); }

TEST(SingleChoiceTest, EachPartIsAnsweredByWhoWasBestInTheOthers) {
  // Dealt in order: cases 0 and 2 are one part, 1 and 3 the other.
  const Right right = {{true, false, true, false}, {false, true, false, std::nullopt}};
  const SingleChoice choice(right, {{0, 1, 2, 3}}, 2);
  // Model 0 was right in 0 and 2, so it answers 1 and 3; of the others model 1 was better.
  EXPECT_EQ(choice.Right(Once(4)), (std::vector<std::optional<double>>{0.0, 0.0, 0.0, 0.0}));
  // With case 0 and 2 gone nobody is known to be better there: the first.
  EXPECT_EQ(choice.Right(std::vector<std::uint16_t>{0, 1, 0, 1})[1], 0.0);
  // With 1 and 3 gone the first answers 0 and 2 as well.
  EXPECT_EQ(choice.Right(std::vector<std::uint16_t>{1, 0, 1, 0})[0], 1.0);
}

TEST(SingleChoiceTest, DealsAreAveragedWhereTheChosenAnswered) {
  const Right right = {{true, true, std::nullopt, true}, {true, false, true, false}};
  const SingleChoice choice(right, {{0, 1, 2, 3}, {0, 2, 1, 3}}, 2);
  const auto found = choice.Right(Once(4));
  EXPECT_EQ(found[0], 1.0);
  EXPECT_EQ(found[2], std::nullopt) << "model 0 is chosen both times and did not answer";
  EXPECT_EQ(found[3], 0.5) << "model 1 in the first deal, model 0 in the second";
}

TEST(SingleChoiceTest, TheDealIsTheSameForTheSameSeed) {
  EXPECT_EQ(DealOrder(50, 3, 1), DealOrder(50, 3, 1));
  EXPECT_NE(DealOrder(50, 3, 1), DealOrder(50, 3, 2));
  EXPECT_NE(DealOrder(50, 3, 1), DealOrder(50, 4, 1));
}

// Models that are equally good: whichever is chosen, the truth is 0.8.
TEST(SingleChoiceTest, IntervalsOfAChoiceAmongEqualsHoldTheTruthAndThoseThatKeepItDoNot) {
  constexpr std::size_t kExperiments = 400;
  constexpr std::size_t kCases = 150;
  constexpr std::size_t kModels = 5;
  double redone = 0;
  double kept = 0;
  for (std::size_t e = 0; e < kExperiments; ++e) {
    SeededRandom random(e, "equals");
    Right right(kModels);
    for (auto& model : right) {
      for (std::size_t c = 0; c < kCases; ++c) model.emplace_back(random.Unit() < 0.8);
    }
    const SingleChoice choice(right, {DealOrder(kCases, e, 0)}, 10);
    const Resamples resamples(kCases, 200, e);
    const auto found = choice.Right(Once(kCases));
    kept += resamples.OfMean(found)->Contains(0.8) ? 1 : 0;
    const auto mean = [&](std::span<const std::uint16_t> counts) {
      const auto drawn = choice.Right(counts);
      double sum = 0;
      for (std::size_t c = 0; c < kCases; ++c) sum += counts[c] * drawn[c].value();
      return std::optional<double>(sum / kCases);
    };
    redone += resamples.Of(mean)->Contains(0.8) ? 1 : 0;
  }
  const double error = std::sqrt(0.95 * 0.05 / kExperiments);
  EXPECT_GE(redone / kExperiments, 0.95 - 4 * error);
  EXPECT_LT(kept / kExperiments, 0.95 - 4 * error) << "then the choice need not be made again";
  std::printf("of %zu intervals: %.3f hold the truth, %.3f where the choice is kept\n",
              kExperiments, redone / kExperiments, kept / kExperiments);
}

}  // namespace
}  // namespace consilium
