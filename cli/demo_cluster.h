// A cluster of its own in a temporary folder, run by a child `consilium up`; gone when this is
// gone.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "shared/clock.h"
#include "shared/result.h"
#include "shared/signals.h"

namespace consilium {

// Invariant: while it lives, the folder exists and `up` runs or has been reported as ended.
class DemoCluster {
 public:
  // `environment` is for the configuration's ${...}.
  static Result<DemoCluster> Start(const std::string& config,
                                   std::vector<std::pair<std::string, std::string>> environment);
  DemoCluster(DemoCluster&& other) noexcept;
  DemoCluster& operator=(DemoCluster&&) = delete;
  ~DemoCluster();  // stops and cleans up

  // The broker's endpoint once every part answers. Empty: a stop signal came. The error ends with
  // what `up` said last.
  std::optional<Result<std::string>> AwaitReady(StopSignals& stop, milliseconds within);
  // Whether `up` still runs.
  bool Alive();
  // Lets the parts drain, waits for `up`, removes the folder. False: it had to be killed.
  bool Stop();

 private:
  DemoCluster(std::string folder, pid_t pid) : folder_(std::move(folder)), pid_(pid) {}
  std::string folder_;
  pid_t pid_ = -1;
};

}  // namespace consilium
