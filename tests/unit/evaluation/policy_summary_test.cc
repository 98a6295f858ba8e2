#include "aggregator/evaluation/policy_summary.h"

#include <gtest/gtest.h>

#include <cmath>

namespace consilium {
namespace {

// What best_single and another policy got right, by case; one deal, one model behind best_single.
EvalSummary Summarise(const std::vector<double>& best, const std::vector<double>& other) {
  PolicyEval eval;
  std::vector<std::optional<bool>> right;
  std::vector<std::size_t> dealt;
  PolicyResult single, plain;
  for (std::size_t c = 0; c < best.size(); ++c) {
    eval.known.push_back(c);
    dealt.push_back(c);
    right.emplace_back(best[c] == 1.0);
    single.right.emplace_back(best[c]);
    plain.right.emplace_back(other[c]);
  }
  single.policy = Policy::kBestSingle;
  plain.policy = Policy::kTopPlain;
  plain.size = 3;
  eval.results = {single, plain};
  eval.single = SingleChoice({right}, {dealt}, 5);
  return SummarisePolicies(eval, 500, 1);
}

TEST(PolicySummaryTest, AllRightIsNotCertainToStaySo) {
  const std::vector<double> all(20, 1.0);
  const EvalSummary summary = Summarise(all, all);
  const double unseen = 1 - std::pow(0.025, 1.0 / 20);
  for (const PolicySummary& row : summary.policies) {
    EXPECT_DOUBLE_EQ(row.accuracy_interval->low, 1 - unseen);
    EXPECT_EQ(row.accuracy_interval->high, 1.0);
  }
  // Never different so far.
  EXPECT_DOUBLE_EQ(summary.policies[1].difference_interval->low, -unseen);
  EXPECT_DOUBLE_EQ(summary.policies[1].difference_interval->high, unseen);
  EXPECT_FALSE(summary.policies[1].cases_needed) << "no number of cases shows a difference of none";
  const EvalSummary none = Summarise(std::vector<double>(20, 0.0), all);
  EXPECT_EQ(none.policies[0].accuracy_interval->low, 0.0);
  EXPECT_DOUBLE_EQ(none.policies[0].accuracy_interval->high, unseen);
  EXPECT_DOUBLE_EQ(none.policies[1].difference_interval->low, 1 - 2 * unseen);
  EXPECT_EQ(none.policies[1].difference_interval->high, 1.0);
}

TEST(PolicySummaryTest, WhereCasesDifferTheDrawsSayHowMuch) {
  std::vector<double> best(100, 1.0);
  std::vector<double> other(100, 1.0);
  for (std::size_t c = 0; c < 30; ++c) best[c] = 0.0;
  for (std::size_t c = 0; c < 20; ++c) other[c] = 0.0;
  const EvalSummary summary = Summarise(best, other);
  EXPECT_NEAR(summary.policies[0].accuracy_interval->low, 0.61, 0.02);
  EXPECT_NEAR(summary.policies[0].accuracy_interval->high, 0.79, 0.02);
  EXPECT_NEAR(*summary.policies[1].difference, 0.1, 1e-12);
  EXPECT_NEAR(summary.policies[1].difference_interval->low, 0.05, 0.02);
  EXPECT_NEAR(summary.policies[1].difference_interval->high, 0.16, 0.02);
}

}  // namespace
}  // namespace consilium
