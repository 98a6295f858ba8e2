#include <string>
#include <vector>

#include "tests/bench/load.h"
#include "tests/bench/local_cluster.h"
#include "tests/bench/parts.h"
#include "tests/bench/raw_redis.h"
#include "tests/bench/task_run.h"

namespace consilium::bench {
namespace {

double AcceptedPerSecond(const ClusterOptions& options, std::size_t cases) {
  ClusterOptions idle = options;
  idle.workers = 0;
  const LocalCluster cluster(idle);
  LoadOptions load;
  load.cases = cases;
  load.prefix = "accept-";
  return static_cast<double>(cases) / RunLoad(cluster.clients(), load).accept_s;
}

void AddCpu(const std::string& name, const TaskRun& run, Report& report) {
  for (std::size_t i = 0; i < std::size(kParts); ++i) {
    report.Add(name + "processor time per task, " + kParts[i], "µs", run.cpu_us[i]);
  }
  report.Add(name + "processor time per task, load generator", "µs", run.load_cpu_us);
  report.Add(name + "load generator, share of a core", "%", 100 * run.load_share);
}

}  // namespace

void MeasureBrokers(const BenchOptions& options, Report& report) {
  // With one Redis it is Redis that limits, also where the bus is encrypted; with three it is the
  // broker.
  struct Case {
    std::string name;
    bool keys;
    std::size_t shards;
  };
  const std::size_t brokers[] = {1, 3};
  for (const Case& each :
       {Case{"", false, 1}, Case{"CURVE, ", true, 1}, Case{"3 shards, ", false, 3}}) {
    std::vector<TaskRun> runs[2];
    const auto name = [&](std::size_t i) {
      return each.name + "brokers " + std::to_string(brokers[i]);
    };
    for (std::size_t round = 0; round < options.rounds; ++round) {
      Progress((each.name + "brokers").c_str(), round, options);
      double accepted[2] = {};
      for (std::size_t i = 0; i < 2; ++i) {
        ClusterOptions cluster;
        cluster.keys = each.keys;
        cluster.shards = each.shards;
        cluster.brokers = static_cast<int>(brokers[i]);
        accepted[i] = AcceptedPerSecond(cluster, options.cases);
        runs[i].push_back(RunTasks(LocalCluster(cluster), options.cases, "task-"));
        report.Add(name(i) + ": cases accepted", "/s", accepted[i]);
        report.Add(name(i) + ": tasks end to end", "/s", runs[i].back().per_s);
        AddCpu("  " + name(i) + ": ", runs[i].back(), report);
      }
      report.Add(name(1) + ", ratio to one: cases accepted", "x", accepted[1] / accepted[0]);
      report.Add(name(1) + ", ratio to one: tasks end to end", "x",
                 runs[1].back().per_s / runs[0].back().per_s);
    }
    for (std::size_t i = 0; i < 2; ++i) {
      const OnPaper paper = Compute(
          runs[i], {static_cast<double>(each.shards), static_cast<double>(brokers[i]), 1, 1});
      report.Add(name(i) + ", computed, not measured: limit " + paper.limit, "/s", paper.per_s);
    }
  }
}

void MeasureShards(const BenchOptions& options, Report& report) {
  constexpr std::size_t kMost = 3;
  std::vector<TaskRun> runs[kMost];
  for (std::size_t round = 0; round < options.rounds; ++round) {
    Progress("shards", round, options);
    const RawRedis raw = MeasureRawRedis(options.cases, 64);
    report.Add("shards: raw Redis, XADD, XREADGROUP, XACK+XDEL", "/s", raw.end_to_end_per_s);
    for (std::size_t shards = 1; shards <= kMost; ++shards) {
      ClusterOptions cluster;
      cluster.shards = shards;
      const std::string name = "shards " + std::to_string(shards) + ": ";
      const TaskRun run = RunTasks(LocalCluster(cluster), options.cases, "task-");
      report.Add(name + "tasks end to end", "/s", run.per_s);
      report.Add(name + "as a ratio to raw end to end", "x", run.per_s / raw.end_to_end_per_s);
      if (shards > 1) {
        report.Add(name + "as a ratio to one shard", "x", run.per_s / runs[0].back().per_s);
      }
      AddCpu("  " + name, run, report);
      runs[shards - 1].push_back(run);
    }
  }
  for (std::size_t shards = 1; shards <= kMost; ++shards) {
    const OnPaper paper = Compute(runs[shards - 1], {static_cast<double>(shards), 1, 1, 1});
    report.Add(
        "shards " + std::to_string(shards) + ", computed, not measured: limit " + paper.limit, "/s",
        paper.per_s);
  }
}

}  // namespace consilium::bench
