// Cases: accepted, fetched, cancelled, told what was right.
#include <map>
#include <utility>

#include "shared/case_record.h"
#include "shared/codec.h"
#include "shared/limits.h"
#include "shared/redis_reply.h"
#include "shared/seal.h"
#include "shared/store.h"
#include "shared/store_parts.h"

namespace consilium {
namespace {

// A case may be revised between the look and the step; not so often.
constexpr int kWithdrawTries = 8;

CaseState StateFrom(std::string_view name) {
  return CaseStateFromName(name).value_or(CaseState::kFailed);
}

// A Redis without memory refuses what brings more; what ends work may run and makes room.
template <class T>
Store::Done<T> NamingNoMemory(Store::Done<T> done) {
  return [done = std::move(done)](Result<T> reply) {
    if (!reply && reply.error().text.starts_with("redis: OOM")) {
      return done(Error{ErrorCode::kQueueFull, "Redis has no memory left (maxmemory); try later"});
    }
    done(std::move(reply));
  };
}

Result<CaseOutcomeReply> ReadOutcomeReply(const std::string& case_id, std::int64_t revision,
                                          const RedisReply& reply) {
  if (reply.items.empty()) return Unexpected("add_outcome");
  const std::string& word = reply.items[0].text;
  if (word == "unknown") return Error{ErrorCode::kNotFound, "no case " + case_id};
  if (reply.items.size() < 2) return Unexpected("add_outcome");
  if (word == "live") return NoOutcomeYet(case_id, StateFrom(reply.items[1].text));
  const std::int64_t number = ToInt(reply.items[1]);
  if (word == "revision") return NoRevision(case_id, revision, number);
  if (word == "full") {
    return Error{ErrorCode::kTooLarge, "case " + case_id + " has " + std::to_string(number) +
                                           " outcomes, the limit; this one was not recorded"};
  }
  if (reply.items.size() != 4) return Unexpected("add_outcome");
  CaseOutcomeReply recorded;
  recorded.id = case_id;
  recorded.duplicate = word == "duplicate";
  recorded.count = number;
  recorded.state = StateFrom(reply.items[2].text);
  if (!reply.items[3].text.empty()) {
    const auto known = UnpackSealed<KnownRight>(reply.items[3].text);
    if (known && known->outcomes == number) {
      recorded.contradictory = known->status == KnownStatus::kContradictory;
    }
  }
  return recorded;
}

// What is published about a case that is cancelled.
Recommendation CancelNotice(const CancelRequest& request, const char* by_default) {
  Recommendation notice;
  notice.case_id = request.id;
  notice.status = CaseState::kCancelled;
  notice.reason = request.reason.empty() ? by_default : request.reason;
  return notice;
}

Result<CancelReply> ReadCancelReply(const std::string& case_id, const RedisReply& reply) {
  if (reply.items.empty()) return Unexpected("cancel_case");
  if (reply.items[0].text == "unknown") return Error{ErrorCode::kNotFound, "no case " + case_id};
  if (reply.items.size() < 2) return Unexpected("cancel_case");
  CancelReply cancel;
  cancel.id = case_id;
  cancel.cancelled = reply.items[0].text == "cancelled";
  cancel.state = StateFrom(reply.items[1].text);
  return cancel;
}

}  // namespace

Error NoOutcomeYet(const std::string& case_id, CaseState state) {
  if (state == CaseState::kCancelled) {
    return {ErrorCode::kConflict,
            "case " + case_id + " was cancelled: there is no recommendation to speak of"};
  }
  const std::string now = state == CaseState::kAccepted
                              ? "waiting for a worker"
                              : kCaseStateNames[static_cast<std::size_t>(state)];
  return {ErrorCode::kConflict, "case " + case_id + " is still " + now +
                                    "; say what was right once it has ended (`consilium show " +
                                    case_id + "`)"};
}

Error NoRevision(const std::string& case_id, std::int64_t revision, std::int64_t last) {
  return Invalid("case " + case_id + ": revision = " + std::to_string(revision) + ", expected 1.." +
                 std::to_string(last));
}

void Store::Submit(const NewCase& new_case, Done<SubmitReply> done) {
  std::vector<std::string> keys = {CaseKey(new_case.id), Key("timers"), Key("counters"),
                                   Key("wanted"), Key("index")};
  std::vector<std::string> args = {new_case.id,
                                   new_case.digest,
                                   std::to_string(new_case.live_cases_max),
                                   std::to_string(new_case.deadline_ms),
                                   std::to_string(new_case.answers_ms),
                                   HintChannel(),
                                   CaseKey(""),
                                   std::to_string(new_case.ensemble.size())};
  for (const std::string& model : new_case.ensemble) {
    keys.push_back(LaneKey(Stage::kGenerate, model));
    args.push_back(model);
  }
  const auto add = [&args](const char* field, std::string value) {
    args.emplace_back(field);
    args.push_back(std::move(value));
  };
  add("vignette", PackSealed(new_case.vignette));
  if (new_case.gold_medications) add("gold", PackSealed(*new_case.gold_medications));
  add("source", new_case.source);
  add("kind", new_case.kind);
  add("strategy", new_case.strategy);
  add("seating", new_case.seating);
  add("ensemble", PackSealed(new_case.ensemble));

  const std::string queue =
      shards_ == 1 ? "the queue" : "the queue of shard " + std::to_string(shard_);
  const std::string limit = shards_ == 1 ? "limit" : "share of the limit";
  const auto read = [id = new_case.id, ensemble = new_case.ensemble, queue,
                     limit](const RedisReply& reply) -> Result<SubmitReply> {
    if (reply.items.empty()) return Unexpected("submit_case");
    const std::string& word = reply.items[0].text;
    SubmitReply accepted;
    accepted.id = id;
    if (word == "accepted" && reply.items.size() == 3) {
      accepted.ensemble = ensemble;
      accepted.accepted_ms = ToInt(reply.items[1]);
      accepted.deadline_ms = ToInt(reply.items[2]);
      return accepted;
    }
    if (word == "duplicate" && reply.items.size() == 5) {
      accepted.duplicate = true;
      accepted.state = StateFrom(reply.items[1].text);
      accepted.accepted_ms = ToInt(reply.items[2]);
      accepted.deadline_ms = ToInt(reply.items[3]);
      auto seated = UnpackSealed<std::vector<std::string>>(reply.items[4].text);
      if (!seated) return seated.error();
      accepted.ensemble = std::move(*seated);
      return accepted;
    }
    if (word == "conflict") {
      return Error{ErrorCode::kConflict,
                   "case " + id +
                       " was accepted before with other content; use another id, or "
                       "send exactly the same content"};
    }
    if (word == "full" && reply.items.size() == 2) {
      return Error{ErrorCode::kQueueFull,
                   queue + " holds " + std::to_string(ToInt(reply.items[1])) + " live cases, its " +
                       limit + " (broker.live_cases_max); try later"};
    }
    return Unexpected("submit_case");
  };
  redis_.Run("submit_case", std::move(keys), std::move(args),
             Reading<SubmitReply>(NamingNoMemory<SubmitReply>(std::move(done)), read));
}

void Store::Cancel(const CancelRequest& request, Done<CancelReply> done) {
  Cancel(request, kWithdrawTries, std::move(done));
}

void Store::Cancel(const CancelRequest& request, int tries, Done<CancelReply> done) {
  Recommendation notice = CancelNotice(request, "cancelled on request");
  notice.revision = 0;
  const auto then = [this, request, tries, done](const Result<RedisReply>& reply) {
    if (!reply) return done(reply.error());
    if (reply->items.empty()) return done(Unexpected("cancel_case"));
    const bool ended = reply->items[0].text == "ended";
    if (!ended || !request.withdraw) return done(ReadCancelReply(request.id, *reply));
    if (reply->items.size() != 5) return done(Unexpected("cancel_case"));
    Withdraw(request, ToInt(reply->items[2]), ToInt(reply->items[3]), ToInt(reply->items[4]), tries,
             done);
  };
  redis_.Run("cancel_case",
             {CaseKey(request.id), Key("timers"), Key("counters"), Key("out"), Key("wanted"),
              Key("cancels")},
             {request.id, HintChannel(), PackSealed(notice), notice.reason,
              std::to_string(kCancelledRetentionMs), kFeedMax},
             then);
}

void Store::Withdraw(const CancelRequest& request, std::int64_t revision, std::int64_t accepted_ms,
                     std::int64_t now_ms, int tries, Done<CancelReply> done) {
  Recommendation notice = CancelNotice(request, "withdrawn on request");
  notice.revision = revision + 1;
  notice.accepted_ms = accepted_ms;
  notice.decided_ms = now_ms;
  const auto then = [this, request, tries, done](const Result<RedisReply>& reply) {
    if (!reply) return done(reply.error());
    const bool changed = !reply->items.empty() && reply->items[0].text == "changed";
    if (!changed) return done(ReadCancelReply(request.id, *reply));
    if (tries > 1) return Cancel(request, tries - 1, done);
    done(Error{ErrorCode::kUnavailable, "case " + request.id + " is revised all the time"});
  };
  redis_.Run("withdraw_case",
             {CaseKey(request.id), Key("counters"), Key("out"), Key("wanted"), Key("cancels")},
             {request.id, HintChannel(), std::to_string(revision), PackSealed(notice),
              notice.reason, std::to_string(kCancelledRetentionMs), kFeedMax},
             then);
}

void Store::Fetch(const std::string& case_id, Done<CaseView> done) {
  redis_.Send(
      {"HGETALL", CaseKey(case_id)},
      Reading<CaseView>(std::move(done), [case_id](const RedisReply& reply) -> Result<CaseView> {
        if (reply.items.empty()) return Error{ErrorCode::kNotFound, "no case " + case_id};
        std::map<std::string, std::string> fields;
        for (std::size_t i = 0; i + 1 < reply.items.size(); i += 2) {
          fields.emplace(reply.items[i].text, reply.items[i + 1].text);
        }
        return ReadCaseRecord(case_id, fields);
      }));
}

void Store::AddOutcome(const std::string& case_id, CaseOutcome outcome,
                       Done<CaseOutcomeReply> done) {
  outcome.at_ms = 0;  // Redis' clock says when, and the same again has the same bytes
  redis_.Run(
      "add_outcome", {CaseKey(case_id), Key("events"), Key("wanted")},
      {case_id, HintChannel(), PackSealed(outcome), outcome.by, std::to_string(outcome.revision),
       std::to_string(limits::kCaseOutcomesMax)},
      Reading<CaseOutcomeReply>(NamingNoMemory<CaseOutcomeReply>(std::move(done)),
                                [case_id, revision = outcome.revision](const RedisReply& reply) {
                                  return ReadOutcomeReply(case_id, revision, reply);
                                }));
}

void Store::ReadCancels(const std::string& after, Done<Cancels> done) {
  if (after.empty()) {
    redis_.Send({"XREVRANGE", Key("cancels"), "+", "-", "COUNT", "1"},
                Reading<Cancels>(std::move(done), [](const RedisReply& reply) {
                  const bool none = reply.items.empty() || reply.items[0].items.empty();
                  return Result<Cancels>(Cancels{{}, none ? "0-0" : reply.items[0].items[0].text});
                }));
    return;
  }
  redis_.Send({"XRANGE", Key("cancels"), "(" + after, "+", "COUNT", "1024"},
              Reading<Cancels>(std::move(done), [after](const RedisReply& reply) {
                Cancels cancels{{}, after};
                for (const RedisReply& entry : reply.items) {
                  if (entry.items.size() != 2 || entry.items[1].items.size() != 2) continue;
                  cancels.cursor = entry.items[0].text;
                  cancels.cases.push_back(entry.items[1].items[1].text);
                }
                return Result<Cancels>(std::move(cancels));
              }));
}

}  // namespace consilium
