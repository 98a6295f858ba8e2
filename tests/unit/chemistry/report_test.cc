// Estimates against plain formulas over the observations, diagnostics against a table worked out by
// hand, and that no number is ever more than a number.
#include "aggregator/chemistry/report.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "tests/unit/chemistry/evidence_builder.h"

namespace consilium {
namespace {

constexpr char kKind[] = "medication";

ChemistryReport ReportOf(const std::vector<EvidenceLine>& lines, const ReportRules& rules = {},
                         LedgerRules ledger_rules = {}) {
  Ledger ledger(ledger_rules);
  for (const EvidenceLine& line : lines) ledger.Learn(line);
  return MakeReport(kKind, ledger.kinds().at(kKind), rules);
}

ChemistryModel ModelOf(const ChemistryReport& report, const std::string& name) {
  for (const ChemistryModel& model : report.models) {
    if (model.model == name) return model;
  }
  ADD_FAILURE() << "no model " << name;
  return {};
}

ChemistryPair PairOf(const ChemistryReport& report, const std::string& a, const std::string& b) {
  for (const auto& pairs : report.pairs) {
    for (const ChemistryPair& pair : pairs) {
      if (pair.a == a && pair.b == b) return pair;
    }
  }
  ADD_FAILURE() << "no pair " << a << ", " << b;
  return {};
}

TEST(EstimateTest, EqualWeightsGiveTheTextbookMeanAndError) {
  Moments moments;
  for (const double x : {1.0, 2.0, 4.0, 5.0}) {
    moments.count += 1;
    moments.w += 0.5;
    moments.w2 += 0.25;
    moments.wx += 0.5 * x;
    moments.wx2 += 0.5 * x * x;
  }
  const Estimate estimate = EstimateOf(moments);
  EXPECT_EQ(estimate.count, 4);
  EXPECT_DOUBLE_EQ(estimate.effective, 4.0);
  EXPECT_DOUBLE_EQ(*estimate.mean, 3.0);
  EXPECT_DOUBLE_EQ(*estimate.error, std::sqrt(10.0 / 3 / 4));
}

TEST(EstimateTest, UnequalWeightsCountAsFewerCases) {
  const Moments moments{3, 1.0 + 0.5 + 0.25, 1.0 + 0.25 + 0.0625, 1.0 * 3 + 0.5 * 5, 9 + 0.5 * 25};
  const Estimate estimate = EstimateOf(moments);
  const double n = 1.75 * 1.75 / 1.3125;
  const double mean = 5.5 / 1.75;
  EXPECT_DOUBLE_EQ(estimate.effective, n);
  EXPECT_DOUBLE_EQ(*estimate.mean, mean);
  EXPECT_NEAR(*estimate.error, std::sqrt((21.5 / 1.75 - mean * mean) * n / (n - 1) / n), 1e-14);
}

TEST(EstimateTest, TooFewCasesHaveNoMeanOrNoError) {
  EXPECT_FALSE(EstimateOf({}).mean.has_value());
  EXPECT_EQ(EstimateOf({}).effective, 0.0);
  const Estimate one = EstimateOf({1, 2.0, 4.0, 6.0, 18.0});
  EXPECT_DOUBLE_EQ(*one.mean, 3.0);
  EXPECT_FALSE(one.error.has_value());
  // Two of which the older hardly counts.
  EXPECT_FALSE(EstimateOf({2, 1.01, 1.0001, 1.0, 1.0}).error.has_value());
  // Decayed to nothing.
  EXPECT_FALSE(EstimateOf({5, 1e-200, 0.0, 1e-200, 1e-200}).mean.has_value());
  EXPECT_FALSE(EstimateOf({5, 0.0, 0.0, 0.0, 0.0}).mean.has_value());
}

TEST(EstimateTest, EqualObservationsHaveNoNegativeVariance) {
  for (const double x : {0.1, 0.7, 1.0 / 3}) {
    Moments moments;
    for (int i = 0; i < 10; ++i) {
      moments.count += 1;
      moments.w += 0.3;
      moments.w2 += 0.09;
      moments.wx += 0.3 * x;
      moments.wx2 += 0.3 * x * x;
    }
    EXPECT_NEAR(*EstimateOf(moments).error, 0.0, 1e-7);
  }
}

TEST(ReportTest, ModelsAreByNameWithProfileLatencyAndCost) {
  const auto line = [](double grade, double latency, double cost) {
    return EvidenceBuilder("c")
        .At(100 * kDayMs)
        .Graded("b", "x", 0.25)
        .Graded("a", "x", grade)
        .Version("a-7")
        .LatencyMs(latency)
        .CostUsd(cost)
        .Seat("late")
        .Line();
  };
  const auto report = ReportOf({line(0.5, 100, 0.5), line(1.0, 400, 0.25), line(0.75, 200, 0.75)});
  EXPECT_EQ(report.kind, kKind);
  EXPECT_EQ(report.variant, "nonempty");
  EXPECT_EQ(report.cases, 3);
  ASSERT_EQ(report.models.size(), 3u);
  EXPECT_EQ(report.models[1].model, "b");
  const ChemistryModel a = ModelOf(report, "a");
  EXPECT_EQ(a.version, "a-7");
  EXPECT_EQ(a.answered, 3);
  EXPECT_DOUBLE_EQ(a.effective_cases, 3.0);
  EXPECT_NEAR(*a.quality, 7.5, 1e-12);
  EXPECT_NEAR(*a.quality_error, std::sqrt(6.25 / 3), 1e-12);
  EXPECT_NEAR(*a.accuracy, 1.0, 1e-12);
  EXPECT_NEAR(*a.latency_ms, 200.0, 1e-9);
  EXPECT_NEAR(*a.latency_ms_p95, 200.0 * std::exp(1.645 * std::log(2.0)), 1e-6);
  EXPECT_NEAR(*a.cost_usd, 0.5, 1e-12);
  EXPECT_TRUE(a.profiled);
  const ChemistryModel late = ModelOf(report, "late");
  EXPECT_EQ(late.seated, 3);
  EXPECT_FALSE(late.profiled || late.quality || late.accuracy || late.latency_ms || late.cost_usd);
}

TEST(ReportTest, ChemistryIsThatOfTheProfiles) {
  const auto line = EvidenceBuilder("c")
                        .Judged("a", "x", true, 0.9)
                        .Judged("b", "x", true, 0.6)
                        .Judged("c", "x", true, 0.3)
                        .Reliability(0.25)
                        .Judged("ungraded", "x", true)
                        .Line();
  for (const auto variant : {ChemistryVariant::kNonempty, ChemistryVariant::kPublished}) {
    ReportRules rules;
    rules.variant = variant;
    const auto report = ReportOf({line}, rules);
    const std::vector<ModelProfile> profiles = {
        {"a", 9.0, 1.0}, {"b", 6.0, 1.0}, {"c", 3.0, 0.75 + 0.25 * 0.25}};
    const auto matrix = ComputeChemistry(profiles, variant, kUsageThreshold);
    ASSERT_TRUE(matrix.ok());
    EXPECT_NEAR(*PairOf(report, "a", "b").chemistry, matrix->at(0, 1), 1e-12);
    EXPECT_NEAR(*PairOf(report, "b", "c").chemistry, matrix->at(1, 2), 1e-12);
    EXPECT_FALSE(PairOf(report, "a", "ungraded").chemistry.has_value());
  }
}

TEST(ReportTest, EveryPairOfModelsIsThereAlsoThoseNeverTogether) {
  const auto report = ReportOf({EvidenceBuilder("1").Graded("a", "x", 0.5).Line(),
                                EvidenceBuilder("2").Graded("b", "x", 0.5).Line(),
                                EvidenceBuilder("3").Graded("c", "x", 0.5).Line()});
  ASSERT_EQ(report.pairs.size(), 3u);
  EXPECT_EQ(report.pairs[0].size(), 2u);
  EXPECT_EQ(report.pairs[1].size(), 1u);
  EXPECT_EQ(report.pairs[2].size(), 0u);
  const ChemistryPair pair = PairOf(report, "b", "c");
  EXPECT_EQ(pair.together, 0);
  EXPECT_FALSE(pair.synergy || pair.synergy_error || pair.synergy_mean || pair.kappa);
  EXPECT_TRUE(pair.chemistry.has_value());  // a matter of the profiles alone
}

TEST(ReportTest, AKindWithoutCasesHasNoModels) {
  const ChemistryReport report = MakeReport("dose", KindSums{}, ReportRules{});
  EXPECT_EQ(report.kind, "dose");
  EXPECT_TRUE(report.models.empty() && report.pairs.empty());
}

// --- synergy

std::vector<EvidenceLine> Repeated(const EvidenceBuilder& builder, int times) {
  return std::vector<EvidenceLine>(static_cast<std::size_t>(times), builder.Line());
}

TEST(ReportTest, FewCasesShrinkSynergyToZero) {
  const auto synergistic = EvidenceBuilder("c")
                               .Judged("a", "right", true, 0.4)
                               .Judged("b", "right", true, 0.4)
                               .Judged("c", "wrong", false, 0.6);
  for (const int times : {1, 20, 180}) {
    const ChemistryPair pair = PairOf(ReportOf(Repeated(synergistic, times)), "a", "b");
    EXPECT_EQ(pair.synergy_cases, times);
    EXPECT_NEAR(*pair.synergy_mean, 1.0, 1e-12);
    EXPECT_NEAR(*pair.synergy, times / (times + 20.0), 1e-9);
    EXPECT_EQ(pair.synergy_error.has_value(), times > 1);
  }
}

TEST(ReportTest, SynergyAndItsErrorShrinkAlike) {
  const auto with = EvidenceBuilder("c")
                        .Judged("a", "right", true, 0.4)
                        .Judged("b", "right", true, 0.4)
                        .Judged("c", "wrong", false, 0.6);
  const auto against = EvidenceBuilder("c")
                           .Judged("a", "wrong", false, 0.4)
                           .Judged("b", "wrong", false, 0.4)
                           .Judged("c", "right", true, 0.6);
  // 1, 1, 1, -1: mean 0.5, unbiased variance 1.
  const auto report = ReportOf({with.Line(), with.Line(), against.Line(), with.Line()}, {4});
  const ChemistryPair pair = PairOf(report, "a", "b");
  EXPECT_NEAR(*pair.synergy_mean, 0.5, 1e-12);
  EXPECT_NEAR(*pair.synergy, 0.25, 1e-12);
  EXPECT_NEAR(*pair.synergy_error, std::sqrt(1.0 / 4) * 0.5, 1e-12);
}

TEST(ReportTest, SynergyTellsFriendsFromFoes) {
  // a and b outvote d only together; e and f mislead whoever follows them, but only together.
  const auto friends = EvidenceBuilder("1")
                           .Judged("a", "right", true, 0.4)
                           .Judged("b", "right", true, 0.4)
                           .Judged("d", "wrong", false, 0.6);
  const auto foes = EvidenceBuilder("2")
                        .Judged("d", "right", true, 0.6)
                        .Judged("e", "wrong", false, 0.4)
                        .Judged("f", "wrong", false, 0.4);
  std::vector<EvidenceLine> lines = Repeated(friends, 30);
  for (const EvidenceLine& line : Repeated(foes, 30)) lines.push_back(line);
  const ChemistryReport report = ReportOf(lines);
  EXPECT_GT(*PairOf(report, "a", "b").synergy, 0.5);
  EXPECT_LT(*PairOf(report, "e", "f").synergy, -0.5);
}

// --- diagnostics

std::vector<EvidenceLine> TableOf(int both, int first, int second, int wrong, int same) {
  std::vector<EvidenceLine> lines;
  const int total = both + first + second + wrong;
  lines.reserve(static_cast<std::size_t>(total));
  const auto add = [&](int times, bool a, bool b, const char* key_b) {
    for (int i = 0; i < times; ++i) {
      lines.push_back(
          EvidenceBuilder("c").Judged("a", a ? "r" : "x", a).Judged("b", key_b, b).Line());
    }
  };
  add(both, true, true, "r");
  add(first, true, false, "x");
  add(second, false, true, "r");
  add(wrong - same, false, false, "y");
  add(same, false, false, "x");
  return lines;
}

TEST(ReportTest, DiagnosticsAreThoseOfTheTwoByTwoTable) {
  const ChemistryPair pair = PairOf(ReportOf(TableOf(4, 2, 1, 3, 2)), "a", "b");
  EXPECT_EQ(pair.gold_cases, 10);
  EXPECT_NEAR(*pair.disagreement, 0.3, 1e-12);
  EXPECT_NEAR(*pair.double_fault, 0.3, 1e-12);
  EXPECT_NEAR(*pair.same_wrong, 0.2, 1e-12);
  EXPECT_NEAR(*pair.q_statistic, (12.0 - 2.0) / (12.0 + 2.0), 1e-12);
  EXPECT_NEAR(*pair.kappa, (0.7 - 0.5) / (1 - 0.5), 1e-12);
}

TEST(ReportTest, StatisticsWithoutADenominatorAreAbsent) {
  const ChemistryPair always = PairOf(ReportOf(TableOf(5, 0, 0, 0, 0)), "a", "b");
  EXPECT_EQ(always.disagreement, 0.0);
  EXPECT_FALSE(always.q_statistic || always.kappa);
  const ChemistryPair never = PairOf(ReportOf(TableOf(0, 0, 0, 5, 1)), "a", "b");
  EXPECT_NEAR(*never.double_fault, 1.0, 1e-12);
  EXPECT_FALSE(never.q_statistic || never.kappa);
  const ChemistryPair half = PairOf(ReportOf(TableOf(3, 2, 0, 0, 0)), "a", "b");
  EXPECT_FALSE(half.q_statistic.has_value());
  EXPECT_NEAR(*half.kappa, 0.0, 1e-12);
  const ChemistryPair opposite = PairOf(ReportOf(TableOf(0, 3, 3, 0, 0)), "a", "b");
  EXPECT_NEAR(*opposite.q_statistic, -1.0, 1e-12);
  EXPECT_NEAR(*opposite.kappa, -1.0, 1e-12);
  const auto ungold = EvidenceBuilder("c").Graded("a", "x", 0.5).Graded("b", "x", 0.5);
  const ChemistryPair unknown = PairOf(ReportOf({ungold.Line()}), "a", "b");
  EXPECT_EQ(unknown.together, 1);
  EXPECT_FALSE(unknown.disagreement || unknown.double_fault || unknown.same_wrong);
}

TEST(ReportTest, WhatRoundingLeftOfRevisionsIsNoObservation) {
  Ledger ledger(LedgerRules{});
  const auto line = [](int day, bool b) {
    return EvidenceBuilder("c").At(day * kDayMs).Judged("a", "r", true).Judged("b", "r", b);
  };
  for (int day = 0; day < 40; ++day) ledger.Learn(line(7 * day, false).Line());
  for (int day = 0; day < 40; ++day) {
    ledger.Learn(line(7 * day, true).Replacing(line(7 * day, false).Build()));
  }
  const KindSums& sums = ledger.kinds().at(kKind);
  ASSERT_NE(sums.pairs.at({"a", "b"}).only_first, 0.0) << "rounding leaves nothing in this test";
  const ChemistryPair pair = PairOf(MakeReport(kKind, sums, {}), "a", "b");
  EXPECT_EQ(pair.gold_cases, 40);
  EXPECT_EQ(pair.disagreement, 0.0);
  EXPECT_FALSE(pair.kappa.has_value());
}

// --- nothing but numbers

void ExpectWithin(const std::optional<double>& number, double low, double high,
                  const std::string& where) {
  if (!number) return;
  EXPECT_TRUE(*number >= low && *number <= high) << where << ": " << *number;
}

TEST(ReportTest, AbsurdEvidenceGivesNumbersInRangeOrNone) {
  constexpr double kMax = std::numeric_limits<double>::max();
  const double numbers[] = {0.0, 0.5, 1.0, 7.0, -3.0, 1e308, std::nan(""), HUGE_VAL};
  std::mt19937_64 random(31);
  for (int round = 0; round < 200; ++round) {
    Ledger ledger(LedgerRules{1, round % 2 == 0 ? 0.001 : 1.0});
    std::vector<CaseEvidence> learned;
    for (int i = 0; i < 12; ++i) {
      EvidenceBuilder builder("c");
      builder.At(static_cast<std::int64_t>(random() % 2000) * kDayMs);
      for (const char* model : {"a", "b", "c", "d"}) {
        EvidenceAnswer answer;
        answer.model = model;
        answer.version = std::string(1, static_cast<char>('0' + random() % 8));
        answer.key = std::string(random() % 2, 'x');
        answer.weight = numbers[random() % 8];
        if (random() % 3 != 0) answer.grade = numbers[random() % 8];
        if (round % 3 != 0) answer.right = random() % 2 == 0;
        answer.reliability = numbers[random() % 8];
        answer.latency_ms = numbers[random() % 8];
        answer.cost_usd = numbers[random() % 8];
        if (random() % 4 != 0) builder.Add(answer);
      }
      EvidenceLine line = builder.Line();
      if (i > 3 && random() % 2 == 0) line.replaces = learned[random() % learned.size()];
      ledger.Learn(line);
      learned.push_back(line.evidence);
    }
    const ChemistryReport report = MakeReport(kKind, ledger.kinds().at(kKind), {});
    std::string where = "seed 31, round ";
    where += std::to_string(round);
    for (const ChemistryModel& model : report.models) {
      ExpectWithin(model.effective_cases, 0.0, 12.0, where);
      ExpectWithin(model.quality, 0.0, 10.0, where);
      ExpectWithin(model.quality_error, 0.0, 10.0, where);
      ExpectWithin(model.accuracy, 0.0, 1.0, where);
      ExpectWithin(model.accuracy_error, 0.0, 1.0, where);
      ExpectWithin(model.latency_ms, 1.0, 1.1e12, where);
      ExpectWithin(model.latency_ms_p95, 1.0, kMax, where);
      ExpectWithin(model.cost_usd, 0.0, 1e6, where);
    }
    for (const auto& pairs : report.pairs) {
      for (const ChemistryPair& pair : pairs) {
        ExpectWithin(pair.chemistry, 0.0, 1.0, where);
        ExpectWithin(pair.effective_cases, 0.0, 12.0, where);
        ExpectWithin(pair.synergy, -2.0, 2.0, where);
        ExpectWithin(pair.synergy_error, 0.0, 4.0, where);
        ExpectWithin(pair.synergy_mean, -2.0, 2.0, where);
        ExpectWithin(pair.disagreement, 0.0, 1.0, where);
        ExpectWithin(pair.double_fault, 0.0, 1.0, where);
        ExpectWithin(pair.same_wrong, 0.0, 1.0, where);
        ExpectWithin(pair.q_statistic, -1.0, 1.0, where);
        ExpectWithin(pair.kappa, -1.0, 1.0, where);
      }
    }
  }
}

TEST(ReportTest, OfTooManyModelsThoseWithTheMostCasesAreReported) {
  Ledger ledger{LedgerRules{}};
  for (int number = 0; number < 6; ++number) {
    EvidenceBuilder builder("case-" + std::to_string(number));
    // "m0" answers one case, "m5" all six.
    for (int model = 5 - number; model < 6; ++model) {
      builder.Judged("m" + std::to_string(model), "x", true, 0.9);
    }
    ledger.Learn(builder.Line());
  }
  ReportRules rules;
  rules.models_max = 4;
  const ChemistryReport report = MakeReport("medication", ledger.kinds().at("medication"), rules);
  std::vector<std::string> names;
  for (const ChemistryModel& model : report.models) names.push_back(model.model);
  EXPECT_EQ(names, (std::vector<std::string>{"m2", "m3", "m4", "m5"}));
  EXPECT_EQ(report.left_out, 2);
  EXPECT_EQ(report.pairs.size(), 4u);
}

}  // namespace
}  // namespace consilium
