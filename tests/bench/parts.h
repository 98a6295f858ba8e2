// What bench_cluster measures, part by part. Each adds its figures to the report, one value a
// round; whatever is compared is measured in turn within one round, so that the drift of the
// machine stays out of the ratio.
#pragma once

#include <cstddef>

#include "tests/bench/report.h"

namespace consilium::bench {

struct BenchOptions {
  std::size_t rounds = 3;
  std::size_t cases = 10000;    // of a throughput
  std::size_t queued = 100000;  // for the memory of a broker with a backlog
  std::size_t shards = 1;       // of the parts accept and tasks
  std::size_t pace = 200;       // cases a second, for latencies
  std::size_t burst = 50000;
  std::size_t workers = 1000;
  std::size_t returning = 500;  // workers of a broker that is killed
};

// Tells on standard error where the run is; rounds count from 0.
void Progress(const char* part, std::size_t round, const BenchOptions& options);

// Bare Redis, and the cluster: accepting alone (`accept`), and tasks end to end (`tasks`).
void MeasureQueue(const BenchOptions& options, bool accept, bool tasks, Report& report);
// A burst while no worker is there, and working it off.
void MeasureBurst(const BenchOptions& options, Report& report);
// One worker and many: beside it without work, and sharing the work.
void MeasureWorkers(const BenchOptions& options, Report& report);
// A broker with many workers is killed and comes back.
void MeasureReconnect(const BenchOptions& options, Report& report);
// One broker and three: with one Redis, with keys, with three Redis.
void MeasureBrokers(const BenchOptions& options, Report& report);
// 1, 2 and 3 shards.
void MeasureShards(const BenchOptions& options, Report& report);

}  // namespace consilium::bench
