#include "aggregator/evaluation/policies.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>

#include "aggregator/evaluation/answer_table.h"
#include "aggregator/statistics/bootstrap.h"
#include "shared/ids.h"

namespace consilium {
namespace {

// Four options; model m is right with `skill[m]`. The last `clones` models repeat one another.
RecordedAnswers Simulate(const std::vector<double>& skill, std::size_t clones, std::size_t count,
                         std::uint64_t seed) {
  SeededRandom random(seed, "table");
  RecordedAnswers recorded;
  for (std::size_t i = 0; i < count; ++i) {
    JudgedCase judged;
    judged.evidence.case_id = "q" + std::to_string(i);
    judged.evidence.options = 4;
    judged.known = true;
    const std::size_t gold = random.Below(4);
    for (std::size_t m = 0; m < skill.size(); ++m) {
      const bool knows = random.Unit() < skill[m];
      const std::size_t other = (gold + 1 + random.Below(3)) % 4;
      EvidenceAnswer answer;
      answer.model = "m" + std::to_string(m);
      answer.key = static_cast<char>('A' + (knows ? gold : other));
      if (m > skill.size() - clones) answer.key = judged.evidence.answers.back().key;
      answer.right = answer.key == std::string(1, static_cast<char>('A' + gold));
      answer.latency_ms = 1000.0 + 1000.0 * static_cast<double>(m);
      answer.cost_usd = 0.01;
      judged.evidence.answers.push_back(std::move(answer));
    }
    recorded.cases.push_back(std::move(judged));
  }
  Complete(recorded);
  return recorded;
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
  const RecordedAnswers table = Simulate({0.9, 0.85, 0.55, 0.55, 0.55}, 3, 1500, 1);
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
  EXPECT_GE(Mean(Of(*eval, Policy::kUtility, 5)), best - 0.005);
  EXPECT_GT(Mean(Of(*eval, Policy::kOracle, 5)), Mean(Of(*eval, Policy::kTopWeighted, 5)));
  const auto& weighted = Of(*eval, Policy::kTopWeighted, 5);
  EXPECT_EQ(weighted.forecasts.size(), 3000u);
  EXPECT_LT(*CalibrationError(weighted.forecasts), 0.03);
  EXPECT_EQ(weighted.accuracy.size(), 2u);
  EXPECT_EQ(weighted.means.calls, 5.0);
  EXPECT_EQ(weighted.means.latency_s, 5.0) << "the slowest of the five";
  EXPECT_NEAR(weighted.means.cost_usd.value(), 0.05, 1e-12);
  EXPECT_EQ(Of(*eval, Policy::kBestSingle, 1).means.latency_s, 1.0);
}

TEST(PoliciesTest, WhatIsHeldBackKeepsTheRiskOfTheRest) {
  PolicyRules rules;
  rules.sizes = {5};
  rules.risk_target = 0.01;
  const auto eval = EvaluatePolicies(Simulate({0.85, 0.8, 0.75, 0.7, 0.65}, 0, 1500, 2), rules);
  ASSERT_TRUE(eval.ok());
  const PolicyMeans& means = Of(*eval, Policy::kTopWeighted, 5).means;
  ASSERT_TRUE(means.abstained && means.risk);
  EXPECT_LE(*means.risk, 0.015);
  EXPECT_GT(*means.abstained, 0.05);
  EXPECT_LT(*means.abstained, 0.8);
  EXPECT_FALSE(Of(*eval, Policy::kTopPlain, 5).means.abstained) << "it states no confidence";
}

TEST(PoliciesTest, AtADeadlineWhoIsSlowerIsNotHeard) {
  PolicyRules rules;
  rules.sizes = {3};
  rules.repeats = 1;
  rules.deadlines_s = {0.5, 1, 2, 5};
  const auto eval = EvaluatePolicies(Simulate({0.6, 0.6, 0.95}, 0, 600, 3), rules);
  ASSERT_TRUE(eval.ok());
  ASSERT_EQ(eval->deadlines.size(), 4u);
  EXPECT_EQ(eval->deadlines[0].answers, 0.0);
  EXPECT_EQ(eval->deadlines[0].right[0], 0.0) << "nobody had answered";
  EXPECT_EQ(eval->deadlines[1].answers, 1.0);
  EXPECT_EQ(eval->deadlines[2].latency_s, 2.0);
  EXPECT_EQ(eval->deadlines[3].answers, 3.0);
  EXPECT_EQ(eval->deadlines[3].right, Of(*eval, Policy::kTopWeighted, 3).right);
}

TEST(PoliciesTest, ABudgetSeatsWhoIsFastAndCheapEnough) {
  PolicyRules rules;
  rules.sizes = {1};
  rules.repeats = 1;
  const auto eval =
      EvaluatePolicies(Simulate({0.7, 0.7, 0.7, 0.7, 0.7, 0.7, 0.9}, 0, 300, 4), rules);
  ASSERT_TRUE(eval.ok());
  EXPECT_NEAR(eval->budget_latency_s.value(), 7.0 / 5, 1e-9);
  EXPECT_NEAR(eval->budget_cost_usd.value(), 0.07 / 3, 1e-9);
  const PolicyMeans& means = Of(*eval, Policy::kUtilityBudget, 7).means;
  EXPECT_EQ(means.calls, 1.0) << "only the first answers within 1.4 s";
  EXPECT_EQ(means.latency_s, 1.0);
}

TEST(PoliciesTest, PlacesAndPlainVotes) {
  RecordedAnswers table = Simulate({0.7, 0.7}, 0, 40, 2);
  for (JudgedCase& judged : table.cases) {
    judged.evidence.answers[0].key = "A";
    judged.evidence.answers[1].key = "B";
    judged.evidence.answers[0].right = false;
    judged.evidence.answers[1].right = true;
    judged.keys.clear();
  }
  table.cases[0].evidence.answers.erase(table.cases[0].evidence.answers.begin());
  table.cases[1].evidence.answers.clear();
  for (JudgedCase& judged : table.cases) judged.tokens.clear();
  Complete(table);
  PolicyRules rules;
  rules.sizes = {2};
  rules.local = {"m1"};
  const auto eval = EvaluatePolicies(table, rules);
  ASSERT_TRUE(eval.ok());
  const auto& plain = Of(*eval, Policy::kTopPlain, 2);
  EXPECT_EQ(plain.right[0], 1.0);
  EXPECT_FALSE(plain.right[1].has_value()) << "nobody answered";
  EXPECT_EQ(plain.right[2], 0.0) << "of answers with as many votes the first key leads";
  EXPECT_EQ(Of(*eval, Policy::kLocal, 1).right[2], 1.0);
  for (const PolicyResult& result : eval->results) EXPECT_NE(result.policy, Policy::kRemote);
}

TEST(PoliciesTest, CasesWithoutAKnownAnswerAreMeasuredWhereTheyCanBe) {
  RecordedAnswers table = Simulate({0.9, 0.8, 0.7}, 0, 300, 6);
  for (std::size_t i = 200; i < 300; ++i) {
    table.cases[i].known = false;
    for (EvidenceAnswer& answer : table.cases[i].evidence.answers) answer.right.reset();
  }
  PolicyRules rules;
  rules.repeats = 1;
  const auto eval = EvaluatePolicies(table, rules);
  ASSERT_TRUE(eval.ok());
  EXPECT_EQ(eval->known.size(), 200u);
  EXPECT_EQ(eval->unknown.cases, 100u);
  EXPECT_GT(eval->unknown.confidence.value(), 0.5);
  EXPECT_EQ(eval->unknown.means.latency_s, 3.0);
  EXPECT_FALSE(eval->unknown.means.risk);
}

TEST(PoliciesTest, SameSeedSameBitsOnAnyNumberOfThreads) {
  const RecordedAnswers table = Simulate({0.8, 0.7, 0.6}, 0, 120, 3);
  PolicyRules rules;
  rules.sizes = {2, 3};
  rules.repeats = 2;
  const auto a = EvaluatePolicies(table, rules);
  rules.threads = 4;
  std::vector<std::size_t> told;
  const auto b = EvaluatePolicies(table, rules, [&told](std::size_t done, std::size_t all) {
    told.push_back(done);
    EXPECT_EQ(all, 20u);
  });
  ASSERT_TRUE(a.ok() && b.ok());
  for (std::size_t r = 0; r < a->results.size(); ++r) {
    EXPECT_EQ(a->results[r].right, b->results[r].right);
    EXPECT_EQ(a->results[r].accuracy, b->results[r].accuracy);
    EXPECT_EQ(a->results[r].means.risk, b->results[r].means.risk);
  }
  ASSERT_FALSE(told.empty());
  EXPECT_EQ(told.back(), 20u);
  EXPECT_TRUE(std::is_sorted(told.begin(), told.end()));
}

TEST(PoliciesTest, RulesOutOfRangeAreNamed) {
  const RecordedAnswers table = Simulate({0.8, 0.7}, 0, 30, 4);
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
  rules = {};
  rules.risk_target = 0;
  EXPECT_EQ(refusal(rules), "risk target = 0.000000, expected more than 0, at most 1");
  EXPECT_EQ(EvaluatePolicies(Simulate({0.8}, 0, 19, 5), {}).error().text,
            "19 cases whose right answer is known, expected at least 20");
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
    rules.sizes = {10};
    rules.folds = 5;
    rules.threads = 4;
    const auto eval = EvaluatePolicies(*table, rules);
    ASSERT_TRUE(eval.ok()) << eval.error().text;
    const Resamples resamples(eval->known.size(), 1000, 1);
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
      std::printf(" %.1f s\n", *result.means.latency_s);
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
