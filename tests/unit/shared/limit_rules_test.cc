#include "shared/limit_rules.h"

#include <gtest/gtest.h>

namespace consilium {
namespace {

using std::chrono::seconds;

constexpr TimePoint kStart{std::chrono::hours(1)};

LimitConfig LimitOf(std::int64_t requests_per_minute, std::int64_t tokens_per_minute = 0) {
  LimitConfig limit;
  limit.name = "l";
  limit.requests_per_minute = requests_per_minute;
  limit.tokens_per_minute = tokens_per_minute;
  return limit;
}
LimitCost Cost(milliseconds requests, milliseconds tokens = milliseconds(0)) {
  return {requests, tokens};
}
// Asks as a call that goes at once or books.
milliseconds Place(RateSchedule& schedule, const std::string& id, const LimitCost& cost,
                   TimePoint now) {
  const TimePoint at = schedule.Earliest(id, cost, now);
  if (at > now) {
    schedule.Book(id, cost, at);
  } else {
    schedule.Charge(cost, at);
  }
  return std::chrono::ceil<milliseconds>(at - now);
}

TEST(LimitCostTest, IsTheTimeThatACallTakesOfEachRate) {
  EXPECT_EQ(CostOf(LimitOf(600, 60000), 500), Cost(milliseconds(100), milliseconds(500)));
  EXPECT_EQ(CostOf(LimitOf(600, 60000), 500, 0.25), Cost(milliseconds(400), milliseconds(2000)));
  EXPECT_EQ(CostOf(LimitOf(7), 500), (LimitCost{microseconds(8571429), microseconds(0)}));
}

TEST(LimitCostTest, IsBoundedAndNeverNothingForARateThatThereIs) {
  EXPECT_EQ(CostOf(LimitOf(0, 10000000000), 0), (LimitCost{microseconds(0), microseconds(1)}));
  EXPECT_EQ(CostOf(LimitOf(0, 1), 1'000'000'000'000),
            Cost(milliseconds(0), std::chrono::hours(24)));
}

TEST(LimitCostTest, CorrectionsGoBothWays) {
  const LimitConfig limit = LimitOf(600, 60000);
  EXPECT_EQ(CorrectionOf(limit, 500, {true, 200}), Cost(milliseconds(0), milliseconds(-300)));
  EXPECT_EQ(CorrectionOf(limit, 500, {true, 900}), Cost(milliseconds(0), milliseconds(400)));
  EXPECT_EQ(CorrectionOf(limit, 500, {true, std::nullopt}), LimitCost{});
  EXPECT_EQ(CorrectionOf(limit, 500, {false, std::nullopt}),
            Cost(milliseconds(-100), milliseconds(-500)));
}

TEST(RateScheduleTest, OneSecondsWorthGoesAtOnceAndThenOneAfterTheOther) {
  RateSchedule schedule;
  const LimitCost cost = Cost(milliseconds(250));
  for (int i = 0; i < 4; ++i) {
    EXPECT_EQ(Place(schedule, std::to_string(i), cost, kStart), milliseconds(0));
  }
  EXPECT_EQ(Place(schedule, "5", cost, kStart), milliseconds(250));
  EXPECT_EQ(Place(schedule, "6", cost, kStart), milliseconds(500));
}

TEST(RateScheduleTest, ASlowRateLetsOneGoAtOnce) {
  RateSchedule schedule;
  const LimitCost cost = Cost(seconds(6));
  EXPECT_EQ(Place(schedule, "1", cost, kStart), milliseconds(0));
  EXPECT_EQ(Place(schedule, "2", cost, kStart + seconds(1)), seconds(5));
}

TEST(RateScheduleTest, ACallLargerThanTheBucketGoesWhenItIsFull) {
  RateSchedule schedule;
  EXPECT_EQ(Place(schedule, "small", Cost({}, milliseconds(400)), kStart), milliseconds(0));
  EXPECT_EQ(Place(schedule, "large", Cost({}, seconds(90)), kStart), milliseconds(400));
  EXPECT_EQ(Place(schedule, "next", Cost({}, milliseconds(400)), kStart), milliseconds(89800));
}

TEST(RateScheduleTest, ALargeCallIsNotOvertakenByWhatWouldMakeItWait) {
  RateSchedule schedule;
  for (int i = 0; i < 10; ++i) schedule.Charge(Cost({}, milliseconds(500)), kStart);
  EXPECT_EQ(Place(schedule, "large", Cost({}, seconds(20)), kStart), seconds(5));
  for (int i = 0; i < 3; ++i) {
    EXPECT_GE(Place(schedule, "small" + std::to_string(i), Cost({}, milliseconds(500)), kStart),
              seconds(24));
  }
  EXPECT_EQ(schedule.Earliest("large", Cost({}, seconds(20)), kStart), kStart + seconds(5));
}

TEST(RateScheduleTest, ACallThatMakesNobodyWaitGoesBeforeABookedOne) {
  RateSchedule schedule;
  // Something else, such as another limit, lets it go in a minute only.
  schedule.Book("late", Cost(milliseconds(500)), kStart + seconds(60));
  EXPECT_EQ(Place(schedule, "a", Cost(milliseconds(500)), kStart), milliseconds(0));
  EXPECT_EQ(Place(schedule, "b", Cost(seconds(59)), kStart), milliseconds(500));
  // From here to the booked instant there is half a second, and a tolerance of half a second.
  EXPECT_EQ(Place(schedule, "c", Cost(milliseconds(800)), kStart), milliseconds(59300));
  EXPECT_GT(Place(schedule, "d", Cost(milliseconds(800)), kStart), seconds(60));
}

TEST(RateScheduleTest, WhatIsUnbookedCanBeHadByOthers) {
  RateSchedule schedule;
  const LimitCost cost = Cost(seconds(2));
  Place(schedule, "1", cost, kStart);
  EXPECT_EQ(Place(schedule, "2", cost, kStart), seconds(2));
  EXPECT_EQ(Place(schedule, "3", cost, kStart), seconds(4));
  schedule.Unbook("2");
  EXPECT_EQ(schedule.BookedAt("2"), std::nullopt);
  EXPECT_EQ(Place(schedule, "4", cost, kStart), seconds(2));
  EXPECT_EQ(Place(schedule, "5", cost, kStart), seconds(6));
}

TEST(RateScheduleTest, ABookingLapsesUncountedWhenItIsTooLate) {
  RateSchedule schedule;
  const LimitCost cost = Cost(seconds(2));
  Place(schedule, "1", cost, kStart);
  Place(schedule, "2", cost, kStart);
  schedule.Lapse(kStart + milliseconds(2250));
  EXPECT_EQ(schedule.BookedAt("2"), kStart + seconds(2));
  schedule.Lapse(kStart + milliseconds(2251));
  EXPECT_EQ(schedule.BookedAt("2"), std::nullopt);
  EXPECT_EQ(schedule.Earliest("3", cost, kStart + milliseconds(2251)), kStart + milliseconds(2251));
}

TEST(RateScheduleTest, WhatWasNotUsedIsGivenBack) {
  RateSchedule schedule;
  schedule.Charge(Cost({}, seconds(30)), kStart);
  EXPECT_EQ(schedule.Earliest("2", Cost({}, seconds(1)), kStart), kStart + seconds(30));
  schedule.Correct(Cost({}, -seconds(20)), kStart);
  EXPECT_EQ(schedule.Earliest("2", Cost({}, seconds(1)), kStart), kStart + seconds(10));
}

TEST(RateScheduleTest, WhatWasUsedBeyondTheEstimateMakesOthersWait) {
  RateSchedule schedule;
  schedule.Charge(Cost({}, seconds(1)), kStart);
  schedule.Correct(Cost({}, seconds(9)), kStart);
  EXPECT_EQ(schedule.Earliest("2", Cost({}, seconds(1)), kStart), kStart + seconds(10));
}

TEST(RateScheduleTest, NothingIsGivenBackAcrossIdleTime) {
  RateSchedule schedule;
  schedule.Charge(Cost({}, seconds(2)), kStart);
  schedule.Charge(Cost({}, seconds(30)), kStart + seconds(10));
  schedule.Correct(Cost({}, -seconds(2)), kStart);  // its two seconds are past anyway
  EXPECT_EQ(schedule.Earliest("3", Cost({}, seconds(1)), kStart + seconds(10)),
            kStart + seconds(40));
}

TEST(RateScheduleTest, NothingGoesBeforeAPauseIsOverAndAPauseIsNeverShortened) {
  RateSchedule schedule;
  schedule.PauseUntil(kStart + seconds(5));
  schedule.PauseUntil(kStart + seconds(3));
  EXPECT_TRUE(schedule.paused(kStart + seconds(4)));
  EXPECT_EQ(schedule.Earliest("1", Cost(seconds(1)), kStart), kStart + seconds(5));
  EXPECT_FALSE(schedule.paused(kStart + seconds(5)));
}

}  // namespace
}  // namespace consilium
