#include "shared/store.h"

#include <algorithm>
#include <cstring>
#include <iterator>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "shared/case_record.h"
#include "shared/chemistry_store.h"
#include "shared/codec.h"
#include "shared/ids.h"
#include "shared/limits.h"
#include "shared/log.h"
#include "shared/redis_reply.h"
#include "shared/seal.h"
#include "shared/text.h"
#include "store_scripts.h"

namespace consilium {
namespace {

// Kept recommendations in the feed; a watcher further behind is told of the gap and fetches by id.
constexpr const char* kFeedMax = "100000";
constexpr const char* kReapBatch = "256";
constexpr const char* kPromoteBatch = "256";
constexpr const char* kRestoreBatch = "128";
// A case may be revised between the look and the step; not so often.
constexpr int kWithdrawTries = 8;
constexpr std::int64_t kBeatTtlMs = 5000;
constexpr std::int64_t kSilentConsumerMs = 5000;

std::string StageName(Stage stage) { return kStageNames[static_cast<std::size_t>(stage)]; }

// The part of a ref after the case id: "stage|round|model".
std::string TaskKey(const TaskId& task) {
  return StageName(task.stage) + "|" + std::to_string(task.round) + "|" + task.model;
}

AttemptError ErrorFrom(const Outcome& outcome) {
  AttemptError error;
  error.code = outcome.code.empty() ? kOutcomeStatusNames[static_cast<std::size_t>(outcome.status)]
                                    : outcome.code;
  error.text = outcome.text;
  error.worker = outcome.worker;
  return error;
}

// Of an attempt that failed and may end among the dead; "" for others.
std::string ErrorOf(const AttemptEnd& end) {
  const bool failed = end.kind == AttemptEnd::Kind::kRetry ||
                      end.kind == AttemptEnd::Kind::kCrash || end.dead_letter;
  return failed && end.outcome ? Pack(ErrorFrom(*end.outcome)) : "";
}

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

// What a model is asked is what was accepted, or it is not asked.
bool ReadWork(const RedisReply& item, LeasedTask& lease) {
  auto vignette = UnpackSealed<Vignette>(item.items[4].text);
  if (!vignette) return false;
  lease.vignette = std::move(*vignette);
  if (item.items[5].text.empty()) return true;
  auto packet = UnpackSealed<ReviewPacket>(item.items[5].text);
  if (!packet) return false;
  lease.review = std::move(*packet);
  return true;
}

Result<LeasedTask> ReadLease(const RedisReply& item) {
  if (item.items.size() != 6) return Unexpected("lease_tasks");
  auto task = TaskFromRef(item.items[0].text);
  if (!task) return task.error();
  LeasedTask lease;
  lease.task = std::move(*task);
  lease.fence = ToInt(item.items[1]);
  lease.attempts = ToInt(item.items[2]);
  lease.time_left_ms = ToInt(item.items[3]);
  lease.corrupt = !ReadWork(item, lease);
  return lease;
}

// A ref that is none costs only itself: its lease runs out and it ends among the dead.
Result<std::vector<LeasedTask>> ReadLeases(const RedisReply& reply) {
  std::vector<LeasedTask> leases;
  leases.reserve(reply.items.size());
  for (const RedisReply& item : reply.items) {
    if (auto lease = ReadLease(item)) leases.push_back(std::move(*lease));
  }
  return leases;
}

}  // namespace

Store::Store(RedisConnection& redis, std::size_t shard, std::size_t shards)
    : redis_(redis), shard_(shard), shards_(shards), prefix_(ShardPrefix(shard)) {}

std::string ShardPrefix(std::size_t shard) { return "consilium:{" + std::to_string(shard) + "}:"; }

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

std::vector<RedisScript> Store::Scripts() {
  return {{"submit_case", kSubmitCaseScript},   {"lease_tasks", kLeaseTasksScript},
          {"renew_leases", kRenewLeasesScript}, {"end_attempt", kEndAttemptScript},
          {"reap_leases", kReapLeasesScript},   {"promote_delayed", kPromoteDelayedScript},
          {"cancel_case", kCancelCaseScript},   {"apply_update", kApplyUpdateScript},
          {"take_events", kTakeEventsScript},   {"ack_events", kAckEventsScript},
          {"due_timers", kDueTimersScript},     {"send_beat", kSendBeatScript},
          {"describe", kDescribeScript},        {"prepare", kPrepareScript},
          {"claim_shard", kClaimShardScript},   {"restore_tasks", kRestoreTasksScript},
          {"add_outcome", kAddOutcomeScript},   {"withdraw_case", kWithdrawCaseScript}};
}

std::string Store::Key(std::string_view name) const { return prefix_ + std::string(name); }

std::string Store::LaneKey(Stage stage, const std::string& model) const {
  return prefix_ + "lane:" + StageName(stage) + ":" + model;
}

std::string Store::HintChannel() const { return Key("hints"); }

void Store::Claim(bool known, Done<std::int64_t> done) {
  const std::string place = std::to_string(shard_) + " of " + std::to_string(shards_);
  const auto read = [place](const RedisReply& reply) -> Result<std::int64_t> {
    if (reply.items.size() != 2) return Unexpected("claim_shard");
    if (reply.items[0].text == place) return ToInt(reply.items[1]);
    return Error{ErrorCode::kConflict,
                 "this Redis is shard " + Escaped(reply.items[0].text) + ", expected " + place +
                     ": redis.url must list the same Redis in the same order as when they were "
                     "first used"};
  };
  redis_.Run("claim_shard", {"consilium:shard", ShardPrefix(0) + "counters", Key("counters")},
             {place, known ? "1" : "0"}, Reading<std::int64_t>(std::move(done), read));
}

void Store::CheckClaim(Done<bool> done) {
  redis_.Send({"EXISTS", "consilium:shard"},
              Reading<bool>(std::move(done), [](const RedisReply& reply) {
                return Result<bool>(ToInt(reply) == 1);
              }));
}

void Store::Prepare(const std::vector<std::string>& models, Done<Nothing> done) {
  std::vector<std::string> keys = {Key("events")};
  for (const std::string& model : models) {
    keys.push_back(LaneKey(Stage::kGenerate, model));
    keys.push_back(LaneKey(Stage::kReview, model));
  }
  redis_.Run("prepare", std::move(keys), {},
             Reading<Nothing>(std::move(done), [](const RedisReply&) { return Ok(); }));
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

void Store::Lease(const std::string& model, const std::string& owner, std::int64_t count,
                  Done<std::vector<LeasedTask>> done) {
  redis_.Run("lease_tasks",
             {LaneKey(Stage::kReview, model), LaneKey(Stage::kGenerate, model), Key("events"),
              Key("wanted"), Key("counters")},
             {CaseKey(""), owner, std::to_string(count), HintChannel(), model,
              std::to_string(queue_wait_ms_)},
             Reading<std::vector<LeasedTask>>(std::move(done), ReadLeases));
}

void Store::Renew(const std::string& model, const std::string& owner,
                  const std::vector<HeldTask>& held, Done<std::vector<HeldTask>> done) {
  std::vector<std::string> args = {CaseKey(""), owner};
  for (const HeldTask& task : held) {
    args.push_back(task.task);
    args.push_back(std::to_string(task.fence));
  }
  redis_.Run("renew_leases", {LaneKey(Stage::kReview, model), LaneKey(Stage::kGenerate, model)},
             std::move(args),
             Reading<std::vector<HeldTask>>(std::move(done), [](const RedisReply& reply) {
               std::vector<HeldTask> stop;
               for (std::size_t i = 0; i + 1 < reply.items.size(); i += 2) {
                 stop.push_back({reply.items[i].text, ToInt(reply.items[i + 1])});
               }
               return Result<std::vector<HeldTask>>(std::move(stop));
             }));
}

void Store::EndAttempt(const AttemptEnd& end, Done<Disposition> done) {
  static constexpr const char* kKinds[] = {"final", "retry", "release", "crash"};
  const bool won = end.outcome && end.outcome->status == OutcomeStatus::kOk;
  redis_.Run(
      "end_attempt",
      {CaseKey(end.task.case_id), LaneKey(end.task.stage, end.task.model), Key("events"),
       Key("delayed"), Key("dead"), Key("counters"), Key("wanted")},
      {end.task.case_id, TaskKey(end.task), std::to_string(end.fence),
       kKinds[static_cast<std::size_t>(end.kind)], end.outcome ? PackSealed(*end.outcome) : "",
       won ? "1" : "0", std::to_string(end.delay_ms), std::to_string(end.crashes_max),
       end.dead_letter ? "1" : "0", HintChannel(), ErrorOf(end)},
      Reading<Disposition>(std::move(done), [](const RedisReply& reply) {
        return Result<Disposition>(reply.text);
      }));
}

void Store::Reap(const std::string& model, const Judge& judge, std::int64_t lease_ms,
                 std::int64_t orphan_ms, std::int64_t crashes_max, const Outcome& dead_outcome,
                 Done<ReapReply> done) {
  struct Progress {
    int left = 2;
    ReapReply sum;
    std::optional<Error> error;
    Done<ReapReply> done;
  };
  auto progress = std::make_shared<Progress>();
  progress->done = std::move(done);
  for (const Stage stage : {Stage::kReview, Stage::kGenerate}) {
    redis_.Run("reap_leases",
               {LaneKey(stage, model), Key("events"), Key("dead"), Key("counters"), Key("brokers"),
                Key("wanted"), Key("brokers:steady")},
               {CaseKey(""), std::to_string(lease_ms), std::to_string(orphan_ms),
                std::to_string(crashes_max), PackSealed(dead_outcome), HintChannel(), kReapBatch,
                std::to_string(queue_wait_ms_), Pack(ErrorFrom(dead_outcome)), judge.owner,
                std::to_string(judge.steady_ms)},
               [progress](const Result<RedisReply>& reply) {
                 if (!reply) {
                   progress->error = reply.error();
                 } else if (reply->items.size() == 2) {
                   progress->sum.requeued += ToInt(reply->items[0]);
                   progress->sum.dead += ToInt(reply->items[1]);
                 }
                 if (--progress->left > 0) return;
                 if (progress->error) return progress->done(*progress->error);
                 progress->done(progress->sum);
               });
  }
}

void Store::Promote(Done<PromoteReply> done) {
  redis_.Run(
      "promote_delayed", {Key("delayed"), Key("wanted")},
      {CaseKey(""), Key("lane:"), HintChannel(), kPromoteBatch},
      Reading<PromoteReply>(std::move(done), [](const RedisReply& reply) -> Result<PromoteReply> {
        if (reply.items.size() != 2) return Unexpected("promote_delayed");
        return PromoteReply{ToInt(reply.items[0]), ToInt(reply.items[1])};
      }));
}

void Store::Restore(const std::string& cursor, Done<RestoreReply> done) {
  redis_.Run(
      "restore_tasks",
      {Key("timers"), Key("delayed"), Key("events"), Key("counters"), Key("wanted")},
      {cursor, kRestoreBatch, CaseKey(""), Key("lane:"), HintChannel()},
      Reading<RestoreReply>(std::move(done), [](const RedisReply& reply) -> Result<RestoreReply> {
        if (reply.items.size() != 3) return Unexpected("restore_tasks");
        return RestoreReply{reply.items[0].text, ToInt(reply.items[1]), ToInt(reply.items[2])};
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

void Store::Watch(const std::string& after, std::int64_t max, Done<WatchSlice> done) {
  if (after == "$") {
    redis_.Send({"XREVRANGE", Key("out"), "+", "-", "COUNT", "1"},
                Reading<WatchSlice>(std::move(done), [](const RedisReply& reply) {
                  WatchSlice slice;
                  slice.cursor = reply.items.empty() || reply.items[0].items.empty()
                                     ? "0-0"
                                     : reply.items[0].items[0].text;
                  return Result<WatchSlice>(std::move(slice));
                }));
    return;
  }
  if (!after.empty() && !IsStreamId(after)) {
    return done(Invalid("after = " + Quoted(after) +
                        ", expected \"\", \"$\" or a cursor of an earlier reply"));
  }
  // The oldest kept entry first, in the same pipeline: it shows whether the cursor fell off the
  // feed.
  auto oldest = std::make_shared<std::string>();
  redis_.Send({"XRANGE", Key("out"), "-", "+", "COUNT", "1"},
              [oldest](const Result<RedisReply>& reply) {
                if (reply && !reply->items.empty() && !reply->items[0].items.empty()) {
                  *oldest = reply->items[0].items[0].text;
                }
              });
  const std::string from = after.empty() ? "0-0" : after;
  // Before the look, so that whatever comes after it is told.
  redis_.Send({"HSETNX", Key("wanted"), "out", "1"}, [](const Result<RedisReply>&) {});
  redis_.Send(
      {"XRANGE", Key("out"), "(" + from, "+", "COUNT", std::to_string(max)},
      Reading<WatchSlice>(
          std::move(done), [from, oldest](const RedisReply& reply) -> Result<WatchSlice> {
            WatchSlice slice;
            slice.cursor = from;
            // Trimming takes whole blocks from the old end, so a cursor that is older than
            // the oldest kept entry may have missed some; one at "0-0" asked for whatever
            // is kept.
            slice.gap = from != "0-0" && !oldest->empty() && StreamIdLess(from, *oldest);
            for (const RedisReply& entry : reply.items) {
              if (entry.items.size() != 2 || entry.items[1].items.size() != 2)
                return Unexpected("watch");
              slice.cursor = entry.items[0].text;
              auto item = UnpackSealed<Recommendation>(entry.items[1].items[1].text);
              if (!item) {  // one that nobody can read must not hold up all others
                LogError("feed_damaged", {{"entry", slice.cursor}, {"text", item.error().text}});
                continue;
              }
              slice.items.push_back(std::move(*item));
              slice.entries.push_back(slice.cursor);
            }
            return slice;
          }));
}

void Store::Describe(const std::vector<std::string>& models, Done<StatusReply> done) {
  std::vector<std::string> keys = {Key("counters"), Key("timers"),  Key("delayed"),
                                   Key("dead"),     Key("brokers"), Key("aggregators")};
  for (const std::string& model : models) {
    keys.push_back(LaneKey(Stage::kGenerate, model));
    keys.push_back(LaneKey(Stage::kReview, model));
  }
  const auto read = [models](const RedisReply& reply) -> Result<StatusReply> {
    if (reply.items.size() != 9) return Unexpected("describe");
    StatusReply status;
    status.now_ms = ToInt(reply.items[0]);
    status.live = ToInt(reply.items[1]);
    status.delayed = ToInt(reply.items[2]);
    status.dead = ToInt(reply.items[3]);
    const auto& counters = reply.items[4].items;
    for (std::size_t i = 0; i + 1 < counters.size(); i += 2) {
      status.counters[counters[i].text] = ToInt(counters[i + 1]);
    }
    const auto& brokers = reply.items[5].items;
    for (std::size_t i = 0; i + 2 < brokers.size(); i += 3) {
      BrokerStatus& broker = status.brokers.emplace_back();
      broker.id = brokers[i].text;
      broker.alive = ToInt(brokers[i + 1]) == 1;
      broker.leases = ToInt(brokers[i + 2]);
      if (!broker.alive) {
        broker.accepting = false;
        broker.reason = "no sign of life; its leases are taken back or adopted";
      }
    }
    status.aggregators = Texts(reply.items[6]);
    for (const RedisReply& packed : reply.items[7].items) {
      auto beat = Unpack<Beat>(packed.text);
      if (!beat) continue;  // a broker of another version; its workers show in its own status
      for (BrokerStatus& broker : status.brokers) {
        if (broker.id != beat->id) continue;
        broker.accepting = beat->accepting;
        broker.partly = beat->partly;
        broker.reason = beat->reason;
      }
      std::move(beat->workers.begin(), beat->workers.end(), std::back_inserter(status.workers));
    }
    const auto& lanes = reply.items[8].items;
    for (std::size_t i = 0; i + 2 < lanes.size() && i / 6 < models.size(); i += 3) {
      LaneStatus& lane = status.lanes.emplace_back();
      lane.model = models[i / 6];
      lane.stage = kStageNames[i / 3 % 2];
      lane.waiting = ToInt(lanes[i]);
      lane.leased = ToInt(lanes[i + 1]);
      if (ToInt(lanes[i + 2]) >= 0) lane.oldest_ms = ToInt(lanes[i + 2]);
    }
    std::int64_t ended = 0;
    for (const char* name : {"complete", "degraded", "insufficient", "failed", "cancelled"}) {
      ended += status.counters[name];
    }
    status.balanced = status.counters["accepted"] == ended + status.live;
    return status;
  };
  redis_.Run("describe", std::move(keys), {std::to_string(kBeatTtlMs), Key("beat:")},
             Reading<StatusReply>(std::move(done), read));
}

void Store::SendBeat(const std::string& kind, const Beat& beat, Done<std::int64_t> done) {
  redis_.Run("send_beat",
             {Key(kind), Key("beat:" + beat.id), Key(kind + ":steady"), Key("counters")},
             {beat.id, Pack(beat), std::to_string(kBeatTtlMs),
              std::to_string(limits::kPeerSilenceMax.count())},
             Reading<std::int64_t>(std::move(done), [](const RedisReply& reply) {
               return Result<std::int64_t>(reply.integer);
             }));
}

void Store::TakeEvents(const std::string& owner, std::int64_t count, bool claim,
                       Done<std::vector<Event>> done) {
  redis_.Run("take_events", {Key("events"), Key("wanted")},
             {owner, std::to_string(count), std::to_string(claim ? kSilentConsumerMs : 0)},
             Reading<std::vector<Event>>(std::move(done), [](const RedisReply& reply) {
               std::vector<Event> events;
               for (std::size_t i = 0; i + 1 < reply.items.size(); i += 2) {
                 events.push_back({reply.items[i].text, reply.items[i + 1].text});
               }
               return Result<std::vector<Event>>(std::move(events));
             }));
}

void Store::AckEvents(const std::vector<Event>& events, Done<Nothing> done) {
  if (events.empty()) return done(Ok());
  std::vector<std::string> entries;
  entries.reserve(events.size());
  for (const Event& event : events) entries.push_back(event.entry);
  redis_.Run("ack_events", {Key("events")}, std::move(entries),
             Reading<Nothing>(std::move(done), [](const RedisReply&) { return Ok(); }));
}

void Store::Due(std::int64_t count, Done<DueTimers> done) {
  redis_.Run("due_timers", {Key("timers")}, {std::to_string(count)},
             Reading<DueTimers>(std::move(done), [](const RedisReply& reply) -> Result<DueTimers> {
               if (reply.items.size() < 2) return Unexpected("due_timers");
               DueTimers due;
               due.now_ms = ToInt(reply.items[0]);
               due.next_ms = ToInt(reply.items[1]);
               for (std::size_t i = 2; i < reply.items.size(); ++i)
                 due.cases.push_back(reply.items[i].text);
               return due;
             }));
}

void Store::PutOff(const std::string& case_id, std::int64_t timer_ms, Done<Nothing> done) {
  redis_.Send({"ZADD", Key("timers"), "XX", std::to_string(timer_ms), case_id},
              Reading<Nothing>(std::move(done), [](const RedisReply&) { return Ok(); }));
}

void Store::Apply(const CaseUpdate& update, Done<bool> done) {
  std::vector<std::string> keys = {
      CaseKey(update.case_id), Key("timers"),   Key("counters"), Key("out"),
      Key("history"),          Key("evidence"), Key("learned"),  Key("wanted")};
  std::vector<std::string> args = {
      update.case_id,
      std::to_string(update.version),
      HintChannel(),
      update.state ? kCaseStateNames[static_cast<std::size_t>(*update.state)] : "",
      update.timer_ms ? std::to_string(*update.timer_ms) : "",
      std::to_string(update.retention_ms),
      update.publish ? PackSealed(*update.publish) : "",
      update.history ? Pack(*update.history) : "",
      kFeedMax,
      update.evidence ? Pack(*update.evidence) : "",
      update.evidence ? LearnedMember(update.evidence->evidence) : "",
      update.known ? PackSealed(*update.known) : "",
      std::to_string(update.tasks.size())};
  for (const NewTask& task : update.tasks) {
    keys.push_back(LaneKey(task.task.stage, task.task.model));
    args.push_back(TaskKey(task.task));
    args.push_back(std::to_string(task.deadline_ms));
    args.push_back(task.packet ? PackSealed(*task.packet) : "");
    args.push_back(PackReviewKey(task.labels, task.authors));
  }
  redis_.Run("apply_update", std::move(keys), std::move(args),
             Reading<bool>(std::move(done), [](const RedisReply& reply) {
               return Result<bool>(reply.integer == 1);
             }));
}

}  // namespace consilium
