// Ways of seating and voting on recorded answers: eval.
#include <string>
#include <string_view>
#include <vector>

#include "cli/flags.h"
#include "cli/output.h"
#include "shared/config.h"

namespace consilium {
namespace {

// What `eval --live` asks of a cluster.
void AddLive(CLI::App* eval, CLI::Option* live, EvalOptions& options) {
  eval->add_option("--run", options.run,
                   "of --live: name of this run; the same name goes on with one that was stopped "
                   "(default: drawn)")
      ->type_name("NAME")
      ->needs(live);
  eval->add_option("--save", options.save,
                   "of --live: file to keep the answers in, for --answers; also when stopped")
      ->needs(live);
  std::vector<std::string> strategies;
  for (const char* const one : kStrategies) {
    if (std::string_view(one) != "named") strategies.emplace_back(one);
  }
  eval->add_option("--strategy", options.strategy, "of --live: which models answer")
      ->capture_default_str()
      ->check(OneOf(strategies))
      ->needs(live);
  eval->add_option("--deadline", options.deadline_s,
                   "of --live: decide each case at the latest after this")
      ->type_name("SECONDS")
      ->check(AboveZero())
      ->needs(live);
  eval->add_option("--at-once", options.at_once,
                   "of --live: cases before the cluster at a time, 1..1000")
      ->capture_default_str()
      ->check(Between(1, 1000))
      ->needs(live);
  AddAsk(eval, options.ask, "of --live: give up waiting after this (default: no limit)");
  for (const char* const flag : {"--broker", "--data", "--timeout"}) {
    eval->get_option(flag)->needs(live);
  }
}

// Flags of the other source would change nothing, so they are refused.
int Eval(const CLI::App& eval, const EvalOptions& options) {
  const std::string recorded = "recorded answers (--matrix, --vignettes)";
  const bool history = !options.history.file.empty();
  const std::vector<const char*> foreign =
      history ? std::vector<const char*>{"--config", "--risk-target", "--folds", "--repeats",
                                         "--draws",  "--models",      "--report"}
              : std::vector<const char*>{"--splits", "--task", "--tasks"};
  for (const char* const flag : foreign) {
    if (eval.count(flag) == 0) continue;
    const std::string text =
        std::string("eval: ") + flag + " is for " +
        (history ? recorded + ", not for --history" : "--history, not for " + recorded);
    return ReportError(Invalid(text), options.ask.json, "");
  }
  return RunEval(options);
}

struct EvalLine {
  EvalOptions options;
  const CLI::App* command = nullptr;
};

}  // namespace

void AddEval(CommandLine& line) {
  auto& kept = line.Keep<EvalLine>();
  EvalOptions& options = kept.options;
  CLI::App* eval =
      line.Command("eval",
                   "Compare ways of seating and voting on recorded answers that they "
                   "have not seen: strategies on a history, policies on a matrix",
                   "consilium eval --history runs.csv --sizes 3,5,10\n"
                   "  consilium eval --matrix answers.csv --report report.html\n"
                   "  consilium eval --vignettes cases.jsonl --answers answers.jsonl\n"
                   "  consilium eval --vignettes cases.jsonl --live --save answers.jsonl",
                   [&kept] { return Eval(*kept.command, kept.options); });
  kept.command = eval;
  auto* source = eval->add_option_group("what is evaluated");
  source->add_option("--history", options.history.file,
                     "performance history (CSV); - reads standard "
                     "input");
  source->add_option("--matrix", options.matrix,
                     "chosen options (CSV: dataset,item,gold,MODEL,...,latency_s:MODEL,...); - "
                     "reads standard input");
  CLI::Option* vignettes =
      source->add_option("--vignettes", options.vignettes,
                         "cases with what is right (JSON lines), with --answers or --live");
  source->require_option(1);
  CLI::Option* live =
      eval->add_flag("--live", options.live,
                     "put --vignettes to a running cluster now; what is right is not sent")
          ->needs(vignettes);
  AddLive(eval, live, options);
  eval->add_option("--answers", options.answers,
                   "answers to --vignettes (JSON lines: vignette, model, option, medications, "
                   "latency_s, prompt_tokens, completion_tokens, cost_usd)")
      ->needs(vignettes)
      ->excludes(live);
  eval->add_option("--models", options.models,
                   "of recorded answers: where models run and what they cost (CSV: model, "
                   "placement, usd_per_million_prompt, usd_per_million_completion)");
  eval->add_option("--risk-target", options.risk_target,
                   "of recorded answers: share of recommendations that may be wrong")
      ->capture_default_str()
      ->check(Between(0.001, 1.0));
  eval->add_option("--report", options.report,
                   "of recorded answers: file to write a page with pictures to (HTML)");
  eval->add_option("--task", options.history.task,
                   "of --history: text of the task (default: the one with the most rows)");
  eval->add_option("--tasks", options.history.tasks,
                   "of --history: tasks that count as one: near (nearly the same text) or exact")
      ->capture_default_str()
      ->check(OneOf({"near", "exact"}));
  eval->add_option("--sizes", options.sizes, "sizes of council")
      ->delimiter(',')
      ->check(AboveZero());
  eval->add_option("--splits", options.splits, "of --history: random halves of the trials, 1..1000")
      ->capture_default_str()
      ->check(AboveZero());
  eval->add_option("--seed", options.seed, "same seed, same output")
      ->capture_default_str()
      ->check(Seed());
  eval->add_option("--csv", options.csv, "file to write the figures of every split, or policy, to");
  eval->add_option("--folds", options.folds,
                   "of recorded answers: parts, each answered by what the others taught")
      ->capture_default_str()
      ->check(AboveZero());
  eval->add_option("--repeats", options.repeats,
                   "of recorded answers: how often it is dealt, 1..100")
      ->capture_default_str()
      ->check(AboveZero());
  eval->add_option("--draws", options.draws, "of recorded answers: bootstrap draws, 100..10000")
      ->capture_default_str()
      ->check(Between(100, 10000));
}

}  // namespace consilium
