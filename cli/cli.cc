#include "cli/cli.h"

#include <CLI/CLI.hpp>
#include <charconv>
#include <exception>
#include <functional>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "cli/commands.h"
#include "cli/feed/feed_format.h"
#include "cli/output.h"
#include "shared/allow_list.h"
#include "shared/config.h"
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
    "  4    refused by the broker: conflict, queue_full, draining, not_found, forbidden\n"
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
    AddDoctor();
    AddCases();
    AddFeed();
    AddReading();
    AddOperating();
    AddChemistry();
    AddLearned();
    AddLocal();
    AddKeys();
    AddEval();
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

  // One value, or a list with commas, each time the flag is given: the argument after it is not
  // its.
  static CLI::Option* OneEach(CLI::Option* option) {
    return option->expected(1)->take_all()->allow_extra_args(false);
  }

  static void AddAsk(CLI::App* command, AskOptions& ask, const char* timeout_help) {
    command->add_option("--config", ask.cluster.config,
                        "configuration of the cluster (default: ./consilium.toml, then "
                        "$CONSILIUM_CONFIG)");
    OneEach(command->add_option(
                "--broker", ask.cluster.brokers,
                "endpoint of a broker, e.g. tcp://127.0.0.1:7300; may be repeated: the next "
                "one is asked when one is silent or drains"))
        ->type_name("ENDPOINT");
    command->add_option("--data", ask.cluster.data, "data folder of a running `consilium up`");
    command->add_option("--timeout", ask.timeout_s, timeout_help)
        ->type_name("SECONDS")
        ->check(CLI::PositiveNumber);
    AddJson(command, ask.json);
  }

  void AddCluster() {
    CLI::App* up = Command(app_, "up", "Run a whole cluster on this machine, until Ctrl-C",
                           "consilium up --config configs/examples/ollama.toml",
                           [this] { return RunUp(up_); });
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

  void AddDoctor() {
    CLI::App* doctor =
        Command(app_, "doctor", "Check whether everything will work, and what to do where not",
                "consilium doctor --config configs/examples/hosted.toml\n"
                "  consilium doctor --backend gpt-4o --timeout-s 120\n"
                "  consilium doctor --no-calls --json\n\n"
                "Exit codes: 0 all well, 1 at least one problem, 2 wrong usage or configuration,\n"
                "130 interrupted. docs/doctor.md says what each line means.",
                [this] { return RunDoctor(doctor_); });
    doctor->add_option("--config", doctor_.config,
                       "configuration (default: ./consilium.toml, then $CONSILIUM_CONFIG)");
    doctor->add_option("--data", doctor_.data, "data folder of a running `consilium up`");
    OneEach(doctor->add_option("--backend", doctor_.backends, "only this model; may be repeated"))
        ->type_name("MODEL");
    doctor->add_flag("--no-calls", doctor_.no_calls,
                     "ask no model: only configuration, keys, URLs and files");
    doctor
        ->add_option("--timeout-s", doctor_.timeout_s,
                     "limit of each call (default: total_ms of the backend, at most 60 s)")
        ->type_name("SECONDS")
        ->check(CLI::Range(0.1, 3600.0));
    AddJson(doctor, doctor_.json);
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
    submit
        ->add_option("--strategy", over.strategy, "which models answer (see docs/configuration.md)")
        ->check(CLI::IsMember(
            std::vector<std::string>(std::begin(kStrategies), std::end(kStrategies))));
    submit->add_option("--size", over.size, "how many models answer")->check(CLI::PositiveNumber);
    OneEach(submit->add_option("--models", over.models,
                               "these models answer, e.g. gpt-4o,llama3.3:70b"))
        ->delimiter(',');
    submit->add_option("--deadline", over.deadline_s, "decide at the latest after this")
        ->type_name("SECONDS")
        ->check(CLI::PositiveNumber);
    submit->add_flag("--no-wait", submit_.no_wait, "print the accepted ids and do not wait");
    submit->add_flag("--skip-bad", submit_.skip_bad,
                     "submit the good cases of a file that has bad ones too");
    AddAsk(submit, submit_.ask, "give up waiting after this (default: no limit)");

    CLI::App* outcome =
        Command(app_, "outcome", "Say what was right in a case that has ended; it is learned from",
                "consilium outcome case-0123456789abcdef --accept\n"
                "  consilium outcome case-0123456789abcdef --medications amoxicillin,ibuprofen\n"
                "  consilium outcome case-0123456789abcdef --override \"rash on penicillin\" "
                "--medications doxycycline\n\n"
                "All outcomes of a case are kept. Of the same --by the latest counts; those who\n"
                "disagree make the case contradictory, and who was right is not learned from it.",
                [this] { return RunOutcome(outcome_); });
    outcome->add_option("case", outcome_.id, "id of the case")->required();
    CLI::Option* accept =
        outcome->add_flag("--accept", outcome_.accept, "the recommended medications were right");
    CLI::Option* given =
        OneEach(outcome->add_option("--medications", outcome_.medications, "these were right"))
            ->type_name("A,B")
            ->delimiter(',')
            ->excludes(accept);
    outcome->add_flag("--no-medication", outcome_.no_medication, "to give none was right")
        ->excludes(accept)
        ->excludes(given);
    outcome
        ->add_option(
            "--override", outcome_.override_reason,
            "the recommended were not given, and why; alone or with what was given instead")
        ->type_name("REASON")
        ->excludes(accept);
    outcome
        ->add_option("--revision", outcome_.revision,
                     "which --accept or --override is about (default: the last)")
        ->check(CLI::PositiveNumber);
    outcome->add_option("--by", outcome_.by, "who says so")->capture_default_str();
    AddAsk(outcome, outcome_.ask, "limit of each question (default 10)");

    CLI::App* cancel = Command(
        app_, "cancel", "Cancel cases that have not ended, or withdraw what ended ones said",
        "consilium cancel case-0123456789abcdef\n"
        "  consilium cancel case-0123456789abcdef --withdraw --reason retracted",
        [this] { return RunCancel(cancel_); });
    cancel->add_option("case", cancel_.ids, "ids of cases")->required();
    cancel->add_flag("--withdraw", cancel_.withdraw,
                     "also one that has ended: a revision without medications says so wherever it "
                     "is shown");
    cancel
        ->add_option("--reason", cancel_.reason,
                     "why, at most 200 bytes, published: nothing of a patient")
        ->type_name("TEXT");
    AddAsk(cancel, cancel_.ask, "limit of each question (default 10)");
  }

  void AddFeed() {
    CLI::App* feed = Command(
        app_, "feed", "Send files of messages to a gateway, once or as they come",
        "consilium feed messages/ --mllp 10.0.0.7:2575\n"
        "  consilium feed export/ bundle.json --http https://gateway:8080 --token-env TOKEN\n"
        "  consilium feed inbox/ --follow --state feed.state --mllp 10.0.0.7:2575\n"
        "  consilium feed configs/demo/vignettes.jsonl --as mdm --mllp 127.0.0.1:2575\n\n"
        "HL7 v2 (plain, batches, frames of MLLP) goes to --mllp; FHIR Bundles and resources, bulk\n"
        "exports and cases go to --http. What a file is is told by its content; folders are gone\n"
        "through, in the order of names. Every message ends as accepted, refused or not sent.\n\n"
        "Exit codes: 0 done, 1 some were refused or not sent, 2 wrong usage or input, 3 the "
        "gateway\n"
        "cannot be reached, 130 interrupted. docs/gateway.md says more.",
        [this] { return RunFeed(feed_); });
    feed->add_option("path", feed_.paths, "files and folders")->required();
    feed->add_option("--mllp", feed_.mllp, "receiver of HL7 v2, at an address of this site")
        ->type_name("HOST:PORT");
    CLI::Option* http =
        feed->add_option("--http", feed_.http, "gateway of FHIR and cases")->type_name("URL");
    feed->add_option("--format", feed_.format, "what the files are, whatever they look like")
        ->check(CLI::IsMember(
            std::vector<std::string>(std::begin(kFeedFormatNames), std::end(kFeedFormatNames))));
    feed->add_option("--as", feed_as_, "send cases as messages of HL7 v2 (MDM^T02)")
        ->type_name("mdm")
        ->check(CLI::IsMember({"mdm"}))
        ->each([this](const std::string&) { feed_.as_mdm = true; });
    feed->add_option("--rate", feed_rate_,
                     "messages a second, e.g. 50 or 0.5/s (default: as they "
                     "are taken)")
        ->type_name("N/s")
        ->check([this](const std::string& text) { return ReadRate(text, feed_.rate); });
    feed->add_option("--connections", feed_.connections,
                     "messages under way at once; with more than one their order is not kept")
        ->capture_default_str()
        ->check(CLI::Range(1, 64));
    feed->add_option("--retries", feed_.retries,
                     "how often a message is sent again without an answer (default 8, with "
                     "--follow for ever)")
        ->check(CLI::Range(0, 1000000));
    feed->add_option("--timeout", feed_.timeout_s, "how long an acknowledgement may take")
        ->type_name("SECONDS")
        ->capture_default_str()
        ->check(CLI::Range(0.1, 3600.0));
    CLI::Option* follow = feed->add_flag(
        "--follow", feed_.follow,
        "look for new files every second, until Ctrl-C; one is taken when it has stopped growing");
    CLI::Option* state =
        feed->add_option("--state", feed_.state,
                         "file that remembers what was sent, so that a restart goes on there");
    feed->add_option("--repeat", feed_.repeat,
                     "send everything so often; a gateway knows what it has seen")
        ->capture_default_str()
        ->check(CLI::Range(1, 1000000))
        ->excludes(follow)
        ->excludes(state);
    feed->add_option("--token-env", feed_.token_env,
                     "environment variable with the token for --http")
        ->type_name("NAME")
        ->needs(http);
    feed->add_option("--ca-file", feed_.ca_file, "certificates to trust, for --http (PEM)")
        ->needs(http);
    AddJson(feed, feed_.json);
  }

  // "50", "50/s", "0.5/s". "" when it is good, for CLI11.
  static std::string ReadRate(const std::string& text, double& rate) {
    constexpr double kMost = 100000;
    std::string number = text;
    if (number.ends_with("/s")) number.resize(number.size() - 2);
    const char* const end = number.data() + number.size();
    const auto [at, failed] = std::from_chars(number.data(), end, rate);
    const bool good = failed == std::errc() && at == end && rate > 0 && rate <= kMost;
    return good ? "" : "--rate = " + Quoted(text) + ", expected messages a second, e.g. 50/s";
  }

  void AddReading() {
    CLI::App* show =
        Command(app_, "show", "Explain one case: answers, grades, dissent, absences",
                "consilium show case-0123456789abcdef", [this] { return RunShow(show_); });
    show->add_option("case", show_.id, "id of the case")->required();
    AddAsk(show, show_.ask, "limit of the question (default 10)");

    CLI::App* cases = Command(app_, "cases", "List the cases that there are, the newest first",
                              "consilium cases --state cancelled --limit 20\n"
                              "  consilium cases --source hl7 --json",
                              [this] { return RunCases(cases_); });
    cases->add_option("--state", cases_.state, "only those in this state, e.g. complete")
        ->check(CLI::IsMember(
            std::vector<std::string>(std::begin(kCaseStateNames), std::end(kCaseStateNames))));
    cases->add_option("--source", cases_.source, "only those that came from there, exactly");
    cases->add_option("--kind", cases_.kind, "only those of this kind of task");
    cases->add_option("--limit", cases_.limit, "at most so many")
        ->capture_default_str()
        ->check(CLI::Range(1, 1000000));
    cases->add_option("--after", cases_.after, "go on from here")->type_name("CURSOR");
    AddAsk(cases, cases_.ask, "limit of each question (default 10)");

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

  void AddFilters(CLI::App* command) {
    command->add_option("--model", dead_.model, "only tasks of this model");
    command->add_option("--case", dead_.case_id, "only tasks of this case")->type_name("ID");
    command->add_option("--code", dead_.code, "only those whose last error has this code");
    AddAsk(command, dead_.ask, "limit of each question (default 10)");
  }

  void AddOperating() {
    CLI::App* dead =
        app_.add_subcommand("dead", "Look at dead letters: tasks that are not tried again");
    dead->require_subcommand(1);
    CLI::App* list = Command(*dead, "list", "List them, oldest first",
                             "consilium dead list --model gpt-4o --code worker_lost",
                             [this] { return RunDeadList(dead_); });
    list->add_option("--limit", dead_.limit, "at most so many")
        ->capture_default_str()
        ->check(CLI::Range(1, 1000000));
    list->add_option("--after", dead_.after, "go on after this one")->type_name("LETTER");
    list->add_flag("--count", dead_.count, "only count them, by model and code");
    AddFilters(list);
    CLI::App* show =
        Command(*dead, "show", "Show one with all its errors",
                "consilium dead show 0:1764254400000-0", [this] { return RunDeadShow(dead_); });
    show->add_option("letter", dead_.ids, "its id in the list")->required()->expected(1);
    AddAsk(show, dead_.ask, "limit of the question (default 10)");
    const auto add_many = [this](CLI::App* command, const char* all) {
      CLI::Option* ids = command->add_option("letter", dead_.ids, "ids in the list");
      command->add_flag("--all", dead_.all, all)->excludes(ids);
      command->add_flag("--yes", dead_.yes, "with --all: do not ask");
      AddFilters(command);
    };
    add_many(Command(*dead, "requeue", "Put them back into their lanes, as if they were new",
                     "consilium dead requeue --all --model gpt-4o",
                     [this] { return RunDeadRequeue(dead_); }),
             "all that the filters leave");
    add_many(
        Command(*dead, "purge", "Remove them from the list for good",
                "consilium dead purge 0:1764254400000-0", [this] { return RunDeadPurge(dead_); }),
        "all that the filters leave, as of now");

    CLI::App* drain = Command(
        app_, "drain", "Let a broker end its work before it is stopped, and wait for that",
        "consilium drain --broker tcp://127.0.0.1:7300 --limit 120\n"
        "  consilium drain --undo\n\n"
        "It refuses new cases, hands out no more tasks and waits for results; what is left then\n"
        "goes to other brokers. It stays up, drained. SIGTERM to its process does the same within\n"
        "broker.drain_ms and ends it. A worker is drained by SIGTERM to its process.",
        [this] { return RunDrain(drain_); });
    drain->add_option("--limit", drain_.limit_s, "how long it waits for results of workers")
        ->type_name("SECONDS")
        ->capture_default_str()
        ->check(CLI::Range(0.0, 86400.0));
    drain->add_flag("--undo", drain_.undo, "let it work again");
    AddAsk(drain, drain_.ask, "limit of each question (default 10)");
  }

  // `needed`: the command works on nothing else.
  static CLI::Option* AddHistory(CLI::App* command, HistoryOptions& history, bool needed) {
    CLI::Option* file = AddFile(command, "--history", history.file,
                                "performance history (CSV); - reads standard input");
    if (needed) file->required();
    command
        ->add_option("--task", history.task,
                     "text of the task in the history (default: the one with the most rows)")
        ->needs(file);
    command
        ->add_option("--tasks", history.tasks,
                     "tasks that count as one: near (nearly the same text) or exact")
        ->capture_default_str()
        ->check(CLI::IsMember({"near", "exact"}))
        ->needs(file);
    command
        ->add_option("--profile", history.profile,
                     "of each model: best (its most accurate row, as published) or mean")
        ->capture_default_str()
        ->check(CLI::IsMember({"best", "mean"}))
        ->needs(file);
    return file;
  }

  static CLI::Option* AddFile(CLI::App* command, const char* flag, std::string& file,
                              const char* help) {
    return command->add_option(flag, file, help)
        ->type_name("FILE")
        ->check([](const std::string& name) {
          return std::string(name.empty() ? "the file has no name" : "");
        });
  }

  void AddChemistry() {
    CLI::App* chemistry =
        Command(app_, "chemistry",
                "Show which models work well together: of a running cluster, of profiles or of a "
                "history",
                "consilium chemistry\n"
                "  consilium chemistry --profiles models.json --variant nonempty\n"
                "  consilium chemistry --history runs.csv --svg runs.svg --svg-of synergy",
                [this] { return RunChemistry(chemistry_); });
    LiveChemistryOptions& live = chemistry_.live;
    CLI::Option* profiles =
        AddFile(chemistry, "--profiles", chemistry_.profiles,
                "JSON: a list of {model, quality 0..10, accuracy 0..1}; - reads standard input");
    CLI::Option* history = AddHistory(chemistry, chemistry_.history, /*needed=*/false);
    history->excludes(profiles);
    chemistry
        ->add_option("--variant", chemistry_.variant,
                     "published (default) or nonempty, which tells good pairs apart")
        ->check(CLI::IsMember({"published", "nonempty"}));
    chemistry->add_option("--usage-threshold", chemistry_.usage_threshold,
                          "accuracy above which a model is used (default 0.5)");
    AddFile(chemistry, "--svg", live.svg, "draw a heat map to this file");
    chemistry
        ->add_option("--svg-of", live.svg_of,
                     "chemistry (default for files) or synergy (default for a cluster)")
        ->check(CLI::IsMember({"chemistry", "synergy"}));
    chemistry->add_option("--kind", live.kind, "kind of task of the cluster (default: its first)")
        ->excludes(profiles)
        ->excludes(history);
    chemistry
        ->add_flag("--rebuild", live.rebuild,
                   "make the matrix of the cluster again from its history, and compare")
        ->excludes(profiles)
        ->excludes(history);
    AddAsk(chemistry, live.ask, "limit of the question to the cluster (default 10)");
    AddRecommend();
  }

  void AddLearned() {
    CLI::App* ensembles =
        Command(app_, "ensembles", "Show which models a running cluster seats next",
                "consilium ensembles", [this] { return RunEnsembles(ensembles_); });
    ensembles->add_option("--kind", ensembles_.kind, "kind of task (default: all)");
    AddAsk(ensembles, ensembles_.ask, "limit of the question (default 10)");

    CLI::App* trust = Command(
        app_, "trust", "Show what the confidence of a running cluster rests on",
        "consilium trust\n  consilium trust --kind medication --json\n\n"
        "Recommendations have a confidence once the right answers of council.outcomes_min ended\n"
        "cases are known. docs/decision.md says how it is learned, and when it does not apply.",
        [this] { return RunTrust(trust_); });
    trust->add_option("--kind", trust_.kind, "kind of task (default: all)");
    AddAsk(trust, trust_.ask, "limit of the question (default 10)");

    CLI::App* import =
        Command(app_, "import", "Let a running cluster learn from a recorded history (warm start)",
                "consilium import runs.csv", [this] { return RunImport(import_); });
    import
        ->add_option("file", import_.history.file,
                     "performance history (CSV); - reads standard input")
        ->required();
    import->add_option("--kind", import_.kind,
                       "kind of task as which it is learned (default: the first configured one)");
    import->add_option("--task", import_.history.task,
                       "task of the file (default: the one with most rows)");
    import->add_option("--tasks", import_.history.tasks, "which texts are one task: near or exact")
        ->capture_default_str()
        ->check(CLI::IsMember({"near", "exact"}));
    AddAsk(import, import_.ask, "limit of each question (default 10)");

    CLI::App* export_command =
        Command(app_, "export", "Write what a running cluster has learned to files",
                "consilium export learned", [this] { return RunExport(export_); });
    export_command->add_option("folder", export_.folder, "folder to write to, made if missing")
        ->required();
    export_command->add_option("--kind", export_.kind,
                               "kind of task of the matrix (default: the first configured one)");
    AddAsk(export_command, export_.ask, "limit of each question (default 10)");
  }

  void AddRecommend() {
    CLI::App* recommend =
        Command(app_, "recommend", "Recommend a set of models by what a history says",
                "consilium recommend --history runs.csv --size 5 --strategy utility",
                [this] { return RunRecommend(recommend_); });
    AddHistory(recommend, recommend_.history, /*needed=*/true);
    recommend->add_option("--size", recommend_.size,
                          "how many models (chemistry: default any; utility: at most)");
    recommend
        ->add_option("--strategy", recommend_.strategy,
                     "chemistry, utility, performance, random, local, remote or single")
        ->capture_default_str()
        ->check(CLI::IsMember(
            {"chemistry", "utility", "performance", "random", "local", "remote", "single"}));
    recommend->add_option("--seed", recommend_.seed, "of strategy random")->capture_default_str();
    recommend
        ->add_option("--variant", recommend_.variant,
                     "of strategy chemistry: published or nonempty")
        ->capture_default_str()
        ->check(CLI::IsMember({"published", "nonempty"}));
    recommend
        ->add_option("--alpha", recommend_.alpha,
                     "of strategy chemistry: weight of the chemistry with those left out, 0..1")
        ->capture_default_str();
    recommend->add_option("--beta", recommend_.beta, "of strategy chemistry: loss of every member")
        ->capture_default_str();
    recommend
        ->add_option("--local", recommend_.local,
                     "of strategies local and remote: models that run locally, e.g. a,b (default: "
                     "as the history shows)")
        ->delimiter(',');
    recommend
        ->add_option("--latency-max", recommend_.latency_ms_max,
                     "of strategy utility: 95th percentile of a member")
        ->type_name("MS");
    recommend
        ->add_option("--cost-max", recommend_.cost_usd_max,
                     "of strategy utility: of all answers of a case")
        ->type_name("USD");
    AddJson(recommend, recommend_.json);

    CLI::App* rank =
        Command(app_, "rank", "Rank the models of a history, and its sets of the best",
                "consilium rank --history runs.csv -k 3 5 10", [this] { return RunRank(rank_); });
    AddHistory(rank, rank_.history, /*needed=*/true);
    rank->add_option("-k", rank_.k, "how many of the best, one or more numbers")
        ->delimiter(',')
        ->capture_default_str();
    AddJson(rank, rank_.json);
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
    CLI::App* health =
        Command(app_, "health", "Say whether a program of this machine does its work",
                "consilium health /run/consilium/health", [this] { return RunHealth(health_); });
    health->add_option("file", health_.file, "the file that its --health names")->required();
    health->add_flag("--alive", health_.alive_only,
                     "only whether its loop turns: a restart would not help with anything else");
    AddJson(health, health_.json);
    CLI::App* version = Command(app_, "version", "Print the version", "consilium version --json",
                                [this] { return RunVersion(json_); });
    AddJson(version, json_);
  }

  void AddKeys() {
    CLI::App* keys =
        app_.add_subcommand("keys", "Make and show keys for the bus, and tokens for the gateway");
    keys->require_subcommand(1);
    CLI::App* make = Command(
        *keys, "new", "Make a key: NAME.key, and what the brokers must know of it",
        "consilium keys new broker --role broker\n  consilium keys new gpu-1 --role worker\n\n"
        "The secret key stands in FOLDER/NAME.key, which only its owner may read: it belongs on\n"
        "the machine that uses it (bus.key_file) and nowhere else. For a client, worker or admin\n"
        "the line that allows the key is appended to FOLDER/allowed (bus.allowed_file of the\n"
        "brokers); for the brokers FOLDER/NAME.pub is what all others need (bus.broker_key).",
        [this] { return RunKeysNew(keys_new_); });
    make->add_option("name", keys_new_.name, "whose key it is: 1..64 of A-Z a-z 0-9 . _ -")
        ->required();
    make->add_option("--role", keys_new_.role, "client, worker, admin or broker")
        ->capture_default_str()
        ->check(CLI::IsMember(
            std::vector<std::string>(std::begin(kBusRoleNames), std::end(kBusRoleNames))));
    make->add_option("--folder", keys_new_.folder, "folder to write to, made if missing")
        ->capture_default_str();
    AddJson(make, keys_new_.json);
    CLI::App* show = Command(*keys, "show", "Show the public key of a key file",
                             "consilium keys show keys/gpu-1.key",
                             [this] { return RunKeysShow(key_file_, json_); });
    show->add_option("file", key_file_, "key file (NAME.key or NAME.pub)")->required();
    AddJson(show, json_);
    CLI::App* token = Command(
        *keys, "token", "Make a bearer token for the HTTP doors of the gateway",
        "consilium keys token ehr --role write --file /etc/consilium/tokens\n\n"
        "Prints the token, which stands nowhere else and cannot be shown again, and the line that\n"
        "gateway.tokens_file needs of it: its SHA-256, role and name. A running gateway reads the\n"
        "file again by itself. Roles: read (see cases), write (also submit and withdraw them and\n"
        "say what was right), admin.",
        [this] { return RunKeysToken(keys_token_); });
    token->add_option("name", keys_token_.name, "who gets it: 1..64 of A-Z a-z 0-9 . _ -")
        ->required();
    token->add_option("--role", keys_token_.role, "read, write or admin")
        ->required()
        ->check(CLI::IsMember(std::vector<std::string>{"read", "write", "admin"}));
    token->add_option("--file", keys_token_.file,
                      "file of tokens to append the line to, made if missing");
    AddJson(token, keys_token_.json);
  }

  // What `eval --live` asks of a cluster.
  void AddLive(CLI::App* eval, CLI::Option* live) {
    eval->add_option("--run", eval_.run,
                     "of --live: name of this run; the same name goes on with one that was stopped "
                     "(default: drawn)")
        ->type_name("NAME")
        ->needs(live);
    eval->add_option("--save", eval_.save,
                     "of --live: file to keep the answers in, for --answers; also when stopped")
        ->needs(live);
    std::vector<std::string> strategies;
    for (const char* const one : kStrategies) {
      if (std::string_view(one) != "named") strategies.emplace_back(one);
    }
    eval->add_option("--strategy", eval_.strategy, "of --live: which models answer")
        ->capture_default_str()
        ->check(CLI::IsMember(strategies))
        ->needs(live);
    eval->add_option("--deadline", eval_.deadline_s,
                     "of --live: decide each case at the latest after this")
        ->type_name("SECONDS")
        ->check(CLI::PositiveNumber)
        ->needs(live);
    eval->add_option("--at-once", eval_.at_once,
                     "of --live: cases before the cluster at a time, 1..1000")
        ->capture_default_str()
        ->check(CLI::Range(1, 1000))
        ->needs(live);
    AddAsk(eval, eval_.ask, "of --live: give up waiting after this (default: no limit)");
    for (const char* const flag : {"--broker", "--data", "--timeout"}) {
      eval->get_option(flag)->needs(live);
    }
  }

  // Flags of the other source would change nothing, so they are refused.
  int Eval(const CLI::App& eval) const {
    const std::string recorded = "recorded answers (--matrix, --vignettes)";
    const bool history = !eval_.history.file.empty();
    const std::vector<const char*> foreign =
        history ? std::vector<const char*>{"--config", "--risk-target", "--folds", "--repeats",
                                           "--draws",  "--models",      "--report"}
                : std::vector<const char*>{"--splits", "--task", "--tasks"};
    for (const char* const flag : foreign) {
      if (eval.count(flag) == 0) continue;
      const std::string text =
          std::string("eval: ") + flag + " is for " +
          (history ? recorded + ", not for --history" : "--history, not for " + recorded);
      return ReportError(Invalid(text), eval_.ask.json, "");
    }
    return RunEval(eval_);
  }

  void AddEval() {
    CLI::App* eval = Command(app_, "eval",
                             "Compare ways of seating and voting on recorded answers that they "
                             "have not seen: strategies on a history, policies on a matrix",
                             "consilium eval --history runs.csv --sizes 3,5,10\n"
                             "  consilium eval --matrix answers.csv --report report.html\n"
                             "  consilium eval --vignettes cases.jsonl --answers answers.jsonl\n"
                             "  consilium eval --vignettes cases.jsonl --live --save answers.jsonl",
                             [this] { return Eval(*app_.get_subcommand("eval")); });
    auto* source = eval->add_option_group("what is evaluated");
    source->add_option("--history", eval_.history.file,
                       "performance history (CSV); - reads standard "
                       "input");
    source->add_option("--matrix", eval_.matrix,
                       "chosen options (CSV: dataset,item,gold,MODEL,...,latency_s:MODEL,...); - "
                       "reads standard input");
    CLI::Option* vignettes =
        source->add_option("--vignettes", eval_.vignettes,
                           "cases with what is right (JSON lines), with --answers or --live");
    source->require_option(1);
    CLI::Option* live =
        eval->add_flag("--live", eval_.live,
                       "put --vignettes to a running cluster now; what is right is not sent")
            ->needs(vignettes);
    AddLive(eval, live);
    eval->add_option("--answers", eval_.answers,
                     "answers to --vignettes (JSON lines: vignette, model, option, medications, "
                     "latency_s, prompt_tokens, completion_tokens, cost_usd)")
        ->needs(vignettes)
        ->excludes(live);
    eval->add_option("--models", eval_.models,
                     "of recorded answers: where models run and what they cost (CSV: model, "
                     "placement, usd_per_million_prompt, usd_per_million_completion)");
    eval->add_option("--risk-target", eval_.risk_target,
                     "of recorded answers: share of recommendations that may be wrong")
        ->capture_default_str()
        ->check(CLI::Range(0.001, 1.0));
    eval->add_option("--report", eval_.report,
                     "of recorded answers: file to write a page with pictures to (HTML)");
    eval->add_option("--task", eval_.history.task,
                     "of --history: text of the task (default: the one with the most rows)");
    eval->add_option("--tasks", eval_.history.tasks,
                     "of --history: tasks that count as one: near (nearly the same text) or exact")
        ->capture_default_str()
        ->check(CLI::IsMember({"near", "exact"}));
    eval->add_option("--sizes", eval_.sizes, "sizes of council")
        ->delimiter(',')
        ->check(CLI::PositiveNumber);
    eval->add_option("--splits", eval_.splits, "of --history: random halves of the trials, 1..1000")
        ->capture_default_str()
        ->check(CLI::PositiveNumber);
    eval->add_option("--seed", eval_.seed, "same seed, same output")->capture_default_str();
    eval->add_option("--csv", eval_.csv, "file to write the figures of every split, or policy, to");
    eval->add_option("--folds", eval_.folds,
                     "of recorded answers: parts, each answered by what the others taught")
        ->capture_default_str()
        ->check(CLI::PositiveNumber);
    eval->add_option("--repeats", eval_.repeats,
                     "of recorded answers: how often it is dealt, 1..100")
        ->capture_default_str()
        ->check(CLI::PositiveNumber);
    eval->add_option("--draws", eval_.draws, "of recorded answers: bootstrap draws, 100..10000")
        ->capture_default_str()
        ->check(CLI::Range(100, 10000));
  }

  CLI::App app_;
  std::function<int()> run_;
  UpOptions up_;
  DemoOptions demo_;
  DoctorOptions doctor_;
  DeadOptions dead_;
  DrainOptions drain_;
  SubmitOptions submit_;
  FeedOptions feed_;
  std::string feed_as_;
  std::string feed_rate_;
  CancelOptions cancel_;
  OutcomeOptions outcome_;
  ShowOptions show_;
  CasesOptions cases_;
  WatchOptions watch_;
  AskOptions status_;
  ChemistryOptions chemistry_;
  RecommendOptions recommend_;
  RankOptions rank_;
  EnsemblesOptions ensembles_;
  TrustOptions trust_;
  ImportOptions import_;
  ExportOptions export_;
  ConsensusFileOptions consensus_;
  EvalOptions eval_;
  HealthOptions health_;
  KeysNewOptions keys_new_;
  KeysTokenOptions keys_token_;
  std::string key_file_;
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
