#include "tests/bench/raw_redis.h"

#include <poll.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>

#include "shared/clock.h"
#include "shared/redis.h"
#include "tests/support/private_redis.h"

namespace consilium::bench {
namespace {

void Pump(RedisConnection& redis, const std::function<bool()>& done) {
  const TimePoint give_up = Now() + std::chrono::seconds(120);
  while (!done()) {
    if (Now() > give_up) {
      std::fprintf(stderr, "bench: redis-server does not answer\n");
      std::exit(1);
    }
    redis.Tick(Now());
    pollfd polled{redis.fd(), redis.events(), 0};
    poll(&polled, 1, 10);
    if (polled.revents != 0) redis.OnReady(polled.revents);
  }
}

}  // namespace

RawRedis MeasureRawRedis(std::size_t entries, std::size_t window) {
  PrivateRedis server;
  const auto address = ParseRedisUrl(server.url());
  if (!address) std::exit(1);
  RedisConnection redis(*address, {});
  Pump(redis, [&] { return redis.up(); });
  const std::string payload(1024, 'x');
  const auto seconds_since = [](TimePoint start) {
    return std::chrono::duration<double>(Now() - start).count();
  };

  RawRedis raw;
  std::size_t sent = 0;
  std::size_t done = 0;
  TimePoint start = Now();
  Pump(redis, [&] {
    while (sent < entries && sent - done < window) {
      ++sent;
      redis.Send({"XADD", "raw", "*", "t", payload}, [&](const Result<RedisReply>&) { ++done; });
    }
    return done == entries;
  });
  raw.add_per_s = static_cast<double>(entries) / seconds_since(start);

  redis.Send({"XGROUP", "CREATE", "raw2", "g", "0", "MKSTREAM"}, [](const Result<RedisReply>&) {});
  sent = 0;
  std::size_t added = 0;
  std::size_t removed = 0;
  bool reading = false;
  start = Now();
  Pump(redis, [&] {
    while (sent < entries && sent - removed < window) {
      ++sent;
      redis.Send({"XADD", "raw2", "*", "t", payload}, [&](const Result<RedisReply>&) { ++added; });
    }
    if (!reading && removed < entries) {
      reading = true;
      redis.Send({"XREADGROUP", "GROUP", "g", "c", "COUNT", std::to_string(window), "STREAMS",
                  "raw2", ">"},
                 [&](const Result<RedisReply>& reply) {
                   reading = false;
                   if (!reply || reply->items.empty()) return;
                   std::vector<std::string> ack = {"XACK", "raw2", "g"};
                   std::vector<std::string> del = {"XDEL", "raw2"};
                   const auto& read = reply->items[0].items[1].items;
                   for (const RedisReply& entry : read) {
                     ack.push_back(entry.items[0].text);
                     del.push_back(entry.items[0].text);
                   }
                   redis.Send(std::move(ack), [](const Result<RedisReply>&) {});
                   redis.Send(std::move(del), [&removed, n = read.size()](
                                                  const Result<RedisReply>&) { removed += n; });
                 });
    }
    return removed == entries;
  });
  raw.end_to_end_per_s = static_cast<double>(entries) / seconds_since(start);
  return raw;
}

}  // namespace consilium::bench
