#include "worker/link.h"

#include <algorithm>
#include <cstdint>

#include "shared/limits.h"

namespace consilium {
namespace {

// A connection that is not there yet is tried again soon.
constexpr milliseconds kRetry{100};

}  // namespace

bool BrokerLink::Tick(TimePoint now) {
  if (gone_ || now - heard_ < limits::kPeerSilenceMax) return false;
  gone_ = true;
  if (state_ == State::kUp) state_ = State::kSilent;
  return true;
}

BrokerLink::Duty BrokerLink::Due(TimePoint now) const {
  if (now < next_) return Duty::kNone;
  return state_ == State::kGreeting ? Duty::kHello : Duty::kHeartbeat;
}

void BrokerLink::OnSent(bool went_out, TimePoint now) {
  spreading_ = false;
  next_ = now + (went_out ? milliseconds(limits::kHeartbeat) : kRetry);
}

TimePoint BrokerLink::next() const {
  return gone_ ? next_ : std::min(next_, heard_ + limits::kPeerSilenceMax);
}

void BrokerLink::OnHeard(TimePoint now) {
  heard_ = now;
  gone_ = false;
  // While it was away it may have forgotten this worker, or given its tasks to others.
  if (state_ == State::kSilent) Greet(now);
}

void BrokerLink::OnWelcome(TimePoint now) {
  state_ = State::kUp;
  spreading_ = false;
  next_ = now + limits::kHeartbeat;
}

void BrokerLink::OnWhoAreYou(TimePoint now) { Greet(now); }

// A broker that keeps asking gets no storm: a hello is planned, or was sent and will be again.
void BrokerLink::Greet(TimePoint now) {
  if (state_ == State::kGreeting) return;
  state_ = State::kGreeting;
  spreading_ = true;
  next_ = now + milliseconds(static_cast<std::int64_t>(random_.Unit() * kSpread.count()));
}

}  // namespace consilium
