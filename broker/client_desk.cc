#include "broker/client_desk.h"

#include <algorithm>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include "broker/case_outcome_check.h"
#include "broker/dead_letters.h"
#include "broker/ensemble.h"
#include "broker/evidence_check.h"
#include "broker/feed.h"
#include "broker/intake.h"
#include "broker/status_sum.h"
#include "shared/codec.h"
#include "shared/ids.h"
#include "shared/limits.h"
#include "shared/text.h"

namespace consilium {
namespace {

constexpr std::int64_t kBusyRetryMs = 200;   // too many requests at once
constexpr std::int64_t kFullRetryMs = 1000;  // too many live cases
constexpr std::int64_t kWatchWaitMaxMs = 60000;
constexpr milliseconds kPatience{2000};  // with one shard, where others have answered
constexpr const char* kNoReply = "Redis does not answer in time";
constexpr std::int64_t kDrainLimitMaxMs = 86400000;

constexpr const char* kNotAccepted = "; the case was not accepted; send it again";
constexpr const char* kAskAnother = "; the case was not accepted; send it to another broker";
constexpr const char* kPerhapsAccepted =
    "; whether the case was accepted is not known; send it again";
constexpr const char* kNotRecorded = "; the outcome was not recorded; send it again";
constexpr const char* kPerhapsRecorded =
    "; whether the outcome was recorded is not known; send it again";
constexpr const char* kAskAgain = "; send it again";

Error Unavailable(std::string text) { return {ErrorCode::kUnavailable, std::move(text)}; }

Status CheckInteger(const char* field, std::int64_t value, std::int64_t low, std::int64_t high) {
  if (value >= low && value <= high) return Ok();
  return Invalid(std::string(field) + " = " + std::to_string(value) + ", expected " +
                 std::to_string(low) + ".." + std::to_string(high));
}

}  // namespace

ClientDesk::ClientDesk(Hub& hub, RouterSocket& socket, WorkerDesk& workers)
    : hub_(hub),
      socket_(socket),
      workers_(workers),
      watchers_(kWatchesMax),
      waiting_(hub.shards.size()) {}

template <class Message>
void ClientDesk::Reply(const Caller& to, const Message& message) {
  const Frame frame = MakeFrame(message, to.request);
  if (frame.body.size() > limits::kMessageBytesMax) {
    return Fail(to, {ErrorCode::kTooLarge, "the reply has " + std::to_string(frame.body.size()) +
                                               " bytes, more than a message may have (" +
                                               std::to_string(limits::kMessageBytesMax) + ")"});
  }
  // A client that is gone or does not read asks again: every request may be sent twice.
  socket_.Send(to.peer, frame);
}

void ClientDesk::Fail(const Caller& to, const Error& error) {
  ErrorMessage message{std::string(ErrorName(error.code)), error.text, std::nullopt};
  if (error.code == ErrorCode::kQueueFull || error.code == ErrorCode::kUnavailable) {
    message.retry_after_ms = kFullRetryMs;
  }
  Reply(to, message);
}

void ClientDesk::OnMessage(const RouterSocket::Incoming& incoming) {
  const auto refuse = [this](const Caller& to, const Error& error) {
    if (refusals_.Due()) {
      LogWarn("client_message_refused", {{"code", ErrorName(error.code)},
                                         {"text", WithoutValue(error.text)},
                                         {"count", refusals_.count()}});
    }
    Fail(to, error);
  };
  if (!incoming.frame) return refuse({incoming.peer, incoming.request}, incoming.frame.error());
  const Frame& frame = *incoming.frame;
  const Caller to{incoming.peer, frame.request};
  const auto with = [&](auto message, auto handler) {
    using Message = decltype(message);
    const Result<Message> request = Unpack<Message>(frame.body);
    if (!request) return refuse(to, request.error());
    handler(*request);
  };
  constexpr std::string_view kOperators[] = {DeadRequeueRequest::kType, DeadPurgeRequest::kType,
                                             DrainRequest::kType};
  const bool operators =
      std::find(std::begin(kOperators), std::end(kOperators), frame.type) != std::end(kOperators);
  if (operators && !MayOperate(incoming.from.role)) {
    return refuse(to, {ErrorCode::kForbidden,
                       frame.type +
                           " needs a key of role admin (bus.allowed_file), and this one "
                           "is of role " +
                           kBusRoleNames[static_cast<std::size_t>(incoming.from.role)]});
  }
  if (frame.type == SubmitRequest::kType) {
    with(SubmitRequest{}, [&](const SubmitRequest& m) { OnSubmit(to, m.request); });
  } else if (frame.type == CancelRequest::kType) {
    with(CancelRequest{}, [&](const CancelRequest& m) { OnCancel(to, m); });
  } else if (frame.type == FetchRequest::kType) {
    with(FetchRequest{}, [&](const FetchRequest& m) { OnFetch(to, m); });
  } else if (frame.type == CaseOutcomeRequest::kType) {
    with(CaseOutcomeRequest{}, [&](const CaseOutcomeRequest& m) { OnOutcome(to, m); });
  } else if (frame.type == WatchRequest::kType) {
    with(WatchRequest{}, [&](const WatchRequest& m) { OnWatch(to, m); });
  } else if (frame.type == StatusRequest::kType) {
    with(StatusRequest{}, [&](const StatusRequest&) { OnStatus(to); });
  } else if (frame.type == ChemistryRequest::kType) {
    with(ChemistryRequest{}, [&](const ChemistryRequest& m) { OnChemistry(to, m); });
  } else if (frame.type == TrackRecordsRequest::kType) {
    with(TrackRecordsRequest{}, [&](const TrackRecordsRequest&) { OnTrackRecords(to); });
  } else if (frame.type == EnsemblesRequest::kType) {
    with(EnsemblesRequest{}, [&](const EnsemblesRequest&) { OnEnsembles(to); });
  } else if (frame.type == RebuildRequest::kType) {
    with(RebuildRequest{}, [&](const RebuildRequest& m) { OnRebuild(to, m); });
  } else if (frame.type == ImportRequest::kType) {
    with(ImportRequest{}, [&](const ImportRequest& m) { OnImport(to, m); });
  } else if (frame.type == HistoryRequest::kType) {
    with(HistoryRequest{}, [&](const HistoryRequest& m) { OnHistory(to, m); });
  } else if (frame.type == DeadListRequest::kType) {
    with(DeadListRequest{}, [&](const DeadListRequest& m) { OnDeadList(to, m); });
  } else if (frame.type == DeadRequeueRequest::kType) {
    with(DeadRequeueRequest{}, [&](const DeadRequeueRequest& m) { OnDeadRequeue(to, m); });
  } else if (frame.type == DeadPurgeRequest::kType) {
    with(DeadPurgeRequest{}, [&](const DeadPurgeRequest& m) { OnDeadPurge(to, m); });
  } else if (frame.type == DrainRequest::kType) {
    with(DrainRequest{}, [&](const DrainRequest& m) { OnDrain(to, m); });
  } else if (frame.type != ErrorMessage::kType) {
    refuse(to, {ErrorCode::kUnsupported,
                "type = " + Quoted(frame.type) +
                    ", expected submit, cancel, fetch, outcome, watch, status, chemistry, "
                    "ensembles, track_records, rebuild, import, history, dead_list, "
                    "dead_requeue, dead_purge or drain"});
  }
}

bool ClientDesk::Admits(const Caller& to, const std::string& why_not, std::size_t& waiting,
                        const std::string& consequence) {
  if (!why_not.empty()) {
    Fail(to, {ErrorCode::kUnavailable, why_not + consequence});
    return false;
  }
  if (waiting >= kRequestsMax) {
    Reply(to, ErrorMessage{
                  std::string(ErrorName(ErrorCode::kQueueFull)),
                  std::to_string(waiting) + " requests wait for Redis, the limit" + consequence,
                  kBusyRetryMs});
    return false;
  }
  ++waiting;
  return true;
}

bool ClientDesk::Admits(const Caller& to, const Shard& shard, const std::string& consequence) {
  return Admits(to, hub_.NotAnswering(shard), waiting_[shard.number()], consequence);
}

template <class T, class Then>
Store::Done<T> ClientDesk::Answer(const Caller& to, const Shard& shard,
                                  const std::string& consequence, Then then) {
  return [this, to, &shard, consequence, then = std::move(then)](Result<T> result) {
    --waiting_[shard.number()];
    if (!result) {
      Error error = hub_.Named(shard, result.error());
      if (error.code == ErrorCode::kUnavailable) error.text += consequence;
      return Fail(to, error);
    }
    then(*result);
    Reply(to, *result);
  };
}

template <class T, class AskOne, class Then>
void ClientDesk::AskAll(AskOne ask, Then then) {
  struct Said {
    std::vector<Result<T>> all;
    std::size_t missing;
    Then then;
  };
  const auto said = std::make_shared<Said>(Said{{}, hub_.shards.size(), std::move(then)});
  for (const Shard& shard : hub_.shards) {
    std::string why = shard.answering() ? hub_.Named(shard, kNoReply) : hub_.NotAnswering(shard);
    said->all.push_back(Unavailable(std::move(why)));
  }
  // The replies go with the answer: who waits for the late ones keeps `said`.
  const auto answer = [said] {
    const std::vector<Result<T>> all = std::move(said->all);
    said->then(all);
  };
  const auto one_less = [said, answer] {
    if (said->missing > 0 && --said->missing == 0) answer();
  };
  for (Shard& shard : hub_.shards) {
    if (!shard.answering()) {
      one_less();
      continue;
    }
    ask(shard, [this, said, one_less, &shard](Result<T> result) {
      if (said->missing == 0) return;  // it was not waited for
      if (!result) result = hub_.Named(shard, result.error());
      said->all[shard.number()] = std::move(result);
      one_less();
    });
  }
  // One that hangs must not hold up the others.
  if (said->missing == 0 || hub_.shards.size() == 1) return;
  asked_.push_back({hub_.now + kPatience, [said, answer] {
                      if (std::exchange(said->missing, 0) > 0) answer();
                    }});
}

void ClientDesk::OnSubmit(const Caller& to, const CaseRequest& request) {
  Result<NewCase> admitted = Admit(request, hub_.config, hub_.board);
  if (!admitted) return Fail(to, admitted.error());
  Shard& shard = hub_.Of(admitted->id);
  // Ids spread evenly, so a shard has its share of the limit.
  const auto shards = static_cast<std::int64_t>(hub_.shards.size());
  admitted->live_cases_max = (admitted->live_cases_max + shards - 1) / shards;
  const std::optional<Error> why = hub_.NotAccepting(shard);
  const bool full = why && why->code == ErrorCode::kQueueFull;
  if (why && !full) {
    const bool draining = why->code == ErrorCode::kDraining;
    return Fail(to, {why->code, why->text + (draining ? kAskAnother : kNotAccepted)});
  }
  if (!Admits(to, shard, kNotAccepted)) return;
  // Without room only what was accepted before is found.
  if (full) admitted->live_cases_max = 0;
  const auto answer =
      Answer<SubmitReply>(to, shard, kPerhapsAccepted, [this, &shard](const SubmitReply& reply) {
        for (const std::string& model : reply.ensemble) workers_.Wake(shard, model);
        LogDebug("case_accepted", {{"case", reply.id}, {"duplicate", reply.duplicate ? 1 : 0}});
      });
  shard.store().Submit(*admitted,
                       [this, to, &shard, why, full, answer](const Result<SubmitReply>& reply) {
                         if (!full || reply || reply.error().code != ErrorCode::kQueueFull)
                           return answer(reply);
                         --waiting_[shard.number()];
                         Reply(to, ErrorMessage{std::string(ErrorName(why->code)),
                                                why->text + kNotAccepted, shard.retry_after_ms()});
                       });
}

void ClientDesk::OnCancel(const Caller& to, const CancelRequest& request) {
  if (const Status id = CheckCaseId(request.id); !id) return Fail(to, id.error());
  Shard& shard = hub_.Of(request.id);
  if (!Admits(to, shard, kAskAgain)) return;
  shard.store().Cancel(request.id,
                       Answer<CancelReply>(to, shard, kAskAgain, [this](const CancelReply& reply) {
                         if (reply.cancelled) workers_.StopCase(reply.id);
                       }));
}

void ClientDesk::OnFetch(const Caller& to, const FetchRequest& request) {
  if (const Status id = CheckCaseId(request.id); !id) return Fail(to, id.error());
  Shard& shard = hub_.Of(request.id);
  if (!Admits(to, shard, kAskAgain)) return;
  shard.store().Fetch(request.id, Answer<CaseView>(to, shard, kAskAgain, [](const CaseView&) {}));
}

void ClientDesk::OnOutcome(const Caller& to, const CaseOutcomeRequest& request) {
  if (const Status good = CheckCaseOutcome(request); !good) return Fail(to, good.error());
  Shard& shard = hub_.Of(request.id);
  // A broker that drains still answers, and what it takes is little: only a Redis that would lose
  // it takes none.
  if (const auto why = shard.NotAccepting(); why && why->code == ErrorCode::kUnavailable) {
    return Fail(to, {why->code, hub_.Named(shard, why->text) + kNotRecorded});
  }
  if (!Admits(to, shard, kNotRecorded)) return;
  const auto answer =
      Answer<CaseOutcomeReply>(to, shard, kPerhapsRecorded, [](const CaseOutcomeReply& reply) {
        LogDebug("outcome_recorded", {{"case", reply.id}, {"duplicate", reply.duplicate ? 1 : 0}});
      });
  shard.store().Fetch(request.id, [&shard, request, answer](const Result<CaseView>& view) {
    if (!view) return answer(view.error());
    const auto admitted = AdmitOutcome(request, *view);
    if (!admitted) return answer(admitted.error());
    shard.store().AddOutcome(request.id, *admitted, answer);
  });
}

void ClientDesk::OnWatch(const Caller& to, const WatchRequest& request) {
  for (const Status& status :
       {CheckInteger("wait_ms", request.wait_ms, 0, kWatchWaitMaxMs),
        CheckInteger("max", request.max, 1, static_cast<std::int64_t>(limits::kWatchBatchMax))}) {
    if (!status) return Fail(to, status.error());
  }
  if (!Admits(to, hub_.NoneAnswers(), waiting_for_all_, kAskAgain)) return;
  const std::uint64_t asked_at = watchers_.hints();
  ReadFeed(request.after, request.max,
           [this, to, request, asked_at, releases = releases_](const Result<WatchSlice>& slice) {
             --waiting_for_all_;
             // Where the feed ends is no news of anybody.
             if (releases != releases_ && request.after != "$") {
               return Reply(to, WatchReply{{}, request.after, false});
             }
             if (!slice) {
               Error error = slice.error();
               if (error.code == ErrorCode::kUnavailable) error.text += kAskAgain;
               return Fail(to, error);
             }
             const bool now = !slice->items.empty() || slice->gap || request.wait_ms == 0 ||
                              request.after == "$" || hub_.stopping;
             if (now) return Serve({to}, request.after, *slice);
             ParkedWatch watch{to.peer, to.request, slice->cursor, request.max,
                               hub_.now + milliseconds(request.wait_ms)};
             if (watchers_.Park(std::move(watch), asked_at, hub_.now)) return;
             Fail(to, {ErrorCode::kQueueFull,
                       std::to_string(kWatchesMax) + " watches wait at this broker, its limit"});
           });
}

void ClientDesk::ReadFeed(const std::string& after, std::int64_t max,
                          Store::Done<WatchSlice> done) {
  const auto places = SplitCursor(after, hub_.shards.size());
  if (!places) return done(places.error());
  const auto ask = [places = *places, max](Shard& shard, const Store::Done<WatchSlice>& hear) {
    shard.store().Watch(places[shard.number()], max, hear);
  };
  const auto merge = [places = *places, max, done = std::move(done),
                      from_end = after == "$"](const std::vector<Result<WatchSlice>>& said) {
    std::vector<std::optional<WatchSlice>> slices;
    bool any = false;
    for (const Result<WatchSlice>& slice : said) {
      // Where the feed of a shard ends is not known without it; anything else comes later.
      const bool needed = from_end || slice.ok() || slice.error().code != ErrorCode::kUnavailable;
      if (!slice && needed) return done(slice.error());
      any = any || slice.ok();
      slices.push_back(slice ? std::make_optional(*slice) : std::nullopt);
    }
    if (!any) return done(said.front().error());
    done(MergeFeeds(places, slices, max));
  };
  AskAll<WatchSlice>(ask, merge);
}

void ClientDesk::Ask(const Watchers::Question& question) {
  ReadFeed(question.after, question.max, [this, question](const Result<WatchSlice>& slice) {
    const bool found = slice && (!slice->items.empty() || slice->gap);
    std::vector<Caller> callers;
    for (ParkedWatch& watch : watchers_.Answered(question, found, hub_.now)) {
      callers.push_back({std::move(watch.peer), std::move(watch.request)});
    }
    if (!callers.empty()) Serve(callers, question.after, *slice);
  });
}

void ClientDesk::Serve(const std::vector<Caller>& callers, const std::string& after,
                       const WatchSlice& slice) {
  Frame frame = MakeFrame(WatchReply{slice.items, slice.cursor, slice.gap});
  if (frame.body.size() <= limits::kMessageBytesMax || slice.items.size() <= 1) {
    for (const Caller& caller : callers) {
      frame.request = caller.request;
      socket_.Send(caller.peer, frame);
    }
    return;
  }
  const auto half = static_cast<std::int64_t>(slice.items.size() / 2);
  ReadFeed(after, half,
           [this, callers, after, releases = releases_](const Result<WatchSlice>& smaller) {
             if (smaller && releases == releases_) return Serve(callers, after, *smaller);
             if (smaller) {
               for (const Caller& caller : callers) Reply(caller, WatchReply{{}, after, false});
               return;
             }
             for (const Caller& caller : callers) Fail(caller, smaller.error());
           });
}

void ClientDesk::OnStatus(const Caller& to) {
  if (!hub_.AnyAnswering()) {
    // What this broker knows by itself, so that an operator sees more than an error.
    StatusReply status;
    Fill(status);
    return Reply(to, status);
  }
  if (!Admits(to, "", waiting_for_all_, kAskAgain)) return;
  std::vector<std::string> models;
  for (const BackendConfig& backend : hub_.config.backends) models.push_back(backend.model);
  const auto ask = [models](Shard& shard, const Store::Done<StatusReply>& hear) {
    shard.store().Describe(models, hear);
  };
  AskAll<StatusReply>(ask, [this, to](const std::vector<Result<StatusReply>>& said) {
    --waiting_for_all_;
    StatusReply status;
    bool any = false;
    for (const Result<StatusReply>& shard : said) {
      ShardStatus& about = status.shards.emplace_back();
      any = any || shard.ok();
      if (shard) {
        about.live = shard->live;
        AddStatus(status, *shard);
      } else {
        about.reason = kNoReply;
      }
    }
    if (!any) return Fail(to, Unavailable(said.front().error().text + kAskAgain));
    Fill(status);
    Reply(to, status);
  });
}

void ClientDesk::OnChemistry(const Caller& to, const ChemistryRequest& request) {
  const auto& kinds = hub_.config.council.kinds;
  const std::string kind = request.kind.empty() ? kinds.front() : request.kind;
  if (std::find(kinds.begin(), kinds.end(), kind) == kinds.end()) {
    return Fail(to, Invalid("kind = " + Quoted(kind) + ", expected one of " + JoinNames(kinds) +
                            " (council.kinds)"));
  }
  if (!Admits(to, hub_.first(), kAskAgain)) return;
  hub_.chemistry.ReadReport(
      kind, Answer<ChemistryReport>(to, hub_.first(), kAskAgain, [](const ChemistryReport&) {}));
}

void ClientDesk::OnEnsembles(const Caller& to) {
  if (!Admits(to, hub_.first(), kAskAgain)) return;
  // What is shown is what the next case is seated by.
  hub_.chemistry.ReadBoard(Answer<SeatingBoard>(
      to, hub_.first(), kAskAgain, [this](const SeatingBoard& board) { hub_.board = board; }));
}

void ClientDesk::OnTrackRecords(const Caller& to) {
  if (!Admits(to, hub_.first(), kAskAgain)) return;
  hub_.chemistry.ReadTrackRecords(
      Answer<TrackRecords>(to, hub_.first(), kAskAgain, [](const TrackRecords&) {}));
}

void ClientDesk::OnRebuild(const Caller& to, const RebuildRequest& request) {
  if (const Status id = CheckCaseId(request.id); !id) return Fail(to, id.error());
  if (!Admits(to, hub_.first(), kAskAgain)) return;
  hub_.chemistry.AskRebuild(
      request.id, Answer<RebuildReply>(to, hub_.first(), kAskAgain, [](const RebuildReply&) {}));
}

void ClientDesk::OnImport(const Caller& to, const ImportRequest& request) {
  ImportRequest complete = request;
  for (CaseEvidence& evidence : complete.cases) {
    if (evidence.kind.empty()) evidence.kind = hub_.config.council.kinds.front();
  }
  const auto wall = std::chrono::system_clock::now().time_since_epoch();
  const auto now_ms = std::chrono::duration_cast<milliseconds>(wall).count();
  if (const Status good = CheckImport(complete, hub_.config, now_ms); !good) {
    return Fail(to, good.error());
  }
  if (!Admits(to, hub_.NotAnswering(hub_.first()), waiting_for_all_, kAskAgain)) return;
  // A case that ended here is known in shard 0 once its evidence is there, and before that in its
  // own shard.
  std::vector<std::vector<std::string>> members(hub_.shards.size());
  for (const CaseEvidence& evidence : complete.cases) {
    members[hub_.Of(evidence.case_id).number()].push_back(LearnedMember(evidence));
  }
  const auto ask = [members](Shard& shard, const Store::Done<std::vector<bool>>& hear) {
    const std::vector<std::string>& these = members[shard.number()];
    if (shard.number() == 0 || these.empty()) return hear(std::vector<bool>(these.size()));
    ChemistryStore(shard.redis(), shard.number()).AreKnown(these, hear);
  };
  AskAll<std::vector<bool>>(ask, [this, to, complete](const auto& said) {
    std::vector<CaseEvidence> unknown;
    std::vector<std::size_t> at(said.size());
    for (const CaseEvidence& evidence : complete.cases) {
      const std::size_t shard = hub_.Of(evidence.case_id).number();
      if (!said[shard]) return AnswerOfAll<ImportReply>(to)(said[shard].error());
      if (!(*said[shard])[at[shard]++]) unknown.push_back(evidence);
    }
    Import(to, unknown, static_cast<std::int64_t>(complete.cases.size() - unknown.size()));
  });
}

void ClientDesk::Import(const Caller& to, const std::vector<CaseEvidence>& cases,
                        std::int64_t known) {
  hub_.chemistry.Import(cases, [this, to, known](Result<ImportReply> reply) {
    if (reply) {
      reply->duplicate += known;
    } else {
      reply = hub_.Named(hub_.first(), reply.error());
    }
    AnswerOfAll<ImportReply>(to)(reply);
  });
}

void ClientDesk::OnHistory(const Caller& to, const HistoryRequest& request) {
  if (const Status max =
          CheckInteger("max", request.max, 1, static_cast<std::int64_t>(limits::kHistoryBatchMax));
      !max) {
    return Fail(to, max.error());
  }
  if (!Admits(to, hub_.first(), kAskAgain)) return;
  hub_.chemistry.ReadHistory(
      request.after, request.max,
      Answer<HistoryReply>(to, hub_.first(), kAskAgain, [](const HistoryReply&) {}));
}

template <class T>
Store::Done<T> ClientDesk::AnswerOfAll(const Caller& to) {
  return [this, to](const Result<T>& result) {
    --waiting_for_all_;
    if (result) return Reply(to, *result);
    Error error = result.error();
    if (error.code == ErrorCode::kUnavailable) error.text += kAskAgain;
    Fail(to, error);
  };
}

void ClientDesk::OnDeadList(const Caller& to, const DeadListRequest& request) {
  constexpr auto kMost = static_cast<std::int64_t>(limits::kDeadBatchMax);
  if (const Status max = CheckInteger("max", request.max, 1, kMost); !max) {
    return Fail(to, max.error());
  }
  if (!Admits(to, hub_.NoneAnswers(), waiting_for_all_, kAskAgain)) return;
  ListDead(hub_, request, AnswerOfAll<DeadListReply>(to));
}

bool ClientDesk::AdmitsLetters(const Caller& to, const std::vector<std::string>& ids) {
  if (ids.size() <= limits::kDeadBatchMax) {
    return Admits(to, hub_.NoneAnswers(), waiting_for_all_, kAskAgain);
  }
  Fail(to, Invalid("ids: " + std::to_string(ids.size()) + ", expected at most " +
                   std::to_string(limits::kDeadBatchMax)));
  return false;
}

void ClientDesk::OnDeadRequeue(const Caller& to, const DeadRequeueRequest& request) {
  if (!AdmitsLetters(to, request.ids)) return;
  RequeueDead(
      hub_, request,
      [answer = AnswerOfAll<DeadRequeueReply>(to)](const Result<DeadRequeueReply>& reply) {
        if (!reply) return answer(reply);
        for (const RequeuedLetter& letter : reply->items) {
          LogInfo("dead_requeued", {{"task", letter.task}, {"disposition", letter.disposition}});
        }
        answer(reply);
      });
}

void ClientDesk::OnDeadPurge(const Caller& to, const DeadPurgeRequest& request) {
  if (!AdmitsLetters(to, request.ids)) return;
  PurgeDead(hub_, request,
            [answer = AnswerOfAll<DeadPurgeReply>(to)](const Result<DeadPurgeReply>& reply) {
              if (reply) LogInfo("dead_purged", {{"count", reply->purged}});
              answer(reply);
            });
}

void ClientDesk::OnDrain(const Caller& to, const DrainRequest& request) {
  if (request.limit_ms) {
    const Status limit = CheckInteger("limit_ms", *request.limit_ms, 0, kDrainLimitMaxMs);
    if (!limit) return Fail(to, limit.error());
  }
  // It may have been sent again to another one, which listens where the other did.
  const std::string meant = request.broker.substr(0, request.broker.find('.'));
  if (!meant.empty() && meant != hub_.id) {
    return Fail(to, {ErrorCode::kConflict, "broker = " + Quoted(request.broker) + ", expected " +
                                               hub_.first().owner() +
                                               ", which answers in its place and goes on"});
  }
  Reply(to, hub_.drain(request));
}

void ClientDesk::Fill(StatusReply& status) const {
  status.broker = hub_.first().owner();
  status.version = CONSILIUM_VERSION;
  status.reason = hub_.NotAccepting();
  status.shards.resize(hub_.shards.size());
  for (const Shard& shard : hub_.shards) {
    ShardStatus& about = status.shards[shard.number()];
    about.shard = static_cast<std::int64_t>(shard.number());
    if (const auto why = shard.NotAccepting()) {
      about.reason = why->text;
    } else if (!about.reason.empty()) {  // up, but it did not answer now
      status.reason += (status.reason.empty() ? "" : "; ") + hub_.Named(shard, about.reason);
    }
    about.accepting = about.reason.empty() && !hub_.draining;
  }
  status.accepting = status.reason.empty();
  status.partly = !status.accepting && std::any_of(status.shards.begin(), status.shards.end(),
                                                   [](const auto& s) { return s.accepting; });
  status.live_max = hub_.config.broker.live_cases_max;
  for (const Shard& shard : hub_.shards) status.redis.push_back(shard.Describe());
  status.counters["refused_messages"] = refusals_.count() + workers_.refused();
  status.counters["refused_connections"] = hub_.bus.strangers;
  status.counters["refused_keys"] = hub_.bus.door.keys;
  status.counters["refused_roles"] = hub_.bus.door.roles;
  status.counters["refused_revoked"] = hub_.bus.door.messages;
  // Our workers as they are now, not as of the last beat.
  auto& workers = status.workers;
  const auto ours = [this](const WorkerStatus& worker) {
    return worker.broker.compare(0, hub_.id.size(), hub_.id) == 0;
  };
  workers.erase(std::remove_if(workers.begin(), workers.end(), ours), workers.end());
  for (WorkerStatus& worker : workers_.Describe()) workers.push_back(std::move(worker));
  for (const BackendConfig& backend : hub_.config.backends) {
    CreditStatus& credit = status.credits.emplace_back();
    credit.model = backend.model;
    for (const WorkerStatus& worker : workers) {
      if (worker.model != backend.model) continue;
      ++credit.workers;
      credit.slots += worker.slots;
      credit.used += worker.in_flight;
    }
  }
}

void ClientDesk::ReleaseWatches() {
  ++releases_;
  for (const ParkedWatch& watch : watchers_.TakeAll()) {
    Reply({watch.peer, watch.request}, WatchReply{{}, watch.after, false});
  }
}

TimePoint ClientDesk::Tick() {
  while (!asked_.empty() && hub_.now >= asked_.front().until) {
    const std::function<void()> give_up = std::move(asked_.front().give_up);
    asked_.pop_front();
    give_up();
  }
  const TimePoint patience = asked_.empty() ? TimePoint::max() : asked_.front().until;
  for (const ParkedWatch& watch : watchers_.TakeExpired(hub_.now)) {
    const Caller to{watch.peer, watch.request};
    if (const std::string why = hub_.NoneAnswers(); !why.empty()) {
      Fail(to, {ErrorCode::kUnavailable, why + kAskAgain});
    } else {
      Reply(to, WatchReply{{}, watch.after, false});
    }
  }
  if (!hub_.AnyAnswering()) return std::min(patience, watchers_.next_expiry());
  for (const Watchers::Question& question : watchers_.TakeDue(hub_.now)) Ask(question);
  return std::min(patience, watchers_.next());
}

}  // namespace consilium
