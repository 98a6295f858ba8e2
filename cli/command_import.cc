// import: a running cluster learns from a recorded history.
#include <unistd.h>

#include <chrono>
#include <utility>

#include "aggregator/chemistry/history_csv.h"
#include "cli/ask.h"
#include "cli/chemistry_files.h"
#include "cli/history_export.h"
#include "shared/codec.h"
#include "shared/text.h"

namespace consilium {
namespace {

// What is wrong with a file or a flag; never the broker's fault.
int InputError(const Error& error, bool json) {
  ReportError(error, json, "");
  return kExitUsage;
}

void ShowProgress(std::size_t sent, std::size_t all) {
  if (!IsTerminal(STDERR_FILENO)) return;
  PrintErr("\r  " + std::to_string(sent) + "/" + std::to_string(all) + " cases" +
           (sent == all ? "\n" : ""));
}

// What a person needs to know of the portions that were taken before it ended so.
void SayHowFar(int code, std::size_t sent, std::size_t all) {
  const bool passing = code == kExitInterrupted || code == kExitUnreachable;
  if (sent == 0 && !passing) return;
  if (sent > 0 && IsTerminal(STDERR_FILENO)) PrintErr("\n");
  Note(std::to_string(sent) + " of " + std::to_string(all) + " cases were sent" +
       (passing ? "; the same command goes on where this one stopped" : ""));
}

int SendCases(Asker& asker, const AskOptions& ask, const std::vector<CaseEvidence>& cases,
              ImportReply& total) {
  std::size_t sent = 0;
  for (const std::size_t end : ImportPortions(cases, kPortionBytesMax)) {
    ImportRequest request;
    request.cases.assign(cases.begin() + static_cast<std::ptrdiff_t>(sent),
                         cases.begin() + static_cast<std::ptrdiff_t>(end));
    const int code = AskBroker<ImportReply>(asker, ask, request, [&](const ImportReply& reply) {
      total.imported += reply.imported;
      total.duplicate += reply.duplicate;
      return kExitOk;
    });
    if (code != kExitOk) {
      SayHowFar(code, sent, cases.size());
      return code;
    }
    sent = end;
    ShowProgress(sent, cases.size());
  }
  return kExitOk;
}

// What counts less with age needs a date; of a trial without one it is known that it is over now.
void DateUndated(std::vector<CaseEvidence>& cases) {
  const auto wall = std::chrono::system_clock::now().time_since_epoch();
  std::size_t undated = 0;
  for (CaseEvidence& evidence : cases) {
    if (evidence.decided_ms != 0) continue;
    evidence.decided_ms = std::chrono::duration_cast<milliseconds>(wall).count();
    ++undated;
  }
  if (undated > 0) {
    Note(std::to_string(undated) + " trials without a date (column created) count as of today");
  }
}

}  // namespace

int RunImport(const ImportOptions& options) {
  const bool json = options.ask.json;
  const auto loaded = LoadHistory(options.history);
  if (!loaded) return InputError(loaded.error(), json);
  const std::string& file = options.history.file;
  if (loaded->history.rows.empty()) {
    return InputError(Invalid((file == "-" ? "standard input" : file) +
                              ": no rows after the line of titles, so nothing to import"),
                      json);
  }
  if (const std::string skipped = SkippedSentence(loaded->table, file); !skipped.empty()) {
    Note(skipped);
  }
  if (const std::size_t others = loaded->table.rows.size() - loaded->history.rows.size();
      others > 0) {
    Note(std::to_string(others) + " rows of other tasks than " + Quoted(loaded->history.task) +
         " were left out; --task names the one to import");
  }
  std::vector<CaseEvidence> cases = MakeEvidence(loaded->history, options.kind);
  DateUndated(cases);

  auto brokers = FindBrokers(options.ask.cluster);
  if (!brokers.ok()) return ReportError(brokers.error(), json);
  Asker asker(std::move(brokers).value());
  ImportReply total;
  if (const int code = SendCases(asker, options.ask, cases, total); code != kExitOk) return code;
  PrintOut(json ? ToJson(total) + "\n"
                : "imported " + std::to_string(total.imported) + " cases of task " +
                      Quoted(loaded->history.task) + "; " + std::to_string(total.duplicate) +
                      " were there before\n");
  return kExitOk;
}

}  // namespace consilium
