// Tasks: leased, ended, taken back, put back.
#include <memory>
#include <utility>

#include "shared/codec.h"
#include "shared/ids.h"
#include "shared/redis_reply.h"
#include "shared/seal.h"
#include "shared/store.h"
#include "shared/store_parts.h"

namespace consilium {
namespace {

constexpr const char* kReapBatch = "256";
constexpr const char* kPromoteBatch = "256";
constexpr const char* kRestoreBatch = "128";

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

}  // namespace consilium
