#include "shared/request_table.h"

#include <gtest/gtest.h>

namespace consilium {
namespace {

using std::chrono::seconds;

constexpr TimePoint kStart{};
constexpr TimePoint kNever = TimePoint{} + std::chrono::hours(1);

Frame Named(const std::string& type) { return Frame{type, "", ""}; }

TEST(RequestTableTest, ANewRequestIsDueAtOnceUnderAnIdOfItsOwn) {
  RequestTable table;
  const std::string a = table.Open(Named("a"), kStart, kNever, milliseconds(0));
  const std::string b = table.Open(Named("b"), kStart, kNever, milliseconds(0));
  EXPECT_NE(a, b);
  const auto due = table.Due(kStart);
  ASSERT_EQ(due.size(), 2u);
  EXPECT_EQ(due[0]->request, a);
  EXPECT_EQ(due[0]->type, "a");
  EXPECT_EQ(due[1]->request, b);
}

TEST(RequestTableTest, SilenceSendsTheSameRequestAgainLessAndLessOften) {
  RequestTable table;
  const std::string id = table.Open(Named("a"), kStart, kNever, milliseconds(0));
  TimePoint now = kStart;
  for (const int pause : {2, 4, 8, 8}) {
    table.Sent(id, now);
    EXPECT_TRUE(table.Due(now + seconds(pause) - milliseconds(1)).empty());
    now += seconds(pause);
    ASSERT_EQ(table.Due(now).size(), 1u);
    EXPECT_EQ(table.Due(now)[0]->request, id);
  }
}

TEST(RequestTableTest, WhatWasSentAndIsDueAgainIsSilent) {
  RequestTable table;
  const std::string id = table.Open(Named("a"), kStart, kNever, milliseconds(0));
  EXPECT_FALSE(table.Silent(kStart)) << "not sent yet";
  table.Sent(id, kStart);
  EXPECT_FALSE(table.Silent(kStart + seconds(1)));
  EXPECT_TRUE(table.Silent(kStart + seconds(2)));
  table.SendAllAgain(kStart + seconds(2));
  EXPECT_FALSE(table.Silent(kStart + seconds(2))) << "as for the first time";
  EXPECT_EQ(table.Due(kStart + seconds(2)).size(), 1u);
}

TEST(RequestTableTest, GraceAddsToTheSilence) {
  RequestTable table;
  const std::string id = table.Open(Named("watch"), kStart, kNever, milliseconds(5000));
  table.Sent(id, kStart);
  EXPECT_EQ(table.NextDue(), kStart + seconds(7));
}

TEST(RequestTableTest, OnlyTheFirstReplyCounts) {
  RequestTable table;
  const std::string id = table.Open(Named("a"), kStart, kNever, milliseconds(0));
  EXPECT_TRUE(table.Close(id));
  EXPECT_FALSE(table.Close(id));
  EXPECT_EQ(table.NextDue(), std::nullopt);
}

TEST(RequestTableTest, ADeadlineEndsARequestOnce) {
  RequestTable table;
  const std::string id = table.Open(Named("a"), kStart, kStart + seconds(1), milliseconds(0));
  table.Sent(id, kStart);
  EXPECT_EQ(table.NextDue(), kStart + seconds(1));
  EXPECT_TRUE(table.Expire(kStart + milliseconds(999)).empty());
  EXPECT_EQ(table.Expire(kStart + seconds(1)), std::vector<std::string>{id});
  EXPECT_TRUE(table.Expire(kStart + seconds(1)).empty());
  EXPECT_EQ(table.size(), 0u);
}

TEST(RequestTableTest, WhatCouldNotBeSentStaysDue) {
  RequestTable table;
  table.Open(Named("a"), kStart, kNever, milliseconds(0));
  EXPECT_EQ(table.Due(kStart).size(), 1u);
  EXPECT_EQ(table.Due(kStart + seconds(1)).size(), 1u);
}

}  // namespace
}  // namespace consilium
