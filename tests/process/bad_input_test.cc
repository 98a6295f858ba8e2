// What users and models get wrong, and what the system says.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "tests/support/cluster_config.h"
#include "tests/support/cluster_process.h"

namespace consilium {
namespace {

using nlohmann::json;
using std::chrono::seconds;

class BadInputTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    suite_folder = new TestFolder();
    SimulatedOptions options;
    options.broker = "case_bytes_max = 4096\n";
    suite_cluster = new ClusterProcess(suite_folder->Write("c.toml", SimulatedCluster(options)));
    ASSERT_EQ(suite_cluster->Start(), "");
  }
  static void TearDownTestSuite() {
    // Nothing of what was refused was half-written.
    const json status = json::parse(suite_cluster->Run({"status", "--json"}).out);
    EXPECT_TRUE(status.at("balanced").get<bool>());
    delete suite_cluster;
    delete suite_folder;
  }

  struct Refusal {
    int exit_code;
    std::string code;
    std::string text;
  };
  static Refusal Submit(const std::string& input, std::vector<std::string> flags = {}) {
    std::vector<std::string> arguments = {"submit", "--json", "-"};
    arguments.insert(arguments.end(), flags.begin(), flags.end());
    const CommandResult run = suite_cluster->Run(arguments, input, seconds(30));
    for (const json& line : JsonLines(run.out)) {
      if (!line.contains("error")) continue;
      return {run.exit_code, line.at("error").at("code"), line.at("error").at("text")};
    }
    return {run.exit_code, "", run.out + run.err};
  }
  static void ExpectRefused(const Refusal& refusal, int exit_code, const std::string& code,
                            const std::string& part) {
    EXPECT_EQ(refusal.exit_code, exit_code) << refusal.text;
    EXPECT_EQ(refusal.code, code) << refusal.text;
    EXPECT_NE(refusal.text.find(part), std::string::npos) << refusal.text;
  }

  static TestFolder* suite_folder;
  static ClusterProcess* suite_cluster;
};
TestFolder* BadInputTest::suite_folder = nullptr;
ClusterProcess* BadInputTest::suite_cluster = nullptr;

TEST_F(BadInputTest, EmptyInputIsRefused) { ExpectRefused(Submit(""), 2, "invalid", "empty"); }

TEST_F(BadInputTest, BlankTextIsRefused) {
  ExpectRefused(Submit(R"({"id":"b1","text":"   "})"), 2, "invalid", "text");
}

TEST_F(BadInputTest, InvalidJsonNamesTheLine) {
  ExpectRefused(Submit("{\"text\":\"fine\"}\n{\"text\": oops}\n"), 2, "invalid", ":2");
}

TEST_F(BadInputTest, InvalidUtf8IsRefused) {
  ExpectRefused(Submit("A man with \xff\xfe pain"), 2, "invalid", "UTF-8");
}

TEST_F(BadInputTest, OversizedCaseNamesTheLimit) {
  const json big = {{"id", "big"}, {"text", std::string(5000, 'x')}};
  ExpectRefused(Submit(big.dump()), 2, "too_large", "4096");
}

TEST_F(BadInputTest, UnknownStrategyListsTheAllowedOnes) {
  ExpectRefused(
      Submit(R"({"id":"s1","text":"t","strategy":"best"})"), 2, "invalid",
      "expected one of all, random, local, remote, named, single, performance, chemistry, utility");
}

TEST_F(BadInputTest, MoreModelsThanExistIsRefused) {
  ExpectRefused(Submit(R"({"id":"n1","text":"t","ensemble_size":9})"), 2, "invalid",
                "ensemble_size = 9");
}

TEST_F(BadInputTest, WrongTypeNamesFieldAndExpectation) {
  ExpectRefused(Submit(R"({"id":"w1","text":"t","deadline_s":"soon"})"), 2, "invalid",
                "deadline_s");
  ExpectRefused(Submit(R"({"id":"w2","text":"t","patient":{"age":-4}})"), 2, "invalid",
                "patient.age = -4");
}

TEST_F(BadInputTest, SameIdWithOtherContentIsAConflictAndTheFirstStands) {
  const std::string line = DemoCases(1);
  ASSERT_EQ(suite_cluster->Run({"submit", "-"}, line).exit_code, 0);
  json other = json::parse(line);
  other["text"] = "Something else entirely.";
  ExpectRefused(Submit(other.dump()), 4, "conflict", "demo-001");
  EXPECT_EQ(suite_cluster->Run({"submit", "-"}, line).exit_code, 0)
      << "the same content is the same case";
  const json view = json::parse(suite_cluster->Run({"show", "demo-001", "--json"}).out);
  EXPECT_EQ(view.at("vignette").at("text"), json::parse(line).at("text"));
}

