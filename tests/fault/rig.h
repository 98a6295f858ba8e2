// A whole cluster of real processes that a test may kill, stop, continue and start again one by
// one: redis-server on a disk of ours, brokers, aggregators and workers, all of this build.
//
// Every rig has a loopback address of its own, so that a part comes back on the endpoint it had and
// nobody else takes it meanwhile. Workers know all brokers. Nothing outlives the test: children die
// with the thread that made the rig, and are ended by their process ids.
// Threads: one, but for machine().
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "shared/redis.h"
#include "shared/result.h"
#include "shared/zmq.h"
#include "tests/fault/machine.h"
#include "tests/support/cluster_process.h"

namespace consilium::fault {

enum class Part { kRedis, kBroker, kAggregator, kWorker };
inline constexpr const char* kPartNames[] = {"redis", "broker", "aggregator", "worker"};

struct RigOptions {
  int brokers = 2;
  int aggregators = 1;
  int workers = 4;  // of the models in turn
  int models = 2;   // "m1", "m2", ...: all answer every case and grade each other
  int concurrency = 16;
  double latency_ms = 30;
  std::string llm;  // "http://...": who answers instead of the simulation
  double deadline_s = 3600;
  // Short, so that short tests see leases run out; workers renew every second.
  int lease_ms = 5000;
  std::string redis;  // lines for the tables of the configuration
  std::string broker;
  std::string council;
  std::string backend;
  std::string simulated;
  std::string more;                        // at the end of it
  std::vector<std::string> redis_options;  // after the durable settings, on the command line
};

class Rig {
 public:
  explicit Rig(RigOptions options = {});
  ~Rig();
  Rig(const Rig&) = delete;  // owns processes and a folder
  Rig& operator=(const Rig&) = delete;

  const RigOptions& options() const { return options_; }
  Machine& machine() { return *machine_; }
  const TestFolder& folder() const { return folder_; }
  std::string redis_data() const { return folder_.File("redis"); }
  // Where the parts listen.
  std::string redis_socket() const { return folder_.File("redis.sock"); }
  std::string clients(int broker) const;
  std::string workers(int broker) const;
  std::vector<std::string> all_clients() const;

  // Before a part starts: what is between it and the others (a gate), and under it.
  void ReachRedisBy(Part part, int index, std::string url);
  void ReachBrokersBy(int worker, std::vector<std::string> endpoints);
  void Under(Part part, int index, std::vector<std::pair<std::string, std::string>> environment);

  // Starts everything and waits until cases are accepted and all workers are known. "" or why not.
  std::string StartAll();
  void Start(Part part, int index = 0);
  // SIGKILL, and waits for its end.
  void Kill(Part part, int index = 0);
  // The same for several, which go together.
  void KillAtOnce(const std::vector<std::pair<Part, int>>& parts);
  void Restart(Part part, int index = 0);
  void Pause(Part part, int index = 0) const;   // SIGSTOP
  void Resume(Part part, int index = 0) const;  // SIGCONT
  // SIGTERM; its exit code, or -1 when it did not end within that time.
  int Terminate(Part part, int index, std::chrono::milliseconds within);
  // True while it runs; reaps it otherwise.
  bool Alive(Part part, int index = 0);
  int Count(Part part) const;
  pid_t Pid(Part part, int index = 0) const;
  std::string Log(Part part, int index = 0) const;

  // Starts redis-server and waits until it has loaded its data, which after a long run is much.
  // False: not within that time.
  bool StartRedis(std::chrono::milliseconds within = std::chrono::seconds(120));

  // Straight to redis-server, past all gates. A reply of kind nil when it does not answer.
  RedisReply Ask(std::vector<std::string> command);
  Result<RedisReply> TryAsk(std::vector<std::string> command);
  RedisConnection& redis() { return *redis_; }
  std::int64_t Counter(const std::string& name);

 private:
  struct Process {
    pid_t pid = -1;
    std::vector<std::pair<std::string, std::string>> environment;
    std::vector<std::string> brokers;  // of a worker, when not all directly
    std::string redis_url;             // when not directly
  };
  Process& At(Part part, int index) { return processes_[{part, index}]; }
  void Configure();
  // Nothing when it does not run: a process id of -1 means every process there is.
  void Signal(Part part, int index, int signal) const;

  RigOptions options_;
  TestFolder folder_;
  std::string address_;
  std::unique_ptr<Machine> machine_;
  std::unique_ptr<RedisConnection> redis_;
  std::map<std::pair<Part, int>, Process> processes_;
};

// One request to one endpoint, sent again every second until a reply comes. kTimeout otherwise.
Result<Frame> AskBroker(const std::string& endpoint, const Frame& request,
                        std::chrono::milliseconds within);

// Sanitizers keep what was freed: how large their processes are says nothing.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool kMeasureMemory = false;
#else
inline constexpr bool kMeasureMemory = true;
#endif
// Resident memory in KiB and open descriptors of a process; -1 when it is not there.
std::int64_t ResidentKib(pid_t pid);
std::int64_t Descriptors(pid_t pid);

// Size of a short run times CONSILIUM_FAULT_SCALE (default 1).
double Scale();
int Scaled(int count);
std::chrono::milliseconds Scaled(std::chrono::milliseconds time);
// A run at ten times the short size or more, as `make soak` makes it.
bool AtLength();
// CONSILIUM_FAULT_SEED (default 1).
std::uint64_t Seed();

}  // namespace consilium::fault
