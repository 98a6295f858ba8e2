// The cases of one shard, as the aggregator advances them: takes events and due timers, reads the
// record of each case they name, asks the council (aggregator/council/advance.h) what is to be
// done, and applies it under the record's version.
//
// Holds no rules and no state worth saving: whoever handles an event twice finds nothing left to
// do, and events are acknowledged only after their case was looked at. Threads: none of its own;
// used by the aggregator's loop.
#pragma once

#include <poll.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "aggregator/council/advance.h"
#include "shared/clock.h"
#include "shared/config.h"
#include "shared/log.h"
#include "shared/redis.h"
#include "shared/store.h"

namespace consilium {

class CaseLoop {
 public:
  struct Events {
    std::function<void(CaseLoop&)> on_up;  // a new connection
    std::function<void(CaseLoop&)> on_evidence;
    std::function<void(CaseLoop&)> on_published;  // by whoever learns
  };

  // Of shard `shard` of `shards`. `consumer` takes the events; config and council outlive this.
  CaseLoop(const Config& config, const Council& council, const RedisAddress& address,
           std::size_t shard, std::size_t shards, const std::string& consumer,
           const Events& events);
  CaseLoop(const CaseLoop&) = delete;  // its connections call it back
  CaseLoop& operator=(const CaseLoop&) = delete;

  std::size_t shard() const { return shard_; }
  RedisConnection& redis() { return work_; }
  Store& store() { return store_; }
  // Its Redis is up, is this shard, and has the consumer groups.
  bool ready() const { return work_.up() && ready_; }
  // For people; while it is not.
  std::string WhyNotReady() const;
  // Cases being looked at, and events of those that were.
  std::size_t in_hand() const { return in_hand_.size() + done_.size() + acking_; }

  // What to poll, and what came of it.
  pollfd Work() const { return {work_.fd(), work_.events(), 0}; }
  pollfd Hints() const { return {hints_.fd(), hints_.events(), 0}; }
  void OnReady(short work, short hints);
  // Does what is due; `take`: also new cases. The result is when to call again.
  TimePoint Tick(bool take, TimePoint now);

 private:
  // A case being looked at: fetched, thought about, applied; `again` when something new came
  // meanwhile.
  struct InHand {
    std::vector<Store::Event> events;
    bool again = false;
    bool due = false;  // its timer is due and has to be moved on
  };

  void Notice();
  void Prepare();
  void TakeEvents();
  void TakeDueTimers(TimePoint now);
  void Look(const std::string& case_id, const Store::Event* event);
  void Fetch(const std::string& case_id);
  void Think(const CaseView& view);
  void Finish(const std::string& case_id);
  void Acknowledge();
  void Complain(std::string_view step, const Error& error);
  std::int64_t RedisNowMs() const;

  const Config& config_;
  const Council& council_;
  const std::size_t shard_;
  const std::string consumer_;
  const Events events_;
  RedisConnection work_;
  RedisConnection hints_;
  Store store_;

  std::map<std::string, InHand> in_hand_;
  std::vector<Store::Event> done_;  // looked at, to be acknowledged together
  std::size_t acking_ = 0;          // ... told to Redis, which has not answered
  std::int64_t prepared_generation_ = 0;
  bool was_up_ = false;
  bool ready_ = false;      // claimed, and consumer groups exist, on this connection
  TimePoint prepare_at_{};  // after a failure
  std::string refused_;     // why it failed
  PowersOfTwo refusals_;
  bool taking_ = false;      // a TakeEvents is under way
  bool asking_due_ = false;  // a Due is under way
  bool more_events_ = true;  // a hint came, or the last take was full
  std::int64_t redis_minus_local_ms_ = 0;
  bool clock_known_ = false;
  TimePoint next_events_{};
  TimePoint next_due_{};
  TimePoint next_claim_{};
  PowersOfTwo complaints_;
};

}  // namespace consilium
