#include "broker/feed.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace consilium {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// `entries` of a shard after `after`; the case of each is its entry's name.
WatchSlice Slice(const std::string& after, const std::vector<std::string>& entries,
                 bool gap = false) {
  WatchSlice slice;
  slice.cursor = entries.empty() ? after : entries.back();
  slice.entries = entries;
  slice.gap = gap;
  for (const std::string& entry : entries) {
    Recommendation item;
    item.case_id = entry;
    slice.items.push_back(item);
  }
  return slice;
}

std::vector<std::string> CasesOf(const WatchSlice& slice) {
  std::vector<std::string> cases;
  for (const Recommendation& item : slice.items) cases.push_back(item.case_id);
  return cases;
}

TEST(SplitCursorTest, TheCursorOfOneShardIsThatOfItsStream) {
  EXPECT_THAT(*SplitCursor("17-3", 1), ElementsAre("17-3"));
}

TEST(SplitCursorTest, HasOnePlaceForEachShard) {
  EXPECT_THAT(*SplitCursor("17-3,0-0,9-1", 3), ElementsAre("17-3", "0-0", "9-1"));
  EXPECT_THAT(*SplitCursor("", 2), ElementsAre("", ""));
  EXPECT_THAT(*SplitCursor("$", 2), ElementsAre("$", "$"));
}

TEST(SplitCursorTest, RefusesWhatIsNoCursorOfSoManyShards) {
  for (const char* text :
       {"17-3", "17-3,", ",17-3", "17-3,9-1,8-1", "17-3,$", "17-3,x", ",", "17-3, 9-1"}) {
    EXPECT_EQ(SplitCursor(text, 2).error(),
              Invalid("after = \"" + std::string(text) +
                      "\", expected \"\", \"$\" or a cursor of an earlier reply"));
  }
}

TEST(MergeFeedsTest, OneShardIsLeftAsItIs) {
  const WatchSlice merged = MergeFeeds({"1-0"}, {Slice("1-0", {"2-0", "3-0"}, true)}, 10);
  EXPECT_THAT(CasesOf(merged), ElementsAre("2-0", "3-0"));
  EXPECT_EQ(merged.cursor, "3-0");
  EXPECT_TRUE(merged.gap);
  EXPECT_EQ(MergeFeeds({""}, {Slice("0-0", {})}, 10).cursor, "0-0");
}

TEST(MergeFeedsTest, TheOldestComesFirst) {
  const WatchSlice merged = MergeFeeds(
      {"1-0", "0-0"}, {Slice("1-0", {"9-0", "100-0"}), Slice("0-0", {"5-0", "10-0", "10-1"})}, 10);
  EXPECT_THAT(CasesOf(merged), ElementsAre("5-0", "9-0", "10-0", "10-1", "100-0"));
  EXPECT_EQ(merged.cursor, "100-0,10-1");
  EXPECT_FALSE(merged.gap);
}

TEST(MergeFeedsTest, WhatDoesNotFitComesNext) {
  const WatchSlice first =
      MergeFeeds({"1-0", "2-0"}, {Slice("1-0", {"3-0", "5-0"}), Slice("2-0", {"6-0"}, true)}, 1);
  EXPECT_THAT(CasesOf(first), ElementsAre("3-0"));
  EXPECT_EQ(first.cursor, "3-0,2-0");
  EXPECT_FALSE(first.gap);  // of the second shard: told with its first item
  const WatchSlice second =
      MergeFeeds({"3-0", "2-0"}, {Slice("3-0", {"5-0"}), Slice("2-0", {"6-0"}, true)}, 2);
  EXPECT_THAT(CasesOf(second), ElementsAre("5-0", "6-0"));
  EXPECT_EQ(second.cursor, "5-0,6-0");
  EXPECT_TRUE(second.gap);
}

TEST(MergeFeedsTest, TheCursorOfAShardThatDidNotAnswerStays) {
  const WatchSlice merged =
      MergeFeeds({"1-0", "2-0", ""}, {std::nullopt, Slice("2-0", {"6-0"}), std::nullopt}, 10);
  EXPECT_THAT(CasesOf(merged), ElementsAre("6-0"));
  EXPECT_EQ(merged.cursor, "1-0,6-0,0-0");
}

}  // namespace
}  // namespace consilium