TEST_F(BadInputTest, AFlagThatMayBeRepeatedTakesNoArgumentThatIsNotIts) {
  const CommandResult shown =
      suite_cluster->Run({"show", "--broker", suite_cluster->clients(), "no-such", "--json"});
  EXPECT_EQ(json::parse(shown.out).at("error").at("text"), "no case no-such") << shown.out;
  const CommandResult submitted =
      suite_cluster->Run({"submit", "--models", "m1,m2", "-", "--json"}, "");
  EXPECT_EQ(json::parse(submitted.out).at("error").at("code"), "invalid");
  EXPECT_NE(submitted.out.find("empty"), std::string::npos) << submitted.out;
}

TEST_F(BadInputTest, WrongFlagsAndUnknownCasesSayWhatToDo) {
  EXPECT_EQ(suite_cluster->Run({"submit", "--no-such-flag"}).exit_code, 2);
  const CommandResult missing = suite_cluster->Run({"show", "nobody"});
  EXPECT_EQ(missing.exit_code, 4);
  EXPECT_NE(missing.err.find("error[not_found]: no case nobody"), std::string::npos) << missing.err;
}

TEST(BadModelTest, ModelWithoutAWorkerIsNamedWhenTheDeadlinePasses) {
  TestFolder folder;
  std::string config = SimulatedCluster({});
  config +=
      "[[backend]]\nmodel = \"absent\"\nprovider = \"simulated\"\nworkers = "
      "0\n[backend.simulated]\nknowledge = \"" +
      std::string(CONSILIUM_SOURCE_DIR) + "/configs/demo/vignettes.jsonl\"\n";
  ClusterProcess cluster(folder.Write("c.toml", config));
  ASSERT_EQ(cluster.Start(), "");
  json alone = json::parse(DemoCases(1));
  alone["id"] = "alone";
  alone["strategy"] = "named";
  alone["models"] = {"absent"};
  alone["deadline_s"] = 2;
  const CommandResult run = cluster.Run({"submit", "--json", "-"}, alone.dump());
  const json item = JsonLines(run.out).at(0);
  EXPECT_EQ(item.at("status"), "failed");
  ASSERT_FALSE(item.at("missing").empty());
  EXPECT_EQ(item.at("missing").at(0).at("model"), "absent");
  EXPECT_EQ(run.exit_code, 1);

  json beside = json::parse(DemoCases(2).substr(DemoCases(1).size()));
  beside["strategy"] = "named";
  beside["models"] = {"absent", "m1", "m2", "m3"};
  beside["deadline_s"] = 4;
  const json degraded = JsonLines(cluster.Run({"submit", "--json", "-"}, beside.dump()).out).at(0);
  EXPECT_EQ(degraded.at("status"), "degraded") << degraded.at("reason");
  EXPECT_NE(degraded.at("missing").dump().find("absent"), std::string::npos);
}

TEST(BadModelTest, EveryWayToFailIsAStateOfItsOwn) {
  struct Fault {
    const char* option;
    const char* status;
  };
  for (const Fault fault :
       {Fault{"fault_refuse", "refused"}, Fault{"fault_malformed", "malformed"},
        Fault{"fault_rate_limit", "rate_limited"}, Fault{"fault_error", "error"}}) {
    SCOPED_TRACE(fault.option);
    TestFolder folder;
    SimulatedOptions options;
    options.models = 3;
    options.latency_ms = 1;
    options.more = std::string(fault.option) + " = 1.0\n";
    options.backend = "attempts_max = 2\nbackoff_ms = 10\nbackoff_ms_max = 20\n";
    ClusterProcess cluster(folder.Write("c.toml", SimulatedCluster(options)));
    ASSERT_EQ(cluster.Start(), "");
    const CommandResult run = cluster.Run({"submit", "--json", "-"}, DemoCases(1));
    EXPECT_EQ(run.exit_code, 1);
    const json item = JsonLines(run.out).at(0);
    EXPECT_EQ(item.at("status"), "failed");
    ASSERT_EQ(item.at("missing").size(), 3u);
    for (const json& absence : item.at("missing")) EXPECT_EQ(absence.at("why"), fault.status);
    EXPECT_TRUE(item.at("medications").empty()) << "nothing is made up";
  }
}

TEST(BadModelTest, RetriesHealPassingFaults) {
  TestFolder folder;
  SimulatedOptions options;
  options.latency_ms = 1;
  options.more = "fault_error = 0.3\nfault_rate_limit = 0.2\n";
  options.backend = "attempts_max = 12\nbackoff_ms = 10\nbackoff_ms_max = 50\n";
  ClusterProcess cluster(folder.Write("c.toml", SimulatedCluster(options)));
  ASSERT_EQ(cluster.Start(), "");
  const CommandResult run = cluster.Run({"submit", "--json", "-"}, DemoCases(30));
  EXPECT_EQ(run.exit_code, 0) << run.err;
  for (const json& item : JsonLines(run.out))
    EXPECT_NE(item.at("status"), "failed") << item.at("reason");
  const json status = json::parse(cluster.Run({"status", "--json"}).out);
  EXPECT_GT(status.at("counters").at("retried").get<int>(), 30);
}

