#include <poll.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <deque>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "tests/bench/load.h"
#include "tests/bench/local_cluster.h"
#include "tests/bench/parts.h"
#include "tests/bench/task_run.h"

namespace consilium::bench {
namespace {

using WallClock = std::chrono::system_clock;
using Seconds = std::chrono::duration<double>;

constexpr milliseconds kAway{1000};
constexpr milliseconds kLook{50};
constexpr std::chrono::seconds kBackWithin{120};

// A broker holds a descriptor for each worker; children inherit the limit.
void AllowDescriptors(std::size_t workers) {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  const std::size_t needed = workers + 200;
  if (limit.rlim_max < needed) {
    Give("so many workers need " + std::to_string(needed) + " descriptors, the limit is " +
         std::to_string(limit.rlim_max) + " (ulimit -Hn)");
  }
}

// When a broker last welcomed the worker of that log; the beginning of time when none did.
WallClock::time_point LastWelcome(const std::string& log) {
  std::ifstream file(log);
  std::string line;
  WallClock::time_point last{};
  while (std::getline(file, line)) {
    if (line.find(" broker_welcomed ") == std::string::npos) continue;
    std::tm parts{};
    int ms = 0;
    if (std::sscanf(line.c_str(), "%d-%d-%dT%d:%d:%d.%dZ", &parts.tm_year, &parts.tm_mon,
                    &parts.tm_mday, &parts.tm_hour, &parts.tm_min, &parts.tm_sec, &ms) != 7) {
      Give("unreadable log line in " + log);
    }
    parts.tm_year -= 1900;
    --parts.tm_mon;
    last = WallClock::from_time_t(timegm(&parts)) + milliseconds(ms);
  }
  return last;
}

}  // namespace

void MeasureWorkers(const BenchOptions& options, Report& report) {
  AllowDescriptors(options.workers);
  const std::string many = std::to_string(options.workers) + " workers";
  for (std::size_t round = 0; round < options.rounds; ++round) {
    Progress("workers", round, options);
    ClusterOptions two;
    two.crowd = true;
    LocalCluster cluster(two);
    RunTasks(cluster, options.cases / 10, "warm-");
    const TaskRun before = RunTasks(cluster, options.cases, "before-");
    const TimePoint start = Now();
    cluster.StartWorkers("crowd", static_cast<int>(options.workers));
    report.Add(many + ": real processes, all started and known after", "s",
               Seconds(Now() - start).count());
    report.Add(many + ": broker memory", "MiB", cluster.ResidentMib("broker"));

    // What their heartbeats alone cost, while nobody works.
    const auto cpu = [&] {
      return std::pair{cluster.CpuSeconds("broker"), cluster.CpuSeconds("worker:crowd")};
    };
    const auto idle_from = cpu();
    const TimePoint idle = Now();
    poll(nullptr, 0, 3000);
    const auto idle_to = cpu();
    const double idle_s = Seconds(Now() - idle).count();
    report.Add(many + " idle: broker, share of a core", "%",
               100 * (idle_to.first - idle_from.first) / idle_s);
    report.Add(many + " idle: they themselves, share of a core", "%",
               100 * (idle_to.second - idle_from.second) / idle_s);

    const TaskRun beside = RunTasks(cluster, options.cases, "beside-");
    cluster.EndWorkers("crowd");
    const TaskRun after = RunTasks(cluster, options.cases, "after-");
    cluster.StartWorkers("bench", static_cast<int>(options.workers) - 1);
    const TaskRun shared = RunTasks(cluster, options.cases, "shared-");

    const double alone = (before.per_s + after.per_s) / 2;
    report.Add("1 worker: tasks end to end, before and after", "/s", before.per_s);
    report.Add("1 worker: tasks end to end, before and after", "/s", after.per_s);
    report.Add("1 worker beside " + many + " without work", "/s", beside.per_s);
    report.Add("  as a ratio to 1 worker alone", "x", beside.per_s / alone);
    report.Add("1 worker: processor time per task, broker", "µs",
               (before.cpu_us[1] + after.cpu_us[1]) / 2);
    report.Add("1 worker beside " + many + ": processor time per task, broker", "µs",
               beside.cpu_us[1]);
    report.Add(many + " share the work", "/s", shared.per_s);
    report.Add("  their ratio to 1 worker alone", "x", shared.per_s / alone);
    report.Add(many + " share the work: processor time per task, broker", "µs", shared.cpu_us[1]);
    report.Add("  load generator: share of a core while they do", "%", 100 * shared.load_share);
  }
}

void MeasureReconnect(const BenchOptions& options, Report& report) {
  AllowDescriptors(options.returning);
  const std::string name = std::to_string(options.returning) + " workers come back: ";
  for (std::size_t round = 0; round < options.rounds; ++round) {
    Progress("reconnect", round, options);
    ClusterOptions empty;
    empty.workers = 0;
    LocalCluster cluster(empty);
    cluster.StartWorkers("bench", static_cast<int>(options.returning));
    cluster.KillBroker();
    poll(nullptr, 0, static_cast<int>(kAway.count()));
    const WallClock::time_point start = WallClock::now();
    const TimePoint until = Now() + kBackWithin;
    cluster.StartBroker();

    std::vector<std::string> missing = cluster.WorkerLogs("bench");
    std::vector<double> back_s;
    std::deque<std::pair<TimePoint, double>> second;  // processor time of the broker, latest second
    double busiest = 0;
    while (!missing.empty()) {
      if (Now() > until)
        Give(std::to_string(missing.size()) + " workers did not come back in 120 s");
      second.emplace_back(Now(), cluster.CpuSeconds("broker"));
      if (second.back().first - second.front().first >= std::chrono::seconds(1)) {
        const Seconds wall = second.back().first - second.front().first;
        busiest = std::max(busiest, (second.back().second - second.front().second) / wall.count());
        second.pop_front();
      }
      missing.erase(std::remove_if(missing.begin(), missing.end(),
                                   [&](const std::string& log) {
                                     const Seconds at = LastWelcome(log) - start;
                                     if (at.count() > 0) back_s.push_back(at.count());
                                     return at.count() > 0;
                                   }),
                    missing.end());
      poll(nullptr, 0, static_cast<int>(kLook.count()));
    }
    report.Add(name + "the first", "s", Quantile(back_s, 0));
    report.Add(name + "half of them", "s", Quantile(back_s, 0.5));
    report.Add(name + "all", "s", Quantile(back_s, 1));
    report.Add(name + "spread, 5 % to 95 %", "s", Quantile(back_s, 0.95) - Quantile(back_s, 0.05));
    report.Add(name + "processor time of the broker", "s", second.back().second);
    report.Add(name + "its busiest second, share of a core", "%", 100 * busiest);
    // They are not only back but get tasks again.
    RunTasks(cluster, options.cases / 10, "back-");
  }
}

}  // namespace consilium::bench
