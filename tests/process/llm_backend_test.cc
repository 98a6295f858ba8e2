// Our four real backends against a server that goes wrong as it is told: each fault, streamed and
// whole, ends in its own state, after the number of requests that it should take.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/support/backend_rig.h"
#include "tests/support/fault_llm.h"

namespace consilium {
namespace {

// One fault that every request gets, and what a call comes to.
struct Row {
  Fault fault;
  const char* line;      // "status code"
  bool retryable;        // another attempt may do better
  std::size_t requests;  // 2: the reply was questioned
};

// A reply that is only late or wrong in its content is told from one that never comes.
constexpr Row kRows[] = {
    {Fault::kNone, "ok", false, 1},
    {Fault::kRateLimited, "rate_limited http_429", true, 1},
    {Fault::kRateLimitedRetryAfter, "rate_limited http_429", true, 1},
    {Fault::kHttp500, "error http_500", true, 1},
    {Fault::kOverloaded, "error http_503", true, 1},  // Anthropic's is 529
    {Fault::kUnauthorised, "error unauthorised", false, 1},
    {Fault::kModelNotFound, "error model_not_found", false, 1},
    {Fault::kSlowFirstByte, "timed_out stalled", true, 1},
    {Fault::kStall, "timed_out stalled", true, 1},
    {Fault::kEndless, "timed_out total", true, 1},
    {Fault::kCut, "error cut_stream", true, 1},
    {Fault::kReset, "error cut_stream", true, 1},
    {Fault::kTlsFailure, "error cut_stream", true, 1},
    {Fault::kGarbage, "malformed not_json", true, 1},
    {Fault::kErrorIn200, "error provider_error", true, 1},
    {Fault::kSchemaIgnored, "malformed not_json", false, 2},
    {Fault::kTruncated, "malformed truncated", false, 2},
    {Fault::kWrongModel, "error wrong_model", false, 1},
    {Fault::kRefused, "refused refusal", false, 1},  // Gemini's is content_filter
    {Fault::kOversized, "malformed oversized", true, 1},
    {Fault::kDeep, "malformed not_json", true, 1},
    {Fault::kInvalidUtf8, "malformed not_json", true, 1},
};

std::string ExpectedLine(const Row& row, const ProviderWay& way) {
  if (row.fault == Fault::kOverloaded && way.provider == "anthropic") return "error http_529";
  if (row.fault == Fault::kRefused && way.provider == "gemini") return "refused content_filter";
  return row.line;
}

FaultPlan Always(Fault fault) {
  return [fault](const Asked&) { return fault; };
}

class LlmBackendTest : public testing::TestWithParam<ProviderWay> {
 protected:
  BackendConfig ConfigFor(const FaultLlm& server) const {
    return RigConfig(GetParam(), server.url());
  }
};

TEST_P(LlmBackendTest, ValidAnswerSaysWhereItComesFromAndHowItWasAsked) {
  FaultLlm server;
  BackendConfig config = ConfigFor(server);
  config.temperature = 0.25;
  config.max_tokens = 900;
  config.usd_per_million_prompt = 1.0;
  config.usd_per_million_completion = 2.0;
  BackendRig rig(config);
  const Outcome outcome = rig.Ask(RigCall("c")).outcome;
  ASSERT_EQ(LineOf(outcome), "ok") << outcome.text;
  ASSERT_EQ(outcome.answer->medications.size(), 1u);
  EXPECT_EQ(outcome.provider, GetParam().provider);
  EXPECT_EQ(outcome.model_served, "m1");
  EXPECT_GT(outcome.usage.prompt_tokens.value_or(0), 100);
  EXPECT_GT(outcome.usage.completion_tokens.value_or(0), 10);
  EXPECT_GT(outcome.usage.cost_usd.value_or(0), 0.0);
  EXPECT_EQ(outcome.prompt_hash.size(), 64u);
  EXPECT_EQ(outcome.parameters.temperature, 0.25);
  EXPECT_EQ(outcome.parameters.max_tokens, 900);
  EXPECT_EQ(outcome.parameters.structured, "schema");
  EXPECT_EQ(outcome.parameters.requests, 1);
  EXPECT_FALSE(outcome.simulated);
  ASSERT_EQ(server.ledger().size(), 1u);
  EXPECT_EQ(server.ledger()[0].streamed, GetParam().stream);
  EXPECT_EQ(server.ledger()[0].rung, LlmRung::kSchema);
  EXPECT_EQ(server.ledger()[0].key.model, "m1");
}

TEST_P(LlmBackendTest, ValidGradesComeForEachLabel) {
  FaultLlm server;
  BackendRig rig(ConfigFor(server));
  const Outcome outcome = rig.Ask(RigCall("c", Stage::kReview)).outcome;
  ASSERT_EQ(LineOf(outcome), "ok") << outcome.text;
  ASSERT_EQ(outcome.grades.size(), 2u);
  EXPECT_EQ(outcome.grades[0].label, "A");
  EXPECT_EQ(outcome.grades[1].label, "B");
}

TEST_P(LlmBackendTest, EachFaultEndsInItsOwnState) {
  for (const Row& row : kRows) {
    SCOPED_TRACE(FaultName(row.fault));
    FaultLlmOptions options;
    options.plan = Always(row.fault);
    FaultLlm server(options);
    BackendConfig config = ConfigFor(server);
    config.first_byte_ms = 300;
    config.stall_ms = 300;
    config.total_ms = row.fault == Fault::kEndless ? 600 : 20000;
    BackendRig rig(config);
    const Completion ended = rig.Ask(RigCall("c"));
    EXPECT_EQ(LineOf(ended.outcome), ExpectedLine(row, GetParam())) << ended.outcome.text;
    EXPECT_EQ(ended.outcome.retryable, row.retryable);
    EXPECT_EQ(ended.outcome.answer.has_value(), row.fault == Fault::kNone);
    EXPECT_EQ(ended.outcome.provider, GetParam().provider);
    EXPECT_EQ(server.ledger().size(), row.requests);
    const bool says_when = row.fault == Fault::kRateLimitedRetryAfter;
    EXPECT_EQ(ended.outcome.retry_after_ms.value_or(-1), says_when ? 3000 : -1);
    EXPECT_EQ(ended.pause.value_or(milliseconds(-1)).count(), says_when ? 3000 : -1);
    EXPECT_TRUE(server.WaitForEnded(row.requests)) << "nothing is left open";
  }
}

// Only the last event tells a whole stream from a cut one where the connection's end is the
// stream's.
TEST_P(LlmBackendTest, StreamThatEndsWithItsConnectionIsWholeOrCutByItsLastEvent) {
  for (const Row& row : kRows) {
    if (row.fault != Fault::kNone && row.fault != Fault::kCut && row.fault != Fault::kReset) {
      continue;
    }
    SCOPED_TRACE(FaultName(row.fault));
    FaultLlmOptions options;
    options.plan = Always(row.fault);
    options.streams_until_close = true;
    FaultLlm server(options);
    BackendRig rig(ConfigFor(server));
    const Outcome outcome = rig.Ask(RigCall("c")).outcome;
    EXPECT_EQ(LineOf(outcome), row.line) << outcome.text;
    EXPECT_EQ(outcome.retryable, row.retryable);
  }
}

TEST_P(LlmBackendTest, AnswerThatIsOnlyLateIsAnAnswer) {
  FaultLlmOptions options;
  options.plan = Always(Fault::kSlowFirstByte);
  options.slow_first_byte = milliseconds(400);
  FaultLlm server(options);
  BackendConfig config = ConfigFor(server);
  config.stall_ms = 100;  // counts once it has begun
  BackendRig rig(config);
  const Outcome outcome = rig.Ask(RigCall("c")).outcome;
  EXPECT_EQ(LineOf(outcome), "ok") << outcome.text;
  EXPECT_GE(outcome.latency_ms, 400.0);
}

TEST_P(LlmBackendTest, OverloadedServerThatNamesATimeMeansAllCalls) {
  FaultLlmOptions options;
  options.plan = Always(Fault::kOverloaded);
  options.headers = {"Retry-After: 2"};
  FaultLlm server(options);
  BackendRig rig(ConfigFor(server));
  const Completion ended = rig.Ask(RigCall("c"));
  EXPECT_EQ(ended.outcome.status, OutcomeStatus::kError);
  EXPECT_EQ(ended.outcome.retry_after_ms, 2000);
  EXPECT_EQ(ended.pause, milliseconds(2000));
}

TEST_P(LlmBackendTest, UnusableReplyIsRepairedByASecondQuestion) {
  for (const Fault fault : {Fault::kSchemaIgnored, Fault::kTruncated}) {
    for (const Stage stage : {Stage::kGenerate, Stage::kReview}) {
      SCOPED_TRACE(FaultName(fault));
      FaultLlmOptions options;
      options.plan = [fault](const Asked& asked) { return asked.nth == 1 ? fault : Fault::kNone; };
      FaultLlm server(options);
      BackendRig rig(ConfigFor(server));
      const Outcome outcome = rig.Ask(RigCall("c", stage)).outcome;
      EXPECT_EQ(LineOf(outcome), "ok") << outcome.text;
      EXPECT_TRUE(outcome.parameters.repaired);
      EXPECT_EQ(outcome.parameters.requests, 2);
      EXPECT_EQ(server.ledger().size(), 2u);
    }
  }
}

TEST_P(LlmBackendTest, SecondQuestionThatFailsEndsTheAttemptByItsOwnFault) {
  FaultLlmOptions options;
  options.plan = [](const Asked& asked) {
    return asked.nth == 1 ? Fault::kSchemaIgnored : Fault::kRateLimitedRetryAfter;
  };
  FaultLlm server(options);
  BackendRig rig(ConfigFor(server));
  const Outcome outcome = rig.Ask(RigCall("c")).outcome;
  EXPECT_EQ(LineOf(outcome), "rate_limited http_429");
  EXPECT_TRUE(outcome.retryable);
  EXPECT_EQ(outcome.retry_after_ms, 3000);
  EXPECT_EQ(server.ledger().size(), 2u);
}

TEST_P(LlmBackendTest, EndlessReplyIsCutOffAtItsLimit) {
  FaultLlmOptions options;
  options.plan = Always(Fault::kEndless);
  options.endless_gap = milliseconds(0);
  FaultLlm server(options);
  BackendConfig config = ConfigFor(server);
  config.reply_bytes_max = 20000;
  BackendRig rig(config);
  const Outcome outcome = rig.Ask(RigCall("c")).outcome;
  EXPECT_EQ(LineOf(outcome), "malformed oversized") << outcome.text;
  EXPECT_TRUE(server.WaitForClosed(1));
}

INSTANTIATE_TEST_SUITE_P(All, LlmBackendTest, testing::ValuesIn(AllProviderWays()), WayName);

}  // namespace
}  // namespace consilium
