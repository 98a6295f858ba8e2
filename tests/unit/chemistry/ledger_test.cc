// The ledger as a fold: what a line adds, what a revision takes back, how age and versions weigh,
// what hostile evidence may do to it.
#include "aggregator/chemistry/ledger.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "shared/limits.h"
#include "tests/unit/chemistry/evidence_builder.h"

namespace consilium {
namespace {

constexpr char kKind[] = "medication";
constexpr std::int64_t kStart = 19000 * kDayMs;

std::string Named(const char* prefix, std::size_t number) {
  std::string name = prefix;
  name += std::to_string(number);
  return name;
}

Ledger Learned(const std::vector<EvidenceLine>& lines, LedgerRules rules = {}) {
  Ledger ledger(rules);
  for (const EvidenceLine& line : lines) ledger.Learn(line);
  return ledger;
}

const ModelSums& ModelOf(const Ledger& ledger, const std::string& model) {
  return ledger.kinds().at(kKind).models.at(model);
}
const PairSums& PairOf(const Ledger& ledger, const std::string& a, const std::string& b) {
  return ledger.kinds().at(kKind).pairs.at({a, b});
}
double MeanOf(const Moments& moments) { return moments.wx / moments.w; }

// Three answers without gold: "x" leads.
EvidenceBuilder Ungold(const std::string& id) {
  EvidenceBuilder builder(id);
  builder.At(kStart).Graded("a", "x", 0.5).Graded("b", "x", 0.75).Graded("c", "y", 0.25);
  return builder;
}

TEST(LedgerTest, EveryModelOfACaseIsCounted) {
  const auto line = EvidenceBuilder("c")
                        .At(kStart)
                        .Seat("late")
                        .Graded("a", "x", 0.5)
                        .LatencyMs(1000)
                        .CostUsd(0.25)
                        .Graded("b", "x", 0.75)
                        .Simulated();
  const Ledger ledger = Learned({line.Line(), line.Line()});
  const KindSums& kind = ledger.kinds().at(kKind);
  EXPECT_EQ(kind.cases, 2);
  EXPECT_EQ(kind.gold, 0);
  EXPECT_EQ(kind.simulated, 2);
  EXPECT_EQ(ModelOf(ledger, "late").seated, 2);
  EXPECT_EQ(ModelOf(ledger, "late").answered, 0);
  const ModelSums& a = ModelOf(ledger, "a");
  EXPECT_EQ(a.seated, 2);
  EXPECT_EQ(a.answered, 2);
  EXPECT_EQ(a.quality.count, 2);
  EXPECT_DOUBLE_EQ(MeanOf(a.quality), 5.0);
  EXPECT_DOUBLE_EQ(MeanOf(a.cost), 0.25);
  EXPECT_NEAR(MeanOf(a.log_latency), std::log(1000.0), 1e-14);
  EXPECT_EQ(ModelOf(ledger, "b").cost.count, 0);
  EXPECT_EQ(PairOf(ledger, "a", "b").together, 2);
  EXPECT_EQ(PairOf(ledger, "a", "b").synergy.count, 0);  // two members say nothing of synergy
  EXPECT_EQ(kind.pairs.size(), 1u);                      // who did not answer is in no pair
}

TEST(LedgerTest, WithoutGoldReviewingCountsMoreThanFollowingTheLead) {
  auto builder = Ungold("c");
  builder.Reliability(0.5);  // of c, who is not in the leading cluster
  const Ledger ledger = Learned({builder.Line()});
  EXPECT_DOUBLE_EQ(MeanOf(ModelOf(ledger, "a").accuracy), 1.0);  // generation alone
  EXPECT_DOUBLE_EQ(MeanOf(ModelOf(ledger, "c").generation), 0.0);
  EXPECT_DOUBLE_EQ(MeanOf(ModelOf(ledger, "c").accuracy), 0.75 * 0.5);
}

TEST(LedgerTest, WithGoldBeingRightCountsMost) {
  const auto builder = EvidenceBuilder("c")
                           .Judged("a", "x", true, 0.25)
                           .Reliability(0.5)
                           .Judged("b", "y", false, 0.75)
                           .Reliability(0.5)
                           .Judged("c", "z", false);
  const Ledger ledger = Learned({builder.Line()});
  EXPECT_EQ(ledger.kinds().at(kKind).gold, 1);
  EXPECT_DOUBLE_EQ(MeanOf(ModelOf(ledger, "a").accuracy), 0.75 + 0.25 * 0.5);
  EXPECT_DOUBLE_EQ(MeanOf(ModelOf(ledger, "b").accuracy), 0.25 * 0.5);
  EXPECT_DOUBLE_EQ(MeanOf(ModelOf(ledger, "c").accuracy), 0.0);
  EXPECT_EQ(ModelOf(ledger, "c").quality.count, 0);
}

TEST(LedgerTest, AnUnjudgedCaseSaysOnlyWhoAnswered) {
  const auto builder = EvidenceBuilder("c").Ungraded("a", "x").Ungraded("b", "x").Reliability(0.5);
  const Ledger ledger = Learned({builder.Line()});
  EXPECT_EQ(ModelOf(ledger, "b").answered, 1);
  EXPECT_EQ(ModelOf(ledger, "b").generation.count, 0);
  EXPECT_EQ(ModelOf(ledger, "b").accuracy.count, 0);
  EXPECT_EQ(PairOf(ledger, "a", "b").together, 1);
  EXPECT_EQ(PairOf(ledger, "a", "b").gold, 0);
}

TEST(LedgerTest, GoldCasesFillTheTableOfAPairByName) {
  Ledger ledger(LedgerRules{});
  const auto learn = [&](bool a, bool b, const char* key_b) {
    ledger.Learn(EvidenceBuilder("c").Judged("b", key_b, b).Judged("a", "x", a).Line());
  };
  learn(true, true, "x");
  learn(true, false, "y");
  learn(true, false, "z");
  learn(false, true, "y");
  learn(false, false, "x");
  learn(false, false, "y");
  const PairSums& pair = PairOf(ledger, "a", "b");
  EXPECT_EQ(pair.gold, 6);
  EXPECT_DOUBLE_EQ(pair.both_right, 1.0);
  EXPECT_DOUBLE_EQ(pair.only_first, 2.0);
  EXPECT_DOUBLE_EQ(pair.only_second, 1.0);
  EXPECT_DOUBLE_EQ(pair.both_wrong, 2.0);
  EXPECT_DOUBLE_EQ(pair.same_wrong, 1.0);
}

TEST(LedgerTest, SynergyIsOfThePairItIsNamedAfter) {
  // Whoever sits, the best grade wins: only beside c does b add less because a is there.
  const auto c_b_a =
      EvidenceBuilder("c").Graded("c", "x", 0.25).Graded("b", "y", 0.75).Graded("a", "z", 0.5);
  const auto b_c_a =
      EvidenceBuilder("c").Graded("b", "y", 0.75).Graded("c", "x", 0.25).Graded("a", "z", 0.5);
  for (const auto& builder : {c_b_a, b_c_a}) {
    const Ledger ledger = Learned({builder.Line()});
    EXPECT_DOUBLE_EQ(MeanOf(PairOf(ledger, "a", "b").synergy), 0.75 - 0.5 - 0.75 + 0.25);
    EXPECT_DOUBLE_EQ(MeanOf(PairOf(ledger, "a", "c").synergy), 0.75 - 0.75 - 0.75 + 0.75);
    EXPECT_DOUBLE_EQ(MeanOf(PairOf(ledger, "b", "c").synergy), 0.75 - 0.75 - 0.5 + 0.5);
  }
}

TEST(LedgerTest, ACaseOneHalfLifeOlderCountsHalf) {
  const LedgerRules rules{30, 0.25};
  const auto old = EvidenceBuilder("1").At(kStart).Graded("a", "x", 0.0).Line();
  const auto recent = EvidenceBuilder("2").At(kStart + 30 * kDayMs).Graded("a", "x", 1.0).Line();
  for (const auto& lines : {std::vector{old, recent}, std::vector{recent, old}}) {
    const Moments quality = ModelOf(Learned(lines, rules), "a").quality;
    EXPECT_NEAR(MeanOf(quality), 10.0 * 2 / 3, 1e-12);
    EXPECT_NEAR(quality.w * quality.w / quality.w2, 9.0 / 5, 1e-12);
  }
}

TEST(LedgerTest, AnEarlierVersionCountsLess) {
  const auto line = [](const char* id, const char* version, double grade) {
    return EvidenceBuilder(id)
        .At(kStart)
        .Graded("a", "x", grade)
        .Version(version)
        .Judged("b", "x", grade > 0.5)
        .Version("b-1")
        .Line();
  };
  const Ledger ledger = Learned({line("1", "a-1", 0.0), line("2", "a-2", 1.0)});
  EXPECT_EQ(ModelOf(ledger, "a").versions, (std::vector<std::string>{"a-1", "a-2"}));
  EXPECT_NEAR(MeanOf(ModelOf(ledger, "a").quality), 10.0 * 4 / 5, 1e-12);
  EXPECT_NEAR(MeanOf(ModelOf(ledger, "b").generation), 0.5, 1e-12);  // its own version is the same
}

TEST(LedgerTest, APairWeighsByTheVersionsOfBoth) {
  const auto line = [](const char* a, const char* b, bool right) {
    return EvidenceBuilder("c")
        .At(kStart)
        .Judged("a", "x", right)
        .Version(a)
        .Judged("b", "x", right)
        .Version(b)
        .Line();
  };
  const PairSums pair =
      PairOf(Learned({line("1", "1", false), line("2", "2", true)}, {90, 0.5}), "a", "b");
  EXPECT_NEAR(pair.both_right / pair.both_wrong, 4.0, 1e-12);
}

TEST(LedgerTest, MoreVersionsShareTheLastPlace) {
  Ledger ledger(LedgerRules{90, 0.001});
  for (std::size_t v = 0; v < 40; ++v) {
    ledger.Learn(Ungold(Named("c", v)).Version(Named("v", v)).Line());
  }
  ledger.Learn(Ungold("long").Version(std::string(1000, 'v')).Line());
  EXPECT_EQ(ModelOf(ledger, "c").versions.size(), kVersionsMax);
  EXPECT_EQ(ModelOf(ledger, "c").versions.back(), "v15");
  EXPECT_TRUE(std::isfinite(PairOf(ledger, "a", "c").synergy.w2));
}

TEST(LedgerTest, ARevisionLeavesNoTraceOfWhatItReplaces) {
  const auto first = EvidenceBuilder("c")
                         .At(kStart)
                         .Graded("a", "x", 0.3)
                         .Graded("b", "y", 0.7)
                         .Graded("c", "x", 0.1)
                         .Build();
  const auto revised = EvidenceBuilder("c").At(kStart + 1000).Graded("a", "x", 0.9);
  const auto other = Ungold("other").Line();
  const Ledger ledger = Learned({other, {first, std::nullopt}, revised.Replacing(first)});
  const Ledger plain = Learned({other, revised.Line()});
  EXPECT_EQ(ledger.kinds().at(kKind).cases, 2);
  for (const char* model : {"a", "b", "c"}) {
    const ModelSums& sums = ModelOf(ledger, model);
    const ModelSums& expected = ModelOf(plain, model);
    EXPECT_EQ(sums.seated, expected.seated) << model;
    EXPECT_EQ(sums.answered, expected.answered) << model;
    EXPECT_EQ(sums.quality.count, expected.quality.count) << model;
    EXPECT_NEAR(sums.quality.wx / expected.quality.wx, 1.0, 1e-14) << model;
    EXPECT_NEAR(sums.quality.w2 / expected.quality.w2, 1.0, 1e-14) << model;
  }
  EXPECT_EQ(PairOf(ledger, "a", "b").together, 1);
  EXPECT_EQ(PairOf(ledger, "a", "b").synergy.count, 1);
}

TEST(LedgerTest, WhatIsTakenBackWhollyLeavesExactZeros) {
  const auto first = EvidenceBuilder("c")
                         .At(kStart)
                         .Judged("a", "x", true, 0.3)
                         .LatencyMs(17)
                         .Judged("b", "y", false, 0.7)
                         .Judged("c", "y", false, 0.1)
                         .Build();
  const auto second =
      EvidenceBuilder("d").At(kStart + 12345).Judged("a", "x", true, 0.1).Judged("b", "x", true);
  const Ledger ledger = Learned({{first, std::nullopt},
                                 second.Line(),
                                 EvidenceBuilder("c").At(kStart).Replacing(first),
                                 EvidenceBuilder("d").At(kStart).Replacing(second.Build())});
  const ModelSums& a = ModelOf(ledger, "a");
  for (const Moments& moments :
       {a.quality, a.accuracy, a.generation, a.log_latency, PairOf(ledger, "a", "b").synergy}) {
    EXPECT_EQ(moments.count, 0);
    EXPECT_EQ(moments.w, 0.0);
    EXPECT_EQ(moments.w2, 0.0);
    EXPECT_EQ(moments.wx, 0.0);
    EXPECT_EQ(moments.wx2, 0.0);
  }
  EXPECT_EQ(PairOf(ledger, "a", "b").only_first, 0.0);
  EXPECT_EQ(PairOf(ledger, "a", "b").gold, 0);
  EXPECT_EQ(ledger.kinds().at(kKind).cases, 2);  // of which nobody answered
}

TEST(LedgerTest, ReplacingWhatWasNeverLearnedTakesNothingBelowZero) {
  const auto unknown = Ungold("c").Build();
  const auto revised = EvidenceBuilder("c").At(kStart).Graded("a", "x", 0.5);
  const Ledger ledger = Learned({revised.Replacing(unknown)});
  EXPECT_EQ(ledger.AllFields(), Learned({revised.Line()}).AllFields());
}

// --- time

TEST(LedgerTest, MovingTheLandmarkChangesNoRatio) {
  const LedgerRules rules{1, 0.25};
  const auto at = [](const char* model, std::int64_t day, double grade) {
    return EvidenceBuilder("c")
        .At(day * kDayMs)
        .Judged(model, "x", grade > 0.5, grade)
        .Judged("z", "x", grade > 0.5, grade)
        .Judged("y", "y", false, 0.4)
        .Line();
  };
  const std::vector<EvidenceLine> lines = {at("a", 600, 0.25), at("a", 599, 0.75),
                                           at("a", 601, 0.3)};
  Ledger moved = Learned(lines, rules);
  const Ledger plain = Learned(lines, rules);
  moved.Learn(at("b", 900, 0.5));
  const auto expect_scaled = [](const Moments& sums, const Moments& expected) {
    EXPECT_EQ(sums.count, expected.count);
    const double step = std::ldexp(1.0, -5 * 64);  // day 600 is in step 9, day 900 in step 14
    EXPECT_EQ(sums.w, expected.w * step);
    EXPECT_EQ(sums.w2, expected.w2 * step * step);
    EXPECT_EQ(sums.wx, expected.wx * step);
    EXPECT_EQ(sums.wx2, expected.wx2 * step);
  };
  expect_scaled(ModelOf(moved, "a").quality, ModelOf(plain, "a").quality);
  expect_scaled(ModelOf(moved, "a").accuracy, ModelOf(plain, "a").accuracy);
  expect_scaled(PairOf(moved, "a", "y").synergy, PairOf(plain, "a", "y").synergy);
  const PairSums& pair = PairOf(moved, "a", "z");
  const PairSums& expected = PairOf(plain, "a", "z");
  EXPECT_NE(pair.both_right, 0.0);
  EXPECT_EQ(pair.both_right / pair.both_wrong, expected.both_right / expected.both_wrong);
  EXPECT_EQ(pair.same_wrong / pair.both_wrong, 1.0);
}

TEST(LedgerTest, ARevisionAcrossAMovedLandmarkTakesBackTheSameBits) {
  const LedgerRules rules{1, 0.25};
  const auto before = EvidenceBuilder("c").At(700 * kDayMs).Graded("a", "x", 0.7).Build();
  const auto kept = EvidenceBuilder("d").At(700 * kDayMs).Graded("a", "x", 0.5).Line();
  const auto mover = EvidenceBuilder("e").At(1000 * kDayMs).Graded("b", "x", 0.5).Line();
  const auto empty = EvidenceBuilder("c").At(700 * kDayMs);
  Ledger ledger = Learned({{before, std::nullopt}, mover, empty.Replacing(before)}, rules);
  EXPECT_EQ(ModelOf(ledger, "a").quality.count, 0);
  ledger = Learned({kept, {before, std::nullopt}, mover, empty.Replacing(before)}, rules);
  const Ledger plain = Learned({kept, mover}, rules);
  EXPECT_EQ(ModelOf(ledger, "a").quality.w, ModelOf(plain, "a").quality.w);
  EXPECT_GT(ModelOf(ledger, "a").quality.w, 0.0);
}

TEST(LedgerTest, AbsurdTimesAreHeldToTheirRange) {
  for (const std::int64_t first : {std::numeric_limits<std::int64_t>::min(), kStart,
                                   std::numeric_limits<std::int64_t>::max()}) {
    Ledger ledger(LedgerRules{1, 0.001});
    for (const std::int64_t ms : {first, std::numeric_limits<std::int64_t>::max(), kStart,
                                  std::numeric_limits<std::int64_t>::min()}) {
      ledger.Learn(EvidenceBuilder("c").At(ms).Graded("a", "x", 0.5).CostUsd(1e6).Line());
    }
    const ModelSums& a = ModelOf(ledger, "a");
    EXPECT_EQ(a.quality.count, 4);
    EXPECT_TRUE(std::isfinite(a.quality.w2) && std::isfinite(a.cost.wx2));
    EXPECT_DOUBLE_EQ(MeanOf(a.quality), 5.0);
  }
}

// --- bounds

TEST(LedgerTest, WhatHasNoAcceptableNameIsLeftOut) {
  auto builder = EvidenceBuilder("c");
  builder.Graded("", "x", 0.5).Graded("a|b", "x", 0.5).Graded("a", "x", 0.5).Seat("b c");
  const Ledger ledger = Learned({builder.Line(), EvidenceBuilder("d", "").Line(),
                                 EvidenceBuilder("e", "a|b").Graded("a", "x", 0.5).Line(),
                                 EvidenceBuilder("f", std::string(65, 'k')).Line()});
  ASSERT_EQ(ledger.kinds().size(), 1u);
  const KindSums& kind = ledger.kinds().at(kKind);
  ASSERT_EQ(kind.models.size(), 1u);
  EXPECT_EQ(kind.models.count("a"), 1u);
}

TEST(LedgerTest, ASecondAnswerOfAModelIsLeftOut) {
  const auto builder =
      EvidenceBuilder("c").Graded("b", "x", 0.25).Graded("a", "x", 0.5).Graded("b", "y", 1.0);
  const Ledger ledger = Learned({builder.Line()});
  EXPECT_EQ(ModelOf(ledger, "b").answered, 1);
  EXPECT_DOUBLE_EQ(MeanOf(ModelOf(ledger, "b").quality), 2.5);
  EXPECT_EQ(PairOf(ledger, "a", "b").together, 1);
}

TEST(LedgerTest, ModelsAndKindsAreBounded) {
  Ledger ledger(LedgerRules{});
  for (std::size_t i = 0; i < limits::kModelsMax + 9; ++i) {
    ledger.Learn(EvidenceBuilder("c").Graded(Named("m", i), "x", 0.5).Line());
  }
  for (std::size_t i = 0; i < kKindsMax + 9; ++i) {
    ledger.Learn(EvidenceBuilder("c", Named("kind", i)).Graded("a", "x", 0.5).Line());
  }
  EXPECT_EQ(ledger.kinds().size(), kKindsMax);
  EXPECT_EQ(ledger.kinds().at(kKind).models.size(), limits::kModelsMax);
  const auto fields = ledger.AllFields();
  EXPECT_TRUE(Ledger::FromFields(LedgerRules{}, {fields.begin(), fields.end()}).ok());
}

}  // namespace
}  // namespace consilium
