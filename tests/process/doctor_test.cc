// `consilium doctor`: everything around the calls.
#include <signal.h>

#include <fstream>
#include <sstream>

#include "tests/process/doctor_rig.h"
#include "tests/support/private_redis.h"

namespace consilium {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using Json = nlohmann::json;

TEST_F(DoctorTest, SimulatedModelIsSaidToBeSimulatedAndItsFilesAreRead) {
  const std::string backend =
      "[[backend]]\nmodel = \"s\"\nprovider = \"simulated\"\n[backend.simulated]\nknowledge = \"";
  const std::string demo = std::string(CONSILIUM_SOURCE_DIR) + "/configs/demo/vignettes.jsonl";
  const std::string skill = "\"\nskill = { default = 0.5 }\n";
  EXPECT_EQ(DiagnoseOne(backend + demo + skill, 0)["found"], "SIMULATED");
  const std::string empty = folder.Write("empty.jsonl", "");
  const Json found = DiagnoseOne(backend + empty + skill, 1);
  EXPECT_EQ(found["status"], "invalid");
  EXPECT_THAT(found["found"].get<std::string>(), HasSubstr("empty.jsonl"));
}

TEST_F(DoctorTest, EveryProblemOfTheConfigurationIsNamedWithItsLine) {
  const std::string config = folder.Write("bad.toml",
                                          "[broker]\nlease_ms = -5\nleas = 1\n[[backend]]\n"
                                          "model = \"m\"\nurl = \"http://127.0.0.1:1\"\n");
  const CommandResult result = Doctor(config);
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_EQ(result.out, "");
  EXPECT_THAT(result.err,
              AllOf(HasSubstr("bad.toml:2: broker.lease_ms"), HasSubstr("bad.toml:3:")));
  const Json all = Json::parse(Doctor(config, {"--json"}).out, nullptr, false);
  EXPECT_EQ(all["error"]["code"], "invalid");
}

TEST_F(DoctorTest, MissingTablesAreAProblem) {
  Serve();
  const std::string config =
      folder.Write("c.toml", "[council]\nquorum = 1\nmedications = \"nowhere\"\n" + Backend("m1"));
  EXPECT_EQ(Line(Diagnose(config, 1), "medications")["result"], "problem");
}

TEST_F(DoctorTest, DurableRedisIsOkSettingBySetting) {
  Serve();
  PrivateRedis redis;
  const Json all = Diagnose(Config(Backend("m1"), redis.url()), 0);
  EXPECT_THAT(Line(all, "redis")["found"].get<std::string>(),
              AllOf(HasSubstr("version "), HasSubstr(redis.url())));
  for (const char* setting : {"redis appendonly", "redis appendfsync",
                              "redis no-appendfsync-on-rewrite", "redis maxmemory-policy"}) {
    EXPECT_EQ(Line(all, setting)["result"], "ok") << setting;
  }
}

TEST_F(DoctorTest, EachRedisIsLookedAtAndHasItsPlace) {
  Serve();
  PrivateRedis first;
  PrivateRedis second({"--appendfsync", "everysec"});
  const std::string both = first.url() + " " + second.url();
  Json all = Diagnose(Config(Backend("m1"), both), 1);
  EXPECT_EQ(Line(all, "redis[0] appendfsync")["result"], "ok");
  EXPECT_EQ(Line(all, "redis[1] appendfsync")["found"], "found everysec, expected always");
  EXPECT_EQ(Line(all, "redis[1] shard")["found"], "1 of 2, not used yet");
  EXPECT_EQ(all["problems"], 1);
  RedisConnection connection(first.address(), {});
  ASSERT_TRUE(connection.Call({"SET", "consilium:shard", "1 of 2"}, kDoctorPatience).ok());
  all = Diagnose(Config(Backend("m1"), both), 1);
  EXPECT_EQ(Line(all, "redis[0] shard")["found"], "found 1 of 2, expected 0 of 2");
  EXPECT_EQ(all["problems"], 2);
}

TEST_F(DoctorTest, LaxRedisIsAProblemWithTheLineThatMendsIt) {
  Serve();
  PrivateRedis redis({"--appendfsync", "everysec", "--maxmemory-policy", "allkeys-lru"});
  const Json all = Diagnose(Config(Backend("m1"), redis.url()), 1);
  const Json line = Line(all, "redis appendfsync");
  EXPECT_EQ(line["found"], "found everysec, expected always");
  EXPECT_THAT(line["advice"].get<std::string>(), HasSubstr("`CONFIG SET appendfsync always`"));
  EXPECT_EQ(Line(all, "redis maxmemory-policy")["result"], "problem");
  EXPECT_EQ(Line(all, "redis appendonly")["result"], "ok");
  EXPECT_EQ(all["problems"], 2);
}

TEST_F(DoctorTest, RedisThatForbidsConfigGetIsAProblemUnlessItIsTrusted) {
  Serve();
  PrivateRedis redis({"--rename-command", "CONFIG", ""});
  Json line = Line(Diagnose(Config(Backend("m1"), redis.url()), 1), "redis appendfsync");
  EXPECT_EQ(line["result"], "problem");
  EXPECT_EQ(line["found"], "not readable, expected always");
  const std::string trusted = "durability = \"trusted\"";
  line = Line(Diagnose(Config(Backend("m1"), redis.url(), trusted), 0), "redis appendfsync");
  EXPECT_EQ(line["result"], "note");
}

TEST_F(DoctorTest, RedisThatIsAwayOrRefusesTheLoginIsAProblem) {
  Serve();
  const std::string away = "unix:" + folder.File("no.sock");
  Json line = Line(Diagnose(Config(Backend("m1"), away), 1), "redis");
  EXPECT_THAT(line["advice"].get<std::string>(), HasSubstr("is a Redis running at " + away));
  PrivateRedis redis({"--requirepass", "secret-password"});
  line = Line(Diagnose(Config(Backend("m1"), redis.url()), 1), "redis");
  EXPECT_THAT(line["advice"].get<std::string>(), HasSubstr("redis.password_env"));
  const std::string login = "password_env = \"REDIS_PW\"";
  variables = {{"REDIS_PW", "wrong-password"}};
  const Json all = Diagnose(Config(Backend("m1"), redis.url(), login), 1);
  EXPECT_THAT(Line(all, "redis")["advice"].get<std::string>(), HasSubstr("variable REDIS_PW"));
  EXPECT_THAT(all.dump(), Not(HasSubstr("wrong-password")));
  variables = {{"REDIS_PW", "secret-password"}};
  Diagnose(Config(Backend("m1"), redis.url(), login), 0);
}

TEST_F(DoctorTest, RunningClusterIsFoundWithItsRedisAndWorkers) {
  SimulatedOptions simulated;
  simulated.models = 3;
  const std::string config = folder.Write("cluster.toml", SimulatedCluster(simulated));
  ClusterProcess cluster(config);
  ASSERT_EQ(cluster.Start(), "");
  const CommandResult result = cluster.Run({"doctor", "--config", config, "--json"});
  EXPECT_EQ(result.exit_code, 0) << result.out << result.err;
  const Json all = Json::parse(result.out, nullptr, false);
  EXPECT_THAT(Line(all, "broker")["found"].get<std::string>(), HasSubstr(cluster.clients()));
  EXPECT_EQ(Line(all, "workers")["found"], "m1 1, m2 1, m3 1");
  EXPECT_EQ(Line(all, "redis appendfsync")["result"], "ok");
}

TEST_F(DoctorTest, TableHasEightyColumnsAndNoColoursInAFile) {
  Serve(Fault::kUnauthorised);
  const CommandResult result =
      Doctor(Config(Backend("a-model-with-a-name-that-is-longer-than-any-table-has-room-for-it")));
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_EQ(result.err, "");
  EXPECT_THAT(result.out, AllOf(HasSubstr("  PROBLEM  a-model-"), HasSubstr("What to do\n  1. a-"),
                                HasSubstr("1 problem, "), Not(HasSubstr("\x1b"))));
  std::istringstream lines(result.out);
  for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 80u) << line;
}

