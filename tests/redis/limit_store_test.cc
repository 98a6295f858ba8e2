// The scripts of limits against a real redis-server.
#include "shared/limit_store.h"

#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "shared/ids.h"
#include "tests/support/private_redis.h"
#include "tests/support/redis_fixture.h"
#include "worker/local_limits.h"

namespace consilium {
namespace {

using Kind = PermitAnswer::Kind;
using std::chrono::seconds;

constexpr milliseconds kPatient{3600000};

LimitConfig LimitOf(const std::string& name, std::int64_t requests, std::int64_t tokens,
                    std::int64_t concurrency) {
  return {name, requests, tokens, concurrency, 1};
}

class LimitStoreTest : public RedisFixture {
 protected:
  RedisConnection& connection() override { return connection_; }
  void Use(std::vector<LimitConfig> limits, milliseconds lease = LimitStore::kLease) {
    store_.emplace(connection_, std::move(limits), lease);
  }

  PermitAnswer Take(const std::string& id, std::int64_t tokens = 1,
                    milliseconds patience = kPatient) {
    return Await<PermitAnswer>([&](auto done) { store_->Take(id, tokens, patience, done); });
  }
  bool GiveBack(const std::string& id, std::int64_t tokens = 1, const PermitEnd& end = {}) {
    return Await<bool>([&](auto done) { store_->GiveBack(id, tokens, end, done); });
  }
  void Renew(const std::vector<std::string>& ids) {
    Await<Nothing>([&](auto done) { store_->Renew(ids, done); });
  }
  void Pause(milliseconds pause) {
    Await<Nothing>([&](auto done) { store_->Pause(pause, done); });
  }
  // What was booked, within the time that the test takes.
  static void ExpectBooked(const PermitAnswer& answer, milliseconds wait) {
    EXPECT_EQ(answer.kind, Kind::kBooked);
    EXPECT_LE(answer.wait, wait);
    EXPECT_GT(answer.wait, wait - seconds(3));
  }

