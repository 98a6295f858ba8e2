// The stores of the doors on a private redis-server, turned by the test's own thread.
#pragma once

#include <gtest/gtest.h>
#include <poll.h>

#include <algorithm>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "gateway/feed_store.h"
#include "gateway/outbox.h"
#include "shared/clock.h"
#include "tests/support/private_redis.h"

namespace consilium {

class DoorRig : public testing::Test {
 protected:
  void PumpUntil(const std::function<bool()>& condition) {
    const TimePoint give_up = Now() + std::chrono::seconds(20);
    while (!condition()) {
      ASSERT_LT(Now(), give_up) << "no reply from Redis: " << connection_.reason();
      connection_.Tick(Now());
      pollfd polled{connection_.fd(), connection_.events(), 0};
      poll(&polled, 1, 5);
      if (polled.revents != 0) connection_.OnReady(polled.revents);
    }
  }
  // Sends a request once the connection is up and waits for its reply.
  template <class T, class Send>
  Result<T> Ask(Send send) {
    PumpUntil([&] { return connection_.up(); });
    std::optional<Result<T>> reply;
    send([&](Result<T> result) { reply.emplace(std::move(result)); });
    PumpUntil([&] { return reply.has_value(); });
    if (!reply) return Error{ErrorCode::kTimeout, "no reply"};
    return std::move(*reply);
  }
  // The same when it must succeed.
  template <class T, class Send>
  T Await(Send send) {
    auto reply = Ask<T>(send);
    EXPECT_TRUE(reply.ok()) << reply.error().text;
    return reply.ok() ? std::move(*reply) : T{};
  }
  RedisReply Tell(const std::vector<std::string>& command) {
    return Await<RedisReply>([&](auto done) { connection_.Send(command, done); });
  }
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
