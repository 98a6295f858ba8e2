#include "tests/bench/task_run.h"

#include "tests/bench/load.h"

namespace consilium::bench {

TaskRun RunTasks(const LocalCluster& cluster, std::size_t cases, const std::string& prefix) {
  LoadOptions load;
  load.cases = cases;
  load.await_results = true;
  load.prefix = prefix;
  const auto count = static_cast<double>(cases);
  TaskRun run;
  for (std::size_t i = 0; i < run.cpu_us.size(); ++i) run.cpu_us[i] = cluster.CpuSeconds(kParts[i]);
  const LoadResult result = RunLoad(cluster.clients(), load);
  for (std::size_t i = 0; i < run.cpu_us.size(); ++i) {
    run.cpu_us[i] = 1e6 * (cluster.CpuSeconds(kParts[i]) - run.cpu_us[i]) / count;
  }
  run.per_s = count / result.total_s;
  run.load_cpu_us = 1e6 * result.cpu_s / count;
  run.load_share = result.thread_share;
  return run;
}

OnPaper Compute(const std::vector<TaskRun>& rounds,
                const std::array<double, std::size(kParts)>& processes) {
  OnPaper paper;
  for (std::size_t i = 0; i < processes.size(); ++i) {
    std::vector<double> cpu_us;
    for (const TaskRun& run : rounds) cpu_us.push_back(run.cpu_us[i]);
    const double per_s = processes[i] * 1e6 / Quantile(cpu_us, 0.5);
    if (!paper.limit.empty() && per_s >= paper.per_s) continue;
    paper = {per_s, kParts[i]};
  }
  return paper;
}

}  // namespace consilium::bench
