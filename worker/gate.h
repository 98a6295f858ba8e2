// Where a call waits until it may go out: for the breaker of its backend, and for the limits that
// all workers share.
//
//   held --no pause, breaker allows--> limited --granted--> running --ended
//    | ^                                |  |
//    | +--pause or breaker came between-+  |
//    +--breaker stays open-----------------+--the wait does not fit the deadline--> stopped
//
// A provider that names a time before which it wants no call (Retry-After) gets none from this
// worker until then, and none from the others where they share a limit with a rate.
// A call that meets an open breaker waits for the next probe, at most as long as it would wait for
// another attempt (docs/backends.md says why it does not wait longer). What stops is judged like
// any other attempt, though it never went out. A simulated or replayed model has no breaker.
// Threads: none of its own; owned by the worker's loop.     Time: only through `now`.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "shared/config.h"
#include "shared/redis.h"
#include "worker/backend.h"
#include "worker/breaker.h"
#include "worker/limiter.h"

namespace consilium {

class Gate {
 public:
  // `limits`: those that the backend names. `seed`: of all jitter.
  Gate(const BackendConfig& config, std::vector<LimitConfig> limits, const RedisAddress& redis,
       std::uint64_t seed);

  // Answered by Run(): it goes, or it is stopped with an outcome.
  void Ask(BackendCall call, TimePoint now);
  // Wherever it is. Unknown ones are ignored.
  void Cancel(const std::string& ref);
  // What went has ended.
  void End(const Completion& ended, TimePoint now);

  struct Passed {
    std::vector<BackendCall> go;
    std::vector<Completion> stopped;  // outcomes as a backend's
  };
  // When to call again, unless something is ready before.
  TimePoint Run(TimePoint now, Passed& passed);

  int fd() const { return limiter_.fd(); }
  short events() const { return limiter_.events(); }
  void OnReady(short revents) { limiter_.OnReady(revents); }

  // A call is here that has not gone out.
  bool waiting() const { return limited_ > 0 || !held_.empty(); }
  // Why calls wait here, for people; "" while nothing keeps them but limits that are in order.
  std::string Trouble(TimePoint now) const;

 private:
  struct Call {
    std::optional<BackendCall> call;  // until it goes
    TimePoint give_up;                // while it waits for the breaker
    bool limited = false;             // it waits at the limiter, else among `held_`
    std::optional<std::uint64_t> started;
  };

  void Stop(const std::string& ref, Outcome outcome, Passed& passed);
  bool Open(TimePoint now);
  bool MayAsk(TimePoint now);
  void StopHeld(TimePoint now, Passed& passed);
  void Decide(const Limiter::Decision& decision, TimePoint now, Passed& passed);
  void NoticeBreaker(TimePoint now);

  BackendConfig config_;
  std::optional<Breaker> breaker_;
  Limiter limiter_;
  SeededRandom jitter_;
  std::map<std::string, Call> calls_;  // by ref
  std::size_t limited_ = 0;            // of them
  std::deque<std::string> held_;       // refs that wait for the provider, in order
  TimePoint paused_until_;             // by the provider
  bool breaker_open_ = false;          // as last logged
  std::string last_failure_;           // code of it
};

// The provider, and not the case or the model's answer, is why the call failed.
bool IsProvidersFault(const Outcome& outcome);

// What a call will count as towards a limit of tokens: its prompt by size, and the longest reply.
std::int64_t EstimateTokens(const BackendCall& call, std::int64_t max_tokens);

}  // namespace consilium
