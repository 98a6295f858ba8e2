#include "worker/retry.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "shared/ids.h"

namespace consilium {
namespace {

constexpr double kAlmostOne = 0.999999999;
constexpr std::int64_t kLong = std::numeric_limits<std::int64_t>::max();  // no deadline near

Outcome Failed(bool retryable) {
  Outcome outcome;
  outcome.status = OutcomeStatus::kTimedOut;
  outcome.retryable = retryable;
  return outcome;
}

BackendConfig Limits() {
  BackendConfig config;
  config.attempts_max = 4;
  config.backoff_ms = 1000;
  config.backoff_ms_max = 60000;
  return config;
}

TEST(RetryTest, SuccessIsFinalEvenWhenCalledRetryable) {
  Outcome outcome;
  outcome.status = OutcomeStatus::kOk;
  outcome.retryable = true;
  const Verdict verdict = Judge(outcome, 0, 10000, Limits(), 0.5);
  EXPECT_EQ(verdict.retry_in_ms, std::nullopt);
  EXPECT_FALSE(verdict.dead_letter);
}

TEST(RetryTest, APermanentFailureIsFinalAtOnceAndNoDeadLetter) {
  const Verdict verdict = Judge(Failed(false), 0, 10000, Limits(), 0.5);
  EXPECT_EQ(verdict.retry_in_ms, std::nullopt);
  EXPECT_FALSE(verdict.dead_letter);
}

TEST(RetryTest, TheLastAttemptIsADeadLetter) {
  EXPECT_TRUE(Judge(Failed(true), 2, kLong, Limits(), 0).retry_in_ms.has_value());
  const Verdict last = Judge(Failed(true), 3, kLong, Limits(), 0);
  EXPECT_EQ(last.retry_in_ms, std::nullopt);
  EXPECT_TRUE(last.dead_letter);
  EXPECT_TRUE(Judge(Failed(true), 1000, kLong, Limits(), 0).dead_letter);
}

TEST(RetryTest, TheCeilingDoublesUpToTheLimit) {
  BackendConfig config = Limits();
  config.attempts_max = 1000000;
  config.backoff_ms_max = 5000;
  const auto longest = [&config](std::int64_t failed_before) {
    return Judge(Failed(true), failed_before, kLong, config, kAlmostOne).retry_in_ms;
  };
  EXPECT_EQ(longest(0), 1000);
  EXPECT_EQ(longest(1), 2000);
  EXPECT_EQ(longest(2), 4000);
  EXPECT_EQ(longest(3), 5000);
  EXPECT_EQ(longest(100000), 5000);
  EXPECT_EQ(Judge(Failed(true), 2, kLong, config, 0).retry_in_ms, 0);
}

TEST(RetryTest, ABackoffOverItsLimitIsTheLimit) {
  BackendConfig config = Limits();
  config.backoff_ms = 9000;
  config.backoff_ms_max = 5000;
  EXPECT_EQ(Judge(Failed(true), 0, kLong, config, kAlmostOne).retry_in_ms, 5000);
}

TEST(RetryTest, JitterIsUniform) {
  // Kolmogorov-Smirnov against the uniform distribution on [0, 4000]; 1.95 / sqrt(n) is the 0.1 %
  // limit.
  constexpr int kDraws = 10000;
  SeededRandom random(7, "jitter");
  std::vector<double> delays;
  for (int i = 0; i < kDraws; ++i) {
    const Verdict verdict = Judge(Failed(true), 2, kLong, Limits(), random.Unit());
    ASSERT_TRUE(verdict.retry_in_ms.has_value());
    ASSERT_GE(*verdict.retry_in_ms, 0);
    ASSERT_LE(*verdict.retry_in_ms, 4000);
    delays.push_back(static_cast<double>(*verdict.retry_in_ms) / 4001);
  }
  std::sort(delays.begin(), delays.end());
  double distance = 0;
  for (int i = 0; i < kDraws; ++i) {
    const double seen = static_cast<double>(i + 1) / kDraws;
    distance = std::max(distance, std::abs(seen - delays[static_cast<std::size_t>(i)]));
  }
  EXPECT_LT(distance, 1.95 / std::sqrt(kDraws)) << "seed 7";
}

TEST(RetryTest, TheProvidersWishIsALowerBound) {
  Outcome limited = Failed(true);
  limited.status = OutcomeStatus::kRateLimited;
  limited.retry_after_ms = 7000;
  EXPECT_EQ(Judge(limited, 0, kLong, Limits(), 0).retry_in_ms, 7000);
  EXPECT_EQ(Judge(limited, 0, kLong, Limits(), kAlmostOne).retry_in_ms, 8000);
  limited.retry_after_ms = -5;
  EXPECT_EQ(Judge(limited, 0, kLong, Limits(), 0).retry_in_ms, 0);
}

TEST(RetryTest, ADelayThatDoesNotFitTheTimeLeftIsFinalNow) {
  EXPECT_TRUE(Judge(Failed(true), 0, 501, Limits(), 0.5).retry_in_ms.has_value());
  const Verdict verdict = Judge(Failed(true), 0, 500, Limits(), 0.5);
  EXPECT_EQ(verdict.retry_in_ms, std::nullopt);
  EXPECT_FALSE(verdict.dead_letter);
  EXPECT_FALSE(Judge(Failed(true), 0, -3, Limits(), 0).retry_in_ms.has_value());

  Outcome limited = Failed(true);
  limited.retry_after_ms = std::numeric_limits<std::int64_t>::max();
  EXPECT_FALSE(Judge(limited, 0, 500, Limits(), 0.5).retry_in_ms.has_value());
}

}  // namespace
}  // namespace consilium
