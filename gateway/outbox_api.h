// /v1/outbox: results that wait for the receiver, and those that were set aside. Nothing of a
// patient is shown. Threads: the loop's.
#pragma once

#include <functional>

#include "gateway/net/http_server.h"
#include "gateway/outbox.h"
#include "gateway/redis_loop.h"

namespace consilium {

class OutboxApi {
 public:
  explicit OutboxApi(RedisLoop& redis) : redis_(redis), outbox_(redis.redis()) {}
  void AddTo(HttpServer& server);
  // For metrics.
  void Describe(std::function<void(const OutboxStatus&)> done);

 private:
  void Show(const HttpExchangePtr& exchange);
  void Requeue(const HttpExchangePtr& exchange);
  void Purge(const HttpExchangePtr& exchange);

  RedisLoop& redis_;
  Outbox outbox_;
};

}  // namespace consilium
