// A client of the broker: asks, asks again when nothing comes back, matches replies to requests.
//
// A broker that restarts on its endpoint is survived: the socket reconnects, open requests are sent
// again under the same id, and every request of the protocol may be served twice. For the same
// reason another broker may be asked: the next of the list, when one says nothing for 2 s, cannot
// be reached for 1 s, or drains. Threads: none of its own; owned by one loop, which polls fd() and
// calls Step().
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "shared/request_table.h"
#include "shared/clock.h"
#include "shared/codec.h"
#include "shared/messages.h"
#include "shared/result.h"
#include "shared/signals.h"
#include "shared/zmq.h"

namespace consilium {

// Where a broker is, and the keys to speak with it.
struct BrokerAddress {
  std::vector<std::string> endpoints;  // at least one; tried in turn
  BusKeys keys = {};
};

class Client {
 public:
  struct Reply {
    std::string request;
    // An `error` message of the broker is its Error; kTimeout when nothing came by the deadline.
    Result<Frame> frame;
    std::optional<std::int64_t> retry_after_ms;  // of an error
  };

  Client(ZmqContext& context, BrokerAddress brokers);
  Client(ZmqContext& context, std::string endpoint)  // without keys
      : Client(context, BrokerAddress{{std::move(endpoint)}}) {}

  // Sent at the next Step(). `grace`: how long the broker may take before silence counts.
  template <class Request>
  std::string Ask(const Request& request, TimePoint now, TimePoint deadline,
                  milliseconds grace = milliseconds(0)) {
    return AskFrame(MakeFrame(request), now, deadline, grace);
  }
  std::string AskFrame(Frame frame, TimePoint now, TimePoint deadline, milliseconds grace) {
    return table_.Open(std::move(frame), now, deadline, grace);
  }
  // Nobody wants the reply any more.
  void Forget(const std::string& request) { table_.Close(request); }

  // Reads what arrived, sends what is due. Each open request is returned once, when it ends.
  std::vector<Reply> Step(TimePoint now);
  // When to call Step() again at the latest.
  TimePoint NextDue(TimePoint now) const;
  int fd() const { return socket_->fd(); }  // another one after a change of the broker ...
  std::size_t changes() const { return changes_; }  // ... which this counts
  // Where it asks, for people.
  std::string endpoint() const;
  // Why the broker does not take our connections; "" when it does or is not there.
  std::string refusal() const { return socket_->refusal(); }
  // When the broker last said anything; empty before its first word.
  std::optional<TimePoint> last_word() const { return last_word_; }

 private:
  std::optional<Reply> Read(Result<Frame> frame, TimePoint now);
  void ReadAll(TimePoint now, std::vector<Reply>& replies);
  bool IsGone(TimePoint now) const;
  void AskNext(TimePoint now);

  ZmqContext& context_;
  BrokerAddress brokers_;
  std::size_t at_ = 0;
  std::size_t changes_ = 0;
  std::unique_ptr<DealerSocket> socket_;
  RequestTable table_;
  std::optional<TimePoint> last_word_;
  TimePoint asked_from_{};            // when the broker that is asked was chosen
  std::optional<TimePoint> full_at_;  // since when sends find no connection or no room
  std::size_t turned_away_ = 0;       // brokers in a row that drain
  bool drains_ = false;               // the one that is asked
};

// Waits until `client` has something to read or is due, a stop signal came, or `until`. True: a
// signal.
bool WaitForClient(const Client& client, StopSignals& stop, TimePoint until);

// The body of `frame` as `Message`; kUnsupported when it is of another type.
template <class Message>
Result<Message> ReadReply(const Frame& frame) {
  if (frame.type != Message::kType) {
    return Error{ErrorCode::kUnsupported,
                 "reply of type " + frame.type + ", expected " + std::string(Message::kType)};
  }
  return Unpack<Message>(frame.body);
}

// One request and its reply: asks, waits. kTimeout names the endpoint and the time; an error with
// kUnavailable is asked again until then. Empty when a stop signal came.
std::optional<Result<Frame>> AskAndWait(Client& client, StopSignals& stop, const Frame& request,
                                        milliseconds timeout, milliseconds grace);

template <class Reply, class Request>
std::optional<Result<Reply>> Call(Client& client, StopSignals& stop, const Request& request,
                                  milliseconds timeout, milliseconds grace = milliseconds(0)) {
  auto frame = AskAndWait(client, stop, MakeFrame(request), timeout, grace);
  if (!frame) return std::nullopt;
  if (!frame->ok()) return Result<Reply>(frame->error());
  return ReadReply<Reply>(**frame);
}

}  // namespace consilium
