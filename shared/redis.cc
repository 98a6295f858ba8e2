#include "shared/redis.h"

#include <poll.h>
#include <sys/epoll.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <iterator>
#include <optional>
#include <random>
#include <utility>

#include "shared/check.h"
#include "shared/limits.h"
#include "shared/redis_link.h"
#include "shared/resolve.h"
#include "shared/text.h"

namespace consilium {
namespace {

constexpr std::size_t kLinksMax = 16;
constexpr milliseconds kLookUpEvery{3000};
constexpr std::size_t kSocketPathMax = sizeof(sockaddr_un::sun_path) - 1;

Error Unavailable(std::string text) { return {ErrorCode::kUnavailable, std::move(text)}; }

}  // namespace

Result<RedisAddress> ParseRedisUrl(std::string_view url) {
  constexpr std::string_view kUnix = "unix:";
  constexpr std::string_view kTcp = "tcp://";
  const auto wrong = [url](const std::string& expected) {
    return Invalid("redis url = " + Quoted(url, 128) + ", expected " + expected);
  };
  RedisAddress address;
  if (url.substr(0, kUnix.size()) == kUnix) {
    address.socket = url.substr(kUnix.size());
    if (address.socket.size() > kSocketPathMax) {
      return wrong("a path of at most " + std::to_string(kSocketPathMax) + " bytes");
    }
    if (!address.socket.empty()) return address;
  } else if (url.substr(0, kTcp.size()) == kTcp) {
    std::string_view host = url.substr(kTcp.size());
    if (host.find('@') != std::string_view::npos) {
      return Invalid("redis url: user and password do not belong in it");
    }
    const std::size_t colon = host.rfind(':');
    if (colon != std::string_view::npos) {
      const std::string_view port = host.substr(colon + 1);
      host = host.substr(0, colon);
      if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
        host = host.substr(1, host.size() - 2);
      }
      address.host = host;
      const char* const end = port.data() + port.size();
      const auto [stop, problem] = std::from_chars(port.data(), end, address.port);
      if (!host.empty() && host.find(' ') == std::string_view::npos && problem == std::errc() &&
          stop == end && address.port > 0 && address.port <= 65535) {
        return address;
      }
    }
  }
  return wrong("unix:/path or tcp://host:port");
}

struct RedisConnection::State : RedisLink::Owner {
  using Phase = RedisLink::Phase;

  std::vector<std::unique_ptr<RedisLink>> links;
  int epoll = epoll_create1(EPOLL_CLOEXEC);  // of the links' sockets
  std::string reason = "redis: not connected yet";
  std::int64_t generation = 0;

  bool started = false;
  std::unique_ptr<Resolver> names;    // absent while there is nothing to look up
  std::string lookup_trouble;         // of the last lookup
  std::optional<TimePoint> retry_at;  // while down
  TimePoint greet_until;              // while connecting and greeting
  std::chrono::milliseconds pause = limits::kRedisPauseMin;
  std::minstd_rand random{std::random_device{}()};

  State() { CHECK(epoll >= 0, "descriptors are left for the few connections we have"); }
  ~State() override { close(epoll); }

  bool All(Phase phase) const;
  bool up() const { return All(Phase::kUp); }
  bool down() const { return All(Phase::kDown); }
  Status FindHost();
  void Connect(TimePoint now);
  void OnUp() override;
  void OnBroken(std::string why) override;
  RedisLink& Least();
};

bool RedisConnection::State::All(Phase phase) const {
  return std::all_of(links.begin(), links.end(),
                     [phase](const auto& link) { return link->phase() == phase; });
}

