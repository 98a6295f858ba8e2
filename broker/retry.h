// What happens to a task when a worker's attempt at it has ended.
//
// Pure. Full jitter (Brooker, "Exponential Backoff and Jitter", AWS Architecture Blog 2015): the
// n-th failure waits uniformly in [0, min(backoff_ms * 2^(n-1), backoff_ms_max)].
#pragma once

#include <cstdint>
#include <optional>

#include "shared/config.h"
#include "shared/domain.h"

namespace consilium {

struct Verdict {
  bool retry = false;         // else the outcome is the task's
  std::int64_t delay_ms = 0;  // before the next attempt
  bool dead_letter = false;   // final because the attempts are used up
};

// `failed_before`: attempts of this task that failed before this one. `time_left_ms`: until the
// task's deadline; absent when this broker does not know it. `draw`: uniform in [0, 1). A
// provider's retry_after_ms comes before the jitter, so that tasks refused together do not return
// together. A delay that does not fit the time left makes the outcome final now.
Verdict Judge(const Outcome& outcome, std::int64_t failed_before,
              std::optional<std::int64_t> time_left_ms, const BrokerConfig& config, double draw);

// The outcome as it may be stored: "ok" without what the stage asks for, or with grades outside
// [0, 1], becomes "malformed"; overlong texts are cut; anything but "ok" carries no answer.
Outcome Sanitised(Stage stage, Outcome outcome);

}  // namespace consilium
