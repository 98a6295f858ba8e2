#include "aggregator/chemistry/board.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "aggregator/chemistry/loss.h"
#include "shared/ids.h"
#include "shared/limits.h"

namespace consilium {
namespace {

// A report of `models`, the accuracy falling from the first to the last.
ChemistryReport ReportOf(const std::vector<std::string>& models, std::int64_t cases) {
  ChemistryReport report;
  report.kind = "medication";
  report.cases = cases;
  double accuracy = 0.95;
  for (const std::string& model : models) {
    ChemistryModel known;
    known.model = model;
    known.answered = cases;
    known.accuracy = accuracy;
    known.quality = 10 * accuracy;
    known.profiled = true;
    accuracy -= 0.05;
    report.models.push_back(known);
  }
  for (std::size_t a = 0; a < models.size(); ++a) {
    auto& row = report.pairs.emplace_back();
    for (std::size_t b = a + 1; b < models.size(); ++b) {
      ChemistryPair pair;
      pair.a = models[a];
      pair.b = models[b];
      pair.together = cases;
      pair.chemistry = 0.1 * static_cast<double>(a + b);
      row.push_back(pair);
    }
  }
  return report;
}

RecordedCase CaseOf(int number, const std::vector<std::string>& seated,
                    const std::vector<std::string>& right) {
  RecordedCase recorded;
  recorded.evidence.case_id = "case-" + std::to_string(number);
  recorded.evidence.kind = "medication";
  recorded.evidence.seated = seated;
  for (const std::string& model : seated) {
    EvidenceAnswer answer;
    answer.model = model;
    answer.right = std::find(right.begin(), right.end(), model) != right.end();
    answer.key = *answer.right ? "right" : "wrong";
    answer.grade = *answer.right ? 0.9 : 0.3;
    recorded.evidence.answers.push_back(answer);
  }
  return recorded;
}

std::vector<std::string> Four() { return {"a", "b", "c", "d"}; }

std::vector<RecordedCase> Cases(int count) {
  std::vector<RecordedCase> cases;
  cases.reserve(static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i) cases.push_back(CaseOf(i, Four(), {"b"}));
  return cases;
}

// The entries of one size.
std::vector<SeatingEntry> Entries(BoardMaker maker, std::size_t size) {
  std::vector<SeatingEntry> entries;
  while (maker.Step(entries)) {
  }
  std::erase_if(entries, [size](const SeatingEntry& entry) {
    return entry.size != static_cast<std::int64_t>(size);
  });
  return entries;
}

std::vector<SeatingEntry> Of(const std::vector<SeatingEntry>& entries,
                             const std::string& strategy) {
  std::vector<SeatingEntry> found;
  for (const SeatingEntry& entry : entries) {
    if (entry.strategy == strategy) found.push_back(entry);
  }
  return found;
}

TEST(BoardTest, RecommendsNothingDuringTheColdStart) {
  BoardRules rules;
  rules.cold_start_cases = 30;
  BoardMaker cold(ReportOf(Four(), 29), Cases(29), Four(), rules);
  std::vector<SeatingEntry> entries;
  EXPECT_EQ(cold.sizes(), 0u);
  EXPECT_FALSE(cold.Step(entries));
  EXPECT_TRUE(entries.empty());
  BoardMaker warm(ReportOf(Four(), 30), Cases(30), Four(), rules);
  EXPECT_EQ(warm.sizes(), 4u);
  EXPECT_TRUE(warm.Step(entries));
}

TEST(BoardTest, PerformanceSeatsTheMostAccurateOfThePool) {
  const auto entries =
      Entries(BoardMaker(ReportOf(Four(), 50), Cases(50), {"d", "c", "b"}, BoardRules{}), 2);
  const auto found = Of(entries, "performance");
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].models, (std::vector<std::string>{"b", "c"}));
  EXPECT_EQ(found[0].kind, "medication");
  EXPECT_EQ(found[0].size, 2);
}

TEST(BoardTest, PerformanceHasNoEntryForMoreModelsThanAreKnown) {
  const auto entries =
      Entries(BoardMaker(ReportOf({"a", "b"}, 50), Cases(50), Four(), BoardRules{}), 3);
  EXPECT_TRUE(Of(entries, "performance").empty());
  EXPECT_TRUE(Of(entries, "chemistry").empty());
}

