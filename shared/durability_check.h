// Whether a Redis keeps what it accepts, asked as long as it is used.
//
// "Accepted" and "acknowledged" promise that the append-only file is synced. Settings can be
// changed while Redis runs, and another Redis may answer after a reconnect: they are asked for when
// the connection comes up and every two seconds after, and what held on an earlier connection holds
// no more. Whoever accepts asks Trouble() first. Threads: as RedisConnection: one loop.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "shared/clock.h"
#include "shared/redis.h"

namespace consilium {

class DurabilityCheck {
 public:
  // `trusted`: the operator vouches for it (redis.durability); what is wrong is logged all the
  // same. `on_change`: Trouble() is another one now, by a reply. `redis` must not run callbacks
  // once this is gone.
  DurabilityCheck(RedisConnection& redis, std::size_t shard, bool trusted,
                  std::function<void()> on_change = {});
  DurabilityCheck(const DurabilityCheck&) = delete;  // its connection calls it back
  DurabilityCheck& operator=(const DurabilityCheck&) = delete;

  // Asks where that is due; after each turn in which the connection may have come up. The result is
  // when to call again.
  TimePoint Tick(TimePoint now);
  // Redis has told its settings on this connection.
  bool known() const { return why_.has_value() && generation_ == redis_.generation(); }
  // Why nothing may be accepted, while Redis answers; "" = it keeps what it accepts.
  std::string Trouble() const;
  // For status: "good", "trusted", "unknown", or what is wrong.
  std::string settings() const;

 private:
  void Ask();

  RedisConnection& redis_;
  const std::size_t shard_;
  const bool trusted_;
  const std::function<void()> on_change_;
  std::int64_t generation_ = 0;     // of the connection that is asked
  std::optional<std::string> why_;  // as told on it; "" where it is trusted
  std::string logged_;              // what was wrong then
  TimePoint ask_at_;
};

}  // namespace consilium
