#include "shared/redis.h"

#include <hiredis/hiredis.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <iterator>
#include <optional>
#include <random>
#include <utility>

#include "shared/check.h"
#include "shared/limits.h"
#include "shared/resolve.h"
#include "shared/text.h"

namespace consilium {
namespace {

constexpr std::size_t kReadBytes = 64u << 10;
constexpr std::size_t kReaderBytesKept = 1u << 20;
constexpr std::size_t kBatchesMax = 2;
constexpr std::size_t kLinksMax = 16;
constexpr int kReadsMax =
    16;  // per OnReady(), so that a busy connection leaves room for the others
constexpr std::size_t kErrorBytesMax = 200;
constexpr milliseconds kLookUpEvery{3000};
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
      if (!host.empty() && host.find(' ') == std::string_view::npos && problem == std::errc() &&
          stop == end && address.port > 0 && address.port <= 65535) {
        return address;
      }
    }
  }
  return wrong("unix:/path or tcp://host:port");
}

// One socket: commands go out in order, replies come back in order.
//
// Commands leave in batches, at most kBatchesMax of them unanswered: while Redis works on one, the
// next gathers. So a busy loop pays for few wake-ups and synced writes, and an idle one waits for
// nothing.
class RedisConnection::Link {
 public:
  enum class Phase { kDown, kConnecting, kGreeting, kUp };

  Link(State& state, std::size_t scripts) : state_(state), shas_(scripts) {}

  Phase phase() const { return phase_; }
  int fd() const { return context_ == nullptr ? -1 : context_->fd; }
  std::size_t waiting() const { return waiting_.size(); }
  bool full() const;
  const std::string& sha(std::size_t script) const { return shas_[script]; }

  void Connect(TimePoint now);
  // Closes it. The result: commands without a reply, which the owner ends.
  std::deque<Done> Close();
  void Append(const std::vector<std::string_view>& command, Done done);
  // Tells `epoll` what it waits for.
  void Watch(int epoll);
  void OnReady(std::uint32_t events);
  // Silence is counted from here on, unless something came or nothing is waited for.
  void NoteSilence(TimePoint now);
  TimePoint silent_until() const { return silent_since_ + limits::kRedisSilenceMax; }

 private:
  bool MayWrite() const { return sent_ > 0 || batches_.size() < kBatchesMax; }
  void Greet();
  void LoadScripts();
  void ComeUp();
  void Write();
  void Read();
  void Dispatch();
  void Handle(Result<RedisReply> reply);
  void OnPush(Result<RedisReply> reply);

  State& state_;
  Phase phase_ = Phase::kDown;
  std::unique_ptr<redisContext, FreeContext> context_;
  std::uint32_t watched_ = 0;  // as `epoll` knows it; 0: not at all
  std::string out_;
  std::size_t sent_ = 0;  // bytes of `out_` that the system has taken
  std::deque<Done> waiting_;
  std::uint64_t asked_ = 0;            // commands appended that have a reply
  std::uint64_t answered_ = 0;         // of them
  std::deque<std::uint64_t> batches_;  // unanswered ones: `asked_` at the end of each
  std::size_t unanswered_bytes_ = 0;   // received since the last whole reply
  std::vector<std::string> shas_;      // of the scripts
  bool reloading_ = false;
  bool heard_ = false;  // something came since the last NoteSilence()
  TimePoint silent_since_;
};

struct RedisConnection::State {
  using Phase = Link::Phase;

  RedisAddress address;
  std::vector<RedisScript> scripts;
  std::string channel;
  std::function<void(std::string)> on_message;

  std::vector<std::unique_ptr<Link>> links;
  int epoll = epoll_create1(EPOLL_CLOEXEC);  // of the links' sockets
  std::string reason = "redis: not connected yet";
  std::int64_t generation = 0;

  bool started = false;
  std::string host;                   // to connect to: an address, wherever the name led last
  std::unique_ptr<Resolver> names;    // absent while there is nothing to look up
  std::string lookup_trouble;         // of the last lookup
  std::optional<TimePoint> retry_at;  // while down
  TimePoint greet_until;              // while connecting and greeting
  std::chrono::milliseconds pause = limits::kRedisPauseMin;
  std::minstd_rand random{std::random_device{}()};

  State() { CHECK(epoll >= 0, "descriptors are left for the few connections we have"); }
  ~State() { close(epoll); }
  State(const State&) = delete;  // owns a descriptor, and its links point here
  State& operator=(const State&) = delete;

  bool All(Phase phase) const;
  bool up() const { return All(Phase::kUp); }
  bool down() const { return All(Phase::kDown); }
  Status FindHost();
  void Connect(TimePoint now);
  void OnUp();
  void Break(std::string why);
  Link& Least();
};

