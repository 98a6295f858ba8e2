// Keeps calls away from a provider that fails: none while it is open, a few to find out after that.
//
//   closed --share of the latest calls failed--> open --pause--> probing --all succeed--> closed
//                                                 ^                |
//                                                 +---one failed---+  (the pause doubles)
//
// By rate and not by a row of failures, so that it neither opens for a provider that fails now and
// then nor stays closed for one that succeeds now and then. Calls that started before a change do
// not count after it. Source: Nygard, "Release It!", chapter "Circuit Breaker"; half-open with a
// limited number of probes. Threads: none of its own.     Time: only through `now`.
#pragma once

#include <cstdint>
#include <deque>

#include "shared/clock.h"

namespace consilium {

class Breaker {
 public:
  static constexpr std::size_t kCallsMin = 8;    // fewer say nothing about a share
  static constexpr std::size_t kCallsMax = 100;  // the latest that count ...
  static constexpr milliseconds kWindow{60000};  // ... and for how long
  static constexpr std::int64_t kProbes = 2;
  static constexpr milliseconds kPauseMax{60000};

  enum class State { kClosed, kOpen, kProbing };

  // Opens when at least `share` (0..1] of the calls failed, first for `pause`.
  Breaker(double share, milliseconds pause);

  // The state at `now`; open becomes probing by itself.
  State At(TimePoint now);
  // A call may start now. It then counts as a probe while probing.
  bool Allows(TimePoint now);
  // The call starts. What it returns goes back with its end.
  std::uint64_t Start(TimePoint now);
  // `failed`: because of the provider. A call that says nothing about it is Abandon()ed.
  void End(std::uint64_t started, bool failed, TimePoint now);
  void Abandon(std::uint64_t started);

  // When an open one starts probing; max() in other states.
  TimePoint next() const { return state_ == State::kOpen ? open_until_ : TimePoint::max(); }
  milliseconds pause() const { return pause_; }

 private:
  struct Ended {
    TimePoint when;
    bool failed = false;
  };
  void Enter(State state);
  void Open(TimePoint now);

  double share_;
  milliseconds first_pause_;
  milliseconds pause_;
  State state_ = State::kClosed;
  std::uint64_t period_ = 1;  // grows with each change of state
  std::deque<Ended> ended_;   // of this period, while closed
  std::size_t failed_ = 0;    // of them
  std::int64_t probes_ = 0;   // started and not abandoned, while probing
  std::int64_t succeeded_ = 0;
  TimePoint open_until_ = TimePoint::max();
};

}  // namespace consilium
