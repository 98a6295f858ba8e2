#include "worker/llm/reply_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace consilium {
namespace {

using nlohmann::json;
using End = HttpReply::End;

// Sun, 06 Nov 1994 08:49:37 GMT, the date of RFC 9110's examples.
constexpr std::int64_t kThen = 784111777;

class ReplyReaderTest : public testing::Test {
 protected:
  ReplyReaderTest() {
    config.model = "gpt";
    config.url = "https://example.com/v1";
    call.task = {"c", Stage::kGenerate, 1, "gpt"};
  }
  static HttpReply Done(int status, const std::string& body) {
    HttpReply reply;
    reply.end = End::kDone;
    reply.status = status;
    reply.body = body;
    return reply;
  }
  static HttpReply Broken(End end, const std::string& detail) {
    HttpReply reply;
    reply.end = end;
    reply.detail = detail;
    return reply;
  }
  static json Completion(const std::string& content, const std::string& finish = "stop") {
    return {{"model", "gpt-2026-01-01"},
            {"choices",
             json::array({{{"finish_reason", finish}, {"message", {{"content", content}}}}})},
            {"usage", {{"prompt_tokens", 1000}, {"completion_tokens", 500}}}};
  }
  Reading ReadAll(const HttpReply& reply, bool deadline_bound = false) {
    return ReadResponse(*MakeProvider(provider), config, call, reply, deadline_bound, kThen);
  }
  Outcome Read(const HttpReply& reply, bool deadline_bound = false) {
    return ReadAll(reply, deadline_bound).outcome;
  }
  // "status code retryable text"
  std::string Line(const HttpReply& reply, bool deadline_bound = false) {
    const Outcome outcome = Read(reply, deadline_bound);
    return std::string(kOutcomeStatusNames[static_cast<int>(outcome.status)]) + " " + outcome.code +
           (outcome.retryable ? " retry: " : " final: ") + outcome.text;
  }
  std::string provider = "openai";
  BackendConfig config;
  BackendCall call;
};

TEST_F(ReplyReaderTest, AnswerComesWithUsageAndServedModel) {
  config.usd_per_million_prompt = 2.0;
  config.usd_per_million_completion = 8.0;
  const Outcome outcome =
      Read(Done(200, Completion(R"({"medications":[{"ingredient":"aspirin"}]})").dump()));
  EXPECT_EQ(outcome.status, OutcomeStatus::kOk);
  EXPECT_EQ(outcome.answer->medications[0].ingredient, "aspirin");
  EXPECT_EQ(outcome.model_served, "gpt-2026-01-01");
  EXPECT_EQ(outcome.usage.prompt_tokens, 1000);
  EXPECT_EQ(outcome.usage.completion_tokens, 500);
  EXPECT_DOUBLE_EQ(*outcome.usage.cost_usd, 0.006);
  EXPECT_FALSE(outcome.simulated);
}

TEST_F(ReplyReaderTest, CostIsUnknownWithoutBothPricesAndBothCounts) {
  config.usd_per_million_prompt = 2.0;
  json body = Completion(R"({"medications":[]})");
  EXPECT_FALSE(Read(Done(200, body.dump())).usage.cost_usd);
  config.usd_per_million_completion = 8.0;
  body["usage"] = {{"prompt_tokens", 5}, {"completion_tokens", -1}};
  const Outcome outcome = Read(Done(200, body.dump()));
  EXPECT_EQ(outcome.usage.prompt_tokens, 5);
  EXPECT_FALSE(outcome.usage.completion_tokens);
  EXPECT_FALSE(outcome.usage.cost_usd);
  body.erase("usage");
  EXPECT_FALSE(Read(Done(200, body.dump())).usage.prompt_tokens);
}

TEST_F(ReplyReaderTest, ReviewGivesGrades) {
  call.task.stage = Stage::kReview;
  call.review = ReviewPacket{{{"A", {}}, {"B", {}}}};
  const Outcome outcome = Read(Done(
      200, Completion(R"({"grades":[{"label":"B","grade":0.5},{"label":"A","grade":1}]})").dump()));
  EXPECT_EQ(outcome.status, OutcomeStatus::kOk);
  EXPECT_FALSE(outcome.answer);
  ASSERT_EQ(outcome.grades.size(), 2u);
  EXPECT_EQ(outcome.grades[0].grade, 1.0);
  EXPECT_EQ(Line(Done(200, Completion(R"({"grades":[{"label":"A","grade":1}]})").dump())),
            "malformed schema_mismatch final: label \"B\": not graded");
}

TEST_F(ReplyReaderTest, RefusalsAreRefusals) {
  json body = Completion("");
  body["choices"][0]["message"]["refusal"] = "I cannot help with that";
  EXPECT_EQ(Line(Done(200, body.dump())), "refused refusal final: the model refused to answer");
  EXPECT_EQ(Line(Done(200, Completion("", "content_filter").dump())),
            "refused content_filter final: the provider's content filter stopped the answer");
  EXPECT_EQ(Read(Done(200, body.dump())).usage.prompt_tokens, 1000) << "they cost, too";
}

TEST_F(ReplyReaderTest, NullRefusalIsNone) {
  json body = Completion(R"({"medications":[]})");
  body["choices"][0]["message"]["refusal"] = nullptr;
  body["error"] = nullptr;
  EXPECT_EQ(Read(Done(200, body.dump())).status, OutcomeStatus::kOk);
}

TEST_F(ReplyReaderTest, ContentInPartsIsJoined) {
  json body = Completion("");
  body["choices"][0]["message"]["content"] = json::array(
      {{{"type", "text"}, {"text", R"({"medica)"}}, {{"type", "text"}, {"text", R"(tions":[]})"}}});
  EXPECT_EQ(Read(Done(200, body.dump())).status, OutcomeStatus::kOk);
}

TEST_F(ReplyReaderTest, WhatIsNotOfTheProvidersFormIsMalformedAndMayBeTriedAgain) {
  EXPECT_EQ(Line(Done(200, "<html>")),
            "malformed not_json retry: the reply of the server is not JSON");
  EXPECT_EQ(Line(Done(200, "[]")), "malformed no_choices retry: the reply has no choices");
  EXPECT_EQ(Line(Done(200, R"({"choices":[]})")),
            "malformed no_choices retry: the reply has no choices");
  EXPECT_EQ(Line(Done(200, R"({"choices":[7]})")),
            "malformed no_message retry: choices[0].message: missing");
  EXPECT_EQ(Line(Done(200, std::string(100000, '['))),
            "malformed not_json retry: the reply of the server is not JSON");
}

TEST_F(ReplyReaderTest, WhatTheModelWroteAndCannotBeUsedIsQuestionedAndNotTriedAgain) {
  EXPECT_EQ(Line(Done(200, Completion(" ").dump())), "malformed empty final: the reply is empty");
  const HttpReply idle = Done(200, Completion("no idea").dump());
  EXPECT_EQ(Line(idle),
            "malformed not_json final: no JSON object with \"medications\" in the reply");
  const Reading reading = ReadAll(idle);
  EXPECT_EQ(reading.complaint, "no JSON object with \"medications\" in the reply");
  EXPECT_EQ(reading.content, "no idea");
  EXPECT_TRUE(reading.accepted);
  EXPECT_FALSE(ReadAll(Done(200, "<html>")).complaint) << "no model wrote that";
  EXPECT_FALSE(ReadAll(Done(200, Completion("", "content_filter").dump())).complaint);
}

TEST_F(ReplyReaderTest, AnswerThatMaxTokensCutsIsTruncated) {
  const char truncated[] =
      "malformed truncated final: the model reached max_tokens before its answer was complete";
  EXPECT_EQ(Line(Done(200, Completion(R"({"medications":[{"ingr)", "length").dump())), truncated);
  EXPECT_EQ(Line(Done(200, Completion("", "length").dump())), truncated);
  EXPECT_EQ(Read(Done(200, Completion(R"({"medications":[]} and so)", "length").dump())).status,
            OutcomeStatus::kOk)
      << "it was complete after all";
}

TEST_F(ReplyReaderTest, ErrorInASuccessfulReplyIsTheProviders) {
  EXPECT_EQ(Line(Done(200, R"({"error":{"message":"quotes the prompt","type":"overloaded"}})")),
            "error provider_error retry: a success with an error in it (overloaded)");
  EXPECT_EQ(Line(Done(200, R"({"error":"quotes the prompt"})")),
            "error provider_error retry: a success with an error in it");
}

TEST_F(ReplyReaderTest, StatusCodesAreClassified) {
  EXPECT_EQ(Line(Done(401, R"({"error":{"code":"invalid_api_key"}})")),
            "error unauthorised final: HTTP 401 (invalid_api_key): the key in api_key_env is "
            "missing, wrong or not allowed to use gpt");
  EXPECT_EQ(Line(Done(403, "")),
            "error unauthorised final: HTTP 403: the key in api_key_env is missing, wrong or not "
            "allowed to use gpt");
  EXPECT_EQ(Line(Done(404, "")),
            "error model_not_found final: HTTP 404: https://example.com/v1 does not serve \"gpt\"");
  EXPECT_EQ(Line(Done(400, R"({"error":{"code":"a sentence, not a word"}})")),
            "error http_400 final: HTTP 400 from https://example.com/v1");
  EXPECT_EQ(Line(Done(302, "")),
            "error http_302 final: HTTP 302 from https://example.com/v1: redirects are not "
            "followed, expected the final address in url");
  for (const int status : {408, 409, 500, 502, 503, 504, 529}) {
    std::string line = "error http_N retry: HTTP N from https://example.com/v1";
    for (std::size_t at = line.find('N'); at != line.npos; at = line.find('N')) {
      line.replace(at, 1, std::to_string(status));
    }
    EXPECT_EQ(Line(Done(status, "gateway page")), line);
  }
}

TEST_F(ReplyReaderTest, RateLimitCarriesTheProvidersWish) {
  HttpReply reply = Done(429, "{}");
  reply.headers["retry-after"] = "3";
  EXPECT_EQ(Line(reply), "rate_limited http_429 retry: HTTP 429: the provider limits the rate");
  EXPECT_EQ(Read(reply).retry_after_ms, 3000);
  reply.headers["retry-after-ms"] = "250";
  EXPECT_EQ(Read(reply).retry_after_ms, 250);
  EXPECT_EQ(Line(Done(429, R"({"error":{"code":"insufficient_quota"}})")),
            "rate_limited insufficient_quota final: HTTP 429 (insufficient_quota): the provider "
            "limits the rate");
}

TEST_F(ReplyReaderTest, WhoeverLimitsTheRateStopsAllCallsForThatLong) {
  HttpReply reply = Done(429, "{}");
  EXPECT_FALSE(ReadAll(reply).pause_ms) << "no time was named";
  reply.headers["retry-after"] = "3";
  EXPECT_EQ(ReadAll(reply).pause_ms, 3000);
  reply.status = 503;
  EXPECT_EQ(ReadAll(reply).pause_ms, 3000);
  reply.status = 500;
  EXPECT_FALSE(ReadAll(reply).pause_ms) << "it concerns this request";
  EXPECT_EQ(Read(reply).retry_after_ms, 3000);
}

TEST_F(ReplyReaderTest, UsedUpLimitIsSeenBeforeItIsRefused) {
  HttpReply reply = Done(200, Completion(R"({"medications":[]})").dump());
  reply.headers = {{"x-ratelimit-remaining-requests", "0"},
                   {"x-ratelimit-reset-requests", "1.5s"},
                   {"x-ratelimit-remaining-tokens", "9"},
                   {"x-ratelimit-reset-tokens", "1h"}};
  EXPECT_EQ(ReadAll(reply).pause_ms, 1500);
  EXPECT_EQ(Read(reply).status, OutcomeStatus::kOk);
  reply.status = 429;
  EXPECT_EQ(Read(reply).retry_after_ms, 1500) << "the limit's end stands for a Retry-After";
}

TEST_F(ReplyReaderTest, GoogleSaysInTheBodyWhenToComeBack) {
  const HttpReply reply = Done(429, R"({"error":{"code":429,"status":"RESOURCE_EXHAUSTED",
      "details":[{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"34s"}]}})");
  EXPECT_EQ(Line(reply),
            "rate_limited http_429 retry: HTTP 429 (RESOURCE_EXHAUSTED): the provider limits the "
            "rate");
  EXPECT_EQ(Read(reply).retry_after_ms, 34000);
}

TEST_F(ReplyReaderTest, GoogleRefusesAKeyWithABadRequest) {
  EXPECT_EQ(Line(Done(400, R"({"error":{"code":400,"status":"INVALID_ARGUMENT",
                "details":[{"reason":"API_KEY_INVALID"}]}})")),
            "error unauthorised final: HTTP 400 (API_KEY_INVALID): the key in api_key_env is "
            "missing, wrong or not allowed to use gpt");
}

TEST_F(ReplyReaderTest, FilteredPromptIsARefusal) {
  for (const char* word : {"content_filter", "content_policy_violation"}) {
    EXPECT_EQ(Line(Done(400, std::string(R"({"error":{"code":")") + word + "\"}}")),
              "refused content_filter final: the provider's content filter refused the prompt");
  }
}

TEST_F(ReplyReaderTest, AnotherModelThanAskedIsNotTheAnswer) {
  json body = Completion(R"({"medications":[]})");
  body["model"] = "gpt-mini";
  EXPECT_EQ(Line(Done(200, body.dump())),
            "error wrong_model final: \"gpt\" was asked and \"gpt-mini\" answered; if they are the "
            "same, add it to served_as");
  EXPECT_FALSE(Read(Done(200, body.dump())).answer);
  EXPECT_EQ(Read(Done(200, body.dump())).usage.prompt_tokens, 1000) << "it costs all the same";
  config.served_as = {"gpt-mini"};
  EXPECT_EQ(Read(Done(200, body.dump())).status, OutcomeStatus::kOk);
  body.erase("model");
  EXPECT_EQ(Read(Done(200, body.dump())).status, OutcomeStatus::kOk) << "it does not say";
}

TEST_F(ReplyReaderTest, StreamThatSaidItIsDoneIsDoneHoweverItEnds) {
  HttpReply reply = Broken(End::kStalled, "no byte for 5 ms");
  reply.status = 200;
  reply.body = "data: {\"choices\":[{\"delta\":{\"content\":\"{\\\"medications\\\":[]}\"}}]}\n\n";
  EXPECT_EQ(Line(reply), "timed_out stalled retry: the model stalled: no byte for 5 ms");
  reply.body += "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n";
  EXPECT_EQ(Read(reply).status, OutcomeStatus::kOk);
  reply.end = End::kOversized;
  EXPECT_EQ(Read(reply).code, "oversized");
}

TEST_F(ReplyReaderTest, HalfAReplyIsNotMendedUnlessTheModelEndedByItself) {
  const std::string half =
      "data: {\"choices\":[{\"delta\":{\"content\":\"{\\\"medications\\\":[{\\\"ingredient\\\":"
      "\\\"aspirin\\\"}]\"}}]}\n\n";
  EXPECT_EQ(Read(Done(200, half + "data: [DONE]\n\n")).status, OutcomeStatus::kMalformed);
  EXPECT_EQ(Read(Done(200, half + "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}"
                                  "\n\n"))
                .status,
            OutcomeStatus::kOk);
}

TEST_F(ReplyReaderTest, SentenceInPlaceOfAModelsNameIsNotRepeated) {
  json body = Completion(R"({"medications":[]})");
  body["model"] = "Patient John Smith, 54";
  EXPECT_EQ(Read(Done(200, body.dump())).text,
            "\"gpt\" was asked and something that is no name of a model answered; if they are the "
            "same, add it to served_as");
}

TEST_F(ReplyReaderTest, UsedUpLimitSlowsDownForSecondsNotForTheWholeRefill) {
  HttpReply reply = Done(200, Completion(R"({"medications":[]})").dump());
  reply.headers = {{"x-ratelimit-remaining-requests", "0"}, {"x-ratelimit-reset-requests", "24h"}};
  EXPECT_EQ(ReadAll(reply).pause_ms, 5000);
}

TEST_F(ReplyReaderTest, StreamThatEndsEarlyIsCut) {
  EXPECT_EQ(Line(Done(200, "data: {\"choices\":[{\"delta\":{\"content\":\"{}\"}}]}\n\n")),
            "error cut_stream retry: the reply ended before its end");
}

TEST_F(ReplyReaderTest, TransportFailuresAreClassified) {
  EXPECT_EQ(Line(Broken(End::kConnectFailed, "refused")),
            "error connect_failed retry: no connection to https://example.com/v1: refused");
  EXPECT_EQ(Line(Broken(End::kTlsFailed, "self-signed")),
            "error tls_failed final: the certificate of https://example.com/v1 is not trusted: "
            "self-signed");
  EXPECT_EQ(Line(Broken(End::kHandshakeFailed, "eof")),
            "error tls_handshake retry: no encrypted connection to https://example.com/v1: eof");
  EXPECT_EQ(Line(Broken(End::kStalled, "no byte for 5 ms")),
            "timed_out stalled retry: the model stalled: no byte for 5 ms");
  EXPECT_EQ(Line(Broken(End::kTotal, "not done within 5 ms")),
            "timed_out total retry: the model was too slow: not done within 5 ms");
  EXPECT_EQ(Line(Broken(End::kTotal, ""), /*deadline_bound=*/true),
            "timed_out deadline final: the deadline of the task passed before the model answered");
  EXPECT_EQ(Line(Broken(End::kCut, "early end")),
            "error cut_stream retry: the connection broke: early end");
  EXPECT_EQ(Line(Broken(End::kOversized, "")),
            "malformed oversized retry: the reply has more than 2097152 bytes");
}

}  // namespace
}  // namespace consilium
