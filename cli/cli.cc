#include "cli/cli.h"

#include <CLI/CLI.hpp>
#include <exception>
#include <functional>
#include <memory>
#include <string>

#include "cli/commands.h"
#include "cli/output.h"
#include "shared/text.h"

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
    "  4    refused by the broker: conflict, queue_full, not_found\n"
    "  130  interrupted\n"
    "Errors are one line, `consilium: error[code]: text`, on standard error; with --json\n"
    "they are {\"error\":{\"code\":...,\"text\":...}} on standard output.\n";

// Holds what the flags of every command fill in, and which command was chosen.
class CommandLine {
 public:
  CommandLine() : app_(kAbout, "consilium") {
    app_.require_subcommand(1);
    app_.footer("\n" + std::string(kExitCodes));
    app_.set_version_flag("--version", "consilium " CONSILIUM_VERSION);
    AddCluster();
    AddCases();
    AddReading();
    AddLocal();
  }

  int Run(int argc, char** argv) {
    try {
      app_.parse(argc, argv);
    } catch (const CLI::ParseError& problem) {
      if (problem.get_exit_code() == 0) return app_.exit(problem);
      return ReportError(Invalid(WhatIsWrong(problem, argc, argv)), WantsJson(argc, argv),
                         "see `consilium --help`, or `consilium COMMAND --help`");
    }
    return run_ ? run_() : kExitUsage;
  }

 private:
  // "A subcommand is required" does not name the word that is none.
  std::string WhatIsWrong(const CLI::ParseError& problem, int argc, char** argv) const {
    if (problem.get_name() != "RequiredError" || argc < 2) return problem.what();
    const std::string word = argv[1];
    std::string known;
    for (const CLI::App* command : app_.get_subcommands([](const CLI::App*) { return true; })) {
      if (command->get_name() == word) return word + ": " + problem.what();
      known += (known.empty() ? "" : ", ") + command->get_name();
    }
    return "command = " + Quoted(word) + ", expected one of " + known;
  }

  // A mistake on the command line is found before the flags are known, so the flag is looked for.
  static bool WantsJson(int argc, char** argv) {
    for (int i = 1; i < argc; ++i) {
      if (std::string(argv[i]) == "--json") return true;
    }
    return false;
  }

  CLI::App* Command(CLI::App& parent, const std::string& name, const std::string& about,
                    const std::string& example, std::function<int()> run) {
    CLI::App* command = parent.add_subcommand(name, about);
    command->footer("\nExample:\n  " + example + "\n");
    command->callback([this, run = std::move(run)] { run_ = run; });
    return command;
  }

  static void AddJson(CLI::App* command, bool& json) {
    command->add_flag("--json", json, "print JSON, for programs");
  }

  static void AddAsk(CLI::App* command, AskOptions& ask, const char* timeout_help) {
    command->add_option("--config", ask.cluster.config,
                        "configuration of the cluster (default: ./consilium.toml, then "
                        "$CONSILIUM_CONFIG)");
    command->add_option("--broker", ask.cluster.broker,
                        "endpoint of the broker, e.g. tcp://127.0.0.1:7300");
    command->add_option("--data", ask.cluster.data, "data folder of a running `consilium up`");
    command->add_option("--timeout", ask.timeout_s, timeout_help)
        ->type_name("SECONDS")
        ->check(CLI::PositiveNumber);
    AddJson(command, ask.json);
  }

  void AddCluster() {
    CLI::App* up =
        Command(app_, "up", "Run a whole cluster on this machine, until Ctrl-C",
                "consilium up --config configs/examples/local.toml", [this] { return RunUp(up_); });
    up->add_option("--config", up_.config,
                   "configuration (default: ./consilium.toml, then $CONSILIUM_CONFIG)");
    up->add_option("--data", up_.data, "folder for everything it keeps")->capture_default_str();
    up->add_option("--ready-file", up_.ready_file,
                   "file to write the endpoint to once every part answers");

    CLI::App* demo = Command(app_, "demo",
                             "Show a council of five simulated models at work, in a cluster of "
                             "its own that is removed again",
                             "consilium demo", [this] { return RunDemo(demo_); });
    demo->add_option("--cases", demo_.cases,
                     "NDJSON in the form of configs/demo/vignettes.jsonl (default: that file)");
    demo->add_option("--seconds", demo_.seconds, "time limit")
        ->capture_default_str()
        ->check(CLI::Range(1, 3600));
  }

