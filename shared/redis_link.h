// One socket to Redis: commands go out in order, replies come back in order. A RedisConnection owns
// some; they are up together or not at all.
//
// Commands leave in batches, at most two of them unanswered: while Redis works on one, the next
// gathers. So a busy loop pays for few wake-ups and synced writes, and an idle one waits for
// nothing.
//
// States:  down -> connecting -> greeting (password, scripts) -> up -> down ...
// Threads: none of its own.
// The only file that includes hiredis is redis_link.cc.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "shared/redis.h"

struct redisContext;

namespace consilium {

class RedisLink {
 public:
  using Done = RedisConnection::Done;
  enum class Phase { kDown, kConnecting, kGreeting, kUp };

  // Whom the links of one connection belong to.
  struct Owner {
    RedisAddress address;
    std::string host;  // to connect to: an address, wherever the name led last
    std::vector<RedisScript> scripts;
    std::string channel;  // "" unless it only listens
    std::function<void(std::string)> on_message;

    Owner() = default;
    virtual ~Owner() = default;
    Owner(const Owner&) = delete;  // its links point here
    Owner& operator=(const Owner&) = delete;
    virtual void OnUp() = 0;                     // a link has come up
    virtual void OnBroken(std::string why) = 0;  // it must Close() all its links
  };

  RedisLink(Owner& owner, std::size_t scripts) : owner_(owner), shas_(scripts) {}

  Phase phase() const { return phase_; }
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
  TimePoint silent_until() const;

 private:
  struct FreeContext {
    void operator()(redisContext* context) const;
  };

  int fd() const;
  // There is something to write: the rest of a batch, or a new one that may go.
  bool HasBatch() const;
  void Greet();
  void LoadScripts();
  void ComeUp();
  void Write();
  void Read();
  void Dispatch();
  void Handle(Result<RedisReply> reply);
  void OnPush(Result<RedisReply> reply);

  Owner& owner_;
  Phase phase_ = Phase::kDown;
  std::unique_ptr<redisContext, FreeContext> context_;
  std::uint32_t watched_ = 0;      // as `epoll` knows it; 0: not at all
  std::string out_;                // gathers the next batch
  std::string batch_;              // the one that leaves
  std::size_t sent_ = 0;           // bytes of `batch_` that the system has taken
  std::uint64_t batch_asked_ = 0;  // `asked_` at its end
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

}  // namespace consilium
