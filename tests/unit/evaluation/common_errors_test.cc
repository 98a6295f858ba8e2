// Models that err together: plain votes lose to the best single model, weighed ones do not.
#include <gtest/gtest.h>

#include <functional>

#include "aggregator/evaluation/policies.h"
#include "aggregator/evaluation/policy_summary.h"
#include "shared/ids.h"

namespace consilium {
namespace {

constexpr std::size_t kOptions = 4;

// What the models say to a question whose right answer is `gold`.
using Answering = std::function<std::vector<std::size_t>(std::size_t gold, SeededRandom& random)>;

std::size_t Wrong(std::size_t gold, SeededRandom& random) {
  return (gold + 1 + random.Below(kOptions - 1)) % kOptions;
}
std::size_t Say(double skill, std::size_t gold, SeededRandom& random) {
  const bool knows = random.Unit() < skill;
  const std::size_t other = Wrong(gold, random);
  return knows ? gold : other;
}

// One that is right in 0.88 and five copies of one that is in 0.7, each of which slips at times.
std::vector<std::size_t> NearClones(std::size_t gold, SeededRandom& random) {
  std::vector<std::size_t> said = {Say(0.88, gold, random)};
  const std::size_t shared = Say(0.7, gold, random);
  for (int m = 0; m < 5; ++m) said.push_back(random.Unit() < 0.95 ? shared : random.Below(4));
  return said;
}

// Independent, but for three questions in ten: there most of the five fall for the same trap.
std::vector<std::size_t> Traps(std::size_t gold, SeededRandom& random) {
  const bool trap = random.Unit() < 0.3;
  const std::size_t decoy = Wrong(gold, random);
  std::vector<std::size_t> said = {Say(0.88, gold, random)};
  for (int m = 0; m < 5; ++m) {
    const std::size_t own = Say(0.85, gold, random);
    said.push_back(trap && random.Unit() < 0.8 ? decoy : own);
  }
  return said;
}

// Two families, each of which shares what it believes; the good model belongs to neither.
std::vector<std::size_t> Families(std::size_t gold, SeededRandom& random) {
  std::vector<std::size_t> said = {Say(0.9, gold, random)};
  for (int family = 0; family < 2; ++family) {
    const std::size_t belief = Say(0.6, gold, random);
    for (int m = 0; m < 3; ++m) {
      said.push_back(random.Unit() < 0.9 ? belief : Say(0.6, gold, random));
    }
  }
  return said;
}

RecordedAnswers Record(const Answering& answering, std::size_t count, std::uint64_t seed) {
  SeededRandom random(seed, "together");
  RecordedAnswers recorded;
  for (std::size_t i = 0; i < count; ++i) {
    JudgedCase judged;
    judged.evidence.case_id = "q" + std::to_string(i);
    judged.evidence.options = kOptions;
    judged.known = true;
    const std::size_t gold = random.Below(kOptions);
    const std::vector<std::size_t> said = answering(gold, random);
    for (std::size_t m = 0; m < said.size(); ++m) {
      EvidenceAnswer& answer = judged.evidence.answers.emplace_back();
      answer.model = "m" + std::to_string(m);
      answer.key = static_cast<char>('A' + said[m]);
      answer.right = said[m] == gold;
    }
    recorded.cases.push_back(std::move(judged));
  }
  Complete(recorded);
  return recorded;
}

const PolicySummary& Of(const EvalSummary& summary, Policy policy) {
  for (const PolicySummary& row : summary.policies) {
    if (row.policy == policy) return row;
  }
  throw std::out_of_range("no such policy");
}

TEST(CommonErrorsTest, WeighedVotesAreNotBelowTheBestSingleModelWherePlainOnesAre) {
  const struct {
    const char* name;
    Answering answering;
  } kinds[] = {{"near clones", NearClones}, {"traps", Traps}, {"families", Families}};
  for (const auto& [name, answering] : kinds) {
    for (std::uint64_t seed = 1; seed <= 3; ++seed) {
      const RecordedAnswers recorded = Record(answering, 500, seed);
      PolicyRules rules;
      rules.sizes = {recorded.models.size()};
      rules.folds = 5;
      rules.repeats = 1;
      const auto eval = EvaluatePolicies(recorded, rules);
      ASSERT_TRUE(eval.ok()) << eval.error().text;
      const EvalSummary summary = SummarisePolicies(*eval, 500, seed);
      const PolicySummary& plain = Of(summary, Policy::kTopPlain);
      const PolicySummary& weighted = Of(summary, Policy::kTopWeighted);
      std::printf("%-11s %llu: plain %+.3f (%+.3f .. %+.3f), weighed %+.3f (%+.3f .. %+.3f)\n",
                  name, static_cast<unsigned long long>(seed), *plain.difference,
                  plain.difference_interval->low, plain.difference_interval->high,
                  *weighted.difference, weighted.difference_interval->low,
                  weighted.difference_interval->high);
      EXPECT_LT(plain.difference_interval->high, 0.0) << name << " " << seed;
      EXPECT_GE(weighted.difference_interval->high, 0.0) << name << " " << seed;
      EXPECT_GE(*weighted.difference, -0.01) << name << " " << seed;
      // Agreement among those that err together is no reason to be sure.
      EXPECT_LT(*weighted.calibration_error, 0.05) << name << " " << seed;
      EXPECT_GT(*plain.calibration_error, *weighted.calibration_error) << name << " " << seed;
    }
  }
}

}  // namespace
}  // namespace consilium
