// The fault-injecting server on the wire: each form whole, each fault what its name says.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <optional>
#include <ostream>

#include "shared/text.h"
#include "tests/support/fault_llm.h"
#include "tests/support/http_exchange.h"
#include "tests/support/llm_dialogue.h"

namespace consilium {
namespace {

using End = WireExchange::End;
using Json = nlohmann::json;
using testing::AnyOf;
using testing::HasSubstr;
using testing::Not;

int PortOf(const std::string& url) { return std::stoi(url.substr(url.rfind(':') + 1)); }

struct Case {
  LlmForm form;
  bool streamed;
};

std::string Name(const Case& tested) {
  return std::string(LlmFormName(tested.form)) + (tested.streamed ? "_streamed" : "_whole");
}

// For GoogleTest, by its name.
void PrintTo(const Case& tested, std::ostream* out) { *out << Name(tested); }

class FaultLlmTest : public testing::TestWithParam<Case> {
 protected:
  void Serve(Fault fault) {
    options.plan = [fault](const Asked&) { return fault; };
    server.emplace(options);
  }
  WireExchange Send(const LlmWish& wish, const WireOptions& how = {}) {
    return Exchange(PortOf(server->url()), "POST", PathOf(wish), RequestOf(wish), how);
  }
  static LlmWish Generate() {
    return GenerateWish(GetParam().form, GetParam().streamed, "A cough. marker:c-17 No fever.");
  }
  // What is heard when `fault` is given; it must come back whole.
  LlmHeard HearWith(Fault fault) {
    Serve(fault);
    exchange = Send(Generate());
    EXPECT_EQ(exchange.end, End::kWhole);
    return Hear(Generate(), exchange.body);
  }
  FaultEntry Entry() {
    EXPECT_TRUE(server->WaitForEnded(1));
    return server->ledger().at(0);
  }
  // A reply with this status, and an error of one of these kinds.
  void ExpectError(Fault fault, int status, const std::vector<std::string>& words) {
    Serve(fault);
    exchange = Send(Generate());
    EXPECT_EQ(exchange.end, End::kWhole);
    EXPECT_EQ(exchange.status, status);
    LlmWish plain = Generate();
    plain.streamed = false;
    EXPECT_EQ(Hear(plain, exchange.body).error,
              words.at(static_cast<std::size_t>(GetParam().form)));
    EXPECT_FALSE(Entry().success);
    EXPECT_EQ(Entry().fault, fault);
  }

