// Our four real backends where size, number and time matter: replies without end, calls that are
// withdrawn, and many at once.
#include <gtest/gtest.h>

#include <fstream>
#include <string>

#include "tests/support/backend_rig.h"
#include "tests/support/fault_llm.h"

namespace consilium {
namespace {

// The most memory that this process ever had, in MiB; the server's thread is part of it and keeps
// no reply whole.
std::size_t PeakMib() {
  std::ifstream file("/proc/self/status");
  for (std::string line; std::getline(file, line);) {
    if (line.rfind("VmHWM:", 0) == 0) return std::stoul(line.substr(6)) / 1024;
  }
  return 0;
}

class LlmBackendLoadTest : public testing::TestWithParam<ProviderWay> {};

TEST_P(LlmBackendLoadTest, OversizedReplyIsNotReadToItsEnd) {
  FaultLlmOptions options;
  options.plan = [](const Asked& asked) {
    return asked.key.marker == "big" ? Fault::kOversized : Fault::kNone;
  };
  FaultLlm server(options);
  BackendRig rig(RigConfig(GetParam(), server.url()));
  ASSERT_EQ(LineOf(rig.Ask(RigCall("small")).outcome), "ok");
  const std::size_t before = PeakMib();
  ASSERT_GT(before, 0u);
  for (int i = 0; i < 4; ++i) {
    const Outcome outcome = rig.Ask(RigCall("c", Stage::kGenerate, "marker:big")).outcome;
    EXPECT_EQ(LineOf(outcome), "malformed oversized");
    EXPECT_TRUE(outcome.retryable);
  }
  EXPECT_TRUE(server.WaitForClosed(4)) << "the rest is not waited for";
  EXPECT_LT(PeakMib() - before, 40u)
      << "less than one of the four, also where freed memory is kept";
}

TEST_P(LlmBackendLoadTest, CancelClosesTheSocketAtOnceAlsoInMidStream) {
  for (const Fault fault : {Fault::kSlowFirstByte, Fault::kStall, Fault::kEndless}) {
    SCOPED_TRACE(FaultName(fault));
    FaultLlmOptions options;
    options.plan = [fault](const Asked&) { return fault; };
    options.slow_first_byte = std::chrono::seconds(60);
    FaultLlm server(options);
    BackendRig rig(RigConfig(GetParam(), server.url()));
    rig.Start(RigCall("c"));
    ASSERT_TRUE(rig.RunUntil([&] { return server.ledger().size() == 1; }));
    // Some bytes of those that have begun arrive.
    const TimePoint later = Now() + milliseconds(100);
    ASSERT_TRUE(rig.RunUntil([&] { return Now() >= later; }));
    ASSERT_EQ(server.counts().closed_by_peer, 0);
    rig.backend().Cancel("c");
    // Without another turn of the backend.
    EXPECT_TRUE(server.WaitForClosed(1, std::chrono::seconds(2)));
    EXPECT_TRUE(server.WaitForEnded(1));
    rig.backend().Run(Now(), rig.ended);
    EXPECT_TRUE(rig.ended.empty()) << "nobody waits for an outcome";
  }
}

TEST_P(LlmBackendLoadTest, TwoHundredCallsAreInFlightOnOneThread) {
  constexpr std::size_t kCalls = 200;
  FaultLlmOptions options;
  options.latency = milliseconds(500);
  FaultLlm server(options);
  BackendConfig config = RigConfig(GetParam(), server.url());
  config.concurrency = kCalls;
  BackendRig rig(config);
  ASSERT_EQ(LineOf(rig.Ask(RigCall("first")).outcome), "ok") << "now the server is known";
  rig.ended.clear();
  for (std::size_t i = 0; i < kCalls; ++i) {
    rig.Start(RigCall("c" + std::to_string(i), i % 2 == 0 ? Stage::kGenerate : Stage::kReview,
                      "marker:" + std::to_string(i)));
  }
  ASSERT_TRUE(rig.RunUntil([&] { return rig.ended.size() == kCalls; }));
  for (const Completion& ended : rig.ended) EXPECT_EQ(LineOf(ended.outcome), "ok") << ended.ref;
  EXPECT_EQ(server.counts().in_flight_max, kCalls);
  EXPECT_EQ(server.ledger().size(), kCalls + 1);
}

INSTANTIATE_TEST_SUITE_P(All, LlmBackendLoadTest, testing::ValuesIn(AllProviderWays()), WayName);

}  // namespace
}  // namespace consilium
