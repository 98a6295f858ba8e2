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
  Trial trial("F01", 80);
  int kills = 0;
  for (const TimePoint until = Now() + Scaled(milliseconds(6000)); Now() < until; ++kills) {
    Sleep(milliseconds(500 + trial.random.Below(1500)));
    const int victim = static_cast<int>(trial.random.Below(2));
    trial.Kill(Part::kBroker, victim);
    Sleep(milliseconds(300));
    trial.Start(Part::kBroker, victim);
  }
  trial.Note("kills", kills);
  trial.Settle();
  EXPECT_LE(trial.load.longest_gap().count(), 5000) << "the broker that lives goes on accepting";
  EXPECT_EQ(trial.Counter("crashed"), 0) << "workers are not blamed for a broker's death";
}

TEST(KillTest, F02WorkersAreKilledAndTheirTasksGoToOthers) {
  RigOptions options;
  options.broker = "crashes_max = 100";
  Trial trial("F02", 60, options);
  int kills = 0;
  for (const TimePoint until = Now() + Scaled(milliseconds(5000)); Now() < until; ++kills) {
    Sleep(milliseconds(300 + trial.random.Below(700)));
    trial.Restart(Part::kWorker, static_cast<int>(trial.random.Below(4)));
  }
  // Of the last attempt that was lost: silence of 4 s, a heartbeat, and a second.
  const TimePoint last_kill = Now();
  trial.load.Finish(seconds(30));
  EXPECT_TRUE(Drained(trial, seconds(30)));
  const double drained_s = std::chrono::duration<double>(Now() - last_kill).count();
  trial.Note("kills", kills);
  trial.Note("crashed", static_cast<double>(trial.Counter("crashed")));
  trial.Note("last_redispatch_s", drained_s);
  trial.Settle();
  EXPECT_LE(drained_s, 10.0);
}

TEST(KillTest, F03RedisIsKilledAndStartedAgain) {
  Trial trial("F03", 60);
  const int kills = Scaled(4);
  for (int i = 0; i < kills; ++i) {
    Sleep(milliseconds(400 + trial.random.Below(1200)));
    trial.Kill(Part::kRedis);
    Sleep(milliseconds(trial.random.Below(800)));
    ASSERT_TRUE(trial.StartRedis());
  }
  trial.Note("kills", kills);
  trial.Settle();
  EXPECT_EQ(trial.Counter("crashed"), 0) << "workers are not blamed for Redis";
}

TEST(KillTest, F07AggregatorsAreKilled) {
  RigOptions options;
  options.aggregators = 2;
  Trial trial("F07", 60, options);
  int kills = 0;
  for (const TimePoint until = Now() + Scaled(milliseconds(5000)); Now() < until; ++kills) {
    Sleep(milliseconds(300 + trial.random.Below(900)));
    trial.Restart(Part::kAggregator, static_cast<int>(trial.random.Below(2)));
  }
  trial.Note("kills", kills);
  trial.Settle();
}

TEST(KillTest, F08EverythingIsKilledAtOnceAndStartsInAnyOrder) {
  Trial trial("F08", 60);
  const int rounds = Scaled(2);
  for (int round = 0; round < rounds; ++round) {
    Sleep(milliseconds(1000 + trial.random.Below(1000)));
    std::vector<std::pair<Part, int>> parts;
    for (const Part part : {Part::kWorker, Part::kRedis, Part::kBroker, Part::kAggregator}) {
      for (int i = 0; i < trial.Count(part); ++i) parts.emplace_back(part, i);
    }
    trial.KillAtOnce(parts);
    trial.random.Shuffle(parts);
    for (const auto& [part, index] : parts) {
      trial.Start(part, index);
      Sleep(milliseconds(trial.random.Below(200)));
    }
  }
  trial.Note("rounds", rounds);
  trial.Settle();
}

}  // namespace
}  // namespace consilium::fault
