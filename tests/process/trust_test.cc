// From outcomes to confidence, with the real programs: simulated models, and cases whose right
// answers are known.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/support/cluster_config.h"
#include "tests/support/cluster_process.h"
#include "tests/support/synthetic_cases.h"

namespace consilium {
namespace {

using nlohmann::json;
using testing::AnyOf;
using testing::HasSubstr;
using testing::StartsWith;

constexpr int kKnown = 100;  // five of eight models answer each: every one has far more than twenty
constexpr int kFresh = 60;

json ParsedOut(const CommandResult& result) { return json::parse(result.out, nullptr, false); }

class TrustTest : public testing::Test {
 protected:
  TrustTest() {
    knowledge_ = folder_.Write("knowledge.jsonl", Cases(1, kKnown + kFresh));
    known_ = folder_.Write("known.jsonl", Cases(1, kKnown));
  }

  static std::string Cases(int first, int count) {
    SyntheticOptions options;
    options.first = first;
    options.cases = count;
    return SyntheticCases(options);
  }
  std::string Configuration(const std::string& council) const {
    SyntheticClusterOptions options;
    options.knowledge = knowledge_;
    options.council = council;
    return folder_.Write("cluster.toml", SyntheticCluster(options));
  }

  // The record once it rests on `cases`.
  static json RecordOf(const ClusterProcess& cluster, int cases) {
    json record;
    EXPECT_TRUE(Eventually([&] {
      const json trust = ParsedOut(cluster.Run({"trust", "--json"}));
      if (!trust.is_object() || trust.at("items").empty()) return false;
      record = trust.at("items")[0];
      return record.at("cases") == cases;
    })) << record.dump();
    return record;
  }
  // What is recorded of the first fresh case that an aggregator decides with a confidence.
  json FirstWithConfidence(const ClusterProcess& cluster) {
    json shown;
    EXPECT_TRUE(Eventually([&] {
      if (submitted_ == kKnown + kFresh) return false;
      const CommandResult ended =
          cluster.Run({"submit", "--json", folder_.Write("one.jsonl", Cases(++submitted_, 1))});
      const std::vector<json> lines = JsonLines(ended.out);
      if (lines.empty() || lines.front().value("confidence", json()).is_null()) return false;
      shown = ParsedOut(cluster.Run({"show", "--json", lines.front().at("case_id")}));
      return true;
    })) << submitted_;
    return shown.is_object() ? shown : json::object();
  }

