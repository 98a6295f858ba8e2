// The connection to shard 0, kept going by the gateway's loop, and whether what goes over it is
// kept. Threads: the loop's.
#pragma once

#include <string>
#include <vector>

#include "gateway/net/loop.h"
#include "shared/durability_check.h"
#include "shared/redis.h"

namespace consilium {

class RedisLoop {
 public:
  // `trusted`: redis.durability.
  RedisLoop(Loop& loop, RedisAddress address, const std::vector<RedisScript>& scripts,
            bool trusted);

  // After whatever is sent over it in this turn of the loop, PumpSoon() must follow.
  RedisConnection& redis() { return redis_; }
  void PumpSoon();
  // Why nothing may be acknowledged that rests on it: it does not answer, or may lose what it is
  // given; "" = it keeps it.
  std::string Trouble() const { return redis_.up() ? durability_.Trouble() : redis_.reason(); }

 private:
  void Pump();

  Loop& loop_;
  RedisConnection redis_;
  DurabilityCheck durability_;
  int watched_ = -1;
  bool posted_ = false;
  FdWatch watch_;
  Timer timer_;
};

}  // namespace consilium
