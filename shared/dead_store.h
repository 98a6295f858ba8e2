// The dead letters in Redis: tasks that are not tried again by themselves.
//
// Keys, with P as in store.h:
// - P dead: stream, one entry per letter: "t" ref, "o" outcome, "a" failed attempts, "c" crashes,
// "x"
//   errors (netstrings of "<when> <AttemptError>"). The latest 10,000 or a few more are kept; what
//   falls off stays dead on the record of its case.
// - P requeued:<letter>: ref, for kMarkMs after it was put back, so that this happens once.
//
// Threads: as RedisConnection: one loop.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "shared/messages.h"
#include "shared/redis.h"
#include "shared/store.h"

namespace consilium {

class DeadStore {
 public:
  template <class T>
  using Done = Store::Done<T>;
  static constexpr std::int64_t kMarkMs = 7LL * 24 * 3600 * 1000;

  explicit DeadStore(RedisConnection& redis, int shard = 0);
  // The scripts that a RedisConnection used here must load.
  static std::vector<RedisScript> Scripts();

  // Looks at up to `request.max` letters after its cursor, or at its one id, both stream ids, and
  // returns those that its filters leave.
  void List(const DeadListRequest& request, Done<DeadListReply> done);
  // By stream id. Asked again it changes nothing twice.
  void Requeue(const std::string& entry, Done<RequeuedLetter> done);
  // How many were there: 1 or 0.
  void Purge(const std::string& entry, Done<std::int64_t> done);

 private:
  RedisConnection& redis_;
  std::string prefix_;
};

// "<length>:<when> <AttemptError>" one after the other, as the scripts write them; what cannot be
// read is left out.
std::vector<AttemptError> ReadErrors(const std::string& text);

}  // namespace consilium
