// `consilium eval` on recorded answers that make no sense: what is said, and that nothing is left.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "shared/file.h"
#include "tests/support/cluster_process.h"

namespace consilium {
namespace {

using nlohmann::json;
using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

bool Exists(const std::string& file) {
  struct stat found {};
  return ::lstat(file.c_str(), &found) == 0;
}

// Two models, each right three times in four.
std::string Matrix(int count) {
  std::string text = "item,gold,a,b\n";
  for (int i = 0; i < count; ++i) {
    text += "q" + std::to_string(i) + ",A," + (i % 4 == 0 ? "B" : "A") + "," +
            (i % 4 == 1 ? "C" : "A") + "\n";
  }
  return text;
}

class EvalRefusalsTest : public testing::Test {
 protected:
  static CommandResult Eval(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "eval");
    RunningCommand command("consilium", arguments);
    return command.Wait(std::chrono::seconds(60));
  }
  CommandResult EvalMatrix(const std::string& text, std::vector<std::string> more = {}) const {
    more.insert(more.begin(), {"--matrix", folder_.Write("m.csv", text), "--repeats", "1"});
    return Eval(more);
  }
  // What it said behind the kind of error.
  static std::string Refused(const CommandResult& result) {
    EXPECT_EQ(result.exit_code, 2) << result.err;
    EXPECT_EQ(result.out, "");
    const std::string start = "consilium: error[invalid]: ";
    EXPECT_THAT(result.err, StartsWith(start));
    return result.err.substr(std::min(start.size(), result.err.size()));
  }
  std::string RefusedMatrix(const std::string& text, std::vector<std::string> more = {}) const {
    return Refused(EvalMatrix(text, std::move(more)));
  }
  // What it said of something that it evaluated all the same.
  static std::string Warning(const CommandResult& result) {
    EXPECT_EQ(result.exit_code, 0) << result.err;
    return result.err;
  }

