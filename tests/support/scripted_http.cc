#include "tests/support/scripted_http.h"

#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <condition_variable>
#include <cstdlib>
#include <mutex>
#include <optional>
#include <set>
#include <thread>
#include <unordered_map>
#include <utility>

#include "shared/check.h"
#include "tests/support/server_socket.h"

namespace consilium {
namespace {

constexpr std::uint64_t kStop = 0;
constexpr std::uint64_t kListener = 1;
constexpr std::uint64_t kFirstConnection = 2;
// One connection sends no more in a row, so that others are served too.
constexpr std::size_t kTurnBytes = std::size_t{1} << 18;

struct Connection {
  Connection(int fd, const TlsServer* tls) : socket(fd, tls) {}
  ServerSocket socket;
  bool abort_handshake = false;
  bool greeted = false;  // "100 Continue" was said to this request
  std::string in;
  std::optional<HttpSender> reply;  // to the request that is being answered
  std::optional<TimePoint> timer;   // the entry of `timers`
  bool wants_out = false;           // EPOLLOUT is asked for
};

std::string Lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return text;
}

// `head` ends with an empty line.
HttpAsked ReadHead(const std::string& head) {
  HttpAsked asked;
  asked.head = head;
  std::size_t line_end = head.find("\r\n");
  const std::size_t space = std::min(head.find(' '), line_end);
  const std::size_t second = std::min(head.find(' ', space + 1), line_end);
  asked.method = head.substr(0, space);
  if (second > space) asked.path = head.substr(space + 1, second - space - 1);
  while (line_end + 4 < head.size()) {
    const std::size_t start = line_end + 2;
    line_end = head.find("\r\n", start);
    const std::size_t colon = head.find(':', start);
    if (colon >= line_end) continue;
    const std::size_t value = std::min(head.find_first_not_of(' ', colon + 1), line_end);
    asked.headers[Lower(head.substr(start, colon - start))] = head.substr(value, line_end - value);
  }
  return asked;
}

}  // namespace

struct ScriptedHttp::State {
  HttpServerOptions options;
  Answer answer;
  std::unique_ptr<TlsServer> tls;
  int port = 0;
  int listener = -1;
  int stop = -1;
  int poller = -1;
  std::thread thread;
  mutable std::mutex mutex;
  mutable std::condition_variable changed;
  HttpCounts counts;  // under the mutex

  // The thread's own.
  std::unordered_map<std::uint64_t, Connection> connections;
  std::set<std::pair<TimePoint, std::uint64_t>> timers;
  std::uint64_t next_id = kFirstConnection;

  template <class Change>
  void Count(const Change& change) {
    const std::lock_guard lock(mutex);
    change(counts);
    changed.notify_all();
  }

  void Watch(int operation, int fd, std::uint64_t id, bool out) const {
    epoll_event event{};
    event.events = out ? EPOLLIN | EPOLLOUT : EPOLLIN;
    event.data.u64 = id;
    CHECK(epoll_ctl(poller, operation, fd, &event) == 0, "the descriptor is ours and open");
  }

