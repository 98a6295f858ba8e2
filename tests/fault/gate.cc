#include "tests/fault/gate.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "shared/check.h"

namespace consilium::fault {
namespace {

constexpr std::size_t kPieceBytes = 32u << 10;
constexpr std::size_t kHeldMax = 4096;  // pieces of one direction; then the sender has to wait
constexpr int kPiecesAtOnce = 64;
constexpr milliseconds kLoseFor{50};

struct Address {
  sockaddr_storage storage{};
  socklen_t size = 0;
  int family = AF_UNIX;
};

Address Parse(const std::string& text) {
  Address address;
  if (text.rfind("unix:", 0) == 0) {
    auto* local = reinterpret_cast<sockaddr_un*>(&address.storage);
    local->sun_family = AF_UNIX;
    CHECK(text.size() - 5 < sizeof(local->sun_path), "the path fits into a socket's address");
    std::memcpy(local->sun_path, text.c_str() + 5, text.size() - 4);
    address.size = sizeof(sockaddr_un);
    return address;
  }
  const std::size_t colon = text.rfind(':');
  CHECK(text.rfind("tcp://", 0) == 0 && colon > 6, "unix:/path or tcp://address:port");
  auto* inet = reinterpret_cast<sockaddr_in*>(&address.storage);
  inet->sin_family = AF_INET;
  inet->sin_port = htons(static_cast<std::uint16_t>(std::atoi(text.c_str() + colon + 1)));
  CHECK(inet_pton(AF_INET, text.substr(6, colon - 6).c_str(), &inet->sin_addr) == 1,
        "a numeric address");
  address.size = sizeof(sockaddr_in);
  address.family = AF_INET;
  return address;
}

int MakeSocket(int family) {
  const int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  CHECK(fd >= 0, "descriptors are left");
  const int yes = 1;
  if (family == AF_INET) {
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
  }
  return fd;
}

void MakeNonBlocking(int fd) { fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK); }

}  // namespace

Gate::Gate(std::string listen_on, std::string behind, std::uint64_t seed)
    : behind_(std::move(behind)), random_(seed, "gate " + listen_on) {
  const Address address = Parse(listen_on);
  listen_fd_ = MakeSocket(address.family);
  CHECK(bind(listen_fd_, reinterpret_cast<const sockaddr*>(&address.storage), address.size) == 0 &&
            listen(listen_fd_, 256) == 0,
        "the address of the gate is free");
  MakeNonBlocking(listen_fd_);
  wake_fd_ = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  thread_ = std::thread([this] { Run(); });
}

Gate::~Gate() {
  stop_ = true;
  eventfd_write(wake_fd_, 1);
  thread_.join();
  for (const auto& link : links_) Close(*link);
  close(listen_fd_);
  close(wake_fd_);
}

void Gate::Set(const GateWeather& weather) {
  const std::lock_guard<std::mutex> lock(mutex_);
  weather_ = weather;
  eventfd_write(wake_fd_, 1);
}

void Gate::Reset() {
  reset_ = true;
  eventfd_write(wake_fd_, 1);
}

bool Gate::LoseReplyOf(const std::string& mark) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (!mark_.empty()) return false;
  mark_ = mark;
  return true;
}

