#include "broker/worker_desk.h"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "broker/outcome_check.h"
#include "shared/case_record.h"
#include "shared/codec.h"
#include "shared/ids.h"
#include "shared/limits.h"
#include "shared/text.h"

namespace consilium {
namespace {

constexpr std::size_t kUnsaidMax = 8192;
constexpr milliseconds kSayAgain{250};

std::vector<std::string> ModelsOf(const Config& config) {
  std::vector<std::string> models;
  models.reserve(config.backends.size());
  for (const BackendConfig& backend : config.backends) models.push_back(backend.model);
  return models;
}

// Of a ref.
std::string CaseOf(const std::string& task) { return task.substr(0, task.find('|')); }

std::string_view StatusName(const Outcome& outcome) {
  return kOutcomeStatusNames[static_cast<std::size_t>(outcome.status)];
}

}  // namespace

Outcome WorkerLost() {
  Outcome outcome;
  outcome.status = OutcomeStatus::kError;
  outcome.code = "worker_lost";
  outcome.text = "the workers that took this task disappeared";
  return outcome;
}

WorkerDesk::WorkerDesk(Hub& hub, RouterSocket& socket)
    : hub_(hub),
      socket_(socket),
      roster_(ModelsOf(hub.config), milliseconds(hub.config.broker.lease_ms)),
      lanes_(ModelsOf(hub.config), hub.shards.size()) {}

template <class Message, class Handler>
void WorkerDesk::With(const RouterSocket::Incoming& incoming, Handler handler) {
  const Result<Message> message = Unpack<Message>(incoming.frame->body);
  if (!message) return Refuse(incoming.peer, message.error());
  handler(incoming.peer, *message);
}

template <class Message>
bool WorkerDesk::Send(const std::string& peer, const Message& message) {
  const SendResult sent = socket_.Send(peer, MakeFrame(message));
  if (sent == SendResult::kSent) return true;
  // It comes back under another routing id. Until that is known, or it falls silent, it gets
  // nothing.
  roster_.SetUnreachable(peer);
  return false;
}

void WorkerDesk::Refuse(const std::string& peer, const Error& error) {
  if (refusals_.Due()) {
    const Hello* about = roster_.About(peer);
    LogWarn("worker_message_refused", {{"worker", about == nullptr ? "" : about->worker},
                                       {"code", ErrorName(error.code)},
                                       {"text", WithoutValue(error.text)},
                                       {"count", refusals_.count()}});
  }
  Send(peer, ErrorMessage{std::string(ErrorName(error.code)), error.text, std::nullopt});
}

void WorkerDesk::OnMessage(const RouterSocket::Incoming& incoming) {
  const std::string& peer = incoming.peer;
  if (!incoming.frame) return Refuse(peer, incoming.frame.error());
  const std::string& type = incoming.frame->type;
  if (type == Hello::kType) {
    return With<Hello>(incoming, [&](const auto& /*p*/, const auto& m) { OnHello(incoming, m); });
  }
  if (type == ErrorMessage::kType) return;  // never answered: two sides could go on for ever
  if (type != Heartbeat::kType && type != ResultMessage::kType && type != ReleaseMessage::kType &&
      type != Goodbye::kType) {
    return Refuse(peer, {ErrorCode::kUnsupported, "type = " + Quoted(type) +
                                                      ", expected hello, heartbeat, result, "
                                                      "release or goodbye"});
  }
  if (roster_.About(peer) == nullptr) {
    Send(peer, WhoAreYou{});
    return;
  }
  if (type == Heartbeat::kType) {
    return With<Heartbeat>(incoming, [this](const auto& p, const auto& m) { OnHeartbeat(p, m); });
  }
  roster_.Hear(peer, hub_.now);
  if (type == Goodbye::kType) return OnGoodbye(peer);
  OnEnd(incoming);
}

void WorkerDesk::OnHello(const RouterSocket::Incoming& incoming, const Hello& hello) {
  const std::string& peer = incoming.peer;
  const Roster::Owner owner{incoming.key, incoming.from.name};
  const Result<Roster::Pulse> pulse = roster_.Greet(peer, hello, hub_.now, owner);
  if (!pulse) return Refuse(peer, pulse.error());
  LogInfo("worker_joined", {{"worker", hello.worker},
                            {"model", hello.model},
                            {"provider", hello.provider},
                            {"slots", hello.slots},
                            {"in_flight", hello.in_flight.size()}});
  Send(peer, Welcome{hub_.first().owner(), hub_.draining});
  Follow(peer, *pulse);
}

void WorkerDesk::OnHeartbeat(const std::string& peer, const Heartbeat& heartbeat) {
  const Result<Roster::Pulse> pulse = roster_.Hear(peer, heartbeat, hub_.now);
  if (!pulse) return Refuse(peer, pulse.error());
  Send(peer, HeartbeatReply{hub_.draining});
  Follow(peer, *pulse);
}

void WorkerDesk::Follow(const std::string& peer, const Roster::Pulse& pulse) {
  for (const Holding& lost : pulse.lost) {
    LogWarn("task_lost",
            {{"case", lost.task.case_id}, {"task", ToRef(lost.task)}, {"fence", lost.fence}});
    Release(lost.task, lost.fence);
  }
  if (!pulse.renew.empty()) Renew(peer, pulse.renew);
}

void WorkerDesk::Renew(const std::string& peer, const std::vector<HeldTask>& held) {
  const std::string model = roster_.About(peer)->model;
  std::map<Shard*, std::vector<HeldTask>> by_shard;
  for (const HeldTask& task : held) by_shard[&hub_.Of(CaseOf(task.task))].push_back(task);
  for (const auto& [shard, tasks] : by_shard) {
    if (!shard->ready()) {
      roster_.RenewSoon(peer);
      continue;
    }
    shard->store().Renew(model, shard->owner(), tasks,
                         [this, peer, tasks = tasks](const Result<std::vector<HeldTask>>& stop) {
                           if (!stop) return roster_.RenewSoon(peer);
                           OnRenewed(peer, tasks, *stop);
                         });
  }
}

void WorkerDesk::OnRenewed(const std::string& peer, const std::vector<HeldTask>& held,
                           const std::vector<HeldTask>& stop) {
  for (const HeldTask& task : held) {
    const auto same = [&task](const HeldTask& other) {
      return other.task == task.task && other.fence == task.fence;
    };
    if (std::any_of(stop.begin(), stop.end(), same)) {
      Stop(peer, task);
    } else {
      roster_.Adopt(peer, task, hub_.now);
    }
  }
}

void WorkerDesk::Stop(const std::string& peer, const HeldTask& task) {
  const Holding* holding = roster_.Find(peer, task);
  if (holding != nullptr && holding->ending) return;  // it ended by itself
  if (auto held = roster_.Take(peer, task)) Release(held->task, held->fence);
  Send(peer, CancelTask{task.task, task.fence});
}

void WorkerDesk::StopCase(const std::string& case_id) {
  for (const Roster::Place& place : roster_.HoldersOf(case_id)) Stop(place.peer, place.task);
}

void WorkerDesk::OnEnd(const RouterSocket::Incoming& incoming) {
  const std::string& peer = incoming.peer;
  const bool result = incoming.frame->type == ResultMessage::kType;
  std::optional<Result<ResultMessage>> message;
  if (result) message = Unpack<ResultMessage>(incoming.frame->body);
  const bool whole = message && message->ok();
  // With task and fence alone, a result that cannot be read still ends its attempt.
  const Result<HeldTask> key = whole ? HeldTask{(*message)->task, (*message)->fence}
                                     : Unpack<HeldTask>(incoming.frame->body);
  if (!key) return Refuse(peer, key.error());
  const Hello about = *roster_.About(peer);
  const Result<TaskId> task = TaskFromRef(key->task);
  if (!task) return Refuse(peer, task.error());
  if (task->model != about.model) {
    return Refuse(peer, Invalid("task = " + Quoted(key->task, 256) + ", expected one of model " +
                                about.model));
  }
  Holding* held = roster_.Find(peer, *key);
  if (held != nullptr && held->ending) return;  // sent again while the first is on its way
  AttemptEnd end;
  end.kind = AttemptEnd::Kind::kRelease;
  end.task = *task;
  end.fence = key->fence;
  if (result) {
    Outcome outcome;
    if (whole) {
      outcome = Sanitised(task->stage, std::move((*message)->outcome));
    } else {
      outcome.status = OutcomeStatus::kMalformed;
      outcome.code = "bad_result";
      outcome.text = WithoutValue(message->error().text);
    }
    if (outcome.worker.empty()) outcome.worker = about.worker;
    const bool ok = outcome.status == OutcomeStatus::kOk;
    end.kind = AttemptEnd::Kind::kFinal;
    end.dead_letter = !ok && whole && (*message)->dead_letter;
    if (!ok && whole && (*message)->retry_in_ms) {
      // The worker decides about its attempts; these bounds only contain one that went wrong.
      const bool goes_on = key->fence < limits::kLeasesMax;
      end.kind = goes_on ? AttemptEnd::Kind::kRetry : AttemptEnd::Kind::kFinal;
      end.dead_letter = !goes_on;
      end.delay_ms =
          std::clamp<std::int64_t>(*(*message)->retry_in_ms, 0, limits::kRetryDelayMax.count());
    }
    end.outcome = std::move(outcome);
  }
  if (held != nullptr) held->ending = true;
  EndWork(peer, *key, std::move(end));
}

void WorkerDesk::EndWork(const std::string& peer, const HeldTask& key, AttemptEnd end) {
  const auto done = [this, peer, key, end](const Result<Disposition>& disposition) {
    if (!disposition) {
      // No acknowledgement: the worker sends it again, unless it is no more.
      if (Holding* held = roster_.Find(peer, key)) {
        held->ending = false;
        held->seen = hub_.now;
      } else if (roster_.About(peer) == nullptr) {
        Keep(end);
      }
      if (redis_failures_.Due()) {
        LogWarn("task_end_failed", {{"task", key.task},
                                    {"code", ErrorName(disposition.error().code)},
                                    {"text", disposition.error().text},
                                    {"count", redis_failures_.count()}});
      }
      return;
    }
    roster_.Take(peer, key);
    Send(peer, ResultAck{key.task, key.fence, *disposition});
    Shard& shard = hub_.Of(end.task.case_id);
    if (*disposition == "released") Wake(shard, end.task.model);
    if (*disposition == "retry") shard.PromoteIn(milliseconds(end.delay_ms));
    if (!end.outcome) return;
    const bool failed = end.outcome->status != OutcomeStatus::kOk;
    if (failed && !retries_.Due()) return;
    Log(failed ? LogLevel::kInfo : LogLevel::kDebug, "task_ended",
        {{"case", end.task.case_id},
         {"task", key.task},
         {"worker", end.outcome->worker},
         {"fence", key.fence},
         {"status", StatusName(*end.outcome)},
         {"code", end.outcome->code},
         {"disposition", *disposition},
         {"latency_ms", end.outcome->latency_ms},
         {"failures", retries_.count()}});
  };
  Shard& shard = hub_.Of(end.task.case_id);
  if (!shard.answering()) return done(Error{ErrorCode::kUnavailable, shard.NotAnswering()});
  shard.store().EndAttempt(end, done);
}

void WorkerDesk::OnGoodbye(const std::string& peer) {
  if (const auto leaver = roster_.Leave(peer)) TakeBack(*leaver, AttemptEnd::Kind::kRelease);
}

void WorkerDesk::TakeBack(const Roster::Leaver& leaver, AttemptEnd::Kind kind) {
  const bool crashed = kind == AttemptEnd::Kind::kCrash;
  Log(crashed ? LogLevel::kWarn : LogLevel::kInfo, crashed ? "worker_vanished" : "worker_left",
      {{"worker", leaver.about.worker},
       {"model", leaver.about.model},
       {"in_flight", leaver.held.size()}});
  for (const Holding& held : leaver.held) {
    AttemptEnd end;
    end.kind = kind;
    end.task = held.task;
    end.fence = held.fence;
    if (crashed) {
      end.crashes_max = hub_.config.broker.crashes_max;
      end.outcome = WorkerLost();
      end.outcome->worker = leaver.about.worker;
    }
    Say(std::move(end));
  }
}

void WorkerDesk::Release(const TaskId& task, std::int64_t fence) {
  AttemptEnd end;
  end.kind = AttemptEnd::Kind::kRelease;
  end.task = task;
  end.fence = fence;
  Say(std::move(end));
}

void WorkerDesk::Say(AttemptEnd end) {
  Shard& shard = hub_.Of(end.task.case_id);
  if (!shard.answering()) return Keep(std::move(end));
  shard.store().EndAttempt(end, [this, &shard, end](const Result<Disposition>& disposition) {
    if (disposition) {
      Wake(shard, end.task.model);
    } else if (disposition.error().code == ErrorCode::kUnavailable) {
      Keep(end);
    } else if (redis_failures_.Due()) {
      LogWarn("task_end_failed", {{"task", ToRef(end.task)},
                                  {"code", ErrorName(disposition.error().code)},
                                  {"text", disposition.error().text},
                                  {"count", redis_failures_.count()}});
    }
  });
}

void WorkerDesk::Keep(AttemptEnd end) {
  if (unsaid_.size() >= kUnsaidMax) return;
  if (unsaid_.empty()) say_at_ = hub_.now + kSayAgain;
  unsaid_.push_back(std::move(end));
}

void WorkerDesk::OnReady(const Shard& shard) {
  redis_failures_.Reset();
  roster_.RenewAllSoon();
  WakeAll(shard);
}

bool WorkerDesk::idle() const {
  return std::none_of(unsaid_.begin(), unsaid_.end(), [this](const AttemptEnd& end) {
    return hub_.Of(end.task.case_id).answering();
  });
}

void WorkerDesk::TurnAway(const BusDoor& door) {
  const auto allowed = [&door](const std::string& key) {
    return door.Find(key, BusSide::kWorkers).ok();
  };
  for (const Roster::Leaver& leaver : roster_.TakeUnless(allowed)) {
    LogWarn("worker_turned_away", {{"worker", leaver.about.worker}});
    TakeBack(leaver, AttemptEnd::Kind::kRelease);
  }
}

void WorkerDesk::ForgetAll() { roster_.Clear(); }

void WorkerDesk::TellDraining() {
  for (const std::string& peer : roster_.Peers()) Send(peer, HeartbeatReply{hub_.draining});
}

std::int64_t WorkerDesk::Leave() {
  const std::int64_t held = roster_.Holdings();
  if (held == 0) return 0;
  for (const std::string& peer : roster_.Peers()) Send(peer, Leaving{});
  roster_.Clear();
  return held;
}

TimePoint WorkerDesk::Tick() {
  for (const Roster::Leaver& leaver : roster_.TakeSilent(hub_.now)) {
    TakeBack(leaver, AttemptEnd::Kind::kCrash);
  }
  TimePoint next = roster_.next_silence();
  if (hub_.AnyAnswering() && !unsaid_.empty()) {
    if (hub_.now >= say_at_) {
      for (AttemptEnd& end : std::exchange(unsaid_, {})) Say(std::move(end));
    }
    if (!unsaid_.empty()) next = std::min(next, say_at_);
  }
  if (hub_.draining) return next;
  std::vector<bool> ready;
  ready.reserve(hub_.shards.size());
  for (const Shard& shard : hub_.shards) ready.push_back(shard.ready());
  for (const std::string& model : lanes_.models()) {
    const Lanes::Due due = lanes_.Take(model, roster_.Free(model), ready, hub_.now);
    for (const Lanes::Question& question : due.questions) AskLane(model, question);
    next = std::min(next, due.next);
  }
  return next;
}

void WorkerDesk::AskLane(const std::string& model, const Lanes::Question& question) {
  Shard& shard = hub_.shards[question.shard];
  const auto done = [this, &shard, model, question](const Result<std::vector<LeasedTask>>& leased) {
    const bool more = leased && static_cast<std::int64_t>(leased->size()) >= question.count;
    lanes_.Answered(model, question, more, hub_.now);
    if (leased) {
      for (const LeasedTask& task : *leased) task.corrupt ? Bury(task) : HandOut(task);
      return;
    }
    if (leased.error().text.find("NOGROUP") != std::string::npos) shard.MakeLanesAgain();
    if (redis_failures_.Due()) {
      LogWarn("lease_failed", {{"model", model},
                               {"code", ErrorName(leased.error().code)},
                               {"text", leased.error().text},
                               {"count", redis_failures_.count()}});
    }
  };
  shard.store().Lease(model, shard.owner(), question.count, done);
}

// Nothing of such a record can be trusted but whose it is: it ends among the dead, unasked.
void WorkerDesk::Bury(const LeasedTask& task) {
  LogError("record_corrupt", {{"case", task.task.case_id}, {"task", ToRef(task.task)}});
  AttemptEnd end;
  end.kind = AttemptEnd::Kind::kFinal;
  end.task = task.task;
  end.fence = task.fence;
  end.outcome = CorruptOutcome("the record in Redis is not what was accepted; no model was asked");
  end.dead_letter = true;
  Say(std::move(end));
}

void WorkerDesk::HandOut(const LeasedTask& task) {
  const std::string ref = ToRef(task.task);
  while (!hub_.draining) {
    const auto peer = roster_.Give(task, hub_.now);
    if (!peer) break;
    const TaskMessage message{ref,           task.fence,    task.time_left_ms,
                              task.attempts, task.vignette, task.review};
    if (Send(*peer, message)) return;
    roster_.Take(*peer, {ref, task.fence});
  }
  Release(task.task, task.fence);
}

}  // namespace consilium
