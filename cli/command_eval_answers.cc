// eval --matrix, or --vignettes with --answers: policies of seating and voting on recorded answers,
// out of sample.
#include <unistd.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "aggregator/evaluation/answer_table.h"
#include "aggregator/evaluation/policy_summary.h"
#include "cli/commands.h"
#include "cli/files.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "cli/read_answers.h"
#include "cli/render_policies.h"

namespace consilium {
namespace {

constexpr std::size_t kInputBytesMax = std::size_t{1} << 30;

Result<AnswerTable> Load(const EvalOptions& options) {
  if (!options.matrix.empty()) {
    const auto text = ReadInput(options.matrix, kInputBytesMax);
    if (!text.ok()) return text.error();
    return ReadAnswerMatrix(*text);
  }
  if (options.answers.empty()) return Invalid("eval: --vignettes needs --answers");
  const auto vignettes = ReadInput(options.vignettes, kInputBytesMax);
  if (!vignettes.ok()) return vignettes.error();
  const auto answers = ReadInput(options.answers, kInputBytesMax);
  if (!answers.ok()) return answers.error();
  auto read = ReadAnswers(*vignettes, *answers);
  if (!read.ok()) return read.error();
  if (read->open > 0) {
    PrintErr("consilium: warning: " + std::to_string(read->open) +
             " vignettes without options were left out: nobody could choose\n");
  }
  return std::move(read->table);
}

std::string LeftOut(const AnswerTable& table) {
  const BadLine& first = table.bad.front();
  return std::to_string(table.bad_count) + (table.bad_count == 1 ? " line was" : " lines were") +
         " left out; the first, line " + std::to_string(first.line) + ": " + first.why;
}

PolicyRules RulesOf(const EvalOptions& options) {
  PolicyRules rules;
  if (!options.sizes.empty()) rules.sizes.clear();
  for (const std::int64_t size : options.sizes) {
    rules.sizes.push_back(static_cast<std::size_t>(size));
  }
  rules.folds = static_cast<std::size_t>(options.folds);
  rules.repeats = static_cast<std::size_t>(options.repeats);
  rules.seed = options.seed;
  return rules;
}

Result<PolicyReport> Evaluate(const AnswerTable& table, const EvalOptions& options) {
  PolicyReport report;
  report.file = options.matrix.empty() ? options.answers : options.matrix;
  report.models = table.models;
  report.missing = table.missing;
  report.bad_lines = table.bad_count;
  report.rules = RulesOf(options);
  report.draws = static_cast<std::size_t>(options.draws);
  const bool terminal = IsTerminal(STDERR_FILENO);
  std::optional<Progress> progress;
  if (terminal) progress.emplace(terminal, LookOf(STDERR_FILENO), Now());
  const auto eval =
      EvaluatePolicies(table, report.rules, [&progress](std::size_t done, std::size_t all) {
        if (!progress) return;
        Tally tally;
        tally.total = all;
        tally.ended = done;
        progress->Show(tally, Now());
      });
  if (!eval.ok()) return eval.error();
  report.questions = eval->questions.size();
  report.unknown = table.questions.size() - report.questions;
  report.accuracy = eval->accuracy;
  report.rows = SummarisePolicies(*eval, report.draws, options.seed);
  return report;
}

}  // namespace

int RunEvalAnswers(const EvalOptions& options) {
  const auto table = Load(options);
  if (!table.ok()) {
    const int code = ReportError(table.error(), options.json, "");
    return table.error().code == ErrorCode::kInvalid ? kExitUsage : code;
  }
  if (table->bad_count > 0) PrintErr("consilium: warning: " + LeftOut(*table) + "\n");
  const auto report = Evaluate(*table, options);
  if (!report.ok()) {
    ReportError(report.error(), options.json, "");
    return kExitUsage;
  }
  if (!options.csv.empty()) {
    if (Status written = WriteFileAtomically(options.csv, PoliciesToCsv(*report)); !written) {
      return ReportError(written.error(), options.json, "");
    }
  }
  PrintOut(options.json ? PoliciesToJson(*report) : RenderPolicies(*report, LookOf(STDOUT_FILENO)));
  return kExitOk;
}

}  // namespace consilium
