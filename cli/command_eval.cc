// eval --history: how well strategies do on trials that they have not seen.
#include <unistd.h>

#include <optional>
#include <utility>

#include "aggregator/chemistry/history_eval.h"
#include "cli/chemistry_files.h"
#include "cli/commands.h"
#include "cli/files.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "cli/render_eval.h"

namespace consilium {
namespace {

Result<EvalReport> Evaluate(const LoadedHistory& loaded, const EvalOptions& options) {
  EvalReport report;
  report.file = options.history.file;
  report.task = loaded.history.task;
  report.bad_rows = loaded.table.bad_count;
  report.rules.sizes.clear();
  const std::vector<std::int64_t> standard = {3, 5, 10};
  for (const std::int64_t size : options.sizes.empty() ? standard : options.sizes) {
    report.rules.sizes.push_back(static_cast<std::size_t>(size));
  }
  report.rules.splits = static_cast<std::size_t>(options.splits);
  report.rules.seed = options.seed;
  const auto eval = HistoryEval::Make(loaded.history, report.rules);
  if (!eval.ok()) return eval.error();
  report.trials = eval->trials();
  report.models = eval->models();
  const bool terminal = IsTerminal(STDERR_FILENO);
  std::optional<Progress> progress;
  if (terminal) progress.emplace(terminal, LookOf(STDERR_FILENO), Now());
  for (std::size_t split = 0; split < report.rules.splits; ++split) {
    auto scores = eval->RunSplit(split);
    if (!scores.ok()) return scores.error();
    report.splits.push_back(std::move(scores).value());
    if (!progress) continue;
    Tally tally;
    tally.total = report.rules.splits;
    tally.ended = split + 1;
    progress->Show(tally, Now());
  }
  report.rows = Summarise(report.splits);
  return report;
}

}  // namespace

int RunEval(const EvalOptions& options) {
  if (options.history.file.empty()) return RunEvalAnswers(options);
  const auto loaded = LoadHistory(options.history);
  if (!loaded.ok()) {
    ReportError(loaded.error(), options.ask.json, "");
    return kExitUsage;
  }
  const std::string skipped = SkippedSentence(loaded->table, options.history.file);
  if (!skipped.empty()) PrintErr("consilium: warning: " + skipped + "\n");
  const auto report = Evaluate(*loaded, options);
  if (!report.ok()) return ReportError(report.error(), options.ask.json, "");
  if (!options.csv.empty()) {
    if (Status written = WriteFileAtomically(options.csv, EvalToCsv(*report)); !written) {
      return ReportError(written.error(), options.ask.json, "");
    }
  }
  PrintOut(options.ask.json ? EvalToJson(*report) : RenderEval(*report, LookOf(STDOUT_FILENO)));
  return kExitOk;
}

}  // namespace consilium
