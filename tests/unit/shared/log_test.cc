#include "shared/log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <regex>

namespace consilium {
namespace {

// What one call wrote to standard error, without the time in front.
std::string Written(LogLevel level, LogLevel at, std::initializer_list<LogField> fields) {
  StartLog("consilium-test", level);
  testing::internal::CaptureStderr();
  Log(at, "lease_expired", fields);
  std::string line = testing::internal::GetCapturedStderr();
  StartLog("consilium-test", LogLevel::kOff);
  const std::size_t space = line.find(' ');
  return space == std::string::npos ? line : line.substr(space + 1);
}

TEST(LogTest, WritesTimeLevelProgramEventAndFields) {
  StartLog("consilium-test", LogLevel::kInfo);
  testing::internal::CaptureStderr();
  LogInfo("lease_expired", {{"case", "c-1"}, {"attempt", 2}, {"late", std::string("no")}});
  const std::string line = testing::internal::GetCapturedStderr();
  StartLog("consilium-test", LogLevel::kOff);
  EXPECT_TRUE(std::regex_match(
      line, std::regex(R"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z info consilium-test )"
                       R"(lease_expired case=c-1 attempt=2 late=no\n)")))
      << line;
}

TEST(LogTest, QuotesAndEscapesValuesThatWouldBreakTheLine) {
  EXPECT_EQ(Written(LogLevel::kInfo, LogLevel::kWarn,
                    {{"text", "two words"},
                     {"quote", "say \"x\""},
                     {"line", "a\nb\x1b[0m"},
                     {"none", ""},
                     {"pair", "a=b"},
                     {"bytes", "\xFF"}}),
            "warn consilium-test lease_expired text=\"two words\" quote=\"say \\\"x\\\"\" "
            "line=\"a\\nb\\x1b[0m\" none=\"\" pair=\"a=b\" bytes=\\xff\n");
}

TEST(LogTest, CutsValuesAt256Bytes) {
  EXPECT_EQ(Written(LogLevel::kInfo, LogLevel::kInfo, {{"v", std::string(256, 'x')}}),
            "info consilium-test lease_expired v=" + std::string(256, 'x') + "\n");
  EXPECT_EQ(Written(LogLevel::kInfo, LogLevel::kInfo, {{"v", std::string(257, 'x')}}),
            "info consilium-test lease_expired v=\"" + std::string(256, 'x') + "...\"\n");
}

TEST(LogTest, LinesBelowTheLevelAreNotWritten) {
  EXPECT_EQ(Written(LogLevel::kWarn, LogLevel::kInfo, {}), "");
  EXPECT_EQ(Written(LogLevel::kOff, LogLevel::kError, {}), "");
  EXPECT_EQ(Written(LogLevel::kDebug, LogLevel::kDebug, {}),
            "debug consilium-test lease_expired\n");
}

TEST(LogTest, LevelsAreNamed) {
  EXPECT_EQ(ParseLogLevel("debug").value(), LogLevel::kDebug);
  EXPECT_EQ(ParseLogLevel("off").value(), LogLevel::kOff);
  EXPECT_EQ(ParseLogLevel("loud").error(),
            Invalid("log level = \"loud\", expected one of debug, info, warn, error, off"));
}

TEST(PowersOfTwoTest, IsDueAtOneTwoFourEight) {
  PowersOfTwo repeats;
  std::vector<std::int64_t> due;
  for (int i = 0; i < 20; ++i) {
    if (repeats.Due()) due.push_back(repeats.count());
  }
  EXPECT_THAT(due, testing::ElementsAre(1, 2, 4, 8, 16));
  repeats.Reset();
  EXPECT_TRUE(repeats.Due());
}

}  // namespace
}  // namespace consilium
