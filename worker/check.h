// `consilium-worker --check`: would this backend work? No broker; at most one real call, through
// the same gate and limits as real work. The case it asks about is synthetic and says so.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "shared/backend_check.h"
#include "shared/config.h"
#include "shared/signals.h"

namespace consilium {

struct CheckRequest {
  BackendConfig backend;
  std::vector<LimitConfig> limits;  // that it names
  RedisConfig redis;                // keeps them; without a URL the call is not limited
  std::string config_file;          // prompts are looked for beside it
  bool call = true;                 // false: everything but the call
  milliseconds timeout{0};          // 0 = CheckTimeoutOf()
};

// Empty when a stop signal came.
std::optional<BackendCheck> CheckBackend(const CheckRequest& request, StopSignals& signals);

// Checks and prints the JSON. Exit code: 0 it works (or was not called and nothing is wrong), 1 the
// call failed or a signal came, 2 the configuration or the environment is wrong.
int RunCheck(const CheckRequest& request, StopSignals& signals);

}  // namespace consilium
