#include "worker/gate.h"

#include <algorithm>
#include <utility>

#include "shared/log.h"
#include "worker/retry.h"

namespace consilium {
namespace {

Outcome Stopped(OutcomeStatus status, std::string code, std::string text) {
  Outcome outcome;
  outcome.status = status;
  outcome.code = std::move(code);
  outcome.text = std::move(text);
  return outcome;
}

Outcome BreakerOpen() {
  Outcome outcome =
      Stopped(OutcomeStatus::kError, "breaker_open",
              "the provider failed too often lately; the call was not made, to let it recover");
  outcome.retryable = true;
  return outcome;
}

constexpr double kSilenceMs = 10000;
// As for limits that workers share (limit_rules.h).
constexpr milliseconds kPauseMax = kLimitPauseMax;

// `what` comes in `wait`.
Outcome TooFar(const std::string& what, milliseconds wait) {
  return Stopped(
      OutcomeStatus::kRateLimited, "limit",
      what + " in " + std::to_string(wait.count()) + " ms, after the deadline of the task");
}

}  // namespace

Gate::Gate(const BackendConfig& config, std::vector<LimitConfig> limits, const RedisAddress& redis,
           std::uint64_t seed)
    : config_(config),
      limiter_(std::move(limits), redis, seed),
      jitter_(seed, "gate of " + config.model) {
  if (IsHttpProvider(config.provider)) {
    breaker_.emplace(config.breaker_share, milliseconds(config.breaker_pause_ms));
  }
}

void Gate::Ask(BackendCall call, TimePoint now) {
  Cancel(call.ref);
  Outcome failed;
  failed.status = OutcomeStatus::kError;
  failed.retryable = true;
  const auto left = std::chrono::duration_cast<milliseconds>(call.deadline - now);
  const Verdict patience =
      Judge(failed, call.attempts, left.count(), config_, /*draw=*/0.5 + jitter_.Unit() / 2);
  Call waiting;
  waiting.give_up = std::min(call.deadline, now + milliseconds(patience.retry_in_ms.value_or(0)));
  const std::string ref = call.ref;
  waiting.call = std::move(call);
  calls_.emplace(ref, std::move(waiting));
  held_.push_back(ref);
}

void Gate::Cancel(const std::string& ref) {
  const auto found = calls_.find(ref);
  if (found == calls_.end()) return;
  if (breaker_ && found->second.started) breaker_->Abandon(*found->second.started);
  if (found->second.limited) {
    --limited_;
  } else if (found->second.call) {
    held_.erase(std::remove(held_.begin(), held_.end(), ref), held_.end());
  }
  limiter_.Forget(ref);
  calls_.erase(found);
}

void Gate::End(const Completion& ended, TimePoint now) {
  const auto found = calls_.find(ended.ref);
  if (found == calls_.end()) return;
  const Outcome& outcome = ended.outcome;
  if (IsProvidersFault(outcome)) last_failure_ = outcome.code;
  // A short deadline says nothing about the provider; a long silence does.
  const bool silent = outcome.code == "deadline" && outcome.latency_ms < kSilenceMs;
  if (breaker_ && found->second.started) {
    if (silent) {
      breaker_->Abandon(*found->second.started);
    } else {
      breaker_->End(*found->second.started, IsProvidersFault(outcome), now);
    }
  }
  std::optional<std::int64_t> used;
  if (outcome.usage.prompt_tokens && outcome.usage.completion_tokens) {
    used = *outcome.usage.prompt_tokens + *outcome.usage.completion_tokens;
  }
  limiter_.End(ended.ref, used, std::max<std::int64_t>(outcome.parameters.requests, 1));
  if (ended.pause) {
    limiter_.Pause(*ended.pause, now);
    paused_until_ = std::max(paused_until_, now + std::min(*ended.pause, kPauseMax));
  }
  calls_.erase(found);
  NoticeBreaker(now);
}

void Gate::Stop(const std::string& ref, Outcome outcome, Passed& passed) {
  calls_.erase(ref);
  passed.stopped.push_back({ref, std::move(outcome), {}});
}

// Nothing the provider did keeps a call from going out.
bool Gate::Open(TimePoint now) {
  return now >= paused_until_ && (!breaker_ || breaker_->Allows(now));
}

// While probing, one call at a time: how many go out is known only when they do.
bool Gate::MayAsk(TimePoint now) {
  const bool probing = breaker_ && breaker_->At(now) == Breaker::State::kProbing;
  return Open(now) && !(probing && limited_ > 0);
}

// Calls that wait for the provider and cannot wait any longer.
void Gate::StopHeld(TimePoint now, Passed& passed) {
  const bool paused = now < paused_until_;
  for (auto ref = held_.begin(); ref != held_.end();) {
    const Call& call = calls_.at(*ref);
    const TimePoint deadline = call.call->deadline;
    if (paused ? deadline > paused_until_ : call.give_up > now) {
      ++ref;
      continue;
    }
    if (deadline <= now) {
      Stop(*ref, DeadlineOutcome(), passed);
    } else if (paused) {
      const auto wait = std::chrono::ceil<milliseconds>(paused_until_ - now);
      Stop(*ref, TooFar("the provider wants the next call", wait), passed);
    } else {
      Stop(*ref, BreakerOpen(), passed);
    }
    ref = held_.erase(ref);
  }
}

void Gate::Decide(const Limiter::Decision& decision, TimePoint now, Passed& passed) {
  const auto found = calls_.find(decision.ref);
  if (found == calls_.end()) return;
  Call& call = found->second;
  call.limited = false;
  --limited_;
  if (!decision.granted) {
    return Stop(decision.ref, TooFar("its turn under the limits comes", decision.wait), passed);
  }
  if (call.call->deadline <= now) {
    limiter_.Return(decision.ref);
    return Stop(decision.ref, DeadlineOutcome(), passed);
  }
  // While it waited for its turn the provider may have failed, or asked to be left alone.
  if (!Open(now)) {
    limiter_.Return(decision.ref);
    held_.push_front(decision.ref);
    return;
  }
  if (breaker_) call.started = breaker_->Start(now);
  passed.go.push_back(std::move(*call.call));
  call.call.reset();
}

void Gate::NoticeBreaker(TimePoint now) {
  const bool open = breaker_ && breaker_->At(now) != Breaker::State::kClosed;
  if (open == breaker_open_) return;
  breaker_open_ = open;
  if (open) {
    LogWarn("breaker_opened", {{"model", config_.model},
                               {"code", last_failure_},
                               {"pause_ms", breaker_->pause().count()}});
  } else {
    LogInfo("breaker_closed", {{"model", config_.model}});
  }
}

std::string Gate::Trouble(TimePoint now) const {
  std::string text;
  const auto add = [&text](const std::string& more) { text += (text.empty() ? "" : "; ") + more; };
  if (breaker_open_) add("breaker open: " + last_failure_);
  if (now < paused_until_) {
    const auto left = std::chrono::ceil<std::chrono::seconds>(paused_until_ - now);
    add("the provider wants no call for " + std::to_string(left.count()) + " s");
  }
  if (limiter_.local()) add("Redis does not answer: own share of the limits");
  return text;
}

TimePoint Gate::Run(TimePoint now, Passed& passed) {
  while (!held_.empty() && MayAsk(now)) {
    const std::string ref = std::move(held_.front());
    held_.pop_front();
    Call& call = calls_.at(ref);
    call.limited = true;
    ++limited_;
    limiter_.Ask(ref, EstimateTokens(*call.call, config_.max_tokens), call.call->deadline, now);
  }
  std::vector<Limiter::Decision> decisions;
  TimePoint due = limiter_.Run(now, decisions);
  for (const Limiter::Decision& decision : decisions) Decide(decision, now, passed);
  StopHeld(now, passed);
  if (held_.empty()) return due;
  if (MayAsk(now)) return now;
  if (now < paused_until_) return std::min(due, paused_until_);
  if (breaker_) due = std::min(due, breaker_->next());
  for (const std::string& ref : held_) due = std::min(due, calls_.at(ref).give_up);
  return due;
}

bool IsProvidersFault(const Outcome& outcome) {
  if (outcome.status == OutcomeStatus::kTimedOut) return true;
  if (outcome.status != OutcomeStatus::kError) return false;
  // One request was wrong, and the next one may be right.
  return outcome.code != "http_400" && outcome.code != "http_413" && outcome.code != "http_422";
}

std::int64_t EstimateTokens(const BackendCall& call, std::int64_t max_tokens) {
  // About four bytes a token in English; the templates have about a thousand.
  constexpr std::size_t kBytesPerToken = 4;
  constexpr std::size_t kTemplateBytes = 4096;
  std::size_t bytes = kTemplateBytes + call.vignette.text.size();
  if (call.vignette.question) bytes += call.vignette.question->size();
  for (const auto& [letter, text] : call.vignette.options) bytes += letter.size() + text.size();
  if (call.review) {
    for (const LabelledAnswer& shown : call.review->answers) {
      bytes += shown.answer.rationale.size() + shown.answer.cautions.size() +
               200 * shown.answer.medications.size();
    }
  }
  return static_cast<std::int64_t>(bytes / kBytesPerToken) + max_tokens;
}

}  // namespace consilium
