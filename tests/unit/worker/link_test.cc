#include "worker/link.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

namespace consilium {
namespace {

using Duty = BrokerLink::Duty;
using State = BrokerLink::State;

class LinkTest : public testing::Test {
 protected:
  void Pass(int ms) { now += milliseconds(ms); }
  void Welcome() {
    link.OnSent(true, now);
    link.OnHeard(now);
    link.OnWelcome(now);
  }
  TimePoint now{milliseconds(1'000'000)};
  BrokerLink link{now, SeededRandom(1, "link")};
};

TEST_F(LinkTest, HelloIsRepeatedUntilAnswered) {
  EXPECT_EQ(link.Due(now), Duty::kHello);
  link.OnSent(true, now);
  EXPECT_EQ(link.Due(now), Duty::kNone);
  EXPECT_EQ(link.next(), now + milliseconds(1000));
  Pass(1000);
  EXPECT_EQ(link.Due(now), Duty::kHello);
  Welcome();
  EXPECT_TRUE(link.up());
  Pass(999);
  EXPECT_EQ(link.Due(now), Duty::kNone);
  Pass(1);
  EXPECT_EQ(link.Due(now), Duty::kHeartbeat);
}

TEST_F(LinkTest, HelloWithoutConnectionIsTriedAgainSoon) {
  link.OnSent(false, now);
  EXPECT_EQ(link.next(), now + milliseconds(100));
  Pass(100);
  EXPECT_EQ(link.Due(now), Duty::kHello);
}

TEST_F(LinkTest, SilenceIsNoticedOnceAndEndsWithAHello) {
  Welcome();
  Pass(3999);
  EXPECT_FALSE(link.Tick(now));
  Pass(1);
  EXPECT_TRUE(link.Tick(now));
  EXPECT_FALSE(link.Tick(now));
  EXPECT_TRUE(link.gone());
  EXPECT_EQ(link.state(), State::kSilent);
  EXPECT_EQ(link.Due(now), Duty::kHeartbeat) << "it keeps knocking";
  link.OnSent(true, now);
  Pass(500);
  link.OnHeard(now);
  EXPECT_FALSE(link.gone());
  EXPECT_EQ(link.state(), State::kGreeting);
  Pass(2200);
  EXPECT_EQ(link.Due(now), Duty::kHello);
}

TEST_F(LinkTest, SilenceWhileGreetingIsNoticedToo) {
  Pass(4000);
  EXPECT_TRUE(link.Tick(now));
  EXPECT_TRUE(link.gone());
  EXPECT_EQ(link.Due(now), Duty::kHello);
}

TEST_F(LinkTest, BrokerThatDoesNotKnowUsGetsAHello) {
  Welcome();
  Pass(300);
  link.OnHeard(now);
  link.OnWhoAreYou(now);
  EXPECT_FALSE(link.up());
  Pass(2200);
  EXPECT_EQ(link.Due(now), Duty::kHello);
}

// All workers of a broker that restarted are asked at the same time.
TEST_F(LinkTest, HellosToABrokerThatAsksAreSpread) {
  std::vector<std::int64_t> after;
  for (int i = 0; i < 500; ++i) {
    link = BrokerLink(now, SeededRandom(0, "hellos of worker " + std::to_string(i)));
    Welcome();
    link.OnWhoAreYou(now);
    after.push_back(std::chrono::duration_cast<milliseconds>(link.next() - now).count());
  }
  std::sort(after.begin(), after.end());
  EXPECT_LT(after.back(), 2200);
  EXPECT_GT(after.back() - after.front(), 2100);
  // Evenly: in no tenth of the time come twice as many as should.
  std::map<std::int64_t, int> tenths;
  for (const std::int64_t ms : after) EXPECT_LT(++tenths[ms / 220], 100) << ms;
}

TEST_F(LinkTest, BrokerThatKeepsAskingGetsNoStormOfHellos) {
  Welcome();
  link.OnWhoAreYou(now);
  const TimePoint planned = link.next();
  link.OnWhoAreYou(now);
  link.Hurry(now);
  EXPECT_EQ(link.next(), planned);
  now = planned;
  EXPECT_EQ(link.Due(now), Duty::kHello);
  link.OnSent(true, now);
  link.OnHeard(now);
  link.OnWhoAreYou(now);
  EXPECT_EQ(link.next(), now + milliseconds(1000)) << "it is repeated, as any hello";
}

TEST_F(LinkTest, HurryMakesAHeartbeatDueAtOnce) {
  Welcome();
  link.Hurry(now);
  EXPECT_EQ(link.Due(now), Duty::kHeartbeat);
}

}  // namespace
}  // namespace consilium
