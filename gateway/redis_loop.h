// A connection to Redis, kept going by the gateway's loop. Threads: the loop's.
#pragma once

#include <string>
#include <vector>

#include "gateway/net/loop.h"
#include "shared/redis.h"

namespace consilium {

class RedisLoop {
 public:
  RedisLoop(Loop& loop, RedisAddress address, const std::vector<RedisScript>& scripts);

  // After whatever is sent over it in this turn of the loop, PumpSoon() must follow.
  RedisConnection& redis() { return redis_; }
  void PumpSoon();
  // Why it does not answer; "" = it does.
  std::string Trouble() const { return redis_.up() ? "" : redis_.reason(); }

 private:
  void Pump();

  Loop& loop_;
  RedisConnection redis_;
  int watched_ = -1;
  bool posted_ = false;
  FdWatch watch_;
  Timer timer_;
};

}  // namespace consilium
