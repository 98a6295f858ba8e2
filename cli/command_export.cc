// export: what a running cluster has learned, as files.
#include <unistd.h>

#include <utility>
#include <vector>

#include "cli/ask.h"
#include "cli/history_export.h"
#include "cli/part_file.h"
#include "cli/render_learned.h"
#include "shared/codec.h"
#include "shared/limits.h"
#include "shared/text.h"

namespace consilium {
namespace {

// A line that is written over itself, where a person looks.
class Progress {
 public:
  ~Progress() {
    if (shown_) PrintErr("\n");
  }
  Progress() = default;
  Progress(const Progress&) = delete;  // ends its line once
  Progress& operator=(const Progress&) = delete;
  void Show(const std::string& text) {
    if (!IsTerminal(STDERR_FILENO)) return;
    PrintErr("\r  " + text);
    shown_ = true;
  }

 private:
  bool shown_ = false;
};

// Takes the evidence slice by slice until `take` is content or there is no more: an unchanged
// cursor is the end, a short slice is not. The exit code.
template <class Take>
int ReadEvidence(Asker& asker, const AskOptions& ask, Take take) {
  HistoryRequest request;
  request.max = static_cast<std::int64_t>(limits::kHistoryBatchMax);
  for (bool more = true; more;) {
    const int code = AskBroker<HistoryReply>(asker, ask, request, [&](const HistoryReply& reply) {
      more = reply.cursor != request.after;
      request.after = reply.cursor;
      return more ? take(reply, more) : kExitOk;
    });
    if (code != kExitOk) return code;
  }
  return kExitOk;
}

class Exporter {
 public:
  Exporter(Asker& asker, const ExportOptions& options, const OutputFolder& folder)
      : asker_(asker), options_(options), ask_(options.ask), folder_(folder) {}

  int Run() {
    for (const auto step : {&Exporter::CheckKind, &Exporter::Count, &Exporter::WriteHistory,
                            &Exporter::WriteMatrices}) {
      if (const int code = (this->*step)(); code != kExitOk) return code;
    }
    Say();
    return kExitOk;
  }

 private:
  int Failed(const Error& error) const { return ReportError(error, ask_.json, ""); }

  // A kind that was mistyped is said before anything is read.
  int CheckKind() {
    if (options_.kind.empty()) return kExitOk;
    const auto reply = Ask(options_.kind);
    if (!reply) return kExitInterrupted;
    if (reply->ok() || reply->error().code == ErrorCode::kNotFound) return kExitOk;
    return ReportError(reply->error(), ask_.json);
  }

  int Count() {
    Progress progress;
    return ReadEvidence(asker_, ask_, [&](const HistoryReply& reply, bool&) {
      for (const EvidenceLine& line : reply.items) words_.Count(line);
      unreadable_ += reply.unreadable;
      progress.Show("counting: " + std::to_string(words_.lines()) + " lines of evidence");
      return kExitOk;
    });
  }

  int WriteHistory() {
    PartFile csv;
    PartFile ndjson;
    if (const Status made = csv.Open(folder_.File("history.csv")); !made) {
      return Failed(made.error());
    }
    if (const Status made = ndjson.Open(folder_.File("evidence.ndjson")); !made) {
      return Failed(made.error());
    }
    if (const Status put = csv.Write(HistoryTitles()); !put) return Failed(put.error());
    if (const int code = WriteLines(csv, ndjson); code != kExitOk) return code;
    // Neither takes its name before both are whole.
    for (const auto& [file, step] :
         {std::pair(&csv, &PartFile::Finish), std::pair(&ndjson, &PartFile::Finish),
          std::pair(&csv, &PartFile::Publish), std::pair(&ndjson, &PartFile::Publish)}) {
      if (const Status done = (file->*step)(); !done) return Failed(done.error());
    }
    names_ = {"history.csv", "evidence.ndjson"};
    return kExitOk;
  }

  // Ends with the last line that was counted; what was recorded since is for the next export.
  int WriteLines(PartFile& csv, PartFile& ndjson) {
    Progress progress;
    const std::size_t all = words_.lines();
    std::size_t done = 0;
    if (all == 0) return kExitOk;
    const int code = ReadEvidence(asker_, ask_, [&](const HistoryReply& reply, bool& more) {
      for (const EvidenceLine& line : reply.items) {
        if (done == all) break;
        ++done;
        if (const Status put = WriteLine(line, csv, ndjson); !put) return Failed(put.error());
      }
      progress.Show(std::to_string(done) + "/" + std::to_string(all) + " lines of evidence");
      more = done < all;
      return kExitOk;
    });
    if (code != kExitOk || done == all) return code;
    return Failed({ErrorCode::kConflict,
                   "the evidence became shorter while it was read: " + std::to_string(done) +
                       " of " + std::to_string(all) + " lines; export again"});
  }

