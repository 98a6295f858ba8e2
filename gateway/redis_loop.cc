#include "gateway/redis_loop.h"

#include <poll.h>

#include <algorithm>
#include <utility>

namespace consilium {

RedisLoop::RedisLoop(Loop& loop, RedisAddress address, const std::vector<RedisScript>& scripts,
                     bool trusted)
    : loop_(loop),
      redis_(std::move(address), scripts, kRedisLinks),
      durability_(redis_, 0, trusted),
      watch_(loop, [this] { Pump(); }),
      timer_(loop, [this] { Pump(); }) {
  Pump();
}

void RedisLoop::PumpSoon() {
  if (std::exchange(posted_, true)) return;
  loop_.Post([this] {
    posted_ = false;
    Pump();
  });
}

void RedisLoop::Pump() {
  constexpr milliseconds kLookEvery{1000};
  const TimePoint now = Now();
  TimePoint due = redis_.Tick(now);
  // Writes what waits, reads what came, writes what the callbacks sent.
  redis_.OnReady(redis_.events());
  redis_.OnReady(redis_.events());
  due = std::min(due, durability_.Tick(now));
  redis_.events();
  if (redis_.fd() != watched_) {
    watched_ = redis_.fd();
    watch_.Watch(watched_);
  }
  timer_.At(std::clamp(due, now, now + kLookEvery));
}

}  // namespace consilium
