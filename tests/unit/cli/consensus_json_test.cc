#include "cli/consensus_json.h"

#include <gtest/gtest.h>

namespace consilium {
namespace {

std::string ProblemOf(const std::string& text) { return ParseGraphs(text, "g.json").error().text; }

TEST(ParseGraphsTest, OneGraphOrAnArrayOfThem) {
  const auto one = ParseGraphs(R"({"reviews":[["r","a",1]]})", "g.json");
  ASSERT_TRUE(one.ok());
  ASSERT_EQ(one->size(), 1u);
  EXPECT_EQ((*one)[0].reviews[0].reviewer, "r");
  EXPECT_EQ((*one)[0].reviews[0].item, "a");
  EXPECT_EQ((*one)[0].reviews[0].grade, 1.0);
  EXPECT_EQ((*one)[0].options.iterations, 20);
  const auto two = ParseGraphs(
      R"([{"reviews":[]},{"reviews":[],"iterations":5,"use_all_data":true,"basic_precision":0.01}])",
      "g.json");
  ASSERT_TRUE(two.ok());
  ASSERT_EQ(two->size(), 2u);
  EXPECT_EQ((*two)[1].options.iterations, 5);
  EXPECT_TRUE((*two)[1].options.use_all_data);
  EXPECT_EQ((*two)[1].options.basic_precision, 0.01);
}

TEST(ParseGraphsTest, ErrorsNameGraphAndField) {
  EXPECT_EQ(ProblemOf("{"), "g.json: not valid JSON");
  EXPECT_EQ(ProblemOf("7"), "g.json: expected a graph or an array of graphs");
  EXPECT_EQ(ProblemOf("[7]"), "g.json: [0] expected an object");
  EXPECT_EQ(ProblemOf("{}"), "g.json: reviews: missing");
  EXPECT_EQ(ProblemOf(R"({"reviews":{}})"), "g.json: reviews: expected an array");
  EXPECT_EQ(ProblemOf(R"([{"reviews":[]},{"reviews":[["r","a",1],["r",2,1]]}])"),
            "g.json: [1] reviews[1]: expected [reviewer, item, grade]");
  EXPECT_EQ(ProblemOf(R"({"reviews":[],"iterations":0})"),
            "g.json: iterations = 0, expected 1..1000");
  EXPECT_EQ(ProblemOf(R"({"reviews":[],"iterations":1.5})"),
            "g.json: iterations: expected an integer");
  EXPECT_EQ(ProblemOf(R"({"reviews":[],"use_all_data":1})"),
            "g.json: use_all_data: expected true or false");
  EXPECT_EQ(ProblemOf(R"({"reviews":[],"basic_precision":"x"})"),
            "g.json: basic_precision: expected a number");
}

TEST(ConsensusToJsonTest, NumbersHaveSeventeenDigitsAndMissingQualityIsNull) {
  Consensus consensus;
  consensus.items.push_back({"a\"b", 0.1, 0.25, 1});
  consensus.reviewers.push_back({"r", 1.0 / 3.0, std::nullopt, 1, 0});
  consensus.reviewers.push_back({"s", 0.0, 0.5, 1, 1});
  EXPECT_EQ(ConsensusToJson({consensus, Consensus{}}),
            "[\n{\"items\":{\"a\\\"b\":{\"grade\":0.10000000000000001,\"variance\":0.25}},"
            "\"reviewers\":{\"r\":{\"variance\":0.33333333333333331,\"quality\":null},"
            "\"s\":{\"variance\":0,\"quality\":0.5}}},\n{\"items\":{},\"reviewers\":{}}\n]\n");
}

}  // namespace
}  // namespace consilium
