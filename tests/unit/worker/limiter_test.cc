// The limiter without a Redis; with one: tests/redis/limiter_test.cc.
#include "worker/limiter.h"

#include <gtest/gtest.h>

namespace consilium {
namespace {

using std::chrono::seconds;

constexpr milliseconds kAnswerMax{250};

RedisAddress Nowhere() {
  RedisAddress address;
  address.socket = "/nowhere/redis.sock";
  return address;
}

class LimiterAloneTest : public testing::Test {
 protected:
  // What is decided by `now`, as "+ref" and "-ref".
  std::string Decided(Limiter& limiter) {
    std::vector<Limiter::Decision> decisions;
    due_ = limiter.Run(now_, decisions);
    std::string text;
    for (const Limiter::Decision& decision : decisions) {
      text += (decision.granted ? "+" : "-") + decision.ref;
    }
    return text;
  }

  TimePoint now_{std::chrono::hours(1)};
  TimePoint due_;
};

TEST_F(LimiterAloneTest, WithoutLimitsEverythingGoesAtOnceInOrder) {
  Limiter limiter({}, Nowhere(), 1);
  EXPECT_EQ(limiter.fd(), -1);
  limiter.Ask("b", 1, now_, now_);
  limiter.Ask("a", 1000000, now_, now_);
  EXPECT_EQ(Decided(limiter), "+b+a");
  EXPECT_EQ(due_, TimePoint::max());
  limiter.End("b", 5);
  limiter.Forget("a");
  limiter.Forget("unknown");
  limiter.Pause(seconds(5), now_);
  EXPECT_EQ(Decided(limiter), "");
}

TEST_F(LimiterAloneTest, WithoutRedisTheFirstCallWaitsForItAndTheNextOnesDoNot) {
  Limiter limiter({{"key", 600, 0, 0, 0.25}}, Nowhere(),
                  1);  // its share: 2 at once, then 0.4 s each
  limiter.Ask("1", 1, now_ + seconds(60), now_);
  EXPECT_EQ(Decided(limiter), "");
  EXPECT_LE(due_, now_ + kAnswerMax);
  now_ += kAnswerMax;
  EXPECT_EQ(Decided(limiter), "+1");
  EXPECT_TRUE(limiter.local());
  limiter.Ask("2", 1, now_ + seconds(60), now_);
  limiter.Ask("3", 1, now_ + seconds(60), now_);
  limiter.Ask("4", 1, now_ + milliseconds(300), now_);
  EXPECT_EQ(Decided(limiter), "+2-4");
  now_ += milliseconds(200);
  EXPECT_EQ(Decided(limiter), "+3");
  EXPECT_EQ(limiter.counts().granted_local, 3);
  EXPECT_EQ(limiter.counts().granted_shared, 0);
  EXPECT_EQ(limiter.counts().refused, 1);
  EXPECT_EQ(limiter.counts().outages, 1);
}

TEST_F(LimiterAloneTest, WithoutRedisPlacesAreHandedOverInTheOrderOfAsking) {
  Limiter limiter({{"gpu", 0, 0, 1, 0.25}}, Nowhere(), 1);
  for (const char* ref : {"c", "b", "a"}) limiter.Ask(ref, 1, now_ + seconds(60), now_);
  EXPECT_EQ(Decided(limiter), "");
  now_ += kAnswerMax;
  EXPECT_EQ(Decided(limiter), "+c");
  limiter.End("c", {});
  EXPECT_EQ(Decided(limiter), "+b");
  limiter.Forget("b");
  EXPECT_EQ(Decided(limiter), "+a");
}

TEST_F(LimiterAloneTest, AWaitingCallIsRefusedWhenItsDeadlineHasPassed) {
  Limiter limiter({{"gpu", 0, 0, 1, 0.25}}, Nowhere(), 1);
  limiter.Ask("1", 1, now_ + seconds(60), now_);
  limiter.Ask("2", 1, now_ + seconds(1), now_);
  Decided(limiter);
  now_ += kAnswerMax;
  EXPECT_EQ(Decided(limiter), "+1");
  now_ += seconds(1);
  EXPECT_EQ(Decided(limiter), "-2");
  limiter.End("1", {});
  EXPECT_EQ(Decided(limiter), "");
}

TEST_F(LimiterAloneTest, ACallThatIsAskedForAgainIsANewOne) {
  Limiter limiter({{"gpu", 0, 0, 1, 0.25}}, Nowhere(), 1);
  limiter.Ask("1", 1, now_ + seconds(60), now_);
  Decided(limiter);
  now_ += kAnswerMax;
  EXPECT_EQ(Decided(limiter), "+1");
  limiter.Ask("1", 1, now_ + seconds(60), now_);
  EXPECT_EQ(Decided(limiter), "+1");
}

}  // namespace
}  // namespace consilium
