// A connection to Redis that is turned by the test's own thread.
#pragma once

#include <gtest/gtest.h>
#include <poll.h>

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "shared/clock.h"
#include "shared/redis.h"

namespace consilium {

class RedisFixture : public testing::Test {
 protected:
  virtual RedisConnection& connection() = 0;

  void PumpUntil(const std::function<bool()>& condition) {
    const TimePoint give_up = Now() + std::chrono::seconds(20);
    while (!condition()) {
      ASSERT_LT(Now(), give_up) << "no reply from Redis: " << connection().reason();
      connection().Tick(Now());
      pollfd polled{connection().fd(), connection().events(), 0};
      poll(&polled, 1, 5);
      if (polled.revents != 0) connection().OnReady(polled.revents);
    }
  }
  // Sends a request once the connection is up and waits for its reply.
  template <class T, class Send>
  Result<T> Ask(Send send) {
    PumpUntil([&] { return connection().up(); });
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
    return Await<RedisReply>([&](auto done) { connection().Send(command, done); });
  }
};

}  // namespace consilium
