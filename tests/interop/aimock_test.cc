// Our four real backends against a server of models that other people wrote: @copilotkit/aimock.
//
// It serves all four protocols from one file of fixtures. Its chaos drops, limits, spoils and cuts
// at random; calls are then tried again as a worker tries them. Needs the npm package
// (tests/interop/install) and Node 20; without them these tests skip.
#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>

#include "shared/ids.h"
#include "tests/interop/npm.h"
#include "tests/support/backend_rig.h"
#include "worker/retry.h"

namespace consilium {
namespace {

using nlohmann::json;

constexpr char kPackage[] = "@copilotkit/aimock";

json AnswerOf(const char* ingredient) {
  return {{"medications", {{{"ingredient", ingredient}, {"dose", "500"}, {"unit", "mg"}}}},
          {"rationale", "It fits."}};
}

// The first that matches answers. Markers stand in the text of a case.
std::string Fixtures() {
  const json grades = {{"grades",
                        {{{"label", "A"}, {"grade", 0.9}, {"comment", "Good."}, {"harm", false}},
                         {{"label", "B"}, {"grade", 0.2}, {"comment", "Bad."}, {"harm", true}}}}};
  const auto says = [](const json& match, const json& content) {
    return json{{"match", match}, {"response", {{"content", content.dump()}}}};
  };
  const auto calls = [](const char* tool, const json& arguments) {
    return json{{"match", {{"toolName", tool}}},
                {"response", {{"toolCalls", {{{"name", tool}, {"arguments", arguments}}}}}}};
  };
  json cut = says({{"userMessage", "marker:cut"}}, AnswerOf("ramipril"));
  cut["truncateAfterChunks"] = 3;
  const json prose = {{"match", {{"userMessage", "marker:prose"}}},
                      {"response", {{"content", "It depends."}}}};
  const json limited = {
      {"match", {{"userMessage", "marker:limited"}}},
      {"response",
       {{"error", {{"message", "Slow down"}, {"type", "rate_limit_error"}}}, {"status", 429}}}};
  return json{{"fixtures",
               {calls("recommendation", AnswerOf("metformin")), calls("grades", grades), cut, prose,
                limited, says({{"userMessage", R"({"label":"A")"}}, grades),
                says({{"userMessage", "marker:"}, {"responseFormat", "json_schema"}},
                     AnswerOf("doxycycline")),
                says(json::object(), AnswerOf("amoxicillin"))}}}
      .dump(1);
}

class AimockTest : public testing::TestWithParam<ProviderWay> {
 protected:
  void SetUp() override {
    CONSILIUM_SKIP_IF(WhyNot(kPackage));
    CONSILIUM_SKIP_IF(WhyNotNode(20));
  }
  void Serve(const std::vector<std::string>& more = {}) {
    std::vector<std::string> arguments = {
        "node",       NpmFolder() + "/node_modules/" + kPackage + "/dist/cli.js",
        "--port",     "0",
        "--fixtures", folder.Write("fixtures.json", Fixtures())};
    arguments.insert(arguments.end(), more.begin(), more.end());
    server.emplace("/usr/bin/env", arguments);
    const std::string url = server->Url();
    ASSERT_NE(url, "") << server->Said();
    config = RigConfig(GetParam(), url);
  }
  Outcome Ask(const std::string& text, Stage stage = Stage::kGenerate) {
    if (!server) Serve();
    config.structured = structured;
    BackendRig rig(config);
    return rig.Ask(RigCall("c", stage, text)).outcome;
  }
  static std::string IngredientOf(const Outcome& outcome) {
    if (!outcome.answer || outcome.answer->medications.size() != 1) return LineOf(outcome);
    return outcome.answer->medications[0].ingredient;
  }

