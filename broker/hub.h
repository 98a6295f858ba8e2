// What the parts of one broker share. Owned by Broker and used by its loop only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "broker/shard.h"
#include "shared/bus_door.h"
#include "shared/chemistry_store.h"
#include "shared/clock.h"
#include "shared/config.h"
#include "shared/redis.h"
#include "shared/result.h"

namespace consilium {

// What was refused before it reached a desk, or because of its sender's key.
struct BusRefusals {
  std::int64_t strangers = 0;  // RouterSocket::strangers() of both sockets
  BusDoor::Counts door;
};

struct Hub {
  // `redis`: where the shards are, at least one.
  Hub(const Config& cluster, const std::vector<RedisAddress>& redis, const Shard::Events& events);

  const Config& config;
  const std::string id;  // of this process
  std::deque<Shard> shards;
  ChemistryStore chemistry;  // in the first shard, with all else that is not of one case
  TimePoint now;             // of the turn of the loop that is under way
  bool draining = false;
  bool stopping = false;  // it ends when it is drained
  // Does what an operator asks and tells how far it is.
  std::function<DrainReply(const DrainRequest&)> drain;
  SeatingBoard board;  // as published; empty before the first one
  BusRefusals bus;

  Shard& first() { return shards.front(); }
  const Shard& first() const { return shards.front(); }
  Shard& Of(const std::string& case_id) { return shards[ShardOf(case_id, shards.size())]; }

  bool AnyAnswering() const;
  bool AllReady() const;
  // Why a shard can be asked nothing; "" when it can. Names the shard where there are several.
  std::string NotAnswering(const Shard& shard) const;
  // Why no shard can be asked anything; "" when one can.
  std::string NoneAnswers() const;
  // `why` with the name of the shard, where there are several.
  std::string Named(const Shard& shard, const std::string& why) const;
  // What the store of a shard failed with, as clients are told.
  Error Named(const Shard& shard, Error error) const;
  // Why a shard accepts no case; empty when it does.
  std::optional<Error> NotAccepting(const Shard& shard) const;
  // The same of all, for people: why cases are refused; "" when none is.
  std::string NotAccepting() const;
  // Cases of one shard at least are accepted.
  bool AcceptsSome() const;
  // A shard would, had it room.
  bool IsFull() const;
};

}  // namespace consilium
