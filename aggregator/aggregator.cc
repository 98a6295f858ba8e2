#include "aggregator/aggregator.h"

#include <algorithm>
#include <utility>

#include "shared/ids.h"
#include "shared/log.h"

namespace consilium {
namespace {

constexpr milliseconds kBeat{1000};
constexpr milliseconds kLearn{2000};
constexpr milliseconds kRecordsWait{5000};
constexpr milliseconds kAbsentAfter{10000};
constexpr milliseconds kStopLimit{5000};

std::deque<CaseLoop> MakeShards(const Config& config, const Council& council,
                                const std::vector<RedisAddress>& redis, const std::string& id,
                                const CaseLoop::Events& events) {
  std::deque<CaseLoop> shards;
  for (const RedisAddress& address : redis) {
    shards.emplace_back(config, council, address, shards.size(), redis.size(), id, events);
  }
  return shards;
}

}  // namespace

Aggregator::Aggregator(const Config& config, const std::vector<RedisAddress>& redis,
                       MedicationTable medications, SafetyTables safety)
    : config_(config),
      id_("aggregator-" + RandomHexId().substr(0, 12)),
      medications_(std::move(medications)),
      safety_(std::move(safety)),
      council_{config.council, {}, medications_, safety_},
      shards_(MakeShards(config_, council_, redis, id_,
                         {[this](CaseLoop& shard) {
                            if (shard.shard() == 0) learner_.OnRedisUp();
                          },
                          [this](CaseLoop& shard) {
                            if (shard.shard() == 0) return learner_.OnHint();
                            movers_[shard.shard() - 1].OnHint();
                          },
                          [this](CaseLoop& shard) {
                            if (shard.shard() == 0) ReadTrackRecords();
                          }})),
      chemistry_store_(first().redis()),
      learner_(config_, chemistry_store_) {
  for (CaseLoop& shard : shards_) {
    if (shard.shard() > 0) movers_.emplace_back(shard.redis(), shard.shard(), chemistry_store_);
  }
  for (const BackendConfig& backend : config_.backends)
    council_.pool.push_back({backend.model, true});
  council_.records_read = false;
}

void Aggregator::Run(StopSignals& stop, HealthFile& health) {
  LogInfo("aggregator_started", {{"aggregator", id_}, {"models", config_.backends.size()}});
  constexpr milliseconds kLongest{1000};
  TimePoint give_up = TimePoint::max();
  while (!stopping_ || (InHand() > 0 && Now() < give_up)) {
    const TimePoint now = Now();
    const TimePoint told_again = health.Tell(Trouble(), now);
    Turn(std::min(kLongest, std::chrono::ceil<milliseconds>(told_again - now)), stop.fd());
    const int signals = stop.Count();
    if (signals > 1) break;
    if (signals == 1 && !stopping_) {
      stopping_ = true;
      due_ = TimePoint::min();
      give_up = Now() + kStopLimit;
      LogInfo("aggregator_stopping", {{"in_hand", InHand()}});
    }
  }
  LogInfo("aggregator_stopped", {{"in_hand", InHand()}});
}

void Aggregator::Turn(milliseconds longest, int stop_fd) {
  polled_ = {{stop_fd, POLLIN, 0}};
  for (const CaseLoop& shard : shards_) {
    polled_.push_back(shard.Work());
    polled_.push_back(shard.Hints());
  }
  const TimePoint now = Now();
  poll(polled_.data(), polled_.size(), PollTimeoutMs(now, std::min(due_, now + longest)));
  for (CaseLoop& shard : shards_) {
    const std::size_t at = 1 + 2 * shard.shard();
    shard.OnReady(polled_[at].revents, polled_[at + 1].revents);
  }
  due_ = Tick(Now());
}

std::size_t Aggregator::InHand() const {
  std::size_t count = 0;
  for (const CaseLoop& shard : shards_) count += shard.in_hand();
  return count;
}

std::string Aggregator::Trouble() const {
  if (stopping_) return "stopping";
  // As with a broker: what a restart does not heal is no trouble of this one.
  return worked_ ? "" : shards_.front().WhyNotReady();
}

TimePoint Aggregator::Tick(TimePoint now) {
  const bool decide = !stopping_ && (council_.records_read || now >= decide_at_);
  TimePoint next = decide || stopping_ ? TimePoint::max() : decide_at_;
  for (CaseLoop& shard : shards_) {
    next = std::min(next, shard.Tick(decide, now));
    worked_ = worked_ || shard.ready();
    if (shard.ready() && decide_at_ == TimePoint::max()) decide_at_ = now + kRecordsWait;
  }
  if (!first().ready()) return next;
  if (now >= next_beat_) {
    next_beat_ = now + kBeat;
    first().store().SendBeat("aggregators", Beat{id_, {}, true, ""}, [](const auto&) {});
  }
  if (now >= next_learn_ && !learning_) {
    next_learn_ = now + kLearn;
    Learn();
    ReadTrackRecords();
  }
  next = std::min({next, next_beat_, learning_ ? TimePoint::max() : next_learn_});
  if (stopping_) return next;
  for (std::size_t i = 0; i < movers_.size(); ++i) {
    if (shards_[i + 1].ready()) next = std::min(next, movers_[i].Tick(now));
  }
  return std::min(next, learner_.Tick(now));
}

void Aggregator::ReadTrackRecords() {
  chemistry_store_.ReadTrackRecords([this](const Result<TrackRecords>& records) {
    if (!records.ok()) {  // what was read last stands
      if (records.error().code != ErrorCode::kUnavailable && bad_records_.Due()) {
        LogError("track_records_unreadable",
                 {{"text", records.error().text}, {"count", bad_records_.count()}});
      }
      return;
    }
    council_.records_read = true;
    council_.track_records.clear();
    for (const TrackRecord& record : records->items) {
      council_.track_records.emplace(record.kind, record);
    }
  });
}

// Which models have a worker: idle ones that can answer are asked for reviews first. A model counts
// as absent only after a while, so that who reviews does not depend on the moment of a start or a
// reconnect.
void Aggregator::Learn() {
  learning_ = true;
  first().store().Describe({}, [this](const Result<StatusReply>& status) {
    learning_ = false;
    if (!status) return;
    const TimePoint now = Now();
    for (const WorkerStatus& worker : status->workers) seen_[worker.model] = now;
    for (PoolModel& member : council_.pool) {
      member.live = now - seen_.try_emplace(member.model, now).first->second < kAbsentAfter;
    }
  });
}

}  // namespace consilium
