// What the parts of one broker share. Owned by Broker and used by its loop only.
#pragma once

#include <optional>
#include <string>

#include "shared/chemistry_store.h"
#include "shared/clock.h"
#include "shared/config.h"
#include "shared/redis.h"
#include "shared/store.h"

namespace consilium {

struct Hub {
  const Config& config;
  RedisConnection& redis;
  Store& store;
  ChemistryStore& chemistry;
  std::string id;     // of this process
  std::string owner;  // of its leases and beats: `id` and the count of connections to Redis. Leases
                      // of a call whose reply was lost with a connection keep the old name, which
                      // has no more beats, and are taken back as orphans, uncounted.
  TimePoint now;      // of the turn of the loop that is under way
  bool prepared = false;  // the consumer groups exist
  bool draining = false;
  TimePoint promote_at;  // when delayed tasks must be looked at
  SeatingBoard board;    // as published; empty before the first one
  // Why Redis would not keep what is accepted; empty while it is not known whether it would.
  std::optional<std::string> not_durable;

  bool Ready() const { return redis.up() && prepared; }
  // Why no case is accepted; "" when they are.
  std::string NotAccepting() const {
    if (draining) return "this broker is draining";
    if (!redis.up()) return "Redis does not answer: " + redis.reason();
    return not_durable ? *not_durable : "the settings of Redis are being checked";
  }
};

}  // namespace consilium
