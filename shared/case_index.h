// The cases of one shard in the order in which they were accepted.
//
// Key, with P as in store.h: P index: zset, case -> when it was accepted. submit_case.lua adds to
// it; what has expired is dropped by it and by list_cases.lua. Threads: as RedisConnection: one
// loop.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "shared/messages.h"
#include "shared/redis.h"
#include "shared/store.h"

namespace consilium {

// Between two cases of the list, which is sorted by it downwards: before it stand those that are
// greater or equal.
struct CasePlace {
  std::int64_t accepted_ms = 0;
  std::string id;

  friend auto operator<=>(const CasePlace&, const CasePlace&) = default;
};

// Cases as they stand in the list, the expired ones without a summary.
struct CaseSlice {
  struct Seen {
    CasePlace place;
    std::optional<CaseSummary> summary;
  };
  std::vector<Seen> seen;
  bool end = false;  // there is none after them
};

class CaseIndex {
 public:
  explicit CaseIndex(RedisConnection& redis, std::size_t shard = 0);
  // The scripts that a RedisConnection used here must load.
  static std::vector<RedisScript> Scripts();

  // The first `max` cases after `place`; empty: from the newest.
  void List(const std::optional<CasePlace>& place, std::int64_t max, Store::Done<CaseSlice> done);

 private:
  RedisConnection& redis_;
  std::string prefix_;
};

}  // namespace consilium
