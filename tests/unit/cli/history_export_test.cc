// What an export says, and that an import of it says the same.
#include "cli/history_export.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "aggregator/chemistry/history_csv.h"
#include "aggregator/chemistry/ledger.h"
#include "aggregator/chemistry/replay.h"
#include "aggregator/chemistry/report.h"
#include "shared/codec.h"
#include "shared/ids.h"
#include "shared/limits.h"
#include "tests/unit/chemistry/evidence_builder.h"

namespace consilium {
namespace {

constexpr const char* kTitles =
    "trial,model,task,latency,temperature,id,result,quality,generation_accuracy,variance,"
    "review_accuracy,accuracy,elapsed,strategy,created,case_id,weight,version,simulated\r\n";

struct Read {
  std::vector<CaseEvidence> cases;
  std::vector<BadRow> bad;
};

// As `consilium import` reads it.
Read ReadBack(const std::string& csv, const std::string& kind) {
  Read read;
  const auto table = ParseHistory(csv, "history.csv");
  EXPECT_TRUE(table.ok()) << table.error().text;
  if (!table.ok()) return read;
  read.bad = table->bad;
  const auto history = SelectTask(*table, TaskGrouping::kNear, std::nullopt);
  EXPECT_TRUE(history.ok());
  if (history.ok()) read.cases = MakeEvidence(*history, kind);
  return read;
}

std::string Exported(const std::vector<CaseEvidence>& cases) {
  std::string csv = HistoryTitles();
  for (const CaseEvidence& one : cases) csv += RowsOf(one).csv;
  return csv;
}

// The answers as sets of models that say the same, in the order of their keys.
std::vector<std::vector<std::string>> Partition(const CaseEvidence& evidence) {
  std::vector<std::pair<std::string, std::string>> pairs;
  for (const EvidenceAnswer& answer : evidence.answers)
    pairs.emplace_back(answer.key, answer.model);
  std::sort(pairs.begin(), pairs.end());
  std::vector<std::vector<std::string>> sets;
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    if (i == 0 || pairs[i].first != pairs[i - 1].first) sets.emplace_back();
    sets.back().push_back(pairs[i].second);
  }
  return sets;
}

void ExpectSame(const CaseEvidence& found, const CaseEvidence& expected) {
  EXPECT_EQ(found.case_id, expected.case_id);
  EXPECT_EQ(found.kind, expected.kind);
  EXPECT_EQ(found.strategy, expected.strategy);
  EXPECT_EQ(found.decided_ms, expected.decided_ms);
  EXPECT_EQ(found.simulated, expected.simulated);
  EXPECT_EQ(Partition(found), Partition(expected));
  ASSERT_EQ(found.answers.size(), expected.answers.size());
  for (std::size_t i = 0; i < found.answers.size(); ++i) {
    const EvidenceAnswer& a = found.answers[i];
    const EvidenceAnswer& b = expected.answers[i];
    const std::string where = expected.case_id + " " + b.model;
    EXPECT_EQ(a.model, b.model) << where;
    EXPECT_EQ(a.version, b.version) << where;
    EXPECT_EQ(a.weight, b.weight) << where;
    EXPECT_EQ(a.right, b.right) << where;
    EXPECT_EQ(a.reliability, b.reliability) << where;
    ASSERT_EQ(a.grade.has_value(), b.grade.has_value()) << where;
    EXPECT_NEAR(a.grade.value_or(0), b.grade.value_or(0), 1e-12) << where;
    ASSERT_EQ(a.latency_ms.has_value(), b.latency_ms.has_value()) << where;
    EXPECT_DOUBLE_EQ(a.latency_ms.value_or(0), b.latency_ms.value_or(0)) << where;
  }
}

// Cases with everything in them, some with gold; keys that differ by a sign alone.
std::vector<CaseEvidence> ManyCases(std::uint64_t seed, bool gold) {
  SeededRandom random(seed, "history_export_test");
  std::vector<CaseEvidence> cases;
  for (int i = 0; i < 60; ++i) {
    EvidenceBuilder one("case:" + std::to_string(i));
    one.At(1752227001000 + 86400123LL * i).Strategy(i % 2 == 0 ? "utility" : "random");
    if (i % 3 == 0) one.Simulated();
    for (const char* model : {"a", "b/c:7b", "d", "e+", "f"}) {
      EvidenceAnswer answer;
      answer.model = model;
      constexpr const char* kKeys[] = {"+", "-", "001", "1", "a, \"b\"\r\nc"};
      answer.key = kKeys[random.Below(5)];
      answer.grade = random.Unit();
      answer.weight = random.Unit();
      answer.version = random.Below(2) == 0 ? "" : "v, \"" + std::to_string(random.Below(3)) + "\"";
      answer.latency_ms = random.Unit() * 1e5;
      if (random.Below(4) != 0) answer.reliability = random.Unit();
      one.Add(std::move(answer));
    }
    CaseEvidence evidence = one.Build();
    // The same answer is right or wrong whoever gives it.
    for (EvidenceAnswer& answer : evidence.answers) {
      if (gold) answer.right = answer.key < "1";
    }
    cases.push_back(std::move(evidence));
  }
  return cases;
}

ChemistryReport ReportOf(const std::vector<CaseEvidence>& cases) {
  Ledger ledger((LedgerRules()));
  for (const CaseEvidence& one : cases) ledger.Learn({one, std::nullopt});
  const auto found = ledger.kinds().find("medication");
  EXPECT_NE(found, ledger.kinds().end());
  return MakeReport("medication", found == ledger.kinds().end() ? KindSums{} : found->second,
                    ReportRules());
}

TEST(HistoryExportTest, ARowSaysWhatIsKnownAndLeavesTheRestBlank) {
  const CaseEvidence evidence = EvidenceBuilder("case-1")
                                    .At(1752227001000)
                                    .Strategy("utility")
                                    .Graded("a", "001", 0.9, 0.25)
                                    .Reliability(0.5)
                                    .LatencyMs(1500)
                                    .Version("a-2")
                                    .Ungraded("b", "000")
                                    .Build();
  EXPECT_EQ(HistoryTitles(), kTitles);
  const HistoryRows rows = RowsOf(evidence);
  EXPECT_EQ(rows.csv,
            "case-1,b,medication,,,000,answer 1,,,,,,,UTILITY,2025-07-11 09:43:21,case-1,1,,0\r\n"
            "case-1,a,medication,1.5,,001,answer 2,9,,,0.5,0.625,,UTILITY,2025-07-11 09:43:21,"
            "case-1,0.25,a-2,0\r\n");
  EXPECT_EQ(rows.answers, 2u);
  EXPECT_EQ(rows.ungraded, 1u);
}

TEST(HistoryExportTest, OnlyTheGoldMakesAnAnswerRightOrWrong) {
  const auto cell = [](const CaseEvidence& evidence) {
    const auto table = ParseHistory(HistoryTitles() + RowsOf(evidence).csv, "h.csv");
    EXPECT_TRUE(table.ok() && table->rows.size() == 1);
    return table.ok() && !table->rows.empty() ? table->rows[0].generation_accuracy : 2.0;
  };
  EXPECT_EQ(cell(EvidenceBuilder("c").Graded("a", "0", 0.9).Build()), std::nullopt);
  EXPECT_EQ(cell(EvidenceBuilder("c").Judged("a", "0", true, 0.9).Build()), 1.0);
  EXPECT_EQ(cell(EvidenceBuilder("c").Judged("a", "0", false, 0.9).Build()), 0.0);
}

TEST(HistoryExportTest, NumbersThatNoReaderTakesAreBlank) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const CaseEvidence evidence =
      EvidenceBuilder("c").Graded("a", "0", nan, 7).LatencyMs(-1).Reliability(2).Build();
  EXPECT_EQ(RowsOf(evidence).csv, "c,a,medication,,,0,answer 1,,,,,,,ALL,,c,,,0\r\n");
}