void Gate::Accept() {
  for (;;) {
    const int peer = accept4(listen_fd_, nullptr, nullptr, SOCK_CLOEXEC);
    if (peer < 0) return;
    const Address address = Parse(behind_);
    const int part = MakeSocket(address.family);
    if (connect(part, reinterpret_cast<const sockaddr*>(&address.storage), address.size) != 0) {
      close(part);
      close(peer);
      continue;
    }
    const int yes = 1;
    if (address.family == AF_INET) setsockopt(peer, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
    MakeNonBlocking(peer);
    MakeNonBlocking(part);
    auto link = std::make_unique<Link>();
    link->up.from = link->down.to = peer;
    link->up.to = link->down.from = part;
    links_.push_back(std::move(link));
    ++connections_;
  }
}

void Gate::Take(Link& link, Way& way, bool up, TimePoint now) {
  std::array<char, kPieceBytes> buffer;
  const ssize_t count = recv(way.from, buffer.data(), buffer.size(), MSG_DONTWAIT);
  if (count < 0) {
    if (errno != EAGAIN && errno != EINTR) link.over = true;
    return;
  }
  if (count == 0) {
    way.ended = true;
    return;
  }
  const std::string_view bytes(buffer.data(), static_cast<std::size_t>(count));
  const std::lock_guard<std::mutex> lock(mutex_);
  if (up && !mark_.empty() && bytes.find(mark_) != std::string_view::npos) {
    link.loses = true;
    mark_.clear();
  }
  const std::size_t step = weather_.bytewise ? 1 : bytes.size();
  for (std::size_t at = 0; at < bytes.size(); at += step) {
    Piece piece{now + weather_.delay, std::string(bytes.substr(at, step))};
    if (weather_.jitter.count() > 0 && at == 0) {
      piece.due += milliseconds(static_cast<std::int64_t>(
          (2 * random_.Unit() - 1) * static_cast<double>(weather_.jitter.count())));
    }
    if (weather_.stall > 0 && at == 0 && random_.Unit() < weather_.stall) {
      piece.due += weather_.stall_for;
    }
    // In order: nothing overtakes.
    if (!way.pieces.empty()) piece.due = std::max(piece.due, way.pieces.back().due);
    way.pieces.push_back(std::move(piece));
  }
}

void Gate::Pass(Link& link, Way& way, TimePoint now) {
  for (int i = 0; i < kPiecesAtOnce && !way.pieces.empty() && way.pieces.front().due <= now; ++i) {
    std::string& bytes = way.pieces.front().bytes;
    const ssize_t count = send(way.to, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (count < 0) {
      if (errno != EAGAIN && errno != EINTR) link.over = true;
      return;
    }
    bytes.erase(0, static_cast<std::size_t>(count));
    if (bytes.empty()) way.pieces.pop_front();
  }
  if (way.ended && way.pieces.empty()) link.over = true;
}

void Gate::Close(Link& link) {
  close(link.up.from);
  close(link.up.to);
  link.over = true;
}

void Gate::Run() {
  std::vector<pollfd> polled;
  while (!stop_) {
    GateWeather weather;
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      weather = weather_;
    }
    TimePoint next = Now() + milliseconds(1000);
    polled.assign({{listen_fd_, POLLIN, 0}, {wake_fd_, POLLIN, 0}});
    for (const auto& link : links_) {
      next = std::min(next, link->over_at);
      const bool up = !weather.swallow_up;
      const bool down = !weather.swallow_down;
      const auto wants = [&](const Way& in, const Way& out, bool reads, bool writes) {
        short events = 0;
        if (reads && !in.ended && in.pieces.size() < kHeldMax) events |= POLLIN;
        if (writes && !out.pieces.empty()) {
          if (out.pieces.front().due <= Now()) {
            events |= POLLOUT;
          } else {
            next = std::min(next, out.pieces.front().due);
          }
        }
        return events;
      };
      polled.push_back({link->up.from, wants(link->up, link->down, up, down), 0});
      polled.push_back({link->up.to, wants(link->down, link->up, down, up), 0});
    }
    poll(polled.data(), polled.size(), PollTimeoutMs(Now(), next));
    if (polled[1].revents != 0) {
      eventfd_t ignored = 0;
      eventfd_read(wake_fd_, &ignored);
    }
    const TimePoint now = Now();
    for (std::size_t i = 0; i < links_.size(); ++i) {
      Link& link = *links_[i];
      const short peer = polled[2 + 2 * i].revents;
      const short part = polled[3 + 2 * i].revents;
      constexpr short kReadable = POLLIN | POLLHUP | POLLERR;
      if (!weather.swallow_up) {
        if ((peer & kReadable) != 0) Take(link, link.up, true, now);
        Pass(link, link.up, now);
      }
      if (!weather.swallow_down) {
        if ((part & kReadable) != 0) Take(link, link.down, false, now);
        if (!link.loses) {
          Pass(link, link.down, now);
        } else if (!link.down.pieces.empty()) {
          // Replies come in order; after a moment also that of the marked request was among them.
          link.down.pieces.clear();
          if (link.over_at == TimePoint::max()) {
            ++lost_replies_;
            link.over_at = now + kLoseFor;
          }
        }
        if (now >= link.over_at) link.over = true;
      }
    }
    const bool reset = reset_.exchange(false);
    for (const auto& link : links_) {
      if (link->over || reset) Close(*link);
    }
    links_.erase(
        std::remove_if(links_.begin(), links_.end(), [](const auto& link) { return link->over; }),
        links_.end());
    if ((polled[0].revents & POLLIN) != 0) Accept();
  }
}

}  // namespace consilium::fault
