#include "tests/support/scripted_llm.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <condition_variable>
#include <cstdlib>
#include <mutex>
#include <nlohmann/json.hpp>
#include <thread>
#include <utility>

#include "shared/check.h"

namespace consilium {
namespace {

using Time = std::chrono::steady_clock;

struct Connection {
  int fd = -1;
  std::string in;
  std::string out;
  std::size_t chunk = 0;
  std::chrono::milliseconds gap{0};
  Time::time_point next;
  bool close_when_sent = false;
  bool gone = false;
};

std::size_t ContentLength(const std::string& head) {
  std::string lower = head;
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  const std::size_t at = lower.find("content-length:");
  if (at == lower.npos) return 0;
  return static_cast<std::size_t>(std::strtoull(head.c_str() + at + 15, nullptr, 10));
}

std::string Wire(const LlmStep& step) {
  if (step.mute) return "";
  std::string text = "HTTP/1.1 " + std::to_string(step.status) + " Scripted\r\n";
  for (const std::string& header : step.headers) text += header + "\r\n";
  text += "Content-Length: " + std::to_string(step.body.size()) + "\r\n\r\n";
  return text + step.body.substr(0, step.bytes);
}

}  // namespace

LlmStep LlmStep::Says(const std::string& content, const std::string& finish_reason) {
  LlmStep step;
  step.headers = {"Content-Type: application/json"};
  const nlohmann::json body = {
      {"id", "chatcmpl-1"},
      {"model", "scripted-1"},
      {"choices",
       {{{"index", 0},
         {"finish_reason", finish_reason},
         {"message", {{"role", "assistant"}, {"content", content}}}}}},
      {"usage", {{"prompt_tokens", 100}, {"completion_tokens", 20}, {"total_tokens", 120}}}};
  step.body = body.dump();
  return step;
}

LlmStep LlmStep::Fails(int status, const std::string& body, std::vector<std::string> headers) {
  LlmStep step;
  step.status = status;
  step.body = body;
  step.headers = std::move(headers);
  return step;
}

LlmStep LlmStep::Stalls() {
  LlmStep step;
  step.mute = true;
  return step;
}

LlmStep LlmStep::Cuts(LlmStep step, std::size_t after_bytes) {
  step.bytes = after_bytes;
  step.close = true;
  return step;
}

LlmStep LlmStep::HangsUp() {
  LlmStep step;
  step.mute = true;
  step.close = true;
  return step;
}

LlmStep LlmStep::Drips(LlmStep step, std::size_t chunk, std::chrono::milliseconds gap) {
  step.chunk = chunk;
  step.gap = gap;
  return step;
}

struct ScriptedLlm::State {
  std::vector<LlmStep> steps;
  int listener = -1;
  int stop = -1;
  int port = 0;
  std::thread thread;
  mutable std::mutex mutex;
  mutable std::condition_variable changed;
  std::vector<Request> requests;  // these three under the mutex
  int accepted = 0;
  int closed = 0;
  std::vector<Connection> connections;  // the thread's own

  void Accept() {
    const int fd = accept4(listener, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0) return;
    Connection connection;
    connection.fd = fd;
    connections.push_back(connection);
    const std::lock_guard lock(mutex);
    ++accepted;
    changed.notify_all();
  }

  void Read(Connection& connection) {
    std::array<char, 65536> buffer{};
    const ssize_t got = recv(connection.fd, buffer.data(), buffer.size(), 0);
    if (got <= 0) {
      if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
      connection.gone = true;
      const std::lock_guard lock(mutex);
      ++closed;
      changed.notify_all();
      return;
    }
    connection.in.append(buffer.data(), static_cast<std::size_t>(got));
    const std::size_t end = connection.in.find("\r\n\r\n");
    if (end == connection.in.npos) return;
    const std::string head = connection.in.substr(0, end + 4);
    const std::size_t length = ContentLength(head);
    if (connection.in.size() < head.size() + length) return;
    Request request;
    request.head = head;
    const std::size_t space = head.find(' ');
    request.path = head.substr(space + 1, head.find(' ', space + 1) - space - 1);
    request.body = connection.in.substr(head.size(), length);
    connection.in.erase(0, head.size() + length);
    const std::lock_guard lock(mutex);
    const LlmStep& step = steps[std::min(requests.size(), steps.size() - 1)];
    connection.out = Wire(step);
    connection.chunk = step.chunk;
    connection.gap = step.gap;
    connection.next = Time::now();
    connection.close_when_sent = step.close;
    requests.push_back(std::move(request));
    changed.notify_all();
  }