  PrivateRedis redis_;
  RedisConnection connection_{redis_.address(), LimitStore::Scripts()};
  std::optional<LimitStore> store_;
};

TEST_F(LimitStoreTest, AnIdIsChargedOnceHoweverOftenItAsks) {
  Use({LimitOf("l", 6, 0, 2)});
  EXPECT_EQ(Take("1").kind, Kind::kGranted);
  EXPECT_EQ(Take("1").kind, Kind::kGranted);
  ExpectBooked(Take("2"), seconds(10));
  ExpectBooked(Take("2"), seconds(10));
  ExpectBooked(Take("3"), seconds(20));
  EXPECT_EQ(Tell({"ZCARD", "consilium:{0}:limit:l:held"}).integer, 1);
}

TEST_F(LimitStoreTest, ACallThatNeverWentOutIsGivenBackWholeAndOnce) {
  Use({LimitOf("l", 6, 6, 1)});
  EXPECT_EQ(Take("1").kind, Kind::kGranted);
  ExpectBooked(Take("2"), seconds(10));
  EXPECT_TRUE(GiveBack("1", 1, {false, {}}));
  EXPECT_FALSE(GiveBack("1", 1, {false, {}}));
  EXPECT_FALSE(GiveBack("never asked"));
  EXPECT_EQ(Take("2").kind, Kind::kGranted);
  ExpectBooked(Take("3"), seconds(10));
  EXPECT_FALSE(GiveBack("3", 1, {false, {}}));  // a booking is no permit, but it goes
  ExpectBooked(Take("4"), seconds(10));
}

TEST_F(LimitStoreTest, TokensAreCorrectedBothWaysAndOnce) {
  Use({LimitOf("l", 0, 60000, 0)});  // 1000 a second
  EXPECT_EQ(Take("1", 60000).kind, Kind::kGranted);
  ExpectBooked(Take("2", 2000), seconds(60));
  EXPECT_TRUE(GiveBack("1", 60000, {true, 20000}));
  EXPECT_FALSE(GiveBack("1", 60000, {true, 20000}));
  ExpectBooked(Take("2", 2000), seconds(20));
  EXPECT_FALSE(GiveBack("2", 2000, {false, {}}));

  Use({LimitOf("m", 0, 60000, 0)});
  EXPECT_EQ(Take("3", 1000).kind, Kind::kGranted);
  EXPECT_TRUE(GiveBack("3", 1000, {true, 31000}));
  ExpectBooked(Take("4", 2000), seconds(31));
}

TEST_F(LimitStoreTest, NothingIsGivenBackAcrossIdleTime) {
  Use({LimitOf("l", 0, 60000, 0)});
  EXPECT_EQ(Take("1", 2000).kind, Kind::kGranted);
  const TimePoint idle = Now() + milliseconds(2100);
  PumpUntil([&] { return Now() >= idle; });
  EXPECT_EQ(Take("2", 90000).kind, Kind::kGranted);
  const TimePoint told = Now();
  const milliseconds wait = Take("3", 2000).wait;
  EXPECT_TRUE(GiveBack("1", 2000, {true, 1}));  // its two seconds are past anyway
  const milliseconds next = Take("4", 2000).wait;
  EXPECT_GE(next + (Now() - told), wait + seconds(2) - milliseconds(1));
}

TEST_F(LimitStoreTest, WhatDoesNotFitTheDeadlineIsNotBooked) {
  Use({LimitOf("l", 6, 0, 0)});
  EXPECT_EQ(Take("1").kind, Kind::kGranted);
  const PermitAnswer never = Take("2", 1, seconds(5));
  EXPECT_EQ(never.kind, Kind::kNever);
  EXPECT_GT(never.wait, seconds(9));
  ExpectBooked(Take("3"), seconds(10));
}

TEST_F(LimitStoreTest, BookedCallsGoInTheOrderInWhichTheyAsked) {
  Use({LimitOf("l", 300, 0, 0)});  // 5 at once, then 0.2 s each
  for (int i = 0; i < 5; ++i) EXPECT_EQ(Take("a" + std::to_string(i)).kind, Kind::kGranted);
  milliseconds last{0};
  for (int i = 0; i < 5; ++i) {
    const PermitAnswer answer = Take("b" + std::to_string(i));
    EXPECT_EQ(answer.kind, Kind::kBooked);
    EXPECT_GT(answer.wait, last);
    last = answer.wait;
  }
  PumpUntil([&] { return Take("b0").kind == Kind::kGranted; });
  EXPECT_EQ(Take("b4").kind, Kind::kBooked);
  PumpUntil([&] { return Take("b4").kind == Kind::kGranted; });
}

TEST_F(LimitStoreTest, ALargeCallGoesWhenTheBucketIsFull) {
  Use({LimitOf("l", 0, 6000, 0)});
  EXPECT_EQ(Take("large", 100000).kind, Kind::kGranted);
  ExpectBooked(Take("small", 1), milliseconds(999100));
}

TEST_F(LimitStoreTest, AllLimitsOrNone) {
  Use({LimitOf("rate", 6, 0, 0), LimitOf("gpu", 0, 0, 1)});
  LimitStore gpu_only(connection_, {LimitOf("gpu", 0, 0, 1)});
  EXPECT_EQ(Await<PermitAnswer>([&](auto done) { gpu_only.Take("g", 1, kPatient, done); }).kind,
            Kind::kGranted);
  EXPECT_EQ(Take("1").kind, Kind::kBusy);
  // The busy answer took nothing of the rate, and what waits for the rate takes no place.
  EXPECT_TRUE(Await<bool>([&](auto done) { gpu_only.GiveBack("g", 1, {}, done); }));
  EXPECT_EQ(Take("2").kind, Kind::kGranted);
  EXPECT_TRUE(GiveBack("2"));
  ExpectBooked(Take("3"), seconds(10));
  EXPECT_EQ(Await<PermitAnswer>([&](auto done) { gpu_only.Take("h", 1, kPatient, done); }).kind,
            Kind::kGranted);
}

TEST_F(LimitStoreTest, APlaceIsFreeAgainWhenNobodyRenewsIt) {
  Use({LimitOf("gpu", 0, 0, 1)}, milliseconds(400));
  const TimePoint taken = Now();
  EXPECT_EQ(Take("1").kind, Kind::kGranted);
  PumpUntil([&] { return Take("2").kind == Kind::kGranted; });
  EXPECT_GE(Now() - taken, milliseconds(400));
}

TEST_F(LimitStoreTest, ARenewedPlaceIsKeptAlsoByACallThatRedisNeverLetGo) {
  Use({LimitOf("gpu", 0, 0, 2)}, milliseconds(400));
  EXPECT_EQ(Take("1").kind, Kind::kGranted);
  for (const TimePoint until = Now() + seconds(1); Now() < until;) {
    Renew({"1", "local"});
    ASSERT_EQ(Take("2").kind, Kind::kBusy);
  }
  EXPECT_TRUE(GiveBack("1"));  // its permit was kept as well
  EXPECT_EQ(Take("2").kind, Kind::kGranted);
  EXPECT_EQ(Take("3").kind, Kind::kBusy);
  EXPECT_FALSE(GiveBack("local"));
  EXPECT_EQ(Take("3").kind, Kind::kGranted);
}

TEST_F(LimitStoreTest, NothingGoesBeforeAPauseIsOverAndAPauseIsNeverShortened) {
  Use({LimitOf("l", 6000, 0, 0), LimitOf("gpu", 0, 0, 1)});
  Pause(seconds(30));
  ExpectBooked(Take("1"), seconds(30));
  Pause(seconds(10));
  ExpectBooked(Take("2"), seconds(30));
  Pause(std::chrono::hours(5));
  ExpectBooked(Take("1"), std::chrono::hours(1));
  Use({LimitOf("gpu", 0, 0, 1)});
  EXPECT_EQ(Take("3").kind, Kind::kGranted);
}

TEST_F(LimitStoreTest, EveryKeyExpiresByItself) {
  Use({LimitOf("l", 60, 6000, 4), LimitOf("m", 600, 0, 0)}, milliseconds(500));
  Take("1", 100);
  Take("2", 100);
  Take("3", 100);
  Pause(milliseconds(10));
  Renew({"1", "local"});
  GiveBack("1", 100, {true, 500});
  const RedisReply keys = Tell({"KEYS", "*"});
  ASSERT_GE(keys.items.size(), 5u);
  for (const RedisReply& key : keys.items) {
    EXPECT_EQ(key.text.rfind("consilium:{0}:", 0), 0u) << key.text;
    const std::int64_t ttl = Tell({"PTTL", key.text}).integer;
    const bool rates = key.text.find(":rates") != std::string::npos ||
                       key.text.find(":booked") != std::string::npos;
    EXPECT_GT(ttl, 0) << key.text;
    EXPECT_LE(ttl, rates ? 70000 : 500) << key.text;
  }
}

TEST_F(LimitStoreTest, ItGoesOnWhenMemoryIsShort) {
  Use({LimitOf("l", 60, 0, 1)});
  Tell({"CONFIG", "SET", "maxmemory", "1"});
  EXPECT_EQ(Take("1").kind, Kind::kGranted);
  Renew({"1"});
  Pause(milliseconds(1));
  EXPECT_TRUE(GiveBack("1", 1, {false, {}}));
}

TEST_F(LimitStoreTest, TheScriptBooksTheInstantsThatTheRuleInMemoryBooks) {
  const std::vector<LimitConfig> limits = {LimitOf("key", 120, 60000, 0),
                                           LimitOf("own", 0, 40000, 0)};
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    SCOPED_TRACE(seed);
    Tell({"FLUSHALL"});
    Use(limits);
    LocalLimits memory(limits);
    SeededRandom random(seed, "same");
    std::map<std::string, std::int64_t> waiting;
    for (int i = 0; i < 60; ++i) {
      const std::string id = std::to_string(i);
      const auto tokens = static_cast<std::int64_t>(1 + random.Below(4000));
      if (random.Below(4) == 0 && !waiting.empty()) {
        const auto [old, asked] = *waiting.begin();
        waiting.erase(waiting.begin());
        GiveBack(old, asked, {false, {}});
        memory.GiveBack(old, asked, {false, {}});
      }
      const TimePoint now = Now();
      const PermitAnswer stored = Take(id, tokens);
      const PermitAnswer held = memory.Take(id, tokens, kPatient, now);
      // Redis looked at its clock a moment later.
      const auto apart = std::chrono::abs(stored.wait - held.wait);
      ASSERT_LE(apart, Now() - now + milliseconds(50)) << id;
      ASSERT_TRUE(stored.kind == held.kind || apart > milliseconds(0)) << id;
      if (held.kind == Kind::kBooked) waiting[id] = tokens;
    }
  }
}

}  // namespace
}  // namespace consilium
