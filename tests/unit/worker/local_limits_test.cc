#include "worker/local_limits.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "shared/ids.h"

namespace consilium {
namespace {

using Kind = PermitAnswer::Kind;
using std::chrono::seconds;

constexpr TimePoint kStart{std::chrono::hours(1)};
constexpr milliseconds kPatient{3600000};

LimitConfig LimitOf(const std::string& name, std::int64_t requests, std::int64_t tokens,
                    std::int64_t concurrency, double share = 1) {
  return {name, requests, tokens, concurrency, share};
}

TEST(LocalLimitsTest, AWorkerTakesItsShareOfARateOnly) {
  LocalLimits limits({LimitOf("l", 600, 0, 0, 0.25)});  // 150 a minute: 2 at once, then 0.4 s each
  EXPECT_EQ(limits.Take("1", 1, kPatient, kStart).kind, Kind::kGranted);
  EXPECT_EQ(limits.Take("2", 1, kPatient, kStart).kind, Kind::kGranted);
  const PermitAnswer third = limits.Take("3", 1, kPatient, kStart);
  EXPECT_EQ(third.kind, Kind::kBooked);
  EXPECT_EQ(third.wait, milliseconds(200));
}

TEST(LocalLimitsTest, AWorkerHasOnePlaceHoweverSmallItsShare) {
  LocalLimits limits({LimitOf("l", 0, 0, 8, 0.01)});
  EXPECT_EQ(limits.Take("1", 1, kPatient, kStart).kind, Kind::kGranted);
  EXPECT_EQ(limits.Take("2", 1, kPatient, kStart).kind, Kind::kBusy);
  limits.GiveBack("1", 1, {});
  EXPECT_EQ(limits.Take("2", 1, kPatient, kStart).kind, Kind::kGranted);
}

TEST(LocalLimitsTest, SharesOfPlacesAreRoundedDown) {
  LocalLimits limits({LimitOf("l", 0, 0, 11, 0.25)});
  EXPECT_EQ(limits.Take("1", 1, kPatient, kStart).kind, Kind::kGranted);
  EXPECT_EQ(limits.Take("2", 1, kPatient, kStart).kind, Kind::kGranted);
  EXPECT_EQ(limits.Take("3", 1, kPatient, kStart).kind, Kind::kBusy);
}

TEST(LocalLimitsTest, WhatRedisLetGoHasAPlaceHereToo) {
  LocalLimits limits({LimitOf("l", 0, 0, 1)});
  limits.Hold("1");
  EXPECT_EQ(limits.Take("2", 1, kPatient, kStart).kind, Kind::kBusy);
  EXPECT_EQ(limits.Take("1", 1, kPatient, kStart).kind, Kind::kGranted);
  limits.GiveBack("1", 1, {});
  EXPECT_EQ(limits.Take("2", 1, kPatient, kStart).kind, Kind::kGranted);
}

TEST(LocalLimitsTest, ADeadlineThatTheWaitDoesNotFitBooksNothing) {
  LocalLimits limits({LimitOf("l", 60, 0, 0)});
  limits.Take("1", 1, kPatient, kStart);
  const PermitAnswer never = limits.Take("2", 1, milliseconds(999), kStart);
  EXPECT_EQ(never.kind, Kind::kNever);
  EXPECT_EQ(never.wait, seconds(1));
  EXPECT_EQ(limits.Take("3", 1, milliseconds(1000), kStart).wait, seconds(1));
}

TEST(LocalLimitsTest, ABookedCallGoesWhenItsInstantHasComeEvenALittleLate) {
  LocalLimits limits({LimitOf("l", 60, 0, 0)});
  limits.Take("1", 1, kPatient, kStart);
  EXPECT_EQ(limits.Take("2", 1, kPatient, kStart).wait, seconds(1));
  EXPECT_EQ(limits.Take("3", 1, kPatient, kStart).wait, seconds(2));
  EXPECT_EQ(limits.Take("2", 1, kPatient, kStart + milliseconds(999)).kind, Kind::kBooked);
  EXPECT_EQ(limits.Take("2", 1, kPatient, kStart + milliseconds(1200)).kind, Kind::kGranted);
  EXPECT_EQ(limits.Take("3", 1, kPatient, kStart + milliseconds(2000)).kind, Kind::kGranted);
}

TEST(LocalLimitsTest, ABookedCallMovesForwardWhenAnotherIsGivenBack) {
  LocalLimits limits({LimitOf("l", 60, 0, 0)});
  limits.Take("1", 1, kPatient, kStart);
  limits.Take("2", 1, kPatient, kStart);
  EXPECT_EQ(limits.Take("3", 1, kPatient, kStart).wait, seconds(2));
  limits.GiveBack("2", 1, {false, {}});
  EXPECT_EQ(limits.Take("3", 1, kPatient, kStart).wait, seconds(1));
}

TEST(LocalLimitsTest, AllLimitsOrNone) {
  LocalLimits limits({LimitOf("rate", 60, 0, 0), LimitOf("place", 0, 0, 1)});
  EXPECT_EQ(limits.Take("1", 1, kPatient, kStart).kind, Kind::kGranted);
  const TimePoint later = kStart + seconds(1);
  EXPECT_EQ(limits.Take("2", 1, kPatient, later).kind, Kind::kBusy);
  limits.GiveBack("1", 1, {});
  // The busy answer took nothing of the rate.
  EXPECT_EQ(limits.Take("3", 1, kPatient, later).kind, Kind::kGranted);
}

TEST(LocalLimitsTest, APauseHoldsBackWhatWasBooked) {
  LocalLimits limits({LimitOf("l", 60, 0, 0)});
  limits.Take("1", 1, kPatient, kStart);
  limits.Take("2", 1, kPatient, kStart);
  limits.Pause(seconds(10), kStart);
  EXPECT_EQ(limits.Take("2", 1, kPatient, kStart + seconds(1)).wait, seconds(9));
  EXPECT_EQ(limits.Take("2", 1, kPatient, kStart + seconds(10)).kind, Kind::kGranted);
}

TEST(LocalLimitsTest, APauseDoesNotTouchLimitsWithoutARateAndLastsAnHourAtMost) {
  LocalLimits places({LimitOf("l", 0, 0, 1)});
  places.Pause(seconds(10), kStart);
  EXPECT_EQ(places.Take("1", 1, kPatient, kStart).kind, Kind::kGranted);
  LocalLimits rates({LimitOf("l", 60, 0, 0)});
  rates.Pause(std::chrono::hours(9), kStart);
  EXPECT_EQ(rates.Take("1", 1, kPatient, kStart).wait, std::chrono::hours(1));
}

TEST(LocalLimitsTest, TokensAreCorrectedBothWaysAndOnce) {
  LocalLimits limits({LimitOf("l", 0, 60000, 0)});  // 1000 a second
  limits.Take("1", 30000, kPatient, kStart);
  limits.GiveBack("1", 30000, {true, 10000});
  limits.GiveBack("1", 30000, {true, 10000});
  EXPECT_EQ(limits.Take("2", 2000, kPatient, kStart).wait, seconds(10));
  EXPECT_EQ(limits.Take("2", 2000, kPatient, kStart + seconds(10)).kind, Kind::kGranted);
  limits.GiveBack("2", 2000, {true, 5000});
  EXPECT_EQ(limits.Take("3", 1000, kPatient, kStart + seconds(10)).wait, seconds(5));
}

TEST(LocalLimitsTest, EveryRequestOfACallIsCharged) {
  LocalLimits limits({LimitOf("l", 60, 0, 0)});  // one a second
  limits.Take("1", 1, kPatient, kStart);
  limits.GiveBack("1", 1, {true, std::nullopt, 3});
  EXPECT_EQ(limits.Take("2", 1, kPatient, kStart).wait, seconds(3));
}

// Callers that come at random, ask again when told to, a little late, and sometimes go away.
class Crowd {
 public:
  Crowd(std::vector<LimitConfig> configs, std::uint64_t seed)
      : limits_(configs), configs_(std::move(configs)), random_(seed, "crowd") {}

