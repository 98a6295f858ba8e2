// A backend that knows each outcome when a call starts and gives it out after a delay: no socket,
// only timers. A delay of zero needs no timer; the outcome is there at the next Run(). Threads,
// time: as Backend.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "worker/backend.h"

namespace consilium {

struct PlannedOutcome {
  Outcome outcome;
  std::chrono::microseconds delay{0};
};

class TimedBackend : public Backend {
 public:
  using Plan = std::function<PlannedOutcome(const BackendCall&)>;

  explicit TimedBackend(Plan plan) : plan_(std::move(plan)) {}

  bool simulated() const override { return true; }
  void Start(const BackendCall& call, TimePoint now) override;
  void Cancel(const std::string& ref) override;
  TimePoint Run(TimePoint now, std::vector<Completion>& ended) override;

 private:
  struct Waiting {
    Completion completion;
    TimePoint started;
  };
  using Timers = std::multimap<TimePoint, Waiting>;

  Plan plan_;
  Timers timers_;
  std::unordered_map<std::string, Timers::iterator> by_ref_;
};

}  // namespace consilium
