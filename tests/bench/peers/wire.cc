#include "tests/bench/peers/wire.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <ctime>

#include "tests/bench/peers/peer_client.h"

namespace consilium::bench {
namespace {

constexpr std::chrono::seconds kPatience{60};
constexpr std::chrono::microseconds kStep{100000};

}  // namespace

Wire::Wire(int port) : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(static_cast<in_port_t>(port));
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(fd_, reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0) {
    GiveUp("nobody listens on port " + std::to_string(port));
  }
  const int on = 1;
  setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

Wire::~Wire() { close(fd_); }

void Wire::Exchange(std::chrono::microseconds patience) {
  while (!out_.empty()) {
    const ssize_t written = send(fd_, out_.data(), out_.size(), MSG_NOSIGNAL);
    if (written < 0 && errno != EINTR) GiveUp("the connection broke");
    if (written > 0) out_.erase(0, static_cast<std::size_t>(written));
  }
  pollfd readable{fd_, POLLIN, 0};
  const auto whole = std::chrono::duration_cast<std::chrono::seconds>(patience);
  const timespec limit{whole.count(), static_cast<long>((patience - whole).count()) * 1000};
  if (ppoll(&readable, 1, &limit, nullptr) <= 0) return;
  char bytes[65536];
  const ssize_t got = recv(fd_, bytes, sizeof bytes, 0);
  if (got <= 0) GiveUp("the server hung up");
  in_.append(bytes, static_cast<std::size_t>(got));
}

const std::string& Wire::Await(std::size_t count) {
  const auto until = std::chrono::steady_clock::now() + kPatience;
  while (in_.size() < count) {
    if (std::chrono::steady_clock::now() > until) GiveUp("the server said nothing for 60 s");
    Exchange(kStep);
  }
  return in_;
}

std::string Wire::AwaitLine() {
  std::size_t end = 0;
  while ((end = in_.find("\r\n")) == std::string::npos) Await(in_.size() + 1);
  return Take(end + 2).substr(0, end);
}

std::string Wire::Take(std::size_t count) {
  std::string taken = in_.substr(0, count);
  in_.erase(0, count);
  return taken;
}

}  // namespace consilium::bench
