#include "aggregator/case_loop.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "shared/chemistry_store.h"

namespace consilium {
namespace {

constexpr std::size_t kInHandMax = 512;
constexpr std::int64_t kDueBatch = 64;
constexpr milliseconds kNextBatch{5};
// A record that cannot be read is looked at again after this, so that it does not stand in others'
// way.
constexpr std::int64_t kPutOffMs = 300000;
constexpr milliseconds kClaim{1000};  // events of an aggregator that is gone
constexpr milliseconds kPrepareAgain{1000};
constexpr milliseconds kPoll{250};  // hints may be lost; this finds everything they name

std::int64_t LocalMs(TimePoint now) {
  return std::chrono::duration_cast<milliseconds>(now.time_since_epoch()).count();
}

}  // namespace

CaseLoop::CaseLoop(const Config& config, const Council& council, const RedisAddress& address,
                   std::size_t shard, std::size_t shards, const std::string& consumer,
                   const Events& events)
    : config_(config),
      council_(council),
      shard_(shard),
      consumer_(consumer),
      events_(events),
      work_(address, AllScripts(), kRedisLinks),
      hints_(address, {}),
      store_(work_, shard, shards) {
  hints_.Subscribe(store_.HintChannel(), [this](const std::string& hint) {
    if (hint == "event") more_events_ = true;
    if (hint == "evidence") events_.on_evidence(*this);
    if (hint == "ensembles") events_.on_published(*this);
  });
}

void CaseLoop::OnReady(short work, short hints) {
  if (work != 0) work_.OnReady(work);
  if (hints != 0) hints_.OnReady(hints);
}

std::string CaseLoop::WhyNotReady() const {
  const std::string name = "Redis " + std::to_string(shard_);
  if (!work_.up()) return name + " does not answer: " + work_.reason();
  return name + (refused_.empty() ? " is being prepared" : ": " + refused_);
}

void CaseLoop::Notice() {
  if (work_.up() == was_up_) return;
  was_up_ = work_.up();
  if (was_up_) {
    LogInfo("redis_up", {{"shard", shard_}, {"generation", work_.generation()}});
  } else {
    LogWarn("redis_lost", {{"shard", shard_}, {"reason", work_.reason()}});
  }
}

void CaseLoop::Prepare() {
  prepared_generation_ = work_.generation();
  ready_ = false;
  events_.on_up(*this);
  const auto done = [this](const Status& prepared) {
    ready_ = prepared.ok();
    refused_ = prepared ? "" : prepared.error().text;
    if (prepared) return;
    prepared_generation_ = 0;
    prepare_at_ = Now() + kPrepareAgain;
    if (prepared.error().code == ErrorCode::kConflict && refusals_.Due()) {
      LogError("shard_refused",
               {{"shard", shard_}, {"text", prepared.error().text}, {"count", refusals_.count()}});
    }
  };
  store_.Claim(/*known=*/false, [this, done](const Result<std::int64_t>& claimed) {
    if (!claimed) return done(claimed.error());
    std::vector<std::string> models;
    for (const BackendConfig& backend : config_.backends) models.push_back(backend.model);
    store_.Prepare(models, done);
  });
}

TimePoint CaseLoop::Tick(bool take, TimePoint now) {
  TimePoint next = std::min(work_.Tick(now), hints_.Tick(now));
  Notice();
  if (!work_.up()) {
    ready_ = false;
    return std::min(next, now + kPoll);
  }
  if (prepared_generation_ != work_.generation() && now >= prepare_at_) Prepare();
  if (!ready_) return std::min(next, now + kPoll);
  if (!done_.empty()) Acknowledge();
  if (!take) return next;
  if (now >= next_due_ && !asking_due_) TakeDueTimers(now);
  const bool room = in_hand_.size() < kInHandMax;
  if ((more_events_ || now >= next_events_) && !taking_ && room) {
    next_events_ = now + kPoll;
    TakeEvents();
  }
  if (!asking_due_) next = std::min(next, next_due_);
  if (!taking_ && room) next = std::min(next, more_events_ ? now : next_events_);
  return next;
}

void CaseLoop::TakeEvents() {
  taking_ = true;
  more_events_ = false;
  const auto count = static_cast<std::int64_t>(kInHandMax - in_hand_.size());
  const TimePoint now = Now();
  const bool claim = now >= next_claim_;
  if (claim) next_claim_ = now + kClaim;
  store_.TakeEvents(
      consumer_, count, claim, [this, count](const Result<std::vector<Store::Event>>& events) {
        taking_ = false;
        if (!events) return Complain("take_events", events.error());
        more_events_ = more_events_ || static_cast<std::int64_t>(events->size()) == count;
        for (const Store::Event& event : *events) Look(event.case_id, &event);
      });
}

void CaseLoop::TakeDueTimers(TimePoint now) {
  asking_due_ = true;
  next_due_ = now + kPoll;
  store_.Due(kDueBatch, [this](const Result<Store::DueTimers>& due) {
    asking_due_ = false;
    if (!due) return Complain("due_timers", due.error());
    const TimePoint received = Now();
    redis_minus_local_ms_ = due->now_ms - LocalMs(received);
    clock_known_ = true;
    if (due->next_ms >= 0)
      next_due_ = std::min(next_due_, received + milliseconds(due->next_ms + 1));
    // A full batch: more are due, as soon as these are in hand.
    if (static_cast<std::int64_t>(due->cases.size()) == kDueBatch)
      next_due_ = received + kNextBatch;
    for (const std::string& case_id : due->cases) Look(case_id, nullptr);
  });
}

void CaseLoop::Look(const std::string& case_id, const Store::Event* event) {
  const auto [at, is_new] = in_hand_.try_emplace(case_id);
  if (event != nullptr) {
    at->second.events.push_back(*event);
  } else {
    at->second.due = true;
  }
  if (is_new) {
    Fetch(case_id);
  } else {
    at->second.again = at->second.again || event != nullptr;
  }
}

void CaseLoop::Fetch(const std::string& case_id) {
  in_hand_[case_id].again = false;
  store_.Fetch(case_id, [this, case_id](const Result<CaseView>& view) {
    if (view && clock_known_) return Think(*view);
    if (view || view.error().code == ErrorCode::kUnavailable) {
      // No clock or no Redis yet: the events stay pending and come again, and so does the timer.
      in_hand_.erase(case_id);
      return;
    }
    Complain("case_record", view.error());
    if (in_hand_[case_id].due) {
      store_.PutOff(case_id, RedisNowMs() + kPutOffMs, [](const Status&) {});
    }
    Finish(case_id);
  });
}

void CaseLoop::Think(const CaseView& view) {
  Plan plan = Advance(view, council_, RedisNowMs());
  // A timer that is not due yet stands where it was set; only a due one of a live case is moved on.
  if (plan.empty() && (!in_hand_[view.id].due || IsFinal(view.state))) return Finish(view.id);
  const std::string id = view.id;
  const auto state = plan.state;
  store_.Apply(
      MakeUpdate(view, std::move(plan), config_.council),
      [this, id, state](const Result<bool>& applied) {
        if (!applied) {
          Complain("apply_update", applied.error());
          in_hand_.erase(
              id);  // unknown whether it was applied; the events and the timer come again
          return;
        }
        if (!*applied) return Fetch(id);  // the record changed meanwhile: read it again
        if (state) {
          LogInfo("case_advanced",
                  {{"case", id}, {"state", kCaseStateNames[static_cast<std::size_t>(*state)]}});
        }
        in_hand_[id].due = false;
        Finish(id);
      });
}

void CaseLoop::Complain(std::string_view step, const Error& error) {
  if (error.code == ErrorCode::kUnavailable || !complaints_.Due())
    return;  // a lost Redis is logged once
  LogError("step_failed", {{"step", step},
                           {"code", ErrorName(error.code)},
                           {"text", error.text},
                           {"count", complaints_.count()}});
}

void CaseLoop::Finish(const std::string& case_id) {
  InHand& held = in_hand_[case_id];
  if (held.again) return Fetch(case_id);
  std::move(held.events.begin(), held.events.end(), std::back_inserter(done_));
  in_hand_.erase(case_id);
}

void CaseLoop::Acknowledge() {
  const std::vector<Store::Event> events = std::exchange(done_, {});
  acking_ += events.size();
  store_.AckEvents(events, [this, count = events.size()](const Status&) { acking_ -= count; });
}

std::int64_t CaseLoop::RedisNowMs() const { return LocalMs(Now()) + redis_minus_local_ms_; }

}  // namespace consilium
