// Asks the worker program about several backends at once (`consilium-worker --check`).
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cli/diagnosis.h"
#include "shared/clock.h"
#include "shared/config.h"
#include "shared/result.h"
#include "shared/signals.h"

namespace consilium {

struct ProbePlan {
  std::string program;      // path of consilium-worker
  std::string config_file;  // as given
  std::vector<LimitConfig> limits;
  std::vector<BackendConfig> backends;
  bool call = true;                     // false: everything but the paid call
  std::optional<milliseconds> timeout;  // of each call; empty = CheckTimeoutOf()
  std::vector<std::pair<std::string, std::string>> environment;  // beside ours
};

// Whether `next` may be asked beside `running`: at most kProbesMax at once, and of those that share
// a limit at most its concurrency, whether or not there is a Redis to keep it. Pure.
inline constexpr std::size_t kProbesMax = 8;
bool MayStart(const BackendConfig& next, const std::vector<const BackendConfig*>& running,
              const std::vector<LimitConfig>& limits);

// What a worker program said: the last line that is an object. `end`: as waitpid() says. Pure.
Result<BackendCheck> ReadReport(const std::string& output, int end);

// "asking 2 of 5 models: a, b  3 s". Pure.
std::string ProbeProgress(const std::vector<std::string>& running, std::size_t left,
                          std::size_t all, milliseconds elapsed);

// In the order of `backends`; empty when a stop signal came, and then nothing is left running.
// `show`: gets the progress about ten times a second.
std::optional<std::vector<CheckedModel>> ProbeBackends(
    const ProbePlan& plan, StopSignals& stop, const std::function<void(const std::string&)>& show);

}  // namespace consilium
