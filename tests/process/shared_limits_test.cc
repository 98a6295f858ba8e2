// What several workers of a real cluster keep together: a GPU, a rate, a provider that is down.
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "tests/support/cluster_config.h"
#include "tests/support/cluster_process.h"
#include "tests/support/fault_llm.h"

namespace consilium {
namespace {

using nlohmann::json;

// Models "m1".."m<n>" behind one server, each with two workers.
std::string Models(int models, const std::string& url, const std::string& more) {
  std::string text;
  for (int m = 1; m <= models; ++m) {
    text += "[[backend]]\nmodel = \"m" + std::to_string(m) + "\"\nprovider = \"openai\"\nurl = \"" +
            url + "/v1\"\nworkers = 2\nconcurrency = 8\n" + more + "\n";
  }
  return text;
}

class SharedLimitsTest : public testing::Test {
 protected:
  // Submits `cases` and waits for all of them. The result is each recommendation.
  std::vector<json> Decide(const std::string& backends, int cases) {
    cluster.emplace(folder.Write(
        "c.toml", "[ensemble]\nstrategy = \"all\"\n" +
                      CouncilSection("deadline_s = 60\nsupport_min = 0\n") + backends));
    EXPECT_EQ(cluster->Start(), "");
    std::string lines;
    for (int i = 0; i < cases; ++i) {
      lines += "{\"id\": \"c" + std::to_string(i) + "\", \"text\": \"A patient. marker:c" +
               std::to_string(i) + " .\"}\n";
    }
    return JsonLines(cluster->Run({"submit", "--json", "-"}, lines).out);
  }

  TestFolder folder;
  std::optional<ClusterProcess> cluster;
};

TEST_F(SharedLimitsTest, ModelsOfOneGpuNeverWorkAtTheSameTime) {
  FaultLlmOptions options;
  options.latency = std::chrono::milliseconds(10);
  const FaultLlm server(options);
  const std::vector<json> decided = Decide("[[limit]]\nname = \"gpu\"\nconcurrency = 1\n" +
                                               Models(3, server.url(), "limits = [\"gpu\"]"),
                                           4);
  ASSERT_EQ(decided.size(), 4u);
  for (const json& item : decided) EXPECT_EQ(item.at("status"), "complete") << item.at("reason");
  const HttpCounts counts = server.counts();
  EXPECT_EQ(counts.requests, 24u) << "3 answers and 3 reviews of each case";
  EXPECT_EQ(counts.in_flight_max, 1u);
}

TEST_F(SharedLimitsTest, AllWorkersTogetherKeepTheRate) {
  const FaultLlm server;
  const std::vector<json> decided =
      Decide("[[limit]]\nname = \"key\"\nrequests_per_minute = 1200\n" +
                 Models(2, server.url(), "limits = [\"key\"]"),
             20);
  ASSERT_EQ(decided.size(), 20u);
  for (const json& item : decided) EXPECT_EQ(item.at("status"), "complete") << item.at("reason");
  std::vector<TimePoint> arrived;
  for (const FaultEntry& entry : server.ledger()) arrived.push_back(entry.arrived);
  std::sort(arrived.begin(), arrived.end());
  ASSERT_EQ(arrived.size(), 80u);
  // 20 a second and a second's worth at once: at most 40, and a few that were let go late, in any
  // second; unlimited they would all come in the first.
  for (std::size_t first = 0; first < arrived.size(); ++first) {
    const auto end =
        std::upper_bound(arrived.begin(), arrived.end(), arrived[first] + std::chrono::seconds(1));
    EXPECT_LE(end - (arrived.begin() + static_cast<std::ptrdiff_t>(first)), 45) << first;
  }
  EXPECT_GE(arrived.back() - arrived.front(), std::chrono::milliseconds(2500));
}

TEST_F(SharedLimitsTest, ProviderThatIsDownIsLeftAloneAndTheCouncilDecidesWithoutIt) {
  FaultLlmOptions down;
  down.plan = [](const Asked& asked) {
    return asked.key.model == "m2" ? Fault::kHttp500 : Fault::kNone;
  };
  const FaultLlm server(down);
  const std::vector<json> decided = Decide(
      Models(3, server.url(), "backoff_ms = 50\nbackoff_ms_max = 200\nbreaker_pause_ms = 60000"),
      40);
  ASSERT_EQ(decided.size(), 40u);
  int breaker = 0;
  for (const json& item : decided) {
    EXPECT_EQ(item.at("status"), "degraded") << item.at("reason");
    for (const json& absence : item.at("missing")) {
      EXPECT_EQ(absence.at("model"), "m2");
      if (absence.at("text").get<std::string>().find("failed too often") != std::string::npos) {
        ++breaker;
      }
    }
  }
  EXPECT_GT(breaker, 0);
  std::size_t asked = 0;
  for (const FaultEntry& entry : server.ledger()) {
    if (entry.key.model == "m2") ++asked;
  }
  // 40 answers and as many reviews of four attempts each would be 320; each of the two workers
  // needs 8 calls to see it, and those under way at that moment end as well.
  EXPECT_LE(asked, 40u);
  const json status = json::parse(cluster->Run({"status", "--json"}).out);
  int troubled = 0;
  for (const json& worker : status.at("workers")) {
    if (worker.at("model") == "m2") troubled += worker.at("trouble") != "" ? 1 : 0;
  }
  EXPECT_GT(troubled, 0);
}

}  // namespace
}  // namespace consilium
