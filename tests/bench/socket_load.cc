#include "tests/bench/socket_load.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <stdexcept>

namespace consilium::bench {
namespace {

using Clock = std::chrono::steady_clock;

int Connected(int port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (fd < 0 || ::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    throw std::runtime_error("cannot connect to port " + std::to_string(port));
  }
  const int on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return fd;
}

// Requests of a load are small: the system takes them at once.
void SendAll(int fd, const std::string& bytes) {
  std::size_t sent = 0;
  while (sent < bytes.size()) {
    const ssize_t put = ::send(fd, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
    if (put <= 0) throw std::runtime_error("the server closed a connection");
    sent += static_cast<std::size_t>(put);
  }
}

}  // namespace

SocketLoadResult RunSocketLoad(const SocketLoad& load) {
  struct One {
    std::string in;
    Clock::time_point sent;
    bool open = false;
  };
  const OpenSockets sockets(load.port, load.connections);
  std::vector<One> ones(load.connections);
  const int epoll = ::epoll_create1(EPOLL_CLOEXEC);
  std::size_t next = 0;
  SocketLoadResult result;
  const auto send_next = [&](std::size_t i) {
    if (next == load.requests) return;
    ones[i].open = true;
    const std::string request = load.request(next++);
    ones[i].sent = Clock::now();
    SendAll(sockets.fds()[i], request);
  };
  const auto began = Clock::now();
  for (std::size_t i = 0; i < ones.size(); ++i) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u64 = i;
    ::epoll_ctl(epoll, EPOLL_CTL_ADD, sockets.fds()[i], &event);
    send_next(i);
  }
  std::array<epoll_event, 256> ready{};
  std::array<char, 65536> bytes{};
  while (result.ms.size() < load.requests) {
    const int count = ::epoll_wait(epoll, ready.data(), static_cast<int>(ready.size()), 30000);
    if (count <= 0) throw std::runtime_error("no answer within 30 s");
    for (int e = 0; e < count; ++e) {
      const auto i = static_cast<std::size_t>(ready[static_cast<std::size_t>(e)].data.u64);
      const ssize_t got = ::recv(sockets.fds()[i], bytes.data(), bytes.size(), 0);
      if (got <= 0) throw std::runtime_error("the server closed a connection");
      One& one = ones[i];
      one.in.append(bytes.data(), static_cast<std::size_t>(got));
      const std::size_t whole = one.open ? load.answered(one.in) : 0;
      if (whole == 0) continue;
      one.in.erase(0, whole);
      one.open = false;
      result.ms.push_back(
          std::chrono::duration<double, std::milli>(Clock::now() - one.sent).count());
      send_next(i);
    }
  }
  result.seconds = std::chrono::duration<double>(Clock::now() - began).count();
  ::close(epoll);
  return result;
}

OpenSockets::OpenSockets(int port, std::size_t count, const std::string& greeting) {
  for (std::size_t i = 0; i < count; ++i) {
    fds_.push_back(Connected(port));
    if (!greeting.empty()) SendAll(fds_.back(), greeting);
  }
}

OpenSockets::~OpenSockets() {
  for (const int fd : fds_) ::close(fd);
}

}  // namespace consilium::bench
