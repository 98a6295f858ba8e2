// The tasks a worker holds: waiting for a slot, running, or ended with a result that no broker
// confirmed yet.
//
// Invariant: a task is held once, under its newest fence, for one broker (an index, its "link").
// Rules: a task that comes again with a higher fence keeps its running call, and the result goes
//   out under the new fence; a failed result that waits is dropped then, because the fence stands
//   for a new attempt. A result is sent until it is confirmed. What exceeds the offered slots is
//   handed back.
// Threads: none of its own.     Time: only through `now`.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "shared/clock.h"
#include "shared/messages.h"
#include "worker/backend.h"
#include "worker/retry.h"

namespace consilium {

class Inbox {
 public:
  // `concurrency`: calls that may run at once. `slots[link]`: tasks offered to each broker; none
  // while no broker is known.
  Inbox(std::size_t concurrency, std::vector<std::int64_t> slots);

  // Divides `concurrency` over `links` brokers, at least 1 each.
  static std::vector<std::int64_t> DivideSlots(std::int64_t concurrency, std::size_t links);
  // What is offered from now on; there may be more links than before, never fewer. Tasks that are
  // held stay.
  void SetSlots(std::vector<std::int64_t> slots);

  enum class Offered {
    kHeld,     // taken, or held already
    kRelease,  // more than was offered: to be handed back
  };
  // `task` is `message.task` decoded.
  Offered Offer(std::size_t link, TaskMessage message, const TaskId& task, TimePoint now);

  // A task to start now; empty while all slots run or nothing waits. It counts as running from here
  // on.
  std::optional<BackendCall> Next();

  // What is to be known to judge the attempt that runs; empty when the task is not running.
  struct Attempt {
    std::int64_t failed_before = 0;
    TimePoint deadline;
  };
  std::optional<Attempt> Running(const std::string& ref) const;
  // The running call ended. Ignored when the task is not running (it was cancelled).
  void Finish(const std::string& ref, Outcome outcome, const Verdict& verdict, TimePoint now);

  struct Sending {
    std::size_t link = 0;
    ResultMessage message;
  };
  // Results never sent, or sent 2 s ago and not confirmed; at most `max` of them.
  std::vector<Sending> DueResults(TimePoint now, std::size_t max);
  // All results of the link are due at once (a broker has just said welcome).
  void ResendAll(std::size_t link, TimePoint now);

  // Forgets the result, unless the confirmation is for an older fence.
  void Confirm(const std::string& ref, std::int64_t fence);
  // Forgets the task, unless the order is for an older fence. True: its call is running and must be
  // aborted.
  bool Cancel(const std::string& ref, std::int64_t fence);

  // What a hello or a heartbeat to the link lists, by ref.
  std::vector<HeldTask> Held(std::size_t link) const;
  // Tasks of a broker that is gone are reported to another one, which adopts their leases.
  // Returns how many there were.
  std::size_t Rehome(std::size_t from, std::size_t to);

  // From now on nothing is taken: slots are 0. Returns what waits and must be handed back.
  struct Returning {
    std::size_t link = 0;
    HeldTask task;
  };
  std::vector<Returning> Drain();
  // Forgets the running calls and returns them, to be aborted and handed back.
  std::vector<Returning> GiveUpRunning();

  bool draining() const { return draining_; }
  std::int64_t slots(std::size_t link) const { return draining_ ? 0 : slots_[link]; }
  std::size_t waiting() const { return waiting_.size(); }
  std::size_t running() const { return running_; }
  std::size_t unconfirmed() const { return unconfirmed_.size(); }
  // When DueResults() has something next.
  TimePoint next() const;

 private:
  enum class State { kWaiting, kRunning, kUnconfirmed };
  struct Entry {
    State state = State::kWaiting;
    std::size_t link = 0;
    std::optional<std::size_t> charged;  // the link whose slot it takes; empty when rehomed
    std::int64_t fence = 0;
    std::optional<BackendCall> call;  // while waiting
    std::uint64_t arrival = 0;        // key in waiting_
    Attempt attempt;                  // while running
    Outcome outcome;                  // while unconfirmed, with what follows from it
    Verdict verdict;
    TimePoint due;  // of sending it, key in unconfirmed_
  };
  using Entries = std::map<std::string, Entry>;

  void Wait(const std::string& ref, Entry& entry, BackendCall call);
  void Reschedule(const std::string& ref, Entry& entry, TimePoint due);
  void Discharge(Entry& entry);
  void Forget(Entries::iterator entry);
  bool Exceeds(std::size_t link) const;

  std::size_t concurrency_;
  std::vector<std::int64_t> slots_;
  std::vector<std::int64_t> charged_;  // tasks not ended, per link
  bool draining_ = false;
  std::size_t running_ = 0;
  std::uint64_t arrivals_ = 0;
  Entries entries_;
  std::map<std::uint64_t, std::string> waiting_;             // in order of arrival
  std::set<std::pair<TimePoint, std::string>> unconfirmed_;  // by when they are sent (again)
};

}  // namespace consilium