// Process ids of the children of `pid`.
std::vector<pid_t> ChildrenOf(pid_t pid) {
  const std::string number = std::to_string(pid);
  std::ifstream list("/proc/" + number + "/task/" + number + "/children");
  std::vector<pid_t> children;
  for (pid_t child = 0; list >> child;) children.push_back(child);
  return children;
}

TEST_F(DoctorTest, CtrlCEndsTheChildrenAndTheirCalls) {
  options.slow_first_byte = std::chrono::seconds(60);
  Serve(Fault::kSlowFirstByte);
  RunningCommand doctor(
      "consilium",
      {"doctor", "--config", Config(Backend("m1") + Backend("m2")), "--data", folder.File("none")},
      variables);
  ASSERT_TRUE(server->WaitForRequests(2));
  const std::vector<pid_t> children = ChildrenOf(doctor.pid());
  EXPECT_EQ(children.size(), 2u);
  doctor.Signal(SIGINT);
  const CommandResult result = doctor.Wait(std::chrono::seconds(10));
  EXPECT_EQ(result.exit_code, 130);
  EXPECT_EQ(result.out, "");
  EXPECT_THAT(result.err, HasSubstr("interrupted"));
  for (const pid_t child : children) EXPECT_EQ(kill(child, 0), -1) << child;
  EXPECT_TRUE(server->WaitForClosed(2));
}

TEST_F(DoctorTest, DoorsFilesAndPartnersOfTheGatewayAreLookedAt) {
  Serve();
  EXPECT_EQ(Line(Diagnose(Config(Backend("m1")), 0), "gateway")["found"],
            "no door: cases come over the bus only");
  const std::string tokens = folder.Write("tokens", "amy\n");
  const std::string config =
      Config(Backend("m1"), "",
             "[gateway]\nhttp = \"tcp://127.0.0.1:0\"\ntokens_file = \"" + tokens +
                 "\"\nreceiver = \"127.0.0.1:1\"\nfhir_servers = [\"" + url() + "\"]");
  const Json all = Diagnose(config, 1);
  EXPECT_EQ(Line(all, "gateway.http")["result"], "ok");
  EXPECT_EQ(Line(all, "gateway.tokens_file")["found"], tokens + ":1: expected `SHA256 ROLE NAME [SENDER ...]`");
  EXPECT_EQ(Line(all, "gateway.receiver")["found"], "127.0.0.1:1: Connection refused");
  EXPECT_EQ(Line(all, "gateway.fhir_servers")["result"], "ok");
}

}  // namespace
}  // namespace consilium
