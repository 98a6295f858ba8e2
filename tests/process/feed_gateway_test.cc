// `consilium feed` into the real gateway: what is sent once or twice becomes cases once.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <iostream>
#include <nlohmann/json.hpp>
#include <set>
#include <string>

#include "shared/file.h"
#include "tests/support/gateway_rig.h"

namespace consilium {
namespace {

using nlohmann::json;
using std::chrono::seconds;

class FeedGatewayTest : public GatewayRig {
 protected:
  void SetUp() override { Start(); }
  // What it sums up; the errors before it are in `errors_`.
  json Feed(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "feed");
    for (const std::string& more :
         {std::string("--mllp"), "127.0.0.1:" + std::to_string(cluster_->mllp()),
          std::string("--http"), "http://127.0.0.1:" + std::to_string(cluster_->http()),
          std::string("--json")}) {
      arguments.push_back(more);
    }
    const CommandResult result = RunningCommand("consilium", arguments).Wait(seconds(200));
    const std::size_t begin = result.out.rfind("{\"ended\"");
    EXPECT_NE(begin, std::string::npos) << result.out << result.err;
    if (begin == std::string::npos) return json::object();
    errors_ = result.out.substr(0, begin) + result.err;
    return json::parse(result.out.substr(begin));
  }
  // Cases by the door that they came through.
  std::size_t CasesOf(const std::string& source) {
    std::size_t count = 0;
    const json list = json::parse(cluster_->Run({"cases", "--limit", "100000", "--json"}).out);
    for (const json& item : list.at("items")) {
      if (item.at("source").get<std::string>().starts_with(source)) ++count;
    }
    return count;
  }
  static std::string Demo() { return CONSILIUM_SOURCE_DIR "/configs/demo/vignettes.jsonl"; }

  std::string errors_;
};

TEST_F(FeedGatewayTest, VignettesAsNotesAndAsCasesAreEachOneCaseHoweverOftenTheyAreFed) {
  const json notes = Feed({Demo(), "--as", "mdm", "--connections", "4"});
  EXPECT_EQ(notes.at("accepted"), 72) << errors_;
  EXPECT_EQ(CasesOf("hl7"), 72u);
  const json again = Feed({Demo(), "--as", "mdm", "--repeat", "2"});
  EXPECT_EQ(again.at("accepted"), 144) << errors_;
  EXPECT_EQ(CasesOf("hl7"), 72u) << "a gateway knows what it has seen";
  const json cases = Feed({Demo(), "--connections", "4"});
  EXPECT_EQ(cases.at("accepted"), 72) << errors_;
  EXPECT_EQ(Feed({Demo()}).at("accepted"), 72) << errors_;
  EXPECT_EQ(CasesOf("http"), 72u);
  const json status = json::parse(cluster_->Run({"status", "--json"}).out);
  EXPECT_EQ(status.at("counters").at("accepted"), 144);
}

TEST_F(FeedGatewayTest, BundlesAndBulkExportsArriveAndWhatIsNoBundleIsRefused) {
  const std::string note =
      R"({"resourceType":"DocumentReference","id":"d1","status":"current","subject":{"reference":"Patient/p1"},)"
      R"("content":[{"attachment":{"contentType":"text/plain","data":"QSBtYW4gd2l0aCBhIHByb2R1Y3RpdmUgY291Z2gu"}}]})";
  const std::string patient =
      R"({"resourceType":"Patient","id":"p1","gender":"male","identifier":[{"system":"urn:h","value":"7"}]})";
  folder_.Write("a.json", R"({"resourceType":"Bundle","type":"collection","entry":[{"resource":)" +
                              patient + R"(},{"resource":)" + note + "}]}");
  folder_.Write("b.ndjson", patient + "\n" + note + "\n");
  folder_.Write("c.json", R"({"resourceType":"Bundle","type":"searchset"})");
  const json summary =
      Feed({folder_.File("a.json"), folder_.File("b.ndjson"), folder_.File("c.json")});
  EXPECT_EQ(summary.at("doors").at("fhir").at("accepted"), 1) << errors_;
  EXPECT_EQ(summary.at("doors").at("bulk").at("accepted"), 1) << errors_;
  EXPECT_EQ(summary.at("refused"), 1) << errors_;
  EXPECT_THAT(errors_, testing::HasSubstr("c.json, message 1: refused, http_4"));
  EXPECT_GE(CasesOf("fhir"), 1u);
  EXPECT_EQ(summary.at("left_out"), 0) << errors_;
  folder_.Write("d.ndjson", note + "\n");
  const json nobody = Feed({folder_.File("d.ndjson")});
  EXPECT_EQ(nobody.at("accepted"), 1) << errors_;
  EXPECT_EQ(nobody.at("left_out"), 1) << errors_;
  EXPECT_THAT(errors_, testing::HasSubstr(
                           "d.ndjson, message 1: accepted, 1 part of it left out; the first: "));
}

TEST_F(FeedGatewayTest, EveryMessageThatWasSeenInTheFieldHasAnEnd) {
  const auto text =
      ReadFile(CONSILIUM_SOURCE_DIR "/../shared/hl7/messages.jsonl", std::size_t{64} << 20);
  if (!text) {
    std::cerr << "skipped: ../shared/hl7/messages.jsonl is not there\n";
    GTEST_SKIP() << "there is no ../shared/hl7/messages.jsonl";
  }
  TestFolder field;
  std::size_t files = 0;
  for (std::size_t from = 0; from < text->size();) {
    const std::size_t end = std::min(text->find('\n', from), text->size());
    const json line = json::parse(text->substr(from, end - from));
    field.Write(line.at("id").get<std::string>() + ".hl7", line.at("text").get<std::string>());
    ++files;
    from = end + 1;
  }
  const json summary = Feed({field.path(), "--format", "hl7", "--retries", "2"});
  EXPECT_EQ(summary.at("ended"), "done") << errors_;
  EXPECT_GE(summary.at("messages").get<std::size_t>(), files);
  EXPECT_EQ(
      summary.at("messages").get<std::size_t>(),
      summary.at("accepted").get<std::size_t>() + summary.at("unconfirmed").get<std::size_t>() +
          summary.at("refused").get<std::size_t>() + summary.at("not_sent").get<std::size_t>());
  EXPECT_GT(summary.at("accepted"), 90) << errors_;
  EXPECT_EQ(summary.at("not_read"), 0) << errors_;
}

}  // namespace
}  // namespace consilium
