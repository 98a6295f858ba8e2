#include "cli/diagnosis.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace consilium {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

BackendConfig Backend(const std::string& model = "m") {
  BackendConfig config;
  config.model = model;
  return config;
}

BackendCheck Report(const std::string& status = kCheckOk) {
  BackendCheck report;
  report.model = "m";
  report.provider = "openai";
  report.status = status;
  report.model_served = "m-2026";
  report.latency_ms = 12;
  report.parameters.structured = "schema";
  report.parameters.temperature = 0;
  return report;
}

TEST(JudgeBackendTest, AnswerOnTheConfiguredLevelIsOk) {
  const CheckedModel model = JudgeBackend(Backend(), Report());
  EXPECT_EQ(model.finding, Finding::kOk);
  EXPECT_EQ(model.text, "m-2026");
  EXPECT_EQ(model.advice, "");
}

TEST(JudgeBackendTest, AnswerOnALowerLevelIsANoteWithTheLineToSet) {
  BackendCheck report = Report();
  report.parameters.structured = "json";
  const CheckedModel model = JudgeBackend(Backend(), report);
  EXPECT_EQ(model.finding, Finding::kNote);
  EXPECT_THAT(model.text, HasSubstr("does not take structured = \"schema\""));
  EXPECT_THAT(model.advice, HasSubstr("set structured = \"json\""));
}

TEST(JudgeBackendTest, RepairedAnswerIsANote) {
  BackendCheck report = Report();
  report.parameters.repaired = true;
  const CheckedModel model = JudgeBackend(Backend(), report);
  EXPECT_EQ(model.finding, Finding::kNote);
  EXPECT_THAT(model.text, HasSubstr("asked again"));
}

TEST(JudgeBackendTest, ServerThatDoesNotNameItsModelIsANote) {
  BackendCheck report = Report();
  report.model_served.clear();
  EXPECT_EQ(JudgeBackend(Backend(), report).text, "the server does not say which model answered");
}

TEST(JudgeBackendTest, FailureIsAProblemWithItsCodeAndAdvice) {
  BackendCheck report = Report("error");
  report.code = "unauthorised";
  report.text = "HTTP 401";
  report.advice = "check the key";
  const CheckedModel model = JudgeBackend(Backend(), report);
  EXPECT_EQ(model.finding, Finding::kProblem);
  EXPECT_EQ(model.text, "unauthorised: HTTP 401");
  EXPECT_EQ(model.advice, "check the key");
}

TEST(JudgeBackendTest, UnusableConfigurationIsAProblemWithoutTheNameTwice) {
  BackendCheck report = Report(kCheckInvalid);
  report.text = "backend m: environment variable K (api_key_env) is not set";
  const CheckedModel model = JudgeBackend(Backend(), report);
  EXPECT_EQ(model.finding, Finding::kProblem);
  EXPECT_EQ(model.text, "environment variable K (api_key_env) is not set");
}

TEST(JudgeBackendTest, SimulatedIsSaid) {
  BackendCheck report = Report(kCheckNotCalled);
  report.simulated = true;
  EXPECT_EQ(JudgeBackend(Backend(), report).text, "SIMULATED");
  report.provider = "replay";
  report.warnings = {"answers.jsonl:3: model: missing", "answers.jsonl:9: model: missing"};
  const CheckedModel model = JudgeBackend(Backend(), report);
  EXPECT_EQ(model.finding, Finding::kNote);
  EXPECT_EQ(model.text, "SIMULATED: replay; 2 lines skipped");
  EXPECT_EQ(model.advice, "look at answers.jsonl:3: model: missing");
}

TEST(JudgePricesTest, PricedCallsNeedNoWord) {
  CheckedModel model = JudgeBackend(Backend(), Report());
  model.report.usage.cost_usd = 0.001;
  EXPECT_EQ(JudgePrices({model}), std::nullopt);
}

TEST(JudgePricesTest, UnknownPriceAndUnknownCountAreToldApart) {
  CheckedModel unpriced = JudgeBackend(Backend(), Report());
  CheckedModel uncounted = unpriced;
  uncounted.report.model = "n";
  uncounted.report.priced = true;
  const auto check = JudgePrices({unpriced, uncounted});
  ASSERT_TRUE(check);
  EXPECT_EQ(check->text, "unknown of m; no token counts from n");
  EXPECT_THAT(check->advice, HasSubstr("usd_per_million_prompt"));
}

TEST(JudgePromptsTest, FolderIsShownOnce) {
  CheckedModel model = JudgeBackend(Backend(), Report());
  model.report.prompts = "p";
  model.report.generate_hash = std::string(64, 'a');
  model.report.review_hash = std::string(64, 'b');
  const auto checks = JudgePrompts({model, model});
  ASSERT_THAT(checks, SizeIs(1));
  EXPECT_EQ(checks[0].text, "generate aaaaaaaa, review bbbbbbbb  p");
  EXPECT_THAT(JudgePrompts({JudgeBackend(Backend(), Report())}), IsEmpty());
}

TEST(RedisVersionTest, IsFoundInBothForms) {
  EXPECT_EQ(RedisVersionIn("# Server\r\nredis_version:7.2.4\r\nredis_git"), "7.2.4");
  EXPECT_EQ(RedisVersionIn("Redis server v=7.0.15 sha=00000000:0"), "7.0.15");
  EXPECT_EQ(RedisVersionIn("nothing"), "");
}

