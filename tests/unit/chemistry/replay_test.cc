// Replays against a plain transcription of the rule of docs/decision.md, synergy against its
// definition.
#include "aggregator/chemistry/replay.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <random>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "shared/limits.h"
#include "tests/unit/chemistry/evidence_builder.h"

namespace consilium {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

std::string Named(const char* prefix, std::size_t number) {
  std::string name = prefix;
  name += static_cast<char>('a' + number / 26);
  name += static_cast<char>('a' + number % 26);
  return name;
}

std::vector<std::uint8_t> FlagsOf(std::size_t set, std::size_t members) {
  std::vector<std::uint8_t> seated(members);
  for (std::size_t i = 0; i < members; ++i) seated[i] = static_cast<std::uint8_t>((set >> i) & 1);
  return seated;
}

double ValueOf(const CaseEvidence& evidence, std::size_t set) {
  const Replay replay(evidence);
  return replay.Value(FlagsOf(set, replay.size()));
}

// The rule in other words: clusters in a map, all four criteria in one tuple.
double Oracle(const CaseEvidence& evidence, std::size_t set) {
  const bool by_gold = std::all_of(evidence.answers.begin(), evidence.answers.end(),
                                   [](const EvidenceAnswer& a) { return a.right.has_value(); });
  std::map<std::string, std::vector<const EvidenceAnswer*>> clusters;
  std::size_t member = 0;
  for (const EvidenceAnswer& answer : evidence.answers) {
    if (!by_gold && !answer.grade) continue;
    if (((set >> member++) & 1) != 0) clusters[answer.key].push_back(&answer);
  }
  using Rank = std::tuple<double, double, int, std::string>;
  std::map<Rank, double> ranked;  // the first leads
  for (const auto& [key, answers] : clusters) {
    double support = 0.0;
    double best = -2.0;
    double value = 0.0;
    for (const EvidenceAnswer* answer : answers) {
      support += answer->weight * answer->grade.value_or(0.0);
      if (answer->grade.value_or(-1.0) <= best) continue;
      best = answer->grade.value_or(-1.0);
      value = by_gold ? (*answer->right ? 1.0 : 0.0) : *answer->grade;
    }
    ranked[{-support, -best, -static_cast<int>(answers.size()), key}] = value;
  }
  return ranked.empty() ? 0.0 : ranked.begin()->second;
}

// Grades and weights in coarse steps, so that ties are frequent.
CaseEvidence RandomCase(std::size_t models, std::mt19937_64& random, bool gold) {
  std::string id = "case-";
  id += std::to_string(random() % 1000000);
  EvidenceBuilder builder(id);
  const std::size_t right_key = random() % 4;
  for (std::size_t i = 0; i < models; ++i) {
    const std::size_t key = random() % 4;
    EvidenceAnswer answer;
    answer.model = Named("m", i);
    answer.key = Named("k", key);
    answer.weight = static_cast<double>(random() % 5) / 4;
    if (random() % 6 != 0) answer.grade = static_cast<double>(random() % 9) / 8;
    if (gold) answer.right = key == right_key;
    builder.Add(answer);
  }
  return builder.Build();
}

TEST(ReplayTest, EverySubsetIsDecidedAsRankClustersWould) {
  std::mt19937_64 random(20240601);
  for (int round = 0; round < 200; ++round) {
    const CaseEvidence evidence = RandomCase(1 + random() % 8, random, round % 2 == 0);
    const Replay replay(evidence);
    for (std::size_t set = 0; set < std::size_t{1} << replay.size(); ++set) {
      ASSERT_EQ(replay.Value(FlagsOf(set, replay.size())), Oracle(evidence, set))
          << "seed 20240601, round " << round << ", set " << set;
    }
  }
}

TEST(ReplayTest, SupportThenGradeThenNumberThenKeyDecide) {
  const auto by_support =
      EvidenceBuilder("c").Graded("a", "x", 0.5).Graded("b", "x", 0.5).Graded("c", "y", 0.75);
  EXPECT_EQ(ValueOf(by_support.Build(), 7), 0.5);
  const auto by_grade = EvidenceBuilder("c").Graded("a", "x", 0.5, 1.0).Graded("b", "y", 1.0, 0.5);
  EXPECT_EQ(ValueOf(by_grade.Build(), 3), 1.0);
  const auto by_number = EvidenceBuilder("c")
                             .Judged("a", "x", false, 0.5)
                             .Judged("b", "y", true, 0.5)
                             .Judged("c", "y", true, 0.0);
  EXPECT_EQ(ValueOf(by_number.Build(), 7), 1.0);
  const auto by_key = EvidenceBuilder("c").Judged("a", "y", false, 0.5).Judged("b", "x", true, 0.5);
  EXPECT_EQ(ValueOf(by_key.Build(), 3), 1.0);
}

TEST(ReplayTest, NobodyIsWorthNothing) {
  EXPECT_EQ(ValueOf(EvidenceBuilder("c").Graded("a", "x", 0.9).Build(), 0), 0.0);
  const Replay empty{CaseEvidence{}};
  EXPECT_EQ(empty.size(), 0u);
  EXPECT_FALSE(empty.by_gold());
  EXPECT_EQ(empty.Leader(), std::nullopt);
  EXPECT_EQ(empty.Value({}), 0.0);
}

TEST(ReplayTest, WithGoldUngradedAnswersAreJudgedToo) {
  const CaseEvidence evidence =
      EvidenceBuilder("c").Judged("a", "x", true).Judged("b", "y", false, 0.25).Build();
  const Replay replay(evidence);
  EXPECT_TRUE(replay.by_gold());
  EXPECT_EQ(replay.members(), (std::vector<std::size_t>{0, 1}));
  EXPECT_EQ(ValueOf(evidence, 1), 1.0);
  EXPECT_EQ(ValueOf(evidence, 3), 0.0);  // support 0.25 beats an ungraded answer
  EXPECT_EQ(replay.Leader(), 1u);
}

TEST(ReplayTest, WithoutGoldUngradedAnswersAreLeftOut) {
  const CaseEvidence evidence =
      EvidenceBuilder("c").Ungraded("a", "x").Graded("b", "y", 0.5).Judged("c", "z", true).Build();
  const Replay replay(evidence);
  EXPECT_FALSE(replay.by_gold());
  EXPECT_EQ(replay.members(), (std::vector<std::size_t>{1}));
}

TEST(ReplayTest, WhatNoModelSaidIsLeftOut) {
  const CaseEvidence evidence = EvidenceBuilder("c")
                                    .Graded("", "x", 0.5)
                                    .Graded("b|c", "x", 0.5)
                                    .Graded("b", "y", 0.5)
                                    .Graded("b", "z", 1.0)
                                    .Graded("c", "z", 7.0)
                                    .Graded("d", "z", kNan)
                                    .Graded("e", "v", 0.25, kNan)
                                    .Graded("f", "w", 0.25, -3.0)
                                    .Build();
  const Replay replay(evidence);
  EXPECT_EQ(replay.members(), (std::vector<std::size_t>{2, 6, 7}));
  EXPECT_EQ(ValueOf(evidence, 7), 0.5);
  EXPECT_EQ(CountedAnswers(evidence), (std::vector<std::size_t>{2, 4, 5, 6, 7}));
}

TEST(ReplayTest, ACouncilIsNotLargerThanACluster) {
  EvidenceBuilder builder("c");
  for (std::size_t i = 0; i < limits::kModelsMax + 5; ++i) {
    builder.Graded(Named("m", i), Named("k", i), 0.5);
  }
  EXPECT_EQ(Replay(builder.Build()).size(), limits::kModelsMax);
}

// The mean over non-empty X, as it is defined.
double Definition(const Replay& replay, std::size_t a, std::size_t b) {
  const std::size_t n = replay.size();
  const auto value = [&](std::size_t set) { return replay.Value(FlagsOf(set, n)); };
  const std::size_t bit_a = std::size_t{1} << a;
  const std::size_t bit_b = std::size_t{1} << b;
  double sum = 0.0;
  double count = 0.0;
  for (std::size_t x = 1; x < std::size_t{1} << n; ++x) {
    if ((x & (bit_a | bit_b)) != 0) continue;
    sum += value(x | bit_a | bit_b) - value(x | bit_a) - value(x | bit_b) + value(x);
    ++count;
  }
  return sum / count;
}

TEST(SynergyTest, EqualsItsDefinition) {
  std::mt19937_64 random(5);
  for (int round = 0; round < 60; ++round) {
    const CaseEvidence evidence = RandomCase(3 + random() % 6, random, round % 2 == 0);
    const Replay replay(evidence);
    const CaseSynergy synergy = MeasureSynergy(replay, evidence);
    EXPECT_EQ(synergy.members, replay.size());
    if (replay.size() < 3) {
      EXPECT_TRUE(synergy.pairs.empty());
      continue;
    }
    ASSERT_EQ(synergy.pairs.size(), replay.size() * (replay.size() - 1) / 2);
    for (std::size_t a = 0; a < replay.size(); ++a) {
      for (std::size_t b = a + 1; b < replay.size(); ++b) {
        EXPECT_NEAR(synergy.pairs[synergy.Index(a, b)], Definition(replay, a, b), 1e-12)
            << "seed 5, round " << round << ", pair " << a << ", " << b;
      }
    }
  }
}

TEST(SynergyTest, LargestExactCouncilEqualsItsDefinition) {
  std::mt19937_64 random(6);
  const CaseEvidence evidence = RandomCase(kExactMembers, random, true);
  const Replay replay(evidence);
  ASSERT_EQ(replay.size(), kExactMembers);
  const CaseSynergy synergy = MeasureSynergy(replay, evidence);
  EXPECT_NEAR(synergy.pairs[synergy.Index(0, 1)], Definition(replay, 0, 1), 1e-12);
  EXPECT_NEAR(synergy.pairs[synergy.Index(4, 11)], Definition(replay, 4, 11), 1e-12);
  EXPECT_NEAR(synergy.pairs.back(), Definition(replay, 10, 11), 1e-12);
}

// All pairs at once, with what a sampled estimate of each may be off by: 4 s / sqrt(draws), s the
// deviation of (v(T) + v(complement) - mean) / 2 chi_a chi_b over all T.
struct Enumerated {
  double synergy = 0.0;
  double error = 0.0;
};

std::vector<Enumerated> Enumerate(const Replay& replay) {
  const std::size_t n = replay.size();
  const std::size_t all = (std::size_t{1} << n) - 1;
  std::vector<double> values(all + 1);
  double mean = 0.0;
  for (std::size_t set = 0; set <= all; ++set) {
    values[set] = replay.Value(FlagsOf(set, n));
    mean += values[set] / static_cast<double>(all + 1);
  }
  std::vector<Enumerated> pairs;
  for (std::size_t a = 0; a < n; ++a) {
    for (std::size_t b = a + 1; b < n; ++b) {
      const std::size_t bits = (std::size_t{1} << a) | (std::size_t{1} << b);
      double sum = 0.0;
      double square = 0.0;
      for (std::size_t set = 0; set <= all; ++set) {
        const double sign = (set & bits) == 0 || (set & bits) == bits ? 1.0 : -1.0;
        const double term = sign * ((values[set] + values[all - set]) / 2 - mean);
        sum += sign * values[set];
        square += term * term / static_cast<double>(all + 1);
      }
      const double corner = values[bits] - values[bits & (~bits + 1)] - values[bits & (bits - 1)];
      const double expected = sum / static_cast<double>(all + 1);
      const double sets = static_cast<double>(std::size_t{1} << (n - 2)) - 1;
      pairs.push_back({(sum - corner) / sets,
                       4 * std::sqrt((square - expected * expected) / (kSampledSets / 2.0))});
    }
  }
  return pairs;
}

TEST(SynergyTest, SampledCouncilIsWithinFiveStandardErrorsOfAllSets) {
  std::mt19937_64 random(7);
  double squares = 0.0;
  double count = 0.0;
  for (int round = 0; round < 6; ++round) {
    CaseEvidence evidence;
    do {
      evidence = RandomCase(16, random, round % 2 == 0);
      evidence.answers.resize(14);
    } while (Replay(evidence).size() != 14);
    if (round >= 4) {
      for (EvidenceAnswer& answer : evidence.answers) answer.key = "same";
    }
    const Replay replay(evidence);
    const CaseSynergy synergy = MeasureSynergy(replay, evidence);
    const std::vector<Enumerated> exact = Enumerate(replay);
    ASSERT_EQ(synergy.pairs.size(), exact.size());
    for (std::size_t p = 0; p < exact.size(); ++p) {
      EXPECT_NEAR(synergy.pairs[p], exact[p].synergy, 5 * exact[p].error + 1e-12)
          << "seed 7, round " << round << ", pair " << p;
      if (exact[p].error < 1e-6) continue;
      squares += std::pow((synergy.pairs[p] - exact[p].synergy) / exact[p].error, 2);
      ++count;
    }
  }
  // Neither biased nor noisier than it says. Pairs of one case share their sets, so not by much.
  EXPECT_GT(squares / count, 0.5) << "seed 7";
  EXPECT_LT(squares / count, 2.0) << "seed 7";
}

TEST(SynergyTest, SampleDependsOnTheCaseAlone) {
  std::mt19937_64 random(8);
  CaseEvidence evidence = RandomCase(20, random, true);
  const auto once = MeasureSynergy(Replay(evidence), evidence).pairs;
  EXPECT_EQ(MeasureSynergy(Replay(evidence), evidence).pairs, once);
  evidence.case_id = "another";
  EXPECT_NE(MeasureSynergy(Replay(evidence), evidence).pairs, once);
}

TEST(SynergyTest, TwoWhoOutvoteTheWrongOnlyTogetherAreSynergistic) {
  const CaseEvidence evidence = EvidenceBuilder("c")
                                    .Judged("a", "right", true, 0.4)
                                    .Judged("b", "right", true, 0.4)
                                    .Judged("c", "wrong", false, 0.6)
                                    .Build();
  EXPECT_EQ(MeasureSynergy(Replay(evidence), evidence).pairs[0], 1.0);
}

TEST(SynergyTest, TwoWhoEachSufficeAreRedundant) {
  const CaseEvidence evidence = EvidenceBuilder("c")
                                    .Judged("a", "right", true, 0.7)
                                    .Judged("b", "right", true, 0.7)
                                    .Judged("c", "wrong", false, 0.6)
                                    .Build();
  EXPECT_EQ(MeasureSynergy(Replay(evidence), evidence).pairs[0], -1.0);
}

TEST(SynergyTest, TwoWhoOutvoteTheRightTogetherAreAntagonistic) {
  const CaseEvidence evidence = EvidenceBuilder("c")
                                    .Judged("a", "wrong", false, 0.4)
                                    .Judged("b", "wrong", false, 0.4)
                                    .Judged("c", "right", true, 0.6)
                                    .Build();
  EXPECT_EQ(MeasureSynergy(Replay(evidence), evidence).pairs[0], -1.0);
}

TEST(SynergyTest, EqualAnswersAndFewMembersSayNothing) {
  const auto one = EvidenceBuilder("c").Graded("a", "x", 0.5);
  const auto two = EvidenceBuilder("c").Graded("a", "x", 0.5).Graded("b", "y", 0.25);
  EXPECT_TRUE(MeasureSynergy(Replay(one.Build()), one.Build()).pairs.empty());
  EXPECT_TRUE(MeasureSynergy(Replay(two.Build()), two.Build()).pairs.empty());
  for (const std::size_t models : {std::size_t{4}, std::size_t{13}}) {
    EvidenceBuilder same("c");
    for (std::size_t i = 0; i < models; ++i) same.Graded(Named("m", i), "x", 0.5);
    for (const double pair : MeasureSynergy(Replay(same.Build()), same.Build()).pairs) {
      // From 13 members on, sets that leave nobody in are as rare as they are in the sample.
      EXPECT_NEAR(pair, 0.0, models == 4 ? 0.0 : 1e-3);
    }
  }
}

}  // namespace
}  // namespace consilium
