#include "worker/timed.h"

#include <gtest/gtest.h>

namespace consilium {
namespace {

class TimedBackendTest : public testing::Test {
 protected:
  void Start(const std::string& ref, int delay_ms, int deadline_ms = 60000) {
    delay = milliseconds(delay_ms);
    BackendCall call;
    call.ref = ref;
    call.deadline = now + milliseconds(deadline_ms);
    backend.Start(call, now);
  }
  std::string Run() {
    std::vector<Completion> ended;
    due = backend.Run(now, ended);
    std::string all;
    for (const Completion& c : ended) {
      all += c.ref + ":" + c.outcome.code + ":" +
             std::to_string(static_cast<int>(c.outcome.latency_ms)) + ";";
    }
    return all;
  }
  std::chrono::microseconds delay{0};
  TimePoint now{milliseconds(1'000'000)};
  TimePoint due;
  TimedBackend backend{[this](const BackendCall&) {
    PlannedOutcome planned;
    planned.outcome.status = OutcomeStatus::kOk;
    planned.outcome.code = "done";
    planned.outcome.answer = Answer{};
    planned.outcome.provider = "test";
    planned.delay = delay;
    return planned;
  }};
};

TEST_F(TimedBackendTest, NoDelayEndsAtOnce) {
  Start("a", 0);
  EXPECT_EQ(Run(), "a:done:0;");
  EXPECT_EQ(due, TimePoint::max());
}

TEST_F(TimedBackendTest, CallsEndWhenTheyAreDueInThatOrder) {
  Start("a", 20);
  Start("b", 10);
  EXPECT_EQ(Run(), "");
  EXPECT_EQ(due, now + milliseconds(10));
  now += milliseconds(20);
  EXPECT_EQ(Run(), "b:done:20;a:done:20;");
}

TEST_F(TimedBackendTest, CancelledCallHasNoOutcome) {
  Start("a", 10);
  backend.Cancel("a");
  backend.Cancel("unknown");
  now += milliseconds(10);
  EXPECT_EQ(Run(), "");
}

TEST_F(TimedBackendTest, DeadlineEndsACallThatWouldTakeLonger) {
  Start("a", 100, 30);
  EXPECT_EQ(Run(), "");
  EXPECT_EQ(due, now + milliseconds(30));
  now += milliseconds(30);
  std::vector<Completion> ended;
  backend.Run(now, ended);
  ASSERT_EQ(ended.size(), 1u);
  EXPECT_EQ(ended[0].outcome.status, OutcomeStatus::kTimedOut);
  EXPECT_EQ(ended[0].outcome.code, "deadline");
  EXPECT_EQ(ended[0].outcome.text, "the deadline of the task passed before the model answered");
  EXPECT_FALSE(ended[0].outcome.answer);
  EXPECT_FALSE(ended[0].outcome.retryable);
  EXPECT_EQ(ended[0].outcome.provider, "test");
}

}  // namespace
}  // namespace consilium
