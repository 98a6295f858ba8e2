// `consilium doctor` and `consilium-worker --check`: one call against servers that go wrong as they
// are told.
#include <set>
#include <tuple>
#include <utility>

#include "tests/process/doctor_rig.h"
#include "tests/support/private_redis.h"

namespace consilium {
namespace {

using testing::HasSubstr;
using Json = nlohmann::json;

class DoctorProviderTest : public DoctorTest, public testing::WithParamInterface<const char*> {};
INSTANTIATE_TEST_SUITE_P(Providers, DoctorProviderTest,
                         testing::Values("openai", "anthropic", "gemini", "ollama"),
                         [](const auto& tested) { return std::string(tested.param); });

TEST_P(DoctorProviderTest, HealthyBackendIsOkWithModelLevelTimeTokensAndCost) {
  Serve();
  const std::string prices = "usd_per_million_prompt = 2.0\nusd_per_million_completion = 8.0\n";
  const Json found =
      DiagnoseOne(Backend("m1", "api_key_env = \"DOCTOR_KEY\"\n" + prices, GetParam()), 0);
  EXPECT_EQ(found["result"], "ok") << found;
  EXPECT_EQ(found["status"], "ok");
  EXPECT_EQ(found["model_asked"], "m1");
  EXPECT_EQ(found["model_served"], "m1");
  EXPECT_EQ(found["parameters"]["structured"], "schema");
  EXPECT_EQ(found["parameters"]["repaired"], false);
  EXPECT_GT(found["latency_ms"], 0);
  EXPECT_GT(found["usage"]["prompt_tokens"], 10);
  EXPECT_GT(found["usage"]["cost_usd"], 0);
  EXPECT_EQ(server->ledger().size(), 1u);
}

TEST_P(DoctorProviderTest, RefusedKeyNamesItsVariable) {
  Serve(Fault::kUnauthorised);
  ExpectProblem(DiagnoseOne(Backend("m1", "api_key_env = \"DOCTOR_KEY\"", GetParam()), 1),
                "unauthorised", "environment variable DOCTOR_KEY");
}

TEST_P(DoctorProviderTest, UnknownModelIsToldWithItsRemedy) {
  options.models = {"m2"};
  Serve();
  const std::string remedy =
      std::string(GetParam()) == "ollama" ? "`ollama pull m1`" : "served_model";
  ExpectProblem(DiagnoseOne(Backend("m1", "", GetParam()), 1), "model_not_found", remedy);
}

TEST_F(DoctorTest, OtherModelThanAskedNamesItAndServedAs) {
  Serve(Fault::kWrongModel);
  const Json found = DiagnoseOne(Backend("m1"), 1);
  ExpectProblem(found, "wrong_model", "served_as");
  EXPECT_EQ(found["model_served"], "another-model");
  EXPECT_EQ(DiagnoseOne(Backend("m1", "served_as = [\"another-model\"]"), 0)["result"], "ok");
}

TEST_F(DoctorTest, NobodyAtTheUrlIsConnectFailed) {
  Serve();
  const std::string backend = Backend("m1");
  const std::string where = server->url();
  server.reset();
  ExpectProblem(DiagnoseOne(backend, 1), "connect_failed", where);
}

TEST_F(DoctorTest, UntrustedCertificateAsksForCaFileAndIsWellWithIt) {
  options.tls = true;
  Serve();
  ExpectProblem(DiagnoseOne(Backend("m1"), 1), "tls_failed", "ca_file");
  const std::string ca_file = folder.Write("ca.pem", server->certificate());
  EXPECT_EQ(DiagnoseOne(Backend("m1", "ca_file = \"" + ca_file + "\""), 0)["result"], "ok");
}

TEST_F(DoctorTest, RefusedLevelsAreLeftForTheNextAndTheOneThatWorkedIsReported) {
  const std::pair<std::set<LlmFeature>, std::string> ladder[] = {
      {{LlmFeature::kSchema}, "tool"},
      {{LlmFeature::kSchema, LlmFeature::kTools}, "json"},
      {{LlmFeature::kSchema, LlmFeature::kTools, LlmFeature::kJsonObject}, "prompt"}};
  for (const auto& [refused, level] : ladder) {
    options.refused = refused;
    Serve();
    const Json found = DiagnoseOne(Backend("m1"), 0);
    EXPECT_EQ(found["result"], "note") << found;
    EXPECT_EQ(found["parameters"]["structured"], level);
    EXPECT_EQ(found["parameters"]["requests"], refused.size() + 1);
    EXPECT_THAT(found["advice"].get<std::string>(), HasSubstr("structured = \"" + level + "\""));
  }
}

TEST_F(DoctorTest, RepairedReplyIsANote) {
  options.plan = [](const Asked& asked) {
    return asked.nth == 1 ? Fault::kSchemaIgnored : Fault::kNone;
  };
  Serve();
  const Json found = DiagnoseOne(Backend("m1"), 0);
  EXPECT_EQ(found["result"], "note") << found;
  EXPECT_EQ(found["parameters"]["repaired"], true);
}

TEST_F(DoctorTest, FaultsOfTheServerAreToldApart) {
  const std::tuple<Fault, std::string, std::string> cases[] = {
      {Fault::kGarbage, "not_json", "API of provider"},
      {Fault::kStall, "stalled", "stall_ms = 300"},
      {Fault::kTruncated, "truncated", "max_tokens"},
      {Fault::kRefused, "refusal", "another one"},
      {Fault::kRateLimited, "http_429", "[[limit]]"},
      {Fault::kHttp500, "http_500", "in trouble"},
      {Fault::kCut, "cut_stream", "closed the connection"},
      {Fault::kErrorIn200, "provider_error", "status page"}};
  for (const auto& [fault, code, advice] : cases) {
    SCOPED_TRACE(FaultName(fault));
    Serve(fault);
    ExpectProblem(DiagnoseOne(Backend("m1", "stall_ms = 300"), 1), code, advice);
  }
}

TEST_F(DoctorTest, SlowModelEndsAtTheTimeLimit) {
  Serve(Fault::kSlowFirstByte);
  const TimePoint started = Now();
  ExpectProblem(DiagnoseOne(Backend("m1"), 1, {"--timeout-s", "0.3"}), "deadline", "--timeout-s");
  EXPECT_LT(Now() - started, std::chrono::seconds(5));
}

TEST_F(DoctorTest, MissingKeyVariableIsNamedAndNothingIsAsked) {
  Serve();
  const Json found = DiagnoseOne(Backend("m1", "api_key_env = \"NOT_SET_ANYWHERE\""), 1);
  EXPECT_EQ(found["status"], "invalid");
  ExpectProblem(found, "invalid", "where `consilium up`");
  EXPECT_THAT(found["found"].get<std::string>(), HasSubstr("NOT_SET_ANYWHERE"));
  EXPECT_EQ(server->ledger().size(), 0u);
}

TEST_F(DoctorTest, MissingPromptsAreNamed) {
  Serve();
  const std::string config = folder.Write(
      "c.toml", CouncilSection("quorum = 1\n") + "[[backend]]\nmodel = \"m\"\nurl = \"" + url() +
                    "\"\nprompts = \"" + folder.File("nowhere") + "\"\n");
  const Json found = Diagnose(config, 1)["backends"][0];
  EXPECT_THAT(found["found"].get<std::string>(), HasSubstr("nowhere/generate.txt"));
}

TEST_F(DoctorTest, NoCallsAsksNoModel) {
  Serve();
  const Json found = DiagnoseOne(Backend("m1"), 0, {"--no-calls"});
  EXPECT_EQ(found["status"], "not_called");
  EXPECT_EQ(found["generate_hash"].get<std::string>().size(), 64u);
  EXPECT_EQ(server->ledger().size(), 0u);
}

TEST_F(DoctorTest, ChosenBackendsAreTheOnlyOnesAsked) {
  Serve();
  const std::string config = Config(Backend("m1") + Backend("m2") + Backend("m3"));
  const Json all = Diagnose(config, 0, {"--backend", "m3", "--backend", "m1"});
  ASSERT_EQ(all["backends"].size(), 2u);
  EXPECT_EQ(all["backends"][0]["model"], "m1");
  EXPECT_EQ(all["backends"][1]["model"], "m3");
  const CommandResult unknown = Doctor(config, {"--backend", "m4"});
  EXPECT_EQ(unknown.exit_code, 2);
  EXPECT_THAT(unknown.err,
              HasSubstr("--backend m4: not in " + config + ", expected one of m1, m2, m3"));
}

TEST_F(DoctorTest, BackendsThatShareALimitOfOneAreAskedOneAfterTheOther) {
  options.latency = milliseconds(300);
  PrivateRedis redis;
  for (const std::string& redis_url : {std::string(), redis.url()}) {
    Serve();
    std::string backends = "[[limit]]\nname = \"gpu\"\nconcurrency = 1\n";
    for (const char* model : {"m1", "m2", "m3"}) backends += Backend(model, "limits = [\"gpu\"]");
    const Json all = Diagnose(Config(backends, redis_url), 0);
    EXPECT_EQ(all["backends"][0]["limits_kept"], !redis_url.empty());
    const auto ledger = server->ledger();
    ASSERT_EQ(ledger.size(), 3u);
    for (std::size_t i = 1; i < 3; ++i) {
      EXPECT_GE(ledger[i].arrived - ledger[i - 1].arrived, milliseconds(290));
    }
  }
}

class WorkerCheckTest : public DoctorTest {
 protected:
  CommandResult Check(const std::string& config, std::vector<std::string> more = {}) {
    std::vector<std::string> arguments = {"--config", config, "--backend", "m1", "--check"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    RunningCommand command("consilium-worker", arguments, variables);
    return command.Wait(kDoctorPatience);
  }
};

TEST_F(WorkerCheckTest, PrintsOneObjectAndEndsByWhatItFound) {
  Serve();
  const std::string key = "api_key_env = \"DOCTOR_KEY\"";
  CommandResult result = Check(Config(Backend("m1", key)));
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(JsonLines(result.out).size(), 1u);
  EXPECT_EQ(Json::parse(result.out)["status"], "ok");
  options.plan = [](const Asked&) { return Fault::kUnauthorised; };
  Serve();
  result = Check(Config(Backend("m1", key)));
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_EQ(Json::parse(result.out)["code"], "unauthorised");
  variables.clear();
  result = Check(Config(Backend("m1", key)));
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_EQ(Json::parse(result.out)["status"], "invalid");
}

TEST_F(WorkerCheckTest, LimitThatIsUsedUpWaitsNoLongerThanTheCheckMay) {
  Serve();
  PrivateRedis redis;
  const std::string backends = "[[limit]]\nname = \"slow\"\nrequests_per_minute = 1\n" +
                               Backend("m1", "limits = [\"slow\"]");
  EXPECT_EQ(Check(Config(backends, redis.url())).exit_code, 0);
  const CommandResult result = Check(Config(backends, redis.url()), {"--timeout-ms", "2000"});
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_EQ(Json::parse(result.out)["code"], "limit") << result.out;
  EXPECT_EQ(server->ledger().size(), 1u);
}

}  // namespace
}  // namespace consilium
