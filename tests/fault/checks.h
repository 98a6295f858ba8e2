// What must hold after every fault, read from Redis itself:
//   L  each acknowledged case has its recommendation         acknowledged - published = {}
//   D  each case has exactly one first recommendation
//   U  there is none for a case that nobody submitted
//   E  nothing is left: lanes, leases, delays, events and timers are empty, and
//      accepted = complete + degraded + insufficient + failed + cancelled; and no task had to be
//      put back into its lane, unless the test cut it out
#pragma once

#include <chrono>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "shared/ids.h"
#include "shared/messages.h"
#include "tests/fault/load.h"
#include "tests/fault/rig.h"

namespace consilium::fault {

// The feed of recommendations from its beginning. Read on before it is trimmed, at 100,000.
class Feed {
 public:
  struct Entry {
    Recommendation recommendation;  // of the first publication, without its texts
    int firsts = 0;                 // publications of revision 1
    int notices = 0;                // that it was cancelled
    int revisions = 0;              // later ones
    std::int64_t published_ms = 0;  // of the first
  };
  // Reads what is new. False when Redis does not answer.
  bool Follow(Rig& rig);
  const std::map<std::string, Entry>& cases() const { return cases_; }

 private:
  std::string cursor_ = "-";
  std::map<std::string, Entry> cases_;
};

// Fresh cases for all brokers of the rig, with a ledger in its folder: one such load a rig.
LoadOptions LoadOf(const Rig& rig, double per_second);

void Sleep(std::chrono::milliseconds time);

// What a broker says of itself; an empty one when it does not answer.
StatusReply StatusOf(const Rig& rig, int broker);

// What is left in Redis; "" when nothing is.
std::string Left(Rig& rig);
// Waits for that.
bool Drained(Rig& rig, std::chrono::milliseconds within);

// Leases beyond the first of each task of these cases, and tasks: how much was dispatched twice.
struct Dispatches {
  std::int64_t tasks = 0;
  std::int64_t again = 0;
  std::int64_t most = 0;  // leases of one task
};
Dispatches CountDispatches(Rig& rig, const std::set<std::string>& ids);

struct Verdict {
  std::size_t submitted = 0;
  std::size_t acknowledged = 0;
  std::size_t lost = 0;
  std::size_t duplicated = 0;
  std::size_t unexpected = 0;
  std::string left;  // "" = nothing
  std::string examples;
};
// After the loads have finished and the cluster has had its time.
// `others` are further ids that may be known.
Verdict Judge(Rig& rig, const Feed& feed, const std::vector<const Load*>& loads,
              const std::set<std::string>& others = {});

// One fault of a test: prints its line at the end, with all counts.
class FaultRun {
 public:
  // Starts the rig; throws when it does not come up.
  FaultRun(const char* fault, Rig& rig);
  ~FaultRun();
  FaultRun(const FaultRun&) = delete;  // prints its line once
  FaultRun& operator=(const FaultRun&) = delete;
  // Ends the loads, waits until nothing is left, checks L, D, U and E with gtest's expectations.
  // CONSILIUM_FAULT_PATIENCE_S shortens the waiting, where it is known to be in vain.
  void Settle(Rig& rig, const std::vector<Load*>& loads,
              std::chrono::milliseconds within = std::chrono::seconds(60));
  // A case that was submitted beside the loads; it may have been refused.
  void AlsoSubmitted(const std::string& id) { others_.insert(id); }
  // The test takes tasks out of Redis, which brokers put back. Without this a task that had to be
  // put back is one that was lost.
  void KeysAreCut() { keys_are_cut_ = true; }
  // Shown at the end of the line.
  void Note(const std::string& name, double value);
  Feed& feed() { return feed_; }
  const Verdict& verdict() const { return verdict_; }

 private:
  std::string fault_;
  TimePoint started_;
  double seconds_ = 0;
  std::string notes_;
  std::set<std::string> others_;
  bool keys_are_cut_ = false;
  Feed feed_;
  Verdict verdict_;
};

// A cluster that takes fresh cases, so many a second, while a test breaks it: all that most faults
// need besides themselves.
class Trial : public Rig, public FaultRun {
 public:
  // Starts both.
  Trial(const char* fault, double per_second, RigOptions options = {})
      : Rig(std::move(options)),
        FaultRun(fault, *this),
        load(LoadOf(*this, per_second)),
        random(Seed(), fault) {
    load.Start();
  }
  // As FaultRun's.
  void Settle(std::chrono::milliseconds within = std::chrono::seconds(60)) {
    FaultRun::Settle(*this, {&load}, within);
  }

  Load load;
  SeededRandom random;
};

}  // namespace consilium::fault
