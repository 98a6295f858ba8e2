#include <string>
#include <vector>

#include "tests/bench/load.h"
#include "tests/bench/local_cluster.h"
#include "tests/bench/parts.h"
#include "tests/bench/raw_redis.h"
#include "tests/bench/task_run.h"

namespace consilium::bench {
namespace {

double PerSecond(std::size_t count, double seconds) { return static_cast<double>(count) / seconds; }

void MeasureAccept(const BenchOptions& options, double raw_add, bool first, Report& report) {
  ClusterOptions idle;
  idle.workers = 0;  // nobody takes the tasks: accepting alone
  idle.shards = options.shards;
  LocalCluster cluster(idle);
  LoadOptions load;
  load.cases = options.cases;
  load.prefix = "accept-";
  const LoadResult result = RunLoad(cluster.clients(), load);
  const double rate = PerSecond(load.cases, result.accept_s);
  report.Add("cases accepted (durable), window 64", "/s", rate);
  report.Add("  as a ratio to raw XADD", "x", rate / raw_add);
  report.Add("  load generator: share of a core, its thread", "%", 100 * result.thread_share);
  if (!first || options.queued <= options.cases) return;
  load.cases = options.queued - options.cases;
  load.prefix = "queued-";
  load.window = 256;
  RunLoad(cluster.clients(), load);
  report.Add("broker memory with cases queued", "MiB", cluster.ResidentMib("broker"));
  report.Add("aggregator memory with cases queued", "MiB", cluster.ResidentMib("aggregator"));
}

void MeasureTasks(const BenchOptions& options, double raw_end_to_end, Report& report) {
  ClusterOptions one;
  one.shards = options.shards;
  LocalCluster cluster(one);
  const TaskRun run = RunTasks(cluster, options.cases, "task-");
  report.Add("tasks end to end (submit to recommendation)", "/s", run.per_s);
  report.Add("  as a ratio to raw end to end", "x", run.per_s / raw_end_to_end);
  for (std::size_t i = 0; i < std::size(kParts); ++i) {
    report.Add(std::string("processor time per task, ") + kParts[i], "µs", run.cpu_us[i]);
  }
  report.Add("processor time per task, load generator", "µs", run.load_cpu_us);
  report.Add("  load generator: share of a core while tasks run", "%", 100 * run.load_share);
  LoadOptions load;
  load.cases = 2000;
  load.per_second = static_cast<double>(options.pace);
  load.await_results = true;
  load.prefix = "paced-";
  const LoadResult paced = RunLoad(cluster.clients(), load);
  const std::string added = "added per task at " + std::to_string(options.pace) + "/s, ";
  report.Add("paced tasks end to end", "/s", PerSecond(load.cases, paced.total_s));
  report.Add(added + "p50", "ms", Quantile(paced.recommend_ms, 0.5));
  report.Add(added + "p99", "ms", Quantile(paced.recommend_ms, 0.99));
}

}  // namespace

void MeasureQueue(const BenchOptions& options, bool accept, bool tasks, Report& report) {
  for (std::size_t round = 0; round < options.rounds; ++round) {
    Progress("accept, tasks", round, options);
    const RawRedis raw = MeasureRawRedis(options.cases, 64);
    report.Add("raw Redis: XADD 1 KiB, synced, window 64", "/s", raw.add_per_s);
    report.Add("raw Redis: XADD, XREADGROUP, XACK+XDEL", "/s", raw.end_to_end_per_s);
    if (accept) MeasureAccept(options, raw.add_per_s, round == 0, report);
    if (tasks) MeasureTasks(options, raw.end_to_end_per_s, report);
  }
}

}  // namespace consilium::bench
