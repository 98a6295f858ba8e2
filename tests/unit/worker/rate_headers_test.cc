#include "worker/llm/rate_headers.h"

#include <gtest/gtest.h>

namespace consilium {
namespace {

// Sun, 06 Nov 1994 08:49:37 GMT, the date of RFC 9110's examples.
constexpr std::int64_t kThen = 784111777;

std::int64_t After(const std::string& text) {
  return ParseRetryAfter({{"retry-after", text}}, kThen).value_or(-1);
}

TEST(RetryAfterTest, SecondsMillisecondsAndDatesAreRead) {
  EXPECT_EQ(After("0"), 0);
  EXPECT_EQ(After("120"), 120000);
  EXPECT_EQ(After("1.5"), 1500);
  EXPECT_EQ(After("Sun, 06 Nov 1994 08:49:47 GMT"), 10000);
  EXPECT_EQ(After("Sunday, 06-Nov-94 08:49:47 GMT"), 10000);
  EXPECT_EQ(After("Sun Nov  6 08:49:47 1994"), 10000);
}

TEST(RetryAfterTest, MillisecondsComeFirst) {
  for (const char* name : {"retry-after-ms", "x-ms-retry-after-ms"}) {
    EXPECT_EQ(ParseRetryAfter({{"retry-after", "7"}, {name, "1250"}}, kThen), 1250);
    EXPECT_EQ(ParseRetryAfter({{"retry-after", "7"}, {name, "soon"}}, kThen), 7000);
  }
}

TEST(RetryAfterTest, ThePastIsNowAndADayIsTheMost) {
  EXPECT_EQ(After("-5"), 0);
  EXPECT_EQ(After("Sun, 06 Nov 1994 08:00:00 GMT"), 0);
  EXPECT_EQ(After("999999999"), 86'400'000);
  EXPECT_EQ(After("Sun, 06 Nov 2094 08:49:47 GMT"), 86'400'000);
}

TEST(RetryAfterTest, NonsenseIsNoWish) {
  for (const char* text : {"", "soon", "12 s", "inf", "nan", "Sun, 06 Nov 1994", "1e999"}) {
    EXPECT_EQ(After(text), -1) << text;
  }
  EXPECT_FALSE(ParseRetryAfter({}, kThen));
}

TEST(ResetTest, DurationsSecondsAndDatesAreRead) {
  const auto parse = [](const char* text) { return ParseReset(text, kThen).value_or(-1); };
  EXPECT_EQ(parse("20ms"), 20);
  EXPECT_EQ(parse("1s"), 1000);
  EXPECT_EQ(parse("6m0s"), 360'000);
  EXPECT_EQ(parse("1h2m3.5s"), 3'723'500);
  EXPECT_EQ(parse("59.70s"), 59'700);
  EXPECT_EQ(parse("3"), 3000);
  EXPECT_EQ(parse("1994-11-06T08:49:47Z"), 10'000);
  EXPECT_EQ(parse("1994-11-06T08:49:47.123456Z"), 10'000);
  EXPECT_EQ(parse("1994-11-06T08:49:47+00:00"), 10'000);
  EXPECT_EQ(ParseReset("1700000010", 1'700'000'000), 10'000) << "Unix seconds";
}

TEST(ResetTest, NonsenseIsNoTime) {
  for (const char* text : {"", "s", "1x", "ms5", "1h2", "tomorrow", "--", "1.2.3s"}) {
    EXPECT_FALSE(ParseReset(text, kThen)) << text;
  }
}

TEST(UsedUpTest, OnlyWhatIsAtZeroCountsAndTheLongestHolds) {
  EXPECT_FALSE(ParseUsedUp(
      {{"x-ratelimit-remaining-tokens", "1"}, {"x-ratelimit-reset-tokens", "1s"}}, kThen));
  EXPECT_EQ(ParseUsedUp({{"x-ratelimit-remaining-tokens", "0"},
                         {"x-ratelimit-reset-tokens", "1s"},
                         {"x-ratelimit-remaining-requests", "0"},
                         {"x-ratelimit-reset-requests", "2s"}},
                        kThen),
            2000);
  EXPECT_EQ(ParseUsedUp({{"anthropic-ratelimit-output-tokens-remaining", "0"},
                         {"anthropic-ratelimit-output-tokens-reset", "1994-11-06T08:49:42Z"}},
                        kThen),
            5000);
  EXPECT_FALSE(ParseUsedUp({{"x-ratelimit-remaining-requests", "0"}}, kThen)) << "until when?";
}

}  // namespace
}  // namespace consilium