bool RedisConnection::Link::full() const {
  return waiting_.size() >= limits::kRedisOutstandingMax ||
         out_.size() - sent_ >= limits::kRedisUnsentBytesMax;
}

void RedisConnection::Link::Connect(TimePoint now) {
  const RedisAddress& address = state_.address;
  silent_since_ = now;
  context_.reset(address.socket.empty() ? redisConnectNonBlock(state_.host.c_str(), address.port)
                                        : redisConnectUnixNonBlock(address.socket.c_str()));
  phase_ = Phase::kConnecting;
  if (context_ == nullptr) return state_.Break("redis: out of memory");
  context_->reader->maxbuf = kReaderBytesKept;
  if (context_->err != 0) {
    return state_.Break("redis: cannot connect: " + Escaped(std::string_view(context_->errstr)));
  }
  if (address.socket.empty()) {
    // A host that vanished without a word is noticed within seconds.
    constexpr int kUserTimeoutMs = 10000;
    redisEnableKeepAlive(context_.get());
    setsockopt(fd(), IPPROTO_TCP, TCP_USER_TIMEOUT, &kUserTimeoutMs, sizeof(kUserTimeoutMs));
  }
}

void RedisConnection::Link::Greet() {
  int problem = 0;
  socklen_t size = sizeof(problem);
  if (getsockopt(fd(), SOL_SOCKET, SO_ERROR, &problem, &size) != 0) problem = errno;
  if (problem != 0) return state_.Break(WithErrno("cannot connect", problem));
  phase_ = Phase::kGreeting;
  const RedisAddress& address = state_.address;
  if (!address.user.empty() || !address.password.empty()) {
    std::vector<std::string_view> auth = {"AUTH"};
    if (!address.user.empty()) auth.emplace_back(address.user);
    auth.emplace_back(address.password);
    Append(auth, [this](const Result<RedisReply>& reply) {
      if (!reply) state_.Break(reply.error().text);
    });
  }
  if (!state_.channel.empty()) {
    // Its confirmation is a push and brings the connection up.
    Append({"SUBSCRIBE", state_.channel}, nullptr);
    return;
  }
  LoadScripts();
  // Also tells a server that is still loading its data from one that is ready.
  Append({"PING"}, [this](const Result<RedisReply>& reply) {
    reply ? ComeUp() : state_.Break(reply.error().text);
  });
}

void RedisConnection::Link::LoadScripts() {
  reloading_ = !state_.scripts.empty();
  for (std::size_t i = 0; i < state_.scripts.size(); ++i) {
    const RedisScript& script = state_.scripts[i];
    Append({"SCRIPT", "LOAD", script.source}, [this, i](const Result<RedisReply>& reply) {
      if (!reply) {
        return state_.Break("loading script " + std::string(state_.scripts[i].name) + ": " +
                            reply.error().text);
      }
      shas_[i] = reply->text;
      if (i + 1 == shas_.size()) reloading_ = false;
    });
  }
}

void RedisConnection::Link::ComeUp() {
  phase_ = Phase::kUp;
  if (state_.up()) state_.OnUp();
}

std::deque<RedisConnection::Done> RedisConnection::Link::Close() {
  phase_ = Phase::kDown;
  context_.reset();  // which takes it out of the epoll set, too
  watched_ = 0;
  out_.clear();
  sent_ = 0;
  asked_ = answered_ = 0;
  batches_.clear();
  unanswered_bytes_ = 0;
  reloading_ = false;
  return std::exchange(waiting_, {});
}

void RedisConnection::Link::Append(const std::vector<std::string_view>& command, Done done) {
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
  out_.append(formatted, static_cast<std::size_t>(size));
  redisFreeCommand(formatted);
  if (!done) return;  // a subscription is answered by pushes
  waiting_.push_back(std::move(done));
  ++asked_;
}

void RedisConnection::Link::Watch(int epoll) {
  epoll_event event{};
  event.data.ptr = this;
  if (phase_ == Phase::kConnecting) {
    event.events = EPOLLOUT;
  } else {
    event.events = out_.empty() || !MayWrite() ? EPOLLIN : EPOLLIN | EPOLLOUT;
  }
  if (context_ == nullptr || event.events == watched_) return;
  epoll_ctl(epoll, watched_ == 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, fd(), &event);
  watched_ = event.events;
}

void RedisConnection::Link::OnReady(std::uint32_t events) {
  if (phase_ == Phase::kDown) return;
  if (phase_ == Phase::kConnecting) Greet();
  if (context_ != nullptr && (events & ~EPOLLOUT) != 0) Read();
  if (context_ != nullptr) Write();
}

