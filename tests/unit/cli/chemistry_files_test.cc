// Profiles in JSON and histories in CSV, as the chemistry commands read them.
#include "cli/chemistry_files.h"

#include <gtest/gtest.h>

#include <string>

namespace consilium {
namespace {

std::string ProblemOf(const std::string& text) {
  const auto profiles = ParseProfiles(text, "p.json");
  if (profiles.ok()) return "no problem";
  EXPECT_EQ(profiles.error().code, ErrorCode::kInvalid);
  return profiles.error().text;
}

TEST(ParseProfilesTest, AListOrAnObjectWithModels) {
  for (const char* text : {R"([{"model":"b","quality":10,"accuracy":0.5,"note":1},
            {"model":"a","quality":2.5,"accuracy":1}])",
                           R"({"task":"t","models":[{"accuracy":0.5,"model":"b","quality":10},
            {"model":"a","quality":2.5,"accuracy":1}],"chemistry":[]})"}) {
    const auto profiles = ParseProfiles(text, "p.json");
    ASSERT_TRUE(profiles.ok()) << profiles.error().text;
    ASSERT_EQ(profiles->size(), 2u);
    EXPECT_EQ((*profiles)[0].model, "b");
    EXPECT_EQ((*profiles)[0].quality, 10.0);
    EXPECT_EQ((*profiles)[0].accuracy, 0.5);
    EXPECT_EQ((*profiles)[1].model, "a");
  }
}

TEST(ParseProfilesTest, NoModelsAreNoError) {
  ASSERT_TRUE(ParseProfiles("[]", "p.json").ok());
  EXPECT_TRUE(ParseProfiles("[]", "p.json")->empty());
  EXPECT_TRUE(ParseProfiles(R"({"models":[]})", "p.json").ok());
}

TEST(ParseProfilesTest, ErrorsNameEntryFieldAndValue) {
  EXPECT_EQ(ProblemOf(""), "p.json: not valid JSON");
  EXPECT_EQ(ProblemOf(R"([{"model":"a","quality":NaN,"accuracy":1}])"), "p.json: not valid JSON");
  EXPECT_EQ(ProblemOf("7"), "p.json: expected a list of {model, quality, accuracy}");
  EXPECT_EQ(ProblemOf("{}"), "p.json: models: missing");
  EXPECT_EQ(ProblemOf(R"({"models":3})"), "p.json: models: expected a list");
  EXPECT_EQ(ProblemOf("[7]"), "p.json: [0] expected an object");
  EXPECT_EQ(ProblemOf(R"({"models":[[]]})"), "p.json: models[0] expected an object");
  EXPECT_EQ(ProblemOf(R"([{"quality":1,"accuracy":1}])"), "p.json: [0] model: missing");
  EXPECT_EQ(ProblemOf(R"([{"model":3,"quality":1,"accuracy":1}])"),
            "p.json: [0] model = 3, expected a text");
  EXPECT_EQ(ProblemOf(R"([{"model":"a","quality":1,"accuracy":1},{"model":"b","accuracy":1}])"),
            "p.json: [1] quality: missing");
  EXPECT_EQ(ProblemOf(R"([{"model":"a","quality":"good","accuracy":1}])"),
            "p.json: [0] quality = \"good\", expected a number");
  EXPECT_EQ(ProblemOf(R"([{"model":"a","quality":1,"accuracy":null}])"),
            "p.json: [0] accuracy = null, expected a number");
  EXPECT_EQ(ProblemOf(R"([{"model":"a","quality":1,"accuracy":1.5}])"),
            "p.json: model 'a': accuracy = 1.5, expected 0..1");
  EXPECT_EQ(ProblemOf(R"([{"model":"a","quality":-1,"accuracy":1}])"),
            "p.json: model 'a': quality = -1, expected 0..10");
  EXPECT_EQ(ProblemOf(R"([{"model":"a","quality":1,"accuracy":1},
                          {"model":"a","quality":1,"accuracy":1}])"),
            "p.json: model 'a' stands more than once, expected once");
  EXPECT_EQ(ProblemOf(R"([{"model":"a b","quality":1,"accuracy":1}])"),
            "p.json: model = \"a b\", expected 1..128 characters of A-Z a-z 0-9 . _ : / @ + -");
}