  TestFolder folder_;
  std::string knowledge_;
  std::string known_;
  int submitted_ = kKnown;  // as soon as the first ones were
};

TEST_F(TrustTest, OutcomesTeachAConfidenceAndAStrictTargetIsKeptByAbstaining) {
  ClusterProcess cluster(Configuration("outcomes_min = 20\nrisk_target = 0.02\n"));
  ASSERT_EQ(cluster.Start(), "");
  EXPECT_THAT(cluster.Run({"trust"}).out, StartsWith("  nothing is known yet: "));
  ASSERT_EQ(cluster.Run({"submit", "--json", known_}).exit_code, 0);
  const json record = RecordOf(cluster, kKnown);
  EXPECT_EQ(record.at("kind"), "medication");
  EXPECT_EQ(record.at("simulated"), kKnown);
  EXPECT_EQ(record.at("needed"), 20);
  EXPECT_EQ(record.at("votes").size(), 8u);
  EXPECT_TRUE(record.at("support").is_number());
  EXPECT_NE(record.at("calibration"), "");
  EXPECT_EQ(record.at("risk_needed"), 49);

  const CommandResult table = cluster.Run({"trust"});
  EXPECT_EQ(table.exit_code, 0) << table.err;
  EXPECT_THAT(table.out, HasSubstr("  Outcomes    100 known\n"));
  EXPECT_THAT(table.out,
              HasSubstr("  Note        100 of them were answered by SIMULATED models\n"));
  EXPECT_THAT(table.out, HasSubstr("  sim-syn-a"));
  EXPECT_THAT(table.out, HasSubstr("the odds by"));
  EXPECT_THAT(table.out, HasSubstr("  Risk        at most 0.02 may be wrong: "));
  EXPECT_EQ(cluster.Run({"trust", "--kind", "medication"}).out, table.out);
  const CommandResult none = cluster.Run({"trust", "--kind", "medicaton"});
  EXPECT_EQ(none.exit_code, 2) << "as chemistry --kind";
  EXPECT_EQ(none.out, "");
  EXPECT_THAT(none.err, StartsWith("consilium: error[invalid]: kind = \"medicaton\", expected "
                                   "one of medication (council.kinds)\n"));

  const json shown = FirstWithConfidence(cluster);
  ASSERT_FALSE(shown.empty());
  const json& rec = shown.at("recommendations").back();
  const json& used = rec.at("track_record");
  EXPECT_GE(used.at("cases"), kKnown);
  EXPECT_EQ(used.at("simulated"), used.at("cases")) << "every outcome is of simulated models";
  const std::string known = std::to_string(used.at("cases").get<int>());
  EXPECT_EQ(rec.at("confidence_note"), "calibrated on " + known +
                                           " known outcomes of medication cases, " + known +
                                           " of simulated models");
  double sum = 0.0;
  for (const json& candidate : rec.at("candidates")) {
    sum += candidate.at("probability").get<double>();
  }
  EXPECT_GT(sum, 0.0);
  EXPECT_LT(sum, 1.0) << "something else may be right";
  for (const json& model : rec.at("models")) EXPECT_TRUE(model.at("score").is_number());
  // Councils that are wrong as often as these cannot keep one in fifty.
  EXPECT_EQ(rec.at("status"), "insufficient");
  EXPECT_TRUE(rec.at("medications").empty());
  EXPECT_THAT(rec.at("reason").get<std::string>(),
              AnyOf(StartsWith("no confidence keeps the risk at 0.02: of " + known),
                    HasSubstr("which a risk of 0.02 needs")));
  const CommandResult text = cluster.Run({"show", shown.at("id")});
  EXPECT_THAT(text.out, HasSubstr(", calibrated on " + known + " known outcomes of"));
  EXPECT_THAT(text.out, HasSubstr(", probability 0."));

  // What was learned is as durable as all else.
  const json before = RecordOf(cluster, submitted_);
  EXPECT_EQ(cluster.Stop(), 0);
  ASSERT_EQ(cluster.Start(), "");
  EXPECT_EQ(RecordOf(cluster, submitted_), before);
  EXPECT_EQ(ParsedOut(cluster.Run({"show", "--json", shown.at("id")})), shown);
}

TEST_F(TrustTest, WithoutReviewersAnswersAreVotesAndTheConfidenceComesFromThemAlone) {
  ClusterProcess cluster(Configuration("graders = 0\noutcomes_min = 20\nrisk_target = 1\n"));
  ASSERT_EQ(cluster.Start(), "");
  ASSERT_EQ(cluster.Run({"submit", "--json", known_}).exit_code, 0);
  const json record = RecordOf(cluster, kKnown);
  EXPECT_EQ(record.at("reviewed"), false);
  EXPECT_TRUE(record.at("support").is_null());
  EXPECT_NE(record.at("calibration"), "");
  EXPECT_THAT(cluster.Run({"trust"}).out,
              HasSubstr("  Answers     not reviewed: every answer is a vote\n"));
  const json shown = FirstWithConfidence(cluster);
  ASSERT_FALSE(shown.empty());
  const json& rec = shown.at("recommendations").back();
  EXPECT_EQ(rec.at("status"), "complete") << rec.at("reason");
  EXPECT_EQ(rec.at("reason"), "all that was asked for: 5 answers");
  EXPECT_EQ(shown.at("tasks").size(), 5u) << "nobody was asked to grade";
  EXPECT_TRUE(rec.at("missing").empty());
}

}  // namespace
}  // namespace consilium
