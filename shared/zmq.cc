#include "shared/zmq.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <random>
#include <utility>
#include <zmq.hpp>

#include "shared/check.h"
#include "shared/ids.h"
#include "shared/limits.h"
#include "shared/text.h"

namespace consilium {
namespace {

constexpr std::size_t kFrameParts = 4;
// What we keep of one message: our frames, the routing id, and one more to notice that there are
// more.
constexpr std::size_t kPartsKept = kFrameParts + 2;
constexpr int kReconnectMsMin = 100;
constexpr int kReconnectMsMax = 500;
constexpr int kReconnectPauseMsMax = 5000;
constexpr int kHandshakeMs = 5000;
constexpr int kHeartbeatMs = 1000;
constexpr int kHeartbeatTimeoutMs = 3000;
constexpr int kHeartbeatTtlMs = 5000;

// Not reproducible on purpose: peers that lose one broker must not come back in step.
int JitteredReconnectMs() {
  std::random_device random;
  return std::uniform_int_distribution<int>(kReconnectMsMin, kReconnectMsMax)(random);
}

bool IsType(std::string_view type) {
  return !type.empty() && type.size() <= limits::kTypeBytesMax &&
         std::all_of(type.begin(), type.end(),
                     [](char c) { return (c >= 'a' && c <= 'z') || c == '_'; });
}

// What is sent instead of a body over the limit.
Frame TooLarge(const Frame& frame) {
  ErrorMessage error;
  error.code = ErrorName(ErrorCode::kTooLarge);
  error.text = frame.type + " of " + std::to_string(frame.body.size()) + " bytes, at most " +
               std::to_string(limits::kMessageBytesMax);
  return MakeFrame(error, frame.request);
}

// A socket with a descriptor that is readable for as long as there is something to receive.
//
// libzmq's own is edge-triggered, and any call on the socket, a send too, may use the edge up. So
// an eventfd beside it is set while messages are known to wait; both hang in one epoll descriptor.
class PolledSocket {
 public:
  PolledSocket(zmq::context_t& context, zmq::socket_type type)
      : socket_(context, type),
        waiting_fd_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)),
        epoll_fd_(epoll_create1(EPOLL_CLOEXEC)) {
    CHECK(waiting_fd_ >= 0 && epoll_fd_ >= 0, "descriptors are left for the few sockets we have");
    socket_.set(zmq::sockopt::linger, 0);
    socket_.set(zmq::sockopt::sndhwm, limits::kSocketHwm);
    socket_.set(zmq::sockopt::rcvhwm, limits::kSocketHwm);
    socket_.set(zmq::sockopt::maxmsgsize, limits::kZmqMessageBytesMax);
    socket_.set(zmq::sockopt::sndtimeo, 0);
    socket_.set(zmq::sockopt::rcvtimeo, 0);
    socket_.set(zmq::sockopt::ipv6, 1);
    socket_.set(zmq::sockopt::handshake_ivl, kHandshakeMs);
    socket_.set(zmq::sockopt::heartbeat_ivl, kHeartbeatMs);
    socket_.set(zmq::sockopt::heartbeat_timeout, kHeartbeatTimeoutMs);
    socket_.set(zmq::sockopt::heartbeat_ttl, kHeartbeatTtlMs);
    Watch(socket_.get(zmq::sockopt::fd));
    Watch(waiting_fd_);
    SetWaiting(true);  // what happened so far may have used up the first edge
  }
  ~PolledSocket() {
    close(epoll_fd_);
    close(waiting_fd_);
  }
  PolledSocket(const PolledSocket&) = delete;  // owns descriptors
  PolledSocket& operator=(const PolledSocket&) = delete;

  zmq::socket_t& socket() { return socket_; }
  int fd() const { return epoll_fd_; }

  // The parts of one message, at most kPartsKept of them; empty when none waits.
  std::vector<std::string> Receive() {
    std::vector<std::string> parts;
    try {
      bool more = true;
      while (more) {
        zmq::message_t part;
        if (!socket_.recv(part, zmq::recv_flags::dontwait)) break;
        if (parts.size() < kPartsKept) parts.push_back(part.to_string());
        more = part.more();
      }
    } catch (const zmq::error_t&) {
      // Interrupted; whatever waits is still there at the next call.
    }
    SetWaiting(!parts.empty());
    return parts;
  }

  SendResult Send(const std::string* peer, const Frame& frame) {
    if (frame.body.size() > limits::kMessageBytesMax) return Send(peer, TooLarge(frame));
    try {
      const auto more = zmq::send_flags::dontwait | zmq::send_flags::sndmore;
      if (peer != nullptr && !socket_.send(zmq::buffer(*peer), more)) return Blocked();
      if (!socket_.send(zmq::buffer(kProtocol), more)) return Blocked();
      // The message goes out whole or not at all; only its first part can be refused.
      static_cast<void>(socket_.send(zmq::buffer(frame.type), more));
      static_cast<void>(socket_.send(zmq::buffer(frame.request), more));
      static_cast<void>(socket_.send(zmq::buffer(frame.body), zmq::send_flags::dontwait));
    } catch (const zmq::error_t& error) {
      NoticeWaiting();
      return error.num() == EHOSTUNREACH ? SendResult::kGone : SendResult::kFull;
    }
    NoticeWaiting();
    return SendResult::kSent;
  }

 private:
  void NoticeWaiting() {
    try {
      if ((socket_.get(zmq::sockopt::events) & ZMQ_POLLIN) != 0) SetWaiting(true);
    } catch (const zmq::error_t&) {
      SetWaiting(true);  // interrupted: Receive() will find out
    }
  }

