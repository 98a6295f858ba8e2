// The shard itself: its name, its keys, who is there, what it holds.
#include "shared/store.h"

#include <iterator>
#include <utility>

#include "shared/codec.h"
#include "shared/limits.h"
#include "shared/redis_reply.h"
#include "shared/store_parts.h"
#include "shared/text.h"
#include "store_scripts.h"

namespace consilium {
namespace {

constexpr std::int64_t kBeatTtlMs = 5000;

}  // namespace

Store::Store(RedisConnection& redis, std::size_t shard, std::size_t shards)
    : redis_(redis), shard_(shard), shards_(shards), prefix_(ShardPrefix(shard)) {}

std::string ShardPrefix(std::size_t shard) { return "consilium:{" + std::to_string(shard) + "}:"; }

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

}  // namespace consilium
