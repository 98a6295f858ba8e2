// A cluster on three hosts: network namespaces with addresses of their own behind one bridge, with
// keys on the bus and a password for Redis. One host loses its link and finds it again.
//
//   a: Redis, broker, aggregator     b: broker, worker     c: worker, client
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/cluster_config.h"
#include "tests/support/cluster_process.h"

namespace consilium {
namespace {

using nlohmann::json;
using std::chrono::seconds;

constexpr const char* kIp = "/usr/sbin/ip";
constexpr const char* kPassword = "a password of this test";

// Namespaces named after this process, gone with it. Nothing of the machine's own network is
// touched: the bridge stands in a namespace, too.
class Hosts {
 public:
  Hosts() {
    if (geteuid() != 0 || access(kIp, X_OK) != 0) {
      problem_ = "network namespaces need root and iproute2";
      return;
    }
    const std::string hub = Name("hub");
    Must({"netns", "add", hub});
    Must({"-n", hub, "link", "add", "br0", "type", "bridge"});
    Must({"-n", hub, "link", "set", "br0", "up"});
    int number = 0;
    for (const char* host : {"a", "b", "c"}) {
      const std::string port = std::string("port-") + host;
      Must({"netns", "add", Name(host)});
      Must({"-n", hub, "link", "add", port, "type", "veth", "peer", "name", "eth0", "netns",
            Name(host)});
      Must({"-n", hub, "link", "set", port, "master", "br0", "up"});
      Must({"-n", Name(host), "link", "set", "lo", "up"});
      Must({"-n", Name(host), "link", "set", "eth0", "up"});
      Must({"-n", Name(host), "address", "add", "10.77.0." + std::to_string(++number) + "/24",
            "dev", "eth0"});
    }
  }
  ~Hosts() {
    for (const char* host : {"a", "b", "c", "hub"}) Ip({"netns", "delete", Name(host)});
  }
  Hosts(const Hosts&) = delete;  // owns namespaces
  Hosts& operator=(const Hosts&) = delete;

  // Why there are none; "" when there are.
  const std::string& problem() const { return problem_; }
  void SetLink(const std::string& host, const std::string& state) {
    Must({"-n", Name("hub"), "link", "set", "port-" + host, state});
  }
  std::unique_ptr<RunningCommand> Run(const std::string& host, const std::string& program,
                                      std::vector<std::string> arguments,
                                      const Variables& variables, const std::string& input = "") {
    std::vector<std::string> all = {"netns", "exec", Name(host), program};
    all.insert(all.end(), arguments.begin(), arguments.end());
    return std::make_unique<RunningCommand>(kIp, all, variables, input);
  }

 private:
  static std::string Name(const std::string& host) {
    return "consilium-" + std::to_string(getpid()) + "-" + host;
  }
  static CommandResult Ip(const std::vector<std::string>& arguments) {
    return RunningCommand(kIp, arguments).Wait(seconds(20));
  }
  void Must(const std::vector<std::string>& arguments) {
    if (!problem_.empty()) return;
    const CommandResult result = Ip(arguments);
    if (result.exit_code == 0) return;
    problem_ = "ip";
    for (const std::string& argument : arguments) problem_ += " " + argument;
    problem_ += ": " + result.err;
  }