  SendResult Blocked() {
    NoticeWaiting();
    return SendResult::kFull;
  }

  void Watch(int fd) const {
    epoll_event event{};
    event.events = EPOLLIN;
    CHECK(epoll_ctl(epoll_fd_, EPOLL_CTL_ADD, fd, &event) == 0, "both descriptors can be polled");
  }

  void SetWaiting(bool waiting) {
    if (waiting == waiting_) return;
    waiting_ = waiting;
    eventfd_t count = 0;
    const int done = waiting ? eventfd_write(waiting_fd_, 1) : eventfd_read(waiting_fd_, &count);
    CHECK(done == 0, "the eventfd counts only to 1");
  }

  zmq::socket_t socket_;
  int waiting_fd_;
  int epoll_fd_;
  bool waiting_ = false;
};

}  // namespace

struct ZmqContext::State {
  zmq::context_t context{1};
};

ZmqContext::ZmqContext() : state_(std::make_unique<State>()) {}
ZmqContext::~ZmqContext() = default;

Result<Frame> ParseFrames(const std::vector<std::string>& frames) {
  if (frames.empty() || frames[0] != kProtocol) {
    return Error{ErrorCode::kUnsupported, "protocol " +
                                              Quoted(frames.empty() ? "" : frames[0], 16) +
                                              ", expected " + Quoted(kProtocol)};
  }
  if (frames.size() != kFrameParts) {
    const std::string count =
        frames.size() > kFrameParts ? "too many" : std::to_string(frames.size());
    return Invalid(count + " frames, expected protocol, type, request, body");
  }
  if (!IsType(frames[1])) {
    return Invalid("message type " + Quoted(frames[1], 32) +
                   ", expected 1..32 characters of a-z _");
  }
  if (frames[2].size() > limits::kRequestBytesMax) {
    return Invalid("request id of " + std::to_string(frames[2].size()) + " bytes, at most " +
                   std::to_string(limits::kRequestBytesMax));
  }
  if (frames[3].size() > limits::kMessageBytesMax) {
    return Error{ErrorCode::kTooLarge, "a message of " + std::to_string(frames[3].size()) +
                                           " bytes, at most " +
                                           std::to_string(limits::kMessageBytesMax)};
  }
  return Frame{frames[1], frames[2], frames[3]};
}

struct RouterSocket::State {
  explicit State(zmq::context_t& context) : polled(context, zmq::socket_type::router) {}
  PolledSocket polled;
  std::string endpoint;
};

RouterSocket::RouterSocket(ZmqContext& context)
    : state_(std::make_unique<State>(context.state().context)) {
  zmq::socket_t& socket = state_->polled.socket();
  socket.set(zmq::sockopt::router_mandatory, 1);
  // A peer that reconnects before we noticed that it was gone replaces its old connection.
  socket.set(zmq::sockopt::router_handover, 1);
}

RouterSocket::~RouterSocket() = default;

Status RouterSocket::Bind(const std::string& endpoint) {
  zmq::socket_t& socket = state_->polled.socket();
  try {
    socket.bind(endpoint);
    state_->endpoint = socket.get(zmq::sockopt::last_endpoint);
  } catch (const zmq::error_t& error) {
    const bool bad = error.num() == EINVAL || error.num() == EPROTONOSUPPORT ||
                     error.num() == ENODEV || error.num() == EADDRNOTAVAIL ||
                     error.num() == ENAMETOOLONG;
    return Error{bad ? ErrorCode::kInvalid : ErrorCode::kUnavailable,
                 "cannot listen on " + Quoted(endpoint, 128) + ": " + error.what()};
  }
  return Ok();
}

std::string RouterSocket::endpoint() const { return state_->endpoint; }

int RouterSocket::fd() const { return state_->polled.fd(); }

std::optional<RouterSocket::Incoming> RouterSocket::Receive() {
  std::vector<std::string> parts = state_->polled.Receive();
  if (parts.empty()) return std::nullopt;
  std::string peer = std::move(parts.front());
  parts.erase(parts.begin());
  return Incoming{std::move(peer), ParseFrames(parts)};
}

SendResult RouterSocket::Send(const std::string& peer, const Frame& frame) {
  return state_->polled.Send(&peer, frame);
}

struct DealerSocket::State {
  explicit State(zmq::context_t& context) : polled(context, zmq::socket_type::dealer) {}
  PolledSocket polled;
  Status connected = Ok();
};

DealerSocket::DealerSocket(ZmqContext& context, const std::string& endpoint)
    : state_(std::make_unique<State>(context.state().context)) {
  zmq::socket_t& socket = state_->polled.socket();
  socket.set(zmq::sockopt::routing_id, RandomHexId());
  socket.set(zmq::sockopt::immediate, 1);
  socket.set(zmq::sockopt::reconnect_ivl, JitteredReconnectMs());
  socket.set(zmq::sockopt::reconnect_ivl_max, kReconnectPauseMsMax);
  try {
    socket.connect(endpoint);
  } catch (const zmq::error_t& error) {
    state_->connected = Invalid("cannot connect to " + Quoted(endpoint, 128) + ": " + error.what());
  }
}

DealerSocket::~DealerSocket() = default;

Status DealerSocket::status() const { return state_->connected; }

int DealerSocket::fd() const { return state_->polled.fd(); }

std::optional<Result<Frame>> DealerSocket::Receive() {
  const std::vector<std::string> parts = state_->polled.Receive();
  if (parts.empty()) return std::nullopt;
  return ParseFrames(parts);
}

SendResult DealerSocket::Send(const Frame& frame) { return state_->polled.Send(nullptr, frame); }

}  // namespace consilium
