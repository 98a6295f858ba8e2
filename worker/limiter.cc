#include "worker/limiter.h"

#include <algorithm>
#include <utility>

namespace consilium {
namespace {

constexpr milliseconds kAskAgain{1000};  // a booked call, in case it could go earlier
constexpr milliseconds kPollMin{50};
constexpr std::uint64_t kPollSpreadMs = 151;  // so 50..200
constexpr milliseconds kProbeEvery{500};      // of a Redis that was away
constexpr milliseconds kErrorPause{50};

}  // namespace

Limiter::Limiter(std::vector<LimitConfig> limits, const RedisAddress& redis, std::uint64_t seed)
    : Limiter(std::move(limits), redis, seed, Timing()) {}

Limiter::Limiter(std::vector<LimitConfig> limits, const RedisAddress& redis, std::uint64_t seed,
                 const Timing& timing)
    : limits_(std::move(limits)),
      own_(limits_),
      incarnation_(RandomHexId()),
      jitter_(seed, "limiter " + incarnation_),
      timing_(timing) {
  if (limits_.empty()) return;
  redis_.emplace(redis, LimitStore::Scripts());
  store_.emplace(*redis_, limits_, timing_.lease);
}

void Limiter::Ask(const std::string& ref, std::int64_t tokens, TimePoint deadline, TimePoint now) {
  Forget(ref);
  const std::uint64_t number = ++asked_;
  Call& call = calls_[number];
  call.ref = ref;
  call.id = incarnation_ + "." + std::to_string(number);
  call.tokens = tokens;
  call.deadline = deadline;
  call.due = now;
  numbers_[ref] = number;
}

void Limiter::Forget(const std::string& ref) {
  const auto found = numbers_.find(ref);
  if (found == numbers_.end()) return;
  const auto call = calls_.find(found->second);
  Remove(call, {call->second.running, std::nullopt, 1});
}

void Limiter::End(const std::string& ref, std::optional<std::int64_t> tokens_used,
                  std::int64_t requests) {
  const auto found = numbers_.find(ref);
  if (found != numbers_.end()) Remove(calls_.find(found->second), {true, tokens_used, requests});
}

void Limiter::Return(const std::string& ref) {
  const auto found = numbers_.find(ref);
  if (found != numbers_.end()) Remove(calls_.find(found->second), {false, std::nullopt, 1});
}

// Commands go out in order: what Redis was asked before, it answers before it is given back. When
// it is away, leases and lapses do the same later.
Limiter::Calls::iterator Limiter::Remove(Calls::iterator at, const PermitEnd& end) {
  const Call& call = at->second;
  own_.GiveBack(call.id, call.tokens, end);
  if (store_ && redis_->up()) store_->GiveBack(call.id, call.tokens, end, [](const auto&) {});
  freed_ = freed_ || call.running;
  numbers_.erase(call.ref);
  return calls_.erase(at);
}

void Limiter::Pause(milliseconds pause, TimePoint now) {
  own_.Pause(pause, now);
  paused_until_ = std::max(paused_until_, now + std::min(pause, kLimitPauseMax));
  if (store_ && redis_->up()) store_->Pause(pause, [](const Status&) {});
}

TimePoint Limiter::Run(TimePoint now, std::vector<Decision>& decisions) {
  TimePoint next = TimePoint::max();
  if (redis_) {
    next = redis_->Tick(now);
    NoticeRedis(now);
  }
  bool behind = false;  // somebody waits for a place here already
  for (auto at = calls_.begin(); at != calls_.end();) {
    Call& call = at->second;
    if (!call.running && !Advance(at->first, behind, now, decisions)) {
      at = Remove(at, {false, std::nullopt, 1});
      continue;
    }
    if (!call.running && call.busy) behind = true;
    ++at;
  }
  freed_ = false;
  return std::min(next, NextDue());
}

bool Limiter::Advance(std::uint64_t number, bool behind, TimePoint now,
                      std::vector<Decision>& decisions) {
  Call& call = calls_.at(number);
  if (call.answer) {
    const Result<PermitAnswer> answer = *std::exchange(call.answer, std::nullopt);
    if (!answer) {
      call.due = now + kErrorPause;  // it still wants one
    } else if (!local_mode_ || answer->kind == PermitAnswer::Kind::kGranted) {
      call.asking.reset();
      if (!Follow(call, *answer, true, now, decisions)) return false;
    }
  }
  if (call.running) return true;
  if (now > call.deadline) {
    const milliseconds left = std::chrono::ceil<milliseconds>(call.may_go.value_or(now) - now);
    Refuse(call, std::max(left, kPollMin), decisions);
    return false;
  }
  if (call.busy && freed_) call.due = now;
  if (behind || now < call.due) return true;
  if (!redis_) return Follow(call, {PermitAnswer::Kind::kGranted, {}}, true, now, decisions);
  const auto patience = std::chrono::floor<milliseconds>(call.deadline - now);
  if (local_mode_) {
    return Follow(call, own_.Take(call.id, call.tokens, patience, now), false, now, decisions);
  }
  if (!call.asking) call.asking = now;
  if (call.sent || !redis_->up()) return true;
  call.sent = true;
  store_->Take(call.id, call.tokens, patience, [this, number](Result<PermitAnswer> answer) {
    const auto found = calls_.find(number);
    if (found == calls_.end()) return;
    found->second.sent = false;
    if (!found->second.running) found->second.answer = std::move(answer);
  });
  return true;
}

bool Limiter::Follow(Call& call, const PermitAnswer& answer, bool shared, TimePoint now,
                     std::vector<Decision>& decisions) {
  switch (answer.kind) {
    case PermitAnswer::Kind::kGranted:
      call.running = true;
      if (shared) own_.Hold(call.id);
      ++(shared ? counts_.granted_shared : counts_.granted_local);
      freed_ = freed_ || call.busy;  // there may be more where that came from
      decisions.push_back({call.ref, true, {}});
      return true;
    case PermitAnswer::Kind::kBooked:
      call.busy = false;
      call.may_go = now + answer.wait;
      call.due = now + std::min(answer.wait, kAskAgain);
      return true;
    case PermitAnswer::Kind::kBusy:
      call.busy = true;
      call.due = now + kPollMin + milliseconds(jitter_.Below(kPollSpreadMs));
      return true;
    case PermitAnswer::Kind::kNever:
      Refuse(call, answer.wait, decisions);
      return false;
  }
  return true;
}

void Limiter::Refuse(const Call& call, milliseconds wait, std::vector<Decision>& decisions) {
  ++counts_.refused;
  decisions.push_back({call.ref, false, wait});
}

// Places are renewed while calls run; the same asks a Redis that was away whether it is back.
void Limiter::NoticeRedis(TimePoint now) {
  if (renewed_) {
    const bool prompt = *renewed_ && now - renew_sent_ <= timing_.answer_max;
    renew_due_ = now + (*renewed_ && !local_mode_ ? RenewEvery() : kProbeEvery);
    renewing_ = false;
    renewed_.reset();
    if (local_mode_ && prompt) SwitchToShared(now);
  }
  const bool unanswered = std::any_of(calls_.begin(), calls_.end(), [this, now](const auto& item) {
    const Call& call = item.second;
    return call.asking && !call.running && !(call.answer && call.answer->ok()) &&
           now - *call.asking >= timing_.answer_max;
  });
  if (!local_mode_ && unanswered) SwitchToLocal(now);
  if (!redis_->up() || renewing_ || now < renew_due_) return;
  std::vector<std::string> running;
  for (const auto& [number, call] : calls_) {
    if (call.running) running.push_back(call.id);
  }
  if (!local_mode_ && running.empty()) return;
  renewing_ = true;
  renew_sent_ = now;
  store_->Renew(running, [this](const Status& status) { renewed_ = status.ok(); });
}

void Limiter::SwitchToLocal(TimePoint now) {
  local_mode_ = true;
  local_since_ = now;
  renew_due_ = now + kProbeEvery;
  ++counts_.outages;
  for (auto& [number, call] : calls_) {
    call.asking.reset();
    call.busy = false;
    call.may_go.reset();
    call.due = now;
  }
  LogWarn("limits_local",
          {{"reason", redis_->up() ? "no answer" : redis_->reason()}, {"count", counts_.outages}});
}

void Limiter::SwitchToShared(TimePoint now) {
  local_mode_ = false;
  renew_due_ = now + RenewEvery();
  for (auto& [number, call] : calls_) {
    if (call.running) continue;
    own_.GiveBack(call.id, call.tokens, {false, std::nullopt, 1});
    call.busy = false;
    call.may_go.reset();
    call.due = now;
  }
  // The others may not have heard.
  if (paused_until_ > now) {
    store_->Pause(std::chrono::ceil<milliseconds>(paused_until_ - now), [](const Status&) {});
  }
  const auto away = std::chrono::duration_cast<milliseconds>(now - local_since_);
  LogInfo("limits_shared", {{"local_ms", away.count()}, {"granted", counts_.granted_local}});
}

TimePoint Limiter::NextDue() const {
  TimePoint next = TimePoint::max();
  bool behind = false;
  bool running = false;
  const bool can_ask = !redis_ || local_mode_ || redis_->up();
  for (const auto& [number, call] : calls_) {
    if (call.running) {
      running = true;
      continue;
    }
    next = std::min(next, call.deadline + milliseconds(1));
    if (call.asking) next = std::min(next, *call.asking + timing_.answer_max);
    // Without a connection it wants an answer from now on all the same, and `asking` says so.
    const bool will_ask = (local_mode_ || !call.sent) && !behind && (can_ask || !call.asking);
    if (call.answer || will_ask) next = std::min(next, call.answer ? TimePoint::min() : call.due);
    behind = behind || call.busy;
  }
  if (redis_ && redis_->up() && !renewing_ && (running || local_mode_)) {
    next = std::min(next, renew_due_);
  }
  return next;
}

}  // namespace consilium
