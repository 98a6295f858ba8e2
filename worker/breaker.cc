#include "worker/breaker.h"

#include <algorithm>

namespace consilium {

Breaker::Breaker(double share, milliseconds pause)
    : share_(share), first_pause_(pause), pause_(pause) {}

void Breaker::Enter(State state) {
  state_ = state;
  ++period_;
  ended_.clear();
  failed_ = 0;
  probes_ = succeeded_ = 0;
}

void Breaker::Open(TimePoint now) {
  Enter(State::kOpen);
  open_until_ = now + pause_;
}

Breaker::State Breaker::At(TimePoint now) {
  if (state_ == State::kOpen && now >= open_until_) Enter(State::kProbing);
  return state_;
}

bool Breaker::Allows(TimePoint now) {
  switch (At(now)) {
    case State::kClosed:
      return true;
    case State::kOpen:
      return false;
    case State::kProbing:
      return probes_ < kProbes;
  }
  return true;
}

std::uint64_t Breaker::Start(TimePoint now) {
  if (At(now) == State::kProbing) ++probes_;
  return period_;
}

void Breaker::Abandon(std::uint64_t started) {
  if (started == period_ && state_ == State::kProbing) --probes_;
}

void Breaker::End(std::uint64_t started, bool failed, TimePoint now) {
  if (started != period_) return;
  if (state_ == State::kProbing) {
    if (failed) {
      pause_ = std::min(2 * pause_, std::max(kPauseMax, first_pause_));
      Open(now);
    } else if (++succeeded_ >= kProbes) {
      pause_ = first_pause_;
      Enter(State::kClosed);
    }
    return;
  }
  ended_.push_back({now, failed});
  if (failed) ++failed_;
  while (ended_.size() > kCallsMax || ended_.front().when + kWindow < now) {
    if (ended_.front().failed) --failed_;
    ended_.pop_front();
  }
  const bool enough = ended_.size() >= kCallsMin;
  if (enough && static_cast<double>(failed_) >= share_ * static_cast<double>(ended_.size())) {
    Open(now);
  }
}

}  // namespace consilium
