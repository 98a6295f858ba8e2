#include "shared/health.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

namespace consilium {
namespace {

constexpr milliseconds kMax{5000};

class HealthTest : public testing::Test {
 protected:
  void TearDown() override { unlink(path.c_str()); }
  Status Read(bool alive_only = false) { return ReadHealth(path, kMax, alive_only, now); }

  std::string path = testing::TempDir() + "health_test." + std::to_string(getpid());
  TimePoint now{milliseconds(1'000'000)};
};

TEST_F(HealthTest, WhatALoopSaysIsReadUntilItFallsSilent) {
  HealthFile file(path);
  EXPECT_EQ(file.Tell("", now), now + milliseconds(1000));
  EXPECT_TRUE(Read().ok());
  now += milliseconds(5000);
  EXPECT_TRUE(Read().ok());
  now += milliseconds(1);
  EXPECT_EQ(Read().error(), (Error{ErrorCode::kTimeout, "no sign of life for 5001 ms"}));
  EXPECT_FALSE(Read(/*alive_only=*/true).ok()) << "a loop that hangs is not alive";
}

TEST_F(HealthTest, ATroubleIsToldAtOnceAndIsNoDeath) {
  HealthFile file(path);
  file.Tell("", now);
  file.Tell("Redis does not answer: closed", now);
  EXPECT_EQ(Read().error(), (Error{ErrorCode::kUnavailable, "Redis does not answer: closed"}));
  EXPECT_TRUE(Read(/*alive_only=*/true).ok());
  file.Tell("", now);
  EXPECT_TRUE(Read().ok());
}

TEST_F(HealthTest, TheFileIsWrittenOnceASecond) {
  HealthFile file(path);
  file.Tell("", now);
  unlink(path.c_str());
  file.Tell("", now + milliseconds(999));
  EXPECT_EQ(Read().error(),
            (Error{ErrorCode::kNotFound,
                   path + ": cannot be read: no program runs here that was started with --health " +
                       path}));
  now += milliseconds(1000);
  file.Tell("", now);
  EXPECT_TRUE(Read().ok());
}

TEST_F(HealthTest, AnotherFileIsRefused) {
  std::ofstream(path) << "12ab\n";
  EXPECT_EQ(Read().error(),
            Invalid(path + ": expected the file of a program that was started with --health FILE"));
}

TEST_F(HealthTest, WithoutAPathNothingIsWrittenOrDue) {
  HealthFile file("");
  EXPECT_EQ(file.Tell("trouble", now), TimePoint::max());
}

}  // namespace
}  // namespace consilium