TEST(BoardTest, UtilitySeatsTheOneModelThatIsAlwaysRight) {
  const auto entries =
      Entries(BoardMaker(ReportOf(Four(), 50), Cases(50), Four(), BoardRules{}), 3);
  const auto found = Of(entries, "utility");
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].models, std::vector<std::string>{"b"});
  EXPECT_EQ(found[0].expected, 1.0);
  EXPECT_TRUE(Of(entries, "single").empty());
}

TEST(BoardTest, SingleIsPartOfSizeOne) {
  const auto entries =
      Entries(BoardMaker(ReportOf(Four(), 50), Cases(50), Four(), BoardRules{}), 1);
  const auto found = Of(entries, "single");
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].models, std::vector<std::string>{"b"});
}

TEST(BoardTest, ChemistrySeatsExactlyAsManyAsAsked) {
  for (std::size_t size = 1; size <= 4; ++size) {
    const auto found =
        Of(Entries(BoardMaker(ReportOf(Four(), 50), Cases(50), Four(), BoardRules{}), size),
           "chemistry");
    ASSERT_EQ(found.size(), 1u) << size;
    EXPECT_EQ(found[0].models.size(), size);
  }
}

TEST(BoardTest, ExploringCoversThePairsThatNeverSatTogether) {
  ChemistryReport report = ReportOf({"a", "b", "c", "d", "e", "f"}, 50);
  for (auto& row : report.pairs) {
    for (ChemistryPair& pair : row) pair.together = pair.a == "a" || pair.b == "f" ? 0 : 40;
  }
  const auto entries =
      Entries(BoardMaker(report, Cases(50), {"a", "b", "c", "d", "e", "f"}, BoardRules{}), 2);
  std::set<std::vector<std::string>> sets;
  for (const SeatingEntry& entry : Of(entries, "explore")) sets.insert(entry.models);
  EXPECT_EQ(sets.size(), kExploreSets);
  for (const auto& set : sets) {
    EXPECT_TRUE(set[0] == "a" || set[1] == "f") << set[0] << " and " << set[1];
  }
}

TEST(BoardTest, ExploringSeatsTheModelThatAnsweredLeastAlone) {
  ChemistryReport report = ReportOf(Four(), 50);
  report.models[2].answered = 3;
  const auto entries = Entries(BoardMaker(report, Cases(50), Four(), BoardRules{}), 1);
  for (const SeatingEntry& entry : Of(entries, "explore")) {
    EXPECT_EQ(entry.models, std::vector<std::string>{"c"});
  }
}

TEST(BoardTest, NewModelsAreExploredBeforeAnythingIsKnownOfThem) {
  const auto entries = Entries(
      BoardMaker(ReportOf(Four(), 50), Cases(50), {"a", "b", "c", "d", "new"}, BoardRules{}), 3);
  const auto found = Of(entries, "explore");
  ASSERT_EQ(found.size(), kExploreSets);
  EXPECT_TRUE(std::count(found[0].models.begin(), found[0].models.end(), "new") == 1);
}

TEST(BoardTest, EntriesComeInOrderOfSizeAndNotBeyondTheLargest) {
  std::vector<std::string> models;
  for (int m = 10; m < 22; ++m) models.push_back("m" + std::to_string(m));
  BoardMaker maker(ReportOf(models, 50), Cases(50), models, BoardRules{});
  EXPECT_EQ(maker.sizes(), limits::kBoardSizesMax);
  std::vector<SeatingEntry> entries;
  while (maker.Step(entries)) {
  }
  EXPECT_FALSE(maker.Step(entries));
  EXPECT_TRUE(
      std::is_sorted(entries.begin(), entries.end(),
                     [](const SeatingEntry& a, const SeatingEntry& b) { return a.size < b.size; }));
  EXPECT_EQ(entries.back().size, 10);
  EXPECT_EQ(Of(entries, "performance").size(), limits::kBoardSizesMax);
}

// --- models that are gone

// Of a, b, c and d, of which x and y change who goes together.
ChemistryReport WithStrangers() {
  ChemistryReport report = ReportOf({"a", "b", "c", "d", "x", "y"}, 50);
  const double qualities[] = {9, 4, 3, 9, 3, 3};
  const double accuracies[] = {0.9, 0.7, 0.55, 0.45, 0.35, 0.9};
  for (std::size_t m = 0; m < report.models.size(); ++m) {
    report.models[m].quality = qualities[m];
    report.models[m].accuracy = accuracies[m];
  }
  return report;
}