  static void Write(Connection& connection) {
    while (!connection.out.empty() && Time::now() >= connection.next) {
      const std::size_t size = std::min(connection.chunk, connection.out.size());
      const ssize_t sent = send(connection.fd, connection.out.data(), size, MSG_NOSIGNAL);
      if (sent < 0) {
        connection.gone = errno != EAGAIN;
        return;
      }
      connection.out.erase(0, static_cast<std::size_t>(sent));
      connection.next = Time::now() + connection.gap;
    }
    if (connection.out.empty() && connection.close_when_sent) connection.gone = true;
  }

  void Serve() {
    while (true) {
      std::vector<pollfd> polled = {{stop, POLLIN, 0}, {listener, POLLIN, 0}};
      int timeout = -1;
      for (const Connection& connection : connections) {
        const bool due = !connection.out.empty() && Time::now() >= connection.next;
        polled.push_back({connection.fd, static_cast<short>(due ? POLLIN | POLLOUT : POLLIN), 0});
        if (!connection.out.empty() && !due) timeout = 1;
      }
      poll(polled.data(), polled.size(), timeout);
      if (polled[0].revents != 0) return;
      for (std::size_t i = 2; i < polled.size(); ++i) {
        Connection& connection = connections[i - 2];
        if ((polled[i].revents & (POLLIN | POLLHUP | POLLERR)) != 0) Read(connection);
        if (!connection.gone) Write(connection);
        if (connection.gone) close(connection.fd);
      }
      std::erase_if(connections, [](const Connection& connection) { return connection.gone; });
      if (polled[1].revents != 0) Accept();
    }
  }
};

ScriptedLlm::ScriptedLlm(std::vector<LlmStep> steps) : state_(std::make_unique<State>()) {
  CHECK(!steps.empty(), "a script has a step");
  state_->steps = std::move(steps);
  state_->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  state_->stop = eventfd(0, EFD_CLOEXEC);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  CHECK(bind(state_->listener, reinterpret_cast<sockaddr*>(&address), size) == 0 &&
            listen(state_->listener, 128) == 0 &&
            getsockname(state_->listener, reinterpret_cast<sockaddr*>(&address), &size) == 0,
        "the loopback interface has a free port");
  state_->port = ntohs(address.sin_port);
  state_->thread = std::thread([this] { state_->Serve(); });
}

ScriptedLlm::~ScriptedLlm() {
  eventfd_write(state_->stop, 1);
  state_->thread.join();
  for (const Connection& connection : state_->connections) close(connection.fd);
  close(state_->listener);
  close(state_->stop);
}

std::string ScriptedLlm::url() const {
  return "http://127.0.0.1:" + std::to_string(state_->port) + "/v1";
}

std::vector<ScriptedLlm::Request> ScriptedLlm::requests() const {
  const std::lock_guard lock(state_->mutex);
  return state_->requests;
}

int ScriptedLlm::connections() const {
  const std::lock_guard lock(state_->mutex);
  return state_->accepted;
}

int ScriptedLlm::closed_by_peer() const {
  const std::lock_guard lock(state_->mutex);
  return state_->closed;
}

bool ScriptedLlm::WaitForRequests(std::size_t count, std::chrono::milliseconds limit) const {
  std::unique_lock lock(state_->mutex);
  return state_->changed.wait_for(lock, limit,
                                  [this, count] { return state_->requests.size() >= count; });
}

bool ScriptedLlm::WaitForClosed(int count, std::chrono::milliseconds limit) const {
  std::unique_lock lock(state_->mutex);
  return state_->changed.wait_for(lock, limit, [this, count] { return state_->closed >= count; });
}

}  // namespace consilium
