// Servers that refuse some of what our requests use: every combination ends on the best rung that
// is left, after one request for each refusal, and is not asked for again.
#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>
#include <vector>

#include "tests/support/backend_rig.h"
#include "tests/support/fault_llm.h"

namespace consilium {
namespace {

using Features = std::vector<LlmFeature>;

// The rungs of a provider's ladder but for the last, which no server can refuse.
std::vector<std::pair<LlmFeature, const char*>> LadderOf(const std::string& provider) {
  if (provider == "anthropic") {
    return {{LlmFeature::kSchema, "schema"}, {LlmFeature::kTools, "tool"}};
  }
  if (provider == "ollama") {
    return {{LlmFeature::kSchema, "schema"}, {LlmFeature::kJsonObject, "json"}};
  }
  return {{LlmFeature::kSchema, "schema"},
          {LlmFeature::kTools, "tool"},
          {LlmFeature::kJsonObject, "json"}};
}

// What else a request of that provider can do without.
Features OthersOf(const ProviderWay& way) {
  Features others = {LlmFeature::kTemperature};
  if (way.provider == "openai") others.push_back(LlmFeature::kMaxTokens);
  if (way.provider == "openai" && way.stream) others.push_back(LlmFeature::kStreamOptions);
  if (way.stream) others.push_back(LlmFeature::kStream);
  return others;
}

std::string Named(const std::set<LlmFeature>& features) {
  std::string names = "refused:";
  for (const LlmFeature feature : features) names += std::string(" ") + LlmFeatureName(feature);
  return names;
}

// Gemini's schemas are a kind of its JSON mode: without the one there is not the other.
std::set<LlmFeature> Missing(const ProviderWay& way, std::set<LlmFeature> refused) {
  if (way.provider == "gemini" && refused.count(LlmFeature::kJsonObject) != 0) {
    refused.insert(LlmFeature::kSchema);
  }
  return refused;
}

std::string BestRung(const ProviderWay& way, const std::set<LlmFeature>& missing) {
  for (const auto& [feature, rung] : LadderOf(way.provider)) {
    if (missing.count(feature) == 0) return rung;
  }
  return "prompt";
}

class LlmBackendRungsTest : public testing::TestWithParam<ProviderWay> {};

TEST_P(LlmBackendRungsTest, EveryCombinationOfRefusalsEndsOnTheBestRungLeftAndIsRemembered) {
  const ProviderWay& way = GetParam();
  Features all = OthersOf(way);
  for (const auto& [feature, rung] : LadderOf(way.provider)) all.push_back(feature);
  for (unsigned chosen = 0; chosen < 1U << all.size(); ++chosen) {
    FaultLlmOptions options;
    for (std::size_t i = 0; i < all.size(); ++i) {
      if ((chosen >> i & 1U) != 0) options.refused.insert(all[i]);
    }
    SCOPED_TRACE(Named(options.refused));
    FaultLlm server(options);
    BackendRig rig(RigConfig(way, server.url()));
    const Outcome first = rig.Ask(RigCall("first")).outcome;
    ASSERT_EQ(LineOf(first), "ok") << first.text;
    const std::set<LlmFeature> missing = Missing(way, options.refused);
    EXPECT_EQ(first.parameters.structured, BestRung(way, missing));
    EXPECT_FALSE(first.parameters.repaired);
    EXPECT_EQ(first.parameters.temperature.has_value(),
              options.refused.count(LlmFeature::kTemperature) == 0);
    const std::vector<FaultEntry> asked = server.ledger();
    EXPECT_EQ(static_cast<std::size_t>(first.parameters.requests), asked.size());
    EXPECT_LE(asked.size(), missing.size() + 1) << "one request for each refusal";
    EXPECT_EQ(asked.back().streamed, way.stream && options.refused.count(LlmFeature::kStream) == 0);
    const Outcome second = rig.Ask(RigCall("second", Stage::kReview)).outcome;
    EXPECT_EQ(LineOf(second), "ok") << second.text;
    EXPECT_EQ(second.parameters.requests, 1) << "it is remembered";
    EXPECT_EQ(second.parameters.structured, first.parameters.structured);
  }
}

INSTANTIATE_TEST_SUITE_P(All, LlmBackendRungsTest, testing::ValuesIn(AllProviderWays()), WayName);

}  // namespace
}  // namespace consilium
