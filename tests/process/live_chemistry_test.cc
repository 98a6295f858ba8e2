// From history to chemistry to the next council, with the real programs: simulated models of which
// one pair helps each other and one pair does not.
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "tests/support/cluster_config.h"
#include "tests/support/cluster_process.h"
#include "tests/support/synthetic_cases.h"

namespace consilium {
namespace {

using nlohmann::json;
using std::chrono::seconds;

constexpr int kLearned = 300;
constexpr int kFresh = 200;

json ParsedOut(const CommandResult& result) { return json::parse(result.out, nullptr, false); }

// The live matrix once it has learned `cases`.
json ReportOf(const ClusterProcess& cluster, int cases) {
  json report;
  EXPECT_TRUE(Eventually([&] {
    report = ParsedOut(cluster.Run({"chemistry", "--json"}));
    return report.is_object() && report.value("cases", 0) == cases;
  })) << report.dump();
  return report;
}

struct Pair {
  double synergy = 0.0;
  double error = 0.0;
};
Pair FindPair(const json& report, const std::string& a, const std::string& b) {
  for (const json& row : report.at("pairs")) {
    for (const json& pair : row) {
      if (pair.at("a") != a || pair.at("b") != b || pair.at("synergy").is_null()) continue;
      return {pair.at("synergy"), pair.at("synergy_error")};
    }
  }
  ADD_FAILURE() << "no synergy of " << a << " and " << b;
  return {};
}

// Case id -> whether exactly the right medication was recommended.
std::map<std::string, bool> RightOnes(const std::string& submitted) {
  std::map<std::string, bool> right;
  for (const json& item : JsonLines(submitted)) {
    const json score = item.value("score", json());
    right[item.at("case_id")] = score.is_object() && score.at("exact").get<bool>();
  }
  return right;
}

// Knowledge of all cases, and a cluster that asks the first ones at random.
class LiveChemistryTest : public testing::Test {
 protected:
  LiveChemistryTest() {
    SyntheticOptions all;
    all.cases = kLearned + kFresh;
    knowledge_ = folder_.Write("knowledge.jsonl", SyntheticCases(all));
    SyntheticOptions learned;
    learned.cases = kLearned;
    learned_ = folder_.Write("learned.jsonl", SyntheticCases(learned));
    SyntheticOptions fresh;
    fresh.first = kLearned + 1;
    fresh.cases = kFresh;
    fresh_ = folder_.Write("fresh.jsonl", SyntheticCases(fresh));
  }

  std::string Configuration(const std::string& name) const {
    SyntheticClusterOptions options;
    options.knowledge = knowledge_;
    options.ensemble_more = "explore = 0";
    options.council = "outcomes_min = 2000";  // it is about who sits, not about whose vote counts
    return folder_.Write(name, SyntheticCluster(options));
  }

