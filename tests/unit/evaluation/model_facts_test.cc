#include "aggregator/evaluation/model_facts.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

namespace consilium {
namespace {

constexpr const char* kHeader =
    "model,placement,usd_per_million_prompt,usd_per_million_completion,note\n";

std::string Refusal(const std::string& csv) {
  const auto facts = ReadModelFacts(csv);
  return facts.ok() ? "read" : facts.error().text;
}

TEST(ModelFactsTest, PricesMakeCostsWhereTokensAreKnown) {
  const auto facts = ReadModelFacts(std::string(kHeader) + "a,local,1,4,x\nb,,2,,\n");
  ASSERT_TRUE(facts.ok()) << facts.error().text;
  EXPECT_EQ(facts->at("a").placement, "local");
  EXPECT_FALSE(facts->at("b").usd_per_million_completion);
  RecordedAnswers recorded;
  JudgedCase judged;
  for (const char* model : {"a", "a2", "b"}) {
    judged.evidence.answers.emplace_back().model = model;
    judged.tokens.push_back({1000.0, 500.0});
  }
  recorded.cases.push_back(judged);
  recorded.cases.push_back(judged);
  recorded.cases[1].evidence.answers[0].cost_usd = 7.0;
  AddCosts(*facts, recorded);
  EXPECT_NEAR(recorded.cases[0].evidence.answers[0].cost_usd.value(), 0.003, 1e-12);
  EXPECT_FALSE(recorded.cases[0].evidence.answers[1].cost_usd) << "no such model";
  EXPECT_FALSE(recorded.cases[0].evidence.answers[2].cost_usd) << "one price is not known";
  EXPECT_EQ(recorded.cases[1].evidence.answers[0].cost_usd, 7.0) << "as recorded";
}

TEST(ModelFactsTest, WhatMakesNoSenseIsNamed) {
  EXPECT_EQ(Refusal(""), "models: the file is empty");
  EXPECT_EQ(Refusal("name\na\n"), "models: no column \"model\"");
  EXPECT_EQ(Refusal("model,placement\na,cloud\n"),
            "models: line 2: placement = \"cloud\", expected local or remote");
  EXPECT_EQ(Refusal("model,usd_per_million_prompt\na,free\n"),
            "models: line 2: usd_per_million_prompt = \"free\", expected 0..1000000 USD");
  EXPECT_EQ(Refusal("model,placement\na\n"), "models: line 2: 1 fields, expected 2");
  EXPECT_EQ(Refusal("model\na\na\n"), "models: line 3: model \"a\" twice, expected once");
}

TEST(ModelFactsTest, TheShippedExampleIsRead) {
  std::ifstream file(CONSILIUM_SOURCE_DIR "/configs/examples/model_facts.csv");
  const auto facts = ReadModelFacts(std::string(std::istreambuf_iterator<char>(file), {}));
  ASSERT_TRUE(facts.ok()) << facts.error().text;
  EXPECT_EQ(facts->size(), 10u);
}

}  // namespace
}  // namespace consilium