  const TestFolder folder_;
};

TEST_F(EvalRefusalsTest, FilesWithoutAnswers) {
  EXPECT_EQ(RefusedMatrix(""), "answers: the file is empty\n");
  EXPECT_EQ(RefusedMatrix("item,gold,a,b\n"),
            "answers: no question, only the line of column names\n");
  EXPECT_EQ(RefusedMatrix("item,a,b\n1,A,B\n"), "answers: no column \"gold\"\n");
  EXPECT_EQ(RefusedMatrix(Matrix(19)),
            "19 cases whose right answer is known, expected at least 20\n");
  EXPECT_EQ(RefusedMatrix("item,gold,<b>&m\n1,A,A\n"),
            "answers: column \"<b>&m\": model = \"<b>&m\", expected 1..128 characters "
            "of A-Z a-z 0-9 . _ : / @ + -\n");
  const std::string absent = folder_.File("absent.csv");
  const CommandResult result = Eval({"--matrix", absent});
  EXPECT_EQ(result.exit_code, 4);
  EXPECT_EQ(result.err, "consilium: error[not_found]: " + absent + ": no such file\n");
}

TEST_F(EvalRefusalsTest, ARefusalInJsonIsJson) {
  const CommandResult result = EvalMatrix("", {"--json"});
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_EQ(result.err, "");
  EXPECT_THAT(json::parse(result.out).dump(), HasSubstr("answers: the file is empty"));
}

TEST_F(EvalRefusalsTest, LinesThatMakeNoSenseAreLeftOutCountedAndTheFirstIsNamed) {
  const CommandResult letter = EvalMatrix(Matrix(40) + "q40,A,7,A\nq41,A,A\n");
  EXPECT_EQ(Warning(letter),
            "consilium: warning: 2 lines were left out; the first, line 42: a = \"7\", expected a "
            "letter A..Z\n");
  EXPECT_THAT(letter.out, HasSubstr("2 lines that made no sense"));
  EXPECT_THAT(letter.out, HasSubstr("40 with a known answer, 2 models, 0 answers missing"));
  EXPECT_EQ(Warning(EvalMatrix(Matrix(40) + "q3,A,A,A\n")),
            "consilium: warning: 1 line was left out; the first, line 42: question \"q3\" was "
            "there before\n");
}

TEST_F(EvalRefusalsTest, MissingAnswersAndUnknownRightOnesAreCountedAndInNoScore) {
  const std::string matrix = Matrix(60) + "u1,,A,A\nu2,,A,B\nm1,A,,A\nm2,A,A,\nm3,A,,\n";
  const CommandResult result = EvalMatrix(matrix);
  EXPECT_EQ(Warning(result), "");
  EXPECT_THAT(result.out, HasSubstr("63 with a known answer, 2 models, 4 answers missing"));
  EXPECT_THAT(result.out, HasSubstr("2 cases without a known answer, in no score"));
  const json report = json::parse(EvalMatrix(matrix, {"--json"}).out);
  EXPECT_EQ(report.at("cases"), 63);
  EXPECT_EQ(report.at("missing_answers"), 4);
  EXPECT_EQ(report.at("unknown").at("cases"), 2);
  for (const json& row : report.at("policies")) {
    if (row.at("policy") == "top_plain") {
      EXPECT_EQ(row.at("answered"), 62) << "nobody answered m3";
    } else if (row.at("policy") == "oracle") {
      EXPECT_EQ(row.at("answered"), 63);
    }
  }
}

TEST_F(EvalRefusalsTest, OptionsThatDoNotGoTogetherOrAreOutOfRange) {
  const std::string file = folder_.Write("v.jsonl", "{\"id\":\"1\"}\n");
  EXPECT_THAT(Refused(Eval({"--answers", file})), StartsWith("--answers requires --vignettes\n"));
  EXPECT_EQ(Refused(Eval({"--vignettes", file})),
            "eval: --vignettes needs --answers FILE, or --live to ask a running cluster\n");
  for (const char* target : {"0", "1.5", "-1", "x"}) {
    const CommandResult result = EvalMatrix(Matrix(40), {"--risk-target", target});
    EXPECT_EQ(result.exit_code, 2);
    EXPECT_THAT(result.err, HasSubstr("--risk-target")) << target;
  }
  EXPECT_EQ(RefusedMatrix(Matrix(40), {"--folds", "41"}), "folds = 41, expected 2..40\n");
  EXPECT_EQ(RefusedMatrix(Matrix(40), {"--sizes", "257"}), "size = 257, expected 1..256\n");
}

TEST_F(EvalRefusalsTest, FlagsOfTheOtherSourceAreRefusedAndNotIgnored) {
  const std::string recorded = "recorded answers (--matrix, --vignettes)";
  const std::string history = folder_.Write("h.csv", "x\n");
  const std::string live = folder_.Write("live.toml", "");
  for (const auto& [flag, value] : std::vector<std::pair<std::string, std::string>>{
           {"--risk-target", "0.01"},  // also where it says the default
           {"--folds", "10"},
           {"--repeats", "3"},
           {"--draws", "1000"},
           {"--models", folder_.File("m.csv")},
           {"--report", folder_.File("r.html")},
           {"--config", live}}) {
    EXPECT_EQ(Refused(Eval({"--history", history, flag, value})),
              "eval: " + flag + " is for " + recorded + ", not for --history\n");
  }
  EXPECT_FALSE(Exists(folder_.File("r.html")));
  const std::string vignettes = folder_.Write("v.jsonl", "{\"id\":\"1\"}\n");
  const std::vector<std::vector<std::string>> sources = {
      {"--matrix", folder_.Write("m.csv", Matrix(40))},
      {"--vignettes", vignettes, "--answers", vignettes},
      {"--vignettes", vignettes, "--live"}};
  for (std::vector<std::string> arguments : sources) {
    for (const auto& [flag, value] : std::vector<std::pair<std::string, std::string>>{
             {"--splits", "20"}, {"--task", "x"}, {"--tasks", "near"}}) {
      std::vector<std::string> all = arguments;
      all.insert(all.end(), {flag, value});
      EXPECT_EQ(Refused(Eval(all)),
                "eval: " + flag + " is for --history, not for " + recorded + "\n");
    }
  }
  // Those of a running cluster name what they need.
  EXPECT_THAT(Refused(Eval({"--history", history, "--save", folder_.File("s.jsonl")})),
              StartsWith("--save requires --live\n"));
  EXPECT_THAT(Refused(Eval({"--history", history, "--answers", vignettes})),
              StartsWith("--answers requires --vignettes\n"));
}

TEST_F(EvalRefusalsTest, FactsOfModelsThatMakeNoSense) {
  const auto refusal = [this](const std::string& facts) {
    return RefusedMatrix(Matrix(40), {"--models", folder_.Write("models.csv", facts)});
  };
  EXPECT_EQ(refusal(""), "models: the file is empty\n");
  EXPECT_EQ(refusal("name,placement\na,local\n"), "models: no column \"model\"\n");
  EXPECT_EQ(refusal("model,placement\na,cloud\n"),
            "models: line 2: placement = \"cloud\", expected local or remote\n");
  EXPECT_EQ(refusal("model,usd_per_million_prompt\na,cheap\n"),
            "models: line 2: usd_per_million_prompt = \"cheap\", expected 0..1000000 "
            "USD\n");
  EXPECT_EQ(refusal("model,usd_per_million_completion\na,-1\n"),
            "models: line 2: usd_per_million_completion = \"-1\", expected 0..1000000 "
            "USD\n");
  EXPECT_EQ(refusal("model,placement\na,local\na,local\n"),
            "models: line 3: model \"a\" twice, expected once\n");
  // A column that is not known is for others.
  const std::string facts = folder_.Write("models.csv", "model,colour\na,red\n");
  EXPECT_EQ(
      Warning(EvalMatrix(Matrix(40), {"--models", facts})),
      "consilium: warning: " + facts + " says nothing of model \"b\": its costs are not known\n");
}

TEST_F(EvalRefusalsTest, AFileThatCannotBeWrittenIsSaidBeforeAnythingIsRead) {
  const std::string nowhere = folder_.File("no/page.html");
  EXPECT_EQ(Refused(Eval({"--matrix", folder_.File("absent"), "--report", nowhere})),
            nowhere + ".part: cannot create: No such file or directory\n");
  const std::string csv = folder_.File("p.csv");
  EXPECT_EQ(RefusedMatrix(Matrix(40), {"--csv", csv, "--report", folder_.path()}),
            folder_.path() + ": is a folder, expected a file\n");
  EXPECT_EQ(RefusedMatrix(Matrix(40), {"--csv", csv, "--report", csv}),
            csv + ": for --csv and --report, expected two files\n");
  for (const std::string& file : {csv, csv + ".part", folder_.path() + ".part"}) {
    EXPECT_FALSE(Exists(file)) << file;
  }
}

TEST_F(EvalRefusalsTest, WhatWasThereStaysUntilTheNewOneIsWhole) {
  const std::string page = folder_.Write("page.html", "old");
  EXPECT_EQ(RefusedMatrix(Matrix(19), {"--report", page}),
            "19 cases whose right answer is known, expected at least 20\n");
  EXPECT_EQ(ReadFile(page, 1000).value(), "old");
  EXPECT_FALSE(Exists(page + ".part"));
  EXPECT_EQ(EvalMatrix(Matrix(40), {"--report", page}).exit_code, 0);
  EXPECT_THAT(ReadFile(page, 16 << 20).value(), EndsWith("</html>\n"));
}

TEST_F(EvalRefusalsTest, ControlCEndsItAtOnceAndLeavesNoFile) {
  const std::string page = folder_.File("page.html");
  const std::string csv = folder_.File("p.csv");
  const std::string matrix = Matrix(20000);
  RunningCommand command("consilium",
                         {"eval", "--matrix", folder_.Write("m.csv", matrix), "--repeats", "100",
                          "--folds", "50", "--report", page, "--csv", csv});
  // Once it has read the file and computes.
  const std::string io = "/proc/" + std::to_string(command.pid()) + "/io";
  ASSERT_TRUE(Eventually([&] {
    std::ifstream file(io);
    std::string word;
    std::size_t bytes = 0;
    return file >> word >> bytes && word == "rchar:" && bytes > matrix.size();
  }));
  ASSERT_TRUE(command.Alive());
  command.Signal(SIGINT);
  const CommandResult result = command.Wait(std::chrono::seconds(10));
  EXPECT_FALSE(result.timed_out);
  EXPECT_EQ(result.exit_code, 128 + SIGINT);
  EXPECT_EQ(result.out, "");
  for (const std::string& file : {page, page + ".part", csv, csv + ".part"}) {
    EXPECT_FALSE(Exists(file)) << file;
  }
}

}  // namespace
}  // namespace consilium
