#include "aggregator/statistics/vote_model.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "shared/ids.h"

namespace consilium {
namespace {

// Cases with four options; model m is right with `skill[m]`, else names one of the others. Models
// of `clones` repeat what the model before them said.
std::vector<Ballot> Simulate(const std::vector<double>& skill, const std::vector<bool>& clones,
                             std::size_t cases, std::uint64_t seed) {
  SeededRandom random(seed, "ballots");
  std::vector<Ballot> ballots;
  for (std::size_t i = 0; i < cases; ++i) {
    const std::size_t right = random.Below(4);
    std::vector<std::size_t> said;
    for (std::size_t m = 0; m < skill.size(); ++m) {
      const bool knows = random.Unit() < skill[m];
      const std::size_t other = (right + 1 + random.Below(3)) % 4;
      said.push_back(clones[m] ? said.back() : knows ? right : other);
    }
    // Answers are numbered as they come.
    Ballot ballot;
    std::vector<std::size_t> place(4, 4);
    for (std::size_t m = 0; m < said.size(); ++m) {
      if (place[said[m]] == 4) place[said[m]] = ballot.answers++;
      ballot.votes.push_back({m, place[said[m]]});
    }
    ballot.rest = 4 - ballot.answers;
    if (place[right] < 4) ballot.right = place[right];
    ballots.push_back(std::move(ballot));
  }
  return ballots;
}

double Accuracy(const std::vector<Ballot>& ballots, const std::vector<double>& weights) {
  double right = 0;
  for (const Ballot& ballot : ballots) {
    const auto p = AnswerProbabilities(ballot, weights);
    const auto best = static_cast<std::size_t>(std::max_element(p.begin(), p.end()) - p.begin());
    right += ballot.right == best ? 1 : 0;
  }
  return right / static_cast<double>(ballots.size());
}

TEST(VoteModelTest, IndependentModelsGetTheirLogOdds) {
  // With errors spread over three others the log odds of a vote are ln(a / ((1 - a) / 3)).
  const std::vector<double> skill = {0.9, 0.7, 0.5};
  const auto model = FitVotes(Simulate(skill, {false, false, false}, 40000, 1), 3, {1e-3});
  ASSERT_TRUE(model.ok()) << model.error().text;
  for (std::size_t m = 0; m < 3; ++m) {
    EXPECT_NEAR(model->weights[m], std::log(3 * skill[m] / (1 - skill[m])), 0.08) << m;
  }
}

TEST(VoteModelTest, AModelThatRepeatsAnotherAddsNothing) {
  const auto ballots = Simulate({0.8, 0.6, 0.6, 0.6}, {false, false, true, true}, 20000, 2);
  const auto model = FitVotes(ballots, 4, {1e-3});
  ASSERT_TRUE(model.ok());
  // The three share the weight of one.
  EXPECT_NEAR(model->weights[1] + model->weights[2] + model->weights[3], std::log(3 * 0.6 / 0.4),
              0.1);
  // Plain voting follows the three.
  EXPECT_GT(Accuracy(ballots, model->weights), Accuracy(ballots, {1, 1, 1, 1}) + 0.15);
}

TEST(VoteModelTest, ProbabilitiesAreWhatTheySay) {
  const auto ballots = Simulate({0.8, 0.7, 0.6, 0.5, 0.5}, std::vector<bool>(5, false), 30000, 3);
  const auto model = FitVotes(ballots, 5, {1.0});
  ASSERT_TRUE(model.ok());
  std::vector<double> said(10, 0), came(10, 0), count(10, 0);
  for (const Ballot& ballot : ballots) {
    const auto p = AnswerProbabilities(ballot, model->weights);
    double sum = 0;
    for (std::size_t a = 0; a < p.size(); ++a) {
      const auto bin = std::min<std::size_t>(9, static_cast<std::size_t>(p[a] * 10));
      said[bin] += p[a];
      came[bin] += ballot.right == a ? 1 : 0;
      count[bin] += 1;
      sum += p[a];
    }
    EXPECT_LE(sum, 1 + 1e-12);
    if (ballot.rest == 0) {
      EXPECT_NEAR(sum, 1, 1e-12);
    }
  }
  for (std::size_t bin = 0; bin < 10; ++bin) {
    if (count[bin] < 500) continue;
    EXPECT_NEAR(said[bin] / count[bin], came[bin] / count[bin], 0.03) << bin;
  }
}

TEST(VoteModelTest, ANumberOfEachAnswerIsOneMoreVoter) {
  // Two answers; a grade of each tells which is right, by 2 in log odds for each tenth between
  // them.
  SeededRandom random(8, "grades");
  std::vector<Ballot> ballots;
  for (int i = 0; i < 20000; ++i) {
    const double a = random.Unit(), b = random.Unit();
    const double odds = 20 * (a - b);
    const bool first = random.Unit() < 1 / (1 + std::exp(-odds));
    ballots.push_back({{{0, 0, a}, {0, 1, b}}, 2, 0, first ? 0 : 1});
  }
  const auto model = FitVotes(ballots, 1, {1e-3});
  ASSERT_TRUE(model.ok());
  EXPECT_NEAR(model->weights[0], 20, 0.8);
}

TEST(VoteModelTest, FewCasesGiveNearlyEqualWeights) {
  const auto ballots = Simulate({0.9, 0.5}, {false, false}, 20, 4);
  const auto loose = FitVotes(ballots, 2, {0.01});
  const auto tight = FitVotes(ballots, 2, {1e6});
  ASSERT_TRUE(loose.ok() && tight.ok());
  EXPECT_NEAR(tight->weights[0], tight->weights[1], 1e-3);
  EXPECT_GT(std::abs(loose->weights[0] - loose->weights[1]), 0.3);
}

TEST(VoteModelTest, ModelsThatAreAlwaysRightHaveFiniteWeights) {
  std::vector<Ballot> ballots(50);
  for (Ballot& ballot : ballots) ballot = {{{0, 0}, {1, 0}}, 1, 3, 0};
  const auto model = FitVotes(ballots, 2, {1.0});
  ASSERT_TRUE(model.ok());
  EXPECT_TRUE(std::isfinite(model->weights[0]));
  EXPECT_GT(AnswerProbabilities(ballots[0], model->weights)[0], 0.99);
}

TEST(VoteModelTest, TheMinimumIsOne) {
  const auto ballots = Simulate({0.8, 0.7, 0.3}, {false, false, false}, 300, 5);
  const double ridge = 4;
  const auto model = FitVotes(ballots, 3, {ridge});
  ASSERT_TRUE(model.ok());
  const auto objective = [&](std::vector<double> w) {
    const double mean = std::accumulate(w.begin(), w.end(), 0.0) / 3;
    double loss = 0;
    for (const Ballot& ballot : ballots) loss += LogLoss(ballot, w);
    for (const double one : w) loss += ridge / 2 * (one - mean) * (one - mean);
    return loss;
  };
  const double least = objective(model->weights);
  for (std::size_t m = 0; m < 3; ++m) {
    for (const double step : {-0.01, 0.01}) {
      std::vector<double> beside = model->weights;
      beside[m] += step;
      EXPECT_GT(objective(beside), least) << m << " " << step;
    }
  }
  const auto again = FitVotes(ballots, 3, {ridge});
  EXPECT_EQ(again->weights, model->weights) << "the same bits";
}

TEST(VoteModelTest, AVoteNeverSpeaksAgainstItsAnswer) {
  // The third is right less often than by chance: its vote would count against its answer.
  const auto ballots = Simulate({0.9, 0.8, 0.1}, {false, false, false}, 2000, 8);
  const auto model = FitVotes(ballots, 3, {0.5});
  ASSERT_TRUE(model.ok());
  EXPECT_EQ(model->weights[2], 0.0);
  EXPECT_GT(model->weights[0], model->weights[1]);
  // The others are what they are without it.
  const auto two = FitVotes(Simulate({0.9, 0.8}, {false, false}, 2000, 9), 2, {0.5});
  for (std::size_t m = 0; m < 2; ++m) EXPECT_NEAR(model->weights[m], two->weights[m], 0.4);
}

TEST(VoteModelTest, WhereItBeginsToLookDoesNotMatter) {
  const auto ballots = Simulate({0.9, 0.7, 0.5}, {false, false, false}, 500, 6);
  const auto one = FitVotes(ballots, 3, {8.0});
  const auto other = FitVotes(ballots, 3, {8.0, {-3.0, 5.0}});
  for (std::size_t m = 0; m < 3; ++m) EXPECT_NEAR(one->weights[m], other->weights[m], 1e-6);
}

TEST(VoteModelTest, WhatMakesNoSenseIsNamed) {
  const auto text = [](std::vector<Ballot> ballots) {
    return FitVotes(ballots, 2, {1.0}).error().text;
  };
  EXPECT_EQ(FitVotes({}, 2, {1.0}).error().text, "votes: no case, expected at least one");
  EXPECT_EQ(text({{{}, 1, 1, 0}}), "votes: case 0: no vote, expected at least one");
  EXPECT_EQ(text({{{{2, 0}}, 1, 1, 0}}), "votes: case 0: model 2, expected less than 2");
  EXPECT_EQ(text({{{{1, 1}}, 1, 1, 0}}), "votes: case 0: answer 1, expected less than 1");
  EXPECT_EQ(text({{{{1, 0}, {1, 0}}, 1, 1, 0}}),
            "votes: case 0: two votes of model 1 for answer 0");
  EXPECT_EQ(text({{{{1, 0, NAN}}, 1, 1, 0}}),
            "votes: case 0: a vote of model 1 that is not finite");
  EXPECT_EQ(text({{{{1, 0}}, 1, 1, 3}}), "votes: case 0: right answer 3, expected less than 1");
  EXPECT_EQ(text({{{{1, 0}}, 1, 0, std::nullopt}}),
            "votes: case 0: the right answer is none that was possible");
  EXPECT_FALSE(FitVotes(std::vector<Ballot>{{{{1, 0}}, 1, 1, 0}}, 2, {0.0}).ok());
  EXPECT_FALSE(FitVotes(std::vector<Ballot>{{{{1, 0}}, 1, 1, 0}}, 2, {NAN}).ok());
}

}  // namespace
}  // namespace consilium
