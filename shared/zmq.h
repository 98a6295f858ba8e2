// ZeroMQ sockets as this project uses them: four-frame messages, every limit set, never silent.
//
// All sockets: linger 0 (whatever matters is acknowledged in the protocol), both high-water marks
// and the maximum message size from limits.h, ZMTP heartbeats. ROUTER is mandatory: sending to a
// peer that is gone is an answer, not a silent drop. Peers (DEALER) use `immediate`: nothing queues
// for a connection that does not exist. Threads: a socket belongs to the thread that made it. The
// only file that includes zmq.hpp is zmq.cc.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "shared/codec.h"
#include "shared/messages.h"
#include "shared/result.h"

namespace consilium {

// The process' ZeroMQ context. Outlives its sockets. Block signals (shared/signals.h) before making
// it.
class ZmqContext {
 public:
  ZmqContext();
  ~ZmqContext();
  struct State;
  State& state() { return *state_; }

 private:
  std::unique_ptr<State> state_;
};

enum class SendResult { kSent, kGone, kFull };

// kUnsupported for another protocol, kInvalid for the wrong number of frames or an overlong part.
Result<Frame> ParseFrames(const std::vector<std::string>& frames);
template <class Message>
Frame MakeFrame(const Message& message, std::string request = "") {
  return Frame{std::string(Message::kType), std::move(request), Pack(message)};
}

class RouterSocket {
 public:
  struct Incoming {
    std::string peer;     // routing id
    Result<Frame> frame;  // an Error for what is not of our protocol
  };
  explicit RouterSocket(ZmqContext& context);
  ~RouterSocket();
  // "tcp://127.0.0.1:0" picks a free port. kInvalid for a bad endpoint, kUnavailable when taken.
  Status Bind(const std::string& endpoint);
  // What it is bound to, with the port that the system chose.
  std::string endpoint() const;
  // Readable for as long as Receive() may have something (level-triggered, unlike libzmq's own).
  int fd() const;
  std::optional<Incoming> Receive();
  SendResult Send(const std::string& peer, const Frame& frame);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

class DealerSocket {
 public:
  // Connects with a fresh random routing id; reconnects by itself, jittered.
  DealerSocket(ZmqContext& context, const std::string& endpoint);
  ~DealerSocket();
  // kInvalid when `endpoint` is not one: then it never connects.
  Status status() const;
  int fd() const;  // as RouterSocket's
  std::optional<Result<Frame>> Receive();
  // kFull when there is no connection (yet).
  SendResult Send(const Frame& frame);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace consilium
