// F31: all faults that one machine can stage, at random, for as long as one likes.
#include <gtest/gtest.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <functional>
#include <map>

#include "shared/ids.h"
#include "shared/store.h"
#include "tests/fault/checks.h"
#include "tests/fault/gates.h"
#include "tests/fault/load.h"
#include "tests/fault/rig.h"
#include "tests/redis/broker_rig.h"

namespace consilium::fault {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

double Minutes() {
  const char* text = std::getenv("CONSILIUM_SOAK_MINUTES");
  return text == nullptr ? 0.2 : std::atof(text);
}

// Memory of one process over time.
struct Memory {
  struct Point {
    double minute;
    double kib;
  };
  std::vector<Point> points;

  // Least squares over what came after the first third, in KiB a minute.
  double Slope() const {
    double n = 0, x = 0, y = 0, xx = 0, xy = 0;
    for (std::size_t i = points.size() / 3; i < points.size(); ++i) {
      const Point& p = points[i];
      n += 1, x += p.minute, y += p.kib, xx += p.minute * p.minute, xy += p.minute * p.kib;
    }
    const double below = n * xx - x * x;
    return below <= 0 ? 0 : (n * xy - x * y) / below;
  }
};

// Shorter runs are over before memory and throughput say anything.
constexpr double kMeasuredMinutes = 5;
constexpr double kTasksPerMinute = 200000.0 / 30;
// The first of each kind is never killed, so that it lives long enough to be measured.
constexpr std::array kSpared = {Part::kBroker, Part::kAggregator, Part::kWorker};

TEST(SoakTest, F31RandomFaults) {
  const double minutes = Minutes();
  RigOptions options;
  options.brokers = 3;
  options.aggregators = 2;
  options.workers = 5;
  options.latency_ms = 20;
  options.broker = "crashes_max = 100";
  options.lease_ms = 10000;
  // What has ended need not be kept for the checks, which read the feed.
  options.council = "retention_h = 0.05";
  Rig rig(options);
  Gates gates(rig);
  FaultRun run("F31", rig);
  LoadOptions steady = LoadOf(rig, 60);
  steady.window = 256;
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
  const auto victim = [&](Part part) {
    return 1 + static_cast<int>(random.Below(static_cast<std::uint64_t>(rig.Count(part) - 1)));
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
         const int i = victim(Part::kBroker);
         rig.Kill(Part::kBroker, i);
         wait(50, 1000);
         rig.Start(Part::kBroker, i);
       }},
      {"F02 worker killed", [&] { rig.Restart(Part::kWorker, victim(Part::kWorker)); }},
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
      {"F07 aggregator killed", [&] { rig.Restart(Part::kAggregator, victim(Part::kAggregator)); }},
      {"F08 nearly all killed",
       [&] {
         std::vector<std::pair<Part, int>> parts = {{Part::kRedis, 0}};
         for (const Part part : kSpared) {
           for (int i = 1; i < rig.Count(part); ++i) parts.emplace_back(part, i);
         }
         rig.KillAtOnce(parts);
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
      {"F10 client killed",
       [&] {
         // What the load sends next: it is the client that comes back.
         std::vector<std::string> ids;
         for (std::size_t i = load.submitted(), end = i + 40; i < end; i += 1 + random.Below(8)) {
           ids.push_back(steady.prefix + std::to_string(i));
           run.AlsoSubmitted(ids.back());
         }
         SendAndDie(gates.to_clients[random.Below(gates.to_clients.size())], ids,
                    milliseconds(random.Below(4)));
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
         Gate* const all[] = {gates.clients[random.Below(3)].get(),
                              gates.workers[random.Below(3)].get(), &gates.redis};
         silence.swallow_up = random.Below(2) == 0;
         silence.swallow_down = !silence.swallow_up || random.Below(2) == 0;
         storm(*all[random.Below(3)], silence, 1000, 6000);
       }},
      {"F15 slow connection",
       [&] {
         Gate* const all[] = {gates.clients[random.Below(3)].get(),
                              gates.workers[random.Below(3)].get(), &gates.redis};
         slow.bytewise = random.Below(4) == 0;
         storm(*all[random.Below(3)], slow, 1000, 4000);
       }},
      {"F16 deaf worker",
       [&] {
         ZmqContext context;
         ScriptedWorker deaf(context, rig.workers(one_of(Part::kBroker)), "deaf", "m1", 8);
         const TimePoint until = Now() + milliseconds(2000 + random.Below(4000));
         while (Now() < until) {
           deaf.Turn();
           deaf.deaf = deaf.welcomed;
           Sleep(milliseconds(5));
         }
         // Or it leaves without a word.
         if (random.Below(2) == 0) deaf.Send(Goodbye{});
       }},
      {"F30 rewrite", [&] { rig.Ask({"BGREWRITEAOF"}); }},
  };
  ASSERT_TRUE(Eventually([&] { return load.acknowledged() > 100; }, seconds(20)));
  std::map<Part, Memory> memory;
  std::map<Part, std::pair<pid_t, std::int64_t>> at_first;  // with descriptors
  for (const Part part : kSpared) {
    at_first[part] = {rig.Pid(part, 0), Descriptors(rig.Pid(part, 0))};
  }
  std::map<std::string, int> given;
  int faults_given = 0;
  double next_look = 0;
  double next_word = 1;
  while (minute() < minutes && !HasFailure()) {
    auto& [name, fault] = faults[random.Below(faults.size())];
    ++given[name];
    ++faults_given;
    fault();
    wait(200, 2000);
    run.feed().Follow(rig);
    for (const Part part : kSpared) {
      for (int i = 0; i < rig.Count(part); ++i) {
        EXPECT_TRUE(rig.Alive(part, i)) << "ended by itself after " << name << ":\n"
                                        << rig.Log(part, i);
      }
    }
    if (minute() >= next_look) {
      for (const Part part : kSpared) {
        memory[part].points.push_back(
            {minute(), static_cast<double>(ResidentKib(rig.Pid(part, 0)))});
      }
      next_look = minute() + std::min(0.25, minutes / 20);
    }
    if (minute() >= next_word || minute() >= minutes) {
      std::printf("F31 %5.1f min %5d faults %7zu acknowledged %7zu published\n", minute(),
                  faults_given, load.acknowledged(), run.feed().cases().size());
      std::fflush(stdout);
      next_word = minute() + 1;
    }
  }
  gates.SetAll({});
  const double raged = minute();
  run.Settle(rig, {&load}, seconds(600));
  for (const auto& [name, count] : given) std::printf("F31 %6d  %s\n", count, name.c_str());
  for (const Part part : kSpared) {
    const auto& [pid, descriptors] = at_first[part];
    const char* const name = kPartNames[static_cast<std::size_t>(part)];
    ASSERT_EQ(rig.Pid(part, 0), pid) << name;
    EXPECT_TRUE(Eventually(
        [&, pid = pid, most = descriptors + 4] { return Descriptors(pid) <= most; }, seconds(30)))
        << name << " keeps descriptors";
    const double slope = memory[part].Slope();
    std::printf("F31 %-10s %6.1f MiB, %+.0f KiB/min; descriptors %lld, then %lld\n", name,
                static_cast<double>(ResidentKib(pid)) / 1024, slope,
                static_cast<long long>(descriptors), static_cast<long long>(Descriptors(pid)));
    if (kMeasureMemory && raged >= kMeasuredMinutes) {
      EXPECT_LT(slope, 1024) << name << " grows";
    }
  }
  // Each model answers each case and grades one answer of it.
  const double tasks = static_cast<double>(load.acknowledged()) * 2 * options.models;
  run.Note("faults", faults_given);
  run.Note("tasks", tasks);
  if (raged >= kMeasuredMinutes) {
    EXPECT_GE(tasks, kTasksPerMinute * raged);
  }
}

}  // namespace
}  // namespace consilium::fault
