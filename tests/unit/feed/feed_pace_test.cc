#include "cli/feed/feed_pace.h"

#include <gtest/gtest.h>

namespace consilium {
namespace {

const TimePoint kBegin = TimePoint() + std::chrono::hours(1);

// How many begin within a second, by a loop that looks only every `turn`.
int InASecond(FeedPace& pace, TimePoint from, milliseconds turn) {
  int begun = 0;
  for (TimePoint now = from; now < from + std::chrono::seconds(1); now += turn) {
    for (; pace.MayBegin(now); ++begun) pace.Begun(now);
  }
  return begun;
}

TEST(FeedPaceTest, ItIsKeptByALoopThatTurnsSlowly) {
  for (const int rate : {1, 10, 20, 50, 400, 2000}) {
    for (const int turn : {1, 7, 50}) {
      FeedPace pace(rate, kBegin);
      const int begun = InASecond(pace, kBegin, milliseconds(turn));
      EXPECT_LE(begun, rate) << "turns of " << turn << " ms";
      EXPECT_GE(begun, rate * (1000 - turn) / 1000) << "turns of " << turn << " ms";
    }
  }
}

TEST(FeedPaceTest, WhatCouldNotBeSentForLongIsNotMadeUpFor) {
  FeedPace pace(50, kBegin);
  const TimePoint later = kBegin + std::chrono::minutes(1);
  EXPECT_LE(InASecond(pace, later, milliseconds(10)), 50 + 5) << "a tenth of a second's worth";
  FeedPace slow(0.5, kBegin);
  slow.Begun(later);
  EXPECT_FALSE(slow.MayBegin(later + milliseconds(1800)));
  EXPECT_TRUE(slow.MayBegin(later + milliseconds(2000)));
}

TEST(FeedPaceTest, WithoutARateNothingIsHeldBack) {
  FeedPace pace(0, kBegin);
  for (int i = 0; i < 1000; ++i) {
    EXPECT_TRUE(pace.MayBegin(kBegin));
    pace.Begun(kBegin);
  }
}

}  // namespace
}  // namespace consilium
