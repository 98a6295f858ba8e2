// What the stores of the doors share; for their own files.
#pragma once

#include <algorithm>
#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "shared/redis.h"
#include "shared/redis_reply.h"
#include "shared/result.h"
#include "shared/store.h"

namespace consilium {

// All doors keep what they have in shard 0.
inline std::string DoorKey(const std::string& name) { return ShardPrefix(0) + "door:" + name; }

// Redis refuses an expiry below 1.
inline std::string ExpiryMs(milliseconds keep) {
  return std::to_string(std::max<std::int64_t>(1, keep.count()));
}

inline std::optional<std::string> Maybe(const RedisReply& reply) {
  if (reply.nil()) return std::nullopt;
  return reply.text;
}

// A Redis without memory refuses what brings more.
inline RedisConnection::Done NamingNoMemory(RedisConnection::Done done) {
  return [done = std::move(done)](Result<RedisReply> reply) {
    if (!reply && reply.error().text.starts_with("redis: OOM")) {
      return done(Error{ErrorCode::kQueueFull, "Redis has no memory left (maxmemory); try later"});
    }
    done(std::move(reply));
  };
}

inline RedisConnection::Done NothingOf(std::function<void(Result<Nothing>)> done) {
  return Reading<Nothing>(std::move(done), [](const RedisReply&) { return Ok(); });
}

}  // namespace consilium
