#include "aggregator/evidence_mover.h"

#include <cstdint>

namespace consilium {
namespace {

constexpr std::int64_t kBatch = 64;
constexpr milliseconds kPoll{1000};  // hints may be lost

}  // namespace

EvidenceMover::EvidenceMover(RedisConnection& from, std::size_t shard, ChemistryStore& to)
    : from_(from, shard), shard_(shard), to_(to) {}

TimePoint EvidenceMover::Tick(TimePoint now) {
  if (moving_) return TimePoint::max();
  if (now < look_at_) return look_at_;
  moving_ = true;
  look_at_ = now + kPoll;
  from_.ReadWaiting(kBatch, [this](const Result<std::vector<WaitingEvidence>>& lines) {
    if (!lines) return End("read_waiting", lines.error());
    if (!lines->empty()) return Take(*lines);
    moving_ = false;
  });
  return moving_ ? TimePoint::max() : look_at_;
}

void EvidenceMover::Take(const std::vector<WaitingEvidence>& lines) {
  to_.Take(shard_, lines, [this, lines](const Result<std::int64_t>& taken) {
    if (!taken) return End("take_evidence", taken.error());
    Forget(lines);
  });
}

void EvidenceMover::Forget(const std::vector<WaitingEvidence>& lines) {
  from_.Forget(lines, [this, count = lines.size()](const Status& forgotten) {
    if (!forgotten) return End("forget_evidence", forgotten.error());
    moving_ = false;
    if (count == static_cast<std::size_t>(kBatch)) look_at_ = TimePoint{};
  });
}

// The lines are still there: they are read again.
void EvidenceMover::End(const char* step, const Error& error) {
  moving_ = false;
  if (error.code == ErrorCode::kUnavailable || !complaints_.Due()) return;
  LogError("step_failed", {{"step", step},
                           {"shard", shard_},
                           {"code", ErrorName(error.code)},
                           {"text", error.text},
                           {"count", complaints_.count()}});
}

}  // namespace consilium
