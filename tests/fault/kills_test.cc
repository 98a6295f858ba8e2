// Processes die at any moment: brokers, workers, Redis, aggregators, all of them.
#include <gtest/gtest.h>

#include <algorithm>

#include "shared/ids.h"
#include "tests/fault/checks.h"
#include "tests/fault/load.h"
#include "tests/fault/rig.h"

namespace consilium::fault {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(KillTest, F01BrokersAreKilledAndTheOtherGoesOn) {
  Rig rig;
  FaultRun run("F01", rig);
  Load load(LoadOf(rig, 80));
  SeededRandom random(Seed(), "F01");
  load.Start();
  int kills = 0;
  for (const TimePoint until = Now() + Scaled(milliseconds(6000)); Now() < until; ++kills) {
    Sleep(milliseconds(500 + random.Below(1500)));
    const int victim = static_cast<int>(random.Below(2));
    rig.Kill(Part::kBroker, victim);
    Sleep(milliseconds(300));
    rig.Start(Part::kBroker, victim);
  }
  run.Note("kills", kills);
  run.Settle(rig, {&load});
  EXPECT_LE(load.longest_gap().count(), 5000) << "the broker that lives goes on accepting";
  EXPECT_EQ(rig.Counter("crashed"), 0) << "workers are not blamed for a broker's death";
}

TEST(KillTest, F02WorkersAreKilledAndTheirTasksGoToOthers) {
  RigOptions options;
  options.broker = "crashes_max = 100";
  Rig rig(options);
  FaultRun run("F02", rig);
  Load load(LoadOf(rig, 60));
  SeededRandom random(Seed(), "F02");
  load.Start();
  int kills = 0;
  for (const TimePoint until = Now() + Scaled(milliseconds(5000)); Now() < until; ++kills) {
    Sleep(milliseconds(300 + random.Below(700)));
    rig.Restart(Part::kWorker, static_cast<int>(random.Below(4)));
  }
  // Of the last attempt that was lost: silence of 4 s, a heartbeat, and a second.
  const TimePoint last_kill = Now();
  load.Finish(seconds(30));
  EXPECT_TRUE(Drained(rig, seconds(30)));
  const double drained_s = std::chrono::duration<double>(Now() - last_kill).count();
  run.Note("kills", kills);
  run.Note("crashed", static_cast<double>(rig.Counter("crashed")));
  run.Note("last_redispatch_s", drained_s);
  run.Settle(rig, {&load});
  EXPECT_LE(drained_s, 10.0);
}

TEST(KillTest, F03RedisIsKilledAndStartedAgain) {
  Rig rig;
  FaultRun run("F03", rig);
  Load load(LoadOf(rig, 60));
  SeededRandom random(Seed(), "F03");
  load.Start();
  const int kills = Scaled(4);
  for (int i = 0; i < kills; ++i) {
    Sleep(milliseconds(400 + random.Below(1200)));
    rig.Kill(Part::kRedis);
    Sleep(milliseconds(random.Below(800)));
    ASSERT_TRUE(rig.StartRedis());
  }
  run.Note("kills", kills);
  run.Settle(rig, {&load});
  EXPECT_EQ(rig.Counter("crashed"), 0) << "workers are not blamed for Redis";
}

TEST(KillTest, F07AggregatorsAreKilled) {
  RigOptions options;
  options.aggregators = 2;
  Rig rig(options);
  FaultRun run("F07", rig);
  Load load(LoadOf(rig, 60));
  SeededRandom random(Seed(), "F07");
  load.Start();
  int kills = 0;
  for (const TimePoint until = Now() + Scaled(milliseconds(5000)); Now() < until; ++kills) {
    Sleep(milliseconds(300 + random.Below(900)));
    rig.Restart(Part::kAggregator, static_cast<int>(random.Below(2)));
  }
  run.Note("kills", kills);
  run.Settle(rig, {&load});
}

TEST(KillTest, F08EverythingIsKilledAtOnceAndStartsInAnyOrder) {
  Rig rig;
  FaultRun run("F08", rig);
  Load load(LoadOf(rig, 60));
  SeededRandom random(Seed(), "F08");
  load.Start();
  const int rounds = Scaled(2);
  for (int round = 0; round < rounds; ++round) {
    Sleep(milliseconds(1000 + random.Below(1000)));
    std::vector<std::pair<Part, int>> parts;
    for (const Part part : {Part::kWorker, Part::kRedis, Part::kBroker, Part::kAggregator}) {
      for (int i = 0; i < rig.Count(part); ++i) parts.emplace_back(part, i);
    }
    rig.KillAtOnce(parts);
    random.Shuffle(parts);
    for (const auto& [part, index] : parts) {
      rig.Start(part, index);
      Sleep(milliseconds(random.Below(200)));
    }
  }
  run.Note("rounds", rounds);
  run.Settle(rig, {&load});
}

}  // namespace
}  // namespace consilium::fault
