// Limiters as workers have them, each with its own connection, on one real redis-server.
#include "worker/limiter.h"

#include <gtest/gtest.h>
#include <poll.h>

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/private_redis.h"

namespace consilium {
namespace {

using std::chrono::seconds;

LimitConfig LimitOf(const std::string& name, std::int64_t requests, std::int64_t tokens,
                    std::int64_t concurrency, double share = 0.25) {
  return {name, requests, tokens, concurrency, share};
}

// A worker's loop around a limiter.
struct Member {
  Member(std::vector<LimitConfig> limits, const PrivateRedis& redis, const Limiter::Timing& timing)
      : limiter(std::move(limits), redis.address(), 1, timing) {}

  void Turn() {
    pollfd polled{limiter.fd(), limiter.events(), 0};
    poll(&polled, 1, 0);
    if (polled.revents != 0) limiter.OnReady(polled.revents);
    std::vector<Limiter::Decision> decisions;
    limiter.Run(Now(), decisions);
    for (const Limiter::Decision& decision : decisions) {
      asked.erase(decision.ref);
      if (decision.granted) {
        running.insert(decision.ref);
        ++granted;
      } else {
        refused.push_back(decision);
      }
    }
  }
  void Ask(const std::string& ref, std::int64_t tokens = 1, milliseconds patience = seconds(60)) {
    asked.insert(ref);
    limiter.Ask(ref, tokens, Now() + patience, Now());
  }
  void End(const std::string& ref, std::optional<std::int64_t> used = std::nullopt) {
    limiter.End(ref, used);
    running.erase(running.find(ref));  // `ref` may be in there
  }
  // Keeps `count` calls asking; ends what was granted.
  void Demand(std::size_t count, std::int64_t tokens = 1) {
    while (!running.empty()) End(*running.begin());
    while (asked.size() < count) Ask("d" + std::to_string(++demanded), tokens);
  }

  Limiter limiter;
  std::set<std::string> asked;
  std::set<std::string> running;
  std::vector<Limiter::Decision> refused;
  std::int64_t granted = 0;
  int demanded = 0;
};

class LimiterTest : public testing::Test {
 protected:
  // A slow machine is no outage; those who test outages say so.
  Member& Add(std::vector<LimitConfig> limits, milliseconds lease = LimitStore::kLease,
              milliseconds answer_max = seconds(20)) {
    members_.push_back(
        std::make_unique<Member>(std::move(limits), redis_, Limiter::Timing{lease, answer_max}));
    return *members_.back();
  }
  Member& AddImpatient(std::vector<LimitConfig> limits) {
    return Add(std::move(limits), LimitStore::kLease, Limiter::Timing().answer_max);
  }
  void Turn() {
    for (const auto& member : members_) member->Turn();
    poll(nullptr, 0, 1);
  }
  void PumpUntil(const std::string& what, const std::function<bool()>& condition) {
    const TimePoint give_up = Now() + seconds(30);
    while (!condition()) {
      ASSERT_LT(Now(), give_up) << "waited in vain until " << what;
      Turn();
    }
  }
  void PumpFor(
      milliseconds time, const std::function<void()>& each = [] {}) {
    for (const TimePoint until = Now() + time; Now() < until;) {
      Turn();
      each();
    }
  }
  void Start(Member& member, const std::string& ref, std::int64_t tokens = 1) {
    member.Ask(ref, tokens);
    PumpUntil(ref + " goes", [&] { return member.running.count(ref) > 0; });
  }
  std::int64_t Granted() const {
    std::int64_t sum = 0;
    for (const auto& member : members_) sum += member->granted;
    return sum;
  }
  std::size_t Running() const {
    std::size_t sum = 0;
    for (const auto& member : members_) sum += member->running.size();
    return sum;
  }
  static double Seconds(Clock::duration time) {
    return std::chrono::duration<double>(time).count();
  }