TEST(HistoryExportTest, WhatIsReadBackIsTheSameEvidence) {
  for (const bool gold : {false, true}) {
    const std::uint64_t seed = 7;
    SCOPED_TRACE("seed " + std::to_string(seed) + (gold ? " with gold" : " without gold"));
    const std::vector<CaseEvidence> cases = ManyCases(seed, gold);
    const Read read = ReadBack(Exported(cases), "medication");
    EXPECT_TRUE(read.bad.empty()) << read.bad[0].why;
    ASSERT_EQ(read.cases.size(), cases.size());
    for (std::size_t i = 0; i < cases.size(); ++i) ExpectSame(read.cases[i], cases[i]);
  }
}

TEST(HistoryExportTest, EveryCouncilOfACaseReadBackComesToTheSame) {
  for (const bool gold : {false, true}) {
    const std::vector<CaseEvidence> cases = ManyCases(11, gold);
    const Read read = ReadBack(Exported(cases), "medication");
    ASSERT_EQ(read.cases.size(), cases.size());
    for (std::size_t i = 0; i < cases.size(); ++i) {
      const Replay before(cases[i]);
      const Replay after(read.cases[i]);
      ASSERT_EQ(after.size(), before.size());
      std::vector<std::uint8_t> seated(before.size());
      for (std::size_t set = 0; set < (std::size_t{1} << seated.size()); ++set) {
        for (std::size_t m = 0; m < seated.size(); ++m) seated[m] = (set >> m) & 1;
        EXPECT_NEAR(after.Value(seated), before.Value(seated), 1e-12)
            << cases[i].case_id << " set " << set;
      }
    }
  }
}

