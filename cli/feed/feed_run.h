// Sends what a source has until it is empty, or for ever when new files are looked for.
//
// Threads: one; a stop signal is noticed within a poll.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "cli/feed/feed_pace.h"
#include "cli/feed/feed_sender.h"
#include "cli/feed/feed_source.h"
#include "cli/feed/feed_tally.h"
#include "shared/clock.h"
#include "shared/result.h"
#include "shared/signals.h"

namespace consilium {

class FeedRun {
 public:
  struct Options {
    double rate = 0;             // messages a second (feed_pace.h)
    std::function<void()> look;  // for new files, every kLook; empty = what there is, is all
    std::function<void(const FeedEnd&)> on_end;
    std::function<void(const FeedTally&, TimePoint)> on_tick;
    // What is sent does not come through just now, and why; at every turn, as long as it is so.
    std::function<void(const std::string& why, TimePoint)> on_trouble;
  };
  enum class End { kDone, kInterrupted, kUnreachable, kRefused, kFailed };
  static constexpr milliseconds kLook{1000};

  // `mllp` and `http` may be null; `refuse` hears of a message that needs one that is.
  FeedRun(FeedSource& source, FeedSender* mllp, FeedSender* http, Options options);

  End Run(StopSignals& stop, FeedTally& tally);
  // Why, when kUnreachable, kRefused (all of it, for who sends or where to) or kFailed.
  const Error& error() const { return error_; }

 private:
  static constexpr milliseconds kGrace{2000};  // for answers under way, once it is to stop

  FeedSender* SenderOf(FeedDoor door) const { return door == FeedDoor::kMllp ? mllp_ : http_; }
  void Begin(FeedTally& tally, TimePoint now);
  TimePoint Turn(TimePoint now, FeedTally& tally);
  void Take(const FeedEnd& end, FeedTally& tally);
  std::size_t under_way() const;

  FeedSource& source_;
  FeedSender* mllp_;
  FeedSender* http_;
  Options options_;
  std::optional<FeedItem> next_item_;
  FeedPace pace_;
  Error error_;
  bool failed_ = false;
};

}  // namespace consilium
