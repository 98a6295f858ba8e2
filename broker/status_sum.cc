#include "broker/status_sum.h"

#include <algorithm>

namespace consilium {
namespace {

template <class T>
void TellFirst(std::vector<T>& known, const std::vector<T>& more) {
  if (known.empty()) known = more;
}

}  // namespace

void AddStatus(StatusReply& sum, const StatusReply& shard) {
  if (sum.now_ms == 0) sum.now_ms = shard.now_ms;
  // Its leases are those of all shards; its name differs in each by the count of connections.
  for (const BrokerStatus& broker : shard.brokers) {
    const auto same =
        std::find_if(sum.brokers.begin(), sum.brokers.end(), [&](const BrokerStatus& known) {
          return known.id.substr(0, known.id.find('.')) == broker.id.substr(0, broker.id.find('.'));
        });
    if (same == sum.brokers.end()) {
      sum.brokers.push_back(broker);
      continue;
    }
    same->leases += broker.leases;
    if (broker.alive && !same->alive) {
      const std::int64_t leases = same->leases;
      *same = broker;
      same->leases = leases;
    }
  }
  TellFirst(sum.aggregators, shard.aggregators);
  TellFirst(sum.workers, shard.workers);
  for (const auto& [name, count] : shard.counters) sum.counters[name] += count;
  sum.live += shard.live;
  sum.delayed += shard.delayed;
  sum.dead += shard.dead;
  sum.balanced = sum.balanced && shard.balanced;
  for (const LaneStatus& lane : shard.lanes) {
    const auto same =
        std::find_if(sum.lanes.begin(), sum.lanes.end(), [&](const LaneStatus& known) {
          return known.model == lane.model && known.stage == lane.stage;
        });
    if (same == sum.lanes.end()) {
      sum.lanes.push_back(lane);
    } else {
      same->waiting += lane.waiting;
      same->leased += lane.leased;
      same->oldest_ms = std::max(same->oldest_ms, lane.oldest_ms);  // absent is less than any
    }
  }
}

}  // namespace consilium