void RedisConnection::Link::NoteSilence(TimePoint now) {
  if (heard_ || waiting_.empty()) silent_since_ = now;
  heard_ = false;
}

void RedisConnection::Link::Write() {
  if (out_.empty() || !MayWrite()) return;
  while (sent_ < out_.size()) {
    const ssize_t count =
        send(fd(), out_.data() + sent_, out_.size() - sent_, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (count < 0) {
      if (errno == EINTR) continue;
      if (errno == EAGAIN || errno == EWOULDBLOCK) return;
      return state_.Break(WithErrno("connection lost", errno));
    }
    sent_ += static_cast<std::size_t>(count);
  }
  if (asked_ > answered_) batches_.push_back(asked_);
  out_.clear();
  sent_ = 0;
  // One large batch must not keep its memory for ever.
  if (out_.capacity() > kReadBytes * 16) out_.shrink_to_fit();
}

void RedisConnection::Link::Read() {
  std::array<char, kReadBytes> buffer;
  for (int reads = 0; context_ != nullptr && reads < kReadsMax; ++reads) {
    const ssize_t count = recv(fd(), buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (count == 0) return state_.Break("redis: connection closed by the server");
    if (count < 0) {
      if (errno == EINTR) continue;
      if (errno == EAGAIN || errno == EWOULDBLOCK) return;
      return state_.Break(WithErrno("connection lost", errno));
    }
    heard_ = true;
    const auto bytes = static_cast<std::size_t>(count);
    unanswered_bytes_ += bytes;
    if (unanswered_bytes_ > limits::kRedisReplyBytesMax) {
      return state_.Break("redis: a reply is too large");
    }
    redisReaderFeed(context_->reader, buffer.data(), bytes);
    Dispatch();
    if (bytes < buffer.size()) return;
  }
}

void RedisConnection::Link::Dispatch() {
  while (context_ != nullptr) {
    void* raw = nullptr;
    if (redisReaderGetReply(context_->reader, &raw) != REDIS_OK) {
      return state_.Break("redis: not its protocol: " +
                          Escaped(std::string_view(context_->reader->errstr)));
    }
    if (raw == nullptr) return;
    const std::unique_ptr<void, FreeReply> owned(raw);
    unanswered_bytes_ = 0;
    Handle(Convert(*static_cast<redisReply*>(raw)));
  }
}

void RedisConnection::Link::Handle(Result<RedisReply> reply) {
  if (waiting_.empty()) return OnPush(std::move(reply));
  if (!reply && reply.error().text.starts_with("redis: NOSCRIPT") && !reloading_) LoadScripts();
  const Done done = std::move(waiting_.front());
  waiting_.pop_front();
  ++answered_;
  if (!batches_.empty() && batches_.front() <= answered_) batches_.pop_front();
  done(std::move(reply));
}

void RedisConnection::Link::OnPush(Result<RedisReply> reply) {
  if (!reply) return state_.Break(reply.error().text);
  if (state_.channel.empty() || reply->items.size() != 3) {
    return state_.Break("redis: a reply nobody asked for");
  }
  std::vector<RedisReply>& items = reply->items;
  if (items[0].text == "subscribe") {
    if (phase_ == Phase::kGreeting) ComeUp();
  } else if (items[0].text == "message") {
    state_.on_message(std::move(items[2].text));
  }
}

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
  reason.clear();
  ++generation;
  pause = limits::kRedisPauseMin;
}

// All links or none: whoever uses the connection reckons with one thing that is up or down.
void RedisConnection::State::Break(std::string why) {
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

RedisConnection::Link& RedisConnection::State::Least() {
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
    state_->links.push_back(std::make_unique<Link>(*state_, scripts.size()));
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
    static_cast<Link*>(ready[static_cast<std::size_t>(i)].data.ptr)
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
    state.Break("redis: no answer within " + std::to_string(limits::kRedisConnect.count()) +
                " ms of connecting");
    return now;
  }
  TimePoint next = TimePoint::max();
  for (const auto& link : state.links) {
    link->NoteSilence(now);
    next = std::min(next, link->silent_until());
  }
  if (now < next) return next;
  state.Break("redis: no reply for " + std::to_string(limits::kRedisSilenceMax.count()) + " ms");
  return now;
}

std::optional<Error> RedisConnection::Refusal(const Link& link) const {
  if (!state_->up()) return Unavailable(state_->reason);
  if (link.full()) return Unavailable("redis: too many commands wait for it");
  return std::nullopt;
}

void RedisConnection::Send(std::vector<std::string> command, Done done) {
  CHECK(state_->channel.empty(), "a connection that subscribes sends nothing else");
  CHECK(done != nullptr && !command.empty(), "a command and its end");
  Link& link = *state_->links.front();
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
  Link& link = state_->Least();
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
