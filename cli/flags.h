// The commands with their flags, in files by topic (flags_*.cc), and the flags that several have.
#pragma once

#include <iterator>
#include <string>
#include <vector>

#include "cli/command_line.h"
#include "cli/commands.h"

namespace consilium {

void AddUp(CommandLine& line);
void AddDemo(CommandLine& line);
void AddDoctor(CommandLine& line);
void AddSubmit(CommandLine& line);
void AddOutcome(CommandLine& line);
void AddCancel(CommandLine& line);
void AddFeed(CommandLine& line);
void AddShow(CommandLine& line);
void AddCases(CommandLine& line);
void AddWatch(CommandLine& line);
void AddStatus(CommandLine& line);
void AddDead(CommandLine& line);
void AddDrain(CommandLine& line);
void AddChemistry(CommandLine& line);
void AddRecommend(CommandLine& line);
void AddRank(CommandLine& line);
void AddEnsembles(CommandLine& line);
void AddTrust(CommandLine& line);
void AddImport(CommandLine& line);
void AddExport(CommandLine& line);
void AddConsensus(CommandLine& line);
void AddConfig(CommandLine& line);
void AddHealth(CommandLine& line);
void AddVersion(CommandLine& line);
void AddKeys(CommandLine& line);
void AddEval(CommandLine& line);

void AddJson(CLI::App* command, bool& json);

// Which cluster is asked, how long, and --json.
void AddAsk(CLI::App* command, AskOptions& ask, const char* timeout_help);

// One value, or a list with commas, each time the flag is given: the argument after it is not its.
CLI::Option* OneEach(CLI::Option* option);

// What a value must be; what it was and what was expected is told where it is not.
CLI::Validator OneOf(std::vector<std::string> names);
template <std::size_t kCount>
CLI::Validator OneOf(const char* const (&names)[kCount]) {
  return OneOf(std::vector<std::string>(std::begin(names), std::end(names)));
}
CLI::Validator AboveZero();
CLI::Validator Seed();  // a whole number that is not negative
CLI::Validator Between(int least, int most);
CLI::Validator Between(double least, double most);

}  // namespace consilium
