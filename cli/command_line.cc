#include "cli/command_line.h"

#include <string_view>
#include <utility>
#include <vector>

#include "cli/help_format.h"
#include "cli/output.h"
#include "shared/wrong_words.h"

namespace consilium {
namespace {

constexpr const char* kAbout =
    "Consilium: a council of language models that recommends medications.\n"
    "It supports a clinician's decision; it never orders.";

constexpr const char* kExitCodes =
    "Exit codes:\n"
    "  0    done\n"
    "  1    finished, but a case failed or was cancelled; or an error inside\n"
    "  2    bad command line, configuration or input\n"
    "  3    no broker, or no answer in time\n"
    "  4    refused by the broker: conflict, queue_full, draining, not_found,\n"
    "       forbidden\n"
    "  130  interrupted\n"
    "Errors are one line, `consilium: error[code]: text`, on standard error; with --json\n"
    "they are {\"error\":{\"code\":...,\"text\":...}} on standard output.\n";

// A mistake on the command line is found before the flags are known, so the flag is looked for.
bool WantsJson(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    if (std::string(argv[i]) == "--json") return true;
  }
  return false;
}

}  // namespace

CommandLine::CommandLine() : app_(kAbout, "consilium") {
  app_.require_subcommand(1);
  app_.formatter(HelpFormat());
  app_.footer("\n" + std::string(kExitCodes));
  app_.set_version_flag("--version", "consilium " CONSILIUM_VERSION);
}

CLI::App* CommandLine::Command(const std::string& name, const std::string& about,
                               const std::string& example, std::function<int()> run) {
  return Command(app_, name, about, example, std::move(run));
}

CLI::App* CommandLine::Command(CLI::App& group, const std::string& name, const std::string& about,
                               const std::string& example, std::function<int()> run) {
  CLI::App* command = group.add_subcommand(name, about);
  command->footer("\nExample:\n  " + example + "\n");
  command->callback([this, run = std::move(run)] { run_ = run; });
  return command;
}

CLI::App* CommandLine::Group(const std::string& name, const std::string& about) {
  CLI::App* group = app_.add_subcommand(name, about);
  group->require_subcommand(1);
  return group;
}

std::string CommandLine::ParsedCommand() const {
  std::string name = app_.get_name();
  for (const CLI::App* at = &app_; !at->get_subcommands().empty();) {
    at = at->get_subcommands().front();
    if (!at->get_name().empty()) name += " " + at->get_name();
  }
  return name;
}

int CommandLine::Run(int argc, char** argv) {
  // `help` and `help feed` are typed before anything is known.
  std::vector<const char*> words(argv, argv + argc);
  if (argc > 1 && std::string_view(argv[1]) == "help") {
    words.erase(words.begin() + 1);
    words.push_back("--help");
  }
  try {
    app_.parse(static_cast<int>(words.size()), words.data());
  } catch (const CLI::ParseError& problem) {
    if (problem.get_exit_code() == 0) return app_.exit(problem);
    return ReportError(Invalid(WhatIsWrong(app_, problem)), WantsJson(argc, argv),
                       "see `" + ParsedCommand() + " --help`");
  }
  return run_ ? run_() : kExitUsage;
}

}  // namespace consilium
