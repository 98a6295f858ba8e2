#include "shared/shown_text.h"

#include <gtest/gtest.h>

namespace consilium {
namespace {

TEST(ShownTextTest, PartsStandApart) {
  EXPECT_EQ(Joined({}, ", "), "");
  EXPECT_EQ(Joined({"a"}, ", "), "a");
  EXPECT_EQ(Joined({"a", "b", "c"}, " | "), "a | b | c");
  EXPECT_EQ(Joined({"", "b"}, ", "), "b");
}

TEST(ShownTextTest, NothingToGiveIsSaid) {
  EXPECT_EQ(IngredientsText({}), "no medication");
  EXPECT_EQ(IngredientsText({"amoxicillin", "ibuprofen"}), "amoxicillin + ibuprofen");
}

TEST(ShownTextTest, WhatIsNotKnownIsADash) {
  EXPECT_EQ(ShareText(std::nullopt), "-");
  EXPECT_EQ(ShareText(0.825), "0.82");
  EXPECT_EQ(UtcText(0), "-");
  EXPECT_EQ(UtcText(-5), "-");
  EXPECT_EQ(UtcText(1764299806999), "2025-11-28 03:16:46 UTC");
}

}  // namespace
}  // namespace consilium
