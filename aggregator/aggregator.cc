#include "aggregator/aggregator.h"

#include <poll.h>

#include <algorithm>
#include <array>
#include <utility>

#include "shared/ids.h"

namespace consilium {
namespace {

constexpr std::size_t kInHandMax = 128;
constexpr std::int64_t kDueBatch = 64;
constexpr milliseconds kNextBatch{5};
// A record that cannot be read is looked at again after this, so that it does not stand in others'
// way.
constexpr std::int64_t kPutOffMs = 300000;
constexpr milliseconds kPoll{250};  // hints may be lost; this finds everything they name
constexpr milliseconds kBeat{1000};
constexpr milliseconds kLearn{2000};
constexpr milliseconds kAbsentAfter{10000};
constexpr milliseconds kStopLimit{5000};

std::int64_t LocalMs(TimePoint now) {
  return std::chrono::duration_cast<milliseconds>(now.time_since_epoch()).count();
}

}  // namespace

Aggregator::Aggregator(const Config& config, const RedisAddress& redis, MedicationTable medications,
                       SafetyTables safety)
    : config_(config),
      id_("aggregator-" + RandomHexId().substr(0, 12)),
      medications_(std::move(medications)),
      safety_(std::move(safety)),
      council_{config.council, {}, medications_, safety_},
      work_(redis, AllScripts()),
      hints_(redis, {}),
      store_(work_),
      chemistry_store_(work_),
      learner_(config_, chemistry_store_) {
  for (const BackendConfig& backend : config_.backends)
    council_.pool.push_back({backend.model, true});
  hints_.Subscribe(store_.HintChannel(), [this](const std::string& hint) {
    if (hint == "event") more_events_ = true;
    if (hint == "evidence") learner_.OnHint();
  });
}

void Aggregator::Run(StopSignals& stop) {
  LogInfo("aggregator_started", {{"aggregator", id_}, {"models", config_.backends.size()}});
  TimePoint give_up = TimePoint::max();
  for (;;) {
    const TimePoint now = Now();
    const TimePoint next = Tick(now);
    if (stopping_ && (in_hand_.empty() || now >= give_up)) break;
    std::array<pollfd, 3> polls = {pollfd{stop.fd(), POLLIN, 0},
                                   pollfd{work_.fd(), work_.events(), 0},
                                   pollfd{hints_.fd(), hints_.events(), 0}};
    if (poll(polls.data(), polls.size(), PollTimeoutMs(Now(), next)) < 0) continue;
    if (polls[1].revents != 0) work_.OnReady(polls[1].revents);
    if (polls[2].revents != 0) hints_.OnReady(polls[2].revents);
    if (polls[0].revents != 0) {
      const int signals = stop.Count();
      if (signals > 1) break;
      if (signals == 1 && !stopping_) {
        stopping_ = true;
        give_up = Now() + kStopLimit;
        LogInfo("aggregator_stopping", {{"in_hand", in_hand_.size()}});
      }
    }
  }
  LogInfo("aggregator_stopped", {{"in_hand", in_hand_.size()}});
}

TimePoint Aggregator::Tick(TimePoint now) {
  TimePoint next = std::min(work_.Tick(now), hints_.Tick(now));
  if (work_.up() != redis_was_up_) {
    redis_was_up_ = work_.up();
    if (redis_was_up_) {
      LogInfo("redis_up", {{"generation", work_.generation()}});
    } else {
      LogWarn("redis_lost", {{"reason", work_.reason()}});
    }
  }
  if (!work_.up()) {
    ready_ = false;
    return std::min(next, now + kPoll);
  }
  if (prepared_generation_ != work_.generation()) {
    prepared_generation_ = work_.generation();
    ready_ = false;
    learner_.OnRedisUp();
    std::vector<std::string> models;
    for (const BackendConfig& backend : config_.backends) models.push_back(backend.model);
    store_.Prepare(models, [this](const Status& prepared) {
      ready_ = prepared.ok();
      if (!prepared) prepared_generation_ = 0;
    });
  }
  if (!ready_) return std::min(next, now + kPoll);

  if (now >= next_beat_) {
    next_beat_ = now + kBeat;
    store_.SendBeat("aggregators", Beat{id_, {}, true, ""}, [](const Status&) {});
  }
  if (now >= next_learn_ && !learning_) {
    next_learn_ = now + kLearn;
    Learn();
  }
  next = std::min({next, next_beat_, learning_ ? TimePoint::max() : next_learn_});
  if (stopping_) return next;
  next = std::min(next, learner_.Tick(now));
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

// Which models have a worker: idle ones that can answer are asked for reviews first. A model counts
// as absent only after a while, so that who reviews does not depend on the moment of a start or a
// reconnect.
void Aggregator::Learn() {
  learning_ = true;
  store_.Describe({}, [this](const Result<StatusReply>& status) {
    learning_ = false;
    if (!status) return;
    const TimePoint now = Now();
    for (const WorkerStatus& worker : status->workers) seen_[worker.model] = now;
    for (PoolModel& member : council_.pool) {
      member.live = now - seen_.try_emplace(member.model, now).first->second < kAbsentAfter;
    }
  });
}

void Aggregator::TakeEvents() {
  taking_ = true;
  more_events_ = false;
  const auto count = static_cast<std::int64_t>(kInHandMax - in_hand_.size());
  store_.TakeEvents(id_, count, [this, count](const Result<std::vector<Store::Event>>& events) {
    taking_ = false;
    if (!events) return Complain("take_events", events.error());
    more_events_ = more_events_ || static_cast<std::int64_t>(events->size()) == count;
    for (const Store::Event& event : *events) Look(event.case_id, &event);
  });
}

void Aggregator::TakeDueTimers(TimePoint now) {
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

void Aggregator::Look(const std::string& case_id, const Store::Event* event) {
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

void Aggregator::Fetch(const std::string& case_id) {
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

void Aggregator::Think(const CaseView& view) {
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

void Aggregator::Complain(std::string_view step, const Error& error) {
  if (error.code == ErrorCode::kUnavailable || !complaints_.Due())
    return;  // a lost Redis is logged once
  LogError("step_failed", {{"step", step},
                           {"code", ErrorName(error.code)},
                           {"text", error.text},
                           {"count", complaints_.count()}});
}

void Aggregator::Finish(const std::string& case_id) {
  InHand& held = in_hand_[case_id];
  if (held.again) return Fetch(case_id);
  store_.AckEvents(held.events, [](const Status&) {});
  in_hand_.erase(case_id);
}

std::int64_t Aggregator::RedisNowMs() const { return LocalMs(Now()) + redis_minus_local_ms_; }

}  // namespace consilium
