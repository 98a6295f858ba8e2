// What is known of a Redis whose settings change, that goes and comes back.
#include "shared/durability_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/redis/door_rig.h"

namespace consilium {
namespace {

using testing::StartsWith;

constexpr const char* kChecking = "the settings of Redis are being checked";

class DurabilityCheckTest : public DoorRig {
 protected:
  // Turns the connection and the check as a loop does.
  void PumpWith(DurabilityCheck& check, const std::function<bool()>& condition) {
    PumpUntil([&] {
      check.Tick(Now());
      return condition();
    });
  }
  int changes_ = 0;
};

TEST_F(DurabilityCheckTest, NothingIsTakenForGrantedBeforeRedisHasToldItsSettings) {
  DurabilityCheck check(connection_, 0, false, [this] { ++changes_; });
  EXPECT_EQ(check.Trouble(), kChecking);
  PumpUntil([&] { return connection_.up(); });
  EXPECT_EQ(check.Trouble(), kChecking) << "it is up, and has told nothing";
  EXPECT_EQ(check.settings(), "unknown");
  PumpWith(check, [&] { return check.known(); });
  EXPECT_EQ(check.Trouble(), "");
  EXPECT_EQ(check.settings(), "good");
  EXPECT_EQ(changes_, 1);
}

TEST_F(DurabilityCheckTest, SettingThatIsChangedAndSetRightAgainIsNoticedEachTime) {
  DurabilityCheck check(connection_, 0, false, [this] { ++changes_; });
  PumpWith(check, [&] { return check.known(); });
  Tell({"CONFIG", "SET", "appendfsync", "no"});
  PumpWith(check, [&] { return !check.Trouble().empty(); });
  EXPECT_EQ(check.Trouble(),
            "Redis may lose what it accepts: appendfsync = no (expected always); set it with "
            "CONFIG SET");
  EXPECT_EQ(check.settings(), check.Trouble());
  Tell({"CONFIG", "SET", "appendfsync", "always"});
  PumpWith(check, [&] { return check.Trouble().empty(); });
  Tell({"CONFIG", "SET", "appendonly", "no"});
  PumpWith(check, [&] { return !check.Trouble().empty(); });
  EXPECT_THAT(check.Trouble(), StartsWith("Redis may lose what it accepts: appendonly = no"));
  EXPECT_EQ(changes_, 4);
}

// After a restart or a failover another server may answer, or the same one with other settings.
TEST_F(DurabilityCheckTest, WhatHeldOnAnEarlierConnectionHoldsNoMoreUntilItIsToldAgain) {
  DurabilityCheck check(connection_, 0, false);
  PumpWith(check, [&] { return check.known(); });
  ASSERT_EQ(check.Trouble(), "");
  KillRedis();
  EXPECT_TRUE(connection_.up());
  EXPECT_EQ(check.Trouble(), kChecking);
  {
    RedisConnection operator_(redis_.address(), {});
    ASSERT_TRUE(operator_.Call({"CONFIG", "SET", "appendfsync", "everysec"}, milliseconds(5000)));
  }
  PumpWith(check, [&] { return check.known(); });
  EXPECT_THAT(check.Trouble(), StartsWith("Redis may lose what it accepts: appendfsync = everysec"))
      << "it is asked at once";
}

TEST_F(DurabilityCheckTest, RedisThatDoesNotTellIsWrongUnlessTheOperatorVouchesForIt) {
  DurabilityCheck checked(connection_, 0, false);
  DurabilityCheck trusted(connection_, 0, true);
  Tell({"ACL", "SETUSER", "default", "-config"});
  PumpWith(checked, [&] {
    trusted.Tick(Now());
    return checked.known() && trusted.known();
  });
  EXPECT_THAT(checked.Trouble(), StartsWith("Redis does not tell appendonly, appendfsync, "));
  EXPECT_EQ(trusted.Trouble(), "");
  EXPECT_EQ(trusted.settings(), "trusted");
}

}  // namespace
}  // namespace consilium