  PrivateRedis redis_;
  std::vector<std::unique_ptr<Member>> members_;
};

TEST_F(LimiterTest, FourWorkersTogetherKeepOneRate) {
  constexpr double kPerSecond = 40;
  for (int i = 0; i < 4; ++i) Add({LimitOf("key", 2400, 0, 0)});
  const TimePoint start = Now();
  PumpFor(seconds(3), [&] {
    for (const auto& member : members_) member->Demand(5);
    ASSERT_LE(static_cast<double>(Granted()),
              kPerSecond * (Seconds(Now() - start) + Seconds(kLimitLate) + 1) + 1);
  });
  EXPECT_GT(static_cast<double>(Granted()), kPerSecond * 2.5);
  for (const auto& member : members_) {
    EXPECT_EQ(member->limiter.counts().granted_local, 0);
    EXPECT_GT(member->granted, Granted() / 8);  // and about as much each
  }
}

TEST_F(LimiterTest, EightWorkersNeverHaveMoreThanThePlaces) {
  const std::uint64_t seed = 7;
  SCOPED_TRACE(seed);
  SeededRandom random(seed, "holds");
  for (int i = 0; i < 8; ++i) Add({LimitOf("gpus", 0, 0, 3)});
  std::map<std::string, TimePoint> until;
  std::size_t most = 0;
  PumpUntil("300 calls went", [&] {
    for (std::size_t m = 0; m < members_.size(); ++m) {
      Member& member = *members_[m];
      for (const std::string& ref : std::set<std::string>(member.running)) {
        const std::string name = std::to_string(m) + ref;
        const auto hold = milliseconds(random.Below(15));
        const auto [it, fresh] = until.emplace(name, Now() + hold);
        if (Now() < it->second) continue;
        if (random.Below(5) == 0) {
          member.running.erase(ref);
          member.limiter.Forget(ref);
        } else {
          member.End(ref);
        }
      }
      while (member.asked.size() < 2) member.Ask("c" + std::to_string(++member.demanded));
    }
    most = std::max(most, Running());
    EXPECT_LE(Running(), 3u);
    return Granted() >= 300 || testing::Test::HasFailure();
  });
  EXPECT_EQ(most, 3u);
}

TEST_F(LimiterTest, TwoModelsOfOneGpuNeverRunAtOnce) {
  Member& a = Add({LimitOf("gpu0", 0, 0, 1)});
  Member& b = Add({LimitOf("key", 60000, 0, 0), LimitOf("gpu0", 0, 0, 1)});
  PumpUntil("both went 20 times", [&] {
    EXPECT_LE(Running(), 1u);
    a.Demand(3);
    b.Demand(3);
    return (a.granted >= 20 && b.granted >= 20) || testing::Test::HasFailure();
  });
}

TEST_F(LimiterTest, AWorkerThatVanishesFreesItsPlaceAfterTheLease) {
  constexpr milliseconds kLease{600};
  Member& stays = Add({LimitOf("gpu", 0, 0, 1)}, kLease);
  Member& goes = Add({LimitOf("gpu", 0, 0, 1)}, kLease);
  const TimePoint taken = Now();
  Start(goes, "1");
  members_.pop_back();
  stays.Ask("2");
  PumpUntil("the place is free", [&] { return stays.running.count("2") > 0; });
  EXPECT_GE(Now() - taken, kLease);
}

TEST_F(LimiterTest, ARunningCallKeepsItsPlaceBeyondTheLease) {
  constexpr milliseconds kLease{600};
  Member& a = Add({LimitOf("gpu", 0, 0, 1)}, kLease);
  Member& b = Add({LimitOf("gpu", 0, 0, 1)}, kLease);
  Start(a, "1");
  b.Ask("2");
  PumpFor(3 * kLease, [&] { ASSERT_EQ(Running(), 1u); });
  a.End("1");
  PumpUntil("the place is free", [&] { return b.running.count("2") > 0; });
}

TEST_F(LimiterTest, ALargeCallDoesNotStarveBehindSmallOnes) {
  for (int i = 0; i < 3; ++i) Add({LimitOf("key", 0, 60000, 0)});  // 1000 a second
  Member& large = Add({LimitOf("key", 0, 60000, 0)});
  PumpFor(milliseconds(500), [&] {
    for (int i = 0; i < 3; ++i) members_[static_cast<std::size_t>(i)]->Demand(4, 100);
  });
  const TimePoint asked = Now();
  large.Ask("large", 1500);
  PumpUntil("the large one goes", [&] {
    for (int i = 0; i < 3; ++i) members_[static_cast<std::size_t>(i)]->Demand(4, 100);
    return large.running.count("large") > 0;
  });
  EXPECT_LT(Seconds(Now() - asked), 4);
}

TEST_F(LimiterTest, ACallThatCannotWaitSoLongIsToldSoAtOnce) {
  Member& member = Add({LimitOf("key", 6, 0, 0)});
  Start(member, "1");
  member.Ask("2", 1, seconds(5));
  const TimePoint asked = Now();
  PumpUntil("it is refused", [&] { return !member.refused.empty(); });
  EXPECT_LT(Now() - asked, seconds(4));
  EXPECT_EQ(member.refused[0].ref, "2");
  EXPECT_GT(member.refused[0].wait, seconds(8));
  EXPECT_EQ(member.limiter.counts().refused, 1);
}

TEST_F(LimiterTest, ACallThatFindsNoPlaceUntilItsDeadlineIsRefused) {
  Member& member = Add({LimitOf("gpu", 0, 0, 1)});
  Start(member, "1");
  member.Ask("2", 1, milliseconds(300));
  const TimePoint asked = Now();
  PumpUntil("it is refused", [&] { return !member.refused.empty(); });
  EXPECT_GE(Now() - asked, milliseconds(300));
  EXPECT_GT(member.refused[0].wait, milliseconds(0));
}

TEST_F(LimiterTest, WhatIsForgottenOrReturnedIsThereForOthers) {
  Member& a = Add({LimitOf("key", 6, 0, 0)});
  Member& b = Add({LimitOf("key", 6, 0, 0)});
  Start(a, "1");
  a.limiter.Return("1");  // it never went out
  Start(b, "2");
  a.Ask("3");  // in 10 s
  PumpFor(milliseconds(100));
  a.limiter.Forget("3");
  b.Ask("4", 1, milliseconds(10500));
  PumpFor(milliseconds(300));
  EXPECT_TRUE(b.refused.empty());  // booked for the instant that was forgotten
}

TEST_F(LimiterTest, APauseOfOneWorkerHoldsForAll) {
  Member& a = Add({LimitOf("key", 6000, 0, 0)});
  Member& b = Add({LimitOf("key", 6000, 0, 0)});
  Start(a, "1");
  Start(b, "2");
  const TimePoint paused = Now();
  a.limiter.Pause(milliseconds(1000), paused);
  PumpFor(milliseconds(200));
  Start(b, "3");
  EXPECT_GE(Now() - paused, milliseconds(1000));
}

TEST_F(LimiterTest, WithoutRedisAWorkerKeepsToItsShareAndComesBack) {
  constexpr double kPerSecond = 10;  // its share of 40
  Member& member = AddImpatient({LimitOf("key", 2400, 0, 4)});
  PumpFor(milliseconds(300), [&] { member.Demand(3); });
  EXPECT_GT(member.granted, 0);
  redis_.Kill();
  PumpUntil("it decides by itself", [&] {
    member.Demand(3);
    return member.limiter.local();
  });
  const TimePoint start = Now();
  const std::int64_t before = member.granted;
  PumpFor(seconds(2), [&] {
    EXPECT_LE(member.running.size(), 1u);  // its share of 4 places
    member.Demand(3);
    ASSERT_LE(static_cast<double>(member.granted - before),
              kPerSecond * (Seconds(Now() - start) + Seconds(kLimitLate) + 1) + 1);
  });
  EXPECT_GT(static_cast<double>(member.granted - before), kPerSecond);
  redis_.Restart();
  PumpUntil("Redis decides again", [&] {
    member.Demand(3);
    return !member.limiter.local();
  });
  const std::int64_t shared = member.limiter.counts().granted_shared;
  PumpUntil("it lets calls go", [&] {
    member.Demand(3);
    return member.limiter.counts().granted_shared > shared + 10;
  });
  EXPECT_EQ(member.limiter.counts().outages, 1);
}

TEST_F(LimiterTest, APauseHeardDuringAnOutageHoldsForAllAfterIt) {
  Member& heard = AddImpatient({LimitOf("key", 6000, 0, 0)});
  redis_.Kill();
  Start(heard, "1");
  heard.limiter.Pause(seconds(60), Now());
  redis_.Restart();
  PumpUntil("Redis decides again", [&] { return !heard.limiter.local(); });
  PumpFor(milliseconds(200));
  Member& other = Add({LimitOf("key", 6000, 0, 0)});
  other.Ask("2", 1, seconds(30));
  PumpUntil("it is refused", [&] { return !other.refused.empty(); });
  EXPECT_GT(other.refused[0].wait, seconds(30));
}

TEST_F(LimiterTest, ARedisThatHangsIsAwayAndWhatItGaveTooLateIsNotLost) {
  Member& member = AddImpatient({LimitOf("gpu", 0, 0, 4)});
  Start(member, "1");
  member.End("1");
  redis_.Pause();
  const TimePoint asked = Now();
  Start(member, "2");
  EXPECT_GE(Now() - asked, Limiter::Timing().answer_max);
  EXPECT_LT(Now() - asked, seconds(5));
  EXPECT_TRUE(member.limiter.local());
  member.Ask("3");
  PumpFor(milliseconds(100));
  EXPECT_EQ(member.running.size(), 1u);  // its share of the places
  redis_.Resume();
  PumpUntil("Redis decides again", [&] { return !member.limiter.local(); });
  PumpUntil("it goes", [&] { return member.running.count("3") > 0; });
  // What was let go meanwhile has its place in Redis too, and gives it back.
  RedisConnection other(redis_.address(), {});
  const auto held = [&] {
    const auto reply = other.Call({"ZCARD", "consilium:{0}:limit:gpu:held"}, seconds(5));
    return reply ? reply->integer : -1;
  };
  PumpUntil("both have places", [&] { return held() == 2; });
  member.End("2");
  member.End("3");
  PumpUntil("both are free", [&] { return held() == 0; });
}

}  // namespace
}  // namespace consilium
