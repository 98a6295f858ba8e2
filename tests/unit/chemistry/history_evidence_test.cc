// What a history says about its models.
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "aggregator/chemistry/history_csv.h"

namespace consilium {
namespace {

using Sets = std::vector<std::vector<std::string>>;

constexpr const char* kColumns =
    "trial,model,quality,accuracy,generation_accuracy,review_accuracy,latency,result,strategy,"
    "created,task\n";

// A history and the rows of its one task.
struct Sample {
  explicit Sample(const std::string& rows) {
    std::string text = kColumns;
    for (const char c : rows) text += c == '\n' ? std::string(",fix\n") : std::string(1, c);
    auto parsed = ParseHistory(text, "h.csv");
    EXPECT_TRUE(parsed.ok() && parsed->bad.empty())
        << (parsed.ok() ? parsed->bad[0].why : parsed.error().text);
    if (!parsed.ok()) return;
    table = *std::move(parsed);
    auto selected = SelectTask(table, TaskGrouping::kExact, std::nullopt);
    if (selected.ok()) history = *std::move(selected);
  }
  Sample(const Sample&) = delete;  // `history` points into `table`
  Sample& operator=(const Sample&) = delete;
  HistoryTable table;
  TaskHistory history;
};

constexpr const char* kTwoTrials =
    "t1,b,5,0.25,0,0.5,3,yes,RANDOM,2025-07-11 09:43:21\n"
    "t1,a,8,0.75,1,0.9,1.5,No!,RANDOM,2025-07-11 09:43:21\n"
    "t1,b,6,0.80,1,0.7,9,yes,RANDOM,2025-07-11 09:43:22\n"
    "t2,a,9,0.75,1,1,2,x,LOCAL,2025-07-12 00:00:00\n"
    "t2,c,1,0.05,,,,X,LOCAL,2025-07-12 00:00:00\n"
    "t3,b,10,1,1,1,1,y,CHEMISTRY,2025-07-13 00:00:00\n"
    "t3,c,2,0.05,1,1,1,z,CHEMISTRY,2025-07-13 00:00:00\n";

TEST(MakeProfilesTest, BestTakesTheFirstRowWithTheHighestAccuracyOutsideChemistry) {
  const Sample sample(kTwoTrials);
  const auto profiles = MakeProfiles(sample.history, ProfileBasis::kBest);
  ASSERT_EQ(profiles.size(), 3u);
  EXPECT_EQ(profiles[0].model, "a");
  EXPECT_EQ(profiles[0].quality, 8.0) << "of equal accuracies the first";
  EXPECT_EQ(profiles[0].accuracy, 0.75);
  EXPECT_EQ(profiles[1].model, "b");
  EXPECT_EQ(profiles[1].quality, 6.0);
  EXPECT_EQ(profiles[1].accuracy, 0.8);
  EXPECT_EQ(profiles[2].model, "c");
  EXPECT_EQ(profiles[2].quality, 1.0);
  EXPECT_EQ(profiles[2].accuracy, 0.1) << "the floor";
}

TEST(MakeProfilesTest, MeanTakesAllRows) {
  const Sample sample(kTwoTrials);
  const auto profiles = MakeProfiles(sample.history, ProfileBasis::kMean);
  ASSERT_EQ(profiles.size(), 3u);
  EXPECT_EQ(profiles[1].model, "b");
  EXPECT_DOUBLE_EQ(profiles[1].quality, 7.0);
  EXPECT_DOUBLE_EQ(profiles[1].accuracy, (0.25 + 0.8 + 1.0) / 3.0);
  EXPECT_DOUBLE_EQ(profiles[2].accuracy, 0.05);
}

TEST(MakeProfilesTest, NoRowsGiveNoProfiles) {
  EXPECT_TRUE(MakeProfiles(TaskHistory{}, ProfileBasis::kBest).empty());
  EXPECT_TRUE(MakeProfiles(TaskHistory{}, ProfileBasis::kMean).empty());
  EXPECT_TRUE(PastSets(TaskHistory{}, ProfileBasis::kBest).empty());
  EXPECT_TRUE(MakeEvidence(TaskHistory{}, "kind").empty());
}

TEST(PastSetsTest, BestTakesTheTrialsOfTheChosenRowsAndMeanTakesAll) {
  const Sample sample(kTwoTrials);
  EXPECT_EQ(PastSets(sample.history, ProfileBasis::kBest), (Sets{{"a", "b"}, {"a", "c"}}));
  EXPECT_EQ(PastSets(sample.history, ProfileBasis::kMean),
            (Sets{{"a", "b"}, {"a", "c"}, {"b", "c"}}));
}

TEST(MakeEvidenceTest, ATrialIsOneCaseAndAModelsRowsAreOneAnswer) {
  const Sample sample(kTwoTrials);
  const auto cases = MakeEvidence(sample.history, "repair");
  ASSERT_EQ(cases.size(), 3u);
  const CaseEvidence& first = cases[0];
  EXPECT_EQ(first.kind, "repair");
  EXPECT_EQ(first.source, "import");
  EXPECT_EQ(first.strategy, "random");
  EXPECT_EQ(first.seated, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(first.decided_ms, 1752227002000);
  EXPECT_FALSE(first.simulated);
  ASSERT_EQ(first.answers.size(), 2u);
  const EvidenceAnswer& a = first.answers[0];
  EXPECT_EQ(a.model, "a");
  EXPECT_EQ(a.version, "");
  EXPECT_EQ(a.key, "0002") << "the second answer that the trial shows";
  EXPECT_EQ(a.grade, 0.8);
  EXPECT_EQ(a.right, true);
  EXPECT_EQ(a.reliability, 0.9);
  EXPECT_EQ(a.weight, 0.9);
  EXPECT_EQ(a.latency_ms, 1500.0);
  EXPECT_EQ(a.cost_usd, std::nullopt);
  const EvidenceAnswer& b = first.answers[1];
  EXPECT_EQ(b.key, "0001");
  EXPECT_EQ(b.grade, 0.5) << "the first row's";
  EXPECT_EQ(b.right, false) << "the first row's";
  EXPECT_DOUBLE_EQ(b.reliability.value_or(-1), 0.6) << "the mean";
  EXPECT_EQ(b.latency_ms, 9000.0) << "the longest";
}

TEST(MakeEvidenceTest, WhatIsNotStatedIsAbsentAndEqualAnswersShareAKey) {
  const Sample sample(kTwoTrials);
  const auto cases = MakeEvidence(sample.history, "repair");
  ASSERT_EQ(cases.size(), 3u);
  ASSERT_EQ(cases[1].answers.size(), 2u);
  const EvidenceAnswer& c = cases[1].answers[1];
  EXPECT_EQ(c.key, cases[1].answers[0].key);
  EXPECT_EQ(c.right, std::nullopt);
  EXPECT_EQ(c.reliability, std::nullopt);
  EXPECT_EQ(c.weight, 1.0);
  EXPECT_EQ(c.latency_ms, std::nullopt);
  EXPECT_NE(cases[2].answers[0].key, cases[2].answers[1].key);
}

TEST(MakeEvidenceTest, CaseIdsFollowFromTheTrialAloneAndTellTrialsApart) {
  const Sample both(kTwoTrials);
  const auto cases = MakeEvidence(both.history, "repair");
  std::set<std::string> ids;
  for (const CaseEvidence& one : cases) {
    ids.insert(one.case_id);
    EXPECT_EQ(one.case_id.size(), 39u);
    EXPECT_EQ(one.case_id.rfind("import-", 0), 0u);
    EXPECT_EQ(one.case_id.find_first_not_of("0123456789abcdef", 7), std::string::npos);
  }
  EXPECT_EQ(ids.size(), 3u);
  // The same trial in another file, without the others.
  const Sample second(
      "t2,a,9,0.75,1,1,2,x,LOCAL,2025-07-12 00:00:00\n"
      "t2,c,1,0.05,,,,X,LOCAL,2025-07-12 00:00:00\n");
  EXPECT_EQ(MakeEvidence(second.history, "repair").at(0).case_id, cases[1].case_id);
  EXPECT_EQ(MakeEvidence(second.history, "other").at(0).case_id, cases[1].case_id);
  const Sample changed(
      "t2,a,9,0.75,1,1,2,x,LOCAL,2025-07-12 00:00:00\n"
      "t2,c,1,0.06,,,,X,LOCAL,2025-07-12 00:00:00\n");
  EXPECT_NE(MakeEvidence(changed.history, "repair").at(0).case_id, cases[1].case_id);
}

// The evidence of a text with its own columns.
std::vector<CaseEvidence> EvidenceOf(const std::string& text, TaskGrouping grouping) {
  const auto table = ParseHistory(text, "h.csv");
  EXPECT_TRUE(table.ok() && table->bad.empty())
      << (table.ok() ? table->bad[0].why : table.error().text);
  const auto history = SelectTask(*table, grouping, std::nullopt);
  EXPECT_TRUE(history.ok());
  return MakeEvidence(*history, "repair");
}

TEST(MakeEvidenceTest, StatedIdsWeightsAndVersionsAreTaken) {
  const auto cases = EvidenceOf(
      "trial,model,task,quality,accuracy,review_accuracy,weight,version,case_id,simulated\n"
      "t,a,fix,5,0.5,0.9,0.25,a-1,case-1,0\n"
      "t,a,fix,5,0.5,0.7,0.75,a-2,case-1,1\n"
      "t,b,fix,5,0.5,0.9,,,case-1,0\n"
      "u,a,fix,5,0.5,0.9,0,,,0\n",
      TaskGrouping::kExact);
  ASSERT_EQ(cases.size(), 2u);
  EXPECT_EQ(cases[0].case_id, "case-1");
  EXPECT_TRUE(cases[0].simulated) << "one answer is";
  ASSERT_EQ(cases[0].answers.size(), 2u);
  EXPECT_EQ(cases[0].answers[0].weight, 0.5) << "the mean";
  EXPECT_EQ(cases[0].answers[0].version, "a-1") << "the first row's";
  EXPECT_DOUBLE_EQ(cases[0].answers[0].reliability.value_or(-1), 0.8);
  EXPECT_EQ(cases[0].answers[1].weight, 0.9) << "as reliable as a reviewer";
  EXPECT_EQ(cases[1].case_id.rfind("import-", 0), 0u);
  EXPECT_FALSE(cases[1].simulated);
  EXPECT_EQ(cases[1].answers.at(0).weight, 0.0);
}

TEST(MakeEvidenceTest, NearTasksWithTrialsOfOneNameAreToldApartByTheirCaseIds) {
  const std::string rows =
      "t,a,fix the buggy program,5,0.5,c1\n"
      "t,a,Fix the buggy program,5,0.5,c2\n"
      "t,a,choose a drug,5,0.5,c3\n"
      "t,a,name a river,5,0.5,c4\n";
  const auto cases =
      EvidenceOf("trial,model,task,quality,accuracy,case_id\n" + rows, TaskGrouping::kNear);
  ASSERT_EQ(cases.size(), 2u) << "the first two texts are one task";
  EXPECT_EQ(cases[0].case_id, "c1");
  EXPECT_EQ(cases[1].case_id, "c2");
}

TEST(FindPlacementTest, LocalWinsOverRemoteAndOthersAreNowhere) {
  const Sample sample(
      "t1,a,5,0.5,,,,,LOCAL,\n"
      "t2,b,5,0.5,,,,,remote,\n"
      "t2,a,5,0.5,,,,,REMOTE,\n"
      "t3,c,5,0.5,,,,,RANDOM,\n");
  const Placement placement = FindPlacement(sample.history);
  EXPECT_EQ(placement.local, std::vector<std::string>{"a"});
  EXPECT_EQ(placement.remote, std::vector<std::string>{"b"});
}

class ReferenceHistoryTest : public testing::TestWithParam<const char*> {
 protected:
  static std::string Read(const std::string& name) {
    std::ifstream file(CONSILIUM_SOURCE_DIR "/../shared/reference/" + name, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
};

TEST_P(ReferenceHistoryTest, BestProfilesAreThoseOfTheReference) {
  const std::string name = GetParam();
  const std::string text = Read(name + ".csv");
  if (text.empty()) GTEST_SKIP() << "../shared is absent: no " << name << ".csv";
  const auto expected = nlohmann::json::parse(Read(name + "_profile.json"));
  const auto table = ParseHistory(text, name);
  ASSERT_TRUE(table.ok());
  const auto history = SelectTask(*table, TaskGrouping::kNear, std::nullopt);
  ASSERT_TRUE(history.ok());
  EXPECT_EQ(history->task, expected.at("task"));
  const auto profiles = MakeProfiles(*history, ProfileBasis::kBest);
  ASSERT_EQ(profiles.size(), expected.at("models").size());
  for (std::size_t i = 0; i < profiles.size(); ++i) {
    const auto& model = expected.at("models").at(i);
    EXPECT_EQ(profiles[i].model, model.at("model"));
    EXPECT_EQ(profiles[i].quality, model.at("quality").get<double>()) << profiles[i].model;
    // The reference reads decimals with an error of up to one unit in the last place; we do not.
    EXPECT_NEAR(profiles[i].accuracy, model.at("accuracy").get<double>(), 1.2e-16)
        << profiles[i].model;
  }
}

TEST_P(ReferenceHistoryTest, EveryTrialIsACaseWithinItsRanges) {
  const std::string name = GetParam();
  const std::string text = Read(name + ".csv");
  if (text.empty()) GTEST_SKIP() << "../shared is absent: no " << name << ".csv";
  const auto table = ParseHistory(text, name);
  ASSERT_TRUE(table.ok());
  const auto history = SelectTask(*table, TaskGrouping::kNear, std::nullopt);
  ASSERT_TRUE(history.ok());
  const auto cases = MakeEvidence(*history, name);
  EXPECT_EQ(cases.size(), name == "runs" ? 1342u : 1353u);
  std::set<std::string> ids;
  for (const CaseEvidence& one : cases) {
    ids.insert(one.case_id);
    EXPECT_GT(one.decided_ms, 0);
    EXPECT_FALSE(one.answers.empty());
    for (const EvidenceAnswer& answer : one.answers) {
      EXPECT_TRUE(answer.right.has_value());
      EXPECT_TRUE(answer.grade && *answer.grade >= 0.0 && *answer.grade <= 1.0);
      EXPECT_TRUE(answer.weight >= 0.0 && answer.weight <= 1.0);
    }
  }
  EXPECT_EQ(ids.size(), cases.size());
  const Placement placement = FindPlacement(*history);
  EXPECT_FALSE(placement.local.empty());
  EXPECT_FALSE(placement.remote.empty());
}

INSTANTIATE_TEST_SUITE_P(Runs, ReferenceHistoryTest, testing::Values("runs", "runs2"),
                         [](const auto& test) { return std::string(test.param); });

}  // namespace
}  // namespace consilium
