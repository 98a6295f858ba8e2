#include "broker/pressure.h"

#include <gtest/gtest.h>

namespace consilium {
namespace {

constexpr std::int64_t kMiB = 1 << 20;
constexpr std::int64_t kGiB = 1 << 30;

RedisRoom Memory(std::int64_t used, std::int64_t maxmemory, std::int64_t machine = 0) {
  RedisRoom room;
  room.used = used;
  room.maxmemory = maxmemory;
  room.machine = machine;
  return room;
}

RedisRoom Disk(std::int64_t free, std::int64_t all) {
  RedisRoom room;
  room.disk_free = free;
  room.disk = all;
  return room;
}

TEST(ReadRoomTest, TakesWhatInfoSays) {
  const RedisRoom room = ReadRoom(
      "# Memory\r\nused_memory:1048576\r\nused_memory_human:1.00M\r\nused_memory_rss:5\r\n"
      "total_system_memory:8589934592\r\nmaxmemory:2097152\r\nmaxmemory_policy:noeviction\r\n"
      "\r\n# Persistence\r\naof_enabled:1\r\naof_current_size:77\r\naof_base_size:3\r\n");
  EXPECT_EQ(room.used, 1048576);
  EXPECT_EQ(room.machine, 8589934592);
  EXPECT_EQ(room.maxmemory, 2097152);
  EXPECT_EQ(room.file, 77);
  EXPECT_EQ(room.disk, std::nullopt);
}

TEST(ReadRoomTest, WhatIsNotThereOrNoSizeIsNotKnown) {
  for (const char* info : {"", "used_memory:1", "\nused_memory:\r\n", "\nused_memory:-5\r\n",
                           "\nused_memory:99999999999999999999\r\n", "garbage\0used"}) {
    EXPECT_EQ(ReadRoom(info).used, std::nullopt) << info;
  }
}

TEST(PressureTest, RefusesAboveTheHighMarkAndAcceptsBelowTheLowOne) {
  Pressure pressure({});
  pressure.See(Memory(70 * kMiB, 100 * kMiB));
  EXPECT_EQ(pressure.reason(), "");
  pressure.See(Memory(70 * kMiB + 1, 100 * kMiB));
  EXPECT_EQ(pressure.reason(),
            "Redis uses 70.0 MiB of 100.0 MiB, more than 70 % (redis.memory_share)");
  EXPECT_EQ(pressure.retry_after_ms(), 5000);
  pressure.See(Memory(66 * kMiB, 100 * kMiB));
  EXPECT_NE(pressure.reason(), "") << "between the marks it stays as it was";
  pressure.See(Memory(65 * kMiB, 100 * kMiB));
  EXPECT_EQ(pressure.reason(), "");
  pressure.See(Memory(69 * kMiB, 100 * kMiB));
  EXPECT_EQ(pressure.reason(), "") << "between the marks it stays as it was";
}

TEST(PressureTest, TheBoundIsMaxmemoryElseTheConfiguredOneElseTheMachine) {
  RedisConfig config;
  EXPECT_EQ(Pressure(config).BoundOf(Memory(1, 5, 9)), 5);
  EXPECT_EQ(Pressure(config).BoundOf(Memory(1, 0, 9)), 9);
  config.memory_max_mb = 3;
  EXPECT_EQ(Pressure(config).BoundOf(Memory(1, 5, 9)), 5);
  EXPECT_EQ(Pressure(config).BoundOf(Memory(1, 0, 9)), 3 * kMiB);
  EXPECT_EQ(Pressure({}).BoundOf(RedisRoom{}), std::nullopt);
}

TEST(PressureTest, WhatIsNotKnownPressesNobody) {
  Pressure pressure({});
  pressure.See(RedisRoom{});
  EXPECT_EQ(pressure.reason(), "");
  pressure.See(Memory(99, 100));
  EXPECT_NE(pressure.reason(), "");
  pressure.See(RedisRoom{});
  EXPECT_EQ(pressure.reason(), "");
}

TEST(PressureTest, ADiskKeepsItsShareFree) {
  Pressure pressure({});
  pressure.See(Disk(15 * kGiB, 100 * kGiB));
  EXPECT_EQ(pressure.reason(), "");
  pressure.See(Disk(15 * kGiB - 1, 100 * kGiB));
  EXPECT_EQ(pressure.reason(),
            "the disk of Redis has 15.0 GiB free of 100.0 GiB, expected at least 15.0 GiB "
            "(redis.disk_free_share)");
  EXPECT_EQ(pressure.retry_after_ms(), 30000);
  pressure.See(Disk(18 * kGiB, 100 * kGiB));
  EXPECT_NE(pressure.reason(), "");
  pressure.See(Disk(19 * kGiB, 100 * kGiB));
  EXPECT_EQ(pressure.reason(), "");
}

TEST(PressureTest, NoDiskNeedsMoreFreeThanPlenty) {
  Pressure pressure({});
  pressure.See(Disk(60 * kGiB, 10000 * kGiB));
  EXPECT_EQ(pressure.reason(), "");
  pressure.See(Disk(49 * kGiB, 10000 * kGiB));
  EXPECT_NE(pressure.reason(), "");
}

TEST(PressureTest, ADiskIsNotLookedAtWhenTheOperatorSaysSo) {
  RedisConfig config;
  config.disk_free_share = 0;
  Pressure pressure(config);
  pressure.See(Disk(0, 100 * kGiB));
  EXPECT_EQ(pressure.reason(), "");
}

TEST(PressureTest, BothReasonsAreTold) {
  Pressure pressure({});
  RedisRoom room = Memory(99 * kMiB, 100 * kMiB);
  room.disk = 100 * kGiB;
  room.disk_free = kGiB;
  pressure.See(room);
  EXPECT_NE(pressure.reason().find("redis.memory_share"), std::string::npos);
  EXPECT_NE(pressure.reason().find("redis.disk_free_share"), std::string::npos);
}

}  // namespace
}  // namespace consilium
