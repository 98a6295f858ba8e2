// The live matrix and the recommended ensembles as people read them.
#include "cli/render_learned.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tests/unit/cli/columns.h"

namespace consilium {
namespace {

std::size_t LinesWith(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) {
    ++count;
  }
  return count;
}

// `models` with long names that have everything, every pair with a synergy of its own.
ChemistryReport Full(std::size_t models, std::size_t name_bytes) {
  ChemistryReport report;
  report.kind = "medication";
  report.variant = "nonempty";
  report.cases = 1234567;
  report.gold_cases = 123456;
  report.made_ms = 1752227001000;
  for (std::size_t m = 0; m < models; ++m) {
    ChemistryModel model;
    model.model = std::to_string(100 + m) + "-";
    model.model.resize(std::max(name_bytes, model.model.size()), 'm');
    model.seated = 1234567;
    model.answered = 1234560;
    model.quality = 9.25;
    model.accuracy = 0.75;
    model.accuracy_error = 0.015;
    model.latency_ms = 1500;
    model.latency_ms_p95 = 7200000;
    report.models.push_back(std::move(model));
  }
  int step = 0;
  for (std::size_t a = 0; a < models; ++a) {
    report.pairs.emplace_back();
    for (std::size_t b = a + 1; b < models; ++b) {
      ChemistryPair pair;
      pair.a = report.models[a].model;
      pair.b = report.models[b].model;
      pair.together = pair.synergy_cases = 1234567;
      pair.chemistry = 0.125;
      pair.synergy = 0.5 - 0.001 * step++;
      pair.synergy_error = 0.25;
      pair.same_wrong = 0.5;
      report.pairs.back().push_back(std::move(pair));
    }
  }
  return report;
}

SeatingEntry Entry(const std::string& strategy, std::int64_t size,
                   const std::vector<std::string>& models) {
  SeatingEntry entry;
  entry.kind = "medication";
  entry.strategy = strategy;
  entry.size = size;
  entry.models = models;
  return entry;
}

TEST(RenderChemistryReportTest, AFewModelsAreShownInFull) {
  ChemistryReport report = Full(3, 1);
  report.cases = 7;
  report.gold_cases = 2;
  report.simulated_cases = 4;
  report.unreadable = 1;
  for (ChemistryModel& model : report.models) model.seated = model.answered = 7;
  for (auto& row : report.pairs) {
    for (ChemistryPair& pair : row) pair.synergy_cases = 7;
  }
  EXPECT_EQ(RenderChemistryReport(report, kLook),
            "  Kind        medication\n"
            "  Cases       7, of 2 the right answer is known\n"
            "  Note        4 of them were answered by SIMULATED models\n"
            "  Skipped     1 lines that cannot be read\n"
            "  Made        2025-07-11 09:43:21 UTC\n"
            "\n"
            "Models\n"
            "  model  asked  answered  quality    accuracy  median     95 %\n"
            "  100-       7         7      9.2  0.75 ±0.01   1.5 s  120 min\n"
            "  101-       7         7      9.2  0.75 ±0.01   1.5 s  120 min\n"
            "  102-       7         7      9.2  0.75 ±0.01   1.5 s  120 min\n"
            "\n"
            "Synergy, the strongest first\n"
            "  pair  with  cases        synergy   chem  same wrong\n"
            "  100-  101-      7  +0.500 ±0.250  0.125        0.50\n"
            "  100-  102-      7  +0.499 ±0.250  0.125        0.50\n"
            "  101-  102-      7  +0.498 ±0.250  0.125        0.50\n"
            "  Synergy: above 0 the pair adds more together than apart. ± is its standard\n"
            "  error; few cases are shrunk towards 0. chem: the published measure, nonempty.\n");
}

TEST(RenderChemistryReportTest, LongNamesAndManyPairsStayInEightyColumns) {
  ChemistryReport report = Full(30, 128);
  report.kind = std::string(64, 'k');
  report.simulated_cases = report.cases;
  report.unreadable = 1234567;
  report.variant = "published";
  const std::string text = RenderChemistryReport(report, kLook);
  ExpectAtMost80Columns(text);
  EXPECT_NE(text.find("Strongest together"), std::string::npos);
  EXPECT_NE(text.find("Weakest together"), std::string::npos);
  EXPECT_EQ(LinesWith(text, "±0.250"), 16u) << "eight of each, not 435";
  EXPECT_NE(text.find("+0.500"), std::string::npos) << text;
  EXPECT_NE(text.find("+0.066"), std::string::npos) << text;
}

TEST(RenderChemistryReportTest, WhatIsNotKnownIsADash) {
  ChemistryReport report = Full(3, 1);
  for (ChemistryModel& model : report.models) {
    model.quality.reset();
    model.accuracy.reset();
    model.latency_ms.reset();
    model.latency_ms_p95.reset();
  }
  for (auto& row : report.pairs) {
    for (ChemistryPair& pair : row) {
      pair.chemistry.reset();
      pair.same_wrong.reset();
      pair.synergy_error.reset();
    }
  }
  report.models[0].accuracy = 0.5;
  report.models[0].accuracy_error.reset();
  report.pairs[0][0].synergy.reset();
  const std::string text = RenderChemistryReport(report, kLook);
  ExpectAtMost80Columns(text);
  EXPECT_EQ(text.find("nan"), std::string::npos) << text;
  EXPECT_EQ(LinesWith(text, "  101-   1234567   1234560        -         -       -     -\n"), 1u)
      << text;
  EXPECT_EQ(LinesWith(text, "+0.499     -           -\n"), 1u) << text;
  EXPECT_EQ(LinesWith(text, "100-  101-"), 0u) << "a pair without synergy is not ranked";
  EXPECT_EQ(LinesWith(text, "±"), 1u) << "in the explanation only";
}

TEST(RenderChemistryReportTest, AnEmptyReportSaysWhatIsMissing) {
  const std::string text = RenderChemistryReport(ChemistryReport(), kLook);
  ExpectAtMost80Columns(text);
  EXPECT_NE(text.find("not known yet: it takes cases that three or more models answered"),
            std::string::npos)
      << text;
}

TEST(RenderBoardTest, AnEmptyBoardSaysHowEnsemblesAreDrawnUntilThen) {
  EXPECT_EQ(RenderBoard(SeatingBoard(), kLook),
            "  nothing recommended yet: until enough cases have ended\n"
            "  (chemistry.cold_start_cases), ensembles are drawn at random\n");
}

TEST(RenderBoardTest, SetsToExploreAreListedOnceEachInEightyColumns) {
  SeatingBoard board;
  board.made_ms = 1752227001000;
  board.entries.push_back(Entry("utility", 2, {"a", "b"}));
  board.entries.back().expected = 0.8125;
  for (int i = 0; i < 8; ++i) {
    board.entries.push_back(
        Entry("explore", 2,
              i < 5 ? std::vector<std::string>{"c", "d"}
                    : std::vector<std::string>{"c", std::string(1, static_cast<char>('a' + i))}));
  }
  EXPECT_EQ(RenderBoard(board, kLook),
            "  Made        2025-07-11 09:43:21 UTC\n"
            "  kind        strategy  size  expected  models\n"
            "  medication  utility      2     0.812  a, b\n"
            "  medication  explore      2         -  c, d\n"
            "  medication  explore      2         -  c, f\n"
            "  medication  explore      2         -  c, g\n"
            "  medication  explore      2         -  c, h\n");
}

TEST(RenderBoardTest, WhereNobodyIsSeatedItSaysWhyOnce) {
  SeatingBoard board;
  for (std::int64_t size = 1; size <= 2; ++size) {
    SeatingEntry entry;
    entry.kind = "medication";
    entry.strategy = "utility";
    entry.size = size;
    entry.reason = "no model is within latency_ms_max = 10";
    board.entries.push_back(entry);
  }
  const std::string text = RenderBoard(board, kLook);
  EXPECT_NE(text.find("utility      1         -  nobody\n"), std::string::npos) << text;
  const std::size_t at = text.find("Nobody      no model is within latency_ms_max = 10\n");
  ASSERT_NE(at, std::string::npos) << text;
  EXPECT_EQ(text.find("no model is within", at + 20), std::string::npos);
}

TEST(RenderLearnedTest, ModelsThatAreLeftOutAreCounted) {
  ChemistryReport report;
  report.kind = "medication";
  EXPECT_EQ(RenderChemistryReport(report, kLook).find("Left out"), std::string::npos);
  report.left_out = 3;
  EXPECT_NE(RenderChemistryReport(report, kLook).find("Left out    3 models with fewer cases\n"),
            std::string::npos);
}

TEST(RenderBoardTest, LongKindsAndCouncilsOfManyLongNamesStayInEightyColumns) {
  SeatingBoard board;
  std::vector<std::string> models;
  models.reserve(10);
  for (int i = 0; i < 10; ++i) models.push_back(std::to_string(i) + std::string(127, 'm'));
  for (int i = 0; i < 8; ++i) {
    SeatingEntry entry = Entry(i == 0 ? "performance" : "explore", 10, models);
    entry.kind = std::string(64, 'k');
    entry.models.pop_back();
    entry.models.push_back("last-" + std::to_string(i));
    board.entries.push_back(entry);
  }
  const std::string text = RenderBoard(board, kLook);
  ExpectAtMost80Columns(text);
  EXPECT_EQ(LinesWith(text, "explore"), 7u);
}

TEST(MapTest, AbsentValuesStayAbsentAndTheMapIsSymmetric) {
  ChemistryReport report = Full(3, 1);
  report.simulated_cases = 5;
  report.pairs[0][1].synergy.reset();
  const HeatMap synergy = SynergyMap(report);
  EXPECT_TRUE(synergy.is_signed);
  EXPECT_EQ(synergy.title, "Synergy of medication");
  EXPECT_EQ(synergy.subtitle, "1234567 cases, 123456 with a known answer, 5 SIMULATED");
  ASSERT_EQ(synergy.values.size(), 9u);
  EXPECT_EQ(synergy.values[0 * 3 + 1], 0.5);
  EXPECT_EQ(synergy.values[1 * 3 + 0], 0.5);
  EXPECT_EQ(synergy.values[0 * 3 + 2], std::nullopt);
  EXPECT_EQ(synergy.values[0], std::nullopt) << "a model and itself are no pair";
  const HeatMap chemistry = ChemistryMap(report);
  EXPECT_FALSE(chemistry.is_signed);
  EXPECT_EQ(chemistry.values[0 * 3 + 2], 0.125);
  EXPECT_TRUE(SynergyMap(ChemistryReport()).values.empty());
}

TEST(PairsCsvTest, EveryPairIsARowAndWhatIsNotKnownIsBlank) {
  const std::string titles =
      "a,b,together,chemistry,synergy,synergy_error,synergy_cases,gold_cases,disagreement,"
      "double_fault,same_wrong,q_statistic,kappa\r\n";
  EXPECT_EQ(PairsCsv(ChemistryReport()), titles);
  ChemistryReport report = Full(2, 1);
  report.pairs[0][0].synergy = 0.1;
  report.pairs[0][0].q_statistic = -1.0;
  EXPECT_EQ(PairsCsv(report), titles + "100-,101-,1234567,0.125,0.1,0.25,1234567,0,,,0.5,-1,\r\n");
  report.pairs[0][0] = ChemistryPair();
  EXPECT_EQ(PairsCsv(report), titles + ",,0,,,,0,0,,,,,\r\n");
}

}  // namespace
}  // namespace consilium
