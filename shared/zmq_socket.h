// What all our ZeroMQ sockets have in common. For zmq.cc and bus_door.cc only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>
#include <zmq.hpp>

#include "shared/zmq.h"

namespace consilium {

struct ZmqContext::State {
  zmq::context_t context{1};
  std::uint64_t monitors = 0;  // made so far; their endpoints need names
};

// A socket with a descriptor that is readable for as long as there is something to receive.
//
// libzmq's own is edge-triggered, and any call on the socket, a send too, may use the edge up. So
// an eventfd beside it is set while messages are known to wait; both hang in one epoll descriptor.
class PolledSocket {
 public:
  PolledSocket(ZmqContext& context, zmq::socket_type type);
  ~PolledSocket();
  PolledSocket(const PolledSocket&) = delete;  // owns descriptors
  PolledSocket& operator=(const PolledSocket&) = delete;

  zmq::socket_t& socket() { return socket_; }
  int fd() const { return epoll_fd_; }

  struct Message {
    std::vector<std::string> parts;
    std::string user;  // whom the ZAP handler took the sender for; "" without one
  };
  // At most `parts_max` parts of one message; empty when none waits.
  Message Receive(std::size_t parts_max);
  // Whole or not at all: only the first part can be refused.
  SendResult Send(const std::vector<std::string_view>& parts);

  // From now on `on_event(event, value)` is told of connections, inside Receive() calls that find
  // no message. Before bind or connect.
  using OnEvent = std::function<void(int event, std::uint32_t value)>;
  void Monitor(int events, OnEvent on_event);
  // Tells them now.
  void ReadEvents();

 private:
  void NoticeWaiting();
  void Watch(int fd) const;
  void SetWaiting(bool waiting);

  ZmqContext::State& context_;
  zmq::socket_t socket_;
  zmq::socket_t monitor_;
  OnEvent on_event_;
  int waiting_fd_;
  int epoll_fd_;
  bool waiting_ = false;
};

}  // namespace consilium