  std::string problem_;
};

class ThreeHostsTest : public testing::Test {
 protected:
  static std::string Program(const std::string& name) {
    return std::string(CONSILIUM_BINARY_DIR) + "/" + name;
  }
  void MakeKey(const std::string& name, const std::string& role,
               const std::string& folder = "keys") {
    const CommandResult made = RunningCommand("consilium", {"keys", "new", name, "--role", role,
                                                            "--folder", folder_.File(folder)})
                                   .Wait(seconds(20));
    ASSERT_EQ(made.exit_code, 0) << made.err;
  }
  std::string WriteConfig() const {
    std::string text =
        "[redis]\nurl = \"tcp://10.77.0.1:6379\"\npassword_env = \"REDIS_PW\"\n" +
        std::string("[broker]\nclients = \"tcp://0.0.0.0:7300\"\n") +
        "workers = \"tcp://0.0.0.0:7301\"\nlease_ms = 5000\n" +
        "[bus]\nbroker_key = \"keys/broker.pub\"\nallowed_file = \"keys/allowed\"\n" +
        "[ensemble]\nstrategy = \"all\"\n[council]\nmedications = \"" + CONSILIUM_SOURCE_DIR +
        "/configs/medications\"\n";
    for (const char* model : {"m-b", "m-c"}) {
      text += std::string("[[backend]]\nmodel = \"") + model +
              "\"\nprovider = \"simulated\"\nconcurrency = 4\n[backend.simulated]\nknowledge = \"" +
              CONSILIUM_SOURCE_DIR +
              "/configs/demo/vignettes.jsonl\"\nskill = { default = 0.9 }\n"
              "latency_ms_median = 300\n";
    }
    return folder_.Write("cluster.toml", text);
  }
  Variables With(const std::string& key) const {
    return {{"REDIS_PW_FILE", folder_.File("redis.password")},
            {"CONSILIUM_BUS_KEY_FILE", folder_.File("keys/" + key + ".key")}};
  }
  void StartAll(Hosts& hosts) {
    MakeKey("broker", "broker");
    MakeKey("worker-b", "worker");
    MakeKey("worker-c", "worker");
    MakeKey("amy", "client");
    config_ = WriteConfig();
    const std::string secret = folder_.Write("redis.password", std::string(kPassword) + "\n");
    ASSERT_EQ(chmod(secret.c_str(), 0600), 0);
    const std::string redis = folder_.Write(
        "redis.conf", std::string("bind 0.0.0.0\nport 6379\nrequirepass \"") + kPassword +
                          "\"\nappendonly yes\nappendfsync always\nno-appendfsync-on-rewrite no\n"
                          "maxmemory-policy noeviction\nsave \"\"\ndir " +
                          folder_.path() + "\n");
    parts_["redis"] = hosts.Run("a", "/usr/bin/redis-server", {redis}, {});
    const std::vector<std::string> config = {"--config", config_};
    for (const std::string host : {"a", "b"}) {
      parts_["broker-" + host] =
          hosts.Run(host, Program("consilium-broker"), config, With("broker"));
    }
    parts_["aggregator"] = hosts.Run("a", Program("consilium-aggregator"), config, With("broker"));
    for (const std::string host : {"b", "c"}) {
      parts_["worker-" + host] =
          hosts.Run(host, Program("consilium-worker"),
                    {"--config", config_, "--model", "m-" + host, "--broker",
                     "tcp://10.77.0.1:7301", "--broker", "tcp://10.77.0.2:7301"},
                    With("worker-" + host));
    }
  }
  std::unique_ptr<RunningCommand> Client(Hosts& hosts, std::vector<std::string> arguments,
                                         const std::string& input = "") {
    for (const std::string& more : {std::string("--config"), config_, std::string("--broker"),
                                    std::string("tcp://10.77.0.1:7300")}) {
      arguments.push_back(more);
    }
    return hosts.Run("c", Program("consilium"), arguments, With("amy"), input);
  }
  json Status(Hosts& hosts) {
    const CommandResult status = Client(hosts, {"status", "--json"})->Wait(seconds(30));
    return status.exit_code == 0 ? json::parse(status.out) : json();
  }
  // The cases whose ids begin with `head`, each with one recommendation and an end that decides.
  static void ExpectEndedOnce(const CommandResult& run, const std::string& head,
                              std::size_t count) {
    EXPECT_EQ(run.exit_code, 0) << run.err;
    std::set<std::string> ids;
    for (const json& item : JsonLines(run.out)) {
      const std::string id = item.at("case_id");
      EXPECT_TRUE(ids.insert(id).second) << id << " twice";
      EXPECT_EQ(id.substr(0, head.size()), head);
    }
    EXPECT_EQ(ids.size(), count);
  }
  static std::string Cases(const std::string& head, int count) {
    std::string text;
    for (const json& one : JsonLines(DemoCases(count))) {
      json renamed = one;
      renamed["id"] = head + one.at("id").get<std::string>();
      text += renamed.dump() + "\n";
    }
    return text;
  }
  std::string Logs() const {
    std::string text;
    for (const auto& [name, part] : parts_) {
      const std::string log = part->ErrSoFar() + part->OutSoFar();
      text += "--- " + name + "\n" + log.substr(log.size() > 1500 ? log.size() - 1500 : 0);
    }
    return text;
  }

