// The doors to the outside, joined: what listens, what it asks of the brokers and of Redis.
//
// Holds nothing that must outlast it (docs/gateway.md). Threads: one, in Run(); a few computations
// run beside it (Loop::Work).
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "shared/client.h"
#include "shared/config.h"
#include "shared/health.h"
#include "shared/redis.h"
#include "shared/result.h"
#include "shared/signals.h"
#include "shared/zmq.h"

namespace consilium {

class Gateway {
 public:
  // `redis`: of shard 0.
  Gateway(Config config, BrokerAddress brokers, RedisAddress redis, ZmqContext& context);
  ~Gateway();

  // Reads certificates and tokens and listens. kInvalid for what is wrong in the configuration,
  // kUnavailable for a port that cannot be had.
  Status Open();
  // "tcp://127.0.0.1:7380"; "" = that door is closed.
  std::string http() const;
  std::string mllp() const;
  // What HTTP answers, once it is open, with the parameters of its query:
  // "GET /v1/cases/{id} read wait", ...
  std::vector<std::string> Routes() const;

  // Until a signal: then nothing new is taken, what is under way is answered, within some seconds.
  // A second signal ends it at once. The exit code.
  int Run(StopSignals& signals, HealthFile& health);

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace consilium
