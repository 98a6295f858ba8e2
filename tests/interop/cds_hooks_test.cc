// A client of CDS Hooks that shares nothing with our code (Node's fetch and crypto) asks the
// service: a card within the time of a click, the recommendation later, and what became of it.
#include <gtest/gtest.h>

#include <filesystem>
#include <iostream>
#include <string>
#include <vector>

#include "tests/interop/council.h"
#include "tests/interop/npm.h"

namespace consilium {
namespace {

constexpr const char* kOrigin = "https://ehr.example";

TEST(CdsHooksTest, ClientIsServedAtOnceAndGetsTheRecommendationLater) {
  CONSILIUM_SKIP_IF(WhyNotNode(18));
  CouncilOptions options;
  options.latency = std::chrono::milliseconds(500);  // of each of two rounds
  options.gateway = std::string("cors_origins = [\"") + kOrigin + "\"]\n";
  Council council(options);
  ASSERT_EQ(council.Start(), "");
  std::vector<std::string> arguments = {council.Url(), kOrigin};
  std::vector<std::string> checks = {"discovery",
                                     "an info card at once, the recommendation later",
                                     "accepted",
                                     "overridden",
                                     "nothing to ask about",
                                     "what cannot be served",
                                     "preflight"};
  const std::string synthea = CONSILIUM_SOURCE_DIR "/../shared/fhir/synthea_slim.jsonl";
  if (std::filesystem::exists(synthea)) {
    arguments.push_back(synthea);
    checks.emplace_back("patients of Synthea");
  } else {
    std::cerr << "\n*** SKIPPED: there is no ../shared/fhir/synthea_slim.jsonl\n\n";
  }
  EXPECT_TRUE(Passed(RunScript("cds_client.mjs", arguments), checks))
      << council.cluster().LogOf("gateway");
}

TEST(CdsHooksTest, ClientThatSignsIsAdmittedOnceForEachToken) {
  CONSILIUM_SKIP_IF(WhyNotNode(18));
  TestFolder keys;
  const CommandResult made = RunScript("cds_keys.mjs", {keys.path()});
  ASSERT_EQ(made.exit_code, 0) << made.err;
  CouncilOptions options;
  const std::string issuer = "https://ehr.example/fhir";
  options.more = "[[cds_client]]\nissuer = \"" + issuer + "\"\nkeys_file = \"" +
                 keys.File("jwks.json") + "\"\n";
  Council council(options);
  ASSERT_EQ(council.Start(), "");
  EXPECT_TRUE(Passed(
      RunScript("cds_jwt.mjs", {council.Url(), keys.path(), issuer}),
      {"accepted once", "RS384", "other audience", "forged", "feedback", "discovery is open"}))
      << council.cluster().LogOf("gateway");
  const std::string log = council.cluster().LogOf("gateway");
  EXPECT_NE(log.find("cds_caller_refused"), std::string::npos);
  EXPECT_EQ(log.find("eyJ"), std::string::npos) << "no token is ever logged";
}

}  // namespace
}  // namespace consilium
