#include <unistd.h>

#include <cctype>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <system_error>
#include <utility>

#include "cli/ask.h"
#include "cli/demo_cluster.h"
#include "cli/demo_report.h"
#include "cli/demo_score.h"
#include "cli/files.h"
#include "cli/progress.h"
#include "cli/render.h"
#include "cli/submit_session.h"
#include "shared/config.h"

namespace consilium {
namespace {

constexpr milliseconds kReadyWithin{30000};
constexpr const char* kCasesVariable = "CONSILIUM_DEMO_CASES";

// The demo's cluster is private: settings of another one, in the environment, are not for it.
void ForgetOtherClusters() {
  for (const OptionHelp& option : DescribeOptions()) {
    std::string name = "CONSILIUM_";
    for (const char c : option.name) {
      name += c == '.' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    }
    ::unsetenv(name.c_str());
  }
}

struct DemoInput {
  std::string config;
  std::string cases_file;  // absolute
  std::vector<CaseRequest> cases;
  std::map<std::string, DemoGold> golds;
  std::size_t models = 0;
};

Result<DemoInput> ReadInput(const DemoOptions& options) {
  DemoInput input;
  auto config_file = FindShipped("demo/cluster.toml");
  if (!config_file.ok()) return config_file.error();
  input.config = *config_file;
  auto cases = options.cases.empty() ? FindShipped("demo/vignettes.jsonl")
                                     : Result<std::string>(options.cases);
  if (!cases.ok()) return cases.error();
  std::error_code failed;
  input.cases_file = std::filesystem::absolute(*cases, failed).lexically_normal().string();
  ::setenv(kCasesVariable, input.cases_file.c_str(), 1);
  const auto config = LoadConfig(input.config);
  if (!config.ok()) return config.error();
  input.models = config->backends.size();
  const auto table = MedicationTable::Load(config->council.medications);
  if (!table.ok()) return table.error();
  const auto text = ReadFile(input.cases_file, kCasesBytesMax);
  if (!text.ok()) return text.error();
  CasesFile file = ParseCases(*text, *cases);
  if (!file.problems.empty()) return file.problems.front();
  auto golds = ParseDemoGold(*text, *cases, *table);
  if (!golds.ok()) return golds.error();
  input.cases = std::move(file.cases);
  input.golds = std::move(golds).value();
  return input;
}

Tint TintOf(Verdict verdict) {
  switch (verdict) {
    case Verdict::kRight:
    case Verdict::kAcceptable:
      return Tint::kGreen;
    case Verdict::kUnsafe:
      return Tint::kRed;
    case Verdict::kWrong:
    case Verdict::kAbstained:
      return Tint::kYellow;
  }
  return Tint::kPlain;
}

// Two whole recommendations say more than a page of lines: one that went well, and one that did not
// go smoothly, where there is one.
class Examples {
 public:
  void Offer(const Recommendation& one, Verdict verdict) {
    const bool smooth = one.status == CaseState::kComplete && verdict == Verdict::kRight;
    const bool disputed = !one.dissent.empty() || one.candidates.size() > 1;
    if (smooth && (good_.case_id.empty() || (disputed && good_.candidates.size() < 2))) good_ = one;
    if (!smooth && (rough_.case_id.empty() || Weight(one) > Weight(rough_))) rough_ = one;
  }
  std::string Text(const Look& look) const {
    std::string text;
    for (const Recommendation* one : {&good_, &rough_}) {
      if (!one->case_id.empty()) text += "\n" + RenderRecommendation(*one, look);
    }
    return text;
  }

 private:
  static std::size_t Weight(const Recommendation& one) {
    return one.dissent.size() + 2 * one.missing.size() + 2 * one.safety.size() +
           (one.status == CaseState::kInsufficient ? 3 : 0);
  }
  Recommendation good_;
  Recommendation rough_;
};

class Show {
 public:
  Show(const DemoInput& input, const Submission& submission)
      : input_(input),
        submission_(submission),
        look_(LookOf(STDOUT_FILENO)),
        progress_(IsTerminal(STDERR_FILENO), LookOf(STDERR_FILENO), Now()) {}

