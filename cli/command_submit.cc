#include <unistd.h>

#include <algorithm>
#include <utility>

#include "cli/ask.h"
#include "cli/files.h"
#include "cli/progress.h"
#include "cli/render.h"
#include "cli/submit_session.h"
#include "shared/codec.h"

namespace consilium {
namespace {

// The cases to submit, or the exit code when there is nothing to go on with.
std::optional<int> ReadAll(const SubmitOptions& options, std::vector<CaseRequest>& cases) {
  const bool json = options.ask.json;
  const bool standard = options.file == "-";
  auto text = standard ? ReadStandardInput(kCasesBytesMax) : ReadFile(options.file, kCasesBytesMax);
  if (!text.ok()) {
    ReportError(text.error(), json, "");
    return kExitUsage;
  }
  CasesFile file = ParseCases(*text, standard ? "-" : options.file);
  for (const std::string& note : file.notes) Note(note);
  for (const Error& problem : file.problems) ReportError(problem, json, "");
  const bool nothing = file.cases.empty();
  if (!file.problems.empty() && (!options.skip_bad || nothing)) {
    Note("nothing was submitted" +
         std::string(nothing ? ""
                             : "; --skip-bad submits the " + std::to_string(file.cases.size()) +
                                   " good ones"));
    return kExitUsage;
  }
  if (auto applied = ApplyOverrides(options.overrides, file.cases); !applied.ok()) {
    return ReportError(applied.error(), json, "");
  }
  cases = std::move(file.cases);
  return std::nullopt;
}

class Printer {
 public:
  Printer(const SubmitOptions& options, const Submission& submission)
      : options_(options),
        submission_(submission),
        look_(LookOf(STDOUT_FILENO)),
        progress_(IsTerminal(STDERR_FILENO), LookOf(STDERR_FILENO), Now()) {}

  void OnEvent(const Submission::Event& event) {
    const std::string& id = submission_.request(event.index).id;
    const bool json = options_.ask.json;
    switch (event.kind) {
      case Submission::Event::Kind::kAccepted:
        if (options_.no_wait) Print(json ? "{\"id\":" + JsonString(id) + "}\n" : id + "\n");
        return;
      case Submission::Event::Kind::kEnded:
        return Print(json ? ToJson(event.recommendation) + "\n"
                          : RenderRecommendation(event.recommendation, look_) + "\n");
      case Submission::Event::Kind::kRevised:
        progress_.Clear();
        return Note(id +
                    (event.recommendation.status == CaseState::kCancelled
                         ? " was withdrawn (" + event.recommendation.reason + ")"
                         : " was revised after a late answer") +
                    ": `consilium show " + id + "`");
      case Submission::Event::Kind::kRefused:
        progress_.Clear();
        if (json) return PrintOut(ErrorJson(event.error, id) + "\n");
        return PrintErr(ErrorLine({event.error.code, id + ": " + event.error.text},
                                  AdviceFor(event.error.code)));
    }
  }
  void OnTick(TimePoint now) { progress_.Show(submission_.tally(), now); }
  void Clear() { progress_.Clear(); }

 private:
  void Print(const std::string& text) {
    progress_.Clear();
    PrintOut(text);
  }

  const SubmitOptions& options_;
  const Submission& submission_;
  Look look_;
  Progress progress_;
};

// Cases that were accepted go on without us: says so, and how to see what becomes of them.
void SayWhatGoesOn(const Submission& submission) {
  const Tally& tally = submission.tally();
  const auto waiting = submission.Waiting();
  const std::size_t unsent = tally.total - std::min(tally.total, tally.accepted + tally.refused);
  if (!waiting.empty()) {
    Note(std::to_string(waiting.size()) +
         " accepted cases go on without this command; see them with "
         "`consilium watch --from-start` or `consilium show " +
         waiting.front() + "`");
  }
  if (unsent > 0) {
    Note(std::to_string(unsent) +
         " cases were not confirmed; submitting the file again is safe, nothing is done twice");
  }
}

}  // namespace

int RunSubmit(const SubmitOptions& options) {
  std::vector<CaseRequest> cases;
  if (const auto code = ReadAll(options, cases)) return *code;
  auto brokers = FindBrokers(options.ask.cluster);
  if (!brokers.ok()) return ReportError(brokers.error(), options.ask.json);
  Asker asker(std::move(brokers).value());
  Submission submission(std::move(cases), !options.no_wait, Now());
  SubmitSession::Options how;
  how.wait = !options.no_wait;
  if (options.ask.timeout_s) how.until = Now() + TimeoutOf(options.ask);
  SubmitSession session(asker.client(), asker.stop(), submission, how);
  Printer printer(options, submission);
  const TimePoint started = Now();
  const SessionEnd end =
      session.Run([&](const Submission::Event& event) { printer.OnEvent(event); },
                  [&](TimePoint now) { printer.OnTick(now); });
  printer.Clear();
  const auto elapsed = std::chrono::duration_cast<milliseconds>(Now() - started);
  if (end == SessionEnd::kDone) {
    const Tally& tally = submission.tally();
    if (options.no_wait) {
      Note(std::to_string(tally.accepted) + " accepted (" + std::to_string(tally.duplicates) +
           " of them before), " + std::to_string(tally.refused) + " refused");
    } else {
      Note(ProgressSentence(tally, elapsed));
    }
    return ExitCodeOf(tally);
  }
  SayWhatGoesOn(submission);
  if (end == SessionEnd::kInterrupted) return kExitInterrupted;
  ReportError(session.error(), options.ask.json,
              end == SessionEnd::kTimeLimit ? "" : AdviceFor(ErrorCode::kUnavailable));
  return kExitUnreachable;
}

}  // namespace consilium
