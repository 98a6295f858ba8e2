// How rates are kept: what a call costs a limit, and the first instant at which it may go.
//
// Both rates of a limit are kept by the generic cell rate algorithm in its virtual scheduling form
// (ITU-T I.371; there all cells are of one size): a call takes `cost` of a bucket's time, and the
// bucket has a theoretical arrival time (TAT), which a call that goes at t moves to max(TAT, t) +
// cost. A call may go from TAT - tolerance on. The tolerance is what is missing to one second: so a
// bucket that was idle lets one second's worth go at once, or one call, however large, when it is
// full. One second, because providers that count by the minute also refuse what comes in bursts;
// one call, because else a large one never went.
//
// What cannot go now is booked: it is told when it may and nobody else gets that instant, so a
// large call does not starve behind small ones, and who comes later goes before it only where that
// makes it wait no longer. A booked call may be kLimitLate late; then its booking lapses,
// uncounted. So in any stretch of time T no more goes than T + 1.25 s are worth, or T + 0.25 s and
// one call.
//
// Corrections count when they become known: a call that used less gives the rest back, unless the
// bucket was idle since (then that time is gone); one that used more makes later ones wait.
//
// The script shared/store/take_permit.lua does the same in Redis, by Redis' time.
// Threads: none of its own.     Time: only values.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "shared/clock.h"
#include "shared/config.h"

namespace consilium {

using std::chrono::microseconds;

// What a call takes of a limit's buckets: requests and tokens. Zero: there is no such rate.
using LimitCost = std::array<microseconds, 2>;

inline constexpr microseconds kLimitBurst{1000000};
inline constexpr microseconds kLimitLate{250000};
inline constexpr std::size_t kLimitBookedMax = 500;  // calls booked in one limit
inline constexpr milliseconds kLimitPauseMax{3600000};

// `share`: of the limit's rates, in (0, 1]. Rounded up; at least a microsecond for a rate that
// there is, at most a day.
LimitCost CostOf(const LimitConfig& limit, std::int64_t tokens, double share = 1);

// The answer to a call that asks to go.
struct PermitAnswer {
  enum class Kind {
    kGranted,  // goes now; has a place of every concurrency until given back
    kBooked,   // may go in `wait`; asks again then, or earlier in case it could be moved
    kBusy,     // nothing is booked: no place is free, or too many are booked; asks again soon
    kNever,    // nothing is booked: it would be `wait`, and that is longer than it can wait
  };
  Kind kind = Kind::kBusy;
  milliseconds wait{0};
};

// How a call ended.
struct PermitEnd {
  bool went_out = true;                     // false: all that it was charged is given back
  std::optional<std::int64_t> tokens_used;  // empty: as estimated
  std::int64_t requests = 1;                // it took; one was charged
};

// The rates of one limit.
//
// Invariant: booked calls are in the order of their instants.
class RateSchedule {
 public:
  // Forgets what was booked and is more than kLimitLate late.
  void Lapse(TimePoint now);
  // The first instant from `from` on at which a call may go, pauses included, leaving out the
  // booking of `id`.
  TimePoint Earliest(const std::string& id, const LimitCost& cost, TimePoint from) const;
  std::optional<TimePoint> BookedAt(const std::string& id) const;
  bool full() const { return booked_.size() >= kLimitBookedMax; }
  bool paused(TimePoint now) const { return pause_ > now; }

  // Replaces the booking of `id`, if there is one.
  void Book(const std::string& id, const LimitCost& cost, TimePoint at);
  void Unbook(const std::string& id);
  // A call goes, by the schedule at `at`.
  void Charge(const LimitCost& cost, TimePoint at);
  // Adds to what a call that went at `at` was charged; may be negative.
  void Correct(const LimitCost& add, TimePoint at);
  // Nothing goes before; only ever moved to a later instant.
  void PauseUntil(TimePoint until);

 private:
  struct Bucket {
    TimePoint tat;         // theoretical arrival time
    TimePoint busy_since;  // never idle from here to `tat`
  };
  struct Booked {
    TimePoint at;
    std::string id;
    LimitCost cost;
  };
  TimePoint EarliestIn(std::size_t bucket, const std::string& id, microseconds cost,
                       TimePoint from) const;

  std::array<Bucket, 2> buckets_;
  std::vector<Booked> booked_;
  TimePoint pause_;
};

// What GiveBack has to add to a call's charge.
LimitCost CorrectionOf(const LimitConfig& limit, std::int64_t tokens, const PermitEnd& end,
                       double share = 1);

}  // namespace consilium
