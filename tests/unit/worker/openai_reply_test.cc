#include "worker/openai_reply.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace consilium {
namespace {

using nlohmann::json;
using End = HttpReply::End;

// Sun, 06 Nov 1994 08:49:37 GMT, the date of RFC 9110's examples.
constexpr std::int64_t kThen = 784111777;

class OpenAiReplyTest : public testing::Test {
 protected:
  OpenAiReplyTest() {
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
  Outcome Read(const HttpReply& reply, bool deadline_bound = false) {
    return ReadChatReply(config, call, reply, deadline_bound, kThen);
  }
  // "status code retryable text"
  std::string Line(const HttpReply& reply, bool deadline_bound = false) {
    const Outcome outcome = Read(reply, deadline_bound);
    return std::string(kOutcomeStatusNames[static_cast<int>(outcome.status)]) + " " + outcome.code +
           (outcome.retryable ? " retry: " : " final: ") + outcome.text;
  }
  BackendConfig config;
  BackendCall call;
};

TEST_F(OpenAiReplyTest, AnswerComesWithUsageAndServedModel) {
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

TEST_F(OpenAiReplyTest, CostIsUnknownWithoutBothPricesAndBothCounts) {
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

TEST_F(OpenAiReplyTest, ReviewGivesGrades) {
  call.task.stage = Stage::kReview;
  call.review = ReviewPacket{{{"A", {}}, {"B", {}}}};
  const Outcome outcome = Read(Done(
      200, Completion(R"({"grades":[{"label":"B","grade":0.5},{"label":"A","grade":1}]})").dump()));
  EXPECT_EQ(outcome.status, OutcomeStatus::kOk);
  EXPECT_FALSE(outcome.answer);
  ASSERT_EQ(outcome.grades.size(), 2u);
  EXPECT_EQ(outcome.grades[0].grade, 1.0);
  EXPECT_EQ(Line(Done(200, Completion(R"({"grades":[{"label":"A","grade":1}]})").dump())),
            "malformed schema_mismatch retry: label \"B\": not graded");
}

TEST_F(OpenAiReplyTest, RefusalsAreRefusals) {
  json body = Completion("");
  body["choices"][0]["message"]["refusal"] = "I cannot help with that";
  EXPECT_EQ(Line(Done(200, body.dump())), "refused refusal final: the model refused to answer");
  EXPECT_EQ(Line(Done(200, Completion("", "content_filter").dump())),
            "refused content_filter final: the provider's content filter stopped the answer");
  EXPECT_EQ(Read(Done(200, body.dump())).usage.prompt_tokens, 1000) << "they cost, too";
}

TEST_F(OpenAiReplyTest, NullRefusalIsNone) {
  json body = Completion(R"({"medications":[]})");
  body["choices"][0]["message"]["refusal"] = nullptr;
  body["error"] = nullptr;
  EXPECT_EQ(Read(Done(200, body.dump())).status, OutcomeStatus::kOk);
}

TEST_F(OpenAiReplyTest, ContentInPartsIsJoined) {
  json body = Completion("");
  body["choices"][0]["message"]["content"] = json::array(
      {{{"type", "text"}, {"text", R"({"medica)"}}, {{"type", "text"}, {"text", R"(tions":[]})"}}});
  EXPECT_EQ(Read(Done(200, body.dump())).status, OutcomeStatus::kOk);
}

TEST_F(OpenAiReplyTest, UnusableRepliesAreMalformedAndMayBeTriedAgain) {
  EXPECT_EQ(Line(Done(200, "<html>")),
            "malformed not_json retry: the reply of the server is not JSON");
  EXPECT_EQ(Line(Done(200, "[]")), "malformed no_choices retry: the reply has no choices");
  EXPECT_EQ(Line(Done(200, R"({"choices":[]})")),
            "malformed no_choices retry: the reply has no choices");
  EXPECT_EQ(Line(Done(200, R"({"choices":[7]})")),
            "malformed no_message retry: choices[0].message: missing");
  EXPECT_EQ(Line(Done(200, Completion(" ").dump())),
            "malformed empty retry: choices[0].message.content: empty");
  EXPECT_EQ(Line(Done(200, Completion("no idea").dump())),
            "malformed not_json retry: no JSON object with \"medications\" in the reply");
  EXPECT_EQ(Line(Done(200, std::string(100000, '['))),
            "malformed not_json retry: the reply of the server is not JSON");
}

TEST_F(OpenAiReplyTest, AnswerThatMaxTokensCutsIsTruncated) {
  const char truncated[] =
      "malformed truncated retry: the model reached max_tokens before its answer was complete";
  EXPECT_EQ(Line(Done(200, Completion(R"({"medications":[{"ingr)", "length").dump())), truncated);
  EXPECT_EQ(Line(Done(200, Completion("", "length").dump())), truncated);
  EXPECT_EQ(Read(Done(200, Completion(R"({"medications":[]} and so)", "length").dump())).status,
            OutcomeStatus::kOk)
      << "it was complete after all";
}

TEST_F(OpenAiReplyTest, ErrorInASuccessfulReplyIsTheProviders) {
  EXPECT_EQ(Line(Done(200, R"({"error":{"message":"quotes the prompt","type":"overloaded"}})")),
            "error provider_error retry: HTTP 200 with an error (overloaded)");
  EXPECT_EQ(Line(Done(200, R"({"error":"quotes the prompt"})")),
            "error provider_error retry: HTTP 200 with an error");
}

TEST_F(OpenAiReplyTest, StatusCodesAreClassified) {
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

TEST_F(OpenAiReplyTest, RateLimitCarriesTheProvidersWish) {
  HttpReply reply = Done(429, "{}");
  reply.retry_after = "3";
  EXPECT_EQ(Line(reply), "rate_limited http_429 retry: HTTP 429: the provider limits the rate");
  EXPECT_EQ(Read(reply).retry_after_ms, 3000);
  reply.retry_after_ms = "250";
  EXPECT_EQ(Read(reply).retry_after_ms, 250);
  EXPECT_EQ(Line(Done(429, R"({"error":{"code":"insufficient_quota"}})")),
            "rate_limited insufficient_quota final: HTTP 429 (insufficient_quota): the provider "
            "limits the rate");
}

TEST_F(OpenAiReplyTest, TransportFailuresAreClassified) {
  EXPECT_EQ(Line(Broken(End::kConnectFailed, "refused")),
            "error connect_failed retry: no connection to https://example.com/v1: refused");
  EXPECT_EQ(Line(Broken(End::kTlsFailed, "self-signed")),
            "error tls_failed final: the certificate of https://example.com/v1 is not trusted: "
            "self-signed");
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

TEST_F(OpenAiReplyTest, RequestHasWhatTheServerNeeds) {
  config.temperature = 0.5;
  config.max_tokens = 77;
  const json body = json::parse(ChatRequest(config, {}, {"S", "U"}, Stage::kGenerate));
  EXPECT_EQ(body["model"], "gpt");
  EXPECT_EQ(body["messages"], json::parse(R"([{"role":"system","content":"S"},
                                              {"role":"user","content":"U"}])"));
  EXPECT_EQ(body["temperature"], 0.5);
  EXPECT_EQ(body["max_tokens"], 77);
  EXPECT_EQ(body["response_format"]["type"], "json_schema");
  EXPECT_EQ(body["response_format"]["json_schema"]["strict"], true);
  config.served_model = "gpt-4o-2024";
  EXPECT_EQ(json::parse(ChatRequest(config, {}, {}, Stage::kGenerate))["model"], "gpt-4o-2024");
}

// Strict mode refuses a schema in which an object leaves a property optional or allows others.
void CheckStrict(const json& schema) {
  if (schema.contains("items")) CheckStrict(schema["items"]);
  if (schema["type"] != "object") return;
  EXPECT_EQ(schema["additionalProperties"], false);
  ASSERT_TRUE(schema["required"].is_array()) << schema;
  EXPECT_EQ(schema["required"].size(), schema["properties"].size());
  for (const auto& [name, property] : schema["properties"].items()) CheckStrict(property);
}

TEST_F(OpenAiReplyTest, SchemasAreStrict) {
  const auto schema = [this](Stage stage) {
    return json::parse(
        ChatRequest(config, {}, {}, stage))["response_format"]["json_schema"]["schema"];
  };
  CheckStrict(schema(Stage::kGenerate));
  CheckStrict(schema(Stage::kReview));
  EXPECT_EQ(schema(Stage::kGenerate)["properties"]["medications"]["items"]["properties"].size(),
            7u);
  EXPECT_EQ(schema(Stage::kGenerate)["properties"]["option"]["type"],
            json::parse(R"(["string","null"])"));
  EXPECT_EQ(schema(Stage::kReview)["properties"]["grades"]["items"]["properties"]["harm"]["type"],
            "boolean");
}

TEST_F(OpenAiReplyTest, RefusedParametersAreLeftOutTheNextTime) {
  const HttpReply no_schema = Done(400, R"({"error":{"message":"response_format unsupported"}})");
  const auto learned = LearnDialect(no_schema, {});
  ASSERT_TRUE(learned);
  EXPECT_FALSE(learned->json_schema);
  EXPECT_FALSE(
      json::parse(ChatRequest(config, *learned, {}, Stage::kGenerate)).contains("response_format"));
  EXPECT_FALSE(LearnDialect(no_schema, *learned)) << "it was not sent: something else is wrong";

  const auto renamed = LearnDialect(
      Done(400, "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead."), {});
  ASSERT_TRUE(renamed);
  const json body = json::parse(ChatRequest(config, *renamed, {}, Stage::kGenerate));
  EXPECT_FALSE(body.contains("max_tokens"));
  EXPECT_EQ(body["max_completion_tokens"], 1024);

  const auto fixed = LearnDialect(Done(400, "'temperature' does not support 0"), {});
  ASSERT_TRUE(fixed);
  EXPECT_FALSE(
      json::parse(ChatRequest(config, *fixed, {}, Stage::kGenerate)).contains("temperature"));
}

TEST_F(OpenAiReplyTest, OtherFailuresTeachNothing) {
  EXPECT_FALSE(LearnDialect(Done(400, "bad model"), {}));
  EXPECT_FALSE(LearnDialect(Done(500, "response_format"), {}));
  EXPECT_FALSE(LearnDialect(Done(200, "response_format"), {}));
  EXPECT_FALSE(LearnDialect(Broken(End::kCut, "response_format"), {}));
}

TEST(RetryAfterTest, SecondsMillisecondsAndDatesAreRead) {
  const auto parse = [](const std::optional<std::string>& after,
                        const std::optional<std::string>& ms = {}) {
    return ParseRetryAfter(after, ms, kThen).value_or(-1);
  };
  EXPECT_EQ(parse("0"), 0);
  EXPECT_EQ(parse("120"), 120000);
  EXPECT_EQ(parse("1.5"), 1500);
  EXPECT_EQ(parse("7", "1250"), 1250);
  EXPECT_EQ(parse("7", "soon"), 7000);
  EXPECT_EQ(parse("Sun, 06 Nov 1994 08:49:47 GMT"), 10000);
  EXPECT_EQ(parse("Sunday, 06-Nov-94 08:49:47 GMT"), 10000);
  EXPECT_EQ(parse("Sun Nov  6 08:49:47 1994"), 10000);
}

TEST(RetryAfterTest, ThePastIsNowAndADayIsTheMost) {
  const auto parse = [](const char* after) { return ParseRetryAfter(after, {}, kThen).value(); };
  EXPECT_EQ(parse("-5"), 0);
  EXPECT_EQ(parse("Sun, 06 Nov 1994 08:00:00 GMT"), 0);
  EXPECT_EQ(parse("999999999"), 86'400'000);
  EXPECT_EQ(parse("Sun, 06 Nov 2094 08:49:47 GMT"), 86'400'000);
}

TEST(RetryAfterTest, NonsenseIsNoWish) {
  for (const char* text : {"", "soon", "12 s", "inf", "nan", "Sun, 06 Nov 1994", "1e999"}) {
    EXPECT_FALSE(ParseRetryAfter(text, {}, kThen)) << text;
  }
  EXPECT_FALSE(ParseRetryAfter({}, {}, kThen));
}

}  // namespace
}  // namespace consilium
