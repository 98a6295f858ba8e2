// Lets calls of one backend go when its limits allow: by the count that all workers share in Redis,
// or by this worker's own share of it while Redis does not answer (LocalLimits). Never without a
// limit, and never not at all.
//
// A call asks, and is answered once by Run(): granted, or refused because it would have to wait
// longer than it can. Calls are answered in the order in which they asked, as far as the rates
// allow (a small one may go while a large one waits for its booked instant). A granted one is
// ended, or forgotten.
// Limits of a call that waits are asked about again: when its instant has come, every second in
// case it could be moved to an earlier one, and, for a place of a concurrency, every 50-200 ms by
// the first call that waits here.
// Whoever dies leaves places, which are free after LimitStore::kLease, and what it booked, which
// lapses. What was let go during an outage has its places in Redis soon after, but was never
// charged there: rates count from then on.
//
// Threads: none of its own; owned by the worker's loop, which polls fd() for events(), tells
//   OnReady(), and calls Run() when it is due, after each turn.     Time: only through `now`.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "shared/clock.h"
#include "shared/config.h"
#include "shared/ids.h"
#include "shared/limit_rules.h"
#include "shared/limit_store.h"
#include "shared/log.h"
#include "shared/redis.h"
#include "worker/local_limits.h"

namespace consilium {

class Limiter {
 public:
  struct Timing {
    milliseconds lease = LimitStore::kLease;
    milliseconds answer_max{250};  // a Redis that leaves a question open for longer is away
  };

  // `limits`: those of the backend. None: everything goes at once, and Redis is not used.
  // `seed`: of the jitter.
  Limiter(std::vector<LimitConfig> limits, const RedisAddress& redis, std::uint64_t seed);
  Limiter(std::vector<LimitConfig> limits, const RedisAddress& redis, std::uint64_t seed,
          const Timing& timing);
  Limiter(const Limiter&) = delete;  // owns a connection whose callbacks point here
  Limiter& operator=(const Limiter&) = delete;

  // `ref`: of the call, one at a time; one that is known already is forgotten first. `tokens`: the
  // estimate, prompt and completion. `deadline`: the last instant at which it may still go.
  void Ask(const std::string& ref, std::int64_t tokens, TimePoint deadline, TimePoint now);
  // Cancelled. What waits gives everything back; what runs gives its places back, but stays counted
  // in the rates: it went out, and the provider counts it too.
  void Forget(const std::string& ref);
  // Ended. `tokens_used`: as the provider says; empty: as estimated. `requests`: how many it took.
  void End(const std::string& ref, std::optional<std::int64_t> tokens_used,
           std::int64_t requests = 1);
  // Granted, but it never went out: everything is given back.
  void Return(const std::string& ref);
  // The provider said: not before (Retry-After, or nothing remains). For all workers, where a limit
  // has a rate; at most kLimitPauseMax.
  void Pause(milliseconds pause, TimePoint now);

  struct Decision {
    std::string ref;
    bool granted = false;
    milliseconds wait{0};  // not granted: it would have taken so long, as far as known
  };
  // Adds what is decided. When to call again, unless something is ready before.
  TimePoint Run(TimePoint now, std::vector<Decision>& decisions);

  int fd() const { return redis_ ? redis_->fd() : -1; }
  short events() const { return redis_ ? redis_->events() : short{0}; }
  void OnReady(short revents) {
    if (redis_) redis_->OnReady(revents);
  }

  struct Counts {
    std::int64_t granted_shared = 0;
    std::int64_t granted_local = 0;
    std::int64_t refused = 0;
    std::int64_t outages = 0;  // times that the local rule took over
  };
  const Counts& counts() const { return counts_; }
  // The local rule decides.
  bool local() const { return local_mode_; }

 private:
  struct Call {
    std::string ref;
    std::string id;  // in Redis; of this call only
    std::int64_t tokens = 0;
    TimePoint deadline;
    bool running = false;
    // While it waits:
    TimePoint due;                               // to ask (again)
    std::optional<TimePoint> asking;             // since when it wants an answer from Redis
    bool sent = false;                           // the question is on its way
    bool busy = false;                           // the last answer
    std::optional<TimePoint> may_go;             // as last told
    std::optional<Result<PermitAnswer>> answer;  // arrived, to be looked at
  };
  using Calls = std::map<std::uint64_t, Call>;  // in the order of asking

  Calls::iterator Remove(Calls::iterator at, const PermitEnd& end);
  // Both move a waiting call along; false: it has been refused and is to be removed.
  bool Advance(std::uint64_t number, bool behind, TimePoint now, std::vector<Decision>& decisions);
  bool Follow(Call& call, const PermitAnswer& answer, bool shared, TimePoint now,
              std::vector<Decision>& decisions);
  void Refuse(const Call& call, milliseconds wait, std::vector<Decision>& decisions);
  void NoticeRedis(TimePoint now);
  void SwitchToLocal(TimePoint now);
  void SwitchToShared(TimePoint now);
  milliseconds RenewEvery() const { return std::min(LimitStore::kRenewEvery, timing_.lease / 3); }
  TimePoint NextDue() const;

  std::vector<LimitConfig> limits_;
  std::optional<RedisConnection> redis_;  // none without limits
  std::optional<LimitStore> store_;
  LocalLimits own_;
  std::string incarnation_;
  SeededRandom jitter_;
  std::uint64_t asked_ = 0;
  Calls calls_;
  std::map<std::string, std::uint64_t> numbers_;  // of each ref
  bool freed_ = false;  // a place may be free: whoever polls for one asks at once

  Timing timing_;
  TimePoint renew_due_;
  TimePoint renew_sent_;
  bool renewing_ = false;
  std::optional<bool> renewed_;  // the answer to it: whether it was done
  bool local_mode_ = false;
  TimePoint local_since_;
  TimePoint paused_until_;
  Counts counts_;
};

}  // namespace consilium