TEST(HistoryExportTest, EqualSupportIsDecidedTheSameWayWhenReadBack) {
  // Both answers have the same support, grade and number; the lesser key leads, and it is wrong.
  const CaseEvidence evidence =
      EvidenceBuilder("c").Judged("a", "001", true, 0.5).Judged("b", "000", false, 0.5).Build();
  const Read read = ReadBack(Exported({evidence}), "medication");
  ASSERT_EQ(read.cases.size(), 1u);
  const std::vector<std::uint8_t> both = {1, 1};
  EXPECT_EQ(Replay(evidence).Value(both), 0.0);
  EXPECT_EQ(Replay(read.cases[0]).Value(both), 0.0);
}

TEST(HistoryExportTest, TheMatrixOfWhatIsReadBackIsTheSameAndConsensusIsNoGold) {
  for (const bool gold : {false, true}) {
    const std::vector<CaseEvidence> cases = ManyCases(13, gold);
    const Read read = ReadBack(Exported(cases), "medication");
    const ChemistryReport before = ReportOf(cases);
    const ChemistryReport after = ReportOf(read.cases);
    EXPECT_EQ(after.cases, 60);
    EXPECT_EQ(after.gold_cases, gold ? 60 : 0);
    EXPECT_EQ(after.simulated_cases, 20);
    ASSERT_EQ(after.models.size(), before.models.size());
    for (std::size_t a = 0; a < before.models.size(); ++a) {
      EXPECT_EQ(after.models[a].version, before.models[a].version);
      EXPECT_NEAR(*after.models[a].quality, *before.models[a].quality, 1e-9);
      EXPECT_NEAR(*after.models[a].accuracy, *before.models[a].accuracy, 1e-9);
      for (std::size_t i = 0; i < before.pairs[a].size(); ++i) {
        EXPECT_NEAR(*after.pairs[a][i].synergy, *before.pairs[a][i].synergy, 1e-9);
        EXPECT_EQ(after.pairs[a][i].gold_cases, gold ? 60 : 0);
      }
    }
  }
}

TEST(HistoryExportTest, AnUngradedAnswerIsLeftOutWhenReadBackAndCounted) {
  const CaseEvidence evidence =
      EvidenceBuilder("c").Graded("a", "000", 0.5).Ungraded("b", "001").Build();
  const Read read = ReadBack(Exported({evidence}), "medication");
  ASSERT_EQ(read.bad.size(), 1u);
  EXPECT_EQ(read.bad[0].why, "quality is blank, expected 0..10");
  ASSERT_EQ(read.cases.size(), 1u);
  EXPECT_EQ(read.cases[0].answers.size(), 1u);
}

