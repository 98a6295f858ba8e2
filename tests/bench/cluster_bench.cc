// Measures a whole local cluster against bare Redis in the same run. Prints a table, or JSON with
// --json.
//   bench_cluster [--part all|tasks] [--rounds N] [--cases N] [--queued N] [--shards N]
//                 [--pace CASES_A_SECOND] [--json]
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/bench/load.h"
#include "tests/bench/local_cluster.h"
#include "tests/bench/raw_redis.h"

namespace {

using consilium::bench::LoadOptions;
using consilium::bench::LoadResult;
using consilium::bench::LocalCluster;
using consilium::bench::MeasureRawRedis;
using consilium::bench::Quantile;
using consilium::bench::RawRedis;
using consilium::bench::RunLoad;

struct Series {
  std::string name;
  const char* unit;
  std::vector<double> values;
};

constexpr const char* kParts[] = {"redis", "broker", "aggregator", "worker:bench"};

std::size_t Number(int argc, char** argv, const char* name, std::size_t standard) {
  for (int i = 1; i + 1 < argc; ++i) {
    if (std::strcmp(argv[i], name) == 0) return std::strtoul(argv[i + 1], nullptr, 10);
  }
  return standard;
}

bool Has(int argc, char** argv, const char* name, const char* value) {
  for (int i = 1; i + 1 < argc; ++i) {
    if (std::strcmp(argv[i], name) == 0) return std::strcmp(argv[i + 1], value) == 0;
  }
  return false;
}

double PerSecond(std::size_t count, double seconds) { return static_cast<double>(count) / seconds; }

int Main(int argc, char** argv) {
  const std::size_t rounds = Number(argc, argv, "--rounds", 3);
  const std::size_t cases = Number(argc, argv, "--cases", 10000);
  const std::size_t queued = Number(argc, argv, "--queued", 100000);
  const bool tasks_only = Has(argc, argv, "--part", "tasks");
  const std::size_t shards = Number(argc, argv, "--shards", 1);
  const std::size_t pace = Number(argc, argv, "--pace", 200);
  const bool json = argc > 1 && std::strcmp(argv[argc - 1], "--json") == 0;

  Series raw_add{"raw Redis: XADD 1 KiB, synced, window 64", "/s", {}};
  Series raw_all{"raw Redis: XADD, XREADGROUP, XACK+XDEL", "/s", {}};
  Series accepted{"cases accepted (durable), window 64", "/s", {}};
  Series accept_ratio{"  as a ratio to raw XADD", "x", {}};
  Series tasks{"tasks end to end (submit to recommendation)", "/s", {}};
  Series task_ratio{"  as a ratio to raw end to end", "x", {}};
  Series paced_rate{"paced tasks end to end", "/s", {}};
  const std::string added = "added per task at " + std::to_string(pace) + "/s, ";
  Series p50{added + "p50", "ms", {}};
  Series p99{added + "p99", "ms", {}};
  std::vector<Series> cpu;
  for (const char* part : kParts) {
    cpu.push_back({std::string("processor time per task, ") + part, "µs", {}});
  }
  Series broker{"broker memory with cases queued", "MiB", {}};
  Series aggregator{"aggregator memory with cases queued", "MiB", {}};

  for (std::size_t round = 0; round < rounds; ++round) {
    std::fprintf(stderr, "round %zu of %zu\n", round + 1, rounds);
    const RawRedis raw = MeasureRawRedis(cases, 64);
    raw_add.values.push_back(raw.add_per_s);
    raw_all.values.push_back(raw.end_to_end_per_s);
    if (!tasks_only) {
      LocalCluster cluster(0, shards);  // nobody takes the tasks: accepting alone
      LoadOptions load;
      load.cases = cases;
      load.prefix = "accept-";
      const LoadResult result = RunLoad(cluster.clients(), load);
      accepted.values.push_back(PerSecond(cases, result.accept_s));
      accept_ratio.values.push_back(accepted.values.back() / raw.add_per_s);
      if (round == 0 && queued > cases) {
        load.cases = queued - cases;
        load.prefix = "queued-";
        load.window = 256;
        RunLoad(cluster.clients(), load);
        broker.values.push_back(cluster.ResidentMib("broker"));
        aggregator.values.push_back(cluster.ResidentMib("aggregator"));
      }
    }
    {
      LocalCluster cluster(1, shards);
      LoadOptions load;
      load.cases = cases;
      load.await_results = true;
      load.prefix = "task-";
      std::vector<double> before;
      for (const char* part : kParts) before.push_back(cluster.CpuSeconds(part));
      const LoadResult result = RunLoad(cluster.clients(), load);
      for (std::size_t i = 0; i < cpu.size(); ++i) {
        const double used = cluster.CpuSeconds(kParts[i]) - before[i];
        cpu[i].values.push_back(1e6 * used / static_cast<double>(cases));
      }
      tasks.values.push_back(PerSecond(cases, result.total_s));
      task_ratio.values.push_back(tasks.values.back() / raw.end_to_end_per_s);
      load.cases = 2000;
      load.per_second = static_cast<double>(pace);
      load.prefix = "paced-";
      const LoadResult paced = RunLoad(cluster.clients(), load);
      paced_rate.values.push_back(PerSecond(load.cases, paced.total_s));
      p50.values.push_back(Quantile(paced.recommend_ms, 0.5));
      p99.values.push_back(Quantile(paced.recommend_ms, 0.99));
    }
  }

  nlohmann::json report = nlohmann::json::array();
  if (!json) std::printf("%-46s %12s %20s\n", "", "median", "min .. max");
  std::vector<const Series*> shown = {&raw_add,    &raw_all,    &accepted, &accept_ratio, &tasks,
                                      &task_ratio, &paced_rate, &p50,      &p99};
  for (const Series& part : cpu) shown.push_back(&part);
  shown.insert(shown.end(), {&broker, &aggregator});
  for (const Series* s : shown) {
    if (s->values.empty()) continue;
    const auto [low, high] = std::minmax_element(s->values.begin(), s->values.end());
    const double median = Quantile(s->values, 0.5);
    if (json) {
      report.push_back({{"name", s->name},
                        {"unit", s->unit},
                        {"median", median},
                        {"min", *low},
                        {"max", *high}});
    } else {
      std::printf("%-46s %8.5g %-3s %9.5g .. %-9.5g\n", s->name.c_str(), median, s->unit, *low,
                  *high);
    }
  }
  if (json) std::printf("%s\n", report.dump(2).c_str());
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return Main(argc, argv);
  } catch (...) {
    std::fprintf(stderr, "bench: out of memory\n");
    return 1;
  }
}
