// The requests that a client has sent and that are not answered: when to send, send again, give up.
//
// No reply means that the outcome is unknown (docs/protocol.md): the same request goes out again
// under the same request id, after 2 s, 4 s, 8 s, 8 s, ... Every request may be served twice; the
// first reply counts and later ones belong to no open request. Invariant: an open request is either
// to be sent (again) at `due` or ended at `deadline`. Threads:   none of its own.     Time: only
// through `now`.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "shared/clock.h"
#include "shared/messages.h"

namespace consilium {

class RequestTable {
 public:
  static constexpr std::chrono::milliseconds kSilence{2000};
  static constexpr std::chrono::milliseconds kSilenceMax{8000};

  // Registers `frame`, whose request id becomes the returned one: unique in this table.
  // `grace` is added to the silence before a resend, for requests that are meant to wait.
  std::string Open(Frame frame, TimePoint now, TimePoint deadline, milliseconds grace);
  // Ends the request; false when it is not open (a second reply, or one that came too late).
  bool Close(const std::string& request);

  // Requests to be sent now, oldest first. Each stays due until Sent() says it is on its way.
  std::vector<const Frame*> Due(TimePoint now) const;
  void Sent(const std::string& request, TimePoint now);

  // A request that was sent has had no reply for so long that it is to be sent again.
  bool Silent(TimePoint now) const;
  // All that is open is to be sent now, as for the first time: to another broker.
  void SendAllAgain(TimePoint now);

  // Closes and returns the requests whose deadline has passed.
  std::vector<std::string> Expire(TimePoint now);

  // When Due() or Expire() next has something; empty when nothing is open.
  std::optional<TimePoint> NextDue() const;
  std::size_t size() const { return open_.size(); }

 private:
  struct Entry {
    std::uint64_t order = 0;
    Frame frame;
    milliseconds silence{};
    milliseconds grace{};
    TimePoint due;
    TimePoint deadline;
    bool sent = false;
  };
  std::map<std::string, Entry> open_;
  std::uint64_t next_ = 1;
};

}  // namespace consilium
