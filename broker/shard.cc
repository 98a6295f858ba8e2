#include "broker/shard.h"

#include <sys/statvfs.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "broker/worker_desk.h"

namespace consilium {
namespace {

constexpr milliseconds kCheckEvery{2000};
constexpr milliseconds kCancelsEvery{500};
constexpr milliseconds kPromoteAtLeastEvery{1000};
constexpr double kRestoreEveryMs = 2000;  // jittered, as the next
constexpr double kReapEveryMs = 2000;     // jittered by half, so that brokers do not reap in step
// With a clock on the wait in lanes, so that what ran out is known within a second.
constexpr double kReapSoonMs = 600;
// Leases of a broker without a beat for so long are taken back, uncounted.
constexpr milliseconds kOrphan{8000};
// A broker judges leases once it has beaten for so long without a gap.
constexpr milliseconds kSteady{3000};
constexpr milliseconds kPrepareAgain{1000};
// No lease idles for so long: the call then finds orphans only, or what waited too long.
constexpr std::int64_t kNeverMs = 100'000'000'000'000;

}  // namespace

Shard::Shard(const Config& config, const RedisAddress& address, std::size_t number,
             std::size_t count, const std::string& broker_id, const Events& events)
    : config_(config),
      number_(number),
      broker_id_(broker_id),
      events_(events),
      redis_(address, AllScripts(), kRedisLinks),
      hints_(address, {}),
      store_(redis_, number, count),
      dead_(redis_, static_cast<int>(number)),
      durability_(redis_, number, config.redis.durability == "trusted",
                  [this] { events_.on_change(*this); }),
      owner_(broker_id + ".0"),
      here_(!address.socket.empty()),
      pressure_(config.redis),
      jitter_(number, "chores of " + broker_id) {
  store_.LimitQueueWait(std::llround(config.council.queue_wait_s * 1000));
  hints_.Subscribe(store_.HintChannel(),
                   [this](const std::string& hint) { events_.on_hint(*this, hint); });
}

std::string Shard::NotAnswering() const {
  if (!redis_.up()) return "Redis does not answer: " + redis_.reason();
  if (claimed_) return "";
  return wrong_.empty() ? "which shard this Redis is, is being checked" : wrong_;
}

std::optional<Error> Shard::NotAccepting() const {
  const auto unavailable = [](std::string why) {
    return Error{ErrorCode::kUnavailable, std::move(why)};
  };
  if (!answering()) return unavailable(NotAnswering());
  if (std::string why = durability_.Trouble(); !why.empty()) return unavailable(std::move(why));
  if (!pressure_.reason().empty()) return Error{ErrorCode::kQueueFull, pressure_.reason()};
  return std::nullopt;
}

RedisStatus Shard::Describe() const {
  RedisStatus redis;
  redis.shard = static_cast<std::int64_t>(number_);
  redis.up = redis_.up();
  redis.settings = durability_.settings();
  redis.used_bytes = room_.used;
  redis.bound_bytes = pressure_.BoundOf(room_);
  redis.file_bytes = room_.file;
  redis.disk_free_bytes = room_.disk_free;
  redis.disk_bytes = room_.disk;
  redis.pressure = pressure_.reason();
  redis.lost = lost_;
  return redis;
}

void Shard::Beat(consilium::Beat beat) {
  beat.id = owner_;
  // A count that was told before this beat was sent: replies that overtake each other do not
  // matter.
  store_.SendBeat("brokers", beat, [this, known = accepted_](const Result<std::int64_t>& accepted) {
    if (accepted) SeeAccepted(known, *accepted);
  });
}

// Of several replies that were asked for before a loss, one tells it.
void Shard::SeeAccepted(std::int64_t known, std::int64_t accepted) {
  const std::int64_t before = std::min(known, std::exchange(accepted_, accepted));
  if (accepted >= before) return;
  lost_ += before - accepted;
  LogError("redis_went_back",
           {{"shard", number_}, {"accepted", accepted}, {"before", before}, {"lost", lost_}});
}

void Shard::PromoteIn(milliseconds delay) { promote_at_ = std::min(promote_at_, now_ + delay); }

void Shard::OnReady(short work, short hints, TimePoint now) {
  now_ = now;
  redis_.OnReady(work);
  hints_.OnReady(hints);
  Notice();
}

TimePoint Shard::Tick(bool chores, TimePoint now) {
  now_ = now;
  const TimePoint next = std::min(redis_.Tick(now), hints_.Tick(now));
  Notice();
  return redis_.up() ? std::min(next, DoChores(chores)) : next;
}

void Shard::Notice() {
  if (redis_.up() && redis_.generation() != generation_) OnUp();
  if (was_up_ == redis_.up()) return;
  was_up_ = redis_.up();
  if (was_up_) {
    LogInfo("redis_up", {{"shard", number_}, {"generation", generation_}});
  } else if (losses_.Due()) {
    LogWarn("redis_lost",
            {{"shard", number_}, {"reason", redis_.reason()}, {"count", losses_.count()}});
  }
}

// Redis may have been restarted: nothing that held on the last connection is taken for granted.
void Shard::OnUp() {
  generation_ = redis_.generation();
  owner_ = broker_id_ + "." + std::to_string(generation_);
  claimed_ = false;
  wrong_.clear();
  prepared_ = false;
  preparing_ = false;
  promoting_ = false;
  restoring_ = false;
  prepare_at_ = promote_at_ = restore_at_ = check_at_ = cancels_at_ = now_;
  // While it was down nobody could renew or beat, and idle times went on. Workers and other brokers
  // get the time to do so now.
  reap_idle_from_ = now_ + milliseconds(config_.broker.lease_ms);
  reap_orphans_from_ = now_ + kOrphan;
  for (const BackendConfig& backend : config_.backends) reap_at_[backend.model] = now_;
  events_.on_change(*this);
}

TimePoint Shard::DoChores(bool all) {
  const TimePoint ask_settings_at = durability_.Tick(now_);
  if (now_ >= check_at_) {
    check_at_ = now_ + kCheckEvery;
    CheckRoom();
    if (prepared_) CheckClaim();
  }
  if (now_ >= cancels_at_) ReadCancels();
  // Only then, so that whoever sees the lanes prepared knows the settings, too.
  const bool may_prepare = durability_.known() && !preparing_;
  if (!prepared_ && may_prepare && now_ >= prepare_at_) Claim();
  TimePoint next = std::min({ask_settings_at, check_at_, cancels_at_});
  if (!prepared_) {
    return std::min(next, may_prepare && !preparing_ ? prepare_at_ : TimePoint::max());
  }
  if (!all) return next;
  if (now_ >= promote_at_ && !promoting_) Promote();
  next = std::min(next, promoting_ ? TimePoint::max() : promote_at_);
  if (now_ >= restore_at_ && !restoring_) Restore();
  next = std::min(next, restoring_ ? TimePoint::max() : restore_at_);
  for (auto& [model, at] : reap_at_) {
    if (now_ >= at) {
      const double every = config_.council.queue_wait_s > 0 ? kReapSoonMs : kReapEveryMs;
      at = now_ + Around(every);
      Reap(model);
    }
    next = std::min(next, at);
  }
  return next;
}

// Also before lanes are made again: whoever deletes lanes may have deleted this, too.
void Shard::Claim() {
  preparing_ = true;
  store_.Claim(claimed_, [this, generation = generation_,
                          known = accepted_](const Result<std::int64_t>& accepted) {
    if (generation != generation_) return;
    preparing_ = false;
    prepare_at_ = now_ + kPrepareAgain;
    if (accepted) {
      SeeAccepted(known, *accepted);  // before others accept much, and this broker anything
      wrong_.clear();
      if (!std::exchange(claimed_, true)) events_.on_change(*this);
      return Prepare();
    }
    if (accepted.error().code == ErrorCode::kUnavailable) return;  // passing: asked again
    claimed_ = false;
    if (accepted.error().text == wrong_) return;
    wrong_ = accepted.error().text;
    LogError("shard_refused", {{"shard", number_}, {"text", wrong_}});
    events_.on_change(*this);
  });
}

// Without workers no lane is asked for, and nothing else would show that it is gone.
void Shard::CheckClaim() {
  store_.CheckClaim([this, generation = generation_](const Result<bool>& claimed) {
    if (generation == generation_ && claimed && !*claimed) MakeLanesAgain();
  });
}

void Shard::Prepare() {
  preparing_ = true;
  std::vector<std::string> models;
  for (const BackendConfig& backend : config_.backends) models.push_back(backend.model);
  store_.Prepare(models, [this, generation = generation_](const Status& status) {
    if (generation != generation_) return;
    preparing_ = false;
    prepare_at_ = now_ + kPrepareAgain;
    if (!status) {
      LogWarn("lanes_not_prepared", {{"shard", number_}, {"text", status.error().text}});
      return;
    }
    prepared_ = true;
    events_.on_ready(*this);
  });
}

// New cases must leave room for what the accepted ones still need.
void Shard::CheckRoom() {
  if (!here_) return AskRoom({});
  redis_.Send({"CONFIG", "GET", "dir", "appenddirname"}, [this](const auto& reply) {
    RedisRoom disk;
    std::map<std::string, std::string> found;
    for (std::size_t i = 0; reply && i + 1 < reply->items.size(); i += 2) {
      found[reply->items[i].text] = reply->items[i + 1].text;
    }
    // A Redis in a container has folders of its own; only one that is here is looked at.
    struct statvfs seen {};
    const std::string folder = found["dir"] + "/" + found["appenddirname"];
    if (found.size() == 2 && statvfs(folder.c_str(), &seen) == 0) {
      disk.disk = static_cast<std::int64_t>(seen.f_blocks * seen.f_frsize);
      disk.disk_free = static_cast<std::int64_t>(seen.f_bavail * seen.f_frsize);
    }
    AskRoom(disk);
  });
}

void Shard::AskRoom(const RedisRoom& disk) {
  redis_.Send({"INFO", "memory", "persistence"}, [this, disk](const auto& reply) {
    if (!reply && reply.error().code == ErrorCode::kUnavailable) return;  // asked again
    room_ = ReadRoom(reply ? reply->text : std::string());
    room_.disk = disk.disk;
    room_.disk_free = disk.disk_free;
    const bool before = pressure_.reason().empty();
    pressure_.See(room_);
    const std::string& why = pressure_.reason();
    if (why.empty() == before) return;
    if (why.empty()) {
      LogInfo("redis_has_room", {{"shard", number_}});
    } else {
      LogWarn("redis_short_of_room", {{"shard", number_}, {"text", why}});
    }
    events_.on_change(*this);
  });
}

// Finds what a lost hint would have said, soon enough to end a call within a second.
void Shard::ReadCancels() {
  cancels_at_ = now_ + kCancelsEvery;
  store_.ReadCancels(cancels_, [this](const Result<Store::Cancels>& cancels) {
    if (!cancels) return;
    for (const std::string& id : cancels->cases) events_.on_cancelled(id);
    if (!cancels->cases.empty()) cancels_at_ = now_;  // there may be more
    cancels_ = cancels->cursor;
  });
}

void Shard::Promote() {
  promoting_ = true;
  promote_at_ = now_ + kPromoteAtLeastEvery;
  store_.Promote([this, generation = generation_](const Result<Store::PromoteReply>& reply) {
    if (generation != generation_) return;
    promoting_ = false;
    if (!reply) return;
    if (reply->moved > 0) events_.on_tasks(*this, "");
    if (reply->next_ms >= 0) {
      PromoteIn(std::min(milliseconds(reply->next_ms), kPromoteAtLeastEvery));
    }
  });
}

void Shard::Restore() {
  restoring_ = true;
  restore_at_ = now_ + Around(kRestoreEveryMs);
  store_.Restore(restored_to_,
                 [this, generation = generation_](const Result<Store::RestoreReply>& reply) {
                   if (generation != generation_) return;
                   restoring_ = false;
                   if (!reply) return;
                   restored_to_ = reply->cursor;
                   if (reply->restored == 0) return;
                   LogWarn("tasks_restored", {{"shard", number_}, {"tasks", reply->restored}});
                   events_.on_tasks(*this, "");
                   PromoteIn(milliseconds(0));
                 });
}

milliseconds Shard::Around(double ms) {
  return milliseconds(std::llround(ms * (0.5 + jitter_.Unit())));
}

void Shard::Reap(const std::string& model) {
  const bool idle_counts = now_ >= reap_idle_from_;
  const bool orphans_count = now_ >= reap_orphans_from_;
  store_.Reap(model, {owner_, kSteady.count()}, idle_counts ? config_.broker.lease_ms : kNeverMs,
              orphans_count ? kOrphan.count() : kNeverMs, config_.broker.crashes_max, WorkerLost(),
              [this, model](const Result<ReapReply>& reply) {
                if (!reply || (reply->requeued == 0 && reply->dead == 0)) return;
                LogWarn("leases_reaped", {{"shard", number_},
                                          {"model", model},
                                          {"requeued", reply->requeued},
                                          {"dead", reply->dead}});
                events_.on_tasks(*this, model);
              });
}

}  // namespace consilium
