#include <string>

#include "tests/bench/load.h"
#include "tests/bench/local_cluster.h"
#include "tests/bench/parts.h"

namespace consilium::bench {
namespace {

// More than a broker lets wait for Redis, so that it has to refuse: each sends what its socket
// takes.
constexpr std::size_t kConnections = 8;

}  // namespace

void MeasureBurst(const BenchOptions& options, Report& report) {
  const std::string name = "burst of " + std::to_string(options.burst) + ": ";
  for (std::size_t round = 0; round < options.rounds; ++round) {
    Progress("burst", round, options);
    ClusterOptions idle;
    idle.workers = 0;
    LocalCluster cluster(idle);
    LoadOptions load;
    load.cases = options.burst;
    load.window = options.burst;
    load.connections = kConnections;
    load.retry_busy = true;
    load.await_results = true;
    load.prefix = "burst-";
    load.when_accepted = [&] {
      report.Add(name + "broker memory, peak while accepting", "MiB", cluster.PeakMib("broker"));
      cluster.StartWorkers("bench", 1);
    };
    const LoadResult result = RunLoad(cluster.clients(), load);
    const auto cases = static_cast<double>(options.burst);
    report.Add(name + "time until all are accepted", "s", result.accept_s);
    report.Add(name + "accepted", "/s", cases / result.accept_s);
    report.Add(name + "refused as queue_full and sent again", "", static_cast<double>(result.busy));
    report.Add(name + "without a reply for 4 s and sent again", "",
               static_cast<double>(result.lost));
    report.Add(name + "worked off by one worker, then", "/s",
               cases / (result.total_s - result.accept_s));
    report.Add(name + "broker memory, peak at the end", "MiB", cluster.PeakMib("broker"));
    report.Add("  load generator: processor time per case", "µs", 1e6 * result.cpu_s / cases);
    report.Add("  load generator: share of a core, its thread", "%", 100 * result.thread_share);
    // RunLoad() saw each case once; the cluster's own counts must agree.
    const StatusReply status = cluster.Status();
    const auto count = [&](const char* counter) {
      const auto found = status.counters.find(counter);
      return found == status.counters.end() ? 0 : static_cast<std::size_t>(found->second);
    };
    // One model grades nobody, so a case counts as degraded.
    const std::size_t ended = count("complete") + count("degraded");
    if (count("accepted") != options.burst || ended != options.burst || status.live != 0 ||
        !status.balanced) {
      Give("burst: " + std::to_string(count("accepted")) + " accepted, " + std::to_string(ended) +
           " ended well, " + std::to_string(status.live) + " live, expected " +
           std::to_string(options.burst) + ", as many, and 0");
    }
  }
}

}  // namespace consilium::bench
