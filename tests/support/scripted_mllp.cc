#include "tests/support/scripted_mllp.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <map>
#include <mutex>
#include <thread>
#include <utility>

#include "tests/support/server_socket.h"

namespace consilium {
namespace {

void SendAll(int fd, const std::string& bytes, std::size_t cut) {
  for (std::size_t at = 0; at < bytes.size();) {
    const std::size_t count = at < cut ? 1 : bytes.size() - at;
    const ssize_t sent = send(fd, bytes.data() + at, count, MSG_NOSIGNAL);
    if (sent <= 0) return;
    at += static_cast<std::size_t>(sent);
  }
}

}  // namespace

struct ScriptedMllp::State {
  Answer answer;
  int port = 0;
  int listener = -1;
  int stop = eventfd(0, EFD_CLOEXEC);
  mutable std::mutex mutex;
  std::vector<std::string> messages;
  std::size_t connections = 0;
  std::map<int, std::string> in;  // by socket: what was read
  std::thread thread;

  // False when the connection is to be closed.
  bool Read(int fd) {
    std::array<char, 65536> buffer{};
    const ssize_t got = recv(fd, buffer.data(), buffer.size(), 0);
    if (got <= 0) return false;
    std::string& unread = in[fd];
    unread.append(buffer.data(), static_cast<std::size_t>(got));
    for (;;) {
      const std::size_t begin = unread.find('\x0b');
      const std::size_t end = unread.find("\x1c\r", begin == std::string::npos ? 0 : begin);
      if (begin == std::string::npos || end == std::string::npos) return true;
      const std::string message = unread.substr(begin + 1, end - begin - 1);
      unread.erase(0, end + 2);
      std::size_t nth = 0;
      {
        const std::lock_guard lock(mutex);
        messages.push_back(message);
        nth = messages.size();
      }
      const MllpStep step = answer(message, nth);
      SendAll(fd, step.bytes, step.cut);
      if (step.reset) {
        const linger at_once{1, 0};
        setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
      }
      if (step.reset || step.close) return false;
    }
  }

  void Run() {
    for (;;) {
      std::vector<pollfd> polled = {{stop, POLLIN, 0}, {listener, POLLIN, 0}};
      for (const auto& [fd, unread] : in) polled.push_back({fd, POLLIN, 0});
      poll(polled.data(), polled.size(), -1);
      if (polled[0].revents != 0) return;
      if (polled[1].revents != 0) {
        if (const int fd = accept4(listener, nullptr, nullptr, SOCK_CLOEXEC); fd >= 0) {
          in[fd];
          const std::lock_guard lock(mutex);
          ++connections;
        }
      }
      for (std::size_t i = 2; i < polled.size(); ++i) {
        if (polled[i].revents == 0 || Read(polled[i].fd)) continue;
        close(polled[i].fd);
        in.erase(polled[i].fd);
      }
    }
  }
};

ScriptedMllp::ScriptedMllp(Answer answer, int port) : state_(std::make_unique<State>()) {
  state_->answer = std::move(answer);
  state_->port = port;
  state_->listener = ListenOnLoopback(state_->port);
  state_->thread = std::thread([this] { state_->Run(); });
}

ScriptedMllp::~ScriptedMllp() {
  eventfd_write(state_->stop, 1);
  state_->thread.join();
  for (const auto& [fd, unread] : state_->in) close(fd);
  close(state_->listener);
  close(state_->stop);
}

int ScriptedMllp::port() const { return state_->port; }

std::string ScriptedMllp::host_and_port() const { return "127.0.0.1:" + std::to_string(port()); }

std::vector<std::string> ScriptedMllp::Messages() const {
  const std::lock_guard lock(state_->mutex);
  return state_->messages;
}

std::size_t ScriptedMllp::connections() const {
  const std::lock_guard lock(state_->mutex);
  return state_->connections;
}

std::string ScriptedMllp::ControlId(const std::string& message) {
  std::size_t at = 0;
  for (int field = 1; field < 10; ++field) {
    at = message.find('|', at);
    if (at == std::string::npos) return "";
    ++at;
  }
  return message.substr(at, message.find_first_of("|\r\n", at) - at);
}

std::string ScriptedMllp::Ack(const std::string& message, const std::string& code,
                              const std::string& more) {
  return "\x0bMSH|^~\\&|GATE||||20261128||ACK|1|P|2.5.1\rMSA|" + code + "|" + ControlId(message) +
         more + "\r\x1c\r";
}

}  // namespace consilium
