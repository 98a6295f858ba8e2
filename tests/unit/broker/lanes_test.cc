#include "broker/lanes.h"

#include <gtest/gtest.h>

namespace consilium {
namespace {

constexpr TimePoint kStart = TimePoint() + milliseconds(1000000);

TEST(LanesTest, ALaneIsAskedAtOnceAndOnlyOneQuestionIsUnderWay) {
  Lanes lanes({"alpha"});
  EXPECT_LE(lanes.DueAt("alpha"), kStart);
  lanes.Asked("alpha");
  EXPECT_EQ(lanes.DueAt("alpha"), TimePoint::max());
}

TEST(LanesTest, AnEmptyLaneRestsUntilThePollIsDue) {
  Lanes lanes({"alpha"});
  lanes.Asked("alpha");
  lanes.Answered("alpha", false, kStart);
  EXPECT_EQ(lanes.DueAt("alpha"), kStart + Lanes::kPoll);
}

TEST(LanesTest, ALaneWithMoreIsAskedAgainAtOnce) {
  Lanes lanes({"alpha"});
  lanes.Asked("alpha");
  lanes.Answered("alpha", true, kStart);
  EXPECT_LE(lanes.DueAt("alpha"), kStart);
}

TEST(LanesTest, AWakeWhileAQuestionIsUnderWayIsNotLost) {
  Lanes lanes({"alpha", "bravo"});
  lanes.Asked("alpha");
  lanes.Asked("bravo");
  lanes.Wake("alpha");
  EXPECT_EQ(lanes.DueAt("alpha"), TimePoint::max());
  lanes.Answered("alpha", false, kStart);
  lanes.Answered("bravo", false, kStart);
  EXPECT_LE(lanes.DueAt("alpha"), kStart);
  EXPECT_GT(lanes.DueAt("bravo"), kStart);
  lanes.WakeAll();
  EXPECT_LE(lanes.DueAt("bravo"), kStart);
}

TEST(LanesTest, UnknownModelsAreNeverDue) {
  Lanes lanes({"alpha"});
  lanes.Wake("zulu");
  EXPECT_EQ(lanes.DueAt("zulu"), TimePoint::max());
}

}  // namespace
}  // namespace consilium
