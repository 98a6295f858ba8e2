#include "tests/support/mllp_peer.h"

#include <arpa/inet.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <map>
#include <mutex>
#include <stdexcept>
#include <thread>

#include "tests/support/server_socket.h"

namespace consilium {
namespace {

constexpr char kStart = '\x0b';
const std::string kEnd = "\x1c\r";

std::string Framed(const std::string& payload) { return kStart + payload + kEnd; }

// Takes one whole frame out of `in`.
std::optional<std::string> TakeFrame(std::string& in) {
  const std::size_t begin = in.find(kStart);
  const std::size_t end = in.find(kEnd);
  if (begin == std::string::npos || end == std::string::npos || end < begin) return {};
  std::string payload = in.substr(begin + 1, end - begin - 1);
  in.erase(0, end + kEnd.size());
  return payload;
}

bool SendAll(int fd, const std::string& bytes) {
  std::size_t sent = 0;
  while (sent < bytes.size()) {
    const ssize_t put = ::send(fd, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
    if (put > 0) {
      sent += static_cast<std::size_t>(put);
    } else if (errno == EAGAIN) {
      pollfd polled{fd, POLLOUT, 0};
      ::poll(&polled, 1, 1000);
    } else {
      return false;
    }
  }
  return true;
}

}  // namespace

std::string Hl7Field(const std::string& message, const std::string& segment, std::size_t field) {
  std::size_t at = 0;
  while (at < message.size()) {
    const std::size_t end = std::min(message.find('\r', at), message.size());
    std::string line = message.substr(at, end - at);
    at = end + 1;
    if (line.compare(0, segment.size(), segment) != 0 || line.size() <= segment.size()) continue;
    const char bar = line[segment.size()];
    // MSH-1 is the bar itself.
    std::size_t number = segment == "MSH" ? 1 : 0;
    std::size_t begin = 0;
    while (number < field) {
      begin = line.find(bar, begin);
      if (begin == std::string::npos) return "";
      ++begin;
      ++number;
    }
    return line.substr(begin, line.find(bar, begin) - begin);
  }
  return "";
}

MllpSender::MllpSender(int port) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (fd_ < 0 || ::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    throw std::runtime_error("cannot connect to port " + std::to_string(port));
  }
}

MllpSender::~MllpSender() {
  if (fd_ >= 0) ::close(fd_);
}

void MllpSender::SendBytes(const std::string& bytes) { SendAll(fd_, bytes); }
void MllpSender::EndSending() { ::shutdown(fd_, SHUT_WR); }

void MllpSender::Reset() {
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  int unacknowledged = 1;
  while (::ioctl(fd_, SIOCOUTQ, &unacknowledged) == 0 && unacknowledged > 0 &&
         std::chrono::steady_clock::now() < until) {
    std::this_thread::yield();
  }
  const linger at_once{1, 0};
  ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  ::close(fd_);
  fd_ = -1;
}

std::optional<std::string> MllpSender::Receive(std::chrono::milliseconds within) {
  const auto until = std::chrono::steady_clock::now() + within;
  while (true) {
    if (auto payload = TakeFrame(in_)) return payload;
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        until - std::chrono::steady_clock::now());
    pollfd polled{fd_, POLLIN, 0};
    if (left.count() <= 0 || ::poll(&polled, 1, static_cast<int>(left.count())) <= 0) return {};
    char bytes[65536];
    const ssize_t got = ::recv(fd_, bytes, sizeof bytes, 0);
    if (got <= 0) return {};
    in_.append(bytes, static_cast<std::size_t>(got));
  }
}

void MllpSender::Send(const std::string& message) { SendBytes(Framed(message)); }

std::optional<std::string> MllpSender::Ask(const std::string& message) {
  Send(message);
  return Receive();
}

bool MllpSender::Closes(std::chrono::milliseconds within) {
  const auto until = std::chrono::steady_clock::now() + within;
  while (true) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        until - std::chrono::steady_clock::now());
    pollfd polled{fd_, POLLIN, 0};
    if (left.count() <= 0 || ::poll(&polled, 1, static_cast<int>(left.count())) <= 0) return false;
    char bytes[65536];
    if (::recv(fd_, bytes, sizeof bytes, 0) <= 0) return true;
  }
}

struct MllpReceiver::State {
  Answer answer;
  int port = 0;
  int listener = -1;
  mutable std::mutex mutex;
  std::vector<std::string> messages;
  std::atomic<bool> stop{false};
  std::thread thread;

  void Run() {
    std::map<int, std::string> connections;
    while (!stop) {
      std::vector<pollfd> polled{{listener, POLLIN, 0}};
      for (const auto& [fd, in] : connections) polled.push_back({fd, POLLIN, 0});
      ::poll(polled.data(), polled.size(), 20);
      if ((polled[0].revents & POLLIN) != 0) {
        const int fd = ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (fd >= 0) connections[fd];
      }
      for (std::size_t i = 1; i < polled.size(); ++i) {
        if (polled[i].revents == 0) continue;
        const int fd = polled[i].fd;
        if (!Read(fd, connections[fd])) {
          ::close(fd);
          connections.erase(fd);
        }
      }
    }
    for (const auto& [fd, in] : connections) ::close(fd);
  }

  bool Read(int fd, std::string& in) {
    char bytes[65536];
    const ssize_t got = ::recv(fd, bytes, sizeof bytes, 0);
    if (got <= 0) return got < 0 && errno == EAGAIN;
    in.append(bytes, static_cast<std::size_t>(got));
    while (const auto payload = TakeFrame(in)) {
      {
        const std::lock_guard<std::mutex> lock(mutex);
        messages.push_back(*payload);
      }
      const std::string ack = answer ? answer(*payload) : AckOf(*payload, "AA");
      if (!ack.empty() && !SendAll(fd, Framed(ack))) return false;
    }
    return true;
  }
};

MllpReceiver::MllpReceiver(Answer answer, int port) : state_(std::make_unique<State>()) {
  state_->answer = std::move(answer);
  state_->port = port;
  state_->listener = ListenOnLoopback(state_->port);
  state_->thread = std::thread([this] { state_->Run(); });
}

MllpReceiver::~MllpReceiver() {
  state_->stop = true;
  state_->thread.join();
  ::close(state_->listener);
}

int MllpReceiver::port() const { return state_->port; }

std::vector<std::string> MllpReceiver::Messages() const {
  const std::lock_guard<std::mutex> lock(state_->mutex);
  return state_->messages;
}

std::string MllpReceiver::AckOf(const std::string& message, const std::string& code) {
  return "MSH|^~\\&|HIS|WARD|CONSILIUM||20261128||ACK|1|P|2.5.1\rMSA|" + code + "|" +
         Hl7Field(message, "MSH", 10) + "\r";
}

}  // namespace consilium
