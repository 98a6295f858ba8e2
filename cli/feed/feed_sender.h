// One way into a gateway. Threads: one; nothing blocks, but for looking a name up again.
#pragma once

#include <poll.h>

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "cli/feed/feed_item.h"
#include "shared/clock.h"
#include "shared/result.h"

namespace consilium {

class FeedSender {
 public:
  virtual ~FeedSender() = default;
  // Takes no more while this is false.
  virtual bool HasRoom() const = 0;
  virtual void Send(FeedItem item, TimePoint now) = 0;
  virtual std::size_t under_way() const = 0;
  virtual void AddPolled(std::vector<pollfd>& polled) const = 0;
  // Does all that is possible, appends what ended. The result is when to call again at the latest.
  virtual TimePoint Turn(TimePoint now, std::vector<FeedEnd>& ended) = 0;
  // Gives up what is under way: kUnsent, as nobody knows what became of it.
  virtual void Abandon(std::vector<FeedEnd>& ended) = 0;
  // How often something was sent again so far.
  virtual std::size_t resent() const = 0;
  // Why nothing comes through just now, while it is tried again; empty after an answer.
  virtual std::optional<std::string> Trouble() const = 0;
  // Why nothing more can be sent: it cannot be reached (kUnavailable), or takes nothing of this
  // feed (kForbidden, kNotFound). Empty while something can, or may.
  virtual std::optional<Error> Hopeless() const = 0;
};

}  // namespace consilium