  Status WriteLine(const EvidenceLine& line, PartFile& csv, PartFile& ndjson) {
    if (Status put = ndjson.Write(ToJson(line) + "\n"); !put) return put;
    if (!words_.IsLast(line)) return Ok();
    const HistoryRows rows = RowsOf(line.evidence);
    answers_ += rows.answers;
    ungraded_ += rows.ungraded;
    return csv.Write(rows.csv);
  }

  // "" is the first configured kind.
  std::optional<Result<ChemistryReport>> Ask(const std::string& kind) {
    return Call<ChemistryReport>(asker_.client(), asker_.stop(), ChemistryRequest{kind},
                                 TimeoutOf(ask_));
  }

  int WriteMatrices() {
    if (const int code = WriteMatrix(options_.kind, "chemistry"); code != kExitOk) return code;
    for (const std::string& kind : words_.kinds()) {
      if (const int code = WriteMatrix(kind, MatrixName(kind)); code != kExitOk) return code;
    }
    return kExitOk;
  }

  // A kind without a matrix is said and left out: the history is what the export is about.
  int WriteMatrix(const std::string& kind, const std::string& name) {
    const auto reply = Ask(kind);
    if (!reply) return kExitInterrupted;
    if (!reply->ok()) {
      const Error& error = reply->error();
      const std::string matrix = kind.empty() ? "no matrix" : "no matrix of kind " + Quoted(kind);
      if (error.code == ErrorCode::kNotFound) {
        Note(matrix + " yet" + (kind.empty() ? ": " + error.text : ""));
      } else if (error.code == ErrorCode::kInvalid) {
        Note(matrix + ": " + error.text);
      } else {
        return ReportError(error, ask_.json);
      }
      return kExitOk;
    }
    const ChemistryReport& report = **reply;
    for (const auto& [file, text] : {std::pair(name + ".json", ToJson(report) + "\n"),
                                     std::pair(name + ".csv", PairsCsv(report))}) {
      if (const Status put = WriteWhole(file, text); !put) return Failed(put.error());
    }
    return kExitOk;
  }

  Status WriteWhole(const std::string& name, const std::string& text) {
    PartFile file;
    if (Status made = file.Open(folder_.File(name)); !made) return made;
    if (Status put = file.Write(text); !put) return put;
    if (Status done = file.Finish(); !done) return done;
    if (Status done = file.Publish(); !done) return done;
    names_.push_back(name);
    return Ok();
  }

  void Say() const {
    if (unreadable_ > 0) Note(std::to_string(unreadable_) + " lines of evidence cannot be read");
    if (ungraded_ > 0) {
      Note(std::to_string(ungraded_) +
           " answers have no grade: their quality and accuracy are blank in history.csv, and "
           "`import` leaves them out");
    }
    const std::string cases = std::to_string(words_.cases());
    const std::string answers = std::to_string(answers_);
    if (ask_.json) {
      std::string files;
      for (const std::string& name : names_) files += (files.empty() ? "" : ",") + JsonString(name);
      PrintOut("{\"folder\":" + JsonString(options_.folder) + ",\"cases\":" + cases +
               ",\"answers\":" + answers + ",\"files\":[" + files + "]}\n");
      return;
    }
    PrintOut("exported " + cases + " cases with " + answers + " answers to " + options_.folder +
             "\n");
    for (const std::string& name : names_) PrintOut("  " + name + "\n");
  }

  Asker& asker_;
  const ExportOptions& options_;
  const AskOptions& ask_;
  const OutputFolder& folder_;
  LastWords words_;
  std::int64_t unreadable_ = 0;
  std::size_t answers_ = 0;
  std::size_t ungraded_ = 0;
  std::vector<std::string> names_;  // of the files, as they are written
};

}  // namespace

int RunExport(const ExportOptions& options) {
  OutputFolder folder;
  if (const Status made = folder.Open(options.folder); !made) {
    return ReportError(made.error(), options.ask.json, "");
  }
  auto brokers = FindBrokers(options.ask.cluster);
  if (!brokers.ok()) return ReportError(brokers.error(), options.ask.json);
  Asker asker(std::move(brokers).value());
  return Exporter(asker, options, folder).Run();
}

}  // namespace consilium
