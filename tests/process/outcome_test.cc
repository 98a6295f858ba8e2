// What was right comes in after the end, with the real programs: it is learned, contradictions are
// shown and teach nothing, and nobody who dies meanwhile loses or doubles it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/support/cluster_config.h"
#include "tests/support/cluster_process.h"
#include "tests/support/file_text.h"

namespace consilium {
namespace {

using nlohmann::json;
using std::chrono::seconds;
using testing::HasSubstr;
using testing::Not;

constexpr int kCases = 12;
constexpr char kSecretReason[] = "SECRET-REASON rash after the second dose";

json Parsed(const CommandResult& result) {
  json parsed = json::parse(result.out, nullptr, /*allow_exceptions=*/false);
  EXPECT_TRUE(parsed.is_object()) << result.out << result.err;
  return parsed.is_object() ? parsed : json::object();
}

// Demo cases whose right answers the cluster is not told.
std::string CasesWithoutGold(int count) {
  std::string lines;
  for (json one : JsonLines(DemoCases(count))) {
    one.erase("gold_medications");
    lines += one.dump() + "\n";
  }
  return lines;
}

class OutcomeProcessTest : public testing::Test {
 protected:
  void Start(SimulatedOptions options = {}) {
    cluster_ = std::make_unique<ClusterProcess>(folder_.Write("c.toml", SimulatedCluster(options)));
    ASSERT_EQ(cluster_->Start(), "");
  }
  CommandResult Run(const std::vector<std::string>& arguments) const {
    return cluster_->Run(arguments);
  }
  // Ends cases without gold; those with a recommendation, by id.
  std::vector<json> Recommended() {
    const CommandResult done =
        Run({"submit", "--json", folder_.Write("cases.jsonl", CasesWithoutGold(kCases))});
    EXPECT_EQ(done.exit_code, 0) << done.err;
    std::vector<json> recommended;
    for (const json& one : JsonLines(done.out)) {
      if (!one.at("ingredients").empty()) recommended.push_back(one);
    }
    return recommended;
  }
  // Once the matrix has learned all, and so many of them with a right answer.
  void ExpectGoldCases(int gold) const {
    json report;
    EXPECT_TRUE(Eventually([&] {
      report = json::parse(Run({"chemistry", "--json"}).out, nullptr, false);
      return report.is_object() && report.value("cases", 0) == kCases &&
             report.value("gold_cases", -1) == gold;
    })) << gold
        << " cases with a right answer: " << report.dump().substr(0, 300);
  }
  // The last that is exported about a case.
  json Evidence(const std::string& id) const {
    const std::string out = folder_.File("export");
    const CommandResult exported = Run({"export", out});
    EXPECT_EQ(exported.exit_code, 0) << exported.err;
    json last;
    for (const json& line : JsonLines(FileText(out + "/evidence.ndjson"))) {
      if (line.at("evidence").at("case_id") == id) last = line;
    }
    return last;
  }

