#include "worker/check.h"

#include <poll.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <memory>
#include <optional>
#include <utility>

#include "shared/codec.h"
#include "shared/ids.h"
#include "shared/redis_address.h"
#include "worker/backend.h"
#include "worker/check_advice.h"
#include "worker/gate.h"
#include "worker/llm/provider.h"
#include "worker/prompts.h"

namespace consilium {
namespace {

constexpr char kCase[] =
    "SYNTHETIC TEST CASE, invented to test a connection; there is no such patient. An adult with "
    "an uncomplicated tension headache since this morning. No allergies, no other illness, no "
    "medication, not pregnant.";
// What is given back to Redis at the end may arrive there.
constexpr milliseconds kParting{100};

BackendCall SyntheticCall(const BackendConfig& backend, TimePoint deadline) {
  BackendCall call;
  call.ref = "check";
  call.task = {"check-" + RandomHexId(), Stage::kGenerate, 1, backend.model};
  call.vignette.text = kCase;
  call.deadline = deadline;
  return call;
}

// One call through the gate; nothing else uses either.
class OneCall {
 public:
  OneCall(Backend& backend, Gate& gate, StopSignals& signals)
      : backend_(backend), gate_(gate), signals_(signals) {}

  // Empty when a stop signal came.
  std::optional<Outcome> Run(BackendCall call) {
    const std::string ref = call.ref;
    gate_.Ask(std::move(call), Now());
    while (true) {
      const TimePoint now = Now();
      Gate::Passed passed;
      TimePoint due = gate_.Run(now, passed);
      if (!passed.stopped.empty()) return std::move(passed.stopped[0].outcome);
      for (const BackendCall& go : passed.go) backend_.Start(go, now);
      std::vector<Completion> ended;
      due = std::min(due, backend_.Run(now, ended));
      if (!ended.empty()) {
        gate_.End(ended[0], now);
        return std::move(ended[0].outcome);
      }
      if (signals_.Count() > 0) {
        gate_.Cancel(ref);
        backend_.Cancel(ref);
        return std::nullopt;
      }
      Wait(now, due);
    }
  }

  // Turns the gate so long that what it has to tell Redis gets there.
  void Part() {
    const TimePoint until = Now() + kParting;
    for (TimePoint now = Now(); now < until && gate_.fd() >= 0; now = Now()) {
      Gate::Passed passed;
      Wait(now, std::min(until, gate_.Run(now, passed)));
    }
  }

 private:
  void Wait(TimePoint now, TimePoint due) {
    std::array<pollfd, 3> polled{
        {{signals_.fd(), POLLIN, 0}, {backend_.fd(), POLLIN, 0}, {gate_.fd(), gate_.events(), 0}}};
    poll(polled.data(), polled.size(), PollTimeoutMs(now, due));
    if (polled[2].revents != 0) gate_.OnReady(polled[2].revents);
  }

  Backend& backend_;
  Gate& gate_;
  StopSignals& signals_;
};

void SetInvalid(BackendCheck& check, const Error& error) {
  // The same problem may be met twice, with and without the backend's name in front.
  if (error.text.find(check.text) != std::string::npos) check.text.clear();
  check.status = kCheckInvalid;
  check.code = ErrorName(error.code);
  check.text += (check.text.empty() ? "" : "; ") + error.text;
  const bool missing = error.text.find("environment variable") != std::string::npos;
  check.advice = missing ? "set it where `consilium up` or the worker is started"
                         : "correct it in the configuration";
}

// The prompts a real model needs; their hashes go into `check`.
void FindTemplates(const CheckRequest& request, BackendConfig& backend, BackendCheck& check) {
  if (!IsHttpProvider(backend.provider)) return;
  if (const Status settled = SettlePrompts(backend, request.config_file); !settled) {
    return SetInvalid(check, settled.error());
  }
  check.prompts = backend.prompts;
  const Result<PromptSet> prompts = LoadPrompts(backend.prompts);
  if (!prompts) return SetInvalid(check, prompts.error());
  check.generate_hash = prompts->generate.hash;
  check.review_hash = prompts->review.hash;
}

void SetOutcome(BackendCheck& check, const BackendConfig& backend, const Outcome& outcome) {
  check.status = kOutcomeStatusNames[static_cast<std::size_t>(outcome.status)];
  check.code = outcome.code;
  check.text = outcome.text;
  check.advice = AdviceFor(backend, outcome);
  check.latency_ms = outcome.latency_ms;
  check.model_served = outcome.model_served;
  check.parameters = outcome.parameters;
  check.usage = outcome.usage;
}

}  // namespace

std::optional<BackendCheck> CheckBackend(const CheckRequest& request, StopSignals& signals) {
  BackendConfig backend = request.backend;
  const bool real = IsHttpProvider(backend.provider);
  BackendCheck check;
  check.model = backend.model;
  check.provider = backend.provider;
  check.simulated = !real;
  check.status = kCheckNotCalled;
  check.limits = backend.limits;
  check.priced = backend.usd_per_million_prompt && backend.usd_per_million_completion;
  if (real && backend.url.empty()) backend.url = MakeProvider(backend.provider)->url();
  if (real) check.model_asked = ServedModel(backend);
  FindTemplates(request, backend, check);
  Result<std::unique_ptr<Backend>> made = MakeBackend(backend, check.warnings);
  if (!made) SetInvalid(check, made.error());
  std::vector<LimitConfig> limits;
  RedisAddress redis;
  if (!request.limits.empty() && !request.redis.url.empty()) {
    Result<RedisAddress> address = RedisAddressOf(request.redis);
    if (address) {
      redis = std::move(*address);
      limits = request.limits;
    } else {
      SetInvalid(check, address.error());
    }
  }
  if (check.status == kCheckInvalid || !real || !request.call) return check;

  const milliseconds timeout =
      request.timeout.count() > 0 ? request.timeout : CheckTimeoutOf(backend);
  check.limits_kept = !limits.empty();
  Gate gate(backend, std::move(limits), redis, SeededRandom(0, RandomHexId()).Next());
  OneCall one(**made, gate, signals);
  const std::optional<Outcome> outcome = one.Run(SyntheticCall(backend, Now() + timeout));
  one.Part();
  if (!outcome) return std::nullopt;
  SetOutcome(check, backend, *outcome);
  return check;
}

int RunCheck(const CheckRequest& request, StopSignals& signals) {
  constexpr int kFailed = 1;
  constexpr int kUsage = 2;
  const std::optional<BackendCheck> check = CheckBackend(request, signals);
  if (!check) return kFailed;
  std::printf("%s\n", ToJson(*check).c_str());
  if (check->status == kCheckInvalid) return kUsage;
  return check->status == kCheckOk || check->status == kCheckNotCalled ? 0 : kFailed;
}

}  // namespace consilium