TEST(HistoryExportTest, ALongVersionIsCutToWhatAHistoryMayHold) {
  const CaseEvidence evidence =
      EvidenceBuilder("c").Graded("a", "0", 0.5).Version(std::string(200, 'v')).Build();
  const Read read = ReadBack(Exported({evidence}), "medication");
  ASSERT_EQ(read.cases.size(), 1u);
  EXPECT_EQ(read.cases[0].answers[0].version, std::string(128, 'v'));
}

TEST(LastWordsTest, OnlyTheLastLineOfACaseCounts) {
  const auto line = [](const char* id, const char* kind) {
    return EvidenceBuilder(id, kind).Line();
  };
  const std::vector<EvidenceLine> lines = {line("a", "x"), line("b", "y"), line("a", "x"),
                                           line("c", "x"), line("a", "z")};
  LastWords words;
  for (const EvidenceLine& one : lines) words.Count(one);
  EXPECT_EQ(words.lines(), 5u);
  EXPECT_EQ(words.cases(), 3u);
  EXPECT_EQ(words.kinds(), (std::set<std::string>{"x", "y", "z"}));
  std::vector<bool> last;
  last.reserve(lines.size());
  for (const EvidenceLine& one : lines) last.push_back(words.IsLast(one));
  EXPECT_EQ(last, (std::vector<bool>{false, true, false, true, true}));
  EXPECT_FALSE(words.IsLast(line("d", "x"))) << "not counted";
  EXPECT_FALSE(words.IsLast(line("a", "x"))) << "one line more than was counted";
}

TEST(MatrixNameTest, EveryKindHasItsOwnNameThatIsNoPath) {
  EXPECT_EQ(MatrixName("medication"), "chemistry-medication");
  EXPECT_EQ(MatrixName("../a b"), "chemistry-..%2Fa%20b");
  EXPECT_EQ(MatrixName("Ä%"), "chemistry-%C3%84%25");
}

// Evidence of as many models with names as long as they may be.
CaseEvidence Large(const std::string& id, std::size_t models) {
  EvidenceBuilder one(id);
  for (std::size_t m = 0; m < models; ++m) {
    const std::string name = std::to_string(1000 + m);
    one.Graded(name + std::string(128 - name.size(), 'm'), "000", 0.5)
        .Reliability(0.5)
        .LatencyMs(1.5)
        .Version(std::string(128, 'v'));
  }
  return one.Build();
}

TEST(ImportPortionsTest, NoPortionIsLargerThanAMessage) {
  std::vector<CaseEvidence> cases;
  cases.reserve(60);
  for (int i = 0; i < 60; ++i) cases.push_back(Large("c" + std::to_string(i), limits::kModelsMax));
  const auto ends = ImportPortions(cases, kPortionBytesMax);
  EXPECT_GT(ends.size(), 1u);
  EXPECT_EQ(ends.back(), cases.size());
  std::size_t start = 0;
  for (const std::size_t end : ends) {
    ASSERT_GT(end, start);
    ImportRequest request;
    request.cases.assign(cases.begin() + static_cast<std::ptrdiff_t>(start),
                         cases.begin() + static_cast<std::ptrdiff_t>(end));
    const std::string packed = Pack(request);
    EXPECT_LT(packed.size(), kPortionBytesMax + 100);
    const auto unpacked = Unpack<ImportRequest>(packed);
    EXPECT_TRUE(unpacked.ok()) << unpacked.error().text;
    start = end;
  }
}

TEST(ImportPortionsTest, SmallCasesGoByCountAndALargeOneAlone) {
  std::vector<CaseEvidence> small;
  small.reserve(600);
  for (int i = 0; i < 600; ++i) small.push_back(Large("c" + std::to_string(i), 1));
  EXPECT_EQ(ImportPortions(small, kPortionBytesMax), (std::vector<std::size_t>{256, 512, 600}));
  const std::vector<CaseEvidence> mixed = {Large("a", 1), Large("b", 50), Large("c", 1)};
  EXPECT_EQ(ImportPortions(mixed, 2000), (std::vector<std::size_t>{1, 2, 3}));
  EXPECT_EQ(ImportPortions({}, 2000), std::vector<std::size_t>{});
}

}  // namespace
}  // namespace consilium
