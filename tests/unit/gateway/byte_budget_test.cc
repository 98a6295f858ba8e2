#include "gateway/net/byte_budget.h"

#include <gtest/gtest.h>

namespace consilium {
namespace {

constexpr std::size_t kFree = ByteBudget::kFreeBytes;

TEST(ByteBudgetTest, WhatIsSmallHasRoomWhateverTheOthersHold) {
  ByteBudget budget(1000);
  ByteBudget::Share large(budget);
  EXPECT_TRUE(large.Set(kFree + 1000));
  EXPECT_EQ(budget.held(), 1000u);
  ByteBudget::Share other(budget);
  EXPECT_TRUE(other.Set(kFree));
  EXPECT_FALSE(other.MayHave(kFree + 1));
  EXPECT_FALSE(other.Set(kFree + 1));
  EXPECT_EQ(budget.held(), 1001u) << "it has it until it lets go";
  EXPECT_TRUE(other.Set(0));
  EXPECT_TRUE(large.MayHave(kFree + 1000)) << "its own does not count twice";
}

TEST(ByteBudgetTest, WhoEndsGivesBackAndWhoMovesKeeps) {
  ByteBudget budget(1000);
  {
    ByteBudget::Share first(budget);
    first.Set(kFree + 600);
    ByteBudget::Share second(std::move(first));
    EXPECT_EQ(budget.held(), 600u);
    EXPECT_TRUE(first.Set(kFree + 400)) << "it is a share of nothing, and may begin anew";
    EXPECT_EQ(budget.held(), 1000u);
    first = std::move(second);
    EXPECT_EQ(budget.held(), 600u);
  }
  EXPECT_EQ(budget.held(), 0u);
}

}  // namespace
}  // namespace consilium
