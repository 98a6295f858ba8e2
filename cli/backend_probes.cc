#include "cli/backend_probes.h"

#include <poll.h>

#include <algorithm>
#include <csignal>
#include <deque>
#include <list>

#include "cli/captured_process.h"
#include "cli/process.h"
#include "cli/screen.h"
#include "shared/codec.h"
#include "shared/shown_text.h"
#include "shared/text.h"

namespace consilium {
namespace {

constexpr milliseconds kLook{20};
constexpr milliseconds kShow{100};
// To start, to read files and to end, beside the call.
constexpr milliseconds kBeside{15000};
constexpr milliseconds kStopWithin{1000};
constexpr std::size_t kComplaintBytesMax = 300;

struct Probe {
  std::size_t index = 0;
  CapturedProcess process;
  TimePoint until;
};

class Probes {
 public:
  explicit Probes(const ProbePlan& plan) : plan_(plan), found_(plan.backends.size()) {
    for (std::size_t i = 0; i < plan.backends.size(); ++i) waiting_.push_back(i);
  }

  bool done() const { return waiting_.empty() && running_.empty(); }
  std::vector<CheckedModel> Take() { return std::move(found_); }

  void Step(TimePoint now) {
    for (auto probe = running_.begin(); probe != running_.end();) {
      probe = Collect(*probe, now) ? running_.erase(probe) : std::next(probe);
    }
    for (auto next = waiting_.begin(); next != waiting_.end();) {
      if (MayStart(plan_.backends[*next], Running(), plan_.limits)) {
        Start(*next, now);
        next = waiting_.erase(next);
      } else {
        ++next;
      }
    }
  }

  std::string Progress(milliseconds elapsed) const {
    std::vector<std::string> names;
    for (const Probe& probe : running_) names.push_back(plan_.backends[probe.index].model);
    return ProbeProgress(names, names.size() + waiting_.size(), found_.size(), elapsed);
  }

  // A call that is aborted gives back what it holds of limits; what does not end is killed.
  void Stop() {
    for (Probe& probe : running_) probe.process.Signal(SIGTERM);
    const TimePoint until = Now() + kStopWithin;
    const auto runs = [](Probe& probe) { return !probe.process.End(); };
    while (std::any_of(running_.begin(), running_.end(), runs) && Now() < until) {
      ::poll(nullptr, 0, static_cast<int>(kLook.count()));
    }
    running_.clear();
  }

 private:
  std::vector<const BackendConfig*> Running() const {
    std::vector<const BackendConfig*> running;
    for (const Probe& probe : running_) running.push_back(&plan_.backends[probe.index]);
    return running;
  }

  void Start(std::size_t index, TimePoint now) {
    const BackendConfig& backend = plan_.backends[index];
    const milliseconds timeout = plan_.timeout.value_or(CheckTimeoutOf(backend));
    std::vector<std::string> arguments = {"--config",
                                          plan_.config_file,
                                          "--backend=" + backend.model,
                                          "--check",
                                          "--timeout-ms",
                                          std::to_string(timeout.count()),
                                          "--log-level",
                                          "off"};
    if (!plan_.call) arguments.emplace_back("--no-call");
    auto process = CapturedProcess::Start(plan_.program, std::move(arguments), plan_.environment);
    if (process.ok()) {
      running_.push_back({index, std::move(*process), now + timeout + kBeside});
    } else {
      found_[index] = WithoutReport(backend, process.error());
    }
  }

  // True when it has ended, or has to.
  bool Collect(Probe& probe, TimePoint now) {
    const BackendConfig& backend = plan_.backends[probe.index];
    const std::optional<int> end = probe.process.End();
    if (!end && now < probe.until) return false;
    if (!end) {
      found_[probe.index] =
          WithoutReport(backend, {ErrorCode::kTimeout, "consilium-worker --check does not end"});
      return true;
    }
    Result<BackendCheck> report = ReadReport(probe.process.Output(), *end);
    found_[probe.index] = report.ok() ? JudgeBackend(backend, std::move(*report))
                                      : WithoutReport(backend, report.error());
    return true;
  }

  const ProbePlan& plan_;
  std::vector<CheckedModel> found_;
  std::deque<std::size_t> waiting_;
  std::list<Probe> running_;
};

}  // namespace

bool MayStart(const BackendConfig& next, const std::vector<const BackendConfig*>& running,
              const std::vector<LimitConfig>& limits) {
  if (running.size() >= kProbesMax) return false;
  for (const LimitConfig& limit : limits) {
    const auto names = [&](const BackendConfig& backend) {
      return std::count(backend.limits.begin(), backend.limits.end(), limit.name) > 0;
    };
    if (limit.concurrency == 0 || !names(next)) continue;
    const auto beside = std::count_if(running.begin(), running.end(),
                                      [&](const BackendConfig* other) { return names(*other); });
    if (beside >= limit.concurrency) return false;
  }
  return true;
}

Result<BackendCheck> ReadReport(const std::string& output, int end) {
  std::string_view rest = output;
  while (!rest.empty()) {
    const std::size_t newline = rest.substr(0, rest.size() - 1).rfind('\n');
    const std::string_view line = rest.substr(newline == rest.npos ? 0 : newline + 1);
    if (line[0] == '{') return FromJson<BackendCheck>(line);
    rest.remove_suffix(line.size());
  }
  const std::string said = CleanText(CutUtf8(output, kComplaintBytesMax));
  return Error{ErrorCode::kUnavailable,
               "consilium-worker --check: " + DescribeEnd(end) + (said.empty() ? "" : ": " + said)};
}

std::string ProbeProgress(const std::vector<std::string>& running, std::size_t left,
                          std::size_t all, milliseconds elapsed) {
  return std::to_string(all - left) + " of " + std::to_string(all) + " models checked, " +
         std::to_string(elapsed.count() / 1000) + " s; asking " + Joined(running, ", ");
}

std::optional<std::vector<CheckedModel>> ProbeBackends(
    const ProbePlan& plan, StopSignals& stop, const std::function<void(const std::string&)>& show) {
  Probes probes(plan);
  const TimePoint started = Now();
  TimePoint shown = started - kShow;
  while (true) {
    const TimePoint now = Now();
    probes.Step(now);
    if (probes.done()) return probes.Take();
    if (now - shown >= kShow) {
      show(probes.Progress(std::chrono::duration_cast<milliseconds>(now - started)));
      shown = now;
    }
    pollfd polled{stop.fd(), POLLIN, 0};
    ::poll(&polled, 1, static_cast<int>(kLook.count()));
    if (stop.Count() > 0) {
      probes.Stop();
      return std::nullopt;
    }
  }
}

}  // namespace consilium
