// So many messages a second. Pure; time only through `now`.
#pragma once

#include <algorithm>
#include <chrono>

#include "shared/clock.h"

namespace consilium {

class FeedPace {
 public:
  // `per_second` <= 0: as fast as they are taken.
  FeedPace(double per_second, TimePoint begin) : next_(begin) {
    if (per_second <= 0) return;
    gap_ = std::chrono::duration_cast<TimePoint::duration>(
        std::chrono::duration<double>(1.0 / per_second));
  }
  bool MayBegin(TimePoint now) const { return now >= next(); }
  // When the next one may begin.
  TimePoint next() const { return gap_ == TimePoint::duration::zero() ? TimePoint::min() : next_; }
  void Begun(TimePoint now) { next_ = std::max(next_, now - kCatchUp) + gap_; }

 private:
  // A turn of the loop that came late is made up for; what took longer is not, in a burst.
  static constexpr milliseconds kCatchUp{100};

  TimePoint::duration gap_{0};
  TimePoint next_;
};

}  // namespace consilium
