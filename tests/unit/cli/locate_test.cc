#include "cli/locate.h"

#include <gtest/gtest.h>

#include "cli/endpoints.h"
#include "tests/support/cluster_process.h"

namespace consilium {
namespace {

constexpr const char* kOneModel =
    "[[backend]]\nmodel = \"m\"\nprovider = \"openai\"\nurl = \"http://127.0.0.1:1/v1\"\n";

TEST(FindBrokerTest, TheFlagComesFirst) {
  ClusterOptions options;
  options.broker = "tcp://10.0.0.1:7300";
  options.data = "/nowhere";
  EXPECT_EQ(*FindBroker(options), "tcp://10.0.0.1:7300");
}

TEST(FindBrokerTest, AFlagThatIsNoEndpointIsRefused) {
  for (const char* text :
       {"nonsense", "tcp://host", "tcp://host:0", "tcp://host:70000", "ipc://"}) {
    ClusterOptions options;
    options.broker = text;
    EXPECT_EQ(FindBroker(options).error(), Invalid("--broker \"" + std::string(text) +
                                                   "\", expected tcp://HOST:PORT or ipc://PATH"));
  }
}

TEST(FindBrokerTest, ARunningClusterIsFoundInItsFolder) {
  const TestFolder folder;
  ClusterOptions options;
  options.data = folder.path();
  EXPECT_EQ(FindBroker(options).error(),
            (Error{ErrorCode::kUnavailable,
                   "no cluster is running in " + folder.path() + " (no endpoints.json there)"}));
  Endpoints endpoints;
  endpoints.clients = "tcp://127.0.0.1:4711";
  ASSERT_TRUE(WriteEndpoints(endpoints, folder.File(kEndpointsFile)).ok());
  EXPECT_EQ(*FindBroker(options), "tcp://127.0.0.1:4711");
}

TEST(FindBrokerTest, ElseTheConfigurationSays) {
  const TestFolder folder;
  ClusterOptions options;
  options.config = folder.Write(
      "c.toml", std::string("[broker]\nclients = \"tcp://127.0.0.1:7311\"\n") + kOneModel);
  const auto found = FindBroker(options);
  ASSERT_TRUE(found.ok()) << found.error().text;
  EXPECT_EQ(*found, "tcp://127.0.0.1:7311");
}

TEST(FindBrokerTest, AnOpenPortNeedsTheRunningCluster) {
  const TestFolder folder;
  ClusterOptions options;
  options.config = folder.Write(
      "c.toml", std::string("[broker]\nclients = \"tcp://127.0.0.1:0\"\n") + kOneModel);
  EXPECT_EQ(FindBroker(options).error(),
            Invalid(options.config + ": broker.clients = \"tcp://127.0.0.1:0\" leaves the port "
                                     "open: name the running cluster with --data"));
}

TEST(FindShippedTest, FindsWhatConsiliumHomeHolds) {
  ::setenv("CONSILIUM_HOME", CONSILIUM_SOURCE_DIR, 1);
  const auto found = FindShipped("demo/cluster.toml");
  ::unsetenv("CONSILIUM_HOME");
  ASSERT_TRUE(found.ok()) << found.error().text;
  EXPECT_EQ(*found, CONSILIUM_SOURCE_DIR "/configs/demo/cluster.toml");
}

}  // namespace
}  // namespace consilium
