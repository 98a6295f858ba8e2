#include "broker/watchers.h"

#include <gtest/gtest.h>

namespace consilium {
namespace {

constexpr TimePoint kStart = TimePoint() + milliseconds(1000000);

ParkedWatch Watch(std::string request, std::string after = "5-0", int wait_ms = 10000) {
  return {"peer", std::move(request), std::move(after), 256, kStart + milliseconds(wait_ms)};
}

TEST(WatchersTest, WatchesWithOneCursorAskOnce) {
  Watchers watchers(8);
  ASSERT_TRUE(watchers.Park(Watch("a"), 0, kStart));
  ASSERT_TRUE(watchers.Park(Watch("b"), 0, kStart));
  ASSERT_TRUE(watchers.Park(Watch("c", "4-0"), 0, kStart));
  EXPECT_TRUE(watchers.TakeDue(kStart).empty());
  watchers.Hint();
  const auto questions = watchers.TakeDue(kStart);
  ASSERT_EQ(questions.size(), 2U);
  EXPECT_TRUE(watchers.TakeDue(kStart).empty()) << "one question at a time";
  EXPECT_EQ(questions[0].after, "4-0");
  EXPECT_EQ(watchers.Answered(questions[1], true, kStart).size(), 2U);
  EXPECT_EQ(watchers.size(), 1U);
}

TEST(WatchersTest, WithoutAHintItAsksEveryQuarterSecond) {
  Watchers watchers(8);
  ASSERT_TRUE(watchers.Park(Watch("a"), 0, kStart));
  EXPECT_EQ(watchers.next(), kStart + milliseconds(250));
  EXPECT_TRUE(watchers.TakeDue(kStart + milliseconds(249)).empty());
  const auto questions = watchers.TakeDue(kStart + milliseconds(250));
  ASSERT_EQ(questions.size(), 1U);
  EXPECT_EQ(watchers.next(), kStart + milliseconds(10000)) << "the expiry is left";
  EXPECT_TRUE(watchers.Answered(questions[0], false, kStart + milliseconds(260)).empty());
  EXPECT_EQ(watchers.next(), kStart + milliseconds(510));
}

TEST(WatchersTest, AHintDuringTheQuestionAsksAgain) {
  Watchers watchers(8);
  ASSERT_TRUE(watchers.Park(Watch("a"), 0, kStart));
  watchers.Hint();
  const auto questions = watchers.TakeDue(kStart);
  ASSERT_EQ(questions.size(), 1U);
  watchers.Hint();
  EXPECT_TRUE(watchers.Answered(questions[0], false, kStart).empty());
  EXPECT_LE(watchers.next(), kStart);
  EXPECT_EQ(watchers.TakeDue(kStart).size(), 1U);
}

TEST(WatchersTest, AHintBetweenQuestionAndParkingIsNotLost) {
  Watchers watchers(8);
  const std::uint64_t asked_at = watchers.hints();
  watchers.Hint();
  ASSERT_TRUE(watchers.Park(Watch("a"), asked_at, kStart));
  EXPECT_EQ(watchers.TakeDue(kStart).size(), 1U);
}

TEST(WatchersTest, ExpiryAndLimit) {
  Watchers watchers(2);
  ASSERT_TRUE(watchers.Park(Watch("a", "5-0", 100), 0, kStart));
  ASSERT_TRUE(watchers.Park(Watch("b", "5-0", 200), 0, kStart));
  EXPECT_FALSE(watchers.Park(Watch("c"), 0, kStart));
  EXPECT_EQ(watchers.next_expiry(), kStart + milliseconds(100));
  EXPECT_TRUE(watchers.TakeExpired(kStart + milliseconds(99)).empty());
  const auto expired = watchers.TakeExpired(kStart + milliseconds(100));
  ASSERT_EQ(expired.size(), 1U);
  EXPECT_EQ(expired[0].request, "a");
  EXPECT_TRUE(watchers.Park(Watch("c"), 0, kStart));
  EXPECT_EQ(watchers.TakeAll().size(), 2U);
  EXPECT_EQ(watchers.size(), 0U);
  EXPECT_EQ(watchers.next(), TimePoint::max());
}

TEST(WatchersTest, AnAnswerAfterAllExpiredServesNobody) {
  Watchers watchers(2);
  ASSERT_TRUE(watchers.Park(Watch("a", "5-0", 100), 0, kStart));
  watchers.Hint();
  const auto questions = watchers.TakeDue(kStart);
  ASSERT_EQ(questions.size(), 1U);
  EXPECT_EQ(watchers.TakeAll().size(), 1U);
  EXPECT_TRUE(watchers.Answered(questions[0], true, kStart).empty());
}

}  // namespace
}  // namespace consilium