  TestFolder folder;
  std::optional<ListeningProgram> server;
  BackendConfig config;
  std::string structured = "schema";
};

TEST_P(AimockTest, AnswersAndGradesAreValid) {
  const Outcome answer = Ask("A cough.");
  EXPECT_EQ(LineOf(answer), "ok") << answer.text;
  EXPECT_EQ(IngredientOf(answer), "amoxicillin");
  EXPECT_EQ(answer.parameters.requests, 1);
  const Outcome grades = Ask("A cough.", Stage::kReview);
  EXPECT_EQ(LineOf(grades), "ok") << grades.text;
  ASSERT_EQ(grades.grades.size(), 2u);
  EXPECT_EQ(grades.grades[0].grade, 0.9);
  EXPECT_TRUE(grades.grades[1].harm);
}

TEST_P(AimockTest, ForcedCallIsReadWhereTheProtocolHasIt) {
  if (GetParam().provider == "ollama") return;  // it cannot force one
  structured = "tool";
  EXPECT_EQ(IngredientOf(Ask("A cough.")), "metformin");
  const Outcome grades = Ask("A cough.", Stage::kReview);
  EXPECT_EQ(LineOf(grades), "ok") << grades.text;
  EXPECT_EQ(grades.parameters.structured, "tool");
}

TEST_P(AimockTest, SchemaIsUnderstoodAsOne) {
  if (GetParam().provider != "openai") return;  // the others' schemas are nothing to it
  EXPECT_EQ(IngredientOf(Ask("marker:schema")), "doxycycline");
}

TEST_P(AimockTest, ProseIsQuestionedAndRepaired) {
  const Outcome outcome = Ask("marker:prose");
  EXPECT_EQ(IngredientOf(outcome), "amoxicillin") << "the second question has another last message";
  EXPECT_TRUE(outcome.parameters.repaired);
}

TEST_P(AimockTest, CutStreamIsNoAnswer) {
  if (!GetParam().stream) return;
  const Outcome outcome = Ask("marker:cut");
  EXPECT_EQ(LineOf(outcome), "error cut_stream") << outcome.text;
  EXPECT_TRUE(outcome.retryable);
}

TEST_P(AimockTest, RateLimitSaysWhenToComeBack) {
  const Outcome outcome = Ask("marker:limited");
  EXPECT_EQ(LineOf(outcome), "rate_limited http_429") << outcome.text;
  EXPECT_EQ(outcome.retry_after_ms, 1000);
}

// Calls as a worker makes them: what may do better is tried again when its time has come.
struct Retried {
  std::string text;
  std::int64_t failed = 0;
  TimePoint due;
  std::optional<Outcome> outcome;  // final
};

TEST_P(AimockTest, ChaosEndsEachAttemptInAStateOfItsOwnAndRetriesOvercomeIt) {
  constexpr std::size_t kCalls = 60;
  Serve({"--chaos-ratelimit", "0.1", "--chaos-drop", "0.1", "--chaos-malformed", "0.1",
         "--chaos-disconnect", "0.1", "--chaos-latency", "20"});
  ASSERT_FALSE(HasFatalFailure());
  config.concurrency = 30;
  config.attempts_max = 8;
  config.backoff_ms = 20;
  config.first_byte_ms = config.stall_ms = 10000;
  BackendRig rig(config);
  SeededRandom jitter(1, "retries");
  std::map<std::string, Retried> calls;
  for (std::size_t i = 0; i < kCalls; ++i) calls["c" + std::to_string(i)].due = Now();
  std::map<std::string, int> attempts;
  const auto turn = [&] {
    for (const Completion& ended : rig.ended) {
      const Outcome& outcome = ended.outcome;
      Retried& call = calls.at(ended.ref);
      ++attempts[LineOf(outcome)];
      if (outcome.answer) {
        EXPECT_EQ(IngredientOf(outcome), "amoxicillin");
      }
      const Verdict verdict = Judge(outcome, call.failed, 60000, config, jitter.Unit());
      ++call.failed;
      if (verdict.retry_in_ms) {
        call.due = Now() + milliseconds(*verdict.retry_in_ms);
      } else {
        call.outcome = outcome;
      }
    }
    rig.ended.clear();
    bool all = true;
    for (auto& [ref, call] : calls) {
      if (call.outcome) continue;
      all = false;
      if (call.due > Now()) continue;
      call.due = TimePoint::max();
      rig.Start(RigCall(ref));
    }
    return all;
  };
  ASSERT_TRUE(rig.RunUntil(turn)) << "a call hangs";
  std::size_t good = 0;
  for (const auto& [ref, call] : calls) {
    if (call.outcome->status == OutcomeStatus::kOk) ++good;
  }
  EXPECT_GE(good, kCalls - 2);
  const std::set<std::string> known = {"ok", "rate_limited http_429", "error http_500",
                                       "malformed not_json", "error cut_stream"};
  for (const auto& [line, count] : attempts) {
    EXPECT_EQ(known.count(line), 1u) << line;
    std::cout << GetParam() << ": " << count << " " << line << "\n";
  }
  EXPECT_GE(attempts.size(), 4u) << "there was chaos";
}

INSTANTIATE_TEST_SUITE_P(Npm, AimockTest, testing::ValuesIn(AllProviderWays()), WayName);

}  // namespace
}  // namespace consilium
