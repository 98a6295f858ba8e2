// A whole cluster on this machine: starts its processes in order, restarts what dies, stops in
// order.
//
//   Open ─► Start ─► Run ─► Stop
// Invariant: a child runs, or waits for its restart, or the cluster is stopping.
// Threads:   none of its own; the thread that calls must live as long as the children (process.h).
#pragma once

#include <sys/types.h>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "shared/client.h"
#include "cli/cluster_plan.h"
#include "cli/data_folder.h"
#include "cli/endpoints.h"
#include "shared/clock.h"
#include "shared/config.h"
#include "shared/result.h"
#include "shared/signals.h"

namespace consilium {

class Cluster {
 public:
  // All parts must be up within this, with Redis' data loaded.
  static constexpr std::chrono::seconds kReadyWithin{60};
  // A part that dies so often before the cluster is ready will not come up.
  static constexpr int kEarlyDeathsMax = 3;
  // How long each part may take to finish its work when asked to stop; then it is killed.
  static constexpr std::chrono::seconds kDrainWithin{30};

  using Say = std::function<void(const std::string&)>;  // one line for people, without newline

  // Nothing is started yet. kConflict: another cluster has the folder.
  static Result<std::unique_ptr<Cluster>> Open(const std::string& config_file,
                                               const std::string& data, Say say);
  ~Cluster();
  Cluster(const Cluster&) = delete;  // owns processes
  Cluster& operator=(const Cluster&) = delete;

  // Returns when every part answers. Empty: a stop signal came first. The error names the part that
  // did not come up and ends with the last lines of its log; what runs is left to Stop().
  std::optional<Status> Start(StopSignals& stop);
  // Until a stop signal.
  void Run(StopSignals& stop);
  // Workers and aggregator finish or hand back their work, then the broker, then Redis. One more
  // signal kills all at once.
  void Stop(StopSignals& stop);

  const Endpoints& endpoints() const { return endpoints_; }
  const Config& config() const { return config_; }
  std::string EndpointsFile() const { return folder_.File(kEndpointsFile); }

 private:
  struct Child {
    ChildPlan plan;
    pid_t pid = -1;  // -1: does not run
    TimePoint started;
    TimePoint start_at;
    RestartDelay delay;
    int deaths = 0;
    int last_end = 0;
    bool wanted = false;
  };

  Cluster(Config config, DataFolder folder, Say say);
  Status Plan(const std::string& config_file);
  void Want(Part part);
  void Tick(TimePoint now);  // reaps, restarts, keeps endpoints.json and the logs in bounds
  void StartChild(Child& child, TimePoint now);
  void SaveEndpoints();
  void BoundLogs(TimePoint now);
  // Runs `ready` until it is true. Empty: a stop signal; else kTimeout or the part that keeps
  // dying.
  std::optional<Status> Await(StopSignals& stop, TimePoint deadline, const std::string& what,
                              const std::function<bool()>& ready);
  std::string LogsOf(const Child& child) const;
  bool RedisAnswers();
  bool BrokerIsBound();
  bool DoorsAreOpen();
  bool AllAnswer(Client& client);
  // True while some child of `part` runs; `signal` 0 only looks.
  bool Signal(Part part, int signal);
  void StopPart(Part part, StopSignals& stop);

  Config config_;
  DataFolder folder_;
  Say say_;
  std::vector<Child> children_;
  Endpoints endpoints_;
  std::string redis_url_;  // as redis.url: one a shard
  std::string broker_file_;
  std::string gateway_file_;
  std::string waiting_for_;  // what AllAnswer() still misses
  std::string status_request_;
  bool stopping_ = false;
  bool hurry_ = false;
  TimePoint logs_checked_;
};

}  // namespace consilium
