// The aggregator's loop: takes events and due timers, reads the record of each case they name, asks
// the council (aggregator/council/advance.h) what is to be done, and applies it under the record's
// version. Beside that it learns from ended cases (learner.h).
//
// Holds no rules and no state worth saving: whoever handles an event twice finds nothing left to
// do, and events are acknowledged only after their case was looked at. Threads: one loop; owns two
// Redis connections.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "aggregator/council/advance.h"
#include "aggregator/learner.h"
#include "shared/chemistry_store.h"
#include "shared/clock.h"
#include "shared/config.h"
#include "shared/log.h"
#include "shared/redis.h"
#include "shared/signals.h"
#include "shared/store.h"

namespace consilium {

class Aggregator {
 public:
  // `redis` is where the cluster's state lies; the tables are those the council decides with.
  Aggregator(const Config& config, const RedisAddress& redis, MedicationTable medications,
             SafetyTables safety);

  // Runs until the first stop signal, then finishes what is in hand (at most 5 s).
  void Run(StopSignals& stop);

 private:
  // A case being looked at: fetched, thought about, applied; `again` when something new came
  // meanwhile.
  struct InHand {
    std::vector<Store::Event> events;
    bool again = false;
    bool due = false;  // its timer is due and has to be moved on
  };

  TimePoint Tick(TimePoint now);
  void TakeEvents();
  void TakeDueTimers(TimePoint now);
  void Learn();
  void Look(const std::string& case_id, const Store::Event* event);
  void Fetch(const std::string& case_id);
  void Think(const CaseView& view);
  void Finish(const std::string& case_id);
  void Complain(std::string_view step, const Error& error);
  std::int64_t RedisNowMs() const;

  Config config_;
  std::string id_;
  MedicationTable medications_;
  SafetyTables safety_;
  Council council_;
  RedisConnection work_;
  RedisConnection hints_;
  Store store_;
  ChemistryStore chemistry_store_;
  Learner learner_;

  bool stopping_ = false;
  std::map<std::string, InHand> in_hand_;
  std::int64_t prepared_generation_ = 0;
  bool ready_ = false;       // consumer groups exist on this connection
  bool taking_ = false;      // a TakeEvents is under way
  bool asking_due_ = false;  // a Due is under way
  bool learning_ = false;    // a Describe is under way
  bool more_events_ = true;  // a hint came, or the last take was full
  std::int64_t redis_minus_local_ms_ = 0;
  bool clock_known_ = false;
  TimePoint next_events_{};
  TimePoint next_due_{};
  TimePoint next_beat_{};
  TimePoint next_learn_{};
  std::map<std::string, TimePoint>
      seen_;  // model -> when one of its workers last gave a sign of life
  bool redis_was_up_ = false;
  PowersOfTwo complaints_;
};

}  // namespace consilium
