// Measures a whole local cluster, beside bare Redis in the same run. Prints a table, or JSON with
// --json.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <exception>
#include <string>
#include <vector>

#include "shared/signals.h"
#include "tests/bench/parts.h"

namespace {

using consilium::bench::BenchOptions;
using consilium::bench::Report;

constexpr int kUsage = 2;

int Main(int argc, char** argv) {
  BenchOptions options;
  bool json = false;
  std::vector<std::string> parts = {"accept", "tasks"};
  const std::vector<std::string> known = {"accept",    "tasks",   "burst", "workers",
                                          "reconnect", "brokers", "shards"};

  CLI::App app{
      "Measures local clusters: real processes, a private Redis that syncs every write, loopback "
      "only.",
      "bench_cluster"};
  std::vector<std::string> allowed = known;
  allowed.emplace_back("all");
  app.add_option("--part", parts,
                 "What to measure, with commas between, or \"all\":\n"
                 "accept     cases accepted while no worker runs, and memory with a backlog\n"
                 "tasks      tasks end to end, processor time of each program, paced latency\n"
                 "burst      many cases at once while no worker runs, then worked off\n"
                 "workers    one worker, beside many without work, and many that share the work\n"
                 "reconnect  many workers whose broker is killed and started again\n"
                 "brokers    one broker and three; also with keys, and on three shards\n"
                 "shards     1, 2 and 3 Redis")
      ->delimiter(',')
      ->check(CLI::IsMember(allowed))
      ->capture_default_str();
  const auto number = [&](const char* name, std::size_t& value, const char* help, std::size_t low,
                          std::size_t high) {
    app.add_option(name, value, help)->check(CLI::Range(low, high))->capture_default_str();
  };
  number("--rounds", options.rounds, "Rounds; medians, smallest and largest are shown", 1, 50);
  number("--cases", options.cases, "Cases of one throughput", 100, 1000000);
  number("--queued", options.queued, "Cases queued for memory (accept); up to --cases: none", 0,
         900000);
  number("--shards", options.shards, "Redis of the parts accept and tasks", 1, 16);
  number("--pace", options.pace, "Cases a second of the paced latency", 1, 10000);
  number("--burst", options.burst, "Cases of the burst", 100, 900000);
  number("--workers", options.workers, "Worker processes of the part workers", 1, 5000);
  number("--returning", options.returning, "Worker processes of the part reconnect", 1, 5000);
  app.add_flag("--json", json, "Print JSON");
  app.footer("Exit codes: 0 done, 1 it could not be measured, 2 wrong usage.");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kUsage;
  }

  // A stop signal ends the load that runs, or the next one, so that nothing is left behind.
  const consilium::StopSignals stop;
  const auto wanted = [&](const std::string& part) {
    return std::count(parts.begin(), parts.end(), part) +
               std::count(parts.begin(), parts.end(), "all") >
           0;
  };
  Report report;
  const auto measure = [&](const char* part, auto how) {
    if (wanted(part)) how(options, report);
  };
  if (wanted("accept") || wanted("tasks")) {
    MeasureQueue(options, wanted("accept"), wanted("tasks"), report);
  }
  measure("burst", consilium::bench::MeasureBurst);
  measure("workers", consilium::bench::MeasureWorkers);
  measure("reconnect", consilium::bench::MeasureReconnect);
  measure("brokers", consilium::bench::MeasureBrokers);
  measure("shards", consilium::bench::MeasureShards);
  report.Print(json);
  return 0;
}

}  // namespace

void consilium::bench::Progress(const char* part, std::size_t round, const BenchOptions& options) {
  std::fprintf(stderr, "%s: round %zu of %zu\n", part, round + 1, options.rounds);
}

int main(int argc, char** argv) {
  try {
    return Main(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "bench_cluster: %s\n", error.what());
    return 1;
  }
}
