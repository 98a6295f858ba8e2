// The recommendations of the cluster as they are published, for everybody in this gateway who
// waits for one.
//
// One long poll at a time from its own cursor; when the brokers do not answer it goes on from
// there. Threads: the loop's.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>

#include "gateway/bus_link.h"
#include "gateway/net/loop.h"

namespace consilium {

class FeedReader {
 public:
  // A slice of the feed, oldest first, and the cursor behind it.
  using OnSlice = std::function<void(const WatchReply&)>;

  // Begins with what is published from now on.
  FeedReader(Loop& loop, BusLink& bus);

  // Calls until Leave(); never inside of this call.
  std::uint64_t Join(OnSlice call);
  void Leave(std::uint64_t id);
  // What everybody here has seen; "" = the feed was not reached yet.
  const std::string& cursor() const { return cursor_; }

 private:
  void Ask();

  Loop& loop_;
  BusLink& bus_;
  std::string cursor_;
  std::map<std::uint64_t, OnSlice> listeners_;
  std::uint64_t next_ = 1;
  Timer again_;
};

}  // namespace consilium
