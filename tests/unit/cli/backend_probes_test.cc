#include "cli/backend_probes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/captured_process.h"
#include "shared/codec.h"

namespace consilium {
namespace {

using testing::HasSubstr;

BackendConfig Named(std::vector<std::string> limits) {
  BackendConfig backend;
  backend.limits = std::move(limits);
  return backend;
}

LimitConfig Limit(const std::string& name, std::int64_t concurrency) {
  LimitConfig limit;
  limit.name = name;
  limit.concurrency = concurrency;
  limit.requests_per_minute = concurrency == 0 ? 60 : 0;
  return limit;
}

TEST(MayStartTest, ThoseThatShareALimitOfOneGoOneAfterTheOther) {
  const std::vector<LimitConfig> limits = {Limit("gpu", 1), Limit("rate", 0)};
  const BackendConfig first = Named({"gpu", "rate"});
  EXPECT_TRUE(MayStart(first, {}, limits));
  EXPECT_FALSE(MayStart(Named({"gpu"}), {&first}, limits));
  EXPECT_TRUE(MayStart(Named({"rate"}), {&first}, limits)) << "no limit of what runs at once";
  EXPECT_TRUE(MayStart(Named({}), {&first}, limits));
}

TEST(MayStartTest, ALimitOfTwoTakesTwo) {
  const std::vector<LimitConfig> limits = {Limit("gpu", 2)};
  const BackendConfig one = Named({"gpu"});
  EXPECT_TRUE(MayStart(one, {&one}, limits));
  EXPECT_FALSE(MayStart(one, {&one, &one}, limits));
}

TEST(MayStartTest, AtMostEightRunAtOnce) {
  const BackendConfig one = Named({});
  EXPECT_TRUE(MayStart(one, std::vector<const BackendConfig*>(7, &one), {}));
  EXPECT_FALSE(MayStart(one, std::vector<const BackendConfig*>(8, &one), {}));
}

TEST(ReadReportTest, TheLastObjectCounts) {
  BackendCheck check;
  check.model = "m";
  check.status = "ok";
  check.warnings = {"w"};
  const auto report = ReadReport("a line of a log\n" + ToJson(check) + "\nanother\n", 0);
  ASSERT_TRUE(report.ok()) << report.error().text;
  EXPECT_EQ(report->model, "m");
  EXPECT_EQ(report->warnings, check.warnings);
}

TEST(ReadReportTest, WithoutOneTheEndAndTheComplaintAreSaid) {
  const auto report = ReadReport("consilium-worker: no\n such thing\n", 127 << 8);
  ASSERT_FALSE(report.ok());
  EXPECT_EQ(report.error().text,
            "consilium-worker --check: exit code 127: consilium-worker: no such thing");
  EXPECT_EQ(ReadReport("", 9).error().text,
            "consilium-worker --check: killed by signal 9 (Killed)");
  EXPECT_FALSE(ReadReport("{\"model\":1}\n", 0).ok());
}

TEST(ProbeProgressTest, SaysWhoIsAsked) {
  EXPECT_EQ(ProbeProgress({"a", "b"}, 3, 5, milliseconds(3400)),
            "2 of 5 models checked, 3 s; asking a, b");
}

TEST(RunAndReadTest, BothOutputsComeBack) {
  const auto said =
      RunAndRead("/bin/sh", {"-c", "echo out; echo err >&2"}, std::chrono::seconds(20));
  ASSERT_TRUE(said.ok()) << said.error().text;
  EXPECT_EQ(*said, "out\nerr\n");
}

TEST(RunAndReadTest, FailureAndSilenceAreErrors) {
  EXPECT_EQ(RunAndRead("/bin/sh", {"-c", "exit 3"}, std::chrono::seconds(20)).error().text,
            "/bin/sh: exit code 3");
  EXPECT_EQ(RunAndRead("/bin/sleep", {"60"}, milliseconds(20)).error().code, ErrorCode::kTimeout);
  EXPECT_THAT(RunAndRead("/no/such", {}, milliseconds(20)).error().text, HasSubstr("/no/such"));
}

}  // namespace
}  // namespace consilium
