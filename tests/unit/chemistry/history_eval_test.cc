// Strategies are scored on trials that they have not seen, and nothing else decides the figures.
#include "aggregator/chemistry/history_eval.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "shared/ids.h"

namespace consilium {
namespace {

std::string Numbered(const char* prefix, std::size_t number) {
  std::string name = prefix;
  name += std::to_string(number);
  return name;
}

// A history of one task in few words; rows are borrowed by History().
class HistoryBuilder {
 public:
  void Add(const std::string& trial, const std::string& model, bool right,
           const std::string& strategy = "RANDOM") {
    HistoryRow row;
    row.line = rows_.size() + 2;
    row.trial = trial;
    row.model = model;
    // Right answers are the same; wrong ones differ by model.
    row.result = right ? 0 : 1 + names_.emplace(model, names_.size()).first->second;
    row.quality = right ? 9.0 : 3.0;
    row.accuracy = right ? 0.9 : 0.1;
    row.generation_accuracy = right ? 1.0 : 0.0;
    row.review_accuracy = 0.8;
    row.strategy = strategy;
    rows_.push_back(row);
  }
  TaskHistory History() const {
    TaskHistory history{"a task", {}};
    for (const HistoryRow& row : rows_) history.rows.push_back(&row);
    return history;
  }

 private:
  std::vector<HistoryRow> rows_;
  std::map<std::string, std::size_t> names_;
};

// a, b and c each know the trials of one third; d and e know 45% each, by chance.
HistoryBuilder ThreeThirds(std::size_t trials) {
  HistoryBuilder builder;
  SeededRandom random(1, "three thirds");
  for (std::size_t i = 0; i < trials; ++i) {
    const std::string trial = Numbered("trial ", i);
    builder.Add(trial, "a", i % 3 == 0);
    builder.Add(trial, "b", i % 3 == 1);
    builder.Add(trial, "c", i % 3 == 2);
    builder.Add(trial, "d", random.Unit() < 0.45);
    builder.Add(trial, "e", random.Unit() < 0.45);
  }
  return builder;
}

EvalRules RulesOf(std::vector<std::size_t> sizes, std::size_t splits, std::uint64_t seed = 1) {
  EvalRules rules;
  rules.sizes = std::move(sizes);
  rules.splits = splits;
  rules.seed = seed;
  return rules;
}

std::vector<std::vector<EvalScore>> RunSplits(const HistoryBuilder& builder,
                                              const EvalRules& rules) {
  std::vector<std::vector<EvalScore>> splits;
  const auto eval = HistoryEval::Make(builder.History(), rules);
  EXPECT_TRUE(eval.ok()) << (eval.ok() ? "" : eval.error().text);
  for (std::size_t split = 0; eval.ok() && split < rules.splits; ++split) {
    auto scores = eval->RunSplit(split);
    EXPECT_TRUE(scores.ok()) << (scores.ok() ? "" : scores.error().text);
    if (scores.ok()) splits.push_back(*std::move(scores));
  }
  return splits;
}

EvalRow RowOf(const std::vector<EvalRow>& rows, const std::string& strategy, std::size_t size) {
  for (const EvalRow& row : rows) {
    if (row.strategy == strategy && row.size == size) return row;
  }
  ADD_FAILURE() << "no row for " << strategy << " of " << size;
  return {};
}

std::string ErrorOf(const HistoryBuilder& builder, const EvalRules& rules) {
  const auto eval = HistoryEval::Make(builder.History(), rules);
  return eval.ok() ? "no error" : eval.error().text;
}

TEST(HistoryEvalTest, CouncilOfComplementsIsFoundOnOneHalfAndWinsOnTheOther) {
  const auto rows = Summarise(RunSplits(ThreeThirds(150), RulesOf({3}, 5)));
  const EvalRow utility = RowOf(rows, "utility", 3);
  EXPECT_DOUBLE_EQ(utility.outcome.mean.value(), 1.0);
  EXPECT_DOUBLE_EQ(utility.weighted.mean.value(), 1.0);
  EXPECT_DOUBLE_EQ(utility.members.mean.value(), 3.0);
  EXPECT_DOUBLE_EQ(utility.gap.mean.value(), 0.0);
  EXPECT_LT(RowOf(rows, "single", 3).outcome.mean.value(), 0.6);
  EXPECT_LT(RowOf(rows, "random", 3).outcome.mean.value(), 0.95);
  EXPECT_GT(utility.over_random.mean.value(), 3 * utility.over_random_error.mean.value());
  EXPECT_GT(utility.over_single.mean.value(), 3 * utility.over_single_error.mean.value());
  EXPECT_GT(utility.over_performance.mean.value(), 0.0)
      << "d and e are the most accurate, and know the same share by chance";
}

TEST(HistoryEvalTest, ChanceDoesNotPassForSkill) {
  HistoryBuilder builder;
  SeededRandom random(5, "chance");
  for (std::size_t i = 0; i < 1000; ++i) {
    for (const char* model : {"a", "b", "c", "d", "e", "f"}) {
      // Grades are honest, so that councils are better than one; which models sit cannot matter.
      builder.Add(Numbered("trial ", i), model, random.Unit() < 0.5);
    }
  }
  const auto rows = Summarise(RunSplits(builder, RulesOf({2}, 10)));
  const double random_outcome = RowOf(rows, "random", 2).outcome.mean.value();
  EXPECT_NEAR(random_outcome, 0.75, 0.02);
  for (const char* strategy : {"performance", "chemistry", "utility-exact"}) {
    const EvalRow row = RowOf(rows, strategy, 2);
    EXPECT_NEAR(row.outcome.mean.value(), random_outcome, 0.03) << strategy << ", seed 5";
    EXPECT_GT(row.gap.mean.value(), 0.0) << strategy;
  }
}

TEST(HistoryEvalTest, OracleBoundsEveryStrategyOfItsSize) {
  for (const auto& split : RunSplits(ThreeThirds(60), RulesOf({2, 4}, 6, 9))) {
    std::map<std::size_t, double> best;
    for (const EvalScore& score : split) {
      if (score.strategy == "oracle") best[score.size] = score.outcome.value();
    }
    for (const EvalScore& score : split) {
      if (score.models.size() != score.size) continue;
      EXPECT_LE(score.outcome.value(), best[score.size] + 1e-12)
          << score.strategy << " of " << score.size;
    }
  }
}

TEST(HistoryEvalTest, SameSeedGivesTheSameBitsAndAnotherSeedOtherHalves) {
  const auto builder = ThreeThirds(60);
  const auto figures = [&](std::uint64_t seed) {
    std::vector<double> all;
    for (const auto& split : RunSplits(builder, RulesOf({1, 3}, 3, seed))) {
      for (const EvalScore& score : split) {
        all.push_back(score.outcome.value_or(-1.0));
        all.push_back(score.over_random.mean.value_or(-1.0));
      }
    }
    return all;
  };
  EXPECT_EQ(figures(7), figures(7));
  EXPECT_NE(figures(7), figures(8));
}

TEST(HistoryEvalTest, CoverageAndOverlapAreSharesOfTrialsAndMembers) {
  HistoryBuilder builder;
  for (std::size_t i = 0; i < 40; ++i) {
    const std::string trial = Numbered("trial ", i);
    builder.Add(trial, i % 2 == 0 ? "a" : "b", true);
    builder.Add(trial, i % 2 == 0 ? "c" : "d", false);
  }
  const auto splits = RunSplits(builder, RulesOf({1}, 1));
  for (const EvalScore& score : splits.front()) {
    if (score.strategy == "all") {
      EXPECT_EQ(score.models.size(), 4u);
      EXPECT_DOUBLE_EQ(score.coverage, 1.0);
      EXPECT_DOUBLE_EQ(score.overlap, 0.5);
      EXPECT_DOUBLE_EQ(score.trials, 20.0);
      EXPECT_DOUBLE_EQ(score.outcome.value(), 1.0);
    }
    if (score.strategy == "single") {
      EXPECT_EQ(score.models.size(), 1u);
      EXPECT_DOUBLE_EQ(score.coverage * 20.0, score.trials);
      EXPECT_DOUBLE_EQ(score.overlap, 1.0);
      EXPECT_EQ(score.over_single.trials, static_cast<std::size_t>(score.trials));
      EXPECT_DOUBLE_EQ(score.over_single.mean.value(), 0.0);
    }
  }
}

TEST(HistoryEvalTest, LocalAndRemoteSeatWhomTheHistoryPlacesSo) {
  HistoryBuilder builder;
  for (std::size_t i = 0; i < 40; ++i) {
    const bool local = i % 2 == 0;
    for (const char* model : {"a", "b"}) {
      builder.Add(Numbered("trial ", i), std::string(local ? "near-" : "far-") + model, i % 3 != 0,
                  local ? "LOCAL" : "REMOTE");
    }
  }
  const auto splits = RunSplits(builder, RulesOf({3}, 1));
  for (const EvalScore& score : splits.front()) {
    if (score.strategy == "local") {
      EXPECT_EQ(score.models, (std::vector<std::string>{"near-a", "near-b"}));
    }
    if (score.strategy == "remote") {
      EXPECT_EQ(score.models, (std::vector<std::string>{"far-a", "far-b"}));
    }
  }
  const auto rows = Summarise(RunSplits(ThreeThirds(30), RulesOf({3}, 2)));
  EXPECT_FALSE(RowOf(rows, "local", 3).outcome.mean.has_value()) << "no trial says who is local";
  EXPECT_FALSE(RowOf(rows, "local", 3).coverage.mean.has_value());
}

TEST(HistoryEvalTest, SizesBeyondTheModelsSeatWhomThereIs) {
  const auto rows = Summarise(RunSplits(ThreeThirds(40), RulesOf({9}, 2)));
  for (const char* strategy : {"random", "performance", "chemistry", "utility-exact", "oracle"}) {
    EXPECT_DOUBLE_EQ(RowOf(rows, strategy, 9).members.mean.value(), 5.0) << strategy;
  }
}

TEST(HistoryEvalTest, RulesOutOfRangeAndTooFewTrialsAreErrors) {
  const auto builder = ThreeThirds(10);
  EXPECT_EQ(ErrorOf(builder, RulesOf({}, 1)), "sizes: 0 given, expected 1..16");
  EXPECT_EQ(ErrorOf(builder, RulesOf({0}, 1)), "size = 0, expected 1..256");
  EXPECT_EQ(ErrorOf(builder, RulesOf({257}, 1)), "size = 257, expected 1..256");
  EXPECT_EQ(ErrorOf(builder, RulesOf({3, 3}, 1)), "size = 3 is given twice");
  EXPECT_EQ(ErrorOf(builder, RulesOf({3}, 0)), "splits = 0, expected 1..1000");
  EXPECT_EQ(ErrorOf(builder, RulesOf({3}, 1001)), "splits = 1001, expected 1..1000");
  EXPECT_EQ(ErrorOf(ThreeThirds(3), RulesOf({3}, 1)),
            "the task has 3 trials with a usable answer, expected at least 4");
}

TEST(HistoryEvalTest, SummaryTakesMeansOverTheSplitsThatHaveAValue) {
  std::vector<std::vector<EvalScore>> splits(3, std::vector<EvalScore>(2));
  for (std::size_t i = 0; i < 3; ++i) {
    splits[i][0].strategy = "x";
    splits[i][1].strategy = "oracle";
    splits[i][1].outcome = 0.9;
  }
  splits[0][0].outcome = 0.2;
  splits[1][0].outcome = 0.4;
  splits[0][0].coverage = splits[1][0].coverage = 0.5;
  const EvalRow row = RowOf(Summarise(splits), "x", 0);
  EXPECT_EQ(row.outcome.splits, 2u);
  EXPECT_DOUBLE_EQ(row.outcome.mean.value(), 0.3);
  EXPECT_DOUBLE_EQ(row.outcome.error.value(), std::sqrt(0.02 / 2));
  EXPECT_DOUBLE_EQ(row.coverage.mean.value(), 0.5) << "a split that seats nobody has no coverage";
  EXPECT_DOUBLE_EQ(row.gap.mean.value(), 0.6);
  EXPECT_FALSE(row.over_single.mean.has_value());
  EXPECT_TRUE(Summarise({}).empty());
}

}  // namespace
}  // namespace consilium
