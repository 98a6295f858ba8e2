#include "cli/cli.h"

#include <exception>

#include "cli/command_line.h"
#include "cli/flags.h"
#include "cli/output.h"

namespace consilium {
namespace {

// In the order in which `consilium --help` lists them.
constexpr void (*kCommands[])(CommandLine&) = {
    AddUp,        AddDemo,   AddDoctor,    AddSubmit, AddOutcome, AddCancel, AddFeed,
    AddShow,      AddCases,  AddWatch,     AddStatus, AddDead,    AddDrain,  AddChemistry,
    AddRecommend, AddRank,   AddEnsembles, AddTrust,  AddImport,  AddExport, AddConsensus,
    AddConfig,    AddHealth, AddVersion,   AddKeys,   AddEval};

}  // namespace

int RunCli(int argc, char** argv) {
  // What a library throws where no error was expected is a bug; it is named instead of aborting.
  try {
    CommandLine line;
    for (const auto add : kCommands) add(line);
    return line.Run(argc, argv);
  } catch (const std::exception& problem) {
    return ReportError({ErrorCode::kInternal, problem.what()}, /*json=*/false);
  }
}

}  // namespace consilium
