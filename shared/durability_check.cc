#include "shared/durability_check.h"

#include <memory>
#include <utility>
#include <vector>

#include "shared/log.h"
#include "shared/redis_durability.h"

namespace consilium {
namespace {

constexpr milliseconds kAskEvery{2000};

}  // namespace

DurabilityCheck::DurabilityCheck(RedisConnection& redis, std::size_t shard, bool trusted,
                                 std::function<void()> on_change)
    : redis_(redis), shard_(shard), trusted_(trusted), on_change_(std::move(on_change)) {}

TimePoint DurabilityCheck::Tick(TimePoint now) {
  if (!redis_.up()) return TimePoint::max();
  if (generation_ != redis_.generation()) {
    generation_ = redis_.generation();
    why_.reset();
    ask_at_ = now;
  }
  if (now >= ask_at_) {
    ask_at_ = now + kAskEvery;
    Ask();
  }
  return ask_at_;
}

void DurabilityCheck::Ask() {
  // Answered in order.
  const auto settings = std::make_shared<std::vector<SettingFound>>();
  redis_.Send(AskDurableSettings(), [settings](const auto& reply) {
    if (!reply && reply.error().code == ErrorCode::kUnavailable) return;  // passing: asked again
    *settings = ReadDurableSettings(reply ? *reply : RedisReply{});
  });
  redis_.Send(AskDefaultUser(), [this, settings, generation = generation_](const auto& reply) {
    if (generation != generation_ || settings->empty()) return;
    if (!reply && reply.error().code == ErrorCode::kUnavailable) return;
    settings->push_back(ReadDefaultUser(reply ? *reply : RedisReply{}));
    std::string why = WhyNotDurable(*settings);
    if (!why.empty() && why != logged_) {
      LogWarn("redis_not_durable",
              {{"shard", shard_}, {"text", why}, {"accepting", trusted_ ? 1 : 0}});
    } else if (why.empty() && !logged_.empty()) {
      LogInfo("redis_durable", {{"shard", shard_}});
    }
    logged_ = why;
    const std::optional<std::string> before = std::exchange(why_, trusted_ ? "" : std::move(why));
    if (why_ != before && on_change_) on_change_();
  });
}

std::string DurabilityCheck::Trouble() const {
  return known() ? *why_ : "the settings of Redis are being checked";
}

std::string DurabilityCheck::settings() const {
  if (trusted_) return "trusted";
  if (!known()) return "unknown";
  return why_->empty() ? "good" : *why_;
}

}  // namespace consilium
