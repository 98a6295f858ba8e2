// The stores of the doors on a private redis-server, turned by the test's own thread.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "gateway/feed_store.h"
#include "gateway/outbox.h"
#include "tests/support/private_redis.h"
#include "tests/support/redis_fixture.h"

namespace consilium {

class DoorRig : public RedisFixture {
 protected:
  RedisConnection& connection() override { return connection_; }

  // Waits until Redis has forgotten the key.
  void AwaitGone(const std::string& key) {
    PumpUntil([&] { return Tell({"EXISTS", key}).integer == 0; });
  }
  // Keys that would stay for ever, sorted.
  std::vector<std::string> KeysWithoutExpiry() {
    std::vector<std::string> left;
    for (const RedisReply& key : Tell({"KEYS", "*"}).items) {
      if (Tell({"PTTL", key.text}).integer < 0) left.push_back(key.text);
    }
    std::sort(left.begin(), left.end());
    return left;
  }
  // A crash of Redis, and its return.
  void KillRedis() {
    const std::int64_t before = connection_.generation();
    redis_.Kill();
    redis_.Restart();
    PumpUntil([&] { return connection_.up() && connection_.generation() > before; });
  }

  static std::vector<RedisScript> Scripts() {
    std::vector<RedisScript> scripts = FeedStore::Scripts();
    for (const RedisScript& script : Outbox::Scripts()) scripts.push_back(script);
    return scripts;
  }

  PrivateRedis redis_;
  RedisConnection connection_{redis_.address(), Scripts()};
};

}  // namespace consilium
