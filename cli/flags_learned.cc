// What is learned: chemistry, recommend, rank, ensembles, trust, import, export.
#include <string>

#include "cli/flags.h"

namespace consilium {
namespace {

CLI::Option* AddFile(CLI::App* command, const char* flag, std::string& file, const char* help) {
  return command->add_option(flag, file, help)
      ->type_name("FILE")
      ->check([](const std::string& name) {
        return std::string(name.empty() ? "the file has no name" : "");
      });
}

// `needed`: the command works on nothing else.
CLI::Option* AddHistory(CLI::App* command, HistoryOptions& history, bool needed) {
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
      ->check(OneOf({"near", "exact"}))
      ->needs(file);
  command
      ->add_option("--profile", history.profile,
                   "of each model: best (its most accurate row, as published) or mean")
      ->capture_default_str()
      ->check(OneOf({"best", "mean"}))
      ->needs(file);
  return file;
}

}  // namespace

void AddChemistry(CommandLine& line) {
  auto& options = line.Keep<ChemistryOptions>();
  CLI::App* chemistry = line.Command(
      "chemistry",
      "Show which models work well together: of a running cluster, of profiles or of a "
      "history",
      "consilium chemistry\n"
      "  consilium chemistry --profiles models.json --variant nonempty\n"
      "  consilium chemistry --history runs.csv --svg runs.svg --svg-of synergy",
      [&options] { return RunChemistry(options); });
  LiveChemistryOptions& live = options.live;
  CLI::Option* profiles =
      AddFile(chemistry, "--profiles", options.profiles,
              "JSON: a list of {model, quality 0..10, accuracy 0..1}; - reads standard input");
  CLI::Option* history = AddHistory(chemistry, options.history, /*needed=*/false);
  history->excludes(profiles);
  chemistry
      ->add_option("--variant", options.variant,
                   "published (default) or nonempty, which tells good pairs apart")
      ->check(OneOf({"published", "nonempty"}));
  chemistry->add_option("--usage-threshold", options.usage_threshold,
                        "accuracy above which a model is used (default 0.5)");
  AddFile(chemistry, "--svg", live.svg, "draw a heat map to this file");
  chemistry
      ->add_option("--svg-of", live.svg_of,
                   "chemistry (default for files) or synergy (default for a cluster)")
      ->check(OneOf({"chemistry", "synergy"}));
  chemistry->add_option("--kind", live.kind, "kind of task of the cluster (default: its first)")
      ->excludes(profiles)
      ->excludes(history);
  chemistry
      ->add_flag("--rebuild", live.rebuild,
                 "make the matrix of the cluster again from its history, and compare")
      ->excludes(profiles)
      ->excludes(history);
  AddAsk(chemistry, live.ask, "limit of the question to the cluster (default 10)");
}

void AddRecommend(CommandLine& line) {
  auto& options = line.Keep<RecommendOptions>();
  CLI::App* recommend =
      line.Command("recommend", "Recommend a set of models by what a history says",
                   "consilium recommend --history runs.csv --size 5 --strategy utility",
                   [&options] { return RunRecommend(options); });
  AddHistory(recommend, options.history, /*needed=*/true);
  recommend->add_option("--size", options.size,
                        "how many models (chemistry: default any; utility: at most)");
  recommend
      ->add_option("--strategy", options.strategy,
                   "chemistry, utility, performance, random, local, remote or single")
      ->capture_default_str()
      ->check(
          OneOf({"chemistry", "utility", "performance", "random", "local", "remote", "single"}));
  recommend->add_option("--seed", options.seed, "of strategy random")
      ->capture_default_str()
      ->check(Seed());
  recommend
      ->add_option("--variant", options.variant, "of strategy chemistry: published or nonempty")
      ->capture_default_str()
      ->check(OneOf({"published", "nonempty"}));
  recommend
      ->add_option("--alpha", options.alpha,
                   "of strategy chemistry: weight of the chemistry with those left out, 0..1")
      ->capture_default_str();
  recommend->add_option("--beta", options.beta, "of strategy chemistry: loss of every member")
      ->capture_default_str();
  recommend
      ->add_option("--local", options.local,
                   "of strategies local and remote: models that run locally, e.g. a,b (default: "
                   "as the history shows)")
      ->delimiter(',');
  recommend
      ->add_option("--latency-max", options.latency_ms_max,
                   "of strategy utility: 95th percentile of a member")
      ->type_name("MS");
  recommend
      ->add_option("--cost-max", options.cost_usd_max,
                   "of strategy utility: of all answers of a case")
      ->type_name("USD");
  AddJson(recommend, options.json);
}

void AddRank(CommandLine& line) {
  auto& options = line.Keep<RankOptions>();
  CLI::App* rank = line.Command("rank", "Rank the models of a history, and its sets of the best",
                                "consilium rank --history runs.csv -k 3 5 10",
                                [&options] { return RunRank(options); });
  AddHistory(rank, options.history, /*needed=*/true);
  rank->add_option("-k", options.k, "how many of the best, one or more numbers")
      ->delimiter(',')
      ->capture_default_str();
  AddJson(rank, options.json);
}

void AddEnsembles(CommandLine& line) {
  auto& options = line.Keep<EnsemblesOptions>();
  CLI::App* ensembles =
      line.Command("ensembles", "Show which models a running cluster seats next",
                   "consilium ensembles", [&options] { return RunEnsembles(options); });
  ensembles->add_option("--kind", options.kind, "kind of task (default: all)");
  AddAsk(ensembles, options.ask, "limit of the question (default 10)");
}

void AddTrust(CommandLine& line) {
  auto& options = line.Keep<TrustOptions>();
  CLI::App* trust = line.Command(
      "trust", "Show what the confidence of a running cluster rests on",
      "consilium trust\n  consilium trust --kind medication --json\n\n"
      "Recommendations have a confidence once the right answers of council.outcomes_min ended\n"
      "cases are known. docs/decision.md says how it is learned, and when it does not apply.",
      [&options] { return RunTrust(options); });
  trust->add_option("--kind", options.kind, "kind of task (default: all)");
  AddAsk(trust, options.ask, "limit of the question (default 10)");
}

void AddImport(CommandLine& line) {
  auto& options = line.Keep<ImportOptions>();
  CLI::App* import =
      line.Command("import", "Let a running cluster learn from a recorded history (warm start)",
                   "consilium import runs.csv", [&options] { return RunImport(options); });
  import
      ->add_option("file", options.history.file,
                   "performance history (CSV); - reads standard input")
      ->required();
  import->add_option("--kind", options.kind,
                     "kind of task as which it is learned (default: the first configured one)");
  import->add_option("--task", options.history.task,
                     "task of the file (default: the one with most rows)");
  import->add_option("--tasks", options.history.tasks, "which texts are one task: near or exact")
      ->capture_default_str()
      ->check(OneOf({"near", "exact"}));
  AddAsk(import, options.ask, "limit of each question (default 10)");
}

void AddExport(CommandLine& line) {
  auto& options = line.Keep<ExportOptions>();
  CLI::App* export_command =
      line.Command("export", "Write what a running cluster has learned to files",
                   "consilium export learned", [&options] { return RunExport(options); });
  export_command->add_option("folder", options.folder, "folder to write to, made if missing")
      ->required();
  export_command->add_option("--kind", options.kind,
                             "kind of task of the matrix (default: the first configured one)");
  AddAsk(export_command, options.ask, "limit of each question (default 10)");
}

}  // namespace consilium
