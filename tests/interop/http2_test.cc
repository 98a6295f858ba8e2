// Our HTTP client speaks HTTP/2 with a server that is not ours (Node's): calls share a connection,
// and one that is given up leaves the others alone.
#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>
#include <string>

#include "tests/interop/npm.h"
#include "tests/support/backend_rig.h"
#include "tests/support/self_signed.h"

namespace consilium {
namespace {

constexpr std::size_t kCalls = 20;

class Http2Test : public testing::Test {
 protected:
  void SetUp() override {
    CONSILIUM_SKIP_IF(WhyNotNode(18));
    const SelfSigned made = MakeSelfSigned();
    config.ca_file = folder.Write("cert.pem", made.certificate);
    const std::string script = CONSILIUM_SOURCE_DIR "/tests/interop/h2_server.mjs";
    server.emplace("/usr/bin/env", std::vector<std::string>{"node", script, config.ca_file,
                                                            folder.Write("key.pem", made.key)});
    const std::string url = server->Url();
    ASSERT_NE(url, "") << server->Said();
    config = RigConfig({"openai", false}, url);
    config.ca_file = folder.File("cert.pem");
    config.concurrency = kCalls;
  }
  // How often the server said that.
  std::size_t Count(const std::string& event) const {
    std::istringstream lines(server->Said());
    std::size_t count = 0;
    for (std::string line; std::getline(lines, line);) count += line == event ? 1U : 0U;
    return count;
  }
  static void AskAtOnce(BackendRig& rig, std::size_t calls) {
    rig.ended.clear();
    for (std::size_t i = 0; i < calls; ++i) rig.Start(RigCall("c" + std::to_string(i)));
    ASSERT_TRUE(rig.RunUntil([&] { return rig.ended.size() == calls; }));
    for (const Completion& ended : rig.ended) {
      EXPECT_EQ(LineOf(ended.outcome), "ok") << ended.outcome.text;
    }
  }

  TestFolder folder;
  BackendConfig config;
  std::optional<ListeningProgram> server;
};

TEST_F(Http2Test, TwentyCallsAtOnceShareOneConnection) {
  BackendRig rig(config);
  AskAtOnce(rig, kCalls);
  EXPECT_EQ(Count("http1"), 0u);
  EXPECT_EQ(Count("session"), 1u);
  EXPECT_EQ(Count("stream"), kCalls);
  AskAtOnce(rig, kCalls);
  EXPECT_EQ(Count("session"), 1u) << "also later";
  EXPECT_EQ(Count("stream"), 2 * kCalls);
}

TEST_F(Http2Test, CancelOfTheOnlyCallEndsItAtOnce) {
  BackendRig rig(config);
  rig.Start(RigCall("given up", Stage::kGenerate, "marker:never"));
  ASSERT_TRUE(rig.RunUntil([&] { return Count("stream") == 1; }));
  EXPECT_EQ(Count("reset"), 0u);
  rig.backend().Cancel("given up");
  EXPECT_TRUE(Eventually([&] { return Count("reset") == 1; }, std::chrono::seconds(5)))
      << "the model goes on: " << server->Said();
  EXPECT_TRUE(rig.ended.empty());
  AskAtOnce(rig, 1);
  EXPECT_EQ(Count("session"), 2u);
}

TEST_F(Http2Test, CallThatStallsIsEndedToo) {
  config.first_byte_ms = 200;
  BackendRig rig(config);
  EXPECT_EQ(LineOf(rig.Ask(RigCall("c", Stage::kGenerate, "marker:never")).outcome),
            "timed_out stalled");
  EXPECT_TRUE(Eventually([&] { return Count("reset") == 1; }, std::chrono::seconds(5)));
}

TEST_F(Http2Test, CancelLeavesTheOtherCallsOfTheConnectionAlone) {
  BackendRig rig(config);
  AskAtOnce(rig, 1);
  rig.ended.clear();
  rig.Start(RigCall("given up", Stage::kGenerate, "marker:never"));
  rig.Start(RigCall("good"));
  ASSERT_TRUE(rig.RunUntil([&] { return Count("stream") == 3; }));
  rig.backend().Cancel("given up");
  ASSERT_TRUE(rig.RunUntil([&] { return !rig.ended.empty(); }));
  EXPECT_EQ(rig.ended[0].ref, "good");
  EXPECT_EQ(LineOf(rig.ended[0].outcome), "ok");
  EXPECT_TRUE(Eventually([&] { return Count("reset") == 1; }, std::chrono::seconds(5)));
  EXPECT_EQ(Count("session"), 1u);
}

}  // namespace
}  // namespace consilium
