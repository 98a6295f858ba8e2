// Who the workers are, what each holds, and who may get the next task.
//
// Invariant: Give() never makes a worker hold more than its slots. (Adopted leases may: they are
// facts.) Pure bookkeeping: the caller sends the messages and tells Redis. Threads: none of its
// own; owned by the broker loop.     Time: only through `now`.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "shared/clock.h"
#include "shared/messages.h"
#include "shared/result.h"
#include "shared/store.h"

namespace consilium {

// A task at a worker, as far as this broker knows.
struct Holding {
  TaskId task;
  std::int64_t fence = 0;
  TimePoint seen;       // when it was sent, adopted or last listed
  bool listed = false;  // the worker has shown that it has it
  bool ending = false;  // how it ended is on its way to Redis
};

class Roster {
 public:
  static constexpr std::size_t kWorkersMax = 4096;
  static constexpr std::size_t kTroubleBytesMax = 256;
  // A task that heartbeats do not list for so long is not at the worker.
  static constexpr milliseconds kLostAfter{5000};

  // Leases are renewed three times within `lease`.
  Roster(std::vector<std::string> models, milliseconds lease);

  // What follows from a hello or a heartbeat.
  struct Pulse {
    std::vector<HeldTask> renew;  // leases to renew now
    std::vector<Holding> lost;    // no longer at the worker, and no longer held here
  };
  // By which key a worker was let in, and whose that is; empty without keys.
  struct Owner {
    std::string key;
    std::string name;
  };
  // Adopts what the worker holds; a worker known under another peer has moved.
  // Errors: kInvalid for an unknown model, slots out of 0..limits::kSlotsMax, tasks of another
  // model; kConflict when a worker of that id is here with the key of somebody else.
  Result<Pulse> Greet(const std::string& peer, const Hello& hello, TimePoint now,
                      const Owner& owner);
  Result<Pulse> Greet(const std::string& peer, const Hello& hello, TimePoint now) {
    return Greet(peer, hello, now, Owner());
  }
  // Errors: kNotFound for an unknown peer; kInvalid as above. A task that we did not send is
  // renewed only when two heartbeats in a row list it: once is a result that crossed its
  // acknowledgement.
  Result<Pulse> Hear(const std::string& peer, const Heartbeat& heartbeat, TimePoint now);
  // Any other message of the peer: it lives. False: unknown.
  bool Hear(const std::string& peer, TimePoint now);

  // Model and name of a known peer.
  const Hello* About(const std::string& peer) const;

  // Credits that workers of `model` have left.
  std::int64_t Free(const std::string& model) const;
  // Gives the task to the worker of its model with the most free credits, among equals to the one
  // that waits longest. The result is its peer; empty when nobody has a credit.
  std::optional<std::string> Give(const LeasedTask& task, TimePoint now);
  // Redis confirmed a lease that was renewed because the worker lists it and this broker did not
  // know it. Nothing is done when it ended meanwhile, or was held at that time.
  void Adopt(const std::string& peer, const HeldTask& task, TimePoint now);

  // Null when the peer does not hold it under this fence.
  Holding* Find(const std::string& peer, const HeldTask& task);
  // Removes it; the credit is free again.
  std::optional<Holding> Take(const std::string& peer, const HeldTask& task);
  struct Place {
    std::string peer;
    HeldTask task;
  };
  std::vector<Place> HoldersOf(const std::string& case_id) const;

  // Gets nothing more until it is heard again.
  void SetUnreachable(const std::string& peer);
  // The next heartbeat renews all that it lists.
  void RenewSoon(const std::string& peer);
  void RenewAllSoon();

  // A worker that is no more; `held` without those that are ending.
  struct Leaver {
    std::string peer;
    Hello about;
    std::vector<Holding> held;
  };
  std::optional<Leaver> Leave(const std::string& peer);
  // Removes those silent for more than limits::kPeerSilenceMax.
  std::vector<Leaver> TakeSilent(TimePoint now);
  // Removes those whose key is not `allowed`.
  std::vector<Leaver> TakeUnless(const std::function<bool(const std::string& key)>& allowed);
  // No worker falls silent before.
  TimePoint next_silence() const { return next_silence_; }
  // Forgets everything, as after a restart: the workers are asked who they are.
  void Clear();

  std::size_t size() const { return workers_.size(); }
  std::vector<std::string> Peers() const;
  // Tasks at all workers.
  std::int64_t Holdings() const;
  std::vector<WorkerStatus> Describe(const std::string& broker) const;

 private:
  using Key = std::pair<std::string, std::int64_t>;  // ref, fence
  struct Worker {
    Hello about;  // in_flight is empty
    Owner owner;
    TimePoint heard;
    std::optional<TimePoint> renewed;
    std::uint64_t turn = 0;  // of its last task; smaller waits longer
    bool unreachable = false;
    std::string trouble;
    std::map<Key, Holding> held;
    std::map<Key, int> claimed;  // listed without our knowing it, in so many heartbeats in a row
    std::int64_t free = 0;       // credits, as its lane reckons with them

    std::int64_t Free() const;
  };
  // Who of a model gets the next task: the most credits, then the longest wait. Begins with the
  // first.
  struct Rank {
    std::int64_t free = 0;
    std::uint64_t turn = 0;
    std::string peer;
    bool operator<(const Rank& other) const;
  };
  struct Lane {
    std::set<Rank> ready;   // those with a credit
    std::int64_t free = 0;  // of all of them
  };

  // The only way to change what a worker's rank depends on: out of its lane, `change`, in again.
  template <class Step>
  void Change(const std::string& peer, Worker& worker, Step change);
  void LeaveLane(const std::string& peer, const Worker& worker);
  Status CheckClaims(const std::string& model, std::int64_t slots,
                     const std::vector<HeldTask>& in_flight) const;
  void Forget(const std::string& peer);

  std::vector<std::string> models_;
  milliseconds renew_every_;
  std::map<std::string, Worker> workers_;       // by peer
  std::map<std::string, std::string> peer_of_;  // worker id -> peer
  std::map<std::string, Lane> lanes_;           // by model
  std::uint64_t turns_ = 0;
  TimePoint next_silence_ = TimePoint::max();
};

}  // namespace consilium
