// gateway/openapi.json is OpenAPI 3.1 for a validator of other people, and every answer of a real
// gateway is what it says (openapi.mjs). The packages come from npm (tests/interop/install);
// without them this test skips.
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "shared/ids.h"
#include "tests/interop/npm.h"
#include "tests/support/cluster_config.h"
#include "tests/support/cluster_process.h"
#include "tests/support/hl7_notes.h"
#include "tests/support/mllp_peer.h"

namespace consilium {
namespace {

std::string UrlOf(int port) { return "http://127.0.0.1:" + std::to_string(port); }

// A gateway without a cluster behind it.
std::string LoneUrl(const std::string& endpoints_file) {
  std::string http;
  Eventually([&] {
    std::ifstream file(endpoints_file);
    const auto read = nlohmann::json::parse(file, nullptr, false);
    if (!read.is_discarded()) http = read.value("http", "");
    return !http.empty();
  });
  return http.empty() ? "" : "http" + http.substr(http.find(':'));
}

// A note of a demo case over HL7 v2; its result goes to the receiver.
std::string NoteOf(int number) {
  const std::string n = std::to_string(number);
  return Note("T02", "m-" + n, n, "d-" + n, DemoText(number));
}

TEST(OpenApiTest, IsValidAndSaysWhatTheGatewayAnswers) {
  for (const char* package : {"@seriousme/openapi-schema-validator", "ajv-2020"}) {
    CONSILIUM_SKIP_IF(WhyNot(package));
  }
  TestFolder folder;
  SimulatedOptions options;
  options.gateway = true;
  MllpReceiver refuses(
      [](const std::string& message) { return MllpReceiver::AckOf(message, "AR"); });
  options.gateway_lines =
      "body_bytes_max = 65536\nreceiver = \"127.0.0.1:" + std::to_string(refuses.port()) + "\"";
  ClusterProcess open(folder.Write("open.toml", SimulatedCluster(options)));
  ASSERT_EQ(open.Start(), "");
  MllpSender sender(open.mllp());
  for (int i = 1; i <= 3; ++i) {
    ASSERT_EQ(Hl7Field(sender.Ask(NoteOf(i)).value_or(""), "MSA", 1), "AA");
  }

  const std::string tokens = folder.Write(
      "tokens", Sha256Hex("reads") + " read viewer\n" + Sha256Hex("writes") + " write feeder\n");
  options.gateway_lines = "tokens_file = \"" + tokens + "\"";
  ClusterProcess closed(folder.Write("closed.toml", SimulatedCluster(options)));
  ASSERT_EQ(closed.Start(), "");

  options.gateway_lines = "";
  const std::string endpoints = folder.File("endpoints.json");
  RunningCommand lone("consilium-gateway",
                      {"--config", folder.Write("lone.toml", SimulatedCluster(options)), "--broker",
                       "tcp://127.0.0.1:1", "--endpoints-file", endpoints},
                      {{"CONSILIUM_REDIS_URL", "tcp://127.0.0.1:1"}});

  const std::string lone_url = LoneUrl(endpoints);
  ASSERT_NE(lone_url, "") << lone.ErrSoFar();

  const std::string root = CONSILIUM_SOURCE_DIR;
  RunningCommand validate("/usr/bin/env",
                          {"node", root + "/tests/interop/openapi.mjs", NpmFolder(),
                           root + "/gateway/openapi.json", root + "/configs/demo/vignettes.jsonl",
                           UrlOf(open.http()), UrlOf(closed.http()), LoneUrl(endpoints)});
  const CommandResult result = validate.Wait(std::chrono::seconds(200));
  EXPECT_EQ(result.exit_code, 0) << result.out << result.err;
  EXPECT_NE(result.out.find("all operations, "), std::string::npos) << result.out << result.err;
}

}  // namespace
}  // namespace consilium
