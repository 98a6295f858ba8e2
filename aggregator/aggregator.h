// The aggregator's loop: advances the cases of every shard (case_loop.h), brings what they say of
// models together (evidence_mover.h) and learns from it (learner.h).
//
// What it knows can be lost at any time. Threads: one loop; owns two connections to each Redis.
#pragma once

#include <poll.h>

#include <cstddef>
#include <deque>
#include <map>
#include <string>
#include <vector>

#include "aggregator/case_loop.h"
#include "aggregator/council/advance.h"
#include "aggregator/evidence_mover.h"
#include "aggregator/learner.h"
#include "shared/chemistry_store.h"
#include "shared/clock.h"
#include "shared/config.h"
#include "shared/health.h"
#include "shared/redis.h"
#include "shared/signals.h"

namespace consilium {

class Aggregator {
 public:
  // `redis` is where the cluster's state lies: one for each shard, in order, at least one. The
  // tables are those the council decides with.
  Aggregator(const Config& config, const std::vector<RedisAddress>& redis,
             MedicationTable medications, SafetyTables safety);
  Aggregator(const Aggregator&) = delete;  // its parts call it back
  Aggregator& operator=(const Aggregator&) = delete;

  // One turn of the loop: waits at most `longest` for something to come, does it and all that is
  // due. `stop_fd`: a descriptor to watch beside, or -1.
  void Turn(milliseconds longest, int stop_fd = -1);
  // Runs until the first stop signal, then finishes what is in hand (at most 5 s). `health` hears
  // the trouble.
  void Run(StopSignals& stop, HealthFile& health);
  // Why this aggregator is of no use; "" when it is. Not for want of a Redis that it had before.
  std::string Trouble() const;

 private:
  CaseLoop& first() { return shards_.front(); }
  TimePoint Tick(TimePoint now);
  void Learn();
  void ReadTrackRecords();
  std::size_t InHand() const;

  Config config_;
  std::string id_;
  MedicationTable medications_;
  SafetyTables safety_;
  Council council_;
  std::deque<CaseLoop> shards_;
  ChemistryStore chemistry_store_;  // in the first shard, with all else that is not of one case
  Learner learner_;

  std::deque<EvidenceMover> movers_;  // of the other shards
  std::vector<pollfd> polled_;
  TimePoint due_{};  // what the last tick returned
  bool stopping_ = false;
  bool worked_ = false;    // a shard at least was ready, at some time
  bool learning_ = false;  // a Describe is under way
  PowersOfTwo bad_records_;
  // Cases wait for the track records, for a while: what is decided without them has no confidence.
  TimePoint decide_at_ = TimePoint::max();
  TimePoint next_beat_{};
  TimePoint next_learn_{};
  // model -> when one of its workers last gave a sign of life
  std::map<std::string, TimePoint> seen_;
};

}  // namespace consilium