std::vector<std::string> PairByChemistry(const ChemistryMatrix& matrix) {
  const ChemistryLoss loss(matrix, LossWeights{});
  const auto chosen = loss.ClimbOfSize(std::vector<std::vector<std::string>>{Four()}, 2);
  return chosen ? chosen->models : std::vector<std::string>{};
}

TEST(BoardTest, ModelsOutsideThePoolDoNotShapeItsChemistry) {
  const ChemistryReport report = WithStrangers();
  std::vector<ModelProfile> profiles;
  for (const ChemistryModel& model : report.models) {
    profiles.push_back({model.model, *model.quality, *model.accuracy});
  }
  const auto all = ComputeChemistry(profiles, ChemistryVariant::kNonempty, kUsageThreshold);
  ASSERT_TRUE(all.ok());
  ChemistryMatrix of_all(Four());
  for (std::size_t a = 0; a < 4; ++a) {
    for (std::size_t b = a + 1; b < 4; ++b) of_all.Set(a, b, all->at(a, b));
  }
  ASSERT_EQ(PairByChemistry(of_all), (std::vector<std::string>{"a", "b"})) << "with x and y";

  const auto found =
      Of(Entries(BoardMaker(report, Cases(50), Four(), BoardRules{}), 2), "chemistry");
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].models, (std::vector<std::string>{"a", "c"}));
}

TEST(BoardTest, VariantAndUsageThresholdAreThoseOfTheRules) {
  BoardRules published;
  published.variant = ChemistryVariant::kPublished;
  BoardRules low;
  low.usage_threshold = 0.35;
  for (const auto& [rules, second] : {std::pair{published, "b"}, std::pair{low, "d"}}) {
    const auto found =
        Of(Entries(BoardMaker(WithStrangers(), Cases(50), Four(), rules), 2), "chemistry");
    ASSERT_EQ(found.size(), 1u);
    EXPECT_EQ(found[0].models, (std::vector<std::string>{"a", second}));
  }
}

TEST(BoardTest, ClimbsFromPartsOfThePastEndWhereOneFromAllOfItDoes) {
  std::vector<std::string> models;
  for (int m = 10; m < 40; ++m) models.push_back("m" + std::to_string(m));
  ChemistryReport report = ReportOf(models, 50);
  SeededRandom random(3, "past");
  std::vector<ModelProfile> profiles;
  for (ChemistryModel& model : report.models) {
    model.quality = 10 * random.Unit();
    model.accuracy = random.Unit();
    profiles.push_back({model.model, *model.quality, *model.accuracy});
  }
  std::vector<RecordedCase> window(600);  // 273 starts are tried in one piece
  std::vector<std::vector<std::string>> past;
  for (RecordedCase& recorded : window) {
    std::vector<std::string> seated = models;
    random.Shuffle(seated);
    seated.resize(1 + random.Below(4));
    recorded.evidence.seated = seated;
    past.push_back(std::move(seated));
  }
  const auto matrix = ComputeChemistry(profiles, ChemistryVariant::kNonempty, kUsageThreshold);
  ASSERT_TRUE(matrix.ok());
  const ChemistryLoss loss(*matrix, LossWeights{});
  BoardMaker maker(report, window, models, BoardRules{});
  std::vector<SeatingEntry> entries;
  while (maker.Step(entries)) {
  }
  const auto found = Of(entries, "chemistry");
  ASSERT_EQ(found.size(), limits::kBoardSizesMax);
  for (std::size_t size = 1; size <= found.size(); ++size) {
    EXPECT_EQ(found[size - 1].models, loss.ClimbOfSize(past, size).value().models);
  }
}

// --- budgets

// Its models a to d cost so much each and are so slow; nullopt = not known.
ChemistryReport Priced(const std::vector<std::optional<double>>& costs,
                       const std::vector<std::optional<double>>& latencies) {
  ChemistryReport report = ReportOf(Four(), 50);
  for (std::size_t m = 0; m < report.models.size(); ++m) {
    report.models[m].cost_usd = costs[m];
    report.models[m].latency_ms_p95 = latencies[m];
  }
  return report;
}

