#include "worker/check_advice.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace consilium {
namespace {

using testing::HasSubstr;
using testing::Not;

BackendConfig Backend() {
  BackendConfig config;
  config.model = "m";
  config.url = "http://127.0.0.1:8000/v1";
  return config;
}

std::string Advice(const BackendConfig& config, const std::string& code,
                   OutcomeStatus status = OutcomeStatus::kError) {
  Outcome outcome;
  outcome.status = status;
  outcome.code = code;
  outcome.model_served = "other";
  return AdviceFor(config, outcome);
}

TEST(AdviceForTest, WhatIsWellNeedsNone) {
  EXPECT_EQ(Advice(Backend(), "", OutcomeStatus::kOk), "");
}

TEST(AdviceForTest, NamesTheOptionsAndValuesThatMatter) {
  const BackendConfig config = Backend();
  EXPECT_THAT(Advice(config, "connect_failed"), HasSubstr("http://127.0.0.1:8000/v1"));
  EXPECT_THAT(Advice(config, "tls_failed"), HasSubstr("ca_file"));
  EXPECT_THAT(Advice(config, "wrong_model"), HasSubstr("add it to served_as"));
  EXPECT_THAT(Advice(config, "wrong_model"), HasSubstr("\"other\""));
  EXPECT_THAT(Advice(config, "stalled", OutcomeStatus::kTimedOut),
              HasSubstr("first_byte_ms = 120000 or stall_ms = 30000"));
  EXPECT_THAT(Advice(config, "truncated", OutcomeStatus::kMalformed),
              HasSubstr("max_tokens = 2048"));
  EXPECT_THAT(Advice(config, "deadline", OutcomeStatus::kTimedOut), HasSubstr("--timeout-s"));
}

TEST(AdviceForTest, RefusedKeyNamesTheVariableAndNeverItsValue) {
  BackendConfig config = Backend();
  EXPECT_THAT(Advice(config, "unauthorised"), HasSubstr("set api_key_env"));
  config.api_key_env = "MY_KEY";
  EXPECT_THAT(Advice(config, "unauthorised"), HasSubstr("environment variable MY_KEY"));
}

TEST(AdviceForTest, UnknownModelOfOllamaIsPulled) {
  BackendConfig config = Backend();
  EXPECT_THAT(Advice(config, "model_not_found"), HasSubstr("served_model"));
  config.provider = "ollama";
  config.served_model = "llama3.1:8b";
  EXPECT_THAT(Advice(config, "model_not_found"), HasSubstr("`ollama pull llama3.1:8b`"));
}

TEST(AdviceForTest, CodeWithoutItsOwnSentenceGetsTheOneOfItsKind) {
  const BackendConfig config = Backend();
  EXPECT_THAT(Advice(config, "schema_mismatch", OutcomeStatus::kMalformed),
              HasSubstr("`structured`"));
  EXPECT_THAT(Advice(config, "http_301"), HasSubstr("final address"));
  EXPECT_THAT(Advice(config, "http_502"), HasSubstr("in trouble"));
  EXPECT_THAT(Advice(config, "http_400"), HasSubstr("served_model, body and headers"));
  EXPECT_EQ(Advice(config, "never_heard_of"), "look at the server's log");
}

TEST(AdviceForTest, EverySentenceIsFilled) {
  for (const char* code : {"connect_failed",
                           "tls_failed",
                           "tls_handshake",
                           "unauthorised",
                           "insufficient_quota",
                           "model_not_found",
                           "wrong_model",
                           "http_429",
                           "limit",
                           "stalled",
                           "total",
                           "deadline",
                           "cut_stream",
                           "provider_error",
                           "oversized",
                           "truncated",
                           "empty",
                           "no_choices",
                           "no_message",
                           "no_candidates",
                           "not_json",
                           "content_filter",
                           "refusal"}) {
    EXPECT_THAT(Advice(Backend(), code), Not(HasSubstr("{"))) << code;
    EXPECT_NE(Advice(Backend(), code), "look at the server's log") << code;
  }
}

}  // namespace
}  // namespace consilium
