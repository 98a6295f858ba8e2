// `consilium eval --live` as a person runs it: vignettes before a running cluster, judged here.
#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "shared/file.h"
#include "tests/support/cluster_config.h"
#include "tests/support/cluster_process.h"

namespace consilium {
namespace {

using nlohmann::json;
using std::chrono::seconds;

constexpr int kCases = 36;
const std::vector<std::string> kFast = {"--sizes", "1,3", "--repeats", "2", "--draws", "100"};

std::vector<std::string> Plus(std::vector<std::string> some, const std::vector<std::string>& more) {
  some.insert(some.end(), more.begin(), more.end());
  return some;
}

// The policies of a report by name and size.
std::map<std::string, json> PoliciesOf(const json& report) {
  std::map<std::string, json> policies;
  for (const json& row : report.at("policies")) {
    policies[row.at("policy").get<std::string>() + " " + row.at("size").dump()] = row;
  }
  return policies;
}

std::string BackendThatRefuses() {
  return "[[backend]]\nmodel = \"mute\"\nprovider = \"simulated\"\nplacement = \"remote\"\n"
         "concurrency = 8\n[backend.simulated]\nknowledge = \"" CONSILIUM_SOURCE_DIR
         "/configs/demo/vignettes.jsonl\"\nskill = { default = 0.9 }\nlatency_ms_median = 1\n"
         "fault_refuse = 1.0\n";
}

std::int64_t Accepted(const ClusterProcess& cluster) {
  const json status = json::parse(cluster.Run({"status", "--json"}).out, nullptr, false);
  return status.is_object() ? status.at("counters").value("accepted", 0) : -1;
}

std::string Text(const std::string& file) { return ReadFile(file, 64 << 20).value(); }

TEST(EvalLiveTest, AClusterIsEvaluatedAndItsSavedAnswersSayTheSameOffline) {
  const TestFolder folder;
  SimulatedOptions options;
  options.models = 4;
  ClusterProcess cluster(folder.Write("c.toml", SimulatedCluster(options) + BackendThatRefuses()));
  ASSERT_EQ(cluster.Start(), "");
  const std::string vignettes = folder.Write("v.jsonl", DemoCases(kCases));
  const std::string saved = folder.File("a.jsonl");
  const CommandResult run = cluster.Run(Plus(
      {"eval", "--live", "--vignettes", vignettes, "--run", "first", "--save", saved, "--json"},
      kFast));
  ASSERT_EQ(run.exit_code, 0) << run.err;
  const json live = json::parse(run.out);
  EXPECT_EQ(live.at("live").at("run"), "first");
  EXPECT_EQ(live.at("live").at("cases"), kCases);
  EXPECT_EQ(live.at("live").at("ended"), kCases);
  EXPECT_EQ(live.at("live").at("refused"), 0);
  EXPECT_EQ(live.at("cases"), kCases);
  EXPECT_EQ(live.at("simulated"), kCases) << "no real model answered, and that is said";
  // The backend that refuses was asked each time, never answered, and is no model of the report.
  EXPECT_EQ(live.at("missing_why"), (json{{"mute", {{"refused", kCases}}}}));
  EXPECT_EQ(live.at("missing_answers"), kCases);
  ASSERT_EQ(live.at("models").size(), 4u);
  EXPECT_EQ(live.at("models").at(0).at("model"), "m1");
  EXPECT_NEAR(live.at("models").at(0).at("accuracy").get<double>(), 0.92, 0.1);
  const auto policies = PoliciesOf(live);
  EXPECT_EQ(policies.count("local 2"), 1u) << "m1 and m3, as the cluster says";
  EXPECT_EQ(policies.count("remote 2"), 1u);
  EXPECT_GT(policies.at("oracle 4").at("accuracy").get<double>(),
            policies.at("average_single 1").at("accuracy").get<double>());
  EXPECT_FALSE(policies.at("best_single 1").at("exact").is_null()) << "sets are scored";

  // What is right was never sent.
  const json shown = json::parse(cluster.Run({"show", "eval:first:demo-001", "--json"}).out);
  EXPECT_EQ(shown.at("source"), "eval");
  EXPECT_EQ(shown.at("strategy"), "all");
  EXPECT_TRUE(shown.at("gold_medications").is_null());
  EXPECT_TRUE(shown.at("recommendations").back().at("score").is_null());

  // Offline, without the cluster.
  ASSERT_EQ(cluster.Stop(), 0);
  RunningCommand offline(
      "consilium", Plus({"eval", "--vignettes", vignettes, "--answers", saved, "--json"}, kFast));
  const CommandResult again = offline.Wait(seconds(120));
  ASSERT_EQ(again.exit_code, 0) << again.err;
  const json replayed = json::parse(again.out);
  EXPECT_TRUE(replayed.at("live").is_null());
  for (const char* same : {"cases", "missing_answers", "missing_why", "simulated", "models"}) {
    EXPECT_EQ(replayed.at(same), live.at(same)) << same;
  }
  const auto offline_policies = PoliciesOf(replayed);
  for (const auto& [name, row] : policies) {
    if (name == "local 2" || name == "remote 2") continue;  // a file does not say where models run
    ASSERT_EQ(offline_policies.count(name), 1u) << name;
    for (const char* figure : {"accuracy", "answered", "exact", "calibration_error", "abstained"}) {
      EXPECT_EQ(offline_policies.at(name).at(figure), row.at(figure)) << name << " " << figure;
    }
  }
}

TEST(EvalLiveTest, ARunThatWasStoppedGoesOnAndSubmitsNothingTwice) {
  const TestFolder folder;
  SimulatedOptions options;
  options.models = 3;
  options.latency_ms = 400;
  ClusterProcess cluster(folder.Write("c.toml", SimulatedCluster(options)));
  ASSERT_EQ(cluster.Start(), "");
  const std::string vignettes = folder.Write("v.jsonl", DemoCases(kCases));
  const std::string saved = folder.File("a.jsonl");
  const std::vector<std::string> arguments =
      cluster.WithData(Plus({"eval", "--live", "--vignettes", vignettes, "--run", "on", "--save",
                             saved, "--at-once", "4"},
                            kFast));
  const auto ended = [&] {
    const json status = json::parse(cluster.Run({"status", "--json"}).out);
    return status.at("counters").value("accepted", 0) - status.at("live").get<std::int64_t>();
  };
  {
    RunningCommand first("consilium", arguments);
    ASSERT_TRUE(Eventually([&] { return ended() >= 3; }));
    first.Signal(SIGINT);
    const CommandResult stopped = first.Wait(seconds(30));
    EXPECT_EQ(stopped.exit_code, 130) << stopped.err;
    EXPECT_EQ(stopped.out, "") << "there is no report of a part";
    EXPECT_NE(stopped.err.find("of 36 cases ended, "), std::string::npos) << stopped.err;
    EXPECT_NE(stopped.err.find("the same command with --run on goes on"), std::string::npos)
        << stopped.err;
    std::set<std::string> answered;
    for (const json& line : JsonLines(Text(saved))) answered.insert(line.at("vignette"));
    EXPECT_GE(answered.size(), 1u) << "what was collected is kept";
    EXPECT_LT(answered.size(), 36u);
  }
  const std::int64_t before = Accepted(cluster);
  EXPECT_LT(before, kCases) << "the rest was not put before the cluster yet";
  {
    RunningCommand killed("consilium", arguments);
    ASSERT_TRUE(Eventually([&] { return Accepted(cluster) > before + 4; }));
    killed.Signal(SIGKILL);
    EXPECT_EQ(killed.Wait(seconds(30)).exit_code, 128 + SIGKILL);
  }
  EXPECT_LT(Accepted(cluster), kCases);
  RunningCommand last("consilium", Plus(arguments, {"--json"}));
  const CommandResult whole = last.Wait(seconds(120));
  ASSERT_EQ(whole.exit_code, 0) << whole.err;
  EXPECT_EQ(json::parse(whole.out).at("live").at("ended"), kCases);
  EXPECT_EQ(Accepted(cluster), kCases) << "each vignette was one case, whoever asked for it";
  EXPECT_EQ(JsonLines(Text(saved)).size(), 3u * kCases);

  // Once more everything is there already; people get tables.
  const CommandResult tables =
      cluster.Run(Plus({"eval", "--live", "--vignettes", vignettes, "--run", "on"}, kFast));
  ASSERT_EQ(tables.exit_code, 0) << tables.err;
  EXPECT_EQ(Accepted(cluster), kCases);
  EXPECT_NE(tables.out.find("on: 36 of 36 cases ended"), std::string::npos) << tables.out;
  EXPECT_NE(tables.out.find("36 cases answered by simulated or replayed models"),
            std::string::npos);
  std::istringstream lines(tables.out);
  for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 80u) << line;