// Names are looked up in another thread: a name server that does not answer must not stop the loop.
Status RedisConnection::State::FindHost() {
  const std::string endpoint = "tcp://" + address.host + ":" + std::to_string(address.port);
  if (address.host == "localhost" || !HasName(endpoint)) {
    host = address.host;
    return Ok();
  }
  if (!names) names = std::make_unique<Resolver>(std::vector{endpoint}, kLookUpEvery);
  if (const std::optional<Resolver::Found> found = names->Take()) {
    lookup_trouble = found->trouble;
    if (!found->endpoints.empty()) {
      const Result<RedisAddress> first = ParseRedisUrl(found->endpoints.front());
      if (first) host = first->host;
    }
  }
  if (!host.empty()) return Ok();
  return Unavailable("redis: " + (lookup_trouble.empty() ? "looking up " + Quoted(address.host, 128)
                                                         : lookup_trouble));
}

void RedisConnection::State::Connect(TimePoint now) {
  started = true;
  retry_at.reset();
  greet_until = now + limits::kRedisConnect;
  if (address.socket.empty()) {
    if (const Status found = FindHost(); !found) {
      reason = found.error().text;
      return;
    }
  }
  for (const auto& link : links) {
    link->Connect(now);
    if (link->phase() == Phase::kDown) return;  // it failed at once, and all with it
  }
}

void RedisConnection::State::OnUp() {
  if (!up()) return;
  reason.clear();
  ++generation;
  pause = limits::kRedisPauseMin;
}

// All links or none: whoever uses the connection reckons with one thing that is up or down.
void RedisConnection::State::OnBroken(std::string why) {
  if (down()) return;
  reason = std::move(why);
  std::deque<Done> lost;
  for (const auto& link : links) {
    std::deque<Done> its = link->Close();
    std::move(its.begin(), its.end(), std::back_inserter(lost));
  }
  const std::string text = reason;
  for (const Done& done : lost) {
    if (done) done(Unavailable(text));
  }
}

RedisLink& RedisConnection::State::Least() {
  return **std::min_element(links.begin(), links.end(), [](const auto& a, const auto& b) {
    return a->waiting() < b->waiting();
  });
}

RedisConnection::RedisConnection(RedisAddress address, const std::vector<RedisScript>& scripts,
                                 std::size_t links)
    : state_(std::make_unique<State>()) {
  CHECK(links > 0 && links <= kLinksMax, "there is something to send on");
  state_->address = std::move(address);
  state_->scripts = scripts;
  for (std::size_t i = 0; i < links; ++i) {
    state_->links.push_back(std::make_unique<RedisLink>(*state_, scripts.size()));
  }
}

RedisConnection::~RedisConnection() = default;

void RedisConnection::Subscribe(std::string channel, std::function<void(std::string)> on_message) {
  CHECK(!state_->started && state_->channel.empty() && state_->scripts.empty() &&
            state_->links.size() == 1,
        "a connection that subscribes does so once, before Tick(), and nothing else");
  state_->channel = std::move(channel);
  state_->on_message = std::move(on_message);
}

bool RedisConnection::up() const { return state_->up(); }
const std::string& RedisConnection::reason() const { return state_->reason; }
std::int64_t RedisConnection::generation() const { return state_->generation; }

std::size_t RedisConnection::outstanding() const {
  std::size_t count = 0;
  for (const auto& link : state_->links) count += link->waiting();
  return count;
}

int RedisConnection::fd() const { return state_->down() ? -1 : state_->epoll; }

short RedisConnection::events() const {
  if (state_->down()) return 0;
  for (const auto& link : state_->links) link->Watch(state_->epoll);
  return POLLIN;
}

void RedisConnection::OnReady(short revents) {
  if (revents == 0) return;
  std::array<epoll_event, kLinksMax> ready{};
  const int count =
      epoll_wait(state_->epoll, ready.data(), static_cast<int>(state_->links.size()), 0);
  for (int i = 0; i < count; ++i) {
    // Closed meanwhile, by a link before it, it finds nothing.
    static_cast<RedisLink*>(ready[static_cast<std::size_t>(i)].data.ptr)
        ->OnReady(ready[static_cast<std::size_t>(i)].events);
  }
}