  TestFolder folder_;
  std::string knowledge_;
  std::string learned_;
  std::string fresh_;
};

TEST_F(LiveChemistryTest, FindsThePlantedPairsAndSeatsBetterCouncilsThanChance) {
  ClusterProcess cluster(Configuration("learning.toml"));
  ASSERT_EQ(cluster.Start(), "");
  const CommandResult learning = cluster.Run({"submit", "--json", learned_});
  ASSERT_EQ(learning.exit_code, 0) << learning.err;
  const json report = ReportOf(cluster, kLearned);
  EXPECT_EQ(report.at("simulated_cases"), kLearned);
  const Pair good = FindPair(report, "sim-syn-a", "sim-syn-b");
  const Pair bad = FindPair(report, "sim-ant-a", "sim-ant-b");
  std::printf(
      "synergy, shrunk, after %d cases: planted good pair %+.3f (error %.3f), planted bad pair "
      "%+.3f (error %.3f)\n",
      kLearned, good.synergy, good.error, bad.synergy, bad.error);
  EXPECT_GT(good.synergy, 2 * good.error);
  EXPECT_LT(bad.synergy, -2 * bad.error);
  // No other pair looks better than the good one, or worse than the bad one.
  for (const json& row : report.at("pairs")) {
    for (const json& pair : row) {
      EXPECT_LE(pair.at("synergy"), good.synergy) << pair.dump();
      EXPECT_GE(pair.at("synergy"), bad.synergy) << pair.dump();
    }
  }

  // The board that rests on all of them.
  const std::string cursor = report.at("cursor");
  EXPECT_TRUE(Eventually([&] {
    const json board = ParsedOut(cluster.Run({"ensembles", "--json"}));
    return board.is_object() && !board.at("entries").empty();
  }));
  const CommandResult seated =
      cluster.Run({"submit", "--json", "--strategy", "utility", "--size", "3", fresh_});
  ASSERT_EQ(seated.exit_code, 0) << seated.err;
  const std::string first = JsonLines(seated.out).front().at("case_id");
  const json shown = ParsedOut(cluster.Run({"show", "--json", first}));
  EXPECT_EQ(shown.at("seating"), "learned") << shown.at("ensemble").dump();
  EXPECT_EQ(cluster.Stop(), 0);

  // The same fresh cases, and the same models, seated by chance in a cluster that knows nothing.
  ClusterProcess chance(Configuration("chance.toml"));
  ASSERT_EQ(chance.Start(), "");
  const CommandResult drawn =
      chance.Run({"submit", "--json", "--strategy", "random", "--size", "3", fresh_});
  ASSERT_EQ(drawn.exit_code, 0) << drawn.err;
  const auto by_utility = RightOnes(seated.out);
  const auto by_chance = RightOnes(drawn.out);
  ASSERT_EQ(by_utility.size(), static_cast<std::size_t>(kFresh));
  ASSERT_EQ(by_chance.size(), static_cast<std::size_t>(kFresh));
  double sum = 0.0;
  double squares = 0.0;
  double utility_right = 0.0;
  double chance_right = 0.0;
  for (const auto& [id, right] : by_utility) {
    const double difference = (right ? 1.0 : 0.0) - (by_chance.at(id) ? 1.0 : 0.0);
    utility_right += right ? 1.0 : 0.0;
    chance_right += by_chance.at(id) ? 1.0 : 0.0;
    sum += difference;
    squares += difference * difference;
  }
  const double mean = sum / kFresh;
  const double error = std::sqrt((squares / kFresh - mean * mean) / (kFresh - 1));
  std::printf(
      "%d fresh cases, councils of at most 3: right by utility %.3f, by chance %.3f, difference "
      "%+.3f (paired error %.3f)\n",
      kFresh, utility_right / kFresh, chance_right / kFresh, mean, error);
  EXPECT_GT(mean, 3 * error);
}

TEST_F(LiveChemistryTest, AnAggregatorKilledMidwayLeavesAMatrixThatARebuildFindsIdentical) {
  ClusterProcess cluster(Configuration("killed.toml"));
  ASSERT_EQ(cluster.Start(), "");
  RunningCommand submit("consilium", cluster.WithData({"submit", "--json", learned_}));
  for (const std::size_t after : {40U, 120U, 200U}) {
    ASSERT_TRUE(Eventually([&] { return JsonLines(submit.OutSoFar()).size() >= after; }))
        << submit.ErrSoFar();
    const auto before = cluster.PidsOf("aggregator");
    ASSERT_EQ(cluster.Kill9("aggregator"), before.size());
    ASSERT_TRUE(cluster.AwaitRestart("aggregator", before));
  }
  const CommandResult done = submit.Wait(seconds(90));
  ASSERT_EQ(done.exit_code, 0) << done.err;
  const json report = ReportOf(cluster, kLearned);
  EXPECT_EQ(report.at("unreadable"), 0);
  const CommandResult rebuilt = cluster.Run({"chemistry", "--rebuild", "--json"});
  EXPECT_EQ(rebuilt.exit_code, 0) << rebuilt.out << rebuilt.err;
  const json reply = ParsedOut(rebuilt);
  ASSERT_TRUE(reply.is_object()) << rebuilt.out;
  EXPECT_EQ(reply.at("lines"), kLearned);
  EXPECT_TRUE(reply.at("identical").get<bool>()) << rebuilt.out;
  EXPECT_EQ(reply.at("before"), reply.at("after"));
  // Every seat is counted once: 300 cases of five.
  int seats = 0;
  for (const json& model : report.at("models")) seats += model.at("seated").get<int>();
  EXPECT_EQ(seats, kLearned * 5);
}

TEST_F(LiveChemistryTest, ColdStartSeatsByChanceAndSaysSo) {
  ClusterProcess cluster(Configuration("cold.toml"));
  ASSERT_EQ(cluster.Start(), "");
  EXPECT_EQ(cluster.Run({"chemistry", "--json"}).exit_code, 4);
  EXPECT_NE(cluster.Run({"ensembles"}).out.find("nothing recommended yet"), std::string::npos);
  EXPECT_EQ(cluster.Run({"ensembles", "--kind", "medication"}).exit_code, 0);
  const CommandResult typo = cluster.Run({"ensembles", "--kind", "medicaton"});
  EXPECT_EQ(typo.exit_code, 2);
  EXPECT_EQ(typo.out, "");
  EXPECT_EQ(typo.err.substr(0, typo.err.find('\n')),
            "consilium: error[invalid]: kind = \"medicaton\", expected one of medication "
            "(council.kinds)");
  SyntheticOptions one;
  one.cases = 1;
  const std::string file = folder_.Write("one.jsonl", SyntheticCases(one));
  const CommandResult result = cluster.Run({"submit", "--json", "--strategy", "chemistry", file});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  const std::string id = JsonLines(result.out).front().at("case_id");
  const json shown = ParsedOut(cluster.Run({"show", "--json", id}));
  EXPECT_EQ(shown.at("strategy"), "chemistry");
  EXPECT_EQ(shown.at("seating"), "cold_start");
}

// Twenty cases whose right answers the cluster is not told.
std::string CasesWithoutGold() {
  SyntheticOptions options;
  options.cases = 20;
  std::string lines;
  for (json& one : JsonLines(SyntheticCases(options))) {
    lines +=
        json({{"id", one.at("id")}, {"specialty", one.at("specialty")}, {"text", one.at("text")}})
            .dump() +
        "\n";
  }
  return lines;
}

void ExpectSameMatrix(const json& found, const json& expected) {
  ASSERT_EQ(found.at("models").size(), expected.at("models").size());
  for (std::size_t a = 0; a < expected.at("models").size(); ++a) {
    const json& model = expected.at("models")[a];
    const json& same = found.at("models")[a];
    EXPECT_EQ(same.at("model"), model.at("model"));
    EXPECT_EQ(same.at("version"), model.at("version"));
    EXPECT_EQ(same.at("answered"), model.at("answered"));
    for (const char* name : {"quality", "accuracy", "latency_ms"}) {
      EXPECT_NEAR(same.at(name).get<double>(), model.at(name).get<double>(), 1e-9) << model.dump();
    }
    for (std::size_t i = 0; i < expected.at("pairs")[a].size(); ++i) {
      const json& pair = expected.at("pairs")[a][i];
      if (pair.at("synergy").is_null()) continue;
      EXPECT_NEAR(found.at("pairs")[a][i].at("synergy").get<double>(),
                  pair.at("synergy").get<double>(), 1e-9)
          << pair.dump();
    }
  }
}

TEST_F(LiveChemistryTest, AnExportOfLiveCasesIsKnownWhereTheyEndedAndNewElsewhere) {
  ClusterProcess cluster(Configuration("live.toml"));
  ASSERT_EQ(cluster.Start(), "");
  const CommandResult submitted =
      cluster.Run({"submit", "--json", folder_.Write("twenty.jsonl", CasesWithoutGold())});
  ASSERT_EQ(submitted.exit_code, 0) << submitted.err;
  const json report = ReportOf(cluster, 20);
  EXPECT_EQ(report.at("gold_cases"), 0);
  const std::string out = folder_.File("live");
  const CommandResult exported = cluster.Run({"export", out});
  ASSERT_EQ(exported.exit_code, 0) << exported.err;
  EXPECT_EQ(exported.err, "");
  EXPECT_EQ(exported.out, "exported 20 cases with 100 answers to " + out +
                              "\n  history.csv\n  evidence.ndjson\n  chemistry.json\n"
                              "  chemistry.csv\n  chemistry-medication.json\n"
                              "  chemistry-medication.csv\n");
  const CommandResult here = cluster.Run({"import", "--json", out + "/history.csv"});
  EXPECT_EQ(ParsedOut(here), json({{"imported", 0}, {"duplicate", 20}})) << here.err;
  EXPECT_EQ(ReportOf(cluster, 20).at("models"), report.at("models"));
  EXPECT_EQ(cluster.Stop(), 0);

  ClusterProcess other(Configuration("elsewhere.toml"));
  ASSERT_EQ(other.Start(), "");
  const CommandResult there = other.Run({"import", "--json", out + "/history.csv"});
  EXPECT_EQ(ParsedOut(there), json({{"imported", 20}, {"duplicate", 0}})) << there.err;
  const json same = ReportOf(other, 20);
  EXPECT_EQ(same.at("gold_cases"), 0) << "what the council agreed on is no gold";
  EXPECT_EQ(same.at("simulated_cases"), 20);
  ExpectSameMatrix(same, report);
}

TEST_F(LiveChemistryTest, AnExportBeforeAnythingWasLearnedIsAHistoryWithoutRows) {
  ClusterProcess cluster(Configuration("nothing.toml"));
  ASSERT_EQ(cluster.Start(), "");
  const std::string out = folder_.File("nothing");
  const CommandResult exported = cluster.Run({"export", out});
  EXPECT_EQ(exported.exit_code, 0) << exported.err;
  EXPECT_EQ(exported.err,
            "consilium: no matrix yet: nothing was learned of kind \"medication\" yet\n");
  EXPECT_EQ(exported.out,
            "exported 0 cases with 0 answers to " + out + "\n  history.csv\n  evidence.ndjson\n");
  EXPECT_EQ(cluster.Run({"import", out + "/history.csv"}).exit_code, 2);
  const CommandResult named = cluster.Run({"export", "--kind", "medication", out});
  EXPECT_EQ(named.exit_code, 0);
  EXPECT_EQ(named.err, "consilium: no matrix of kind \"medication\" yet\n");
}

TEST_F(LiveChemistryTest, TrialsWithoutADateCountAsOfTheImport) {
  const std::string file = folder_.Write(
      "undated.csv", "trial,model,task,quality,accuracy\nT1,a,t,9,0.9\nT1,b,t,3,0.4\n");
  ClusterProcess cluster(Configuration("undated.toml"));
  ASSERT_EQ(cluster.Start(), "");
  const CommandResult imported = cluster.Run({"import", file});
  EXPECT_EQ(imported.exit_code, 0) << imported.err;
  EXPECT_NE(imported.err.find("1 trials without a date (column created) count as of today"),
            std::string::npos)
      << imported.err;
  EXPECT_EQ(ReportOf(cluster, 1).at("models").size(), 2U);
}

TEST_F(LiveChemistryTest, AnImportedHistoryIsLearnedOnceAndComesOutAgain) {
  std::string csv =
      "trial,model,task,latency,result,quality,generation_accuracy,review_accuracy,accuracy,"
      "strategy,created\n";
  for (int trial = 0; trial < 60; ++trial) {
    for (const char* model : {"sim-c", "sim-d", "sim-e"}) {
      const bool right = (trial + model[4]) % 3 != 0;
      csv += "T" + std::to_string(trial) + "," + model + ",choose a drug,2," +
             (right ? "aspirin" : "none") + "," + (right ? "9" : "2") + "," + (right ? "1" : "0") +
             ",0.8,0.9,RANDOM,2026-01-0" + std::to_string(1 + trial % 9) + " 10:00:00\n";
    }
  }
  csv += "T60,sim-c,choose a drug,2,x,99,1,0.8,0.9,RANDOM,2026-01-01 10:00:00\n";
  const std::string file = folder_.Write("history.csv", csv);
  ClusterProcess cluster(Configuration("import.toml"));
  ASSERT_EQ(cluster.Start(), "");
  const CommandResult first = cluster.Run({"import", "--json", file});
  ASSERT_EQ(first.exit_code, 0) << first.err;
  EXPECT_EQ(ParsedOut(first), json({{"imported", 60}, {"duplicate", 0}}));
  EXPECT_NE(first.err.find("quality = 99"), std::string::npos) << first.err;
  const CommandResult again = cluster.Run({"import", "--json", file});
  EXPECT_EQ(ParsedOut(again), json({{"imported", 0}, {"duplicate", 60}}));
  const json report = ReportOf(cluster, 60);
  EXPECT_EQ(report.at("models").size(), 3U);
  EXPECT_EQ(report.at("gold_cases"), 60);

  const std::string out = folder_.File("exported");
  const CommandResult exported = cluster.Run({"export", "--json", out});
  ASSERT_EQ(exported.exit_code, 0) << exported.err;
  EXPECT_EQ(ParsedOut(exported).at("answers"), 180);
  // What came out is a history that says the same.
  ClusterProcess other(Configuration("other.toml"));
  ASSERT_EQ(other.Start(), "");
  const CommandResult second = other.Run({"import", "--json", out + "/history.csv"});
  EXPECT_EQ(ParsedOut(second), json({{"imported", 60}, {"duplicate", 0}})) << second.err;
  const json same = ReportOf(other, 60);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(same.at("models")[i].at("quality"), report.at("models")[i].at("quality"));
    EXPECT_EQ(same.at("models")[i].at("accuracy"), report.at("models")[i].at("accuracy"));
    EXPECT_EQ(same.at("pairs")[i], report.at("pairs")[i]);
  }
}

}  // namespace
}  // namespace consilium
