#include "broker/lanes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>

#include "shared/limits.h"

namespace consilium {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::Field;
using testing::IsEmpty;

constexpr TimePoint kStart = TimePoint() + milliseconds(1000000);
constexpr TimePoint kNever = TimePoint::max();
const std::vector<bool> kOne = {true};

auto Asks(std::size_t shard, std::int64_t count) {
  return AllOf(Field(&Lanes::Question::shard, shard), Field(&Lanes::Question::count, count));
}

TEST(LanesTest, ALaneIsAskedAtOnceAndOnlyOneQuestionIsUnderWay) {
  Lanes lanes({"alpha"}, 1);
  EXPECT_THAT(lanes.Take("alpha", 4, kOne, kStart).questions, ElementsAre(Asks(0, 4)));
  const Lanes::Due due = lanes.Take("alpha", 9, kOne, kStart + std::chrono::hours(1));
  EXPECT_THAT(due.questions, IsEmpty());
  EXPECT_EQ(due.next, kNever);
}

TEST(LanesTest, AShardThatDoesNotAnswerKeepsCreditsForASecondOnly) {
  Lanes lanes({"alpha"}, 2);
  const std::vector<bool> both = {true, true};
  EXPECT_THAT(lanes.Take("alpha", 1, both, kStart).questions, ElementsAre(Asks(0, 1)));
  const Lanes::Due due = lanes.Take("alpha", 1, both, kStart + milliseconds(10));
  EXPECT_THAT(due.questions, IsEmpty());
  EXPECT_EQ(due.next, kStart + Lanes::kPatience);
  EXPECT_THAT(lanes.Take("alpha", 1, both, due.next).questions, ElementsAre(Asks(1, 1)));
  lanes.Answered("alpha", {1, 1}, true, due.next);
  EXPECT_THAT(lanes.Take("alpha", 1, both, due.next).questions, ElementsAre(Asks(1, 1)));
}

TEST(LanesTest, WithoutCreditsNothingIsAskedAndNothingIsDue) {
  Lanes lanes({"alpha"}, 1);
  const Lanes::Due due = lanes.Take("alpha", 0, kOne, kStart);
  EXPECT_THAT(due.questions, IsEmpty());
  EXPECT_EQ(due.next, kNever);
}

TEST(LanesTest, AnEmptyLaneRestsUntilThePollIsDue) {
  Lanes lanes({"alpha"}, 1);
  lanes.Take("alpha", 4, kOne, kStart);
  lanes.Answered("alpha", {0, 4}, false, kStart);
  const Lanes::Due due = lanes.Take("alpha", 4, kOne, kStart);
  EXPECT_THAT(due.questions, IsEmpty());
  EXPECT_EQ(due.next, kStart + Lanes::kPoll);
  EXPECT_THAT(lanes.Take("alpha", 4, kOne, due.next).questions, ElementsAre(Asks(0, 4)));
}

TEST(LanesTest, ALaneWithMoreIsAskedAgainAtOnce) {
  Lanes lanes({"alpha"}, 1);
  lanes.Take("alpha", 4, kOne, kStart);
  lanes.Answered("alpha", {0, 4}, true, kStart);
  EXPECT_THAT(lanes.Take("alpha", 2, kOne, kStart).questions, ElementsAre(Asks(0, 2)));
}

TEST(LanesTest, AWakeWhileAQuestionIsUnderWayIsNotLost) {
  Lanes lanes({"alpha", "bravo"}, 1);
  lanes.Take("alpha", 1, kOne, kStart);
  lanes.Take("bravo", 1, kOne, kStart);
  lanes.Wake(0, "alpha");
  EXPECT_THAT(lanes.Take("alpha", 1, kOne, kStart).questions, IsEmpty());
  lanes.Answered("alpha", {0, 1}, false, kStart);
  lanes.Answered("bravo", {0, 1}, false, kStart);
  EXPECT_THAT(lanes.Take("alpha", 1, kOne, kStart).questions, ElementsAre(Asks(0, 1)));
  EXPECT_THAT(lanes.Take("bravo", 1, kOne, kStart).questions, IsEmpty());
  lanes.WakeAll(0);
  EXPECT_THAT(lanes.Take("bravo", 1, kOne, kStart).questions, ElementsAre(Asks(0, 1)));
}

TEST(LanesTest, UnknownModelsAreNeverDue) {
  Lanes lanes({"alpha"}, 1);
  lanes.Wake(0, "zulu");
  EXPECT_THAT(lanes.Take("zulu", 4, kOne, kStart).questions, IsEmpty());
}

TEST(LanesTest, OneQuestionAsksForNoMoreThanABatch) {
  Lanes lanes({"alpha"}, 1);
  constexpr auto kMost = static_cast<std::int64_t>(limits::kLeaseBatchMax);
  EXPECT_THAT(lanes.Take("alpha", kMost + 1, kOne, kStart).questions, ElementsAre(Asks(0, kMost)));
}

TEST(LanesTest, ShardsThatAreDueShareTheCredits) {
  Lanes lanes({"alpha"}, 3);
  const std::vector<bool> all = {true, true, true};
  EXPECT_THAT(lanes.Take("alpha", 8, all, kStart).questions,
              ElementsAre(Asks(0, 3), Asks(1, 3), Asks(2, 2)));
}

TEST(LanesTest, CreditsThatAQuestionAsksForAreTaken) {
  Lanes lanes({"alpha"}, 2);
  EXPECT_THAT(lanes.Take("alpha", 5, {true, false}, kStart).questions, ElementsAre(Asks(0, 5)));
  EXPECT_THAT(lanes.Take("alpha", 5, {true, true}, kStart).questions, IsEmpty());
  EXPECT_THAT(lanes.Take("alpha", 7, {true, true}, kStart).questions, ElementsAre(Asks(1, 2)));
}

TEST(LanesTest, AShardThatIsNotReadyIsLeftOutAndKeepsItsWake) {
  Lanes lanes({"alpha"}, 2);
  EXPECT_THAT(lanes.Take("alpha", 4, {false, true}, kStart).questions, ElementsAre(Asks(1, 4)));
  lanes.Answered("alpha", {1, 4}, false, kStart);
  EXPECT_THAT(lanes.Take("alpha", 4, {true, true}, kStart).questions, ElementsAre(Asks(0, 4)));
}

TEST(LanesTest, AFullLaneStarvesNoOther) {
  Lanes lanes({"alpha"}, 3);
  const std::vector<bool> all = {true, true, true};
  std::vector<int> asked(3);
  // One credit comes back at a time and every lane always has more.
  for (int i = 0; i < 30; ++i) {
    const Lanes::Due due = lanes.Take("alpha", 1, all, kStart);
    ASSERT_EQ(due.questions.size(), 1u);
    ++asked[due.questions[0].shard];
    lanes.Answered("alpha", due.questions[0], true, kStart);
  }
  EXPECT_THAT(asked, ElementsAre(10, 10, 10));
}

}  // namespace
}  // namespace consilium