  // Ctrl-C while it computes ends it too.
  RunningCommand computing(
      "consilium", cluster.WithData({"eval", "--live", "--vignettes", vignettes, "--run", "on",
                                     "--save", saved, "--repeats", "100", "--folds", "36"}));
  ASSERT_TRUE(Eventually(
      [&] { return computing.ErrSoFar().find("are in " + saved) != std::string::npos; }));
  ASSERT_TRUE(computing.Alive());
  computing.Signal(SIGINT);
  const CommandResult cut = computing.Wait(seconds(10));
  EXPECT_EQ(cut.exit_code, 128 + SIGINT) << cut.err;
  EXPECT_EQ(cut.out, "");

  // The same run with another strategy is another question, and is refused.
  const CommandResult other = cluster.Run(Plus(
      {"eval", "--live", "--vignettes", vignettes, "--run", "on", "--strategy", "random"}, kFast));
  EXPECT_EQ(other.exit_code, 4) << other.err;
  EXPECT_NE(other.err.find("another --run asks them anew"), std::string::npos) << other.err;
  EXPECT_EQ(Accepted(cluster), kCases);
}

TEST(EvalLiveTest, ARunThatIsStoppedDoesNotReplaceAFileThatHoldsMore) {
  const TestFolder folder;
  SimulatedOptions options;
  options.models = 2;
  options.ensemble = 2;
  options.latency_ms = 400;
  ClusterProcess cluster(folder.Write("c.toml", SimulatedCluster(options)));
  ASSERT_EQ(cluster.Start(), "");
  const std::string vignettes = folder.Write("v.jsonl", DemoCases(kCases));
  const auto stop_after_some = [&](const std::string& run, const std::string& file) {
    const std::int64_t before = Accepted(cluster);
    RunningCommand command(
        "consilium", cluster.WithData({"eval", "--live", "--vignettes", vignettes, "--run", run,
                                       "--save", file, "--at-once", "2"}));
    // The third is accepted once one of the first two has ended.
    EXPECT_TRUE(Eventually([&] { return Accepted(cluster) >= before + 6; }));
    command.Signal(SIGINT);
    const CommandResult stopped = command.Wait(seconds(30));
    EXPECT_EQ(stopped.exit_code, 130) << stopped.err;
    return stopped.err;
  };
  std::string whole;
  for (int i = 0; i < 2 * kCases; ++i) whole += "{\"vignette\":\"" + std::to_string(i) + "\"}\n";
  const std::string full = folder.Write("full.jsonl", whole);
  const std::string said = stop_after_some("one", full);
  EXPECT_EQ(Text(full), whole);
  const std::size_t part = JsonLines(Text(full + ".partial")).size();
  EXPECT_GE(part, 2u);
  EXPECT_LT(part, 2u * kCases);
  EXPECT_NE(said.find(full + " holds more answers than were collected now, and stays"),
            std::string::npos)
      << said;
  EXPECT_NE(said.find("vignettes are in " + full + ".partial"), std::string::npos) << said;

  // A shorter one is replaced.
  const std::string less = folder.Write("less.jsonl", "{}\n");
  stop_after_some("two", less);
  EXPECT_GE(JsonLines(Text(less)).size(), 2u);
  EXPECT_FALSE(std::filesystem::exists(less + ".partial"));
}

TEST(EvalLiveTest, WithoutANameTheRunDrawsOneAndSaysIt) {
  const TestFolder folder;
  SimulatedOptions options;
  options.models = 2;
  options.ensemble = 2;
  options.latency_ms = 1;
  ClusterProcess cluster(folder.Write("c.toml", SimulatedCluster(options)));
  ASSERT_EQ(cluster.Start(), "");
  const std::string vignettes = folder.Write("v.jsonl", DemoCases(20));
  std::set<std::string> runs;
  for (int i = 0; i < 2; ++i) {
    const CommandResult run =
        cluster.Run(Plus({"eval", "--live", "--vignettes", vignettes, "--json"}, kFast));
    ASSERT_EQ(run.exit_code, 0) << run.err;
    const std::string name = json::parse(run.out).at("live").at("run");
    EXPECT_NE(run.err.find("run " + name + ": 20 vignettes"), std::string::npos) << run.err;
    runs.insert(name);
  }
  EXPECT_EQ(runs.size(), 2u);
  EXPECT_EQ(Accepted(cluster), 40) << "another run asks anew";
}

TEST(EvalLiveTest, RecordedModelsScoreLiveAsTheirRecordedAnswersDo) {
  const std::string shared = std::string(CONSILIUM_SOURCE_DIR) + "/../shared/cases";
  if (!std::filesystem::exists(shared + "/answers.jsonl")) {
    GTEST_SKIP() << "../shared is absent: no " << shared << "/answers.jsonl";
  }
  const TestFolder folder;
  // Answers only: replayed grades are no grades of these models, and make it no plain vote.
  std::string config = Text(CONSILIUM_SOURCE_DIR "/configs/examples/replay.toml");
  const auto replace = [&config](const std::string& from, const std::string& to) {
    const std::size_t at = config.find(from);
    ASSERT_NE(at, std::string::npos) << from;
    config.replace(at, from.size(), to);
  };
  replace("graders = 3", "graders = 0");
  replace("\"../medications\"", "\"" CONSILIUM_SOURCE_DIR "/configs/medications\"");
  ClusterProcess cluster(folder.Write("c.toml", config), {{"CONSILIUM_DATA", shared}});
  ASSERT_EQ(cluster.Start(), "");
  const std::vector<std::string> vignettes = {
      "eval", "--vignettes", shared + "/vignettes.jsonl", "--repeats", "1", "--json"};
  const CommandResult run = cluster.Run(Plus(vignettes, {"--live"}));
  ASSERT_EQ(run.exit_code, 0) << run.err;
  RunningCommand offline("consilium", Plus(vignettes, {"--answers", shared + "/answers.jsonl"}));
  const CommandResult recorded = offline.Wait(seconds(120));
  ASSERT_EQ(recorded.exit_code, 0) << recorded.err;
  const json live = json::parse(run.out);
  EXPECT_EQ(live.at("cases"), 147);
  EXPECT_EQ(live.at("missing_answers"), 0);
  EXPECT_EQ(live.at("simulated"), 147);
  const auto expected = PoliciesOf(json::parse(recorded.out));
  const auto found = PoliciesOf(live);
  int compared = 0;
  for (const auto& [name, row] : expected) {
    if (name.rfind("utility_budget", 0) == 0) continue;  // replayed answers come at once
    ASSERT_EQ(found.count(name), 1u) << name;
    EXPECT_EQ(found.at(name).at("accuracy"), row.at("accuracy")) << name;
    ++compared;
  }
  EXPECT_GE(compared, 10);
}

TEST(EvalLiveTest, WhatDoesNotGoTogetherIsRefusedBeforeAnybodyIsAsked) {
  const TestFolder folder;
  const std::string few = folder.Write("few.jsonl", DemoCases(12));
  const std::string enough = folder.Write("enough.jsonl", DemoCases(20));
  const auto refusal = [](std::vector<std::string> arguments, int exit_code = 2) {
    arguments.insert(arguments.begin(), "eval");
    RunningCommand command("consilium", arguments);
    const CommandResult result = command.Wait(seconds(30));
    EXPECT_EQ(result.exit_code, exit_code) << result.err;
    EXPECT_EQ(result.out, "");
    return result.err.substr(0, result.err.find('\n'));
  };
  const std::string invalid = "consilium: error[invalid]: ";
  EXPECT_EQ(refusal({"--live"}), invalid + "--live requires --vignettes");
  EXPECT_EQ(refusal({"--live", "--matrix", few}), invalid + "--live requires --vignettes");
  EXPECT_EQ(refusal({"--live", "--vignettes", few, "--answers", few}),
            invalid + "--live excludes --answers");
  EXPECT_EQ(refusal({"--vignettes", few, "--answers", few, "--save", few}),
            invalid + "--save requires --live");
  EXPECT_EQ(refusal({"--vignettes", few}),
            invalid + "eval: --vignettes needs --answers FILE, or --live to ask a running cluster");
  EXPECT_EQ(refusal({"--live", "--vignettes", few}),
            invalid + few + ": 12 vignettes whose right answer is known, expected at least 20");
  EXPECT_EQ(refusal({"--live", "--vignettes", enough, "--run", "a:b"}),
            invalid + "--run = \"a:b\", expected 1..32 of [A-Za-z0-9._-]");
  EXPECT_EQ(
      refusal({"--live", "--vignettes", enough, "--save", folder.File("no/a.jsonl")}),
      invalid + folder.File("no/a.jsonl.part") + ": cannot create: No such file or directory");
}

}  // namespace
}  // namespace consilium
