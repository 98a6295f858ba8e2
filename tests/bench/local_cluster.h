// A whole cluster in a temporary folder for one measurement: `consilium up` with a configuration
// written here.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <string>

#include "cli/endpoints.h"

namespace consilium::bench {

class LocalCluster {
 public:
  // One model, "bench", simulated with zero latency, run by `workers` processes, on `shards` Redis;
  // stops the program with a message when it does not come up.
  explicit LocalCluster(int workers, std::size_t shards = 1);
  ~LocalCluster();
  LocalCluster(const LocalCluster&) = delete;  // owns a folder and processes
  LocalCluster& operator=(const LocalCluster&) = delete;

  const std::string& clients() const { return endpoints_.clients; }
  const Endpoints& endpoints() const { return endpoints_; }
  // Resident memory of the only process of that name, in MiB.
  double ResidentMib(const std::string& name) const;
  // Processor time that the first process of that name has used, user and system.
  double CpuSeconds(const std::string& name) const;

 private:
  std::string folder_;
  pid_t up_ = -1;
  Endpoints endpoints_;
};

}  // namespace consilium::bench