TEST(ParseProfilesTest, DeepNestingIsRefusedWithoutHarm) {
  EXPECT_EQ(ProblemOf(std::string(200000, '[')), "p.json: not valid JSON");
  EXPECT_EQ(ProblemOf(std::string(200000, '[') + std::string(200000, ']')),
            "p.json: [0] expected an object");
}

constexpr const char* kHeader = "trial,model,task,quality,accuracy\n";

HistoryOptions Named(const std::string& file) {
  HistoryOptions options;
  options.file = file;
  return options;
}

std::string HistoryProblem(const std::string& text, const HistoryOptions& options) {
  const auto loaded = ReadHistory(text, options);
  return loaded.ok() ? "no problem" : loaded.error().text;
}

TEST(ReadHistoryTest, FlagsChooseTaskAndProfile) {
  const std::string text =
      std::string(kHeader) + "1,a,fix,4,0.5\n1,b,fix,5,0.25\n2,a,fix,8,0.75\n3,c,sort,1,0.5\n";
  auto loaded = ReadHistory(text, Named("h.csv"));
  ASSERT_TRUE(loaded.ok());
  EXPECT_EQ(loaded->history.task, "fix");
  ASSERT_EQ(loaded->profiles.size(), 2u);
  EXPECT_EQ(loaded->profiles[0].accuracy, 0.75);
  HistoryOptions options = Named("h.csv");
  options.profile = "mean";
  loaded = ReadHistory(text, options);
  ASSERT_TRUE(loaded.ok());
  EXPECT_EQ(loaded->profiles[0].accuracy, 0.625);
  options.task = "sort";
  loaded = ReadHistory(text, options);
  ASSERT_TRUE(loaded.ok());
  ASSERT_EQ(loaded->profiles.size(), 1u);
  EXPECT_EQ(loaded->profiles[0].model, "c");
  // The rows stay where they are when the whole is moved.
  const LoadedHistory moved = std::move(loaded).value();
  EXPECT_EQ(moved.history.rows.at(0), &moved.table.rows.at(3));
}

TEST(ReadHistoryTest, WhatCannotBeUsedIsSaid) {
  EXPECT_EQ(HistoryProblem("", Named("h.csv")),
            "h.csv: empty, expected a first line with the names of the columns");
  EXPECT_EQ(HistoryProblem("", Named("-")),
            "standard input: empty, expected a first line with the names of the columns");
  EXPECT_EQ(HistoryProblem(std::string(kHeader) + "1,a,fix,40,0.5\n1,b\n", Named("h.csv")),
            "h.csv: none of the 2 rows can be used; line 2: quality = 40, expected 0..10");
  HistoryOptions options = Named("h.csv");
  options.task = "sort";
  EXPECT_EQ(HistoryProblem(std::string(kHeader) + "1,a,fix,4,0.5\n", options),
            "h.csv: task = \"sort\", expected one of \"fix\"");
  std::string many = kHeader;
  for (int i = 0; i < 257; ++i) many += "1,m" + std::to_string(i) + ",fix,4,0.5\n";
  EXPECT_EQ(HistoryProblem(many, Named("h.csv")), "h.csv: 257 models, expected at most 256");
}

TEST(ReadHistoryTest, OnlyAHeaderIsAHistoryOfNobody) {
  const auto loaded = ReadHistory(kHeader, Named("h.csv"));
  ASSERT_TRUE(loaded.ok());
  EXPECT_TRUE(loaded->profiles.empty());
  EXPECT_EQ(loaded->history.task, "");
}

TEST(SkippedSentenceTest, CountsAndNamesTheFirstLines) {
  const auto sentence = [](const std::string& rows) {
    const auto table = ParseHistory(kHeader + rows, "h.csv");
    return table.ok() ? SkippedSentence(*table, "h.csv") : table.error().text;
  };
  EXPECT_EQ(sentence("1,a,fix,4,0.5\n"), "");
  EXPECT_EQ(sentence("1,a,fix,4,0.5\n1,b\n"),
            "h.csv: 1 of 2 rows was left out, line 3; the first: 2 fields, expected 5");
  EXPECT_EQ(sentence("1,a,fix,4,0.5\nx\nx\nx\nx\nx\nx\n"),
            "h.csv: 6 of 7 rows were left out, lines 3, 4, 5, 6, 7, ...; the first: 1 field, "
            "expected 5");
}

}  // namespace
}  // namespace consilium