  void AddCases() {
    CLI::App* submit =
        Command(app_, "submit", "Submit cases and print the recommendations as they come",
                "consilium submit note.txt\n  consilium submit --json cases.ndjson > out.ndjson",
                [this] { return RunSubmit(submit_); });
    submit
        ->add_option("file", submit_.file,
                     "plain text (one case), JSON or NDJSON; - reads standard input")
        ->required();
    CaseOverrides& over = submit_.overrides;
    submit->add_option("--id", over.id, "id of the one case (default: from its content)");
    submit->add_option("--strategy", over.strategy, "all, random, local, remote or named")
        ->check(CLI::IsMember({"all", "random", "local", "remote", "named"}));
    submit->add_option("--size", over.size, "how many models answer")->check(CLI::PositiveNumber);
    submit->add_option("--models", over.models, "these models answer, e.g. gpt-4o,llama3.3:70b")
        ->delimiter(',');
    submit->add_option("--deadline", over.deadline_s, "decide at the latest after this")
        ->type_name("SECONDS")
        ->check(CLI::PositiveNumber);
    submit->add_flag("--no-wait", submit_.no_wait, "print the accepted ids and do not wait");
    submit->add_flag("--skip-bad", submit_.skip_bad,
                     "submit the good cases of a file that has bad ones too");
    AddAsk(submit, submit_.ask, "give up waiting after this (default: no limit)");

    CLI::App* cancel =
        Command(app_, "cancel", "Cancel cases that have not ended",
                "consilium cancel case-0123456789abcdef", [this] { return RunCancel(cancel_); });
    cancel->add_option("case", cancel_.ids, "ids of cases")->required();
    AddAsk(cancel, cancel_.ask, "limit of each question (default 10)");
  }

  void AddReading() {
    CLI::App* show =
        Command(app_, "show", "Explain one case: answers, grades, dissent, absences",
                "consilium show case-0123456789abcdef", [this] { return RunShow(show_); });
    show->add_option("case", show_.id, "id of the case")->required();
    AddAsk(show, show_.ask, "limit of the question (default 10)");

    CLI::App* watch =
        Command(app_, "watch", "Print recommendations as they are published",
                "consilium watch --from-start --count 10", [this] { return RunWatch(watch_); });
    watch->add_flag("--from-start", watch_.from_start, "begin with the oldest that is kept");
    watch->add_option("--count", watch_.count, "stop after so many")->check(CLI::PositiveNumber);
    AddAsk(watch, watch_.ask, "stop after this (default: no limit)");

    CLI::App* status = Command(app_, "status", "Show what the cluster is doing", "consilium status",
                               [this] { return RunStatus(status_); });
    AddAsk(status, status_, "limit of the question (default 10)");
  }

  void AddLocal() {
    CLI::App* consensus =
        Command(app_, "consensus", "Compute the Vancouver consensus of review graphs in a file",
                "consilium consensus --file graphs.json --json",
                [this] { return RunConsensus(consensus_); });
    consensus
        ->add_option("--file", consensus_.file,
                     "one graph or an array of {reviews: [[reviewer, item, grade], ...], "
                     "iterations, use_all_data, basic_precision}; - reads standard input")
        ->required();
    AddJson(consensus, consensus_.json);

    CLI::App* config = app_.add_subcommand("config", "Look at configurations");
    config->require_subcommand(1);
    CLI::App* check = Command(*config, "check", "Load a configuration and list its problems",
                              "consilium config check consilium.toml",
                              [this] { return RunConfigCheck(config_file_, json_); });
    check->add_option("file", config_file_, "configuration (TOML)")->required();
    AddJson(check, json_);
    CLI::App* options =
        Command(*config, "options", "List every option of a configuration",
                "consilium config options", [this] { return RunConfigOptions(json_); });
    AddJson(options, json_);
    CLI::App* version = Command(app_, "version", "Print the version", "consilium version --json",
                                [this] { return RunVersion(json_); });
    AddJson(version, json_);
  }

  CLI::App app_;
  std::function<int()> run_;
  UpOptions up_;
  DemoOptions demo_;
  SubmitOptions submit_;
  CancelOptions cancel_;
  ShowOptions show_;
  WatchOptions watch_;
  AskOptions status_;
  ConsensusFileOptions consensus_;
  std::string config_file_;
  bool json_ = false;
};

}  // namespace

int RunCli(int argc, char** argv) {
  // What a library throws where no error was expected is a bug; it is named instead of aborting.
  try {
    return CommandLine().Run(argc, argv);
  } catch (const std::exception& problem) {
    return ReportError({ErrorCode::kInternal, problem.what()}, /*json=*/false);
  }
}

}  // namespace consilium
