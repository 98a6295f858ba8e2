#include "aggregator/evaluation/policies.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "aggregator/statistics/bootstrap.h"
#include "shared/ids.h"

namespace consilium {
namespace {

// Four options; model m is right with `skill[m]`. The last `clones` models repeat one another.
AnswerTable Simulate(const std::vector<double>& skill, std::size_t clones, std::size_t count,
                     std::uint64_t seed) {
  SeededRandom random(seed, "table");
  AnswerTable table;
  for (std::size_t m = 0; m < skill.size(); ++m) table.models.push_back("m" + std::to_string(m));
  for (std::size_t i = 0; i < count; ++i) {
    Question question;
    question.id = "q" + std::to_string(i);
    question.options = 4;
    question.gold = static_cast<char>('A' + random.Below(4));
    for (std::size_t m = 0; m < skill.size(); ++m) {
      const bool knows = random.Unit() < skill[m];
      const auto other = static_cast<std::size_t>(question.gold - 'A') + 1 + random.Below(3);
      RecordedAnswer answer{knows ? question.gold : static_cast<char>('A' + other % 4),
                            1.0 + static_cast<double>(m)};
      if (m > skill.size() - clones) answer.option = question.answers.back()->option;
      question.answers.emplace_back(answer);
    }
    table.questions.push_back(std::move(question));
  }
  return table;
}

double Mean(const PolicyResult& result) {
  double sum = 0, count = 0;
  for (const auto& right : result.right) {
    if (!right) continue;
    sum += *right;
    count += 1;
  }
  return sum / count;
}

const PolicyResult& Of(const PolicyEval& eval, Policy policy, std::size_t size) {
  for (const PolicyResult& result : eval.results) {
    if (result.policy == policy && result.size == size) return result;
  }
  throw std::out_of_range("no such policy");
}

TEST(PoliciesTest, WeighedVotesAreNotOutvotedByModelsThatRepeatOneAnother) {
  const AnswerTable table = Simulate({0.9, 0.85, 0.55, 0.55, 0.55}, 3, 1500, 1);
  PolicyRules rules;
  rules.sizes = {3, 5};
  rules.repeats = 2;
  const auto eval = EvaluatePolicies(table, rules);
  ASSERT_TRUE(eval.ok()) << eval.error().text;
  const double best = Mean(Of(*eval, Policy::kBestSingle, 1));
  EXPECT_NEAR(best, 0.9, 0.02);
  EXPECT_NEAR(Mean(Of(*eval, Policy::kAverageSingle, 1)), 0.68, 0.02);
  EXPECT_LT(Mean(Of(*eval, Policy::kTopPlain, 5)), best - 0.1) << "three outvote two";
  EXPECT_GE(Mean(Of(*eval, Policy::kTopWeighted, 5)), best - 0.005);
  EXPECT_GT(Mean(Of(*eval, Policy::kOracle, 5)), Mean(Of(*eval, Policy::kTopWeighted, 5)));
  const auto& weighted = Of(*eval, Policy::kTopWeighted, 5);
  EXPECT_EQ(weighted.forecasts.size(), 3000u);
  EXPECT_LT(*CalibrationError(weighted.forecasts), 0.03);
  EXPECT_EQ(weighted.accuracy.size(), 2u);
  EXPECT_EQ(weighted.calls, 5);
  EXPECT_EQ(weighted.latency_mean, 5.0) << "the slowest of the five";
  EXPECT_EQ(Of(*eval, Policy::kBestSingle, 1).latency_mean, 1.0);
}

TEST(PoliciesTest, ATieIsSharedAndWhoDidNotAnswerCountsForNothing) {
  AnswerTable table = Simulate({0.7, 0.7}, 0, 40, 2);
  for (Question& question : table.questions) {
    question.gold = 'A';
    question.answers[0]->option = 'A';
    question.answers[1]->option = 'B';
  }
  table.questions[0].answers[0].reset();
  table.questions[1].answers[0].reset();
  table.questions[1].answers[1].reset();
  PolicyRules rules;
  rules.sizes = {2};
  const auto eval = EvaluatePolicies(table, rules);
  ASSERT_TRUE(eval.ok());
  const auto& plain = Of(*eval, Policy::kTopPlain, 2);
  EXPECT_EQ(plain.right[2], 0.5);
  EXPECT_EQ(plain.right[0], 0.0);
  EXPECT_FALSE(plain.right[1].has_value());
}

TEST(PoliciesTest, SameSeedSameBits) {
  const AnswerTable table = Simulate({0.8, 0.7, 0.6}, 0, 120, 3);
  PolicyRules rules;
  rules.sizes = {2, 3};
  rules.repeats = 2;
  const auto a = EvaluatePolicies(table, rules);
  const auto b = EvaluatePolicies(table, rules);
  ASSERT_TRUE(a.ok() && b.ok());
  for (std::size_t r = 0; r < a->results.size(); ++r) {
    EXPECT_EQ(a->results[r].right, b->results[r].right);
    EXPECT_EQ(a->results[r].accuracy, b->results[r].accuracy);
  }
}

TEST(PoliciesTest, RulesOutOfRangeAreNamed) {
  const AnswerTable table = Simulate({0.8, 0.7}, 0, 30, 4);
  const auto refusal = [&](PolicyRules rules) {
    return EvaluatePolicies(table, rules).error().text;
  };
  PolicyRules rules;
  rules.folds = 31;
  EXPECT_EQ(refusal(rules), "folds = 31, expected 2..30");
  rules = {};
  rules.repeats = 0;
  EXPECT_EQ(refusal(rules), "repeats = 0, expected 1..100");
  rules = {};
  rules.sizes = {0};
  EXPECT_EQ(refusal(rules), "size = 0, expected 1..256");
  EXPECT_EQ(EvaluatePolicies(Simulate({0.8}, 0, 19, 5), {}).error().text,
            "19 questions whose right answer is known, expected at least 20");
}

// What is known of the recorded answers: plain voting of all loses to one well-chosen model,
// weighed votes do not, and their confidence tells when to trust them.
TEST(PoliciesTest, RecordedAnswers) {
  for (const char* name : {"matrix_medqa.csv", "matrix_mmlu.csv"}) {
    std::ifstream file(std::string(CONSILIUM_SOURCE_DIR "/../shared/answers/") + name);
    const std::string csv(std::istreambuf_iterator<char>(file), {});
    if (csv.empty()) GTEST_SKIP() << "../shared is absent: no answers/" << name;
    const auto table = ReadAnswerMatrix(csv);
    ASSERT_TRUE(table.ok());
    PolicyRules rules;
    rules.repeats = 1;
    const auto eval = EvaluatePolicies(*table, rules);
    ASSERT_TRUE(eval.ok()) << eval.error().text;
    const Resamples resamples(eval->questions.size(), 1000, 1);
    const auto& best = Of(*eval, Policy::kBestSingle, 1);
    for (const PolicyResult& result : eval->results) {
      std::vector<std::optional<double>> difference;
      for (std::size_t q = 0; q < result.right.size(); ++q) {
        auto& one = difference.emplace_back();
        if (result.right[q] && best.right[q]) one = *result.right[q] - *best.right[q];
      }
      const auto interval = resamples.OfMean(difference);
      std::printf("%s %-14s %2zu: %.4f (%+.4f .. %+.4f)", name,
                  std::string(kPolicyNames[static_cast<std::size_t>(result.policy)]).c_str(),
                  result.size, Mean(result), interval->low, interval->high);
      if (!result.forecasts.empty()) {
        std::printf(" ECE %.3f AUROC %.3f at 80 %% %.4f", *CalibrationError(result.forecasts),
                    *Auroc(result.forecasts), *AccuracyAt(result.forecasts, 0.8));
      }
      std::printf(" %.1f s\n", *result.latency_mean);
    }
    const auto& weighted = Of(*eval, Policy::kTopWeighted, 10);
    EXPECT_LT(Mean(Of(*eval, Policy::kTopPlain, 10)), Mean(best));
    EXPECT_GT(Mean(weighted), Mean(Of(*eval, Policy::kTopPlain, 10)));
    EXPECT_LT(*CalibrationError(weighted.forecasts), 0.05);
    EXPECT_GT(*AccuracyAt(weighted.forecasts, 0.8), Mean(best));
  }
}

}  // namespace
}  // namespace consilium