  TestFolder folder_;
  std::unique_ptr<ClusterProcess> cluster_;
};

TEST_F(OutcomeProcessTest, WhatWasRightIsLearnedAndAContradictionIsNot) {
  Start();
  std::vector<json> cases = Recommended();
  ASSERT_GE(cases.size(), 2U);
  std::stable_sort(cases.begin(), cases.end(), [](const json& a, const json& b) {
    return a.at("ingredients").size() < b.at("ingredients").size();
  });
  const std::string id = cases[0].at("case_id");
  ASSERT_EQ(cases[0].at("ingredients").size(), 1U);
  const std::string right = cases[0].at("ingredients")[0];
  ExpectGoldCases(0);

  CommandResult result = Run({"outcome", id, "--accept"});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(result.out,
            id + ": recorded, its only outcome\n  Right       " + right + " (says cli)\n");
  ExpectGoldCases(1);
  json line = Evidence(id);
  ASSERT_TRUE(line.at("replaces").is_object()) << line.dump();
  const json recommended = Parsed(Run({"show", "--json", id})).at("recommendations")[0];
  for (const json& answer : line.at("evidence").at("answers")) {
    const int candidate = std::stoi(answer.at("key").get<std::string>());
    const json& set = recommended.at("candidates")[static_cast<std::size_t>(candidate)];
    EXPECT_EQ(answer.at("right"), set.at("ingredients") == recommended.at("ingredients"));
  }
  for (const json& answer : line.at("replaces").at("answers")) {
    EXPECT_TRUE(answer.at("right").is_null());
  }
  EXPECT_TRUE(recommended.at("score").is_null()) << "what was decided stays as it was";
  EXPECT_THAT(FileText(folder_.File("export") + "/history.csv"), HasSubstr(id));

  result = Run({"outcome", id, "--accept"});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(result.out, id + ": was recorded before, its only outcome\n  Right       " + right +
                            " (says cli)\n");

  // Another one disagrees.
  result = Run({"outcome", id, "--override", kSecretReason, "--by", "ward 3"});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(result.out, id +
                            ": recorded, 2 outcomes in all\n"
                            "  Right       CONTRADICTORY: not learned until they agree; of each "
                            "the latest\n              counts\n              cli says " +
                            right + "\n              ward 3 says not " + right + "\n");
  ExpectGoldCases(0);
  EXPECT_TRUE(Evidence(id).at("evidence").at("answers")[0].at("right").is_null());
  const std::string shown = Run({"show", id}).out;
  EXPECT_THAT(shown, HasSubstr("CONTRADICTORY"));
  EXPECT_THAT(shown, HasSubstr(kSecretReason));
  json view = Parsed(Run({"show", "--json", id}));
  EXPECT_EQ(view.at("known").at("status"), "contradictory");
  EXPECT_EQ(view.at("outcomes").size(), 2U);
  EXPECT_EQ(view.at("outcomes")[1].at("reason"), kSecretReason);
  EXPECT_EQ(view.at("recommendations").size(), 1U) << "nothing is published for an outcome";

  // He corrects himself: that is learned again.
  view = Parsed(Run({"outcome", "--by", "ward 3", "--json", "--medications", right, id}));
  EXPECT_EQ(view, json({{"id", id},
                        {"duplicate", false},
                        {"count", 3},
                        {"state", recommended.at("status")},
                        {"contradictory", false}}));
  ExpectGoldCases(1);

  // Only that it was wrong is known of this one, so not every answer is judged.
  const std::string other = cases[1].at("case_id");
  EXPECT_EQ(Run({"outcome", other, "--override", kSecretReason}).exit_code, 0);
  EXPECT_TRUE(Eventually([&] {
    const json changed = Evidence(other);
    return changed.at("replaces").is_object() &&
           changed.at("evidence").at("answers").dump().find("\"right\":false") != std::string::npos;
  }));

  const json rebuilt = Parsed(Run({"chemistry", "--rebuild", "--json"}));
  EXPECT_TRUE(rebuilt.at("identical").get<bool>()) << rebuilt.dump();
  EXPECT_EQ(rebuilt.at("lines"), kCases + 4);

  // A name that no table has may be right, and is said to be none.
  result = Run({"outcome", other, "--medications", right + ",foozol", "--by", "typist"});
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_EQ(
      result.err,
      "consilium: warning: \"foozol\" is in no table of medications, and is learned as it was "
      "typed; if that is a slip, say it again: of --by \"typist\" the latest outcome "
      "counts\n");
  for (const char* part : {"broker", "aggregator"}) {
    EXPECT_THAT(cluster_->LogOf(part), Not(HasSubstr("SECRET-REASON"))) << part;
  }
  EXPECT_THAT(cluster_->UpLog(), Not(HasSubstr("SECRET-REASON")));
}

TEST_F(OutcomeProcessTest, RefusalsSayWhatToDo) {
  SimulatedOptions slow;
  slow.models = 1;
  slow.ensemble = 1;
  slow.latency_ms = 20000;
  slow.council = "quorum = 1\n";
  Start(slow);
  const auto refused = [this](std::vector<std::string> flags, int exit_code,
                              const std::string& err) {
    flags.insert(flags.begin(), "outcome");
    const CommandResult result = Run(flags);
    EXPECT_EQ(result.exit_code, exit_code) << result.out;
    EXPECT_EQ(result.err, err);
    EXPECT_EQ(result.out, "");
  };
  const std::string help = "\n  see `consilium outcome --help`\n";
  refused({"c1", "--accept"}, 4, "consilium: error[not_found]: no case c1\n");
  refused({"c1"}, 2,
          "consilium: error[invalid]: no outcome, expected --medications a,b, --no-medication, "
          "--accept or --override REASON" +
              help);
  refused({"c1", "--accept", "--no-medication"}, 2,
          "consilium: error[invalid]: --accept excludes --no-medication" + help);
  for (const std::vector<std::string>& stated :
       {std::vector<std::string>{"--medications", "a"}, {"--no-medication"}}) {
    std::vector<std::string> flags = {"c1", "--revision", "1"};
    flags.insert(flags.end(), stated.begin(), stated.end());
    refused(flags, 2,
            "consilium: error[invalid]: --revision 1 without --accept or --override, expected it "
            "with one of them: what is stated speaks of no recommendation" +
                help);
  }
  refused({"c1", "--medications", "a", "--by", "gold"}, 2,
          "consilium: error[invalid]: by = \"gold\", expected another name: that is what came with "
          "the case\n");
  refused({"c1", "--override", " ", "--revision", "1"}, 2,
          "consilium: error[invalid]: reason: blank, expected why it was overridden\n");
  ASSERT_EQ(Run({"submit", "--no-wait", folder_.Write("one.jsonl", DemoCases(1))}).exit_code, 0);
  ASSERT_TRUE(Eventually([this] {
    return Run({"show", "demo-001", "--json"}).out.find("\"leased\"") != std::string::npos;
  }));
  refused({"demo-001", "--accept"}, 4,
          "consilium: error[conflict]: case demo-001 is still generating; say what was right once "
          "it has ended (`consilium show demo-001`)\n");
  const CommandResult as_json = Run({"outcome", "demo-001", "--no-medication", "--json"});
  EXPECT_EQ(as_json.exit_code, 4);
  EXPECT_EQ(Parsed(as_json).at("error").at("code"), "conflict");
  ASSERT_EQ(Run({"cancel", "demo-001"}).exit_code, 0);
  refused({"demo-001", "--accept"}, 4,
          "consilium: error[conflict]: case demo-001 was cancelled: there is no recommendation to "
          "speak of\n");
}

TEST_F(OutcomeProcessTest, BrokersAndAggregatorsThatDieMeanwhileLoseAndDoubleNothing) {
  Start();
  const std::vector<json> cases = Recommended();
  ASSERT_GE(cases.size(), 3U);
  ExpectGoldCases(0);
  std::vector<std::unique_ptr<RunningCommand>> said;
  for (const json& one : cases) {
    said.push_back(std::make_unique<RunningCommand>(
        "consilium", cluster_->WithData(
                         {"outcome", one.at("case_id"), "--accept", "--json", "--timeout", "60"})));
    if (said.size() % 3 == 2) {
      cluster_->Kill9(said.size() % 2 == 0 ? "broker" : "aggregator");
    }
  }
  for (const auto& command : said) {
    const CommandResult result = command->Wait(seconds(90));
    EXPECT_EQ(result.exit_code, 0) << result.out << result.err;
    EXPECT_EQ(Parsed(result).at("count"), 1) << "asked again it is the same outcome";
  }
  ExpectGoldCases(static_cast<int>(cases.size()));
  for (const json& one : cases) {
    const json view = Parsed(Run({"show", "--json", one.at("case_id")}));
    EXPECT_EQ(view.at("outcomes").size(), 1U);
    EXPECT_EQ(view.at("known").at("outcomes"), 1);
  }
  const json rebuilt = Parsed(Run({"chemistry", "--rebuild", "--json"}));
  EXPECT_TRUE(rebuilt.at("identical").get<bool>()) << rebuilt.dump();
  EXPECT_EQ(rebuilt.at("lines"), kCases + static_cast<int>(cases.size()));
}

}  // namespace
}  // namespace consilium