TEST(RedisVersionTest, OlderThanSevenIsAProblemAndUnknownANote) {
  EXPECT_EQ(JudgeRedisVersion("at x", "7.0.15").finding, Finding::kOk);
  EXPECT_EQ(JudgeRedisVersion("at x", "10.0").finding, Finding::kOk);
  const Checked old = JudgeRedisVersion("at x", "6.2.1");
  EXPECT_EQ(old.finding, Finding::kProblem);
  EXPECT_EQ(old.text, "version 6.2.1, at x, expected 7 or newer");
  EXPECT_EQ(JudgeRedisVersion("at x", "").finding, Finding::kNote);
}

TEST(JudgeRedisSettingTest, WrongValueComesWithTheLinesThatMendIt) {
  const Checked check = JudgeRedisSetting({kDurableSettings[1], "everysec"}, false);
  EXPECT_EQ(check.finding, Finding::kProblem);
  EXPECT_EQ(check.subject, "redis appendfsync");
  EXPECT_EQ(check.text, "found everysec, expected always");
  EXPECT_THAT(check.advice, HasSubstr("`CONFIG SET appendfsync always`"));
  EXPECT_THAT(check.advice, HasSubstr("`appendfsync always` in redis.conf"));
}

TEST(JudgeRedisSettingTest, ValueThatIsNotToldKeepsABrokerFromAcceptingUnlessItTrusts) {
  const Checked check = JudgeRedisSetting({kDurableSettings[0], ""}, false);
  EXPECT_EQ(check.finding, Finding::kProblem);
  EXPECT_EQ(check.text, "not readable, expected yes");
  EXPECT_THAT(check.advice, HasSubstr("redis.durability = \"trusted\""));
  EXPECT_EQ(JudgeRedisSetting({kDurableSettings[0], ""}, true).finding, Finding::kNote);
  EXPECT_EQ(JudgeRedisSetting({kDurableSettings[1], "no"}, true).finding, Finding::kNote);
  EXPECT_EQ(JudgeRedisSetting({kDurableSettings[0], "yes"}, false).finding, Finding::kOk);
}

TEST(JudgeRedisErrorTest, LoginsAreToldFromSilence) {
  RedisConfig config;
  config.url = "tcp://127.0.0.1:6379";
  const auto advice = [&](const std::string& text) {
    return JudgeRedisError(config, {ErrorCode::kUnavailable, text}).advice;
  };
  EXPECT_THAT(advice("redis: NOAUTH Authentication required."), HasSubstr("password_env"));
  EXPECT_THAT(advice("redis: cannot connect: Connection refused"),
              HasSubstr("is a Redis running at tcp://127.0.0.1:6379?"));
  config.password_env = "REDIS_PW";
  EXPECT_THAT(advice("redis: WRONGPASS invalid"), HasSubstr("environment variable REDIS_PW"));
}

StatusReply Running() {
  StatusReply status;
  status.version = "1";
  status.aggregators = {"a"};
  WorkerStatus worker;
  worker.model = "m";
  status.workers = {worker, worker};
  return status;
}

TEST(JudgeStatusTest, WorkersAreCountedPerModelAndMissingOnesNamed) {
  Config config;
  config.backends = {Backend("m"), Backend("n")};
  const auto checks = JudgeStatus(config, "tcp://h:1", "1", Running());
  ASSERT_THAT(checks, SizeIs(3));
  EXPECT_EQ(checks[0].text, "runs at tcp://h:1, version 1");
  EXPECT_EQ(checks[1].text, "m 2");
  EXPECT_EQ(checks[2].text, "none for n");
  EXPECT_EQ(checks[2].finding, Finding::kNote);
}

TEST(JudgeStatusTest, ClusterThatAcceptsNothingOrHasNoAggregatorIsAProblem) {
  StatusReply status = Running();
  status.accepting = false;
  status.reason = "Redis is away";
  status.aggregators.clear();
  const auto checks = JudgeStatus(Config(), "tcp://h:1", "1", status);
  EXPECT_EQ(checks[0].finding, Finding::kProblem);
  EXPECT_THAT(checks[0].text, HasSubstr("accepts nothing: Redis is away"));
  EXPECT_EQ(checks[1].subject, "aggregators");
  EXPECT_EQ(checks[1].finding, Finding::kProblem);
}

TEST(JudgeStatusTest, OtherVersionIsANote) {
  EXPECT_EQ(JudgeStatus(Config(), "tcp://h:1", "2", Running())[0].finding, Finding::kNote);
}

TEST(ThingsToDoTest, ProblemsComeFirstAndCommonOnesOnce) {
  Diagnosis diagnosis;
  diagnosis.checks = {{Finding::kOk, "a", "fine", "never said"},
                      {Finding::kNote, "b", "odd", "do b"},
                      {Finding::kNote, "c", "odd", ""}};
  CheckedModel model = WithoutReport(Backend("m"), Invalid("down"));
  diagnosis.models = {model, model};
  diagnosis.models[1].report.model = "n";
  const auto things = ThingsToDo(diagnosis);
  ASSERT_THAT(things, SizeIs(2));
  EXPECT_EQ(things[0].about, "m, n: down");
  EXPECT_EQ(things[1].about, "b: odd");
  EXPECT_EQ(things[1].advice, "do b");
  EXPECT_TRUE(HasProblem(diagnosis));
  diagnosis.models.clear();
  EXPECT_FALSE(HasProblem(diagnosis));
}

}  // namespace
}  // namespace consilium
