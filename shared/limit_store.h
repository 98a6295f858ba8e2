// Limits of backends in Redis: one count for all workers of the cluster.
//
// Keys, with P as in store.h, of shard 0; times in microseconds of Redis' clock:
// - P limit:<name>:rates: hash: requests and tokens (theoretical arrival times), requests_busy and
//   tokens_busy (since when without idling), pause. Goes a minute after all of them are past.
// - P limit:<name>:booked: zset, "<requests_us>|<tokens_us>|<id>" -> when the call may go.
// - P limit:<name>:held: zset, id -> when its place is free again unless renewed.
// - P permit:<id>: string, when the call went; expires as a place does.
//
// A call has an id of its own (not that of its task: another attempt is another call). Everything
// may be sent twice: an id is charged once and given back once. Nothing is left for ever.
// docs/protocol.md, "Limits".
//
// Threads: as RedisConnection: one loop.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "shared/config.h"
#include "shared/limit_rules.h"
#include "shared/redis.h"

namespace consilium {

// The calls of one backend, under all of its limits.
class LimitStore {
 public:
  template <class T>
  using Done = std::function<void(Result<T>)>;

  // A holder that is not renewed for so long has died.
  static constexpr milliseconds kLease{15000};
  static constexpr milliseconds kRenewEvery{5000};

  LimitStore(RedisConnection& redis, std::vector<LimitConfig> limits, milliseconds lease = kLease);
  // The scripts that a RedisConnection used here must load.
  static std::vector<RedisScript> Scripts();

  // All limits or none. `tokens` is the estimate; the same each time that a call asks.
  // `patience`: how long it can wait.
  void Take(const std::string& id, std::int64_t tokens, milliseconds patience,
            Done<PermitAnswer> done);
  // Ends the call, or the wait. `tokens` as for Take(). False: there was no permit (any more).
  void GiveBack(const std::string& id, std::int64_t tokens, const PermitEnd& end, Done<bool> done);
  // The places of running calls, also of those that Redis never gave: they run.
  void Renew(const std::vector<std::string>& ids, Done<Nothing> done);
  // Of limits with a rate: nothing goes before, at most kLimitPauseMax from now.
  void Pause(milliseconds pause, Done<Nothing> done);

 private:
  std::string Key(const LimitConfig& limit, const char* part) const;
  std::vector<std::string> KeysOf(const std::string& id) const;

  RedisConnection& redis_;
  std::vector<LimitConfig> limits_;
  milliseconds lease_;
};

}  // namespace consilium
