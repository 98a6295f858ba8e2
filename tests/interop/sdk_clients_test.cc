// The official clients of the providers talk to our server of models: it speaks their forms as they
// read them. The clients come from npm (tests/interop/install); without them these tests skip.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iostream>
#include <string>
#include <vector>

#include "tests/support/cluster_process.h"

namespace consilium {
namespace {

const std::string kFolder = CONSILIUM_INTEROP_DIR;

// Why `package` cannot be used; "" when it can.
std::string WhyNot(const std::string& package) {
  if (std::filesystem::exists(kFolder + "/node_modules/" + package + "/package.json")) return "";
  std::ifstream file(kFolder + "/skipped");
  std::string reason;
  std::getline(file, reason);
  if (reason.empty()) reason = "run: tests/interop/install " + kFolder;
  return "the npm package " + package + " is not installed: " + reason;
}

// A server of its own process, and its URL.
class Server {
 public:
  explicit Server(const std::vector<std::string>& arguments)
      : program_("consilium-fault-llm", arguments) {}
  std::string Url() {
    const std::string before = "listening on ";
    std::string out;
    Eventually([&] {
      out = program_.OutSoFar();
      return (out.find(before) != out.npos && out.back() == '\n') || !program_.Alive();
    });
    const std::size_t at = out.find(before);
    if (at == out.npos) return "";
    return out.substr(at + before.size(), out.find('\n', at) - at - before.size());
  }

 private:
  RunningCommand program_;
};

class SdkClientsTest : public testing::TestWithParam<std::pair<std::string, std::string>> {};

TEST_P(SdkClientsTest, TalksToOurServer) {
  const auto& [package, script] = GetParam();
  const std::string reason = WhyNot(package);
  if (!reason.empty()) {
    std::cerr << "\n*** SKIPPED: " << reason << "\n\n";
    GTEST_SKIP() << reason;
  }
  Server answers({});
  Server limits({"--faults", "rate_limited_retry_after", "--share", "1"});
  const std::string file = std::string(CONSILIUM_SOURCE_DIR) + "/tests/interop/" + script;
  RunningCommand client("/usr/bin/env", {"node", file, answers.Url(), limits.Url(), kFolder});
  const CommandResult result = client.Wait(std::chrono::seconds(120));
  EXPECT_EQ(result.exit_code, 0) << result.out << result.err;
  EXPECT_NE(result.out.find("ok 429"), std::string::npos) << result.out << result.err;
}

std::string NameOf(const testing::TestParamInfo<SdkClientsTest::ParamType>& tested) {
  const std::string& script = tested.param.second;
  return script.substr(0, script.find('.'));
}

INSTANTIATE_TEST_SUITE_P(
    Npm, SdkClientsTest,
    testing::Values(std::pair<std::string, std::string>("openai", "openai.mjs"),
                    std::pair<std::string, std::string>("@anthropic-ai/sdk", "anthropic.mjs"),
                    std::pair<std::string, std::string>("@google/genai", "google_genai.mjs"),
                    std::pair<std::string, std::string>("ollama", "ollama.mjs")),
    NameOf);

}  // namespace
}  // namespace consilium
