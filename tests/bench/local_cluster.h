// A whole cluster in a temporary folder for one measurement: the processes that `consilium up`
// would start (cli/cluster_plan.h), with more brokers and workers where they are asked for, each of
// which can be ended and started again.
//
// It listens on a loopback address of its own, so that a broker comes back where it was. Everything
// is killed by its process id at the end; nothing outlives this program. Threads: none of its own.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "shared/client.h"
#include "cli/process.h"
#include "shared/messages.h"
#include "tests/support/cluster_process.h"

namespace consilium::bench {

struct ClusterOptions {
  int workers = 1;  // of the model "bench": simulated with zero latency, 64 calls at once
  int brokers = 1;  // workers and clients know all of them
  std::size_t shards = 1;
  bool keys = false;   // CURVE on the bus
  bool crowd = false;  // workers may be of a second model, "crowd", that no case asks
};

class LocalCluster {
 public:
  // Returns when cases are accepted and all workers are known; gives up when the cluster
  // does not come up.
  explicit LocalCluster(const ClusterOptions& options);
  ~LocalCluster();
  LocalCluster(const LocalCluster&) = delete;  // owns a folder and processes
  LocalCluster& operator=(const LocalCluster&) = delete;

  const BrokerAddress& clients() const { return clients_; }

  // More workers of a model, each a process; returns when every broker knows them.
  void StartWorkers(const std::string& model, int count);
  // kill -9; returns when no broker counts them any more.
  void EndWorkers(const std::string& model);
  void KillBroker();                                                    // the first one, kill -9
  void StartBroker();                                                   // ... again, where it was
  std::vector<std::string> WorkerLogs(const std::string& model) const;  // files

  StatusReply Status(std::size_t broker = 0) const;
  // Of all processes of that name that run: "redis", "broker", "aggregator", "worker:<model>".
  double CpuSeconds(const std::string& name) const;   // processor time so far, summed
  double ResidentMib(const std::string& name) const;  // resident memory now, of the largest
  double PeakMib(const std::string& name) const;      // ... ever

 private:
  struct Child {
    std::string name;
    ProcessSpec process;
    pid_t pid = -1;
  };
  void MakeKeys();
  // The file; `models` are its backends.
  std::string Configure(const ClusterOptions& options, const std::vector<std::string>& models);
  Child& Add(std::string name, ProcessSpec process, const std::string& log);
  static void End(Child& child);
  void AwaitWorkers() const;
  double Largest(const std::string& name, const std::string& field) const;

  TestFolder folder_;
  BrokerAddress clients_;
  std::vector<Child> children_;
  ProcessSpec worker_;  // but for its model
  int started_ = 0;     // workers ever
};

// "redis", "broker", ...: whose processor time is shown for each task of the model "bench".
inline constexpr const char* kParts[] = {"redis", "broker", "aggregator", "worker:bench"};

}  // namespace consilium::bench
