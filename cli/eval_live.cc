#include "cli/eval_live.h"

#include <unistd.h>

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

#include "cli/ask.h"
#include "cli/files.h"
#include "cli/live_answers.h"
#include "cli/progress.h"
#include "cli/read_answers.h"
#include "cli/read_cases.h"
#include "cli/submit_session.h"
#include "shared/eval_case.h"
#include "shared/ids.h"

namespace consilium {
namespace {

constexpr std::size_t kRefusalsSaid = 5;
constexpr std::size_t kSavedBytesMax = std::size_t{1} << 30;

Result<LiveVignettes> Read(const EvalOptions& options, const std::string& run,
                           const MedicationTable& table) {
  if (Status good = CheckRunName(run); !good)
    return Error{good.error().code, "--" + good.error().text};
  const auto text = ReadInput(options.vignettes, kCasesBytesMax);
  if (!text.ok()) return text.error();
  auto read =
      ReadLiveVignettes(*text, options.vignettes, run, options.strategy, options.deadline_s, table);
  if (!read.ok()) return read.error();
  // Models are not asked for what cannot be evaluated.
  const auto known = static_cast<std::size_t>(
      std::count_if(read->all.begin(), read->all.end(),
                    [](const LiveVignette& one) { return OpenCase(one.id, one.gold).known; }));
  const std::size_t needed = std::max(kKnownMin, static_cast<std::size_t>(options.folds));
  if (known < needed) {
    return Invalid(options.vignettes + ": " + std::to_string(known) +
                   " vignettes whose right answer is known, expected at least " +
                   std::to_string(needed));
  }
  return read;
}

std::map<std::string, std::string> PlacementsOf(const StatusReply& status) {
  std::map<std::string, std::string> placement;
  for (const WorkerStatus& worker : status.workers) {
    if (!worker.placement.empty()) placement.emplace(worker.model, worker.placement);
  }
  return placement;
}

std::string HowToGoOn(const std::string& run) {
  return "the same command with --run " + run + " goes on; nothing is asked twice";
}

std::size_t LinesIn(std::string_view text) {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

// Of what a stopped run collected: whether the file has more already. One that is there and cannot
// be read is not replaced either.
bool HoldsMore(const std::string& file, std::string_view lines) {
  const auto there = ReadFile(file, kSavedBytesMax);
  if (!there.ok()) return there.error().code != ErrorCode::kNotFound;
  return LinesIn(*there) > LinesIn(lines);
}

// One run: the submission, what came of it, and what people are told meanwhile.
class LiveSession {
 public:
  LiveSession(const EvalOptions& options, const std::string& run, LiveVignettes& vignettes,
              const MedicationTable& table, Asker& asker)
      : options_(options),
        run_(run),
        vignettes_(vignettes),
        asker_(asker),
        answers_(vignettes.all, table),
        submission_(Requests(vignettes.all), /*wait=*/true, Now(),
                    static_cast<std::size_t>(options.at_once)),
        progress_(IsTerminal(STDERR_FILENO), LookOf(STDERR_FILENO), Now()) {}

  std::optional<int> Run(LiveCollected& collected) {
    SubmitSession::Options how;
    if (options_.ask.timeout_s) how.until = Now() + TimeoutOf(options_.ask);
    how.on_view = [this](std::size_t index, const Result<CaseView>& view) {
      if (view.ok()) return answers_.Add(index, *view);
      Say(index, view.error());
    };
    SubmitSession session(asker_.client(), asker_.stop(), submission_, std::move(how));
    const SessionEnd end = session.Run(
        [this](const Submission::Event& event) {
          if (event.kind == Submission::Event::Kind::kRefused) Say(event.index, event.error);
        },
        [this](TimePoint now) { progress_.Show(submission_.tally(), now); });
    progress_.Clear();
    SayRefusals();
    const Status saved = Save(/*stopped=*/end != SessionEnd::kDone);
    if (!saved) ReportError(saved.error(), options_.ask.json, "");
    if (end != SessionEnd::kDone) return Stopped(end, session.error());
    if (!saved) {
      Note(HowToGoOn(run_));
      return kExitFailed;
    }
    return Collect(collected);
  }

 private:
  static std::vector<CaseRequest> Requests(const std::vector<LiveVignette>& vignettes) {
    std::vector<CaseRequest> requests;
    for (const LiveVignette& one : vignettes) requests.push_back(one.request);
    return requests;
  }

  void Say(std::size_t index, const Error& error) {
    if (++refusals_ > kRefusalsSaid) return;
    progress_.Clear();
    conflict_ = conflict_ || error.code == ErrorCode::kConflict;
    PrintErr(ErrorLine({error.code, vignettes_.all[index].request.id + ": " + error.text}, ""));
  }
  void SayRefusals() const {
    if (refusals_ > kRefusalsSaid) {
      Note("and " + std::to_string(refusals_ - kRefusalsSaid) + " more that were refused");
    }
    if (conflict_) {
      Note("run " + run_ + " had these vignettes with other content, --strategy or --deadline; " +
           "another --run asks them anew");
    }
  }

  // A run that goes on and is stopped again has fewer answers than it had before.
  Status Save(bool stopped) const {
    if (options_.save.empty() || answers_.size() == 0) return Ok();
    const std::string lines = answers_.Lines();
    const bool stays = stopped && HoldsMore(options_.save, lines);
    const std::string file = options_.save + (stays ? ".partial" : "");
    if (Status written = WriteFileAtomically(file, lines); !written) return written;
    if (stays) Note(options_.save + " holds more answers than were collected now, and stays");
    Note("the answers to " + std::to_string(answers_.size()) + " vignettes are in " + file);
    return Ok();
  }

  int Stopped(SessionEnd end, const Error& error) const {
    const Tally& tally = submission_.tally();
    Note(std::to_string(tally.ended) + " of " + std::to_string(tally.total) + " cases ended, " +
         std::to_string(answers_.size()) + " were collected; " + HowToGoOn(run_));
    if (end == SessionEnd::kInterrupted) return kExitInterrupted;
    ReportError(error, options_.ask.json,
                end == SessionEnd::kTimeLimit ? "" : AdviceFor(ErrorCode::kUnavailable));
    return kExitUnreachable;
  }

  std::optional<int> Collect(LiveCollected& collected) {
    Tally tally = submission_.tally();
    collected.facts = {run_, tally.total, tally.ended, tally.refused, tally.states};
    tally.states.clear();  // a case that failed is a result of the evaluation
    collected.exit_code = ExitCodeOf(tally);
    if (answers_.size() == 0) {
      ReportError(Invalid("not one case of run " + run_ + " was answered"), options_.ask.json, "");
      return std::max(collected.exit_code, kExitFailed);
    }
    auto recorded = answers_.Recorded();
    if (!recorded.ok()) {
      ReportError(recorded.error(), options_.ask.json, "");
      return kExitFailed;
    }
    collected.recorded = std::move(recorded).value();
    collected.recorded.bad = vignettes_.left_out.bad;
    collected.recorded.bad_count = vignettes_.left_out.bad_count;
    return std::nullopt;
  }

  const EvalOptions& options_;
  const std::string& run_;
  const LiveVignettes& vignettes_;
  Asker& asker_;
  LiveAnswers answers_;
  Submission submission_;
  Progress progress_;
  std::size_t refusals_ = 0;
  bool conflict_ = false;
};

}  // namespace

std::optional<int> CollectLive(const EvalOptions& options, const MedicationTable& table,
                               LiveCollected& collected) {
  const std::string run = options.run.empty() ? "run-" + RandomHexId().substr(0, 8) : options.run;
  auto vignettes = Read(options, run, table);
  if (!vignettes.ok()) {
    ReportError(vignettes.error(), options.ask.json, "");
    return kExitUsage;
  }
  auto brokers = FindBrokers(options.ask.cluster);
  if (!brokers.ok()) return ReportError(brokers.error(), options.ask.json);
  Asker asker(std::move(brokers).value());
  AskOptions question = options.ask;
  question.timeout_s.reset();
  const int asked = AskBroker<StatusReply>(asker, question, StatusRequest{},
                                           [&collected](const StatusReply& status) {
                                             collected.placement = PlacementsOf(status);
                                             return kExitOk;
                                           });
  if (asked != kExitOk) return asked;
  Note("run " + run + ": " + std::to_string(vignettes->all.size()) + " vignettes, source \"eval\"");
  return LiveSession(options, run, *vignettes, table, asker).Run(collected);
}

}  // namespace consilium
