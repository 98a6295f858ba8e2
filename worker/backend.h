// How one model is reached: a worker starts calls and gets an Outcome for each, all on its own
// thread.
//
// One call is one attempt: a backend judges whether another could help, and worker/retry decides.
// Outcomes are complete but for `worker` and `model_asked`, which the worker fills in.
// Threads: one; none of the functions blocks.     Time: only through `now`.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "shared/clock.h"
#include "shared/config.h"
#include "shared/domain.h"
#include "shared/result.h"

namespace consilium {

// One attempt. `ref` names it until it ended or was cancelled.
struct BackendCall {
  std::string ref;
  TaskId task;
  std::int64_t fence = 0;     // tells attempts of one task apart
  std::int64_t attempts = 0;  // that failed before this one
  Vignette vignette;
  std::optional<ReviewPacket> review;  // stage review
  TimePoint deadline;                  // then the outcome is timed_out, code "deadline"
};

struct Completion {
  std::string ref;
  Outcome outcome;
  std::optional<milliseconds> pause;  // the provider wants no call of anybody for so long
};

class Backend {
 public:
  Backend() = default;
  Backend(const Backend&) = delete;  // owns calls in flight
  Backend& operator=(const Backend&) = delete;
  virtual ~Backend() = default;

  // No real model answers.
  virtual bool simulated() const = 0;
  virtual void Start(const BackendCall& call, TimePoint now) = 0;
  // Aborts the call at once; it gets no outcome. Unknown refs are ignored.
  virtual void Cancel(const std::string& ref) = 0;
  // Readable when Run() has something to do before it is due; -1: there never is.
  virtual int fd() const { return -1; }
  // Does all due work, appends what ended and returns when to call again at the latest.
  virtual TimePoint Run(TimePoint now, std::vector<Completion>& ended) = 0;
};

// kInvalid names what is wrong with the configuration, the environment or a file that it names.
// `warnings` gets one line per problem that does not prevent the start.
Result<std::unique_ptr<Backend>> MakeBackend(const BackendConfig& config,
                                             std::vector<std::string>& warnings);

// The name under which the provider knows the model.
const std::string& ServedModel(const BackendConfig& config);

// The outcome of a call whose task had no time left.
Outcome DeadlineOutcome();

}  // namespace consilium
