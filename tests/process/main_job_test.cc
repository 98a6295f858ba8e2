// The main job as a user sees it: cases in, recommendations out, through the real programs.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "tests/support/cluster_config.h"
#include "tests/support/cluster_process.h"

namespace consilium {
namespace {

using nlohmann::json;

TEST(MainJobTest, SixtyVignettesGetOneLabelledRecommendationEach) {
  TestFolder folder;
  SimulatedOptions options;
  options.council = "outcomes_min = 100";
  ClusterProcess cluster(folder.Write("c.toml", SimulatedCluster(options)));
  ASSERT_EQ(cluster.Start(), "");
  const CommandResult run = cluster.Run({"submit", "--json", "-"}, DemoCases(60));
  EXPECT_EQ(run.exit_code, 0) << run.err;
  const auto items = JsonLines(run.out);
  ASSERT_EQ(items.size(), 60u);
  std::set<std::string> ids;
  int right = 0;
  for (const json& item : items) {
    ids.insert(item.at("case_id"));
    EXPECT_TRUE(item.at("simulated").get<bool>());
    EXPECT_TRUE(item.at("confidence").is_null())
        << "too few outcomes are known, so no confidence is claimed";
    if (item.at("status") == "insufficient") {
      EXPECT_TRUE(item.at("medications").empty()) << "who abstains recommends nothing";
      EXPECT_TRUE(item.at("score").is_null());
      continue;
    }
    EXPECT_EQ(item.at("status"), "complete") << item.at("reason");
    right += item.at("score").at("exact").get<bool>() ? 1 : 0;
  }
  EXPECT_EQ(ids.size(), 60u);
  EXPECT_GT(right, 40) << "the seeds are fixed: strong simulated models know most cases";
  const json status = json::parse(cluster.Run({"status", "--json"}).out);
  EXPECT_EQ(status.at("counters").at("accepted"), 60);
  EXPECT_TRUE(status.at("balanced").get<bool>());
  EXPECT_EQ(status.at("live"), 0);
  for (const json& lane : status.at("lanes")) {
    EXPECT_EQ(lane.at("waiting").get<int>() + lane.at("leased").get<int>(), 0) << lane;
  }
  EXPECT_EQ(cluster.Stop(), 0);
}

TEST(MainJobTest, ShowExplainsAnswersGradesAndReliabilitiesWithoutNamingAnAuthorToItsReviewer) {
  TestFolder folder;
  ClusterProcess cluster(folder.Write("c.toml", SimulatedCluster({})));
  ASSERT_EQ(cluster.Start(), "");
  ASSERT_EQ(cluster.Run({"submit", "-"}, DemoCases(1)).exit_code, 0);
  const json view = json::parse(cluster.Run({"show", "demo-001", "--json"}).out);
  EXPECT_EQ(view.at("state"), "complete");
  std::map<std::string, int> graders;
  for (const json& task : view.at("tasks")) {
    EXPECT_EQ(task.at("state"), "done");
    if (task.at("task").at("stage") != "review") continue;
    const auto authors = task.at("authors").get<std::vector<std::string>>();
    EXPECT_EQ(task.at("labels").size(), authors.size());
    for (const std::string& author : authors) {
      EXPECT_NE(author, task.at("task").at("model")) << "nobody grades itself";
      ++graders[author];
    }
  }
  EXPECT_EQ(graders.size(), 3u);
  for (const auto& [author, count] : graders) EXPECT_EQ(count, 3) << author;
  const CommandResult shown = cluster.Run({"show", "demo-001"});
  EXPECT_EQ(shown.exit_code, 0);
  EXPECT_NE(shown.out.find("SIMULATED"), std::string::npos) << shown.out;
  std::istringstream lines(shown.out);
  for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 90u) << line;
}

TEST(MainJobTest, NoLogEverHoldsCaseTextOrAnswers) {
  TestFolder folder;
  ClusterProcess cluster(folder.Write("c.toml", SimulatedCluster({})));
  ASSERT_EQ(cluster.Start(), "");
  ASSERT_EQ(cluster.Run({"submit", "-"}, DemoCases(8)).exit_code, 0);
  ASSERT_EQ(cluster.Stop(), 0);
  std::vector<std::string> secrets;
  for (const json& item : JsonLines(DemoCases(8))) {
    secrets.push_back(item.at("text").get<std::string>().substr(0, 40));
    for (const auto& name : item.at("gold_medications")) secrets.push_back(name);
  }
  for (const auto& entry : std::filesystem::directory_iterator(cluster.data() + "/log")) {
    std::ifstream file(entry.path());
    const std::string log((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
    for (const std::string& secret : secrets) {
      EXPECT_EQ(log.find(secret), std::string::npos)
          << entry.path() << " holds \"" << secret << "\"";
    }
  }
}

// What becomes known meanwhile is learned, and what a case is decided by then depends on the
// moment.
std::string WithoutGold(const std::string& cases) {
  std::string lines;
  for (json& one : JsonLines(cases)) {
    one.erase("gold_medications");
    lines += one.dump() + "\n";
  }
  return lines;
}

// Two clusters that never heard of each other decide alike, to the last bit.
void ExpectSameRecommendations(const std::string& config, const Variables& variables,
                               const std::string& cases, std::size_t count) {
  std::vector<std::map<std::string, json>> runs;
  for (int run = 0; run < 2; ++run) {
    ClusterProcess cluster(config, variables);
    ASSERT_EQ(cluster.Start(), "");
    const CommandResult result = cluster.Run({"submit", "--json", "-"}, WithoutGold(cases));
    ASSERT_EQ(result.exit_code, 0) << result.err;
    std::map<std::string, json> items;
    for (json& item : JsonLines(result.out)) {
      for (const char* changing : {"accepted_ms", "decided_ms"}) item.erase(changing);
      for (const char* list : {"models", "reviewers_only"}) {
        for (json& model : item.at(list)) model.erase("latency_ms");
      }
      items[item.at("case_id")] = item;
    }
    ASSERT_EQ(items.size(), count);
    runs.push_back(std::move(items));
  }
  for (const auto& [id, item] : runs[0]) EXPECT_EQ(item.dump(), runs[1].at(id).dump());
}

TEST(MainJobTest, SimulatedRecommendationsAreReproducible) {
  TestFolder folder;
  ExpectSameRecommendations(folder.Write("c.toml", SimulatedCluster({})), {}, DemoCases(40), 40);
}

TEST(MainJobTest, RecordedAnswersOfTenModelsDecideAllRecordedCasesReproducibly) {
  const std::string folder = std::string(CONSILIUM_SOURCE_DIR) + "/../shared/cases";
  if (!std::filesystem::exists(folder + "/answers.jsonl")) {
    GTEST_SKIP() << "the recorded answers are not beside the project (../shared/cases)";
  }
  std::ifstream file(folder + "/vignettes.jsonl");
  const std::string cases((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  ExpectSameRecommendations(std::string(CONSILIUM_SOURCE_DIR) + "/configs/examples/replay.toml",
                            {{"CONSILIUM_DATA", folder}}, cases, 147);
}

TEST(MainJobTest, GradesComeFromRecordedAnswersToo) {
  // The same without any file beside the project: three recorded models, two of which agree.
  TestFolder folder;
  const std::string answers =
      folder.Write("answers.jsonl",
                   R"({"vignette":"r1","model":"a","medications":["amoxicillin"],"latency_s":0.5})"
                   "\n"
                   R"({"vignette":"r1","model":"b","medications":["Amoxicillin"],"latency_s":0.5})"
                   "\n"
                   R"({"vignette":"r1","model":"c","medications":["warfarin"],"latency_s":0.5})"
                   "\n");
  std::string config = CouncilSection();
  for (const char* model : {"a", "b", "c"}) {
    config += std::string("[[backend]]\nmodel = \"") + model +
              "\"\nprovider = \"replay\"\n[backend.replay]\nanswers = \"" + answers + "\"\n";
  }
  ClusterProcess cluster(folder.Write("c.toml", config));
  ASSERT_EQ(cluster.Start(), "");
  const CommandResult run =
      cluster.Run({"submit", "--json", "-"},
                  R"({"id":"r1","text":"A sore throat.","gold_medications":["amoxicillin"]})");
  ASSERT_EQ(run.exit_code, 0) << run.err;
  const json item = JsonLines(run.out).at(0);
  EXPECT_EQ(item.at("ingredients"), json::array({"amoxicillin"}));
  EXPECT_EQ(item.at("candidates").at(0).at("models"), json::array({"a", "b"}));
  EXPECT_TRUE(item.at("simulated").get<bool>()) << "no model was asked now";
  EXPECT_TRUE(item.at("score").at("exact").get<bool>());
}

}  // namespace
}  // namespace consilium
