// Time is a value: rules take a `now` and never read a clock; only loops call Now().
#pragma once

#include <chrono>
#include <cstdint>

namespace consilium {

using Clock = std::chrono::steady_clock;
using TimePoint = Clock::time_point;
using std::chrono::milliseconds;

inline TimePoint Now() { return Clock::now(); }

// Milliseconds to wait in poll() until `due`, rounded up, within [0, 60000].
inline int PollTimeoutMs(TimePoint now, TimePoint due) {
  if (due <= now) return 0;
  const auto wait = std::chrono::ceil<milliseconds>(due - now).count();
  return wait > 60000 ? 60000 : static_cast<int>(wait);
}

}  // namespace consilium
