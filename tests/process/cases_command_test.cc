// What a person does with the cases that there are: lists them, and takes one back.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "tests/support/cluster_config.h"
#include "tests/support/cluster_process.h"
#include "tests/unit/cli/columns.h"

namespace consilium {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

json Parsed(const CommandResult& result) {
  json parsed = json::parse(result.out, nullptr, /*allow_exceptions=*/false);
  EXPECT_TRUE(parsed.is_object()) << result.out << result.err;
  return parsed.is_object() ? parsed : json::object();
}

std::vector<std::string> IdsOf(const json& list) {
  std::vector<std::string> ids;
  for (const json& item : list.at("items")) ids.push_back(item.at("id"));
  return ids;
}

TEST(CasesCommandTest, CasesAreListedAndOneThatEndedIsTakenBack) {
  TestFolder folder;
  ClusterProcess cluster(folder.Write("c.toml", SimulatedCluster({})));
  ASSERT_EQ(cluster.Start(), "");
  EXPECT_EQ(Parsed(cluster.Run({"cases", "--json"})),
            json::parse(R"({"items":[],"cursor":"","end":true,"partly":false})"));
  for (const char* id : {"c1", "c2", "c3"}) {
    const std::string text =
        std::string(R"({"id":")") + id + R"(","text":"A man with a productive cough."})";
    const CommandResult submitted = cluster.Run({"submit", "-"}, text);
    ASSERT_LE(submitted.exit_code, 1) << submitted.err;
  }
  const json all = Parsed(cluster.Run({"cases", "--json"}));
  EXPECT_THAT(IdsOf(all), ElementsAre("c3", "c2", "c1"));
  EXPECT_EQ(all.at("items")[0].at("revision"), 1);
  EXPECT_THAT(IdsOf(Parsed(cluster.Run({"cases", "--source", "cli", "--json"}))),
              ElementsAre("c3", "c2", "c1"));
  EXPECT_THAT(IdsOf(Parsed(cluster.Run({"cases", "--source", "hl7", "--json"}))), ElementsAre());
  const json page = Parsed(cluster.Run({"cases", "--source", "cli", "--limit", "1", "--json"}));
  EXPECT_THAT(IdsOf(page), ElementsAre("c3"));
  EXPECT_EQ(page.at("end"), false);
  const std::string cursor = page.at("cursor");
  EXPECT_THAT(IdsOf(Parsed(cluster.Run({"cases", "--source", "cli", "--after", cursor, "--json"}))),
              ElementsAre("c2", "c1"));
  const CommandResult table = cluster.Run({"cases", "--limit", "2"});
  EXPECT_EQ(table.exit_code, 0);
  ExpectAtMost80Columns(table.out);
  EXPECT_THAT(table.out, StartsWith("  case  accepted     state"));
  EXPECT_THAT(table.err, HasSubstr("2 cases; go on with --after "));
  const CommandResult wrong = cluster.Run({"cases", "--after", "garbage"});
  EXPECT_EQ(wrong.exit_code, 2);
  EXPECT_THAT(wrong.err, HasSubstr("error[invalid]: --after = \"garbage\", expected"));
  const CommandResult nowhere = cluster.Run({"cases", "--config", folder.File("none.toml")});
  EXPECT_EQ(nowhere.exit_code, 2) << "nobody was asked who could refuse";
  EXPECT_THAT(nowhere.err, HasSubstr(folder.File("none.toml")));

  const CommandResult late = cluster.Run({"cancel", "c3"});
  EXPECT_THAT(late.out, HasSubstr("c3: had ended before ("));
  EXPECT_EQ(late.exit_code, 4) << "as the API says 409: nothing was cancelled";
  const CommandResult withdrawn =
      cluster.Run({"cancel", "c3", "--withdraw", "--reason", "retracted"});
  EXPECT_EQ(withdrawn.out, "c3: cancelled\n");
  EXPECT_EQ(withdrawn.exit_code, 0);
  EXPECT_THAT(IdsOf(Parsed(cluster.Run({"cases", "--state", "cancelled", "--json"}))),
              ElementsAre("c3"));
  const std::string shown = cluster.Run({"show", "c3"}).out;
  EXPECT_THAT(shown, StartsWith("c3  CANCELLED"));
  EXPECT_THAT(shown, HasSubstr("  Withdrawn   retracted\n"));
  const CommandResult fed = cluster.Run({"watch", "--from-start", "--count", "4", "--json"});
  const json last = json::parse(fed.out.substr(fed.out.rfind("{\"case_id\"")));
  EXPECT_EQ(last.at("case_id"), "c3");
  EXPECT_EQ(last.at("status"), "cancelled");
  EXPECT_EQ(last.at("revision"), 2);
  EXPECT_EQ(last.at("reason"), "retracted");
  EXPECT_TRUE(last.at("medications").empty());
  const CommandResult status = cluster.Run({"status", "--json"});
  EXPECT_EQ(status.exit_code, 0) << "balanced";
  EXPECT_EQ(Parsed(status).at("counters").at("cancelled"), 1);
  EXPECT_EQ(cluster.Run({"outcome", "c3", "--accept"}).exit_code, 4);
}

}  // namespace
}  // namespace consilium
