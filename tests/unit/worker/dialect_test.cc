#include "worker/llm/dialect.h"

#include <gtest/gtest.h>

namespace consilium {
namespace {

class DialectTest : public testing::Test {
 protected:
  std::optional<Dialect> After(int status, const std::string& body, const Dialect& used = {},
                               bool known = true) {
    HttpReply reply;
    reply.end = HttpReply::End::kDone;
    reply.status = status;
    reply.body = body;
    return AfterRefusal(*MakeProvider(provider), reply, used, known);
  }
  // The rungs on the way down.
  std::vector<Rung> Ladder() {
    std::vector<Rung> rungs = {Rung::kSchema};
    while (const auto next = After(400, "no", Dialect{rungs.back()}, /*known=*/false)) {
      rungs.push_back(next->rung);
    }
    return rungs;
  }
  std::string provider = "openai";
};

TEST_F(DialectTest, TheRefusedParameterIsLeftOut) {
  EXPECT_EQ(After(400, "response_format is not supported")->rung, Rung::kTool);
  EXPECT_EQ(After(400, "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead")
                ->max_completion_tokens,
            true);
  EXPECT_EQ(After(422, "'temperature' does not support 0")->temperature, false);
  EXPECT_EQ(After(400, "unknown field stream_options")->stream_usage, false);
  EXPECT_EQ(After(400, "streaming is not available")->stream, false);
}

TEST_F(DialectTest, OtherStatusesThatNameTheRungRefuseItWhileNothingIsKnown) {
  const std::string router = "No endpoints found that support tool use";
  EXPECT_EQ(After(404, router, Dialect{Rung::kTool}, /*known=*/false)->rung, Rung::kJson);
  EXPECT_EQ(After(500, "failed to parse grammar", {}, /*known=*/false)->rung, Rung::kTool);
  EXPECT_FALSE(After(500, "failed to parse grammar")) << "it has parsed it before";
  EXPECT_FALSE(After(500, "More information about this error may be available in the log", {},
                     /*known=*/false))
      << "a word in a word is another word";
  EXPECT_FALSE(After(404, "no such function", Dialect{Rung::kTool}, /*known=*/false));
}

TEST_F(DialectTest, WhatARefusalEchoesOfTheRequestIsNotWhatItRefuses) {
  const auto fastapi = After(422, R"({"detail":[{"loc":["body","response_format"],"msg":"extra",
      "input":{"temperature":0,"stream_options":{},"max_completion_tokens":1}}]})");
  ASSERT_TRUE(fastapi);
  EXPECT_EQ(*fastapi, Dialect{Rung::kTool});
  const auto openai = After(400, R"({"error":{"message":"Unsupported value","param":"temperature",
      "code":"unsupported_value"},"request":{"response_format":{}}})");
  ASSERT_TRUE(openai);
  EXPECT_FALSE(openai->temperature);
  EXPECT_EQ(openai->rung, Rung::kSchema);
}

TEST_F(DialectTest, WhatWasNotSentIsNotLeftOutAgain) {
  Dialect used;
  used.rung = Rung::kPrompt;
  used.temperature = false;
  used.max_completion_tokens = true;
  used.stream = false;
  EXPECT_FALSE(
      After(400, "response_format tools temperature max_completion_tokens stream", used, false));
}

TEST_F(DialectTest, EachProtocolHasItsRungs) {
  EXPECT_EQ(Ladder(), (std::vector<Rung>{Rung::kSchema, Rung::kTool, Rung::kJson, Rung::kPrompt}));
  provider = "gemini";
  EXPECT_EQ(Ladder(), (std::vector<Rung>{Rung::kSchema, Rung::kTool, Rung::kJson, Rung::kPrompt}));
  provider = "anthropic";
  EXPECT_EQ(Ladder(), (std::vector<Rung>{Rung::kSchema, Rung::kTool, Rung::kPrompt}));
  provider = "ollama";
  EXPECT_EQ(Ladder(), (std::vector<Rung>{Rung::kSchema, Rung::kJson, Rung::kPrompt}));
}

TEST_F(DialectTest, OfAKnownServerAnUnclearRefusalTeachesNothing) {
  EXPECT_FALSE(After(400, "the prompt is too long"));
  EXPECT_TRUE(After(400, "the prompt is too long", {}, /*known=*/false));
  EXPECT_FALSE(After(500, "oops", {}, /*known=*/false));
  EXPECT_FALSE(After(200, "response_format"));
  EXPECT_FALSE(After(429, "response_format"));
  HttpReply cut;
  cut.end = HttpReply::End::kCut;
  cut.status = 400;
  cut.body = "response_format";
  EXPECT_FALSE(AfterRefusal(*MakeOpenAi(), cut, {}, true));
}

TEST_F(DialectTest, WhatSideBySideCallsLearnedIsAllKept) {
  Dialect lower;
  lower.rung = Rung::kJson;
  Dialect other;
  other.temperature = false;
  other.max_completion_tokens = true;
  const Dialect both = Merged(lower, other);
  EXPECT_EQ(both.rung, Rung::kJson);
  EXPECT_FALSE(both.temperature);
  EXPECT_TRUE(both.max_completion_tokens);
  EXPECT_TRUE(both.stream);
  EXPECT_EQ(both, Merged(other, lower));
}

TEST(LearnedDialectTest, RungThatIsIgnoredThreeTimesInARowIsLeftForTheNext) {
  const auto provider = MakeOpenAi();
  LearnedDialect learned(*provider, BackendConfig{});
  EXPECT_FALSE(learned.known());
  const Dialect first = learned.current();
  for (const bool usable : {false, false, true, false, false}) learned.Kept(first, usable);
  EXPECT_EQ(learned.current().rung, Rung::kSchema);
  learned.Kept(first, false);
  EXPECT_EQ(learned.current().rung, Rung::kTool);
  for (int i = 0; i < 5; ++i) learned.Kept(first, false);
  EXPECT_EQ(learned.current().rung, Rung::kTool) << "those were asked on the rung above";
}

TEST(LearnedDialectTest, StartsAsConfiguredAndKeepsWhatTheServerTook) {
  const auto provider = MakeOpenAi();
  BackendConfig config;
  config.structured = "tool";
  config.stream = false;
  LearnedDialect learned(*provider, config);
  EXPECT_EQ(learned.current().rung, Rung::kTool);
  EXPECT_FALSE(learned.current().stream);
  Dialect taken = learned.current();
  taken.temperature = false;
  learned.Taken(taken);
  EXPECT_TRUE(learned.known());
  EXPECT_EQ(learned.current(), taken);
}

}  // namespace
}  // namespace consilium
