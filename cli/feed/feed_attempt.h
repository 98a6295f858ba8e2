// A message on its way: how often and when it is sent again, and how it ends. Pure; time only
// through `now`.
#pragma once

#include <optional>

#include "cli/feed/feed_item.h"
#include "shared/clock.h"

namespace consilium {

struct FeedPatience {
  int retries = 8;               // without an answer that can be used, after the first attempt
  milliseconds answer{30000};    // for one, once it was sent
  milliseconds busy{600000};     // for a gateway that says that it is full
  int error_retries = 3;         // of what was answered with an error that may pass
  milliseconds pause{200};       // before the first time again; doubles ...
  milliseconds pause_max{5000};  // ... up to this
};

class FeedAttempt {
 public:
  explicit FeedAttempt(FeedItem item) : item_(std::move(item)) {}
  const FeedItem& item() const { return item_; }
  int again() const { return again_; }

  // After an answer, or none. Either it has ended (the item goes with it), or it is to be sent
  // again at `next()`.
  std::optional<FeedEnd> Judge(const FeedVerdict& verdict, const FeedPatience& patience,
                               TimePoint now);
  TimePoint next() const { return next_; }
  // It ended unsent, and so would all others: nothing that can be used came back, often enough, or
  // the gateway takes nothing of this feed.
  const std::optional<Error>& in_vain() const { return in_vain_; }
  FeedEnd End(FeedEnd::Kind kind, std::string code, std::string text);
  // It is given up while it is under way.
  FeedEnd Abandon();

 private:
  FeedItem item_;
  int again_ = 0;
  int silences_ = 0;
  int errors_ = 0;
  std::optional<TimePoint> busy_since_;
  TimePoint next_;
  std::optional<Error> in_vain_;
  std::string last_;  // why it was sent again
};

}  // namespace consilium
