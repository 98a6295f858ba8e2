#include "worker/gate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace consilium {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class GateTest : public testing::Test {
 protected:
  GateTest() {
    config.model = "m";
    config.breaker_pause_ms = 5000;
  }
  Gate& gate() {
    RedisAddress nowhere;
    nowhere.socket = "/nonexistent/redis.sock";
    if (!gate_) gate_.emplace(config, limits, nowhere, 1);
    return *gate_;
  }
  void Ask(const std::string& ref, int left_ms = 60000, std::int64_t attempts = 0) {
    BackendCall call;
    call.ref = ref;
    call.attempts = attempts;
    call.deadline = now + milliseconds(left_ms);
    gate().Ask(call, now);
  }
  // What goes now, then "ref: code" of what is stopped.
  std::vector<std::string> Passed() {
    Gate::Passed passed;
    int turns = 0;
    do {
      due = gate().Run(now, passed);
    } while (due <= now && ++turns < 100);
    EXPECT_GT(due, now) << "it would be called for ever";
    std::vector<std::string> texts;
    for (const BackendCall& call : passed.go) texts.push_back(call.ref);
    for (const Completion& stopped : passed.stopped) {
      texts.push_back(stopped.ref + ": " + stopped.outcome.code);
    }
    return texts;
  }
  void End(const std::string& ref, OutcomeStatus status, const std::string& code = "") {
    Completion ended;
    ended.ref = ref;
    ended.outcome.status = status;
    ended.outcome.code = code;
    gate().End(ended, now);
  }
  void Fail(int calls) {
    for (int i = 0; i < calls; ++i) {
      Ask("f");
      ASSERT_THAT(Passed(), ElementsAre("f"));
      End("f", OutcomeStatus::kError, "http_500");
    }
  }
  void Pass(int ms) { now += milliseconds(ms); }

  BackendConfig config;
  std::vector<LimitConfig> limits;
  TimePoint now{milliseconds(1'000'000)};
  TimePoint due;

 private:
  std::optional<Gate> gate_;
};

TEST_F(GateTest, WithoutLimitsAndTroubleEverythingGoesAtOnceInOrder) {
  Ask("a");
  Ask("b");
  EXPECT_THAT(Passed(), ElementsAre("a", "b"));
  EXPECT_EQ(due, TimePoint::max());
  EXPECT_EQ(gate().Trouble(now), "");
}

TEST_F(GateTest, OpenBreakerHoldsACallAsLongAsAnotherAttemptWouldTake) {
  Fail(8);
  EXPECT_EQ(gate().Trouble(now), "breaker open: http_500");
  Ask("a");
  EXPECT_THAT(Passed(), IsEmpty());
  const TimePoint give_up = due;
  EXPECT_GT(give_up, now);
  EXPECT_LE(give_up, now + milliseconds(config.backoff_ms));
  now = give_up;
  EXPECT_THAT(Passed(), ElementsAre("a: breaker_open"));
}

TEST_F(GateTest, CallThatWaitsGoesAsAProbe) {
  config.backoff_ms = 60000;
  Fail(8);
  Ask("a");
  Ask("b");
  Ask("c");
  EXPECT_THAT(Passed(), IsEmpty());
  EXPECT_EQ(due, now + milliseconds(5000));
  Pass(5000);
  EXPECT_THAT(Passed(), ElementsAre("a", "b")) << "two probes";
  End("a", OutcomeStatus::kOk);
  EXPECT_THAT(Passed(), IsEmpty());
  End("b", OutcomeStatus::kOk);
  EXPECT_EQ(gate().Trouble(now), "");
  EXPECT_THAT(Passed(), ElementsAre("c"));
}

TEST_F(GateTest, LastAttemptAtAnOpenBreakerEndsAtOnce) {
  Fail(8);
  Ask("a", 60000, config.attempts_max - 1);
  EXPECT_THAT(Passed(), ElementsAre("a: breaker_open"));
}

TEST_F(GateTest, DeadlineEndsTheWaitAsADeadline) {
  config.backoff_ms = 60000;
  Fail(8);
  Ask("a", 10);
  EXPECT_THAT(Passed(), ElementsAre("a: breaker_open")) << "no other attempt would fit";
}

TEST_F(GateTest, CancelledCallsMakeRoom) {
  config.backoff_ms = 60000;
  Fail(8);
  Ask("a");
  Ask("b");
  gate().Cancel("a");
  Pass(5000);
  EXPECT_THAT(Passed(), ElementsAre("b"));
  Ask("c");
  Ask("d");
  EXPECT_THAT(Passed(), ElementsAre("c"));
  gate().Cancel("c");
  EXPECT_THAT(Passed(), ElementsAre("d"));
  gate().Cancel("unknown");
}

TEST_F(GateTest, WhatModelsSayAndLimitsDoNotOpenTheBreaker) {
  for (int i = 0; i < 20; ++i) {
    for (const OutcomeStatus status :
         {OutcomeStatus::kMalformed, OutcomeStatus::kRefused, OutcomeStatus::kRateLimited}) {
      Ask("a");
      EXPECT_THAT(Passed(), ElementsAre("a"));
      End("a", status);
    }
  }
  EXPECT_EQ(gate().Trouble(now), "");
}

