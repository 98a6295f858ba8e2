// ZeroMQ sockets as this project uses them: four-frame messages, every limit set, never silent.
//
// All sockets: linger 0 (whatever matters is acknowledged in the protocol), both high-water marks
// and the maximum message size from limits.h, ZMTP heartbeats. ROUTER is mandatory: sending to a
// peer that is gone is an answer, not a silent drop. Peers (DEALER) send over a connection that
// stands, as the events of the socket tell: nothing queues without one. Threads: a socket belongs
// to the thread that made it. The files that include zmq.hpp are zmq.cc, zmq_socket.h and
// bus_door.cc.
//
// With keys (CURVE) both sides prove who they are and everything is encrypted; what a broker lets
// in is the matter of its BusDoor (bus_door.h). Without keys a socket stays on this machine.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "shared/allow_list.h"
#include "shared/codec.h"
#include "shared/messages.h"
#include "shared/result.h"

namespace consilium {

class BusDoor;

// A CURVE key pair, both as texts that IsBusKey() takes.
struct KeyPair {
  std::string public_key;
  std::string secret_key;
};
// A new one, without `$`, which TOML files here and shells take for a variable.
KeyPair NewKeyPair();
// Empty when the secret key is none.
std::optional<std::string> PublicKeyOf(const std::string& secret_key);

// What a process shows on the bus, and what it expects of the brokers. Empty: no keys.
struct BusKeys {
  KeyPair own;
  std::string broker_key;
  bool on() const { return !own.secret_key.empty(); }
};

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
    std::string peer;     // routing id, chosen by us: fresh for every connection
    Result<Frame> frame;  // an Error for what is not of our protocol, or not allowed to its sender
    std::string key;      // public key of the sender; "" without keys
    BusPeer from;         // whose that is; without keys nobody's, with every right
    std::string request;  // of a message that its sender was not allowed; "" otherwise
  };
  explicit RouterSocket(ZmqContext& context);
  ~RouterSocket();
  // Peers need keys from here on, and are judged by `door` as peers of `side`: when they connect,
  // and again with every message. Before Bind(); `door` outlives the socket.
  void Guard(BusDoor& door, BusSide side);
  // "tcp://127.0.0.1:0" picks a free port. kInvalid for a bad endpoint, kUnavailable when taken.
  Status Bind(const std::string& endpoint);
  // What it is bound to, with the port that the system chose.
  std::string endpoint() const;
  // Readable for as long as Receive() may have something (level-triggered, unlike libzmq's own).
  int fd() const;
  std::optional<Incoming> Receive();
  SendResult Send(const std::string& peer, const Frame& frame);
  // Connections that ended, or are still, without having shown what is needed to be heard: they
  // spoke another protocol, had no key, another broker's key, or one that is not allowed.
  std::int64_t strangers() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

class DealerSocket {
 public:
  // Connects; reconnects by itself, jittered, also to a broker that refused it.
  DealerSocket(ZmqContext& context, const std::string& endpoint, const BusKeys& keys = {});
  ~DealerSocket();
  // kInvalid when `endpoint` is not one, or is beyond this machine and there are no keys: then it
  // never connects.
  Status status() const;
  int fd() const;  // as RouterSocket's
  std::optional<Result<Frame>> Receive();
  // kFull when there is no connection (yet).
  SendResult Send(const Frame& frame);
  // Why the broker did not take the last connection; "" when it did or nothing was heard of it.
  std::string refusal() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace consilium
