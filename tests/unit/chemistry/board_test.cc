#include "aggregator/chemistry/board.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

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

const std::vector<std::string> kFour = {"a", "b", "c", "d"};

std::vector<RecordedCase> Cases(int count) {
  std::vector<RecordedCase> cases;
  for (int i = 0; i < count; ++i) cases.push_back(CaseOf(i, kFour, {"b"}));
  return cases;
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
  EXPECT_EQ(BoardMaker(ReportOf(kFour, 29), Cases(29), kFour, rules).sizes(), 0u);
  EXPECT_EQ(BoardMaker(ReportOf(kFour, 30), Cases(30), kFour, rules).sizes(), 4u);
}

TEST(BoardTest, PerformanceSeatsTheMostAccurateOfThePool) {
  const BoardMaker maker(ReportOf(kFour, 50), Cases(50), {"d", "c", "b"}, BoardRules{});
  std::vector<SeatingEntry> entries;
  maker.Recommend(2, entries);
  const auto found = Of(entries, "performance");
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].models, (std::vector<std::string>{"b", "c"}));
  EXPECT_EQ(found[0].kind, "medication");
  EXPECT_EQ(found[0].size, 2);
}

TEST(BoardTest, PerformanceHasNoEntryForMoreModelsThanAreKnown) {
  const BoardMaker maker(ReportOf({"a", "b"}, 50), Cases(50), kFour, BoardRules{});
  std::vector<SeatingEntry> entries;
  maker.Recommend(3, entries);
  EXPECT_TRUE(Of(entries, "performance").empty());
  EXPECT_TRUE(Of(entries, "chemistry").empty());
}

TEST(BoardTest, UtilitySeatsTheOneModelThatIsAlwaysRight) {
  const BoardMaker maker(ReportOf(kFour, 50), Cases(50), kFour, BoardRules{});
  std::vector<SeatingEntry> entries;
  maker.Recommend(3, entries);
  const auto found = Of(entries, "utility");
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].models, std::vector<std::string>{"b"});
  EXPECT_EQ(found[0].expected, 1.0);
  EXPECT_TRUE(Of(entries, "single").empty());
}

TEST(BoardTest, SingleIsPartOfSizeOne) {
  const BoardMaker maker(ReportOf(kFour, 50), Cases(50), kFour, BoardRules{});
  std::vector<SeatingEntry> entries;
  maker.Recommend(1, entries);
  const auto found = Of(entries, "single");
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].models, std::vector<std::string>{"b"});
}

TEST(BoardTest, ChemistrySeatsExactlyAsManyAsAsked) {
  const BoardMaker maker(ReportOf(kFour, 50), Cases(50), kFour, BoardRules{});
  for (std::size_t size = 1; size <= maker.sizes(); ++size) {
    std::vector<SeatingEntry> entries;
    maker.Recommend(size, entries);
    const auto found = Of(entries, "chemistry");
    ASSERT_EQ(found.size(), 1u) << size;
    EXPECT_EQ(found[0].models.size(), size);
  }
}

TEST(BoardTest, ExploringCoversThePairsThatNeverSatTogether) {
  ChemistryReport report = ReportOf({"a", "b", "c", "d", "e", "f"}, 50);
  for (auto& row : report.pairs) {
    for (ChemistryPair& pair : row) pair.together = pair.a == "a" || pair.b == "f" ? 0 : 40;
  }
  const BoardMaker maker(report, Cases(50), {"a", "b", "c", "d", "e", "f"}, BoardRules{});
  std::vector<SeatingEntry> entries;
  maker.Recommend(2, entries);
  std::set<std::vector<std::string>> sets;
  for (const SeatingEntry& entry : Of(entries, "explore")) sets.insert(entry.models);
  EXPECT_EQ(sets.size(), kExploreSets);
  for (const auto& set : sets) {
    EXPECT_TRUE(set[0] == "a" || set[1] == "f") << set[0] << " and " << set[1];
  }
}

TEST(BoardTest, ExploringSeatsTheModelThatAnsweredLeastAlone) {
  ChemistryReport report = ReportOf(kFour, 50);
  report.models[2].answered = 3;
  const BoardMaker maker(report, Cases(50), kFour, BoardRules{});
  std::vector<SeatingEntry> entries;
  maker.Recommend(1, entries);
  for (const SeatingEntry& entry : Of(entries, "explore")) {
    EXPECT_EQ(entry.models, std::vector<std::string>{"c"});
  }
}

TEST(BoardTest, NewModelsAreExploredBeforeAnythingIsKnownOfThem) {
  const BoardMaker maker(ReportOf(kFour, 50), Cases(50), {"a", "b", "c", "d", "new"}, BoardRules{});
  std::vector<SeatingEntry> entries;
  maker.Recommend(3, entries);
  const auto found = Of(entries, "explore");
  ASSERT_EQ(found.size(), kExploreSets);
  EXPECT_TRUE(std::count(found[0].models.begin(), found[0].models.end(), "new") == 1);
}

}  // namespace
}  // namespace consilium