  void RunFor(seconds time) {
    for (TimePoint now = kStart; now < kStart + time; now += milliseconds(5)) {
      if (random_.Below(20) == 0) Arrive(now);
      for (std::size_t i = 0; i < waiting_.size();) {
        i = waiting_[i].ask_at > now || !AskOnce(waiting_[i], now) ? i + 1 : Drop(i);
      }
    }
  }
  // The most that went beyond what the time allows, over all stretches of time: with one call's
  // cost or a second's worth left out.
  microseconds WorstExcess(std::size_t limit, std::size_t bucket) const {
    microseconds worst{-1000000000};
    for (std::size_t i = 0; i < went_.size(); ++i) {
      microseconds sum{0};
      for (std::size_t j = i; j < went_.size(); ++j) {
        const microseconds cost = CostOf(configs_[limit], went_[j].tokens)[bucket];
        sum += cost;
        const auto stretch =
            std::chrono::duration_cast<microseconds>(went_[j].ask_at - went_[i].ask_at);
        worst = std::max(worst, sum - stretch - std::max(cost, kLimitBurst));
      }
    }
    return worst;
  }
  std::size_t went() const { return went_.size(); }
  TimePoint last() const { return went_.back().ask_at; }
  milliseconds longest_overrun() const { return longest_overrun_; }