  void Accept() {
    while (true) {
      const int fd = accept4(listener, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
      if (fd < 0) return;
      const std::uint64_t id = next_id++;
      Connection& connection = connections.try_emplace(id, fd, tls.get()).first->second;
      if (tls && options.abort_handshake) {
        connection.abort_handshake = options.abort_handshake(id - kFirstConnection + 1);
      }
      Watch(EPOLL_CTL_ADD, fd, id, false);
      Count([](HttpCounts& all) { ++all.accepted; });
    }
  }

  void EndReply(Connection& connection, bool whole) {
    if (!connection.reply) return;
    const std::function<void(bool)> ended = connection.reply->step().ended;
    connection.reply.reset();
    if (ended) ended(whole);
    Count([](HttpCounts& all) { ++all.ended; });
  }

  void SetTimer(std::uint64_t id, Connection& connection, std::optional<TimePoint> due) {
    if (connection.timer == due) return;
    if (connection.timer) timers.erase({*connection.timer, id});
    connection.timer = due;
    if (due) timers.emplace(*due, id);
  }

  // The socket is closed by then or closes now.
  void Drop(std::uint64_t id, Connection& connection) {
    EndReply(connection, false);
    SetTimer(id, connection, std::nullopt);
    connections.erase(id);
  }

  void PeerIsGone(std::uint64_t id, Connection& connection) {
    const bool handshake_done = connection.socket.handshake_done();
    EndReply(connection, false);
    Count([handshake_done](HttpCounts& all) {
      ++all.closed_by_peer;
      if (!handshake_done) ++all.handshakes_aborted;
    });
    Drop(id, connection);
  }

  // False when no whole request has arrived.
  bool TakeRequest(Connection& connection) {
    const std::size_t end = connection.in.find("\r\n\r\n");
    if (end == std::string::npos) return false;
    HttpAsked asked = ReadHead(connection.in.substr(0, end + 4));
    const std::size_t length = std::strtoull(asked.headers["content-length"].c_str(), nullptr, 10);
    if (connection.in.size() < end + 4 + length) {
      if (!connection.greeted && Lower(asked.headers["expect"]) == "100-continue") {
        std::size_t sent = 0;
        connection.socket.Write("HTTP/1.1 100 Continue\r\n\r\n", sent);
        connection.greeted = true;
      }
      return false;
    }
    connection.greeted = false;
    asked.body = connection.in.substr(end + 4, length);
    connection.in.erase(0, end + 4 + length);
    asked.arrived = Now();
    connection.reply.emplace(answer(asked), asked.arrived);
    Count([](HttpCounts& all) {
      ++all.requests;
      all.in_flight_max = std::max(all.in_flight_max, all.in_flight());
    });
    return true;
  }

  // Sends what is due; false when the connection is gone. Afterwards the poller or a timer calls
  // again, or the reply is finished.
  bool Send(std::uint64_t id, Connection& connection) {
    std::size_t turn = 0;
    bool blocked = false;
    std::string_view due;
    while (!blocked && !(due = connection.reply->Due(Now())).empty()) {
      std::size_t sent = 0;
      const ServerSocket::Io io = connection.socket.Write(due, sent);
      if (io == ServerSocket::Io::kGone) {
        PeerIsGone(id, connection);
        return false;
      }
      if (io == ServerSocket::Io::kDone) connection.reply->Sent(sent, Now());
      turn += sent;
      blocked = io == ServerSocket::Io::kBlocked || turn >= kTurnBytes;
    }
    if (blocked != connection.wants_out) {
      connection.wants_out = blocked;
      Watch(EPOLL_CTL_MOD, connection.socket.fd(), id, blocked);
    }
    std::optional<TimePoint> timer;
    if (!blocked && !connection.reply->finished()) timer = connection.reply->next();
    SetTimer(id, connection, timer);
    return true;
  }

  // As far as it goes now.
  void Advance(std::uint64_t id, Connection& connection) {
    while (true) {
      if (!connection.reply && !TakeRequest(connection)) return;
      if (!Send(id, connection)) return;
      if (!connection.reply->finished()) return;
      const HttpStep& step = connection.reply->step();
      const bool whole = connection.reply->whole();
      if (step.break_tls) {
        connection.socket.BreakTls();
      } else if (step.reset) {
        connection.socket.Reset();
      } else if (step.close) {
        connection.socket.Close();
      } else if (whole) {
        EndReply(connection, true);
        continue;
      } else {
        return;  // goes on in silence
      }
      EndReply(connection, whole);
      Drop(id, connection);
      return;
    }
  }

  void Readable(std::uint64_t id, Connection& connection) {
    if (connection.abort_handshake) {
      connection.socket.AbortHandshake();
      Count([](HttpCounts& all) { ++all.handshakes_aborted; });
      Drop(id, connection);
      return;
    }
    if (connection.socket.Read(connection.in) == ServerSocket::Io::kGone) {
      PeerIsGone(id, connection);
      return;
    }
    Advance(id, connection);
  }

  void Serve() {
    sigset_t pipe;
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe, nullptr);
    std::array<epoll_event, 256> events{};
    while (true) {
      const int timeout = timers.empty() ? -1 : PollTimeoutMs(Now(), timers.begin()->first);
      const int count = epoll_wait(poller, events.data(), static_cast<int>(events.size()), timeout);
      for (int i = 0; i < count; ++i) {
        const epoll_event& event = events[static_cast<std::size_t>(i)];
        const std::uint64_t id = event.data.u64;
        if (id == kStop) return;
        if (id == kListener) {
          Accept();
          continue;
        }
        // Whoever is gone since the poll is skipped.
        if (const auto found = connections.find(id); found != connections.end()) {
          const bool only_out = (event.events & ~static_cast<std::uint32_t>(EPOLLOUT)) == 0;
          only_out ? Advance(id, found->second) : Readable(id, found->second);
        }
      }
      while (!timers.empty() && timers.begin()->first <= Now()) {
        const std::uint64_t id = timers.begin()->second;
        Connection& connection = connections.at(id);
        SetTimer(id, connection, std::nullopt);
        Advance(id, connection);
      }
    }
  }
};

ScriptedHttp::ScriptedHttp(HttpServerOptions options, Answer answer)
    : state_(std::make_unique<State>()) {
  state_->options = std::move(options);
  state_->answer = std::move(answer);
  state_->port = state_->options.port;
  state_->listener = ListenOnLoopback(state_->port);
  if (state_->options.tls) state_->tls = std::make_unique<TlsServer>();
  state_->stop = eventfd(0, EFD_CLOEXEC);
  state_->poller = epoll_create1(EPOLL_CLOEXEC);
  state_->Watch(EPOLL_CTL_ADD, state_->stop, kStop, false);
  state_->Watch(EPOLL_CTL_ADD, state_->listener, kListener, false);
  state_->thread = std::thread([this] { state_->Serve(); });
}

ScriptedHttp::~ScriptedHttp() {
  eventfd_write(state_->stop, 1);
  state_->thread.join();
  state_->connections.clear();
  for (const int fd : {state_->listener, state_->stop, state_->poller}) close(fd);
}

int ScriptedHttp::port() const { return state_->port; }

std::string ScriptedHttp::url() const {
  return (state_->tls ? "https://127.0.0.1:" : "http://127.0.0.1:") + std::to_string(port());
}

std::string ScriptedHttp::certificate() const {
  return state_->tls ? state_->tls->certificate() : "";
}

HttpCounts ScriptedHttp::counts() const {
  const std::lock_guard lock(state_->mutex);
  return state_->counts;
}

bool ScriptedHttp::WaitFor(const std::function<bool(const HttpCounts&)>& condition,
                           std::chrono::milliseconds limit) const {
  std::unique_lock lock(state_->mutex);
  return state_->changed.wait_for(lock, limit, [&] { return condition(state_->counts); });
}

}  // namespace consilium