TimePoint RedisConnection::Tick(TimePoint now) {
  State& state = *state_;
  if (state.down()) {
    if (!state.started || (state.retry_at && *state.retry_at <= now)) {
      state.Connect(now);
    } else if (!state.retry_at) {
      const auto pause = state.pause.count();
      state.retry_at = now + std::chrono::milliseconds(std::uniform_int_distribution<std::int64_t>(
                                 pause / 2, pause)(state.random));
      state.pause = std::min(2 * state.pause, limits::kRedisPauseMax);
    }
    // A connection attempt that failed at once has its pause planned by the next call.
    if (state.down()) return state.retry_at.value_or(now);
  }
  if (!state.up()) {
    if (now < state.greet_until) return state.greet_until;
    state.OnBroken("redis: no answer within " + std::to_string(limits::kRedisConnect.count()) +
                   " ms of connecting");
    return now;
  }
  TimePoint next = TimePoint::max();
  for (const auto& link : state.links) {
    link->NoteSilence(now);
    next = std::min(next, link->silent_until());
  }
  if (now < next) return next;
  state.OnBroken("redis: no reply for " + std::to_string(limits::kRedisSilenceMax.count()) + " ms");
  return now;
}

std::optional<Error> RedisConnection::Refusal(const RedisLink& link) const {
  if (!state_->up()) return Unavailable(state_->reason);
  if (link.full()) return Unavailable("redis: too many commands wait for it");
  return std::nullopt;
}

void RedisConnection::Send(std::vector<std::string> command, Done done) {
  CHECK(state_->channel.empty(), "a connection that subscribes sends nothing else");
  CHECK(done != nullptr && !command.empty(), "a command and its end");
  RedisLink& link = *state_->links.front();
  if (const std::optional<Error> refusal = Refusal(link)) return done(*refusal);
  link.Append({command.begin(), command.end()}, std::move(done));
}

void RedisConnection::Run(std::string_view script, std::vector<std::string> keys,
                          std::vector<std::string> args, Done done) {
  CHECK(done != nullptr, "a script and its end");
  const auto found =
      std::find_if(state_->scripts.begin(), state_->scripts.end(),
                   [script](const RedisScript& known) { return known.name == script; });
  CHECK(found != state_->scripts.end(), "only scripts of the constructor's list are run");
  RedisLink& link = state_->Least();
  if (const std::optional<Error> refusal = Refusal(link)) return done(*refusal);
  const std::string count = std::to_string(keys.size());
  const auto number = static_cast<std::size_t>(found - state_->scripts.begin());
  std::vector<std::string_view> command = {"EVALSHA", link.sha(number), count};
  command.insert(command.end(), keys.begin(), keys.end());
  command.insert(command.end(), args.begin(), args.end());
  link.Append(command, std::move(done));
}

Result<RedisReply> RedisConnection::Call(std::vector<std::string> command,
                                         std::chrono::milliseconds timeout) {
  // Shared with the callback, which may run after we stopped waiting.
  const auto result = std::make_shared<std::optional<Result<RedisReply>>>();
  const TimePoint until = Now() + timeout;
  std::optional<std::vector<std::string>> unsent = std::move(command);
  while (true) {
    const TimePoint now = Now();
    const TimePoint due = Tick(now);
    if (unsent && up()) {
      Send(*std::exchange(unsent, std::nullopt),
           [result](Result<RedisReply> reply) { *result = std::move(reply); });
    }
    if (result->has_value()) return std::move(**result);
    if (now >= until) {
      if (unsent) return Unavailable(reason());
      return Error{ErrorCode::kTimeout,
                   "redis: no reply within " + std::to_string(timeout.count()) + " ms"};
    }
    pollfd polled{fd(), events(), 0};
    poll(&polled, polled.fd < 0 ? 0 : 1, PollTimeoutMs(now, std::min(due, until)));
    OnReady(polled.revents);
  }
}

}  // namespace consilium
