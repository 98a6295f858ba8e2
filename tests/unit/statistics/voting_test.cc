#include "aggregator/statistics/voting.h"

#include <gtest/gtest.h>

#include <cmath>

#include "shared/ids.h"

namespace consilium {
namespace {

// Models that are right with `skill`, else name one of three others.
std::vector<KnownBallot> Simulate(const std::vector<double>& skill, std::size_t cases,
                                  std::uint64_t seed) {
  SeededRandom random(seed, "voting");
  std::vector<KnownBallot> ballots;
  for (std::size_t i = 0; i < cases; ++i) {
    KnownBallot known;
    std::vector<std::size_t> place(4, 4);
    for (std::size_t m = 0; m < skill.size(); ++m) {
      const std::size_t said = random.Unit() < skill[m] ? 0 : 1 + random.Below(3);
      if (place[said] == 4) place[said] = known.ballot.answers++;
      known.ballot.votes.push_back({m, place[said]});
    }
    known.ballot.rest = 4 - known.ballot.answers;
    if (place[0] < 4) known.ballot.right = place[0];
    ballots.push_back(std::move(known));
  }
  return ballots;
}

TEST(VotingTest, ConfidenceOfUnseenCasesIsTheShareThatIsRight) {
  const auto ballots = Simulate({0.9, 0.7, 0.6, 0.5}, 4000, 1);
  const auto voting = LearnVoting(ballots, 4);
  ASSERT_TRUE(voting.ok()) << voting.error().text;
  EXPECT_EQ(voting->cases, 4000u);
  ASSERT_EQ(voting->unseen.size(), 4000u);
  EXPECT_LT(CalibrationError(voting->unseen).value(), 0.02);
  EXPECT_GT(voting->weights[0], voting->weights[1]);
  EXPECT_GT(voting->weights[1], voting->weights[3]);
  // The same holds of cases that came later.
  std::vector<Forecast> later;
  for (const KnownBallot& known : Simulate({0.9, 0.7, 0.6, 0.5}, 4000, 2)) {
    const Likeliest best = LikeliestOf(AnswerProbabilities(known.ballot, voting->weights));
    later.push_back({voting->calibration(best.probability), known.ballot.right == best.answer});
  }
  EXPECT_LT(CalibrationError(later).value(), 0.02);
}

TEST(VotingTest, WhatIsOnlyKnownToBeWrongIsAForecastButFitsNoWeight) {
  auto ballots = Simulate({0.9, 0.7, 0.6}, 200, 3);
  const auto all = LearnVoting(ballots, 3);
  KnownBallot overridden;  // two for the first answer, which was wrong
  overridden.ballot = {{{0, 0}, {1, 0}, {2, 1}}, 2, 2, std::nullopt};
  overridden.complete = false;
  overridden.wrong = 0;
  auto more = ballots;
  more.push_back(overridden);
  const auto voting = LearnVoting(more, 3);
  ASSERT_TRUE(all.ok() && voting.ok());
  EXPECT_EQ(voting->cases, 200u);
  EXPECT_EQ(voting->weights, all->weights);
  ASSERT_EQ(voting->unseen.size(), 201u);
  overridden.wrong = 1;  // the minority's: whether the leading one was right is not known
  more.back() = overridden;
  EXPECT_EQ(LearnVoting(more, 3)->unseen.size(), 200u);
}

TEST(VotingTest, TheRidgeThatFitsOthersBestIsChosen) {
  // Models alike: the larger the better. Models far apart, and many cases: a small one.
  EXPECT_GE(LearnVoting(Simulate(std::vector<double>(6, 0.7), 200, 6), 6)->ridge, 100);
  EXPECT_LE(LearnVoting(Simulate({0.95, 0.3, 0.3, 0.3, 0.3, 0.3}, 2000, 7), 6)->ridge, 10);
}

TEST(VotingTest, TooFewKnownCasesAreNamed) {
  auto ballots = Simulate({0.9, 0.7}, 6, 4);
  ballots[0].complete = ballots[1].complete = false;
  const auto voting = LearnVoting(ballots, 2);
  ASSERT_FALSE(voting.ok());
  EXPECT_EQ(voting.error().text, "votes: 4 cases whose right answer is known, expected at least 5");
}

std::vector<Forecast> Sure(std::size_t right, std::size_t wrong, double confidence) {
  std::vector<Forecast> forecasts(right, {confidence, true});
  forecasts.insert(forecasts.end(), wrong, {confidence, false});
  return forecasts;
}

TEST(RiskLimitTest, TheLowestConfidenceThatKeepsTheRiskIsTaken) {
  auto forecasts = Sure(120, 0, 0.99);
  const auto middle = Sure(98, 1, 0.9);
  const auto low = Sure(20, 10, 0.5);
  forecasts.insert(forecasts.end(), middle.begin(), middle.end());
  forecasts.insert(forecasts.end(), low.begin(), low.end());
  const RiskLimit limit = LimitRisk(forecasts, 0.01);  // (1 + 1) / (219 + 1)
  EXPECT_EQ(limit.confidence_min, 0.9);
  EXPECT_EQ(limit.answered, 219u);
  EXPECT_EQ(limit.wrong, 1u);
  EXPECT_EQ(LimitRisk(forecasts, 0.2).confidence_min, 0.5);
}

TEST(RiskLimitTest, WhereNoneKeepsItTheNearestIsSaid) {
  auto forecasts = Sure(60, 1, 0.99);
  const auto low = Sure(50, 10, 0.5);
  forecasts.insert(forecasts.end(), low.begin(), low.end());
  const RiskLimit limit = LimitRisk(forecasts, 0.01);
  EXPECT_EQ(limit.confidence_min, std::nullopt);
  EXPECT_EQ(limit.answered, 61u);
  EXPECT_EQ(limit.wrong, 1u);
  EXPECT_EQ(LimitRisk({}, 0.01).confidence_min, std::nullopt);
}

TEST(RiskLimitTest, FewerAnswersWithoutAnErrorProveNothing) {
  EXPECT_EQ(AnswersForRisk(0.01), 99u);
  EXPECT_EQ(AnswersForRisk(0.05), 19u);
  EXPECT_EQ(LimitRisk(Sure(98, 0, 0.99), 0.01).confidence_min, std::nullopt);
  EXPECT_EQ(LimitRisk(Sure(99, 0, 0.99), 0.01).confidence_min, 0.99);
}

// The claim behind the rule: over many samples, what is answered on new cases is wrong no more
// often than stated.
TEST(RiskLimitTest, OnNewCasesTheRiskIsKeptOnAverage) {
  SeededRandom random(5, "risk");
  const auto draw = [&random](std::size_t cases) {
    std::vector<Forecast> forecasts;
    for (std::size_t i = 0; i < cases; ++i) {
      const double p = 1 - std::pow(random.Unit(), 4) / 2;  // many near 1, few near a half
      forecasts.push_back({p, random.Unit() < p});
    }
    return forecasts;
  };
  double wrong = 0;
  double answered = 0;
  double limits = 0;
  for (int sample = 0; sample < 300; ++sample) {
    const RiskLimit limit = LimitRisk(draw(400), 0.02);
    if (!limit.confidence_min) continue;
    ++limits;
    for (const Forecast& forecast : draw(400)) {
      if (forecast.confidence < *limit.confidence_min) continue;
      answered += 1;
      wrong += forecast.right ? 0 : 1;
    }
  }
  EXPECT_GT(limits, 250);
  EXPECT_LT(wrong / answered, 0.02);
  EXPECT_GT(wrong / answered, 0.01);
}

}  // namespace
}  // namespace consilium
