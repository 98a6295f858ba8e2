// What a worker owes to one broker, and when: hello, heartbeats, and what its silence means.
//
//   greeting --welcome--> up --silence for limits::kPeerSilenceMax--> silent --any message-->
//   greeting
//      ^-------------who are you---------+---------------------------------+
//
// Hello is repeated until it is answered; heartbeats go out while up and, as a knock on the door,
// while silent. A broker that restarted is missed by all its workers at one time: each says hello
// again at a moment of its own within kSpread. Threads: none of its own.     Time: only through
// `now`.
#pragma once

#include <utility>

#include "shared/clock.h"
#include "shared/ids.h"

namespace consilium {

class BrokerLink {
 public:
  enum class State { kGreeting, kUp, kSilent };
  enum class Duty { kNone, kHello, kHeartbeat };

  static constexpr milliseconds kSpread{2200};

  // `random`: no other worker's.
  BrokerLink(TimePoint now, SeededRandom random)
      : random_(std::move(random)), heard_(now), next_(now) {}

  State state() const { return state_; }
  // The broker knows this worker and was heard lately.
  bool up() const { return state_ == State::kUp; }

  // Notices silence: true once, when nothing came for limits::kPeerSilenceMax, in any state.
  bool Tick(TimePoint now);
  // It was noticed and nothing came since.
  bool gone() const { return gone_; }
  // What is to be sent now. The caller then says whether the message went out.
  Duty Due(TimePoint now) const;
  void OnSent(bool went_out, TimePoint now);
  // When to look again.
  TimePoint next() const;

  // Any message came; before the more special ones below.
  void OnHeard(TimePoint now);
  void OnWelcome(TimePoint now);
  void OnWhoAreYou(TimePoint now);
  // A heartbeat is due at once: what it says has changed (drain).
  void Hurry(TimePoint now) {
    if (!spreading_) next_ = now;
  }

 private:
  void Greet(TimePoint now);

  SeededRandom random_;
  State state_ = State::kGreeting;
  bool spreading_ = false;  // its hello waits for its moment
  bool gone_ = false;
  TimePoint heard_;
  TimePoint next_;  // the next hello or heartbeat
};

}  // namespace consilium
