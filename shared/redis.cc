#include "shared/redis.h"

#include <hiredis/hiredis.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <optional>
#include <random>
#include <utility>

#include "shared/check.h"
#include "shared/limits.h"
#include "shared/text.h"

namespace consilium {
namespace {

constexpr std::size_t kReadBytes = 64u << 10;
constexpr int kReadsMax =
    16;  // per OnReady(), so that a busy connection leaves room for the others
constexpr std::size_t kErrorBytesMax = 200;
constexpr std::size_t kSocketPathMax = sizeof(sockaddr_un::sun_path) - 1;

struct FreeContext {
  void operator()(redisContext* context) const { redisFree(context); }
};
struct FreeReply {
  void operator()(void* reply) const { freeReplyObject(reply); }
};

Error Unavailable(std::string text) { return {ErrorCode::kUnavailable, std::move(text)}; }

std::string WithErrno(std::string_view what, int number) {
  return "redis: " + std::string(what) + ": " + std::strerror(number);
}

std::string_view FirstWord(std::string_view text) { return text.substr(0, text.find(' ')); }

// Redis repeats the arguments of a command that it does not know; they may be anything.
Error FromRedis(std::string_view text) {
  constexpr std::string_view kPassing[] = {"LOADING",    "BUSY",        "MISCONF",   "OOM",
                                           "READONLY",   "NOSCRIPT",    "TRYAGAIN",  "MASTERDOWN",
                                           "NOREPLICAS", "CLUSTERDOWN", "UNKILLABLE"};
  const bool passing =
      std::find(std::begin(kPassing), std::end(kPassing), FirstWord(text)) != std::end(kPassing);
  const std::string_view told = text.substr(0, text.find(", with args"));
  return {passing ? ErrorCode::kUnavailable : ErrorCode::kInternal,
          "redis: " + Escaped(CutUtf8(told, kErrorBytesMax))};
}

// hiredis allows nine levels at most.
Result<RedisReply> Convert(const redisReply& from) {  // NOLINT(misc-no-recursion)
  RedisReply reply;
  switch (from.type) {
    case REDIS_REPLY_NIL:
      return reply;
    case REDIS_REPLY_INTEGER:
      reply.kind = RedisReply::Kind::kInteger;
      reply.integer = from.integer;
      return reply;
    case REDIS_REPLY_STRING:
    case REDIS_REPLY_STATUS:
      reply.kind = RedisReply::Kind::kString;
      reply.text.assign(from.str, from.len);
      return reply;
    case REDIS_REPLY_ARRAY:
      reply.kind = RedisReply::Kind::kArray;
      reply.items.reserve(from.elements);
      for (std::size_t i = 0; i < from.elements; ++i) {
        Result<RedisReply> item = Convert(*from.element[i]);
        if (!item) return item.error();
        reply.items.push_back(*std::move(item));
      }
      return reply;
    case REDIS_REPLY_ERROR:
      return FromRedis(std::string_view(from.str, from.len));
    default:
      return Error{ErrorCode::kInternal, "redis: a reply of unknown type"};
  }
}

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
      if (!host.empty() && problem == std::errc() && stop == end && address.port > 0 &&
          address.port <= 65535) {
        return address;
      }
    }
  }
  return wrong("unix:/path or tcp://host:port");
}

struct RedisConnection::State {
  enum class Phase { kDown, kConnecting, kGreeting, kUp };
  struct Script {
    RedisScript script;
    std::string sha;
  };

  RedisAddress address;
  std::vector<Script> scripts;
  std::string channel;
  std::function<void(std::string)> on_message;

  Phase phase = Phase::kDown;
  std::string reason = "redis: not connected yet";
  std::int64_t generation = 0;
  std::unique_ptr<redisContext, FreeContext> context;
  std::string out;
  std::size_t sent = 0;  // bytes of `out` that the system has taken
  std::deque<Done> waiting;
  std::size_t unanswered_bytes = 0;  // received since the last whole reply
  bool reloading = false;

