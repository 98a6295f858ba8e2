// What `--help` prints, and where errors of the command line point to.
#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>
#include <string>
#include <vector>

#include "cli/cli.h"
#include "tests/unit/cli/columns.h"

namespace consilium {
namespace {

struct Printed {
  int exit_code = 0;
  std::string out;
  std::string err;
};

Printed Consilium(std::vector<std::string> words) {
  words.insert(words.begin(), "consilium");
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  Printed printed;
  printed.exit_code = RunCli(static_cast<int>(argv.size()), argv.data());
  printed.out = testing::internal::GetCapturedStdout();
  printed.err = testing::internal::GetCapturedStderr();
  return printed;
}

// The commands that a help lists.
std::vector<std::string> CommandsIn(const std::string& help) {
  std::vector<std::string> commands;
  std::istringstream lines(help.substr(std::min(help.find("Subcommands:\n"), help.size())));
  std::string line;
  std::getline(lines, line);
  while (std::getline(lines, line) && !line.empty()) {
    if (line.size() > 2 && line[2] != ' ')
      commands.push_back(line.substr(2, line.find(' ', 2) - 2));
  }
  return commands;
}

TEST(HelpTest, OfEveryCommandFitsATerminal) {
  const std::string all = Consilium({"--help"}).out;
  ExpectAtMost80Columns(all);
  const std::vector<std::string> commands = CommandsIn(all);
  EXPECT_GE(commands.size(), 25u);
  for (const std::string& command : commands) {
    SCOPED_TRACE(command);
    const Printed help = Consilium({command, "--help"});
    EXPECT_EQ(help.exit_code, 0);
    ExpectAtMost80Columns(help.out);
    for (const std::string& inner : CommandsIn(help.out)) {
      SCOPED_TRACE(inner);
      ExpectAtMost80Columns(Consilium({command, inner, "--help"}).out);
    }
  }
}

TEST(HelpTest, IsACommandAsWell) {
  EXPECT_EQ(Consilium({"help"}).exit_code, 0);
  EXPECT_EQ(Consilium({"help"}).out, Consilium({"--help"}).out);
  EXPECT_EQ(Consilium({"help", "feed"}).out, Consilium({"feed", "--help"}).out);
  EXPECT_EQ(Consilium({"help", "dead", "list"}).out, Consilium({"dead", "list", "--help"}).out);
}

// Again and again, as the addresses of the options differ.
TEST(HelpTest, OptionsThatExcludeEachOtherAreNamedInOrder) {
  for (int i = 0; i < 20; ++i) {
    const std::string help = Consilium({"feed", "--help"}).out;
    EXPECT_NE(help.find("Excludes: --follow --state"), std::string::npos) << help;
  }
}

TEST(HelpTest, AnErrorPointsToTheHelpOfItsCommand) {
  const auto ends = [](const std::vector<std::string>& words, const std::string& hint) {
    const Printed printed = Consilium(words);
    EXPECT_EQ(printed.exit_code, 2);
    EXPECT_TRUE(printed.err.ends_with("\n  see `" + hint + "`\n")) << printed.err;
  };
  ends({"feed"}, "consilium feed --help");
  ends({"dead", "show"}, "consilium dead show --help");
  ends({"nonsense"}, "consilium --help");
}

}  // namespace
}  // namespace consilium
