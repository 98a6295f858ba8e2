// The openai backend against a server that answers from a script, over real sockets.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>

#include <cstdlib>
#include <nlohmann/json.hpp>

#include "shared/clock.h"
#include "tests/support/scripted_llm.h"
#include "worker/backend.h"

namespace consilium {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr char kAnswer[] = R"({"medications":[{"ingredient":"aspirin"}]})";

class OpenAiBackendTest : public testing::Test {
 protected:
  OpenAiBackendTest() {
    config.model = "m";
    config.prompts = std::string(CONSILIUM_SOURCE_DIR) + "/configs/prompts";
  }
  void Serve(std::vector<LlmStep> steps) {
    llm = std::make_unique<ScriptedLlm>(std::move(steps));
    config.url = llm->url();
    config.served_as = {"scripted-1"};
    Make();
  }
  void Make() {
    std::vector<std::string> warnings;
    auto made = MakeBackend(config, warnings);
    ASSERT_TRUE(made) << made.error().text;
    backend = std::move(*made);
  }
  void Start(const std::string& ref, milliseconds left = std::chrono::seconds(60)) {
    BackendCall call;
    call.ref = ref;
    call.task = {ref, Stage::kGenerate, 1, "m"};
    call.vignette.text = "A patient with chest pain.";
    call.deadline = Now() + left;
    backend->Start(call, Now());
  }
  // Runs the backend until `count` calls ended; fewer when that takes more than 20 s.
  std::vector<Completion> Collect(std::size_t count) {
    std::vector<Completion> ended;
    const TimePoint limit = Now() + std::chrono::seconds(20);
    while (Now() < limit) {
      const TimePoint due = backend->Run(Now(), ended);
      if (ended.size() >= count) break;
      pollfd polled{backend->fd(), POLLIN, 0};
      poll(&polled, 1, PollTimeoutMs(Now(), std::min(due, limit)));
    }
    EXPECT_EQ(ended.size(), count);
    return ended;
  }
  Outcome Ask(milliseconds left = std::chrono::seconds(60)) {
    Start("c", left);
    const std::vector<Completion> ended = Collect(1);
    return ended.empty() ? Outcome{} : ended[0].outcome;
  }
  // "status code"
  static std::string Line(const Outcome& outcome) {
    return std::string(kOutcomeStatusNames[static_cast<int>(outcome.status)]) + " " + outcome.code;
  }

