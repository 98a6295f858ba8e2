#include "shared/zmq_socket.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "shared/check.h"
#include "shared/limits.h"

namespace consilium {
namespace {

constexpr const char* kUser = "User-Id";  // of a message: what the ZAP handler said of its sender
constexpr int kHandshakeMs = 5000;
// A dead connection is noticed within 5 s. Not more often, and without a time to live in the ping:
// each makes libzmq walk the timers of all connections, and wakes an idle worker.
constexpr int kPingMs = 2000;
constexpr int kPatienceMs = 3000;

}  // namespace

PolledSocket::PolledSocket(ZmqContext& context, zmq::socket_type type)
    : context_(context.state()),
      socket_(context_.context, type),
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
  socket_.set(zmq::sockopt::heartbeat_ivl, kPingMs);
  socket_.set(zmq::sockopt::heartbeat_timeout, kPatienceMs);
  Watch(socket_.get(zmq::sockopt::fd));
  Watch(waiting_fd_);
  SetWaiting(true);  // what happened so far may have used up the first edge
}

PolledSocket::~PolledSocket() {
  // libzmq's thread must not write to a monitor that is gone.
  if (on_event_) zmq_socket_monitor(socket_.handle(), nullptr, 0);
  close(epoll_fd_);
  close(waiting_fd_);
}

PolledSocket::Message PolledSocket::Receive(std::size_t parts_max) {
  Message message;
  try {
    bool more = true;
    while (more) {
      zmq::message_t part;
      if (!socket_.recv(part, zmq::recv_flags::dontwait)) break;
      more = part.more();
      if (message.parts.size() < parts_max) message.parts.push_back(part.to_string());
      if (more) continue;
      const char* const user = zmq_msg_gets(part.handle(), kUser);
      if (user != nullptr) message.user = user;
    }
  } catch (const zmq::error_t&) {
    // Interrupted; whatever waits is still there at the next call.
  }
  SetWaiting(!message.parts.empty());
  if (message.parts.empty()) ReadEvents();
  return message;
}

SendResult PolledSocket::Send(const std::vector<std::string_view>& parts) {
  SendResult result = SendResult::kSent;
  try {
    for (std::size_t i = 0; i < parts.size(); ++i) {
      const auto more = i + 1 < parts.size() ? zmq::send_flags::sndmore : zmq::send_flags::none;
      if (socket_.send(zmq::buffer(parts[i]), zmq::send_flags::dontwait | more)) continue;
      if (i == 0) result = SendResult::kFull;
      if (i == 0) break;
    }
  } catch (const zmq::error_t& error) {
    result = error.num() == EHOSTUNREACH ? SendResult::kGone : SendResult::kFull;
  }
  NoticeWaiting();
  return result;
}

void PolledSocket::Monitor(int events, OnEvent on_event) {
  on_event_ = std::move(on_event);
  const std::string endpoint = "inproc://monitor." + std::to_string(++context_.monitors);
  const int made = zmq_socket_monitor(socket_.handle(), endpoint.c_str(), events);
  CHECK(made == 0, "the endpoint is new in this context");
  monitor_ = zmq::socket_t(context_.context, zmq::socket_type::pair);
  monitor_.set(zmq::sockopt::linger, 0);
  // libzmq's thread would stand still before a full one. It is emptied in every turn of a loop.
  monitor_.set(zmq::sockopt::rcvhwm, 0);
  monitor_.connect(endpoint);
  Watch(monitor_.get(zmq::sockopt::fd));
}

// An event is two parts: number (16 bits) and value (32 bits), then the endpoint.
void PolledSocket::ReadEvents() {
  if (!on_event_) return;
  try {
    zmq::message_t event;
    while (monitor_.recv(event, zmq::recv_flags::dontwait)) {
      std::uint16_t number = 0;
      std::uint32_t value = 0;
      const bool whole = event.size() == sizeof(number) + sizeof(value) && event.more();
      if (!whole) continue;
      std::memcpy(&number, event.data<char>(), sizeof(number));
      std::memcpy(&value, event.data<char>() + sizeof(number), sizeof(value));
      static_cast<void>(monitor_.recv(event, zmq::recv_flags::dontwait));
      on_event_(number, value);
    }
  } catch (const zmq::error_t&) {
    // Interrupted; what waits is read at the next call.
  }
}

void PolledSocket::NoticeWaiting() {
  try {
    if ((socket_.get(zmq::sockopt::events) & ZMQ_POLLIN) != 0) SetWaiting(true);
  } catch (const zmq::error_t&) {
    SetWaiting(true);  // interrupted: Receive() will find out
  }
}

void PolledSocket::Watch(int fd) const {
  epoll_event event{};
  event.events = EPOLLIN;
  CHECK(epoll_ctl(epoll_fd_, EPOLL_CTL_ADD, fd, &event) == 0, "both descriptors can be polled");
}

void PolledSocket::SetWaiting(bool waiting) {
  if (waiting == waiting_) return;
  waiting_ = waiting;
  eventfd_t count = 0;
  const int done = waiting ? eventfd_write(waiting_fd_, 1) : eventfd_read(waiting_fd_, &count);
  CHECK(done == 0, "the eventfd counts only to 1");
}

}  // namespace consilium
