// F31: all faults that one machine can stage, at random, for as long as one likes.
#include <gtest/gtest.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <functional>
#include <map>

#include "shared/ids.h"
#include "shared/store.h"
#include "tests/fault/checks.h"
#include "tests/fault/gates.h"
#include "tests/fault/load.h"
#include "tests/fault/rig.h"

namespace consilium::fault {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

double Minutes() {
  const char* text = std::getenv("CONSILIUM_SOAK_MINUTES");
  return text == nullptr ? 0.2 : std::atof(text);
}

// Memory and descriptors of all processes of one kind that were not replaced since the last look.
struct Watch {
  struct Point {
    double minute;
    double kib;
  };
  std::map<pid_t, std::vector<Point>> memory;
  std::map<pid_t, std::pair<std::int64_t, std::int64_t>> descriptors;  // first and latest
  std::map<pid_t, std::string> names;

  void Look(const Rig& rig, double minute) {
    for (const Part part : {Part::kBroker, Part::kAggregator, Part::kWorker}) {
      for (int i = 0; i < rig.Count(part); ++i) {
        const pid_t pid = rig.Pid(part, i);
        const std::int64_t kib = ResidentKib(pid);
        const std::int64_t open = Descriptors(pid);
        if (kib < 0 || open < 0) continue;
        names[pid] = kPartNames[static_cast<std::size_t>(part)] + std::to_string(i);
        memory[pid].push_back({minute, static_cast<double>(kib)});
        descriptors.try_emplace(pid, open, open).first->second.second = open;
      }
    }
  }
  // Least squares over the second half of what is known of a process, in KiB a minute.
  static double Slope(const std::vector<Point>& all) {
    const std::vector<Point> points(all.begin() + static_cast<long>(all.size() / 2), all.end());
    double n = 0, x = 0, y = 0, xx = 0, xy = 0;
    for (const Point& p : points) {
      n += 1, x += p.minute, y += p.kib, xx += p.minute * p.minute, xy += p.minute * p.kib;
    }
    const double below = n * xx - x * x;
    return below <= 0 ? 0 : (n * xy - x * y) / below;
  }
};

TEST(SoakTest, F31RandomFaults) {
  const double minutes = Minutes();
  RigOptions options;
  options.aggregators = 2;
  options.workers = 4;
  options.latency_ms = 20;
  options.broker = "crashes_max = 100";
  options.lease_ms = 10000;
  // What has ended need not be kept for the checks, which read the feed.
  options.council = "retention_h = 0.05";
  Rig rig(options);
  Gates gates(rig);
  FaultRun run("F31", rig);
  LoadOptions steady = LoadOf(rig, 40);
  steady.brokers = gates.to_clients;
  Load load(steady);
  SeededRandom random(Seed(), "F31");
  std::vector<std::string> marks;
  for (const char* name : {"submit_case", "lease_tasks", "end_attempt", "apply_update"}) {
    for (const RedisScript& script : Store::Scripts()) {
      if (script.name == name) {
        marks.push_back(rig.Ask({"SCRIPT", "LOAD", std::string(script.source)}).text);
      }
    }
  }
  load.Start();
  const TimePoint start = Now();
  const auto minute = [&] {
    return std::chrono::duration<double, std::ratio<60>>(Now() - start).count();
  };
  const auto one_of = [&](Part part) {
    return static_cast<int>(random.Below(static_cast<std::uint64_t>(rig.Count(part))));
  };
  const auto wait = [&](std::uint64_t least, std::uint64_t most) {
    Sleep(milliseconds(least + random.Below(most - least)));
  };
  const auto storm = [&](Gate& gate, const GateWeather& weather, std::uint64_t least,
                         std::uint64_t most) {
    gate.Set(weather);
    wait(least, most);
    gate.Set({});
  };
  GateWeather silence;
  silence.swallow_up = silence.swallow_down = true;
  GateWeather slow;
  slow.delay = milliseconds(100);
  slow.jitter = milliseconds(50);
  slow.stall = 0.01;

  std::vector<std::pair<const char*, std::function<void()>>> faults = {
      {"F01 broker killed",
       [&] {
         const int i = one_of(Part::kBroker);
         rig.Kill(Part::kBroker, i);
         wait(50, 1000);
         rig.Start(Part::kBroker, i);
       }},
      {"F02 worker killed", [&] { rig.Restart(Part::kWorker, one_of(Part::kWorker)); }},
      {"F03 redis killed",
       [&] {
         rig.Kill(Part::kRedis);
         wait(0, 1000);
         ASSERT_TRUE(rig.StartRedis());
       }},
      {"F04 power cut",
       [&] {
         rig.machine().DelaySyncs(milliseconds(5));
         wait(200, 800);
         rig.Kill(Part::kRedis);
         rig.machine().CutPower(rig.redis_data() + "/appendonlydir");
         rig.machine().Mend();
         ASSERT_TRUE(rig.StartRedis());
       }},
      {"F05 slow syncs",
       [&] {
         constexpr int kDelays[] = {20, 200, 1500};
         rig.machine().DelaySyncs(milliseconds(kDelays[random.Below(3)]));
         wait(500, 2500);
         rig.machine().Mend();
       }},
      {"F06 broken or full disk",
       [&] {
         if (random.Below(2) == 0) {
           rig.machine().FailSyncs(EIO);
         } else {
           rig.machine().LeaveRoom(static_cast<std::int64_t>(random.Below(50000)));
         }
         ASSERT_TRUE(Eventually([&] { return !rig.Alive(Part::kRedis); }, seconds(20)));
         rig.machine().CutPower(rig.redis_data() + "/appendonlydir");
         rig.machine().Mend();
         ASSERT_TRUE(rig.StartRedis());
       }},
      {"F07 aggregator killed", [&] { rig.Restart(Part::kAggregator, one_of(Part::kAggregator)); }},
      {"F08 everything killed",
       [&] {
         std::vector<std::pair<Part, int>> parts;
         for (const Part part : {Part::kWorker, Part::kRedis, Part::kBroker, Part::kAggregator}) {
           for (int i = 0; i < rig.Count(part); ++i) parts.emplace_back(part, i);
         }
         for (const auto& [part, i] : parts) kill(rig.Pid(part, i), SIGKILL);
         for (const auto& [part, i] : parts) rig.Kill(part, i);
         random.Shuffle(parts);
         for (const auto& [part, i] : parts) rig.Start(part, i);
       }},
      {"F09 reply lost",
       [&] {
         for (int i = 0; i < 5; ++i) {
           gates.redis.LoseReplyOf(marks[random.Below(marks.size())]);
           wait(100, 300);
         }
       }},
      {"F11 worker stopped",
       [&] {
         const int i = one_of(Part::kWorker);
         rig.Pause(Part::kWorker, i);
         wait(2000, 7000);
         rig.Resume(Part::kWorker, i);
       }},
      {"F12 broker stopped",
       [&] {
         const int i = one_of(Part::kBroker);
         rig.Pause(Part::kBroker, i);
         wait(2000, 12000);
         rig.Resume(Part::kBroker, i);
       }},
      {"F13 redis stopped",
       [&] {
         rig.Pause(Part::kRedis);
         wait(500, 6000);
         rig.Resume(Part::kRedis);
       }},
      {"F14 silent connection",
       [&] {
         Gate* const all[] = {gates.clients[random.Below(2)].get(),
                              gates.workers[random.Below(2)].get(), &gates.redis};
         silence.swallow_up = random.Below(2) == 0;
         silence.swallow_down = !silence.swallow_up || random.Below(2) == 0;
         storm(*all[random.Below(3)], silence, 1000, 6000);
       }},
      {"F15 slow connection",
       [&] {
         Gate* const all[] = {gates.clients[random.Below(2)].get(),
                              gates.workers[random.Below(2)].get(), &gates.redis};
         slow.bytewise = random.Below(4) == 0;
         storm(*all[random.Below(3)], slow, 1000, 4000);
       }},
      {"F30 rewrite", [&] { rig.Ask({"BGREWRITEAOF"}); }},
  };
  std::map<std::string, int> given;
  Watch watch;
  double next_look = 0;
  while (minute() < minutes && !testing::Test::HasFatalFailure()) {
    auto& [name, fault] = faults[random.Below(faults.size())];
    ++given[name];
    fault();
    wait(200, 2000);
    run.feed().Follow(rig);
    if (minute() >= next_look) {
      watch.Look(rig, minute());
      next_look = minute() + std::min(0.25, minutes / 20);
    }
  }
  gates.SetAll({});
  run.Settle(rig, {&load}, seconds(180));
  watch.Look(rig, minute());
  for (const auto& [name, count] : given) std::printf("F31 %6d  %s\n", count, name.c_str());
  for (const auto& [pid, points] : watch.memory) {
    const auto& [first, latest] = watch.descriptors[pid];
    const double lived = points.back().minute - points.front().minute;
    if (lived < 1) continue;  // still warming up
    const double slope = Watch::Slope(points);
    std::printf("F31 %s lived %.1f min: %.1f MiB, %+.0f KiB/min; descriptors %lld to %lld\n",
                watch.names[pid].c_str(), lived, points.back().kib / 1024, slope,
                static_cast<long long>(first), static_cast<long long>(latest));
    if (lived >= 5) {
      EXPECT_LT(slope, 1024) << watch.names[pid] << " grows";
    }
    EXPECT_LE(latest, first + 16) << watch.names[pid];
  }
  run.Note("tasks", static_cast<double>(load.submitted()) * 2 * options.models);
}

}  // namespace
}  // namespace consilium::fault
