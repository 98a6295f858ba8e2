// The network lies: replies are lost after their requests went through, connections are there and
// carry nothing, everything is slow or comes byte by byte.
#include <gtest/gtest.h>

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

// By name, as Redis knows it.
std::string ScriptSha(Rig& rig, std::string_view name) {
  for (const RedisScript& script : Store::Scripts()) {
    if (script.name == name) {
      return rig.Ask({"SCRIPT", "LOAD", std::string(script.source)}).text;
    }
  }
  return "";
}

TEST(NetworkTest, F09RepliesOfRedisAreLostAfterTheScriptRan) {
  RigOptions options;
  options.simulated = "fault_error = 0.2";  // so that attempts are made again
  options.backend = "attempts_max = 20\nbreaker_share = 1";
  options.lease_ms = 30000;
  Rig rig(options);
  Gates gates(rig);
  FaultRun run("F09", rig);
  std::map<std::string, std::string> marks;
  for (const char* name :
       {"submit_case", "lease_tasks", "end_attempt", "apply_update", "take_events", "ack_events",
        "promote_delayed", "renew_leases", "reap_leases"}) {
    marks[name] = ScriptSha(rig, name);
    ASSERT_EQ(marks[name].size(), 40u) << name;
  }
  Load load(LoadOf(rig, 60));
  SeededRandom random(Seed(), "F09");
  load.Start();
  std::map<std::string, int> asked;
  for (const TimePoint until = Now() + Scaled(milliseconds(8000)); Now() < until;) {
    // Those that carry cases and results half of the time, all others the other half.
    auto mark = marks.begin();
    std::advance(mark, static_cast<long>(random.Below(marks.size())));
    if (random.Below(2) == 0) {
      mark = marks.find(
          std::vector<std::string>{"submit_case", "lease_tasks", "end_attempt"}[random.Below(3)]);
    }
    if (gates.redis.LoseReplyOf(mark->second)) ++asked[mark->first];
    Sleep(milliseconds(20));
  }
  run.Note("lost_replies", static_cast<double>(gates.redis.lost_replies()));
  for (const auto& [name, count] : asked) run.Note(name, count);
  run.Settle(rig, {&load});
  EXPECT_GE(gates.redis.lost_replies(), 10);
  EXPECT_GT(load.Count("duplicate"), 0u) << "a case whose acknowledgement was lost is known again";
  EXPECT_EQ(rig.Counter("crashed"), 0);
}

// Silence in one direction or both, somewhere, for longer than any side waits for the other. Who
// notices ends the connection and makes another, which the gate sees. Redis is given longer, for
// its disk may be slow: 30 s.
TEST(NetworkTest, F14ConnectionsThatCarryNothing) {
  RigOptions options;
  options.broker = "crashes_max = 100";
  Rig rig(options);
  Gates gates(rig);
  FaultRun run("F14", rig);
  const auto each_process = [&](auto what) {
    for (const Part part : {Part::kBroker, Part::kAggregator, Part::kWorker}) {
      for (int i = 0; i < rig.Count(part); ++i) what(part, rig.Pid(part, i));
    }
  };
  std::map<pid_t, std::int64_t> before;
  each_process([&](Part /*part*/, pid_t pid) { before[pid] = Descriptors(pid); });
  LoadOptions through = LoadOf(rig, 40);
  through.brokers = gates.to_clients;
  Load load(through);
  SeededRandom random(Seed(), "F14");
  load.Start();
  ASSERT_TRUE(Eventually([&] { return load.acknowledged() > 20; }, seconds(30)));
  const auto silence = [&](Gate& gate, const char* where, milliseconds within) {
    GateWeather weather;
    const auto ways = 1 + random.Below(3);
    weather.swallow_up = (ways & 1U) != 0;
    weather.swallow_down = (ways & 2U) != 0;
    const std::int64_t connections = gate.connections();
    const TimePoint from = Now();
    gate.Set(weather);
    if (within > milliseconds(0)) {
      EXPECT_TRUE(Eventually([&] { return gate.connections() > connections; }, within)) << where;
      run.Note(std::string("noticed_s_") + where,
               std::chrono::duration<double>(Now() - from).count());
    }
    const TimePoint until = from + Scaled(milliseconds(5500));
    Sleep(std::max(milliseconds(0), std::chrono::duration_cast<milliseconds>(until - Now())));
    gate.Set({});
    std::printf("F14 %s, %s\n", where,
                ways == 3   ? "both ways"
                : ways == 1 ? "towards the part"
                            : "from the part");
  };
  // 5 s, up to 0.6 s until the new connection, and a busy machine.
  constexpr milliseconds kNoticed{6500};
  silence(*gates.clients[random.Below(2)], "client", kNoticed);
  silence(*gates.workers[random.Below(2)], "worker", kNoticed);
  silence(gates.redis, "redis", AtLength() ? seconds(35) : seconds(0));
  run.Note("longest_gap_ms", static_cast<double>(load.longest_gap().count()));
  run.Settle(rig, {&load});
  each_process([&](Part part, pid_t pid) {
    EXPECT_TRUE(Eventually([&] { return Descriptors(pid) <= before[pid]; }, seconds(30)))
        << kPartNames[static_cast<std::size_t>(part)] << ": " << before[pid] << " before, "
        << Descriptors(pid) << " after";
  });
}

TEST(NetworkTest, F15SlowStallingAndFragmentedConnections) {
  RigOptions options;
  options.lease_ms = 30000;
  options.workers = 2;
  options.brokers = 1;
  Rig rig(options);
  Gates gates(rig);
  FaultRun run("F15", rig);
  GateWeather weather;
  weather.delay = milliseconds(100);
  weather.jitter = milliseconds(50);
  weather.stall = 0.01;
  gates.SetAll(weather);
  LoadOptions through = LoadOf(rig, 30);
  through.brokers = gates.to_clients;
  through.patience = seconds(4);
  Load load(through);
  load.Start();
  Sleep(Scaled(milliseconds(4000)));
  // Every byte by itself.
  GateWeather bytes;
  bytes.bytewise = true;
  gates.SetAll(bytes);
  Sleep(Scaled(milliseconds(3000)));
  gates.SetAll({});
  run.Settle(rig, {&load});
  EXPECT_EQ(rig.Counter("crashed"), 0) << "slow is not dead";
}

}  // namespace
}  // namespace consilium::fault
