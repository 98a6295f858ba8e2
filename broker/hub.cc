#include "broker/hub.h"

#include <algorithm>

#include "shared/ids.h"

namespace consilium {
namespace {

std::deque<Shard> MakeShards(const Config& config, const std::vector<RedisAddress>& redis,
                             const std::string& id, const Shard::Events& events) {
  std::deque<Shard> shards;
  for (const RedisAddress& address : redis) {
    shards.emplace_back(config, address, shards.size(), redis.size(), id, events);
  }
  return shards;
}

}  // namespace

Hub::Hub(const Config& cluster, const std::vector<RedisAddress>& redis, const Shard::Events& events)
    : config(cluster),
      id(RandomHexId()),
      shards(MakeShards(cluster, redis, id, events)),
      chemistry(shards.front().redis()),
      now(Now()) {}

bool Hub::AnyAnswering() const {
  return std::any_of(shards.begin(), shards.end(),
                     [](const Shard& shard) { return shard.answering(); });
}

bool Hub::AllReady() const {
  return std::all_of(shards.begin(), shards.end(),
                     [](const Shard& shard) { return shard.ready(); });
}

std::string Hub::NotAnswering(const Shard& shard) const {
  return Named(shard, shard.NotAnswering());
}

std::string Hub::NoneAnswers() const {
  if (AnyAnswering()) return "";
  std::string all;
  for (const Shard& shard : shards) all += (all.empty() ? "" : "; ") + NotAnswering(shard);
  return all;
}

std::string Hub::Named(const Shard& shard, const std::string& why) const {
  if (why.empty() || shards.size() == 1) return why;
  return "shard " + std::to_string(shard.number()) + ": " + why;
}

Error Hub::Named(const Shard& shard, Error error) const {
  if (error.code == ErrorCode::kUnavailable) {
    error.text = Named(shard, "Redis does not answer: " + error.text);
  }
  return error;
}

std::optional<Error> Hub::NotAccepting(const Shard& shard) const {
  if (draining) return Error{ErrorCode::kDraining, "this broker is draining"};
  std::optional<Error> why = shard.NotAccepting();
  if (why) why->text = Named(shard, why->text);
  return why;
}

bool Hub::AcceptsSome() const {
  return std::any_of(shards.begin(), shards.end(),
                     [this](const Shard& shard) { return !NotAccepting(shard); });
}

bool Hub::IsFull() const {
  return std::any_of(shards.begin(), shards.end(), [](const Shard& shard) {
    const auto why = shard.NotAccepting();
    return why && why->code == ErrorCode::kQueueFull;
  });
}

std::string Hub::NotAccepting() const {
  if (draining) return NotAccepting(first())->text;
  std::string all;
  for (const Shard& shard : shards) {
    if (const auto why = NotAccepting(shard)) all += (all.empty() ? "" : "; ") + why->text;
  }
  return all;
}

}  // namespace consilium