TEST_F(GateTest, ProviderThatNamesATimeGetsNoCallBefore) {
  Ask("a");
  Ask("b");
  Passed();
  Completion limited;
  limited.ref = "a";
  limited.outcome.status = OutcomeStatus::kRateLimited;
  limited.pause = milliseconds(3000);
  gate().End(limited, now);
  limited.ref = "b";
  limited.pause = milliseconds(1000);
  gate().End(limited, now);
  Ask("c");
  Ask("d", /*left_ms=*/2000);
  EXPECT_THAT(Passed(), ElementsAre("d: limit")) << "it does not fit, so it ends at once";
  EXPECT_EQ(due, now + milliseconds(3000)) << "the longer of the two";
  EXPECT_EQ(gate().Trouble(now), "the provider wants no call for 3 s");
  Pass(2999);
  EXPECT_THAT(Passed(), IsEmpty());
  Pass(1);
  EXPECT_THAT(Passed(), ElementsAre("c"));
}

// One call at a time, by this worker's own count: there is no Redis here.
class LimitedGateTest : public GateTest {
 protected:
  LimitedGateTest() {
    limits.emplace_back();
    limits[0].name = "gpu";
    limits[0].concurrency = 1;
    config.backoff_ms = 60000;
  }
  // What goes within `ms`, in steps in which the limiter looks again.
  std::vector<std::string> PassedWithin(int ms) {
    std::vector<std::string> all;
    for (int i = 0; i < ms; i += 50) {
      for (std::string& text : Passed()) all.push_back(std::move(text));
      Pass(50);
    }
    return all;
  }
};

TEST_F(LimitedGateTest, WhatTheProviderDidWhileACallWaitedForItsTurnCounts) {
  for (int i = 0; i < 30; ++i) Ask("c" + std::to_string(i), 600000);
  std::size_t gone = 0;
  for (int i = 0; i < 30; ++i) {
    for (const std::string& ref : PassedWithin(1000)) {
      ++gone;
      End(ref, OutcomeStatus::kError, "http_500");
    }
  }
  EXPECT_GE(gone, 8u);
  EXPECT_LE(gone, 14u) << "eight to see it, then a few probes";
}

TEST_F(LimitedGateTest, PauseHoldsForWhatWaitedForItsTurn) {
  Ask("a", 600000);
  Ask("b", 600000);
  EXPECT_THAT(PassedWithin(1000), ElementsAre("a"));
  Completion limited;
  limited.ref = "a";
  limited.outcome.status = OutcomeStatus::kRateLimited;
  limited.pause = milliseconds(30000);
  gate().End(limited, now);
  EXPECT_THAT(PassedWithin(29000), IsEmpty());
  EXPECT_THAT(PassedWithin(3000), ElementsAre("b"));
}

TEST_F(GateTest, LongSilenceUpToTheDeadlineCountsAndAShortDeadlineDoesNot) {
  const auto hang = [this](double latency_ms) {
    for (int i = 0; i < 10; ++i) {
      Ask("a");
      if (Passed().empty()) return;
      Completion ended;
      ended.ref = "a";
      ended.outcome = DeadlineOutcome();
      ended.outcome.latency_ms = latency_ms;
      gate().End(ended, now);
    }
  };
  hang(500);
  EXPECT_EQ(gate().Trouble(now), "");
  hang(60000);
  EXPECT_EQ(gate().Trouble(now), "breaker open: deadline");
}

TEST_F(GateTest, SimulatedModelsHaveNoBreaker) {
  config.provider = "simulated";
  Fail(20);
  EXPECT_EQ(gate().Trouble(now), "");
}

TEST(ProvidersFaultTest, OneWrongRequestIsNotTheProviders) {
  Outcome outcome;
  outcome.status = OutcomeStatus::kError;
  outcome.code = "connect_failed";
  EXPECT_TRUE(IsProvidersFault(outcome));
  outcome.code = "http_400";
  EXPECT_FALSE(IsProvidersFault(outcome));
  outcome.status = OutcomeStatus::kTimedOut;
  outcome.code = "stalled";
  EXPECT_TRUE(IsProvidersFault(outcome));
  outcome.status = OutcomeStatus::kOk;
  EXPECT_FALSE(IsProvidersFault(outcome));
}

TEST(EstimateTest, GrowsWithTheCaseAndHasTheLongestReply) {
  BackendCall call;
  const std::int64_t empty = EstimateTokens(call, 1000);
  EXPECT_GT(empty, 1000);
  call.vignette.text = std::string(4000, 'x');
  EXPECT_EQ(EstimateTokens(call, 1000), empty + 1000);
  call.review = ReviewPacket{{{"A", {}}}};
  call.review->answers[0].answer.rationale = std::string(400, 'y');
  EXPECT_EQ(EstimateTokens(call, 1000), empty + 1100);
}

}  // namespace
}  // namespace consilium
