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
  TellFirst(sum.brokers, shard.brokers);
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
    }
  }
}

}  // namespace consilium