TEST(BadModelTest, CancelledCaseSaysSoAndIsNotDecided) {
  TestFolder folder;
  SimulatedOptions options;
  options.latency_ms = 20000;
  ClusterProcess cluster(folder.Write("c.toml", SimulatedCluster(options)));
  ASSERT_EQ(cluster.Start(), "");
  ASSERT_EQ(cluster.Run({"submit", "--no-wait", "-"}, DemoCases(1)).exit_code, 0);
  EXPECT_EQ(cluster.Run({"cancel", "demo-001"}).exit_code, 0);
  EXPECT_EQ(json::parse(cluster.Run({"show", "demo-001", "--json"}).out).at("state"), "cancelled");
  EXPECT_TRUE(Eventually([&] {
    const json status = json::parse(cluster.Run({"status", "--json"}).out);
    int busy = 0;
    for (const json& worker : status.at("workers")) busy += worker.at("in_flight").get<int>();
    return busy == 0;
  })) << "the calls were stopped";
}

TEST(BadConfigTest, EveryProblemIsNamedAtOnceWithItsLine) {
  TestFolder folder;
  const std::string file =
      folder.Write("c.toml",
                   "[broker]\nlease_ms = -5\nshoes = 3\n[[backend]]\nmodel = \"m\"\n"
                   "provider = \"oracle\"\n");
  RunningCommand check("consilium", {"config", "check", file});
  const CommandResult result = check.Wait(seconds(20));
  EXPECT_EQ(result.exit_code, 2);
  for (const char* part :
       {"c.toml:2: broker.lease_ms = -5, expected 1000..3600000", "c.toml:3", "shoes", "c.toml:6",
        "openai, anthropic, gemini, ollama, simulated, replay"}) {
    EXPECT_NE(result.err.find(part), std::string::npos) << result.err;
  }
}

// What the doors need is said before anything starts.
TEST(BadConfigTest, AGatewayThatCannotWorkIsRefusedByCheckUpAndItself) {
  TestFolder folder;
  const auto refused = [&](const std::string& lines, const std::string& says) {
    SimulatedOptions options;
    options.gateway = true;
    options.gateway_lines = lines;
    const std::string file = folder.Write("c.toml", SimulatedCluster(options));
    const std::vector<std::vector<std::string>> commands = {
        {"consilium", "config", "check", file},
        {"consilium", "up", "--config", file, "--data", folder.File("data")},
        {"consilium-gateway", "--config", file}};
    for (const std::vector<std::string>& command : commands) {
      RunningCommand run(command[0], {command.begin() + 1, command.end()});
      const CommandResult result = run.Wait(seconds(20));
      EXPECT_EQ(result.exit_code, 2) << command[0] << command[1] << result.err;
      EXPECT_NE(result.err.find(says), std::string::npos) << command[1] << result.err;
      EXPECT_EQ(result.err.find("started (pid"), std::string::npos) << "nothing is started";
    }
  };
  refused("cases = [\"MDM^T02\", \"FOO\"]",
          "gateway.cases = \"FOO\", expected TYPE or TYPE@SENDER");
  refused("charset = \"KLINGON\"", "gateway.charset = \"KLINGON\", expected one of ASCII");
  refused("tokens_file = \"nowhere\"",
          "gateway.tokens_file: " + folder.File("nowhere") + ": no such file");
}

TEST(BadConfigTest, AGatewayThatRefusesItsConfigurationIsNotStartedAgain) {
  TestFolder folder;
  SimulatedOptions options;
  options.gateway = true;
  const std::string keys = folder.Write("keys", "{\"keys\":[]}");
  const std::string file = folder.Write(
      "c.toml", SimulatedCluster(options) +
                    "[[cds_client]]\nissuer = \"https://ehr\"\nkeys_file = \"" + keys + "\"\n");
  RunningCommand up("consilium", {"up", "--config", file, "--data", folder.File("data")});
  const CommandResult result = up.Wait(seconds(60));
  EXPECT_EQ(result.exit_code, 2) << result.err;
  EXPECT_NE(result.err.find("gateway refuses its configuration (exit code 2)"), std::string::npos)
      << result.err;
  EXPECT_NE(result.err.find("no key that can be used"), std::string::npos) << result.err;
  EXPECT_EQ(result.err.find("gateway restarted"), std::string::npos) << result.err;
}

}  // namespace
}  // namespace consilium
