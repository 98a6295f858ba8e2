// Mistakes on the command line, of every command: each is named, with what was expected.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cli/cli.h"
#include "cli/output.h"

namespace consilium {
namespace {

using ::testing::EndsWith;
using ::testing::StartsWith;

struct Said {
  int code = 0;
  std::string out;
  std::string error;  // the text of it
};

Said Told(std::vector<std::string> words) {
  words.insert(words.begin(), "consilium");
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  Said said;
  said.code = RunCli(static_cast<int>(argv.size()), argv.data());
  said.out = testing::internal::GetCapturedStdout();
  said.error = testing::internal::GetCapturedStderr();
  said.error.resize(std::min(said.error.find('\n'), said.error.size()));
  constexpr std::string_view kLead = "consilium: error[invalid]: ";
  if (said.error.rfind(kLead, 0) == 0) said.error.erase(0, kLead.size());
  return said;
}

std::string Mistake(const std::vector<std::string>& words) {
  const Said said = Told(words);
  EXPECT_EQ(said.code, kExitUsage);
  EXPECT_EQ(said.out, "");
  return said.error;
}

// What the error lists after `before`: the commands that there are.
std::vector<std::string> Listed(const std::string& error, const std::string& before) {
  const std::size_t at = error.find(before);
  EXPECT_NE(at, std::string::npos) << error;
  std::vector<std::string> names;
  std::istringstream rest(error.substr(at + before.size()));
  for (std::string name; std::getline(rest >> std::ws, name, ',');) names.push_back(name);
  return names;
}

// Every command with the path to it: {"cases"}, {"dead", "list"}, ...
std::vector<std::vector<std::string>> Commands() {
  std::vector<std::vector<std::string>> commands;
  for (const std::string& name : Listed(Mistake({}), "expected one of ")) {
    const std::string error = Told({name, "--no-such"}).error;
    if (error.find("expected one of --help;") == std::string::npos &&
        error.find("expected one of --help,") != std::string::npos) {
      commands.push_back({name});
      continue;
    }
    for (const std::string& inner : Listed(Mistake({name}), name + ": expected one of ")) {
      commands.push_back({name, inner});
    }
  }
  return commands;
}

TEST(CommandLineTest, EveryCommandNamesAFlagThatItHasNot) {
  const auto commands = Commands();
  EXPECT_GT(commands.size(), 30u);
  for (std::vector<std::string> words : commands) {
    std::string path;
    for (const std::string& word : words) path += (path.empty() ? "" : " ") + word;
    words.push_back("--no-such=secret");
    EXPECT_THAT(Mistake(words),
                StartsWith(path + ": flag = \"--no-such\", expected one of --help"));
  }
}

TEST(CommandLineTest, AMisspeltFlagIsNamedBeforeWhatItLeavesMissing) {
  const std::string text = Mistake({"eval", "--matrx", "x.csv"});
  EXPECT_THAT(text, StartsWith("eval: flag = \"--matrx\", expected one of --help, --live, "));
  EXPECT_THAT(text, EndsWith(", --history, --matrix, --vignettes; nearest: --matrix"));
  EXPECT_THAT(Mistake({"submit", "--stratgy", "x", "note.txt"}), EndsWith("; nearest: --strategy"));
  EXPECT_EQ(Mistake({"--jsn", "cases"}), "flag = \"--jsn\", expected one of --help, --version");
}

TEST(CommandLineTest, AMisspeltCommandIsNamed) {
  EXPECT_THAT(Mistake({"evl", "--matrix", "x"}),
              StartsWith("command = \"evl\", expected one of up, demo, "));
  EXPECT_THAT(Mistake({"evl"}), EndsWith(", eval; nearest: eval"));
  EXPECT_EQ(Mistake({"dead", "lst"}),
            "dead: command = \"lst\", expected one of list, show, requeue, purge; nearest: list");
  EXPECT_EQ(Mistake({"config"}), "config: expected one of check, options");
}

TEST(CommandLineTest, WordsTooFewOrTooManyAreNamed) {
  EXPECT_EQ(Mistake({"cases", "more"}), "cases: argument = \"more\", expected flags only");
  EXPECT_EQ(Mistake({"submit", "a", "b"}), "submit: argument = \"b\", expected no more than file");
  EXPECT_EQ(Mistake({"dead", "show", "a", "b"}), "letter: expected one, not 2");
  EXPECT_EQ(Mistake({"keys", "new"}), "keys new: name is required");
  EXPECT_EQ(Mistake({"eval"}),
            "eval: Exactly 1 option from [--history,--matrix,--vignettes] is required");
}

TEST(CommandLineTest, ValuesAreNamedWithWhatWasExpected) {
  const std::vector<std::pair<std::vector<std::string>, std::string>> kMistakes = {
      {{"cases", "--state", "done"},
       "--state = \"done\", expected one of accepted, generating, reviewing, complete, degraded, "
       "insufficient, failed, cancelled"},
      {{"submit", "a", "--strategy", "best"},
       "--strategy = \"best\", expected one of all, random, local, remote, named, single, "
       "performance, chemistry, utility"},
      {{"feed", "a", "--format", "xml"},
       "--format = \"xml\", expected one of hl7, fhir, bulk, cases"},
      {{"feed", "a", "--as", "oru"}, "--as = \"oru\", expected one of mdm"},
      {{"feed", "a", "--rate", "fast"}, "--rate = \"fast\", expected messages a second, e.g. 50/s"},
      {{"keys", "token", "a", "--role", "king"},
       "--role = \"king\", expected one of read, write, admin"},
      {{"eval", "--history", "a", "--tasks", "all"},
       "--tasks = \"all\", expected one of near, exact"},
      {{"cases", "--limit", "2.5"}, "--limit = \"2.5\", expected a whole number from 1 to 1000000"},
      {{"cases", "--limit"}, "--limit: expected a value"},
      {{"cases", "--timeout", "-1"}, "--timeout = \"-1\", expected a number above 0"},
      {{"cases", "--timeout", "nan"}, "--timeout = \"nan\", expected a number above 0"},
      {{"doctor", "--timeout-s", "no"}, "--timeout-s = \"no\", expected a number from 0.1 to 3600"},
      {{"submit", "a", "--size", "2.5"}, "--size = \"2.5\", expected a whole number"},
      {{"eval", "--matrix", "a", "--seed", "-3"},
       "--seed = \"-3\", expected a whole number, 0 or more"},
      {{"recommend", "--history", "a", "--alpha", "half"}, "--alpha = \"half\", expected a number"},
      {{"dead", "requeue", "--yes=maybe"}, "--yes = \"maybe\", expected no value"}};
  for (const auto& [words, text] : kMistakes) EXPECT_EQ(Mistake(words), text);
}

TEST(CommandLineTest, WithJsonAMistakeIsJson) {
  const Said said = Told({"cases", "--stat", "x", "--json"});
  EXPECT_EQ(said.code, kExitUsage);
  EXPECT_EQ(said.error, "");
  EXPECT_THAT(said.out,
              StartsWith(R"({"error":{"code":"invalid","text":"cases: flag = \"--stat\", )"));
}

}  // namespace
}  // namespace consilium
