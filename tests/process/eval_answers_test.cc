// `consilium eval --matrix`, and --vignettes with --answers, as a person runs it.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "shared/file.h"
#include "shared/ids.h"
#include "tests/support/cluster_process.h"

namespace consilium {
namespace {

using nlohmann::json;
using std::chrono::seconds;

CommandResult Eval(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), {"eval"});
  RunningCommand command("consilium", arguments);
  return command.Wait(seconds(120));
}

// One model that is right nine times in ten, and three that repeat one which is right six times.
std::string OneAndThree(int questions) {
  SeededRandom random(1, "matrix");
  std::string text = "dataset,item,gold,good,one,same,again,latency_s:good\n";
  for (int i = 0; i < questions; ++i) {
    const auto gold = random.Below(4);
    const auto say = [&](double skill) {
      return static_cast<char>('A' +
                               (random.Unit() < skill ? gold : (gold + 1 + random.Below(3)) % 4));
    };
    const char good = say(0.9);
    const char three = say(0.6);
    text += "x," + std::to_string(i) + "," + static_cast<char>('A' + gold) + "," + good + "," +
            three + "," + three + "," + three + ",1.5\n";
  }
  return text;
}

TEST(EvalAnswersTest, TheReportSaysWhatIsTrueInTablesOfEightyColumns) {
  const TestFolder folder;
  const std::string file = folder.Write("m.csv", OneAndThree(400));
  const std::vector<std::string> arguments = {"--matrix", file, "--sizes", "4", "--repeats", "2"};
  const CommandResult first = Eval(arguments);
  ASSERT_EQ(first.exit_code, 0) << first.err;
  EXPECT_EQ(Eval(arguments).out, first.out) << "the same seed, the same bytes";
  std::istringstream lines(first.out);
  for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 80u) << line;

  std::vector<std::string> with_json = arguments;
  with_json.insert(with_json.end(), {"--json", "--csv", folder.File("p.csv")});
  const json report = json::parse(Eval(with_json).out);
  EXPECT_EQ(report.at("cases"), 400);
  EXPECT_EQ(report.at("models").at(1).at("model"), "good");
  EXPECT_NEAR(report.at("models").at(1).at("accuracy").get<double>(), 0.9, 0.05);
  std::map<std::string, json> policies;
  for (const json& row : report.at("policies")) policies[row.at("policy")] = row;
  const auto accuracy = [&](const char* name) {
    return policies.at(name).at("accuracy").get<double>();
  };
  EXPECT_NEAR(accuracy("best_single"), 0.9, 0.05);
  EXPECT_NEAR(accuracy("top_plain"), 0.6, 0.08) << "three outvote one";
  EXPECT_GE(accuracy("top_weighted"), accuracy("best_single") - 0.01);
  EXPECT_LT(policies.at("top_weighted").at("calibration_error").get<double>(), 0.08);
  EXPECT_LT(policies.at("top_plain").at("difference_high").get<double>(), 0);
  EXPECT_EQ(policies.at("best_single").at("latency_s"), 1.5);
  EXPECT_TRUE(policies.at("best_single").at("auroc").is_null()) << "it states no confidence";
  const std::string csv = ReadFile(folder.File("p.csv"), 1 << 20).value();
  EXPECT_EQ(std::count(csv.begin(), csv.end(), '\n'),
            static_cast<std::ptrdiff_t>(report.at("policies").size() + 1));
}

TEST(EvalAnswersTest, BothFormsOfTheSameAnswersSayTheSame) {
  const TestFolder folder;
  const std::string csv = OneAndThree(60);
  std::string vignettes, answers;
  std::istringstream lines(csv);
  std::string line;
  std::getline(lines, line);
  while (std::getline(lines, line)) {
    std::vector<std::string> field;
    std::istringstream fields(line);
    for (std::string one; std::getline(fields, one, ',');) field.push_back(one);
    const json options = {{"A", ""}, {"B", ""}, {"C", ""}, {"D", ""}};
    vignettes +=
        json{{"id", field[1]}, {"options", options}, {"gold_option", field[2]}}.dump() + "\n";
    const char* models[] = {"good", "one", "same", "again"};
    for (std::size_t m = 0; m < 4; ++m) {
      json answer = {{"vignette", field[1]}, {"model", models[m]}, {"option", field[3 + m]}};
      if (m == 0) answer["latency_s"] = 1.5;
      answers += answer.dump() + "\n";
    }
  }
  const auto report = [](std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), {"--sizes", "4", "--repeats", "1", "--json"});
    const CommandResult result = Eval(arguments);
    EXPECT_EQ(result.exit_code, 0) << result.err;
    return json::parse(result.out);
  };
  const json lines_report = report({"--vignettes", folder.Write("v.jsonl", vignettes), "--answers",
                                    folder.Write("a.jsonl", answers)});
  const json matrix_report = report({"--matrix", folder.Write("m.csv", csv)});
  for (const char* name : {"best_single", "top_plain", "oracle"}) {
    const auto of = [name](const json& from) {
      for (const json& row : from.at("policies")) {
        if (row.at("policy") == name) return row;
      }
      return json();
    };
    EXPECT_EQ(of(lines_report), of(matrix_report)) << name;
  }
}

TEST(EvalAnswersTest, WhatMakesNoSenseIsSaid) {
  const TestFolder folder;
  const auto refusal = [&](const std::string& csv, std::vector<std::string> more = {}) {
    std::vector<std::string> arguments = {"--matrix", folder.Write("m.csv", csv)};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const CommandResult result = Eval(arguments);
    EXPECT_EQ(result.exit_code, 2) << result.out;
    return result.err;
  };
  const auto has = [](const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
  };
  EXPECT_TRUE(has(refusal(""), "the file is empty"));
  EXPECT_TRUE(has(refusal("item,gold,a\n1,A,A\n"),
                  "1 case whose right answer is known, expected at least 20"));
  EXPECT_TRUE(has(refusal(OneAndThree(30), {"--folds", "31"}), "folds = 31, expected 2..30"));
  const CommandResult history = Eval({"--history", "b", "--report", "r.html"});
  EXPECT_EQ(history.exit_code, 2);
  EXPECT_TRUE(has(history.err, "--report is for recorded answers")) << history.err;
  const CommandResult both = Eval({"--matrix", "a", "--history", "b"});
  EXPECT_NE(both.exit_code, 0);
  const CommandResult none = Eval({});
  EXPECT_NE(none.exit_code, 0);
  // Lines that are bad are left out and named.
  const CommandResult warned =
      Eval({"--matrix", folder.Write("w.csv", OneAndThree(40) + "x,1,A,A,A,A,A,1\n"), "--repeats",
            "1", "--sizes", "4"});
  EXPECT_EQ(warned.exit_code, 0);
  EXPECT_TRUE(has(warned.err,
                  "1 line was left out; the first, line 42: question \"x/1\" was "
                  "there before"))
      << warned.err;
}

}  // namespace
}  // namespace consilium
