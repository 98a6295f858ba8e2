#include "broker/retry.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "shared/ids.h"
#include "shared/limits.h"

namespace consilium {
namespace {

constexpr double kAlmostOne = 0.999999999;

Outcome Failed(bool retryable) {
  Outcome outcome;
  outcome.status = OutcomeStatus::kTimedOut;
  outcome.retryable = retryable;
  return outcome;
}

BrokerConfig Limits() {
  BrokerConfig config;
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
  EXPECT_FALSE(verdict.retry);
  EXPECT_FALSE(verdict.dead_letter);
}

TEST(RetryTest, APermanentFailureIsFinalAtOnceAndNoDeadLetter) {
  const Verdict verdict = Judge(Failed(false), 0, 10000, Limits(), 0.5);
  EXPECT_FALSE(verdict.retry);
  EXPECT_FALSE(verdict.dead_letter);
}

TEST(RetryTest, TheLastAttemptIsADeadLetter) {
  EXPECT_TRUE(Judge(Failed(true), 2, std::nullopt, Limits(), 0).retry);
  const Verdict last = Judge(Failed(true), 3, std::nullopt, Limits(), 0);
  EXPECT_FALSE(last.retry);
  EXPECT_TRUE(last.dead_letter);
  EXPECT_TRUE(Judge(Failed(true), 1000, std::nullopt, Limits(), 0).dead_letter);
}

TEST(RetryTest, TheCeilingDoublesUpToTheLimit) {
  BrokerConfig config = Limits();
  config.attempts_max = 1000000;
  config.backoff_ms_max = 5000;
  const auto longest = [&config](std::int64_t failed_before) {
    return Judge(Failed(true), failed_before, std::nullopt, config, kAlmostOne).delay_ms;
  };
  EXPECT_EQ(longest(0), 1000);
  EXPECT_EQ(longest(1), 2000);
  EXPECT_EQ(longest(2), 4000);
  EXPECT_EQ(longest(3), 5000);
  EXPECT_EQ(longest(100000), 5000);
  EXPECT_EQ(Judge(Failed(true), 2, std::nullopt, config, 0).delay_ms, 0);
}

TEST(RetryTest, ABackoffOverItsLimitIsTheLimit) {
  BrokerConfig config = Limits();
  config.backoff_ms = 9000;
  config.backoff_ms_max = 5000;
  EXPECT_EQ(Judge(Failed(true), 0, std::nullopt, config, kAlmostOne).delay_ms, 5000);
}

TEST(RetryTest, JitterIsUniform) {
  // Kolmogorov-Smirnov against the uniform distribution on [0, 4000]; 1.95 / sqrt(n) is the 0.1 %
  // limit.
  constexpr int kDraws = 10000;
  SeededRandom random(7, "jitter");
  std::vector<double> delays;
  for (int i = 0; i < kDraws; ++i) {
    const Verdict verdict = Judge(Failed(true), 2, std::nullopt, Limits(), random.Unit());
    ASSERT_TRUE(verdict.retry);
    ASSERT_GE(verdict.delay_ms, 0);
    ASSERT_LE(verdict.delay_ms, 4000);
    delays.push_back(static_cast<double>(verdict.delay_ms) / 4001);
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
  EXPECT_EQ(Judge(limited, 0, std::nullopt, Limits(), 0).delay_ms, 7000);
  EXPECT_EQ(Judge(limited, 0, std::nullopt, Limits(), kAlmostOne).delay_ms, 8000);
  limited.retry_after_ms = -5;
  EXPECT_EQ(Judge(limited, 0, std::nullopt, Limits(), 0).delay_ms, 0);
}

TEST(RetryTest, ADelayThatDoesNotFitTheTimeLeftIsFinalNow) {
  EXPECT_TRUE(Judge(Failed(true), 0, 501, Limits(), 0.5).retry);
  const Verdict verdict = Judge(Failed(true), 0, 500, Limits(), 0.5);
  EXPECT_FALSE(verdict.retry);
  EXPECT_FALSE(verdict.dead_letter);
  EXPECT_FALSE(Judge(Failed(true), 0, -3, Limits(), 0).retry);

  Outcome limited = Failed(true);
  limited.retry_after_ms = std::numeric_limits<std::int64_t>::max();
  EXPECT_FALSE(Judge(limited, 0, 500, Limits(), 0.5).retry);
  EXPECT_EQ(Judge(limited, 0, std::nullopt, Limits(), 0).delay_ms, 24LL * 3600 * 1000);
}

Outcome Good() {
  Outcome outcome;
  outcome.status = OutcomeStatus::kOk;
  outcome.answer.emplace();
  outcome.latency_ms = 12;
  return outcome;
}

TEST(SanitisedTest, AGoodOutcomeStaysAsItIs) {
  EXPECT_EQ(Sanitised(Stage::kGenerate, Good()).status, OutcomeStatus::kOk);
  EXPECT_TRUE(Sanitised(Stage::kGenerate, Good()).answer.has_value());
  Outcome review = Good();
  review.grades.push_back({"A", 1.0, "", false});
  const Outcome kept = Sanitised(Stage::kReview, review);
  EXPECT_EQ(kept.status, OutcomeStatus::kOk);
  EXPECT_EQ(kept.grades.size(), 1U);
  EXPECT_FALSE(kept.answer.has_value());
}

TEST(SanitisedTest, OkWithoutWhatTheStageAsksForIsMalformed) {
  Outcome outcome = Good();
  outcome.answer.reset();
  outcome = Sanitised(Stage::kGenerate, outcome);
  EXPECT_EQ(outcome.status, OutcomeStatus::kMalformed);
  EXPECT_EQ(outcome.code, "bad_result");
  EXPECT_EQ(outcome.text, "ok without an answer");
  EXPECT_TRUE(outcome.retryable);

  EXPECT_EQ(Sanitised(Stage::kReview, Good()).text, "ok without a grade");
  Outcome many = Good();
  many.answer->medications.resize(65);
  EXPECT_EQ(Sanitised(Stage::kGenerate, many).text,
            "answer with 65 medications, expected at most 64");
  for (const double grade : {-0.1, 1.1, std::nan("")}) {
    Outcome review = Good();
    review.grades.push_back({"A", grade, "", false});
    review = Sanitised(Stage::kReview, review);
    EXPECT_EQ(review.text, "grade outside 0..1");
    EXPECT_TRUE(review.grades.empty());
  }
}

TEST(SanitisedTest, AFailureCarriesNoAnswerAndABoundedText) {
  Outcome outcome = Good();
  outcome.status = OutcomeStatus::kError;
  outcome.text = std::string(limits::kReasonBytesMax - 1, 'x') + "\xC3\xA4";
  outcome.latency_ms = std::nan("");
  outcome = Sanitised(Stage::kGenerate, outcome);
  EXPECT_FALSE(outcome.answer.has_value());
  EXPECT_EQ(outcome.text, std::string(limits::kReasonBytesMax - 1, 'x'));
  EXPECT_EQ(outcome.latency_ms, 0);
}

}  // namespace
}  // namespace consilium