std::set<std::vector<std::string>> Explored(const ChemistryReport& report, const Budget& budget,
                                            std::size_t size,
                                            const std::vector<std::string>& pool = Four()) {
  BoardRules rules;
  rules.budget = budget;
  std::set<std::vector<std::string>> sets;
  for (const SeatingEntry& entry :
       Of(Entries(BoardMaker(report, Cases(50), pool, rules), size), "explore")) {
    EXPECT_EQ(entry.models.size(), size);
    sets.insert(entry.models);
  }
  return sets;
}

using Sets = std::set<std::vector<std::string>>;
std::vector<std::optional<double>> Unknown() { return std::vector<std::optional<double>>(4); }

TEST(BoardBudgetTest, NoModelKnownToBeTooSlowIsExplored) {
  Budget budget;
  budget.latency_ms_max = 1000;
  const ChemistryReport report = Priced(Unknown(), {1000, 1000.5, std::nullopt, 10});
  EXPECT_EQ(Explored(report, budget, 2), (Sets{{"a", "c"}, {"a", "d"}, {"c", "d"}}));
  EXPECT_EQ(Explored(report, budget, 3), (Sets{{"a", "c", "d"}}));
  EXPECT_EQ(Explored(report, budget, 4), Sets{}) << "only three are fast enough";
  EXPECT_EQ(Explored(report, budget, 4, {"a", "b", "c", "d", "new"}),
            (Sets{{"a", "c", "d", "new"}}))
      << "of a new model nothing is known";
}

TEST(BoardBudgetTest, NoSetKnownToCostTooMuchIsExplored) {
  Budget budget;
  budget.cost_usd_max = 0.3;
  // a and b never sat together and never may.
  ChemistryReport report = Priced({0.2, 0.2, 0.1, 0.1}, Unknown());
  report.pairs[0][0].together = 0;
  EXPECT_EQ(Explored(report, budget, 2),
            (Sets{{"a", "c"}, {"a", "d"}, {"b", "c"}, {"b", "d"}, {"c", "d"}}));
  EXPECT_EQ(Explored(report, budget, 3), Sets{}) << "the cheapest three cost 0.4";
  report = Priced({0.1, 0.1, 0.1, 0.5}, Unknown());
  EXPECT_EQ(Explored(report, budget, 3), (Sets{{"a", "b", "c"}})) << "0.1 + 0.1 + 0.1 costs 0.3";
}

TEST(BoardBudgetTest, UnknownCostIsNotKnownToBeTooMuch) {
  Budget budget;
  budget.cost_usd_max = 0.3;
  EXPECT_EQ(Explored(Priced({0.5, 0.3, std::nullopt, std::nullopt}, Unknown()), budget, 3),
            (Sets{{"b", "c", "d"}}));
}

TEST(BoardBudgetTest, WhereUtilitySeatsNobodyItsEntrySaysWhy) {
  BoardRules rules;
  rules.budget.cost_usd_max = 1;
  const ChemistryReport report = Priced({2.0, 2.0, 2.0, 2.0}, Unknown());
  for (std::size_t size = 1; size <= 4; ++size) {
    const auto entries = Entries(BoardMaker(report, Cases(50), Four(), rules), size);
    auto found = Of(entries, "utility");
    ASSERT_EQ(found.size(), 1u);
    EXPECT_EQ(found[0].models, std::vector<std::string>{});
    EXPECT_EQ(found[0].reason,
              "the budget leaves no model; a: costs 2 USD a case, the budget is 1 USD");
    EXPECT_FALSE(found[0].expected.has_value());
    EXPECT_TRUE(Of(entries, "explore").empty());
    EXPECT_EQ(Of(entries, "performance").size(), 1u) << "which knows no budget";
    found = Of(entries, "single");
    ASSERT_EQ(found.size(), size == 1 ? 1u : 0u);
    for (const SeatingEntry& single : found) {
      EXPECT_EQ(single.models, std::vector<std::string>{});
    }
  }
}

TEST(BoardBudgetTest, WithoutAnyAnswerOfThePoolUtilitySaysSo) {
  const auto entries =
      Entries(BoardMaker(ReportOf(Four(), 50), Cases(50), {"new", "newer"}, BoardRules{}), 2);
  const auto found = Of(entries, "utility");
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].models, std::vector<std::string>{});
  EXPECT_EQ(found[0].reason, "no answer of the 2 models that may sit in 50 recorded cases");
}

}  // namespace
}  // namespace consilium
