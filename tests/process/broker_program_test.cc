// consilium-broker as a supervisor runs it: command line, exit codes, endpoints file, SIGTERM.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <csignal>
#include <string>

#include "shared/codec.h"
#include "shared/zmq.h"
#include "tests/support/cluster_process.h"
#include "tests/support/file_text.h"
#include "tests/support/private_redis.h"

namespace consilium {
namespace {

using std::chrono::seconds;
using testing::HasSubstr;
using testing::MatchesRegex;

constexpr const char* kProgram = "consilium-broker";

class BrokerProgramTest : public testing::Test {
 protected:
  std::string ConfigFile(const std::string& redis_url) {
    return folder_.Write("cluster.toml", "[redis]\nurl = \"" + redis_url +
                                             "\"\n"
                                             "[[backend]]\nmodel = \"alpha\"\n"
                                             "provider = \"openai\"\n"
                                             "url = \"http://127.0.0.1:1/v1\"\n");
  }
  CommandResult Run(const std::vector<std::string>& arguments) {
    return RunningCommand(kProgram, arguments).Wait(seconds(30));
  }

  TestFolder folder_;
};

TEST_F(BrokerProgramTest, WrongUsageAndConfigurationExitWith2) {
  EXPECT_EQ(Run({}).exit_code, 2);
  EXPECT_EQ(Run({"--no-such-flag"}).exit_code, 2);
  EXPECT_EQ(Run({"--version"}).exit_code, 0);
  const CommandResult missing = Run({"--config", folder_.File("none.toml")});
  EXPECT_EQ(missing.exit_code, 2);
  EXPECT_THAT(missing.err, HasSubstr("none.toml"));
  const std::string config = ConfigFile("unix:/nowhere.sock");
  EXPECT_EQ(Run({"--config", config, "--log-level", "loud"}).exit_code, 2);
  const CommandResult open = Run({"--config", config, "--clients", "tcp://0.0.0.0:0"});
  EXPECT_EQ(open.exit_code, 2);
  EXPECT_EQ(
      open.err,
      "consilium-broker: broker.clients = \"tcp://0.0.0.0:0\" is beyond this machine, and without "
      "keys only ipc:// and tcp:// on a loopback address are allowed: make keys with `consilium "
      "keys new` and set bus.key_file (docs/security.md)\n");
}

TEST_F(BrokerProgramTest, SaysWhereItListensAcceptsAndEndsCleanlyOnSigterm) {
  PrivateRedis redis;
  const std::string endpoints = folder_.File("endpoints.json");
  RunningCommand broker(
      kProgram, {"--config", ConfigFile(redis.url()), "--clients", "tcp://127.0.0.1:0", "--workers",
                 "tcp://127.0.0.1:0", "--endpoints-file", endpoints});
  struct stat unused {};
  ASSERT_TRUE(Eventually([&] { return stat(endpoints.c_str(), &unused) == 0; }))
      << broker.ErrSoFar();
  const std::string text = FileText(endpoints);
  EXPECT_THAT(
      text, MatchesRegex(R"(\{"clients":"tcp://[^"]+:[0-9]+","workers":"tcp://[^"]+:[0-9]+"\}.)"));
  const std::string clients = text.substr(12, text.find('"', 12) - 12);

  ZmqContext context;
  DealerSocket socket(context, clients);
  SubmitRequest submit;
  submit.request.id = "c1";
  submit.request.vignette.text = "A cough.";
  std::optional<Result<Frame>> reply;
  // Until Redis is up the answer is `unavailable`, and the same is sent again.
  ASSERT_TRUE(Eventually([&] {
    socket.Send(MakeFrame(submit, "r"));
    return Eventually([&] { return (reply = socket.Receive()).has_value(); }, seconds(2)) &&
           reply->ok() && (*reply)->type == SubmitReply::kType;
  })) << broker.ErrSoFar();

  broker.Signal(SIGTERM);
  const CommandResult end = broker.Wait(seconds(20));
  EXPECT_EQ(end.exit_code, 0) << end.err;
  EXPECT_THAT(end.err, HasSubstr("broker_stopped drained=1"));
  EXPECT_THAT(end.err, testing::Not(HasSubstr("cough"))) << "no case text in logs";
}

TEST_F(BrokerProgramTest, APortThatIsTakenExitsWith1) {
  ZmqContext context;
  RouterSocket other(context);
  ASSERT_TRUE(other.Bind("tcp://127.0.0.1:0").ok());
  const CommandResult end = Run({"--config", ConfigFile("unix:/nowhere.sock"), "--clients",
                                 other.endpoint(), "--workers", "tcp://127.0.0.1:0"});
  EXPECT_EQ(end.exit_code, 1);
  EXPECT_THAT(end.err, HasSubstr("cannot listen on"));
}

}  // namespace
}  // namespace consilium
