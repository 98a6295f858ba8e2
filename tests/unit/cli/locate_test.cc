#include "cli/locate.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "cli/endpoints.h"
#include "tests/support/cluster_process.h"

namespace consilium {
namespace {

constexpr const char* kOneModel =
    "[[backend]]\nmodel = \"m\"\nprovider = \"openai\"\nurl = \"http://127.0.0.1:1/v1\"\n";

TEST(FindBrokersTest, TheFlagComesFirst) {
  ClusterOptions options;
  options.brokers = {"tcp://127.0.0.1:7300", "ipc:///run/b"};
  options.data = "/nowhere";
  EXPECT_EQ(FindBrokers(options).value().endpoints,
            (std::vector<std::string>{"tcp://127.0.0.1:7300", "ipc:///run/b"}));
}

TEST(FindBrokersTest, BeyondThisMachineItNeedsKeys) {
  const TestFolder folder;
  ClusterOptions options;
  options.brokers = {"tcp://127.0.0.1:7300", "tcp://10.0.0.1:7300"};
  EXPECT_EQ(FindBrokers(options).error().code, ErrorCode::kInvalid);
  const KeyPair keys = NewKeyPair();
  const std::string file = folder.Write("me.key", "secret " + keys.secret_key + "\n");
  ASSERT_EQ(chmod(file.c_str(), 0600), 0);
  options.config = folder.Write("c.toml", "[bus]\nkey_file = \"me.key\"\n");
  const auto found = FindBrokers(options);
  ASSERT_TRUE(found.ok()) << found.error().text;
  EXPECT_EQ(found->endpoints.at(1), "tcp://10.0.0.1:7300");
  EXPECT_EQ(found->keys.own.public_key, keys.public_key);
  EXPECT_EQ(found->keys.broker_key, keys.public_key);
}

TEST(FindBrokersTest, AFlagThatIsNoEndpointIsRefused) {
  for (const char* text :
       {"nonsense", "tcp://host", "tcp://host:0", "tcp://host:70000", "ipc://"}) {
    ClusterOptions options;
    options.brokers = {text};
    EXPECT_EQ(FindBrokers(options).error(), Invalid("--broker \"" + std::string(text) +
                                                    "\", expected tcp://HOST:PORT or ipc://PATH"));
  }
}

TEST(FindBrokersTest, ARunningClusterIsFoundInItsFolder) {
  const TestFolder folder;
  ClusterOptions options;
  options.data = folder.path();
  EXPECT_EQ(FindBrokers(options).error(),
            (Error{ErrorCode::kUnavailable,
                   "no cluster is running in " + folder.path() + " (no endpoints.json there)"}));
  Endpoints endpoints;
  endpoints.clients = "tcp://127.0.0.1:4711";
  ASSERT_TRUE(WriteEndpoints(endpoints, folder.File(kEndpointsFile)).ok());
  EXPECT_EQ(FindBrokers(options).value().endpoints,
            std::vector<std::string>{"tcp://127.0.0.1:4711"});
}

TEST(FindBrokersTest, ElseTheConfigurationSays) {
  const TestFolder folder;
  ClusterOptions options;
  options.config = folder.Write(
      "c.toml", std::string("[broker]\nclients = \"tcp://127.0.0.1:7311\"\n") + kOneModel);
  const auto found = FindBrokers(options);
  ASSERT_TRUE(found.ok()) << found.error().text;
  EXPECT_EQ(found->endpoints, std::vector<std::string>{"tcp://127.0.0.1:7311"});
}

TEST(FindBrokersTest, TheConfigurationMayListAllBrokers) {
  const TestFolder folder;
  ClusterOptions options;
  options.config = folder.Write(
      "c.toml",
      std::string("[broker]\naddresses = [\"tcp://127.0.0.1:7\", \"tcp://127.0.0.1:8\"]\n") +
          kOneModel);
  const auto found = FindBrokers(options);
  ASSERT_TRUE(found.ok()) << found.error().text;
  EXPECT_EQ(found->endpoints, (std::vector<std::string>{"tcp://127.0.0.1:7", "tcp://127.0.0.1:8"}));
  options.config =
      folder.Write("d.toml", std::string("[broker]\naddresses = [\"b1\"]\n") + kOneModel);
  EXPECT_EQ(FindBrokers(options).error(),
            Invalid(options.config +
                    ": broker.addresses: \"b1\", expected tcp://HOST:PORT or ipc://PATH"));
}

TEST(FindBrokersTest, AnOpenPortNeedsTheRunningCluster) {
  const TestFolder folder;
  ClusterOptions options;
  options.config = folder.Write(
      "c.toml", std::string("[broker]\nclients = \"tcp://127.0.0.1:0\"\n") + kOneModel);
  EXPECT_EQ(FindBrokers(options).error(),
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
