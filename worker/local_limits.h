// What one worker allows itself while Redis does not answer: the rules of take_permit.lua in
// memory, with its share of each limit. Never nothing, and never without bound: rates x share, and
// at least one call at once.
//
// Invariant: knows all running calls, also those that Redis let go; they have a place here too.
// Threads: none of its own; owned by the worker's loop.     Time: only through `now`.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "shared/clock.h"
#include "shared/config.h"
#include "shared/limit_rules.h"

namespace consilium {

class LocalLimits {
 public:
  explicit LocalLimits(const std::vector<LimitConfig>& limits);

  // As LimitStore::Take(): all limits or none; asked again, the same answer.
  PermitAnswer Take(const std::string& id, std::int64_t tokens, milliseconds patience,
                    TimePoint now);
  // Ends the call, or the wait. Corrects what was charged here.
  void GiveBack(const std::string& id, std::int64_t tokens, const PermitEnd& end);
  // A call that Redis let go.
  void Hold(const std::string& id) { running_.emplace(id, std::nullopt); }
  // Nothing goes before, where there is a rate.
  void Pause(milliseconds pause, TimePoint now);

 private:
  struct Limit {
    LimitConfig config;
    RateSchedule rates;
  };
  TimePoint Earliest(const std::string& id, std::int64_t tokens, TimePoint now) const;
  // When `id` may go by what is booked for it; empty when nothing is, or when a pause came between.
  std::optional<TimePoint> Booked(const std::string& id, TimePoint now) const;
  void Unbook(const std::string& id);

  std::vector<Limit> limits_;  // those with a rate
  std::optional<std::size_t> places_;
  // When each call was charged here; empty when Redis charged it.
  std::map<std::string, std::optional<TimePoint>> running_;
};

}  // namespace consilium