  TestFolder folder_;
  std::string config_;
  std::map<std::string, std::unique_ptr<RunningCommand>> parts_;
};

TEST_F(ThreeHostsTest, AHostThatLosesItsLinkForTenSecondsLosesNothing) {
  Hosts hosts;
  if (!hosts.problem().empty()) GTEST_SKIP() << "no three hosts here: " << hosts.problem();
  StartAll(hosts);
  ASSERT_TRUE(Eventually(
      [&] {
        const json status = Status(hosts);
        return status.is_object() && status.at("accepting").get<bool>() &&
               status.at("workers").size() >= 2 && !status.at("aggregators").empty();
      },
      seconds(60)))
      << Logs();

  constexpr int kCases = 55;
  ExpectEndedOnce(
      Client(hosts, {"submit", "--json", "-"}, Cases("calm-", kCases))->Wait(seconds(120)), "calm-",
      kCases);

  const auto storm = Client(hosts, {"submit", "--json", "-"}, Cases("storm-", kCases));
  ASSERT_TRUE(Eventually([&] { return storm->OutSoFar().size() > 0; }, seconds(60))) << Logs();
  hosts.SetLink("b", "down");
  std::this_thread::sleep_for(seconds(10));
  EXPECT_TRUE(storm->Alive()) << "the cases of the cut host's model wait for it";
  hosts.SetLink("b", "up");
  ExpectEndedOnce(storm->Wait(seconds(150)), "storm-", kCases);
  ASSERT_EQ(hosts.problem(), "");

  json status;
  EXPECT_TRUE(Eventually(
      [&] {
        status = Status(hosts);
        return status.is_object() && status.at("live") == 0 && status.at("brokers").size() == 2;
      },
      seconds(60)))
      << status.dump() << Logs();
  EXPECT_EQ(status.at("counters").at("accepted"), 2 * kCases);
  EXPECT_TRUE(status.at("balanced").get<bool>());
  EXPECT_EQ(status.at("dead"), 0);
  for (const json& lane : status.at("lanes")) {
    EXPECT_EQ(lane.at("waiting").get<int>() + lane.at("leased").get<int>(), 0) << lane;
  }

  // Without a key the command line says so before it asks.
  const auto asks_as = [&](const Variables& who) {
    return hosts
        .Run("c", Program("consilium"),
             {"status", "--config", config_, "--broker", "tcp://10.77.0.1:7300"}, who)
        ->Wait(seconds(60));
  };
  Variables nobody = With("amy");
  nobody.pop_back();
  EXPECT_EQ(asks_as(nobody).exit_code, 2);
  // A key that is not on the list, and one of the list with the role of a worker: the broker
  // refuses both, and counts them.
  MakeKey("eve", "client", "elsewhere");
  Variables eve = With("amy");
  eve.back().second = folder_.File("elsewhere/eve.key");
  for (const Variables& stranger : {eve, With("worker-c")}) {
    const CommandResult refused = asks_as(stranger);
    EXPECT_EQ(refused.exit_code, 3) << refused.out;
    EXPECT_NE(refused.err.find("the broker does not allow this key here"), std::string::npos)
        << refused.err;
  }
  status = Status(hosts);
  ASSERT_TRUE(status.is_object()) << Logs();
  EXPECT_GE(status.at("counters").at("refused_keys"), 1);
  EXPECT_GE(status.at("counters").at("refused_roles"), 1);

  for (const auto& [name, part] : parts_) {
    if (name != "redis") part->Signal(SIGTERM);
  }
  for (const auto& [name, part] : parts_) {
    if (name == "redis") continue;
    EXPECT_EQ(part->Wait(seconds(30)).exit_code, 0) << name;
  }
}

}  // namespace
}  // namespace consilium