  BackendConfig config;
  std::unique_ptr<ScriptedLlm> llm;
  std::unique_ptr<Backend> backend;
};

TEST_F(OpenAiBackendTest, AnswerComesBackWhole) {
  setenv("CONSILIUM_TEST_KEY", "sk-test-123", 1);
  config.api_key_env = "CONSILIUM_TEST_KEY";
  Serve({LlmStep::Says(kAnswer)});
  const Outcome outcome = Ask();
  EXPECT_EQ(Line(outcome), "ok ");
  EXPECT_EQ(outcome.answer->medications[0].ingredient, "aspirin");
  EXPECT_EQ(outcome.provider, "openai");
  EXPECT_EQ(outcome.model_served, "scripted-1");
  EXPECT_EQ(outcome.usage.prompt_tokens, 100);
  EXPECT_EQ(outcome.prompt_hash.size(), 64u);
  EXPECT_GT(outcome.latency_ms, 0.0);
  EXPECT_FALSE(outcome.simulated);
  const ScriptedLlm::Request request = llm->requests().at(0);
  EXPECT_EQ(request.path, "/v1/chat/completions");
  EXPECT_THAT(request.head, HasSubstr("Authorization: Bearer sk-test-123\r\n"));
  EXPECT_THAT(request.head, HasSubstr("Content-Type: application/json\r\n"));
  EXPECT_THAT(request.head, Not(HasSubstr("Expect:")));
  const auto body = nlohmann::json::parse(request.body);
  EXPECT_EQ(body["messages"].size(), 2u);
  EXPECT_THAT(body["messages"][1]["content"].get<std::string>(),
              HasSubstr("A patient with chest pain."));
}

TEST_F(OpenAiBackendTest, ManyCallsRunSideBySideOnOneThread) {
  constexpr int kCalls = 50;
  config.concurrency = kCalls;
  // Each reply takes about 100 ms; one after the other would be 5 s.
  const LlmStep slow = LlmStep::Drips(LlmStep::Says(kAnswer), 40, milliseconds(10));
  Serve({slow});
  const TimePoint started = Now();
  for (int i = 0; i < kCalls; ++i) Start("c" + std::to_string(i));
  for (const Completion& ended : Collect(kCalls)) EXPECT_EQ(Line(ended.outcome), "ok ");
  EXPECT_LT(Now() - started, std::chrono::milliseconds(2500));
}

TEST_F(OpenAiBackendTest, ConnectionIsUsedAgain) {
  Serve({LlmStep::Says(kAnswer)});
  for (int i = 0; i < 3; ++i) EXPECT_EQ(Line(Ask()), "ok ");
  EXPECT_EQ(llm->connections(), 1);
  EXPECT_EQ(llm->requests().size(), 3u);
}

TEST_F(OpenAiBackendTest, KeptConnectionThatTheServerClosedIsReplaced) {
  LlmStep closing = LlmStep::Says(kAnswer);
  closing.close = true;
  Serve({closing});
  for (int i = 0; i < 3; ++i) EXPECT_EQ(Line(Ask()), "ok ");
  EXPECT_EQ(llm->connections(), 3);
}

TEST_F(OpenAiBackendTest, OneFailureIsOneRequestAndOneOutcome) {
  Serve({LlmStep::Fails(500, "oops"), LlmStep::Says(kAnswer)});
  const Outcome outcome = Ask();
  EXPECT_EQ(Line(outcome), "error http_500");
  EXPECT_TRUE(outcome.retryable) << "the worker decides later whether it is tried again";
  EXPECT_EQ(llm->requests().size(), 1u);
  EXPECT_EQ(Line(Ask()), "ok ");
}

TEST_F(OpenAiBackendTest, RateLimitCarriesRetryAfter) {
  Serve({LlmStep::Fails(429, "{}", {"Retry-After: 17"}),
         LlmStep::Fails(429, "{}", {"retry-after-ms: 420", "retry-after: 1"})});
  Outcome outcome = Ask();
  EXPECT_EQ(Line(outcome), "rate_limited http_429");
  EXPECT_EQ(outcome.retry_after_ms, 17000);
  EXPECT_EQ(Ask().retry_after_ms, 420);
}

TEST_F(OpenAiBackendTest, RefusedConnectionIsConnectFailed) {
  Serve({LlmStep::Says(kAnswer)});
  llm.reset();
  const Outcome outcome = Ask();
  EXPECT_EQ(Line(outcome), "error connect_failed");
  EXPECT_TRUE(outcome.retryable);
}

TEST_F(OpenAiBackendTest, SilentServerIsStalled) {
  config.first_byte_ms = 100;
  Serve({LlmStep::Stalls()});
  const Outcome outcome = Ask();
  EXPECT_EQ(Line(outcome), "timed_out stalled");
  EXPECT_EQ(outcome.text, "the model stalled: no answer began within 100 ms");
  EXPECT_TRUE(outcome.retryable);
  EXPECT_TRUE(llm->WaitForClosed(1));
}

TEST_F(OpenAiBackendTest, ServerThatFallsSilentInTheMiddleIsStalled) {
  config.stall_ms = 100;
  LlmStep half = LlmStep::Says(kAnswer);
  half.bytes = 20;
  Serve({half});
  const Outcome outcome = Ask();
  EXPECT_EQ(Line(outcome), "timed_out stalled");
  EXPECT_EQ(outcome.text, "the model stalled: no byte for 100 ms");
}

TEST_F(OpenAiBackendTest, SlowServerIsNotStalledButEndsAtTheTotal) {
  config.stall_ms = 5000;
  config.total_ms = 300;
  Serve({LlmStep::Drips(LlmStep::Says(kAnswer), 1, milliseconds(20))});
  const Outcome outcome = Ask();
  EXPECT_EQ(Line(outcome), "timed_out total");
  EXPECT_EQ(outcome.text, "the model was too slow: not done within 300 ms");
}

TEST_F(OpenAiBackendTest, DeadlineOfTheTaskEndsTheCall) {
  Serve({LlmStep::Stalls()});
  const Outcome outcome = Ask(milliseconds(100));
  EXPECT_EQ(Line(outcome), "timed_out deadline");
  EXPECT_FALSE(outcome.retryable);
  EXPECT_EQ(outcome.provider, "openai");
  EXPECT_LT(outcome.latency_ms, 5000);
}

TEST_F(OpenAiBackendTest, CutReplyIsCutStream) {
  Serve({LlmStep::Cuts(LlmStep::Says(kAnswer), 30)});
  const Outcome outcome = Ask();
  EXPECT_EQ(Line(outcome), "error cut_stream");
  EXPECT_TRUE(outcome.retryable);
}

TEST_F(OpenAiBackendTest, HangUpWithoutAReplyIsCutStream) {
  Serve({LlmStep::HangsUp()});
  EXPECT_EQ(Line(Ask()), "error cut_stream");
}

TEST_F(OpenAiBackendTest, GarbageIsMalformed) {
  Serve({LlmStep::Fails(200, "\x1f\x8b garbage")});
  const Outcome outcome = Ask();
  EXPECT_EQ(Line(outcome), "malformed not_json");
  EXPECT_TRUE(outcome.retryable) << "a proxy's page, say";
}

TEST_F(OpenAiBackendTest, UnusableReplyIsQuestionedOnce) {
  Serve({LlmStep::Says("It depends."), LlmStep::Says(kAnswer)});
  const Outcome outcome = Ask();
  EXPECT_EQ(Line(outcome), "ok ");
  EXPECT_EQ(outcome.parameters.requests, 2);
  EXPECT_TRUE(outcome.parameters.repaired);
  EXPECT_EQ(outcome.usage.prompt_tokens, 200) << "both are paid for";
  const auto turns = nlohmann::json::parse(llm->requests().at(1).body)["messages"];
  ASSERT_EQ(turns.size(), 4u);
  EXPECT_EQ(turns[2]["content"], "It depends.");
  EXPECT_THAT(turns[3]["content"].get<std::string>(),
              HasSubstr("no JSON object with \"medications\" in the reply"));
}

TEST_F(OpenAiBackendTest, SecondUnusableReplyEndsTheTask) {
  Serve({LlmStep::Says("I would rather not say.")});
  const Outcome outcome = Ask();
  EXPECT_EQ(Line(outcome), "malformed not_json");
  EXPECT_FALSE(outcome.retryable);
  EXPECT_EQ(llm->requests().size(), 2u);
}

TEST_F(OpenAiBackendTest, RungThatIsIgnoredThreeTimesIsLeftForTheNext) {
  const LlmStep idle = LlmStep::Says("It depends.");
  const LlmStep good = LlmStep::Says(kAnswer);
  Serve({idle, good, idle, good, idle, good, good});
  for (int i = 0; i < 3; ++i) EXPECT_EQ(Ask().parameters.structured, "schema");
  EXPECT_EQ(Ask().parameters.structured, "tool");
  EXPECT_THAT(llm->requests().back().body, HasSubstr("tool_choice"));
}

TEST_F(OpenAiBackendTest, WhileNothingIsKnownOneCallGoesAheadAndTheOthersLearnFromIt) {
  config.concurrency = 8;
  LlmStep slow = LlmStep::Drips(LlmStep::Says(kAnswer), 20, milliseconds(2));
  Serve({LlmStep::Fails(400, "response_format"), LlmStep::Fails(400, "tools"), slow});
  for (int i = 0; i < 8; ++i) Start("c" + std::to_string(i));
  for (const Completion& ended : Collect(8)) {
    EXPECT_EQ(Line(ended.outcome), "ok ");
    EXPECT_EQ(ended.outcome.parameters.structured, "json");
  }
  EXPECT_EQ(llm->requests().size(), 10u) << "two refused requests, not sixteen";
}

TEST_F(OpenAiBackendTest, WaitingForTheFirstCallEndsAtTheDeadline) {
  Serve({LlmStep::Stalls()});
  Start("first");
  Start("second", milliseconds(50));
  const std::vector<Completion> ended = Collect(1);
  EXPECT_EQ(ended.at(0).ref, "second");
  EXPECT_EQ(Line(ended.at(0).outcome), "timed_out deadline");
}

TEST_F(OpenAiBackendTest, AnswerSaysHowItWasAsked) {
  config.temperature = 0.25;
  config.max_tokens = 99;
  Serve({LlmStep::Says(kAnswer)});
  const CallParameters parameters = Ask().parameters;
  EXPECT_EQ(parameters.temperature, 0.25);
  EXPECT_EQ(parameters.max_tokens, 99);
  EXPECT_EQ(parameters.structured, "schema");
  EXPECT_EQ(parameters.requests, 1);
  EXPECT_FALSE(parameters.repaired);
}

TEST_F(OpenAiBackendTest, ExtraHeadersAndAnotherHeaderForTheKeyAreSent) {
  setenv("CONSILIUM_TEST_KEY", "sk-test-123", 1);
  config.api_key_env = "CONSILIUM_TEST_KEY";
  config.auth_header = "api-key";
  config.headers = {{"X-Title", "Consilium"}};
  llm = std::make_unique<ScriptedLlm>(std::vector<LlmStep>{LlmStep::Says(kAnswer)});
  config.served_as = {"scripted-1"};
  config.url = llm->url() + "/?api-version=2024-10-21";
  Make();
  EXPECT_EQ(Line(Ask()), "ok ");
  const ScriptedLlm::Request request = llm->requests().at(0);
  EXPECT_EQ(request.path, "/v1/chat/completions?api-version=2024-10-21");
  EXPECT_THAT(request.head, HasSubstr("api-key: sk-test-123\r\n"));
  EXPECT_THAT(request.head, Not(HasSubstr("Authorization")));
  EXPECT_THAT(request.head, HasSubstr("X-Title: Consilium\r\n"));
}

TEST_F(OpenAiBackendTest, OversizedReplyIsMalformed) {
  config.reply_bytes_max = 1024;
  Serve({LlmStep::Fails(200, std::string(100'000, ' '))});
  EXPECT_EQ(Line(Ask()), "malformed oversized");
  EXPECT_TRUE(llm->WaitForClosed(1)) << "the rest is not read";
}

TEST_F(OpenAiBackendTest, RedirectIsNotFollowed) {
  Serve({LlmStep::Fails(307, "", {"Location: http://127.0.0.1:1/elsewhere"})});
  EXPECT_EQ(Line(Ask()), "error http_307");
  EXPECT_EQ(llm->requests().size(), 1u);
}

TEST_F(OpenAiBackendTest, ServerWithoutStructuredOutputIsAskedAgainAtOnceAndOnlyOnce) {
  Serve({LlmStep::Fails(400, R"({"error":{"message":"response_format is not supported"}})"),
         LlmStep::Says(kAnswer)});
  EXPECT_EQ(Line(Ask()), "ok ");
  EXPECT_EQ(Line(Ask()), "ok ");
  const auto requests = llm->requests();
  ASSERT_EQ(requests.size(), 3u);
  EXPECT_THAT(requests[0].body, HasSubstr("response_format"));
  EXPECT_THAT(requests[1].body, Not(HasSubstr("response_format")));
  EXPECT_THAT(requests[2].body, Not(HasSubstr("response_format"))) << "it is remembered";
}

TEST_F(OpenAiBackendTest, ServerThatRefusesEverythingEndsTheCall) {
  Serve({LlmStep::Fails(
      400, "response_format tools temperature max_completion_tokens stream_options stream")});
  EXPECT_EQ(Line(Ask()), "error http_400");
  EXPECT_EQ(llm->requests().size(), 8u);
}

TEST_F(OpenAiBackendTest, CancelClosesTheConnectionAtOnce) {
  Serve({LlmStep::Stalls()});
  Start("c");
  std::vector<Completion> ended;
  const TimePoint limit = Now() + std::chrono::seconds(10);
  while (llm->requests().empty() && Now() < limit) {
    const TimePoint due = backend->Run(Now(), ended);
    pollfd polled{backend->fd(), POLLIN, 0};
    poll(&polled, 1, PollTimeoutMs(Now(), std::min(due, Now() + milliseconds(10))));
  }
  ASSERT_EQ(llm->closed_by_peer(), 0);
  backend->Cancel("c");
  EXPECT_TRUE(llm->WaitForClosed(1));
  backend->Run(Now(), ended);
  EXPECT_TRUE(ended.empty());
}

TEST_F(OpenAiBackendTest, EachPromptHasADelimiterOfItsOwn) {
  Serve({LlmStep::Says(kAnswer)});
  Ask();
  Ask();
  const auto requests = llm->requests();
  ASSERT_EQ(requests.size(), 2u);
  EXPECT_NE(requests[0].body, requests[1].body);
}

TEST_F(OpenAiBackendTest, ProxiesOfTheEnvironmentAreIgnored) {
  setenv("http_proxy", "http://127.0.0.1:1", 1);
  setenv("all_proxy", "http://127.0.0.1:1", 1);
  Serve({LlmStep::Says(kAnswer)});
  EXPECT_EQ(Line(Ask()), "ok ");
  unsetenv("http_proxy");
  unsetenv("all_proxy");
}

TEST_F(OpenAiBackendTest, ConfiguredProxyIsUsed) {
  Serve({LlmStep::Says(kAnswer)});
  config.proxy = llm->url().substr(0, llm->url().size() - 3);
  config.url = "http://gpu-box:8000/v1";
  Make();
  EXPECT_EQ(Line(Ask()), "ok ");
  EXPECT_EQ(llm->requests().at(0).path, "http://gpu-box:8000/v1/chat/completions");
}

}  // namespace
}  // namespace consilium
