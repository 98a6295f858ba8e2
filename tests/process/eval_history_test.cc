// `consilium eval --history` as a person runs it, on histories of our own and on the reference's.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "tests/support/cluster_process.h"
#include "tests/support/file_text.h"

namespace consilium {
namespace {

using nlohmann::json;
using std::chrono::seconds;

CommandResult Eval(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), {"eval", "--history"});
  RunningCommand command("consilium", arguments);
  return command.Wait(seconds(120));
}

// a, b and c each know the trials of one third; d and e know every second one.
std::string ThreeThirds(int trials) {
  std::string text =
      "trial,model,task,latency,result,quality,generation_accuracy,review_accuracy,accuracy,"
      "strategy,created\n";
  for (int i = 0; i < trials; ++i) {
    const std::map<std::string, bool> right = {{"a", i % 3 == 0},
                                               {"b", i % 3 == 1},
                                               {"c", i % 3 == 2},
                                               {"d", i % 2 == 0},
                                               {"e", i % 2 == 1}};
    for (const auto& [model, is_right] : right) {
      text += "t" + std::to_string(i) + "," + model + ",some task,1.5," +
              (is_right ? "right" : "wrong of " + model) + (is_right ? ",9,1," : ",3,0,") + "0.8," +
              (is_right ? "0.9" : "0.2") + ",RANDOM,2025-01-01 00:00:00\n";
    }
  }
  return text;
}

// By strategy, of one size.
std::map<std::string, json> ResultsOf(const json& report, int size) {
  std::map<std::string, json> results;
  for (const json& row : report.at("results")) {
    if (row.at("size") == size) results[row.at("strategy")] = row;
  }
  return results;
}

TEST(EvalHistoryTest, SameSeedPrintsTheSameBytesAndTheTableFitsEightyColumns) {
  const TestFolder folder;
  const std::string file = folder.Write("h.csv", ThreeThirds(60));
  const CommandResult first =
      Eval({file, "--sizes", "2,3", "--splits", "3", "--csv", folder.File("a.csv")});
  ASSERT_EQ(first.exit_code, 0) << first.err;
  EXPECT_EQ(first.err, "");
  const CommandResult second = Eval({file, "--sizes", "2,3", "--splits", "3"});
  EXPECT_EQ(first.out, second.out);
  std::istringstream lines(first.out);
  for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 80u) << line;
  for (const char* part : {"Council of 2", "Council of 3", "utility-exact", "oracle", "over single",
                           "60 of 5 models, halved 3 times, seed 1"}) {
    EXPECT_NE(first.out.find(part), std::string::npos) << part << " in\n" << first.out;
  }
  const std::string text = FileText(folder.File("a.csv"));
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 1 + 3 * 2 * 13)
      << "titles, then 3 splits of 2 sizes of 13 strategies";
  EXPECT_NE(text.find("\n0,3,utility-exact,a;b;c,3,30,1,1,1,1,"), std::string::npos) << text;
}

TEST(EvalHistoryTest, JsonHasEveryStrategyAndTheCouncilOfComplementsWins) {
  const TestFolder folder;
  const CommandResult run =
      Eval({folder.Write("h.csv", ThreeThirds(90)), "--sizes", "3", "--splits", "4", "--json"});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  const json report = json::parse(run.out);
  EXPECT_EQ(report.at("trials"), 90);
  EXPECT_EQ(report.at("models"), 5);
  EXPECT_EQ(report.at("bad_rows"), 0);
  auto results = ResultsOf(report, 3);
  for (const char* strategy :
       {"random", "performance", "performance-best", "local", "remote", "single", "chemistry",
        "chemistry-nonempty", "chemistry-mean", "utility", "utility-exact", "all", "oracle"}) {
    EXPECT_EQ(results.count(strategy), 1u) << strategy;
  }
  EXPECT_EQ(results["utility-exact"].at("outcome"), 1.0);
  EXPECT_GT(results["utility"].at("over_single").at("mean").get<double>(), 0.2);
  EXPECT_TRUE(results["local"].at("outcome").is_null()) << "nothing says who is local";
}

TEST(EvalHistoryTest, BadRowsAreAWarningAndBadInputIsAnError) {
  const TestFolder folder;
  const CommandResult skipped =
      Eval({folder.Write("h.csv", ThreeThirds(20) + "t1,a,some task,1,x,99,1,1,1,RANDOM,\n"),
            "--splits", "1", "--sizes", "2", "--json"});
  EXPECT_EQ(skipped.exit_code, 0);
  EXPECT_EQ(skipped.err.rfind("consilium: warning: ", 0), 0u) << skipped.err;
  EXPECT_NE(skipped.err.find("1 of 101 rows was left out, line 102"), std::string::npos)
      << skipped.err;
  EXPECT_EQ(json::parse(skipped.out).at("bad_rows"), 1);

  const std::string good = folder.Write("g.csv", ThreeThirds(20));
  const CommandResult size = Eval({good, "--sizes", "300"});
  EXPECT_EQ(size.exit_code, 2);
  EXPECT_NE(size.err.find("error[invalid]: size = 300, expected 1..256"), std::string::npos)
      << size.err;
  const CommandResult few = Eval({folder.Write("f.csv", ThreeThirds(3)), "--json"});
  EXPECT_EQ(few.exit_code, 2);
  EXPECT_EQ(json::parse(few.out).at("error").at("text"),
            "the task has 3 trials with a usable answer, expected at least 4");
  EXPECT_EQ(Eval({folder.File("absent.csv")}).exit_code, 2);
  EXPECT_EQ(Eval({good, "--tasks", "some"}).exit_code, 2);
}

// The figures that docs/chemistry.md reports, not to the digit: signs and orders that hold.
TEST(EvalHistoryTest, OnTheReferenceHistoriesUtilityBeatsTheSingleModel) {
  const std::string shared = CONSILIUM_SOURCE_DIR "/../shared/reference/";
  for (const char* file : {"runs.csv", "runs2.csv"}) {
    if (!std::filesystem::exists(shared + file)) {
      GTEST_SKIP() << "../shared is absent: " << shared << file;
    }
    const CommandResult run = Eval({shared + file, "--json"});
    ASSERT_EQ(run.exit_code, 0) << run.err;
    const json report = json::parse(run.out);
    EXPECT_EQ(report.at("splits"), 20);
    for (const int size : {3, 5, 10}) {
      auto results = ResultsOf(report, size);
      ASSERT_EQ(results.size(), 13u);
      const json& over_single = results["utility"].at("over_single");
      EXPECT_GT(over_single.at("mean").get<double>(), over_single.at("trial_error").get<double>())
          << file << " of " << size;
      EXPECT_GT(results["utility"].at("weighted").get<double>(),
                results["random"].at("weighted").get<double>())
          << file << " of " << size;
      EXPECT_GT(results["oracle"].at("outcome").get<double>(),
                results["random"].at("outcome").get<double>())
          << file << " of " << size;
    }
  }
}

}  // namespace
}  // namespace consilium