  FaultLlmOptions options;
  std::optional<FaultLlm> server;
  WireExchange exchange;
};

std::string NameOf(const testing::TestParamInfo<Case>& tested) { return Name(tested.param); }

INSTANTIATE_TEST_SUITE_P(
    Forms, FaultLlmTest,
    testing::Values(Case{LlmForm::kOpenAi, false}, Case{LlmForm::kOpenAi, true},
                    Case{LlmForm::kAnthropic, false}, Case{LlmForm::kAnthropic, true},
                    Case{LlmForm::kGemini, false}, Case{LlmForm::kGemini, true},
                    Case{LlmForm::kOllama, false}, Case{LlmForm::kOllama, true}),
    NameOf);

TEST_P(FaultLlmTest, AnswersACaseWithOneMedication) {
  const LlmHeard heard = HearWith(Fault::kNone);
  EXPECT_TRUE(heard.well_formed);
  EXPECT_TRUE(heard.finished);
  EXPECT_EQ(heard.model, "m1");
  EXPECT_THAT(heard.reason, AnyOf("stop", "end_turn", "STOP"));
  EXPECT_GT(heard.prompt_tokens, 10);
  EXPECT_GT(heard.completion_tokens, 10);
  const Json answer = Json::parse(heard.content);
  EXPECT_EQ(answer["medications"].size(), 1u);
  EXPECT_TRUE(answer["option"].is_null());
  const FaultEntry entry = Entry();
  EXPECT_TRUE(entry.success);
  EXPECT_EQ(entry.key.Text(), std::string(LlmFormName(GetParam().form)) + "/m1/c-17/generate");
  EXPECT_EQ(entry.streamed, GetParam().streamed);
}

TEST_P(FaultLlmTest, GradesEachLabel) {
  Serve(Fault::kNone);
  const LlmWish wish = ReviewWish(GetParam().form, GetParam().streamed, "A cough.");
  const Json grades = Json::parse(Hear(wish, Send(wish).body).content)["grades"];
  ASSERT_EQ(grades.size(), 2u);
  EXPECT_EQ(grades[0]["label"], "A");
  EXPECT_EQ(grades[1]["label"], "B");
  EXPECT_EQ(Entry().key.stage, "review");
}

TEST_P(FaultLlmTest, ContentFitsTheSchemaAskedFor) {
  Serve(Fault::kNone);
  LlmWish wish = Generate();
  wish.rung = LlmRung::kSchema;
  const Json answer = Json::parse(Hear(wish, Send(wish).body).content);
  EXPECT_EQ(answer.size(), 2u) << answer;
  EXPECT_EQ(answer["medications"][0].size(), 2u) << answer;
  EXPECT_TRUE(answer["rationale"].is_string());
  EXPECT_EQ(Entry().rung, LlmRung::kSchema);
}

TEST_P(FaultLlmTest, ToolIsCalledWithTheAnswer) {
  Serve(Fault::kNone);
  LlmWish wish = Generate();
  wish.rung = LlmRung::kTools;
  const LlmHeard heard = Hear(wish, Send(wish).body);
  EXPECT_EQ(heard.tool, "answer");
  EXPECT_EQ(Json::parse(heard.content)["medications"].size(), 1u);
  EXPECT_THAT(heard.reason, AnyOf("tool_calls", "tool_use", "STOP", "stop"));
  EXPECT_EQ(Entry().rung, LlmRung::kTools);
}

TEST_P(FaultLlmTest, OwnResponderIsAsked) {
  options.responder = [](const Asked& asked) { return "I am " + asked.key.model; };
  EXPECT_EQ(HearWith(Fault::kNone).content, "I am m1");
}

TEST_P(FaultLlmTest, RateLimited) {
  ExpectError(
      Fault::kRateLimited, 429,
      {"rate_limit_exceeded", "rate_limit_error", "RESOURCE_EXHAUSTED", "too many requests"});
  EXPECT_THAT(exchange.head, Not(HasSubstr("Retry-After")));
  EXPECT_THAT(exchange.body, Not(HasSubstr("retryDelay")));
}

TEST_P(FaultLlmTest, RateLimitedWithTheTimeToComeAgain) {
  ExpectError(
      Fault::kRateLimitedRetryAfter, 429,
      {"rate_limit_exceeded", "rate_limit_error", "RESOURCE_EXHAUSTED", "too many requests"});
  const bool in_body = GetParam().form == LlmForm::kGemini;
  EXPECT_THAT(in_body ? exchange.body : exchange.head,
              HasSubstr(in_body ? R"("retryDelay":"3s")" : "Retry-After: 3\r\n"));
}

TEST_P(FaultLlmTest, Http500) {
  ExpectError(Fault::kHttp500, 500,
              {"server_error", "api_error", "INTERNAL",
               "llama runner process has terminated: signal: killed"});
}

TEST_P(FaultLlmTest, Overloaded) {
  ExpectError(Fault::kOverloaded, GetParam().form == LlmForm::kAnthropic ? 529 : 503,
              {"overloaded", "overloaded_error", "UNAVAILABLE",
               "server busy, please try again.  maximum pending requests exceeded"});
}

TEST_P(FaultLlmTest, Unauthorised) {
  ExpectError(Fault::kUnauthorised, 401,
              {"invalid_api_key", "authentication_error", "UNAUTHENTICATED", "unauthorized"});
}

TEST_P(FaultLlmTest, ModelNotFound) {
  ExpectError(Fault::kModelNotFound, 404,
              {"model_not_found", "not_found_error", "NOT_FOUND", "model 'm1' not found"});
}

TEST_P(FaultLlmTest, ModelThatIsNotListedIsNotFound) {
  options.models = {"m2"};
  Serve(Fault::kNone);
  EXPECT_EQ(Send(Generate()).status, 404);
  EXPECT_EQ(Entry().fault, Fault::kModelNotFound);
}

TEST_P(FaultLlmTest, RefusedFeatureIsNamedAndOthersWork) {
  options.refused = {LlmFeature::kSchema};
  Serve(Fault::kNone);
  LlmWish wish = Generate();
  wish.rung = LlmRung::kSchema;
  exchange = Send(wish);
  EXPECT_EQ(exchange.status, 400);
  EXPECT_THAT(exchange.body, AnyOf(HasSubstr("response_format"), HasSubstr("output_config.format"),
                                   HasSubstr("responseJsonSchema"), HasSubstr("format")));
  EXPECT_EQ(Entry().fault, Fault::kRefusesParameter);
  wish.rung = LlmRung::kTools;
  EXPECT_EQ(Send(wish).status, 200);
}

TEST_P(FaultLlmTest, SlowFirstByteIsLateButRight) {
  options.slow_first_byte = milliseconds(300);
  EXPECT_TRUE(HearWith(Fault::kSlowFirstByte).finished);
  EXPECT_GE(exchange.first_byte, milliseconds(250));
  EXPECT_TRUE(Entry().success);
}

TEST_P(FaultLlmTest, StallIsSilentFromTheMiddleOn) {
  Serve(Fault::kStall);
  WireOptions how;
  how.silent_after = milliseconds(300);
  exchange = Send(Generate(), how);
  EXPECT_EQ(exchange.end, End::kSilent);
  EXPECT_EQ(exchange.status, 200);
  EXPECT_FALSE(exchange.body.empty());
  EXPECT_FALSE(Hear(Generate(), exchange.body).finished);
  EXPECT_TRUE(server->WaitForClosed(1));
  EXPECT_FALSE(Entry().success);
}

TEST_P(FaultLlmTest, EndlessGoesOn) {
  options.endless_gap = milliseconds(1);
  Serve(Fault::kEndless);
  WireOptions how;
  how.bytes_max = GetParam().streamed ? 20000 : 200;
  exchange = Send(Generate(), how);
  EXPECT_EQ(exchange.end, End::kEnough);
  EXPECT_FALSE(Hear(Generate(), exchange.body).finished);
  EXPECT_TRUE(server->WaitForClosed(1));
}

TEST_P(FaultLlmTest, CutIsClosedInTheMiddle) {
  Serve(Fault::kCut);
  exchange = Send(Generate());
  EXPECT_EQ(exchange.end, End::kClosed);
  const LlmHeard heard = Hear(Generate(), exchange.body);
  EXPECT_EQ(heard.well_formed, GetParam().streamed) << "a stream is cut between two events";
  EXPECT_FALSE(heard.finished);
  EXPECT_FALSE(Entry().success);
  EXPECT_EQ(server->counts().closed_by_peer, 0);
}

TEST_P(FaultLlmTest, StreamUntilCloseHasNoOtherEnd) {
  options.streams_until_close = true;
  Serve(Fault::kNone);
  exchange = Send(Generate());
  EXPECT_EQ(exchange.end, GetParam().streamed ? End::kClosed : End::kWhole);
  EXPECT_TRUE(Hear(Generate(), exchange.body).finished);
  EXPECT_TRUE(Entry().success);
}

TEST_P(FaultLlmTest, ResetIsAReset) {
  Serve(Fault::kReset);
  exchange = Send(Generate());
  EXPECT_EQ(exchange.end, End::kReset);
}

TEST_P(FaultLlmTest, GarbageIsNoJson) {
  const LlmHeard heard = HearWith(Fault::kGarbage);
  EXPECT_EQ(exchange.status, 200);
  EXPECT_FALSE(heard.well_formed);
  EXPECT_EQ(heard.content, "");
}

TEST_P(FaultLlmTest, ErrorIn200) {
  const LlmHeard heard = HearWith(Fault::kErrorIn200);
  EXPECT_EQ(exchange.status, 200);
  EXPECT_THAT(heard.error,
              AnyOf("overloaded", "overloaded_error", "UNAVAILABLE", HasSubstr("server busy")));
  EXPECT_FALSE(heard.finished);
}

TEST_P(FaultLlmTest, SchemaIgnoredIsProse) {
  const LlmHeard heard = HearWith(Fault::kSchemaIgnored);
  EXPECT_TRUE(heard.finished);
  EXPECT_THAT(heard.content, HasSubstr("I would rather explain"));
}

TEST_P(FaultLlmTest, TruncatedSaysSo) {
  const LlmHeard heard = HearWith(Fault::kTruncated);
  EXPECT_THAT(heard.reason, AnyOf("length", "max_tokens", "MAX_TOKENS"));
  EXPECT_FALSE(Json::accept(heard.content));
  EXPECT_THAT(heard.content, HasSubstr("{\""));
}

TEST_P(FaultLlmTest, WrongModelIsRightOtherwise) {
  const LlmHeard heard = HearWith(Fault::kWrongModel);
  EXPECT_EQ(heard.model, "another-model");
  EXPECT_TRUE(Json::accept(heard.content));
}

TEST_P(FaultLlmTest, RefusedInTheFormOfTheProvider) {
  const LlmHeard heard = HearWith(Fault::kRefused);
  EXPECT_EQ(exchange.status, 200);
  EXPECT_TRUE(heard.finished);
  if (GetParam().form == LlmForm::kOllama) {
    EXPECT_THAT(heard.content, HasSubstr("I can't help with that"));
  } else {
    EXPECT_EQ(heard.content, "");
    EXPECT_NE(heard.refusal, "");
  }
  // Gemini refuses prompts and answers in turn.
  EXPECT_EQ(Hear(Generate(), Send(Generate()).body).refusal.empty(),
            GetParam().form == LlmForm::kOllama);
}

TEST_P(FaultLlmTest, RefusesParameter) {
  Serve(Fault::kRefusesParameter);
  EXPECT_EQ(Send(Generate()).status, 400);
}

TEST_P(FaultLlmTest, OversizedIsAsLargeAsItShould) {
  options.oversized_mb = 3;
  const LlmHeard heard = HearWith(Fault::kOversized);
  EXPECT_EQ(heard.content.size(), std::size_t{3} << 20);
  EXPECT_TRUE(heard.finished);
}

TEST_P(FaultLlmTest, ReadingAnOversizedReplyCanStopEarly) {
  Serve(Fault::kOversized);
  WireOptions how;
  how.bytes_max = 100000;
  EXPECT_EQ(Send(Generate(), how).end, End::kEnough);
  EXPECT_TRUE(server->WaitForClosed(1));
}

TEST_P(FaultLlmTest, DeepIsDeep) {
  HearWith(Fault::kDeep);
  EXPECT_THAT(exchange.body, HasSubstr(std::string(100000, '[')));
}

TEST_P(FaultLlmTest, InvalidUtf8) {
  HearWith(Fault::kInvalidUtf8);
  EXPECT_NE(FindInvalidUtf8(exchange.body), std::string::npos);
  EXPECT_THAT(exchange.body, HasSubstr("medications"));
}

TEST_P(FaultLlmTest, TlsFailureWithoutTlsIsAHangUp) {
  Serve(Fault::kTlsFailure);
  exchange = Send(Generate());
  EXPECT_EQ(exchange.end, End::kClosed);
  EXPECT_EQ(exchange.head, "");
}

TEST_P(FaultLlmTest, HeadersStandOnEveryReply) {
  options.headers = {"x-ratelimit-remaining-requests: 7"};
  HearWith(Fault::kNone);
  EXPECT_THAT(exchange.head, HasSubstr("x-ratelimit-remaining-requests: 7\r\n"));
  HearWith(Fault::kHttp500);
  EXPECT_THAT(exchange.head, HasSubstr("x-ratelimit-remaining-requests: 7\r\n"));
}

TEST_P(FaultLlmTest, EventsComeInTheirGap) {
  options.latency = milliseconds(60);
  options.gap = milliseconds(30);
  const TimePoint start = Now();
  EXPECT_TRUE(HearWith(Fault::kNone).finished);
  EXPECT_GE(exchange.first_byte, milliseconds(50));
  const bool drips = GetParam().streamed;
  EXPECT_GE(Now() - start, milliseconds(drips ? 60 + 4 * 30 : 60));
}

}  // namespace
}  // namespace consilium
