#include "cli/cluster_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>

#include "cli/data_folder.h"

namespace consilium {
namespace {

using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::IsSupersetOf;
using ::testing::Pair;

constexpr TimePoint kStart{};

PlanInput Input() {
  PlanInput input;
  input.config_file = "/c/cluster.toml";
  input.programs = "/bin";
  input.redis_program = "/usr/bin/redis-server";
  input.redis_sockets = {"/d/redis.sock"};
  input.data = "/d";
  input.endpoints_file = "/d/broker.json";
  BackendConfig two;
  two.model = "meta/llama:8b";
  two.workers = 2;
  BackendConfig none;
  none.model = "elsewhere";
  none.workers = 0;
  input.config.backends = {two, none};
  return input;
}

std::vector<std::string> Names(const std::vector<ChildPlan>& children) {
  std::vector<std::string> names;
  names.reserve(children.size());
  for (const ChildPlan& child : children) names.push_back(child.name);
  return names;
}

bool HasOption(const ChildPlan& child, const std::string& name, const std::string& value) {
  const auto& arguments = child.process.arguments;
  const auto found = std::find(arguments.begin(), arguments.end(), name);
  return found != arguments.end() && found + 1 != arguments.end() && *(found + 1) == value;
}

TEST(PlanClusterTest, OneProcessPerPartAndPerWorker) {
  const auto children = PlanCluster(Input());
  EXPECT_THAT(Names(children), ElementsAre("redis", "broker", "aggregator", "worker:meta/llama:8b",
                                           "worker:meta/llama:8b"));
  EXPECT_EQ(children[3].log_name, "worker-meta_llama_8b-3");
  EXPECT_EQ(children[4].log_name, "worker-meta_llama_8b-4");
  EXPECT_THAT(children[3].process.arguments,
              ElementsAre("--config", "/c/cluster.toml", "--model", "meta/llama:8b"));
}

TEST(PlanClusterTest, ThePrivateRedisSyncsEveryWriteAndEvictsNothing) {
  const auto children = PlanCluster(Input());
  for (const auto& [option, value] :
       std::vector<std::pair<std::string, std::string>>{{"--port", "0"},
                                                        {"--unixsocket", "/d/redis.sock"},
                                                        {"--dir", "/d"},
                                                        {"--appendonly", "yes"},
                                                        {"--appendfsync", "always"},
                                                        {"--save", ""},
                                                        {"--no-appendfsync-on-rewrite", "no"},
                                                        {"--maxmemory-policy", "noeviction"}}) {
    EXPECT_TRUE(HasOption(children[0], option, value)) << option;
  }
  // The Redis of the containers is set for the same speed.
  std::ifstream file(CONSILIUM_SOURCE_DIR "/configs/compose/redis.conf");
  const std::string conf((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  for (const auto& [option, value] :
       std::vector<std::pair<std::string, std::string>>{{"auto-aof-rewrite-min-size", "512mb"},
                                                        {"rdbcompression", "no"},
                                                        {"stream-node-max-entries", "16"},
                                                        {"latency-tracking", "no"}}) {
    EXPECT_TRUE(HasOption(children[0], "--" + option, value)) << option;
    EXPECT_THAT(conf, testing::HasSubstr("\n" + option + " " + value + "\n"));
  }
  EXPECT_THAT(children[1].process.environment,
              ElementsAre(Pair("CONSILIUM_REDIS_URL", "unix:/d/redis.sock")));
}

TEST(PlanClusterTest, EachShardHasAPrivateRedisWithDataOfItsOwn) {
  PlanInput input = Input();
  input.redis_sockets.push_back("/d/redis-1.sock");
  const auto children = PlanCluster(input);
  EXPECT_EQ(children[1].name, "redis");
  EXPECT_EQ(children[1].log_name, "redis-1");
  EXPECT_TRUE(HasOption(children[0], "--dir", "/d"));
  EXPECT_TRUE(HasOption(children[1], "--dir", "/d/redis-1"));
  EXPECT_TRUE(HasOption(children[1], "--unixsocket", "/d/redis-1.sock"));
  EXPECT_THAT(children[2].process.environment,
              ElementsAre(Pair("CONSILIUM_REDIS_URL", "unix:/d/redis.sock unix:/d/redis-1.sock")));
}

TEST(PlanClusterTest, AConfiguredRedisIsNotRunNorOverridden) {
  PlanInput input = Input();
  input.redis_program.clear();
  const auto children = PlanCluster(input);
  EXPECT_EQ(children[0].name, "broker");
  EXPECT_THAT(children[0].process.environment, IsEmpty());
}

TEST(UseEndpointsTest, ARestartedBrokerBindsWhatWasChosenAndWorkersConnectThere) {
  auto children = PlanCluster(Input());
  UseEndpoints("tcp://0.0.0.0:7", "tcp://[::ffff:127.0.0.1]:8", children);
  UseEndpoints("tcp://0.0.0.0:7", "tcp://[::ffff:127.0.0.1]:8", children);
  EXPECT_THAT(children[1].process.arguments,
              ElementsAre("--config", "/c/cluster.toml", "--endpoints-file", "/d/broker.json",
                          "--clients", "tcp://0.0.0.0:7", "--workers", "tcp://127.0.0.1:8"));
  EXPECT_THAT(children[2].process.arguments, ElementsAre("--config", "/c/cluster.toml"));
  EXPECT_TRUE(HasOption(children[3], "--broker", "tcp://127.0.0.1:8"));
}

TEST(RefusesItsConfigurationTest, IsToldByTheExitCodeOfOurPrograms) {
  constexpr int kCode2 = 2 << 8;  // as waitpid() says it
  EXPECT_TRUE(RefusesItsConfiguration(Part::kGateway, kCode2));
  EXPECT_TRUE(RefusesItsConfiguration(Part::kRest, kCode2));
  EXPECT_FALSE(RefusesItsConfiguration(Part::kGateway, 1 << 8));
  EXPECT_FALSE(RefusesItsConfiguration(Part::kGateway, 2)) << "killed by signal 2";
  EXPECT_FALSE(RefusesItsConfiguration(Part::kRedis, kCode2)) << "its codes are its own";
}

TEST(RestartDelayTest, GrowsToFiveSecondsAndForgetsAfterAStableLife) {
  RestartDelay delay;
  std::vector<std::int64_t> delays(8);
  for (auto& one : delays) one = delay.OnDeath(kStart, kStart + seconds(1)).count();
  EXPECT_THAT(delays, ElementsAre(100, 200, 400, 800, 1600, 3200, 5000, 5000));
  EXPECT_EQ(delay.OnDeath(kStart, kStart + seconds(10)), milliseconds(100));
  EXPECT_EQ(delay.OnDeath(kStart, kStart), milliseconds(200));
}

TEST(FileNameOfTest, KeepsOnlyWhatAFileNameMayHave) {
  EXPECT_EQ(FileNameOf("worker-a/b:c d"), "worker-a_b_c_d");
}

}  // namespace
}  // namespace consilium