 private:
  struct Caller {
    std::string id;
    std::int64_t tokens = 0;
    TimePoint ask_at;
    std::optional<TimePoint> told;  // first
  };
  void Arrive(TimePoint now) {
    const bool large = random_.Below(10) == 0;
    const auto tokens =
        static_cast<std::int64_t>(large ? 5000 + random_.Below(5000) : 1 + random_.Below(500));
    waiting_.push_back({std::to_string(++count_), tokens, now, {}});
  }
  // True: it is gone.
  bool AskOnce(Caller& caller, TimePoint now) {
    const PermitAnswer answer = limits_.Take(caller.id, caller.tokens, seconds(60), now);
    if (answer.kind == Kind::kGranted) {
      const auto overrun = now - caller.told.value_or(now);
      longest_overrun_ = std::max(longest_overrun_, std::chrono::ceil<milliseconds>(overrun));
      went_.push_back({caller.id, caller.tokens, now, {}});
      limits_.GiveBack(caller.id, caller.tokens, {});
      return true;
    }
    if (answer.kind == Kind::kNever) return true;
    if (random_.Below(8) == 0) {
      limits_.GiveBack(caller.id, caller.tokens, {false, {}});
      return true;
    }
    if (!caller.told) caller.told = now + answer.wait;
    caller.ask_at =
        now + std::min<milliseconds>(answer.wait, seconds(1)) + milliseconds(random_.Below(200));
    return false;
  }
  std::size_t Drop(std::size_t i) {
    waiting_.erase(waiting_.begin() + static_cast<std::ptrdiff_t>(i));
    return i;
  }

  LocalLimits limits_;
  std::vector<LimitConfig> configs_;
  SeededRandom random_;
  std::deque<Caller> waiting_;
  std::vector<Caller> went_;
  milliseconds longest_overrun_{0};
  int count_ = 0;
};

std::uint64_t FirstSeed() {
  const char* const given = std::getenv("CONSILIUM_TEST_SEED");
  return given == nullptr ? 1 : std::strtoull(given, nullptr, 10);
}

TEST(LocalLimitsTest, NoStretchOfTimeSeesMoreThanItsRateAndTheBurst) {
  for (std::uint64_t seed = FirstSeed(); seed < FirstSeed() + 8; ++seed) {
    SCOPED_TRACE("CONSILIUM_TEST_SEED=" + std::to_string(seed));
    Crowd crowd({LimitOf("key", 120, 60000, 0), LimitOf("own", 0, 50000, 0)}, seed);
    crowd.RunFor(seconds(120));
    for (const auto& [limit, bucket] : {std::pair{0u, 0u}, {0u, 1u}, {1u, 1u}}) {
      EXPECT_LE(crowd.WorstExcess(limit, bucket), kLimitLate) << limit << " " << bucket;
    }
    // And it is used: what was asked for is more than there is.
    EXPECT_GT(crowd.went(), 40u);
    EXPECT_GT(crowd.last(), kStart + seconds(110));
  }
}

TEST(LocalLimitsTest, NobodyGoesLaterThanFirstTold) {
  for (std::uint64_t seed = FirstSeed(); seed < FirstSeed() + 8; ++seed) {
    SCOPED_TRACE("CONSILIUM_TEST_SEED=" + std::to_string(seed));
    Crowd crowd({LimitOf("key", 120, 60000, 0)}, seed);
    crowd.RunFor(seconds(120));
    EXPECT_LE(crowd.longest_overrun(), kLimitLate);
  }
}

}  // namespace
}  // namespace consilium
