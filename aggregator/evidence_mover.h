// Brings the evidence of another shard to shard 0, where the matrix is a fold over one stream.
//
//   read the oldest lines there -> take them over in shard 0 -> forget them there -> read ...
//
// Shard 0 takes each line once and remembers how far it came, so any number of movers may run and
// stop anywhere; a line is forgotten only after shard 0 has it on its disk. The order within a
// shard stays, so a revision comes after what it revises. Threads: none of its own; used by the
// aggregator's loop.
#pragma once

#include <cstddef>
#include <vector>

#include "shared/chemistry_store.h"
#include "shared/clock.h"
#include "shared/log.h"
#include "shared/redis.h"

namespace consilium {

class EvidenceMover {
 public:
  // From `shard`, which is not 0.
  EvidenceMover(RedisConnection& from, std::size_t shard, ChemistryStore& to);

  // There is new evidence in the shard.
  void OnHint() { look_at_ = TimePoint{}; }
  // Does what is due; both Redis are ready. The result is when to call again.
  TimePoint Tick(TimePoint now);

 private:
  void Take(const std::vector<WaitingEvidence>& lines);
  void Forget(const std::vector<WaitingEvidence>& lines);
  void End(const char* step, const Error& error);

  ChemistryStore from_;
  const std::size_t shard_;
  ChemistryStore& to_;
  bool moving_ = false;
  TimePoint look_at_{};
  PowersOfTwo complaints_;
};

}  // namespace consilium
