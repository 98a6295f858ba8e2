// Tells clients what was published, at once or when it is.
//
// Threads: none of its own; owned by the broker loop.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "broker/client_calls.h"
#include "broker/hub.h"
#include "broker/watchers.h"
#include "shared/messages.h"
#include "shared/store.h"

namespace consilium {

class WatchDesk {
 public:
  // Watches that wait for a recommendation.
  static constexpr std::size_t kWatchesMax = 1024;

  WatchDesk(ClientCalls& calls, Hub& hub);

  void OnWatch(const Caller& to, const WatchRequest& request);
  // A recommendation was published.
  void OnPublished() { watchers_.Hint(); }
  // Lets the waiting watches go: their clients ask again.
  void ReleaseWatches();
  // Asks for and ends watches. The result is when to call again.
  TimePoint Tick();

 private:
  // The feed of all shards (feed.h). Without a shard that does not answer, unless none does.
  void ReadFeed(const std::string& after, std::int64_t max, Store::Done<WatchSlice> done);
  void Ask(const Watchers::Question& question);
  // Answers with what was published after `after`, in smaller portions when it is too much for one
  // message.
  void Serve(const std::vector<Caller>& callers, const std::string& after, const WatchSlice& slice);

  ClientCalls& calls_;
  Hub& hub_;
  Watchers watchers_;
  // Grows when waiting watches are let go: those whose answer is under way are, too.
  std::uint64_t releases_ = 0;
};

}  // namespace consilium
