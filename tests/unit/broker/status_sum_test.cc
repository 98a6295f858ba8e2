#include "broker/status_sum.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace consilium {
namespace {

using testing::ElementsAre;
using testing::Pair;

StatusReply OneShard(std::int64_t count) {
  StatusReply status;
  status.now_ms = 1000 + count;
  status.brokers = {{"b." + std::to_string(count), true, true, "", count}};
  status.aggregators = {"a"};
  status.counters = {{"accepted", 10 * count}, {"complete", 7 * count}};
  status.live = 3 * count;
  status.delayed = count;
  status.dead = 2 * count;
  status.lanes = {{"alpha", "generate", count, 1, 100 * count}, {"alpha", "review", 0, count, {}}};
  return status;
}

TEST(AddStatusTest, CountsAddUpAndTheFirstTellsWhoTakesPart) {
  StatusReply sum;
  AddStatus(sum, OneShard(1));
  AddStatus(sum, OneShard(5));
  EXPECT_EQ(sum.now_ms, 1001);
  ASSERT_EQ(sum.brokers.size(), 1u) << "one process, by another name in each shard";
  EXPECT_EQ(sum.brokers[0].id, "b.1");
  EXPECT_EQ(sum.brokers[0].leases, 6);
  EXPECT_THAT(sum.aggregators, ElementsAre("a"));
  EXPECT_THAT(sum.counters, ElementsAre(Pair("accepted", 60), Pair("complete", 42)));
  EXPECT_EQ(sum.live, 18);
  EXPECT_EQ(sum.delayed, 6);
  EXPECT_EQ(sum.dead, 12);
  ASSERT_EQ(sum.lanes.size(), 2u);
  EXPECT_EQ(sum.lanes[0].waiting, 6);
  EXPECT_EQ(sum.lanes[0].leased, 2);
  EXPECT_EQ(sum.lanes[1].leased, 6);
  EXPECT_EQ(sum.lanes[0].oldest_ms, 500);
  EXPECT_EQ(sum.lanes[1].oldest_ms, std::nullopt);
  EXPECT_TRUE(sum.balanced);
}

TEST(AddStatusTest, OneUnbalancedShardUnbalancesAll) {
  StatusReply sum;
  StatusReply odd = OneShard(1);
  odd.balanced = false;
  AddStatus(sum, odd);
  AddStatus(sum, OneShard(2));
  EXPECT_FALSE(sum.balanced);
}

}  // namespace
}  // namespace consilium