  bool started = false;
  std::optional<TimePoint> retry_at;  // while down
  TimePoint greet_until;              // while connecting and greeting
  bool heard = false;                 // something came since the last Tick()
  TimePoint silent_since;
  std::chrono::milliseconds pause = limits::kRedisPauseMin;
  std::minstd_rand random{std::random_device{}()};

  void Connect(TimePoint now);
  void Greet();
  void LoadScripts();
  void ComeUp();
  void Break(std::string why);
  void Write();
  void Read();
  void Dispatch();
  void Handle(Result<RedisReply> reply);
  void OnPush(Result<RedisReply> reply);
  void Append(const std::vector<std::string_view>& command, Done done);
  std::optional<Error> Refusal() const;
};

void RedisConnection::State::Connect(TimePoint now) {
  started = true;
  retry_at.reset();
  greet_until = now + limits::kRedisConnect;
  silent_since = now;
  // Looking up a host name blocks; give addresses where that matters.
  context.reset(address.socket.empty() ? redisConnectNonBlock(address.host.c_str(), address.port)
                                       : redisConnectUnixNonBlock(address.socket.c_str()));
  phase = Phase::kConnecting;
  if (context == nullptr) return Break("redis: out of memory");
  if (context->err != 0) {
    return Break("redis: cannot connect: " + Escaped(std::string_view(context->errstr)));
  }
  if (address.socket.empty()) {
    // A host that vanished without a word is noticed within seconds.
    constexpr int kUserTimeoutMs = 10000;
    redisEnableKeepAlive(context.get());
    setsockopt(context->fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &kUserTimeoutMs, sizeof(kUserTimeoutMs));
  }
}

void RedisConnection::State::Greet() {
  int problem = 0;
  socklen_t size = sizeof(problem);
  if (getsockopt(context->fd, SOL_SOCKET, SO_ERROR, &problem, &size) != 0) problem = errno;
  if (problem != 0) return Break(WithErrno("cannot connect", problem));
  phase = Phase::kGreeting;
  if (!address.user.empty() || !address.password.empty()) {
    std::vector<std::string_view> auth = {"AUTH"};
    if (!address.user.empty()) auth.emplace_back(address.user);
    auth.emplace_back(address.password);
    Append(auth, [this](const Result<RedisReply>& reply) {
      if (!reply) Break(reply.error().text);
    });
  }
  if (!channel.empty()) {
    // Its confirmation is a push and brings the connection up.
    Append({"SUBSCRIBE", channel}, nullptr);
    return;
  }
  LoadScripts();
  // Also tells a server that is still loading its data from one that is ready.
  Append({"PING"},
         [this](const Result<RedisReply>& reply) { reply ? ComeUp() : Break(reply.error().text); });
}

void RedisConnection::State::LoadScripts() {
  reloading = !scripts.empty();
  for (Script& script : scripts) {
    const bool last = &script == &scripts.back();
    Append({"SCRIPT", "LOAD", script.script.source},
           [this, &script, last](const Result<RedisReply>& reply) {
             if (!reply) {
               return Break("loading script " + std::string(script.script.name) + ": " +
                            reply.error().text);
             }
             script.sha = reply->text;
             if (last) reloading = false;
           });
  }
}

void RedisConnection::State::ComeUp() {
  phase = Phase::kUp;
  reason.clear();
  ++generation;
  pause = limits::kRedisPauseMin;
}

void RedisConnection::State::Break(std::string why) {
  if (phase == Phase::kDown) return;
  phase = Phase::kDown;
  reason = std::move(why);
  context.reset();
  out.clear();
  sent = 0;
  unanswered_bytes = 0;
  reloading = false;
  const std::string text = reason;
  const std::deque<Done> lost = std::exchange(waiting, {});
  for (const Done& done : lost) {
    if (done) done(Unavailable(text));
  }
}

