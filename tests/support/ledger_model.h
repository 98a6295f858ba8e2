// What must become of a task, from nothing but what a FaultLlm gave to its requests: a small model
// of docs/backends.md that shares no code with the worker.
//
//   request --usable--------------------------------------> done, ok
//           --wrong model, refused------------------------> done, and never again
//           --prose, cut short--> a second question at once: as a request, but prose ends it
//           --anything else-----> another attempt, or dead when they are used up
//
// Pure. Threads: functions without state.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tests/support/fault_llm.h"

namespace consilium {

struct ExpectedEnd {
  std::string problem;        // why the requests cannot be those of one task; "" = they can
  std::string line;           // "status code", e.g. "error http_500"
  bool dead = false;          // the attempts are used up
  std::int64_t retries = 0;   // attempts that failed and were tried again
  std::int64_t requests = 0;  // of the last attempt
};

// `requests`: all of one task, in their order. The task had all the time it needed, and the client
// waits less than FaultSettings::slow_first_byte.
ExpectedEnd FollowLedger(const std::vector<FaultEntry>& requests, std::int64_t attempts_max);

}  // namespace consilium
