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

std::string WithName(const Hub& hub, const Shard& shard, const std::string& why) {
  if (why.empty() || hub.shards.size() == 1) return why;
  return "shard " + std::to_string(shard.number()) + ": " + why;
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
  return WithName(*this, shard, shard.NotAnswering());
}

std::string Hub::NoneAnswers() const {
  if (AnyAnswering()) return "";
  std::string all;
  for (const Shard& shard : shards) all += (all.empty() ? "" : "; ") + NotAnswering(shard);
  return all;
}

Error Hub::Named(const Shard& shard, Error error) const {
  if (error.code == ErrorCode::kUnavailable) {
    error.text = WithName(*this, shard, "Redis does not answer: " + error.text);
  }
  return error;
}

std::string Hub::NotAccepting(const Shard& shard) const {
  if (draining) return "this broker is draining";
  return WithName(*this, shard, shard.NotAccepting());
}

std::string Hub::NotAccepting() const {
  if (draining) return NotAccepting(first());
  std::string all;
  for (const Shard& shard : shards) {
    const std::string why = NotAccepting(shard);
    if (!why.empty()) all += (all.empty() ? "" : "; ") + why;
  }
  return all;
}

}  // namespace consilium
