// The official clients of the providers talk to our server of models: it speaks their forms as they
// read them. The clients come from npm (tests/interop/install); without them these tests skip.
#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "tests/interop/npm.h"

namespace consilium {
namespace {

class SdkClientsTest : public testing::TestWithParam<std::pair<std::string, std::string>> {};

TEST_P(SdkClientsTest, TalksToOurServer) {
  const auto& [package, script] = GetParam();
  CONSILIUM_SKIP_IF(WhyNot(package));
  ListeningProgram answers("consilium-fault-llm", {});
  ListeningProgram limits("consilium-fault-llm",
                          {"--faults", "rate_limited_retry_after", "--share", "1"});
  const std::string file = std::string(CONSILIUM_SOURCE_DIR) + "/tests/interop/" + script;
  RunningCommand client("/usr/bin/env", {"node", file, answers.Url(), limits.Url(), NpmFolder()});
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
