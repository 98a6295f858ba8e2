#include "worker/breaker.h"

#include <gtest/gtest.h>

namespace consilium {
namespace {

using State = Breaker::State;

class BreakerTest : public testing::Test {
 protected:
  void Call(bool failed) { breaker.End(breaker.Start(now), failed, now); }
  void Calls(int count, bool failed) {
    for (int i = 0; i < count; ++i) Call(failed);
  }
  void Pass(int ms) { now += milliseconds(ms); }

  TimePoint now{milliseconds(1'000'000)};
  Breaker breaker{0.5, milliseconds(5000)};
};

TEST_F(BreakerTest, OpensWhenTheShareFailed) {
  Calls(4, false);
  Calls(3, true);
  EXPECT_EQ(breaker.At(now), State::kClosed);
  Call(true);
  EXPECT_EQ(breaker.At(now), State::kOpen);
  EXPECT_FALSE(breaker.Allows(now));
  EXPECT_EQ(breaker.next(), now + milliseconds(5000));
}

TEST_F(BreakerTest, FewCallsSayNothing) {
  Calls(7, true);
  EXPECT_TRUE(breaker.Allows(now));
  Call(true);
  EXPECT_FALSE(breaker.Allows(now));
}

TEST_F(BreakerTest, FailuresNowAndThenDoNotOpenIt) {
  for (int i = 0; i < 1000; ++i) {
    Call(i % 3 == 2);
    Pass(10);
    ASSERT_TRUE(breaker.Allows(now)) << i;
  }
}

TEST_F(BreakerTest, OldFailuresAreForgotten) {
  Calls(7, true);
  Pass(60001);
  Call(true);
  EXPECT_EQ(breaker.At(now), State::kClosed);
}

TEST_F(BreakerTest, AfterThePauseAFewProbesAreLetThrough) {
  Calls(8, true);
  Pass(4999);
  EXPECT_FALSE(breaker.Allows(now));
  Pass(1);
  EXPECT_TRUE(breaker.Allows(now));
  breaker.Start(now);
  EXPECT_TRUE(breaker.Allows(now));
  breaker.Start(now);
  EXPECT_FALSE(breaker.Allows(now)) << "two at once";
}

TEST_F(BreakerTest, SuccessfulProbesCloseIt) {
  Calls(8, true);
  Pass(5000);
  Call(false);
  EXPECT_EQ(breaker.At(now), State::kProbing);
  Call(false);
  EXPECT_EQ(breaker.At(now), State::kClosed);
  Calls(7, true);
  EXPECT_EQ(breaker.At(now), State::kClosed) << "what was before is forgotten";
}

TEST_F(BreakerTest, FailedProbeOpensItForTwiceAsLongAtMostAMinute) {
  Calls(8, true);
  for (const int pause : {5000, 10000, 20000, 40000, 60000, 60000}) {
    EXPECT_EQ(breaker.next(), now + milliseconds(pause));
    Pass(pause);
    Call(true);
    EXPECT_EQ(breaker.At(now), State::kOpen);
  }
  Pass(60000);
  Calls(2, false);
  Calls(8, true);
  EXPECT_EQ(breaker.next(), now + milliseconds(5000)) << "it begins anew";
}

TEST_F(BreakerTest, AbandonedProbeMakesRoomForAnother) {
  Calls(8, true);
  Pass(5000);
  const auto first = breaker.Start(now);
  breaker.Start(now);
  EXPECT_FALSE(breaker.Allows(now));
  breaker.Abandon(first);
  EXPECT_TRUE(breaker.Allows(now));
}

TEST_F(BreakerTest, CallsFromBeforeAChangeDoNotCountAfterIt) {
  const auto old = breaker.Start(now);
  Calls(8, true);
  Pass(5000);
  EXPECT_EQ(breaker.At(now), State::kProbing);
  breaker.End(old, true, now);
  EXPECT_EQ(breaker.At(now), State::kProbing);
  breaker.End(old, false, now);
  breaker.End(old, false, now);
  EXPECT_EQ(breaker.At(now), State::kProbing);
  breaker.Abandon(old);
  breaker.Start(now);
  breaker.Start(now);
  EXPECT_FALSE(breaker.Allows(now));
}

}  // namespace
}  // namespace consilium
