#include "cli/locate.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "cli/endpoints.h"
#include "tests/support/cluster_process.h"

namespace consilium {
namespace {

constexpr const char* kOneModel =
    "[[backend]]\nmodel = \"m\"\nprovider = \"openai\"\nurl = \"http://127.0.0.1:1/v1\"\n";

TEST(FindBrokerTest, TheFlagComesFirst) {
  ClusterOptions options;
  options.broker = "tcp://127.0.0.1:7300";
  options.data = "/nowhere";
  EXPECT_EQ(FindBroker(options).value().endpoint, "tcp://127.0.0.1:7300");
}

TEST(FindBrokerTest, BeyondThisMachineItNeedsKeys) {
  const TestFolder folder;
  ClusterOptions options;
  options.broker = "tcp://10.0.0.1:7300";
  EXPECT_EQ(FindBroker(options).error().code, ErrorCode::kInvalid);
  const KeyPair keys = NewKeyPair();
  const std::string file = folder.Write("me.key", "secret " + keys.secret_key + "\n");
  ASSERT_EQ(chmod(file.c_str(), 0600), 0);
  options.config = folder.Write("c.toml", "[bus]\nkey_file = \"me.key\"\n");
  const auto found = FindBroker(options);
  ASSERT_TRUE(found.ok()) << found.error().text;
  EXPECT_EQ(found->endpoint, "tcp://10.0.0.1:7300");
  EXPECT_EQ(found->keys.own.public_key, keys.public_key);
  EXPECT_EQ(found->keys.broker_key, keys.public_key);
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
  EXPECT_EQ(FindBroker(options).value().endpoint, "tcp://127.0.0.1:4711");
}

TEST(FindBrokerTest, ElseTheConfigurationSays) {
  const TestFolder folder;
  ClusterOptions options;
  options.config = folder.Write(
      "c.toml", std::string("[broker]\nclients = \"tcp://127.0.0.1:7311\"\n") + kOneModel);
  const auto found = FindBroker(options);
  ASSERT_TRUE(found.ok()) << found.error().text;
  EXPECT_EQ(found->endpoint, "tcp://127.0.0.1:7311");
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
