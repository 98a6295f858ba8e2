// A pipelined, non-blocking connection to Redis.
//
// It may have several links (sockets), because Redis takes only some 16 KiB from one socket before
// it syncs what that wrote: with several, one synced write carries more. Commands go over the first
// link, in order, and so do their replies; each script goes over the one where least is waited for,
// so scripts that depend on each other wait for each other's reply. All links are up or none.
//
// States:  down -> connecting -> loading scripts -> up -> down ...   Tick() moves it along; it
//          reconnects by itself with jittered backoff.
// Errors:  when the connection breaks, every command without a reply ends with kUnavailable: its
//          effect is unknown and the caller sends it again (all our scripts may be sent twice).
//          An error reply of Redis is kUnavailable too when it is passing (LOADING, BUSY, MISCONF,
//          OOM, READONLY), kInternal otherwise. Text never contains the arguments.
// Threads: none of its own; owned by one loop, which polls fd() for events().
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "shared/clock.h"
#include "shared/result.h"

namespace consilium {

struct RedisReply {
  enum class Kind { kNil, kInteger, kString, kArray };
  Kind kind = Kind::kNil;
  std::int64_t integer = 0;
  std::string text;  // string and status replies
  std::vector<RedisReply> items;

  bool nil() const { return kind == Kind::kNil; }
};

struct RedisAddress {
  std::string socket;  // Unix socket; if empty, host and port
  std::string host;
  int port = 0;
  std::string user;      // "" = no AUTH
  std::string password;  // from an environment variable; never logged
};
// "unix:/run/redis.sock", "tcp://127.0.0.1:6379".
Result<RedisAddress> ParseRedisUrl(std::string_view url);

struct RedisScript {
  std::string_view name;
  std::string_view source;
};

// Of a busy loop. More gain nothing where a synced write takes about a millisecond.
inline constexpr std::size_t kRedisLinks = 4;

class RedisLink;

class RedisConnection {
 public:
  using Done = std::function<void(Result<RedisReply>)>;

  // Connects at the first Tick(). `scripts` are loaded before the connection counts as up.
  // `links`: 1 to 16.
  RedisConnection(RedisAddress address, const std::vector<RedisScript>& scripts,
                  std::size_t links = 1);
  ~RedisConnection();  // forgets commands without a reply: their callbacks do not run
  RedisConnection(const RedisConnection&) = delete;  // owns sockets and callbacks
  RedisConnection& operator=(const RedisConnection&) = delete;

  bool up() const;
  // Why it is not up, for status and logs; "" when up.
  const std::string& reason() const;
  // How many times it has come up: a change means that Redis or the connection was restarted.
  std::int64_t generation() const;

  // -1 while there is nothing to poll.
  int fd() const;
  // Call it before each poll().
  short events() const;
  // Does the I/O that poll() found possible and runs the callbacks of finished commands.
  void OnReady(short revents);
  // Connects, reconnects, gives up on a connection attempt that takes too long. When to call again.
  TimePoint Tick(TimePoint now);

  // For a connection that only listens: once it is up, and again after every reconnect, each
  // message published on `channel` goes to `on_message`. Call it before the first Tick(); such a
  // connection has no scripts and sends nothing else. What is published while it is down is lost.
  void Subscribe(std::string channel, std::function<void(std::string)> on_message);

  // Runs `done` later, or at once with kUnavailable when the connection is not up (or
  // limits.h' bounds of waiting commands are reached). `done` may send; it may not destroy or poll
  // this.
  void Send(std::vector<std::string> command, Done done);
  // Runs a script of the constructor's list.
  void Run(std::string_view script, std::vector<std::string> keys, std::vector<std::string> args,
           Done done);
  // Commands sent whose replies have not come.
  std::size_t outstanding() const;

  // For tools and tests that have no loop: connects if need be, sends, waits.
  Result<RedisReply> Call(std::vector<std::string> command, std::chrono::milliseconds timeout);

 private:
  struct State;
  std::optional<Error> Refusal(const RedisLink& link) const;

  std::unique_ptr<State> state_;
};

}  // namespace consilium
