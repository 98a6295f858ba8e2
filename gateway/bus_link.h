// The gateway's way to the brokers: asks in the loop, calls back with the reply.
//
// Requests beyond the window wait here, oldest first; beyond a bound they are refused as queue_full
// at once, which is what keeps a slow cluster from filling the gateway. Threads: the loop's.
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "gateway/net/loop.h"
#include "shared/client.h"

namespace consilium {

class BusLink {
 public:
  // Waiting and under way.
  static constexpr std::size_t kRequestsMax = 8192;

  BusLink(Loop& loop, ZmqContext& context, BrokerAddress brokers);

  // `done` once, with the reply or why there is none; kTimeout: the outcome is unknown.
  template <class Reply, class Request>
  void Ask(const Request& request, milliseconds timeout,
           std::function<void(Result<Reply>, std::optional<std::int64_t> retry_after_ms)> done,
           milliseconds grace = milliseconds(0)) {
    AskFrame(MakeFrame(request), timeout, grace,
             [done = std::move(done)](Result<Frame> frame, std::optional<std::int64_t> retry) {
               if (!frame.ok()) return done(frame.error(), retry);
               done(ReadReply<Reply>(*frame), retry);
             });
  }

  // Why no broker is reached; "" = one answered lately, or nothing was asked.
  std::string Trouble() const;
  std::size_t waiting() const { return waiting_.size() + open_.size(); }

 private:
  using Done = std::function<void(Result<Frame>, std::optional<std::int64_t>)>;
  struct Waiting {
    Frame frame;
    TimePoint deadline;
    milliseconds grace;
    Done done;
  };
  void AskFrame(Frame frame, milliseconds timeout, milliseconds grace, Done done);
  void Pump();
  void PumpSoon();

  Loop& loop_;
  Client client_;
  std::size_t changes_ = 0;
  std::deque<Waiting> waiting_;
  std::map<std::string, Done> open_;
  std::string trouble_;
  bool pump_posted_ = false;
  FdWatch watch_;
  Timer timer_;
};

}  // namespace consilium