void RedisConnection::State::Append(const std::vector<std::string_view>& command, Done done) {
  std::vector<const char*> words;
  std::vector<std::size_t> sizes;
  words.reserve(command.size());
  sizes.reserve(command.size());
  for (const std::string_view word : command) {
    words.push_back(word.data());
    sizes.push_back(word.size());
  }
  char* formatted = nullptr;
  const int size = redisFormatCommandArgv(&formatted, static_cast<int>(words.size()), words.data(),
                                          sizes.data());
  CHECK(size > 0, "formatting fails only without memory");
  out.append(formatted, static_cast<std::size_t>(size));
  redisFreeCommand(formatted);
  // A subscription is answered by pushes.
  if (done) waiting.push_back(std::move(done));
}

void RedisConnection::State::Write() {
  while (sent < out.size()) {
    const ssize_t count =
        send(context->fd, out.data() + sent, out.size() - sent, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (count < 0) {
      if (errno == EINTR) continue;
      if (errno == EAGAIN || errno == EWOULDBLOCK) return;
      return Break(WithErrno("connection lost", errno));
    }
    sent += static_cast<std::size_t>(count);
  }
  out.clear();
  sent = 0;
  // One large batch must not keep its memory for ever.
  if (out.capacity() > kReadBytes * 16) out.shrink_to_fit();
}

void RedisConnection::State::Read() {
  std::array<char, kReadBytes> buffer;
  for (int reads = 0; context != nullptr && reads < kReadsMax; ++reads) {
    const ssize_t count = recv(context->fd, buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (count == 0) return Break("redis: connection closed by the server");
    if (count < 0) {
      if (errno == EINTR) continue;
      if (errno == EAGAIN || errno == EWOULDBLOCK) return;
      return Break(WithErrno("connection lost", errno));
    }
    heard = true;
    const auto bytes = static_cast<std::size_t>(count);
    unanswered_bytes += bytes;
    if (unanswered_bytes > limits::kRedisReplyBytesMax) return Break("redis: a reply is too large");
    redisReaderFeed(context->reader, buffer.data(), bytes);
    Dispatch();
    if (bytes < buffer.size()) return;
  }
}

void RedisConnection::State::Dispatch() {
  while (context != nullptr) {
    void* raw = nullptr;
    if (redisReaderGetReply(context->reader, &raw) != REDIS_OK) {
      return Break("redis: not its protocol: " +
                   Escaped(std::string_view(context->reader->errstr)));
    }
    if (raw == nullptr) return;
    const std::unique_ptr<void, FreeReply> owned(raw);
    unanswered_bytes = 0;
    Handle(Convert(*static_cast<redisReply*>(raw)));
  }
}

void RedisConnection::State::Handle(Result<RedisReply> reply) {
  if (waiting.empty()) return OnPush(std::move(reply));
  if (!reply && reply.error().text.starts_with("redis: NOSCRIPT") && !reloading) LoadScripts();
  const Done done = std::move(waiting.front());
  waiting.pop_front();
  done(std::move(reply));
}

void RedisConnection::State::OnPush(Result<RedisReply> reply) {
  if (!reply) return Break(reply.error().text);
  if (channel.empty() || reply->items.size() != 3) return Break("redis: a reply nobody asked for");
  std::vector<RedisReply>& items = reply->items;
  if (items[0].text == "subscribe") {
    if (phase == Phase::kGreeting) ComeUp();
  } else if (items[0].text == "message") {
    on_message(std::move(items[2].text));
  }
}

std::optional<Error> RedisConnection::State::Refusal() const {
  if (phase != Phase::kUp) return Unavailable(reason);
  if (waiting.size() >= limits::kRedisOutstandingMax ||
      out.size() - sent >= limits::kRedisUnsentBytesMax) {
    return Unavailable("redis: too many commands wait for it");
  }
  return std::nullopt;
}

RedisConnection::RedisConnection(RedisAddress address, const std::vector<RedisScript>& scripts)
    : state_(std::make_unique<State>()) {
  state_->address = std::move(address);
  for (const RedisScript& script : scripts) state_->scripts.push_back({script, ""});
}

RedisConnection::~RedisConnection() = default;

void RedisConnection::Subscribe(std::string channel, std::function<void(std::string)> on_message) {
  CHECK(!state_->started && state_->channel.empty() && state_->scripts.empty(),
        "a connection that subscribes does so once, before Tick(), and nothing else");
  state_->channel = std::move(channel);
  state_->on_message = std::move(on_message);
}

bool RedisConnection::up() const { return state_->phase == State::Phase::kUp; }
const std::string& RedisConnection::reason() const { return state_->reason; }
std::int64_t RedisConnection::generation() const { return state_->generation; }
int RedisConnection::fd() const { return state_->context == nullptr ? -1 : state_->context->fd; }
std::size_t RedisConnection::outstanding() const { return state_->waiting.size(); }

short RedisConnection::events() const {
  if (state_->phase == State::Phase::kDown) return 0;
  if (state_->phase == State::Phase::kConnecting) return POLLOUT;
  return state_->out.empty() ? POLLIN : POLLIN | POLLOUT;
}

void RedisConnection::OnReady(short revents) {
  if (state_->phase == State::Phase::kDown || revents == 0) return;
  if (state_->phase == State::Phase::kConnecting) state_->Greet();
  if (state_->context != nullptr && (revents & ~POLLOUT) != 0) state_->Read();
  if (state_->context != nullptr) state_->Write();
}

TimePoint RedisConnection::Tick(TimePoint now) {
  State& state = *state_;
  if (state.phase == State::Phase::kDown) {
    if (!state.started || (state.retry_at && *state.retry_at <= now)) {
      state.Connect(now);
    } else if (!state.retry_at) {
      const auto pause = state.pause.count();
      state.retry_at = now + std::chrono::milliseconds(std::uniform_int_distribution<std::int64_t>(
                                 pause / 2, pause)(state.random));
      state.pause = std::min(2 * state.pause, limits::kRedisPauseMax);
    }
    // A connection attempt that failed at once has its pause planned by the next call.
    if (state.phase == State::Phase::kDown) return state.retry_at.value_or(now);
  }
  if (state.phase != State::Phase::kUp) {
    if (now < state.greet_until) return state.greet_until;
    state.Break("redis: no answer within " + std::to_string(limits::kRedisConnect.count()) +
                " ms of connecting");
    return now;
  }
  if (state.heard || state.waiting.empty()) state.silent_since = now;
  state.heard = false;
  if (now < state.silent_since + limits::kRedisSilenceMax) {
    return state.silent_since + limits::kRedisSilenceMax;
  }
  state.Break("redis: no reply for " + std::to_string(limits::kRedisSilenceMax.count()) + " ms");
  return now;
}

void RedisConnection::Send(std::vector<std::string> command, Done done) {
  CHECK(state_->channel.empty(), "a connection that subscribes sends nothing else");
  CHECK(done != nullptr && !command.empty(), "a command and its end");
  if (const std::optional<Error> refusal = state_->Refusal()) return done(*refusal);
  state_->Append({command.begin(), command.end()}, std::move(done));
}

void RedisConnection::Run(std::string_view script, std::vector<std::string> keys,
                          std::vector<std::string> args, Done done) {
  CHECK(done != nullptr, "a script and its end");
  const auto found =
      std::find_if(state_->scripts.begin(), state_->scripts.end(),
                   [script](const State::Script& known) { return known.script.name == script; });
  CHECK(found != state_->scripts.end(), "only scripts of the constructor's list are run");
  if (const std::optional<Error> refusal = state_->Refusal()) return done(*refusal);
  const std::string count = std::to_string(keys.size());
  std::vector<std::string_view> command = {"EVALSHA", found->sha, count};
  command.insert(command.end(), keys.begin(), keys.end());
  command.insert(command.end(), args.begin(), args.end());
  state_->Append(command, std::move(done));
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
