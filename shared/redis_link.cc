#include "shared/redis_link.h"

#include <hiredis/hiredis.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <iterator>
#include <utility>

#include "shared/check.h"
#include "shared/limits.h"
#include "shared/text.h"

namespace consilium {
namespace {

constexpr std::size_t kReadBytes = 64u << 10;
constexpr std::size_t kReaderBytesKept = 1u << 20;
constexpr std::size_t kBatchesMax = 2;
// Per OnReady(), so that a busy connection leaves room for the others.
constexpr int kReadsMax = 16;
constexpr std::size_t kErrorBytesMax = 200;

struct FreeReply {
  void operator()(void* reply) const { freeReplyObject(reply); }
};

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

void RedisLink::FreeContext::operator()(redisContext* context) const { redisFree(context); }

int RedisLink::fd() const { return context_ == nullptr ? -1 : context_->fd; }

bool RedisLink::HasBatch() const {
  return !batch_.empty() || (!out_.empty() && batches_.size() < kBatchesMax);
}

TimePoint RedisLink::silent_until() const { return silent_since_ + limits::kRedisSilenceMax; }

bool RedisLink::full() const {
  return waiting_.size() >= limits::kRedisOutstandingMax ||
         out_.size() + batch_.size() - sent_ >= limits::kRedisUnsentBytesMax;
}

void RedisLink::Connect(TimePoint now) {
  const RedisAddress& address = owner_.address;
  silent_since_ = now;
  context_.reset(address.socket.empty() ? redisConnectNonBlock(owner_.host.c_str(), address.port)
                                        : redisConnectUnixNonBlock(address.socket.c_str()));
  phase_ = Phase::kConnecting;
  if (context_ == nullptr) return owner_.OnBroken("redis: out of memory");
  context_->reader->maxbuf = kReaderBytesKept;
  if (context_->err != 0) {
    return owner_.OnBroken("redis: cannot connect: " + Escaped(std::string_view(context_->errstr)));
  }
  if (address.socket.empty()) {
    // A host that vanished without a word is noticed within seconds.
    constexpr int kUserTimeoutMs = 10000;
    redisEnableKeepAlive(context_.get());
    setsockopt(fd(), IPPROTO_TCP, TCP_USER_TIMEOUT, &kUserTimeoutMs, sizeof(kUserTimeoutMs));
  }
}

void RedisLink::Greet() {
  int problem = 0;
  socklen_t size = sizeof(problem);
  if (getsockopt(fd(), SOL_SOCKET, SO_ERROR, &problem, &size) != 0) problem = errno;
  if (problem != 0) return owner_.OnBroken(WithErrno("cannot connect", problem));
  phase_ = Phase::kGreeting;
  const RedisAddress& address = owner_.address;
  if (!address.user.empty() || !address.password.empty()) {
    std::vector<std::string_view> auth = {"AUTH"};
    if (!address.user.empty()) auth.emplace_back(address.user);
    auth.emplace_back(address.password);
    Append(auth, [this](const Result<RedisReply>& reply) {
      if (!reply) owner_.OnBroken(reply.error().text);
    });
  }
  if (!owner_.channel.empty()) {
    // Its confirmation is a push and brings the connection up.
    Append({"SUBSCRIBE", owner_.channel}, nullptr);
    return;
  }
  LoadScripts();
  // Also tells a server that is still loading its data from one that is ready.
  Append({"PING"}, [this](const Result<RedisReply>& reply) {
    reply ? ComeUp() : owner_.OnBroken(reply.error().text);
  });
}

void RedisLink::LoadScripts() {
  reloading_ = !owner_.scripts.empty();
  for (std::size_t i = 0; i < owner_.scripts.size(); ++i) {
    const RedisScript& script = owner_.scripts[i];
    Append({"SCRIPT", "LOAD", script.source}, [this, i](const Result<RedisReply>& reply) {
      if (!reply) {
        return owner_.OnBroken("loading script " + std::string(owner_.scripts[i].name) + ": " +
                               reply.error().text);
      }
      shas_[i] = reply->text;
      if (i + 1 == shas_.size()) reloading_ = false;
    });
  }
}

void RedisLink::ComeUp() {
  phase_ = Phase::kUp;
  owner_.OnUp();
}

std::deque<RedisLink::Done> RedisLink::Close() {
  phase_ = Phase::kDown;
  context_.reset();  // which takes it out of the epoll set, too
  watched_ = 0;
  out_.clear();
  batch_.clear();
  sent_ = 0;
  asked_ = answered_ = 0;
  batches_.clear();
  unanswered_bytes_ = 0;
  reloading_ = false;
  return std::exchange(waiting_, {});
}

void RedisLink::Append(const std::vector<std::string_view>& command, Done done) {
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

void RedisLink::Watch(int epoll) {
  epoll_event event{};
  event.data.ptr = this;
  if (phase_ == Phase::kConnecting) {
    event.events = EPOLLOUT;
  } else {
    event.events = HasBatch() ? EPOLLIN | EPOLLOUT : EPOLLIN;
  }
  if (context_ == nullptr || event.events == watched_) return;
  epoll_ctl(epoll, watched_ == 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, fd(), &event);
  watched_ = event.events;
}

void RedisLink::OnReady(std::uint32_t events) {
  if (phase_ == Phase::kDown) return;
  if (phase_ == Phase::kConnecting) Greet();
  if (context_ != nullptr && (events & ~EPOLLOUT) != 0) Read();
  if (context_ != nullptr) Write();
}

void RedisLink::NoteSilence(TimePoint now) {
  if (heard_ || waiting_.empty()) silent_since_ = now;
  heard_ = false;
}

void RedisLink::Write() {
  while (HasBatch()) {
    if (batch_.empty()) {
      // What comes from here on is of the next one: a batch that grew while it left might never
      // end, and would keep all that was sent of it.
      batch_.swap(out_);
      batch_asked_ = asked_;
    }
    while (sent_ < batch_.size()) {
      const ssize_t count =
          send(fd(), batch_.data() + sent_, batch_.size() - sent_, MSG_NOSIGNAL | MSG_DONTWAIT);
      if (count < 0) {
        if (errno == EINTR) continue;
        if (errno == EAGAIN || errno == EWOULDBLOCK) return;
        return owner_.OnBroken(WithErrno("connection lost", errno));
      }
      sent_ += static_cast<std::size_t>(count);
    }
    if (batch_asked_ > answered_) batches_.push_back(batch_asked_);
    batch_.clear();
    sent_ = 0;
    // One large batch must not keep its memory for ever.
    if (batch_.capacity() > kReadBytes * 16) batch_.shrink_to_fit();
  }
}

void RedisLink::Read() {
  std::array<char, kReadBytes> buffer;
  for (int reads = 0; context_ != nullptr && reads < kReadsMax; ++reads) {
    const ssize_t count = recv(fd(), buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (count == 0) return owner_.OnBroken("redis: connection closed by the server");
    if (count < 0) {
      if (errno == EINTR) continue;
      if (errno == EAGAIN || errno == EWOULDBLOCK) return;
      return owner_.OnBroken(WithErrno("connection lost", errno));
    }
    heard_ = true;
    const auto bytes = static_cast<std::size_t>(count);
    unanswered_bytes_ += bytes;
    if (unanswered_bytes_ > limits::kRedisReplyBytesMax) {
      return owner_.OnBroken("redis: a reply is too large");
    }
    redisReaderFeed(context_->reader, buffer.data(), bytes);
    Dispatch();
    if (bytes < buffer.size()) return;
  }
}

void RedisLink::Dispatch() {
  while (context_ != nullptr) {
    void* raw = nullptr;
    if (redisReaderGetReply(context_->reader, &raw) != REDIS_OK) {
      return owner_.OnBroken("redis: not its protocol: " +
                             Escaped(std::string_view(context_->reader->errstr)));
    }
    if (raw == nullptr) return;
    const std::unique_ptr<void, FreeReply> owned(raw);
    unanswered_bytes_ = 0;
    Handle(Convert(*static_cast<redisReply*>(raw)));
  }
}

void RedisLink::Handle(Result<RedisReply> reply) {
  if (waiting_.empty()) return OnPush(std::move(reply));
  if (!reply && reply.error().text.starts_with("redis: NOSCRIPT") && !reloading_) LoadScripts();
  const Done done = std::move(waiting_.front());
  waiting_.pop_front();
  ++answered_;
  if (!batches_.empty() && batches_.front() <= answered_) batches_.pop_front();
  done(std::move(reply));
}

void RedisLink::OnPush(Result<RedisReply> reply) {
  if (!reply) return owner_.OnBroken(reply.error().text);
  if (owner_.channel.empty() || reply->items.size() != 3) {
    return owner_.OnBroken("redis: a reply nobody asked for");
  }
  std::vector<RedisReply>& items = reply->items;
  if (items[0].text == "subscribe") {
    if (phase_ == Phase::kGreeting) ComeUp();
  } else if (items[0].text == "message") {
    owner_.on_message(std::move(items[2].text));
  }
}

}  // namespace consilium
