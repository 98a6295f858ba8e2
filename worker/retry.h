// Whether a task is tried again, and when: the one place that decides it.
//
// The worker decides, because it knows its provider; the queue keeps: the decision goes out with
// the result, and the task waits in Redis, where it costs no slot and survives everything
// (docs/decisions/0006). Pure. Full jitter (Brooker, "Exponential Backoff and Jitter", AWS
// Architecture Blog 2015): the n-th failure waits uniformly in
// [0, min(backoff_ms * 2^(n-1), backoff_ms_max)].
#pragma once

#include <cstdint>
#include <optional>

#include "shared/config.h"
#include "shared/domain.h"

namespace consilium {

struct Verdict {
  std::optional<std::int64_t> retry_in_ms;  // absent: the outcome is the task's
  bool dead_letter = false;                 // final because the attempts are used up
};

// `failed_before`: attempts of this task that failed before this one. `time_left_ms`: until the
// task's deadline. `draw`: uniform in [0, 1). A provider's retry_after_ms comes before the jitter,
// so that tasks refused together do not return together. A delay that does not fit the time left
// makes the outcome final now.
Verdict Judge(const Outcome& outcome, std::int64_t failed_before, std::int64_t time_left_ms,
              const BackendConfig& config, double draw);

}  // namespace consilium
