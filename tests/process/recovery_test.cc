// Breaks a running cluster, lets it heal, and counts what was acknowledged against what came out.
#include <gtest/gtest.h>
#include <signal.h>

#include <cstdlib>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "shared/redis.h"
#include "tests/support/cluster_config.h"
#include "tests/support/cluster_process.h"

namespace consilium {
namespace {

using nlohmann::json;
using std::chrono::seconds;

// Every accepted case ended once; no lane, lease or delay is left.
void ExpectAllEndedOnce(const ClusterProcess& cluster, const std::string& submitted,
                        std::size_t count) {
  std::map<std::string, int> published;
  for (const json& item : JsonLines(submitted)) ++published[item.at("case_id")];
  EXPECT_EQ(published.size(), count);
  for (const auto& [id, times] : published) EXPECT_EQ(times, 1) << id;
  // Calls whose case was decided without them may still run.
  json status;
  EXPECT_TRUE(Eventually([&] {
    status = json::parse(cluster.Run({"status", "--json"}).out, nullptr, false);
    if (!status.is_object() || !status.contains("lanes")) return false;
    std::int64_t left =
        status.at("live").get<std::int64_t>() + status.at("delayed").get<std::int64_t>();
    for (const json& lane : status.at("lanes")) {
      left += lane.at("waiting").get<std::int64_t>() + lane.at("leased").get<std::int64_t>();
    }
    return left == 0;
  })) << status.dump(1);
  ASSERT_TRUE(status.is_object());
  EXPECT_EQ(status.at("counters").at("accepted"), count);
  EXPECT_TRUE(status.at("balanced").get<bool>()) << status.dump(1);
  const CommandResult feed =
      cluster.Run({"watch", "--from-start", "--count", std::to_string(count), "--json"});
  std::set<std::string> ids;
  std::size_t first_revisions = 0;
  for (const json& item : JsonLines(feed.out)) {
    ids.insert(item.at("case_id"));
    first_revisions += item.at("revision") == 1 ? 1U : 0U;
  }
  EXPECT_EQ(ids.size(), count);
  EXPECT_EQ(first_revisions, count) << "no recommendation was published twice";
}

SimulatedOptions Slow() {
  SimulatedOptions options;
  options.latency_ms = 300;
  return options;
}

class KillTest : public testing::TestWithParam<const char*> {};

TEST_P(KillTest, SixtyCasesAllEndOnce) {
  const std::string victim = GetParam();
  TestFolder folder;
  ClusterProcess cluster(folder.Write("c.toml", SimulatedCluster(Slow())));
  ASSERT_EQ(cluster.Start(), "");
  RunningCommand submit(
      "consilium",
      cluster.WithData({"submit", "--json", folder.Write("cases.jsonl", DemoCases(60))}));
  ASSERT_TRUE(Eventually([&] { return JsonLines(submit.OutSoFar()).size() >= 3; }))
      << submit.ErrSoFar();
  const auto before = cluster.PidsOf(victim);
  ASSERT_EQ(cluster.Kill9(victim), before.size());
  ASSERT_TRUE(cluster.AwaitRestart(victim, before));
  const CommandResult done = submit.Wait(seconds(90));
  EXPECT_EQ(done.exit_code, 0) << done.err;
  ExpectAllEndedOnce(cluster, done.out, 60);
}

TEST(RecoveryTest, OnThreeRedisSixtyCasesAllEndOnceThoughOneIsKilled) {
  TestFolder folder;
  ClusterProcess cluster(
      folder.Write("c.toml", "[redis]\nshards = 3\n" + SimulatedCluster(Slow())));
  ASSERT_EQ(cluster.Start(), "");
  RunningCommand submit(
      "consilium",
      cluster.WithData({"submit", "--json", folder.Write("cases.jsonl", DemoCases(60))}));
  ASSERT_TRUE(Eventually([&] { return JsonLines(submit.OutSoFar()).size() >= 3; }))
      << submit.ErrSoFar();
  const auto before = cluster.PidsOf("redis");
  ASSERT_EQ(before.size(), 3u);
  ASSERT_EQ(kill(before[1], SIGKILL), 0);
  ASSERT_TRUE(Eventually([&] {
    const auto now = cluster.PidsOf("redis");
    return now.size() == 3 && now[1] != before[1];
  }));
  const CommandResult done = submit.Wait(seconds(90));
  EXPECT_EQ(done.exit_code, 0) << done.err;
  ExpectAllEndedOnce(cluster, done.out, 60);
  const json status = json::parse(cluster.Run({"status", "--json"}).out);
  ASSERT_EQ(status.at("shards").size(), 3u);
  for (const json& shard : status.at("shards")) EXPECT_TRUE(shard.at("accepting").get<bool>());
  // All of them were learned from: what they say was brought together, one line a case.
  int exports = 0;
  std::string exported;
  EXPECT_TRUE(Eventually([&] {
    const std::string to = folder.File("learned-" + std::to_string(++exports));
    exported = cluster.Run({"export", to}).out;
    return exported.rfind("exported 60 cases ", 0) == 0;
  })) << exported;
}

INSTANTIATE_TEST_SUITE_P(EachPart, KillTest,
                         testing::Values("broker", "worker:m1", "aggregator", "redis"),
                         [](const auto& param) {
                           std::string name = param.param;
                           for (char& c : name) c = c == ':' ? '_' : c;
                           return name;
                         });

TEST(RecoveryTest, OneAfterTheOtherDuringOneRun) {
  TestFolder folder;
  ClusterProcess cluster(folder.Write("c.toml", SimulatedCluster(Slow())));
  ASSERT_EQ(cluster.Start(), "");
  RunningCommand submit(
      "consilium",
      cluster.WithData({"submit", "--json", folder.Write("cases.jsonl", DemoCases(60))}));
  ASSERT_TRUE(Eventually([&] { return !JsonLines(submit.OutSoFar()).empty(); }))
      << submit.ErrSoFar();
  for (const char* victim : {"broker", "worker:m2", "aggregator", "redis"}) {
    const auto before = cluster.PidsOf(victim);
    ASSERT_GT(cluster.Kill9(victim), 0u) << victim;
    ASSERT_TRUE(cluster.AwaitRestart(victim, before)) << victim;
  }
  const CommandResult done = submit.Wait(seconds(90));
  EXPECT_EQ(done.exit_code, 0) << done.err;
  ExpectAllEndedOnce(cluster, done.out, 60);
}

TEST(RecoveryTest, EverythingKilledAtOnceGoesOnFromWhatWasAccepted) {
  TestFolder folder;
  ClusterProcess cluster(folder.Write("c.toml", SimulatedCluster(Slow())));
  ASSERT_EQ(cluster.Start(), "");
  const CommandResult accepted = cluster.Run({"submit", "--no-wait", "--json", "-"}, DemoCases(60));
  ASSERT_EQ(accepted.exit_code, 0) << accepted.err;
  cluster.Kill9Up();
  ASSERT_EQ(cluster.Start(), "");
  // The same cases again are the same cases.
  const CommandResult again = cluster.Run({"submit", "--json", "-"}, DemoCases(60));
  EXPECT_EQ(again.exit_code, 0) << again.err;
  ExpectAllEndedOnce(cluster, again.out, 60);
}

TEST(RecoveryTest, BrokerCrashCostsNoCall) {
  TestFolder folder;
  SimulatedOptions options;
  options.models = 3;
  options.latency_ms = 4000;
  options.more = "latency_sigma = 0.0\n";
  ClusterProcess cluster(folder.Write("c.toml", SimulatedCluster(options)));
  ASSERT_EQ(cluster.Start(), "");
  ASSERT_EQ(cluster.Run({"submit", "--no-wait", "-"}, DemoCases(1)).exit_code, 0);
  const auto shown = [&] {
    return json::parse(cluster.Run({"show", "demo-001", "--json"}).out, nullptr, false);
  };
  const auto leased = [&](const json& view) {
    int count = 0;
    for (const json& task : view.at("tasks")) count += task.at("state") == "leased" ? 1 : 0;
    return count;
  };
  ASSERT_TRUE(Eventually([&] { return leased(shown()) == 3; }));
  const auto before = cluster.PidsOf("broker");
  cluster.Kill9("broker");
  ASSERT_TRUE(cluster.AwaitRestart("broker", before));
  ASSERT_TRUE(Eventually([&] {
    const json view = shown();
    return view.is_object() && view.contains("state") && view.at("state") == "complete";
  }));
  const json ended = shown();
  for (const json& task : ended.at("tasks")) {
    if (task.at("task").at("stage") == "generate") {
      EXPECT_EQ(task.at("leases"), 1)
          << "the call that was under way was used: " << task.at("task");
    }
  }
}

TEST(RecoveryTest, RedisThatHangsStallsTheClusterAndItGoesOnByItself) {
  TestFolder folder;
  ClusterProcess cluster(folder.Write("c.toml", SimulatedCluster(Slow())));
  ASSERT_EQ(cluster.Start(), "");
  RunningCommand submit(
      "consilium",
      cluster.WithData({"submit", "--json", folder.Write("cases.jsonl", DemoCases(40))}));
  ASSERT_TRUE(Eventually([&] { return !JsonLines(submit.OutSoFar()).empty(); }))
      << submit.ErrSoFar();
  const pid_t redis = cluster.PidsOf("redis").at(0);
  ASSERT_EQ(kill(redis, SIGSTOP), 0);
  // Longer than the silence limit of every connection; nothing can be observed while it hangs but
  // time.
  EXPECT_FALSE(Eventually([&] { return !submit.Alive(); }, seconds(6)));
  ASSERT_EQ(kill(redis, SIGCONT), 0);
  const CommandResult done = submit.Wait(seconds(90));
  EXPECT_EQ(done.exit_code, 0) << done.err;
  ExpectAllEndedOnce(cluster, done.out, 40);
}

TEST(RecoveryTest, StopDrainsAndTheNextStartGoesOn) {
  TestFolder folder;
  ClusterProcess cluster(folder.Write("c.toml", SimulatedCluster(Slow())));
  ASSERT_EQ(cluster.Start(), "");
  ASSERT_EQ(cluster.Run({"submit", "--no-wait", "-"}, DemoCases(60)).exit_code, 0);
  EXPECT_EQ(cluster.Stop(), 0);
  ASSERT_EQ(cluster.Start(), "");
  const CommandResult again = cluster.Run({"submit", "--json", "-"}, DemoCases(60));
  EXPECT_EQ(again.exit_code, 0) << again.err;
  ExpectAllEndedOnce(cluster, again.out, 60);
  const json status = json::parse(cluster.Run({"status", "--json"}).out);
  EXPECT_EQ(status.at("counters").value("crashed", 0), 0) << "a drain hands back without counting";
}

// A timer that an aggregator had taken before the case was cancelled ends there instead of going
// round for ever.
TEST(RecoveryTest, DueTimerOfACancelledCaseIsLookedAtAndLeft) {
  TestFolder folder;
  SimulatedOptions options;
  options.latency_ms = 60000;
  ClusterProcess cluster(folder.Write("c.toml", SimulatedCluster(options)));
  ASSERT_EQ(cluster.Start(), "");
  ASSERT_EQ(cluster.Run({"submit", "--no-wait", "-"}, DemoCases(1)).exit_code, 0);
  ASSERT_EQ(cluster.Run({"cancel", "demo-001"}).exit_code, 0);
  const auto address = ParseRedisUrl(cluster.redis());
  ASSERT_TRUE(address.ok());
  RedisConnection redis(*address, {});
  const auto ask = [&](std::vector<std::string> command) {
    auto reply = redis.Call(std::move(command), seconds(10));
    EXPECT_TRUE(reply.ok()) << reply.error().text;
    return reply.ok() ? *reply : RedisReply{};
  };
  const auto reads = [&] {
    const std::string stats = ask({"INFO", "commandstats"}).text;
    const auto at = stats.find("cmdstat_hgetall:calls=");
    return at == std::string::npos ? 0L : std::atol(stats.c_str() + at + 22);
  };
  const auto beat = [&] {
    return ask({"ZRANGE", "consilium:{0}:aggregators", "0", "-1", "WITHSCORES"}).items.at(1).text;
  };
  ask({"ZADD", "consilium:{0}:timers", "1", "demo-001"});
  const long before = reads();
  for (int beats = 0; beats < 2; ++beats) {
    const std::string last = beat();
    ASSERT_TRUE(Eventually([&] { return beat() != last; }));
  }
  EXPECT_LT(reads() - before, 100) << "read at every round of timers, not in a loop";
}

}  // namespace
}  // namespace consilium