  void OnEvent(const Submission::Event& event) {
    if (event.kind == Submission::Event::Kind::kRefused) {
      progress_.Clear();
      PrintErr(ErrorLine(
          {event.error.code, submission_.request(event.index).id + ": " + event.error.text}, ""));
    }
    if (event.kind != Submission::Event::Kind::kEnded) return;
    const Recommendation& one = event.recommendation;
    const auto gold = input_.golds.find(one.case_id);
    if (gold == input_.golds.end()) return;
    const Verdict verdict = Judge(gold->second, one);
    score_.Add(gold->second, one);
    examples_.Offer(one, verdict);
    progress_.Clear();
    PrintOut(RenderLine(one, kVerdictNames.at(static_cast<std::size_t>(verdict)), TintOf(verdict),
                        look_));
  }
  void OnTick(TimePoint now) { progress_.Show(submission_.tally(), now); }
  void Finish(milliseconds took) {
    progress_.Clear();
    PrintOut(examples_.Text(look_));
    PrintOut(DemoSummary(score_, submission_.tally(), took, look_));
  }
  void Clear() { progress_.Clear(); }

 private:
  const DemoInput& input_;
  const Submission& submission_;
  Look look_;
  Progress progress_;
  DemoScore score_;
  Examples examples_;
};

int Interrupted(DemoCluster& cluster) {
  PrintErr("consilium demo: interrupted; stopping the demo's cluster\n");
  cluster.Stop();
  return kExitInterrupted;
}

int RunOn(const DemoOptions& options, DemoInput input) {
  StopSignals stop;
  const TimePoint started = Now();
  const TimePoint until = started + milliseconds(static_cast<std::int64_t>(options.seconds * 1000));
  PrintOut("A council of " + std::to_string(input.models) + " SIMULATED models takes " +
           std::to_string(input.cases.size()) +
           " vignettes.\nNo real model answers, and nothing here is medical advice.\n\n");
  auto cluster = DemoCluster::Start(input.config, {{kCasesVariable, input.cases_file}});
  if (!cluster.ok()) return ReportError(cluster.error(), /*json=*/false, "");
  const auto endpoint = cluster->AwaitReady(stop, kReadyWithin);
  if (!endpoint) return Interrupted(*cluster);
  if (!endpoint->ok()) return ReportError(endpoint->error(), /*json=*/false, "");
  ZmqContext context;
  Client client(context, **endpoint);
  const TimePoint ready = Now();
  Submission submission(input.cases, /*wait=*/true, ready);
  SubmitSession session(client, stop, submission, {/*wait=*/true, until});
  Show show(input, submission);
  const SessionEnd end = session.Run([&](const Submission::Event& event) { show.OnEvent(event); },
                                     [&](TimePoint now) { show.OnTick(now); });
  const auto took = std::chrono::duration_cast<milliseconds>(Now() - ready);
  if (end == SessionEnd::kInterrupted) {
    show.Clear();
    return Interrupted(*cluster);
  }
  show.Finish(took);
  if (!cluster->Stop()) PrintErr("consilium demo: the cluster did not stop and was killed\n");
  const auto whole = std::chrono::duration_cast<milliseconds>(Now() - started);
  PrintOut("  From start to a stopped and removed cluster: " +
           std::to_string((whole.count() + 500) / 1000) + " s.\n");
  if (end != SessionEnd::kDone) return ReportError(session.error(), /*json=*/false, "");
  return ExitCodeOf(submission.tally());
}

}  // namespace

int RunDemo(const DemoOptions& options) {
  ForgetOtherClusters();
  auto input = ReadInput(options);
  if (!input.ok()) {
    ReportError(input.error(), /*json=*/false, "");
    return kExitUsage;
  }
  return RunOn(options, std::move(input).value());
}

}  // namespace consilium
