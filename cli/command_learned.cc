// What a running cluster has learned: chemistry (the live matrix), ensembles, import, export.
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <utility>

#include "aggregator/chemistry/history_csv.h"
#include "cli/ask.h"
#include "cli/chemistry_files.h"
#include "cli/files.h"
#include "cli/history_export.h"
#include "cli/render_learned.h"
#include "shared/codec.h"
#include "shared/ids.h"
#include "shared/limits.h"
#include "shared/text.h"

namespace consilium {
namespace {

constexpr milliseconds kRebuildPoll{100};

void Note(const std::string& text) { PrintErr("consilium: " + text + "\n"); }

// Asks until the rebuild is done.
int Rebuild(Asker& asker, const LiveChemistryOptions& options) {
  const AskOptions& ask = options.ask;
  RebuildRequest request{"rebuild-" + RandomHexId().substr(0, 16)};
  const TimePoint until = Now() + (ask.timeout_s ? TimeoutOf(ask) : milliseconds(600000));
  for (;;) {
    std::optional<RebuildReply> reply;
    const int code = AskBroker<RebuildReply>(asker, ask, request, [&](const RebuildReply& r) {
      reply = r;
      return kExitOk;
    });
    if (code != kExitOk || !reply) return code;
    if (reply->state == "done") {
      PrintOut(ask.json ? ToJson(*reply) + "\n"
                        : "rebuilt from " + std::to_string(reply->lines) + " lines of evidence: " +
                              (reply->identical ? "identical, bit for bit"
                                                : "it differs from what stood there") +
                              "\n  before " + reply->before + "\n  after  " + reply->after + "\n");
      return reply->identical ? kExitOk : kExitFailed;
    }
    if (Now() >= until) {
      return ReportError(
          {ErrorCode::kTimeout, "the rebuild is not done yet; no aggregator may be running"},
          ask.json);
    }
    if (WaitForClient(asker.client(), asker.stop(), Now() + kRebuildPoll)) return kExitInterrupted;
  }
}

int ShowReport(const LiveChemistryOptions& options, const ChemistryReport& report) {
  if (!options.svg.empty()) {
    const HeatMap map = options.svg_of == "chemistry" ? ChemistryMap(report) : SynergyMap(report);
    if (const Status written = WriteFileAtomically(options.svg, DrawHeatMap(map)); !written) {
      return ReportError(written.error(), options.ask.json);
    }
    Note("drawn to " + options.svg);
  }
  PrintOut(options.ask.json ? ToJson(report) + "\n"
                            : RenderChemistryReport(report, LookOf(STDOUT_FILENO)));
  return kExitOk;
}

// Sends `cases` in portions that fit a message.
int SendCases(Asker& asker, const AskOptions& ask, const std::vector<CaseEvidence>& cases,
              ImportReply& total) {
  constexpr std::size_t kPortion = 100;
  for (std::size_t at = 0; at < cases.size(); at += kPortion) {
    ImportRequest request;
    const std::size_t end = std::min(cases.size(), at + kPortion);
    request.cases.assign(cases.begin() + static_cast<std::ptrdiff_t>(at),
                         cases.begin() + static_cast<std::ptrdiff_t>(end));
    const int code = AskBroker<ImportReply>(asker, ask, request, [&](const ImportReply& reply) {
      total.imported += reply.imported;
      total.duplicate += reply.duplicate;
      return kExitOk;
    });
    if (code != kExitOk) {
      Note(std::to_string(at) + " of " + std::to_string(cases.size()) +
           " cases were sent; the same command goes on where this one stopped");
      return code;
    }
    if (IsTerminal(STDERR_FILENO)) {
      PrintErr("\r  " + std::to_string(end) + "/" + std::to_string(cases.size()) + " cases" +
               (end == cases.size() ? "\n" : ""));
    }
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

// Reads all evidence, a slice at a time; the exit code.
int ReadAllEvidence(Asker& asker, const AskOptions& ask, std::vector<EvidenceLine>& lines,
                    std::int64_t& unreadable) {
  HistoryRequest request;
  request.max = static_cast<std::int64_t>(limits::kHistoryBatchMax);
  for (bool more = true; more;) {
    const int code = AskBroker<HistoryReply>(asker, ask, request, [&](const HistoryReply& reply) {
      more = reply.cursor != request.after;
      request.after = reply.cursor;
      unreadable += reply.unreadable;
      lines.insert(lines.end(), reply.items.begin(), reply.items.end());
      return kExitOk;
    });
    if (code != kExitOk) return code;
  }
  return kExitOk;
}

struct ExportedFile {
  std::string name;
  std::string text;
};

Status WriteAll(const std::string& folder, const std::vector<ExportedFile>& files) {
  if (mkdir(folder.c_str(), 0777) != 0 && errno != EEXIST) {
    return Error{ErrorCode::kInvalid,
                 folder + ": cannot be made: " + std::string(std::strerror(errno))};
  }
  for (const ExportedFile& file : files) {
    if (Status written = WriteFileAtomically(folder + "/" + file.name, file.text); !written) {
      return written;
    }
  }
  return Ok();
}

}  // namespace

int RunLiveChemistry(const LiveChemistryOptions& options) {
  auto endpoint = FindBroker(options.ask.cluster);
  if (!endpoint.ok()) return ReportError(endpoint.error(), options.ask.json);
  Asker asker(std::move(endpoint).value());
  if (options.rebuild) return Rebuild(asker, options);
  return AskBroker<ChemistryReport>(
      asker, options.ask, ChemistryRequest{options.kind},
      [&](const ChemistryReport& report) { return ShowReport(options, report); });
}

int RunEnsembles(const EnsemblesOptions& options) {
  return AskBroker<SeatingBoard>(options.ask, EnsemblesRequest{}, [&](const SeatingBoard& board) {
    SeatingBoard shown = board;
    std::erase_if(shown.entries, [&](const SeatingEntry& entry) {
      return !options.kind.empty() && entry.kind != options.kind;
    });
    PrintOut(options.ask.json ? ToJson(shown) + "\n" : RenderBoard(shown, LookOf(STDOUT_FILENO)));
    return kExitOk;
  });
}

int RunImport(const ImportOptions& options) {
  const bool json = options.ask.json;
  const auto loaded = LoadHistory(options.history);
  if (!loaded) return ReportError(loaded.error(), json, "");
  const std::string skipped = SkippedSentence(loaded->table, options.history.file);
  if (!skipped.empty()) Note(skipped);
  std::vector<CaseEvidence> cases = MakeEvidence(loaded->history, options.kind);
  DateUndated(cases);

  auto endpoint = FindBroker(options.ask.cluster);
  if (!endpoint.ok()) return ReportError(endpoint.error(), json);
  Asker asker(std::move(endpoint).value());
  ImportReply total;
  if (const int code = SendCases(asker, options.ask, cases, total); code != kExitOk) return code;
  PrintOut(json ? ToJson(total) + "\n"
                : "imported " + std::to_string(total.imported) + " cases of task " +
                      Quoted(loaded->history.task) + "; " + std::to_string(total.duplicate) +
                      " were there before\n");
  return kExitOk;
}

int RunExport(const ExportOptions& options) {
  const AskOptions& ask = options.ask;
  auto endpoint = FindBroker(ask.cluster);
  if (!endpoint.ok()) return ReportError(endpoint.error(), ask.json);
  Asker asker(std::move(endpoint).value());
  std::vector<EvidenceLine> lines;
  std::int64_t unreadable = 0;
  if (const int code = ReadAllEvidence(asker, ask, lines, unreadable); code != kExitOk) return code;
  const HistoryExport history = ExportHistory(lines);
  std::vector<ExportedFile> files = {{"history.csv", history.csv},
                                     {"evidence.ndjson", history.ndjson}};
  if (history.cases > 0) {
    const int code = AskBroker<ChemistryReport>(
        asker, ask, ChemistryRequest{options.kind}, [&](const ChemistryReport& report) {
          files.push_back({"chemistry.json", ToJson(report) + "\n"});
          files.push_back({"chemistry.csv", PairsCsv(report)});
          return kExitOk;
        });
    if (code != kExitOk) return code;
  }
  if (const Status written = WriteAll(options.folder, files); !written) {
    return ReportError(written.error(), ask.json, "");
  }
  if (unreadable > 0) Note(std::to_string(unreadable) + " lines of evidence cannot be read");
  if (history.ungraded > 0) {
    Note(std::to_string(history.ungraded) +
         " answers have no grade: their quality and accuracy are blank in history.csv");
  }
  if (ask.json) {
    PrintOut("{\"folder\":" + JsonString(options.folder) +
             ",\"cases\":" + std::to_string(history.cases) +
             ",\"answers\":" + std::to_string(history.answers) + "}\n");
  } else {
    PrintOut("exported " + std::to_string(history.cases) + " cases with " +
             std::to_string(history.answers) + " answers to " + options.folder + "\n");
    for (const ExportedFile& file : files) PrintOut("  " + file.name + "\n");
  }
  return kExitOk;
}

}  // namespace consilium
