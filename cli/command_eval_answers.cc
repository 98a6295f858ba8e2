// eval --matrix, or --vignettes with --answers or --live: policies of seating and voting on answers
// that were recorded or are asked for now, out of sample.
#include <unistd.h>

#include <algorithm>
#include <map>
#include <optional>
#include <thread>
#include <utility>

#include "aggregator/evaluation/answer_table.h"
#include "aggregator/evaluation/model_facts.h"
#include "cli/commands.h"
#include "cli/eval_live.h"
#include "cli/files.h"
#include "cli/find_medications.h"
#include "cli/output.h"
#include "cli/part_file.h"
#include "cli/policy_page.h"
#include "cli/progress.h"
#include "cli/read_answers.h"
#include "cli/render_policies.h"
#include "shared/signals.h"
#include "shared/text.h"

namespace consilium {
namespace {

constexpr std::size_t kInputBytesMax = std::size_t{1} << 30;
constexpr std::size_t kThreadsMax = 16;

using Facts = std::map<std::string, ModelFacts>;

Result<RecordedAnswers> Load(const EvalOptions& options) {
  if (!options.matrix.empty()) {
    const auto text = ReadInput(options.matrix, kInputBytesMax);
    if (!text.ok()) return text.error();
    return ReadAnswerMatrix(*text);
  }
  if (options.answers.empty()) {
    return Invalid("eval: --vignettes needs --answers FILE, or --live to ask a running cluster");
  }
  const auto vignettes = ReadInput(options.vignettes, kInputBytesMax);
  if (!vignettes.ok()) return vignettes.error();
  const auto answers = ReadInput(options.answers, kInputBytesMax);
  if (!answers.ok()) return answers.error();
  const auto table = FindMedications(options.ask.cluster.config);
  if (!table.ok()) return table.error();
  return ReadAnswers(*vignettes, *answers, *table);
}

Result<Facts> LoadFacts(const EvalOptions& options) {
  if (options.models.empty()) return Facts{};
  const auto text = ReadInput(options.models, kInputBytesMax);
  if (!text.ok()) return text.error();
  return ReadModelFacts(*text);
}

void SayWhoHasNoFacts(const Facts& facts, const EvalOptions& options,
                      const RecordedAnswers& recorded) {
  if (options.models.empty()) return;
  for (const std::string& model : recorded.models) {
    if (facts.count(model) > 0) continue;
    PrintErr("consilium: warning: " + options.models + " says nothing of model " +
             Quoted(model, 128) + ": its costs are not known\n");
  }
}

std::string LeftOut(const RecordedAnswers& recorded) {
  const BadLine& first = recorded.bad.front();
  return std::to_string(recorded.bad_count) +
         (recorded.bad_count == 1 ? " line was" : " lines were") + " left out; the first, line " +
         std::to_string(first.line) + ": " + first.why;
}

// Where models run, as the cluster says, unless the file of --models does.
void AddPlacements(const std::map<std::string, std::string>& placement, Facts& facts) {
  for (const auto& [model, place] : placement) {
    if (facts[model].placement.empty()) facts[model].placement = place;
  }
}

PolicyRules RulesOf(const EvalOptions& options, const Facts& facts) {
  PolicyRules rules;
  if (!options.sizes.empty()) rules.sizes.clear();
  for (const std::int64_t size : options.sizes) {
    rules.sizes.push_back(static_cast<std::size_t>(size));
  }
  rules.folds = static_cast<std::size_t>(options.folds);
  rules.repeats = static_cast<std::size_t>(options.repeats);
  rules.seed = options.seed;
  rules.risk_target = options.risk_target;
  for (const auto& [model, known] : facts) {
    if (known.placement == "local") rules.local.push_back(model);
    if (known.placement == "remote") rules.remote.push_back(model);
  }
  rules.threads = std::clamp<std::size_t>(std::thread::hardware_concurrency(), 1, kThreadsMax);
  return rules;
}

Result<PolicyReport> Evaluate(const RecordedAnswers& recorded, const PolicyRules& rules,
                              const EvalOptions& options) {
  PolicyReport report;
  report.file = !options.matrix.empty() ? options.matrix
                : options.live          ? options.vignettes
                                        : options.answers;
  report.models = recorded.models;
  report.missing = recorded.missing;
  report.missing_why = recorded.missing_why;
  report.bad_lines = recorded.bad_count;
  report.reviewed = recorded.reviewed;
  for (const JudgedCase& judged : recorded.cases) {
    report.simulated += judged.evidence.simulated ? 1 : 0;
  }
  report.rules = rules;
  report.draws = static_cast<std::size_t>(options.draws);
  const bool terminal = IsTerminal(STDERR_FILENO);
  std::optional<Progress> progress;
  if (terminal) progress.emplace(terminal, LookOf(STDERR_FILENO), Now());
  auto eval = EvaluatePolicies(recorded, rules, [&progress](std::size_t done, std::size_t all) {
    if (!progress) return;
    Tally tally;
    tally.total = all;
    tally.ended = done;
    progress->Show(tally, Now());
  });
  if (!eval.ok()) return eval.error();
  report.eval = std::move(eval).value();
  report.summary = SummarisePolicies(report.eval, report.draws, options.seed);
  return report;
}

// Before a long computation: whether its files could be written.
Status CheckFiles(const EvalOptions& options) {
  for (const std::string& file : {options.csv, options.report, options.save}) {
    PartFile probe;  // removed again at once
    if (Status good = file.empty() ? Ok() : probe.Open(file); !good) return good;
  }
  if (!options.csv.empty() && options.csv == options.report) {
    return Invalid(options.csv + ": for --csv and --report, expected two files");
  }
  const std::string& save = options.save;
  if (!save.empty() &&
      (save == options.csv || save == options.report || save == options.vignettes)) {
    return Invalid(save + ": for --save and another one, expected two files");
  }
  return Ok();
}

// Both or, as long as the disk lets them be renamed, neither.
Status WriteFiles(const PolicyReport& report, const EvalOptions& options) {
  PartFile csv;
  PartFile page;
  const auto prepare = [](PartFile& file, const std::string& name, const auto& text) {
    if (name.empty()) return Ok();
    if (Status opened = file.Open(name); !opened) return opened;
    if (Status written = file.Write(text()); !written) return written;
    return file.Finish();
  };
  Status done = prepare(csv, options.csv, [&] { return PoliciesToCsv(report); });
  if (done) done = prepare(page, options.report, [&] { return PoliciesToHtml(report); });
  if (done && !options.csv.empty()) done = csv.Publish();
  if (done && !options.report.empty()) done = page.Publish();
  return done;
}

int Refuse(const Error& error, const EvalOptions& options) {
  const int code = ReportError(error, options.ask.json, "");
  return error.code == ErrorCode::kInvalid ? kExitUsage : code;
}

int Report(const RecordedAnswers& recorded, const Facts& facts, const EvalOptions& options,
           std::optional<LiveFacts> live) {
  auto report = Evaluate(recorded, RulesOf(options, facts), options);
  if (!report.ok()) return Refuse(report.error(), options);
  report->live = std::move(live);
  if (Status written = WriteFiles(*report, options); !written) {
    return ReportError(written.error(), options.ask.json, "");
  }
  PrintOut(options.ask.json ? PoliciesToJson(*report)
                            : RenderPolicies(*report, LookOf(STDOUT_FILENO)));
  return kExitOk;
}

int RunEvalLive(const EvalOptions& options) {
  const auto table = FindMedications(options.ask.cluster.config);
  if (!table.ok()) return Refuse(table.error(), options);
  auto facts = LoadFacts(options);
  if (!facts.ok()) return Refuse(facts.error(), options);
  LiveCollected collected;
  if (const auto code = CollectLive(options, *table, collected)) return *code;
  StopSignals::Unblock();  // nobody polls while it computes
  RecordedAnswers& recorded = collected.recorded;
  if (recorded.bad_count > 0) PrintErr("consilium: warning: " + LeftOut(recorded) + "\n");
  SayWhoHasNoFacts(*facts, options, recorded);
  AddPlacements(collected.placement, *facts);
  AddCosts(*facts, recorded);
  const int code = Report(recorded, *facts, options, std::move(collected.facts));
  return code == kExitOk ? collected.exit_code : code;
}

}  // namespace

int RunEvalAnswers(const EvalOptions& options) {
  if (const Status good = CheckFiles(options); !good) return Refuse(good.error(), options);
  if (options.live) return RunEvalLive(options);
  auto recorded = Load(options);
  if (!recorded.ok()) return Refuse(recorded.error(), options);
  if (recorded->bad_count > 0) PrintErr("consilium: warning: " + LeftOut(*recorded) + "\n");
  const auto facts = LoadFacts(options);
  if (!facts.ok()) return Refuse(facts.error(), options);
  SayWhoHasNoFacts(*facts, options, *recorded);
  AddCosts(*facts, *recorded);
  return Report(*recorded, *facts, options, std::nullopt);
}

}  // namespace consilium
