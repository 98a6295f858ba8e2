// Who may ask the gateway: bearer tokens and their roles.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "shared/ids.h"
#include "tests/support/cluster_config.h"
#include "tests/support/cluster_process.h"
#include "tests/support/http_exchange.h"

namespace consilium {
namespace {

TEST(GatewayTokensTest, EachRoleMayDoItsPartAndATokenThatIsTakenOffNothingMore) {
  TestFolder folder;
  const auto line = [](const std::string& token, const std::string& role) {
    return Sha256Hex(token) + " " + role + " " + role + "er\n";
  };
  const std::string file =
      folder.Write("tokens", "# who\n" + line("r-secret", "read") + line("w-secret", "write"));
  SimulatedOptions options;
  options.gateway = true;
  options.gateway_lines = "tokens_file = \"" + file + "\"";
  ClusterProcess cluster(folder.Write("c.toml", SimulatedCluster(options)));
  ASSERT_EQ(cluster.Start(), "");
  const auto ask = [&](const std::string& method, const std::string& path,
                       const std::string& token) {
    WireOptions wire;
    wire.headers = {"Content-Type: application/json"};
    if (!token.empty()) wire.headers.push_back("Authorization: Bearer " + token);
    return Exchange(cluster.http(), method, path,
                    method == "POST" ? R"({"id":"t-1","text":"A cough."})" : "", wire);
  };
  EXPECT_EQ(ask("GET", "/healthz", "").status, 200) << "health is for everybody";
  const auto unknown = ask("GET", "/v1/trust", "");
  EXPECT_EQ(unknown.status, 401);
  EXPECT_NE(unknown.head.find("WWW-Authenticate: Bearer"), std::string::npos);
  EXPECT_EQ(ask("GET", "/v1/trust", "x-secret").status, 401);
  EXPECT_EQ(ask("GET", "/v1/trust", "r-secret").status, 200);
  EXPECT_EQ(ask("POST", "/v1/cases", "r-secret").status, 403);
  EXPECT_EQ(ask("POST", "/v1/cases", "w-secret").status, 202);
  const auto view = ask("GET", "/v1/cases/t-1", "r-secret");
  EXPECT_EQ(nlohmann::json::parse(view.body)["source"], "http:writeer");
  EXPECT_EQ(ask("GET", "/fhir/Bundle/t-1", "").status, 401);
  folder.Write("tokens", line("w-secret", "write"));
  EXPECT_TRUE(Eventually([&] { return ask("GET", "/v1/trust", "r-secret").status == 401; },
                         std::chrono::seconds(10)));
  folder.Write("tokens", "nonsense\n");
  EXPECT_TRUE(Eventually(
      [&] { return cluster.LogOf("gateway").find("tokens_unreadable") != std::string::npos; },
      std::chrono::seconds(10)));
  EXPECT_EQ(ask("GET", "/v1/trust", "w-secret").status, 200) << "a mistake changes nothing";
  const std::string log = cluster.LogOf("gateway");
  EXPECT_EQ(log.find("secret"), std::string::npos) << "no token is ever logged";
}

}  // namespace
}  // namespace consilium
