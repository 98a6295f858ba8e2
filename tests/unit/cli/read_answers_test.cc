#include "cli/read_answers.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>

#include "tests/unit/council/case_builder.h"

namespace consilium {
namespace {

const std::string kCases =
    R"({"id":"v1","text":"...","options":{"A":"x","B":"y","C":"z"},"gold_option":"B",)"
    R"("gold_medications":["amoxicillin"]})"
    "\n"
    R"({"id":"v2","options":{"A":"x","B":"y"},"gold_option":null})"
    "\n\n"
    R"({"id":"open","gold_medications":["warfarin"],"acceptable":[["apixaban"]],)"
    R"("must_not":["ibuprofen"]})"
    "\n";

Result<RecordedAnswers> Read(const std::string& cases, const std::string& answers) {
  return ReadAnswers(cases, answers, Medications());
}

const EvidenceAnswer& AnswerOf(const JudgedCase& judged, const std::string& model) {
  for (const EvidenceAnswer& answer : judged.evidence.answers) {
    if (answer.model == model) return answer;
  }
  throw std::out_of_range(model);
}

TEST(ReadAnswersTest, ClosedChoicesAreLettersWithTheirMedications) {
  const auto read =
      Read(kCases,
           R"({"vignette":"v1","model":"b","option":"B","medications":["Amoxil"],"latency_s":1.5,)"
           R"("prompt_tokens":10,"completion_tokens":2})"
           "\n"
           R"({"vignette":"v1","model":"a","option":"C","medications":["amoxicillin","ibuprofen"]})"
           "\n"
           R"({"vignette":"v2","model":"a","option":"A","cost_usd":0.5})"
           "\n"
           R"({"vignette":"open","model":"a","option":"A"})");
  ASSERT_TRUE(read.ok()) << read.error().text;
  EXPECT_EQ(read->models, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(read->bad_count, 0u);
  EXPECT_EQ(read->missing, 3u) << "of b to v2 and open; of a to open, which has no medications";
  ASSERT_EQ(read->cases.size(), 3u);
  const JudgedCase& first = read->cases[0];
  EXPECT_TRUE(first.known);
  EXPECT_EQ(first.evidence.options, 3);
  EXPECT_EQ(AnswerOf(first, "b").key, "B");
  EXPECT_EQ(AnswerOf(first, "b").right, true);
  EXPECT_EQ(AnswerOf(first, "b").latency_ms, 1500.0);
  EXPECT_EQ(first.tokens[1].prompt, 10.0);
  EXPECT_EQ(first.tokens[1].completion, 2.0);
  EXPECT_EQ(AnswerOf(first, "a").right, false);
  ASSERT_EQ(first.keys.size(), 2u);
  ASSERT_TRUE(first.keys[0].set && first.keys[1].set);
  EXPECT_TRUE(first.keys[0].set->exact) << "a brand name is its ingredient";
  EXPECT_EQ(first.keys[1].set->jaccard, 0.5);
  EXPECT_NEAR(first.keys[1].set->f1, 2.0 / 3, 1e-12);
  EXPECT_FALSE(first.keys[0].unsafe) << "there is no list of what must not be given";
  EXPECT_FALSE(read->cases[1].known);
  EXPECT_EQ(AnswerOf(read->cases[1], "a").right, std::nullopt);
  EXPECT_EQ(AnswerOf(read->cases[1], "a").cost_usd, 0.5);
}

TEST(ReadAnswersTest, ALetterIsJudgedByAllWhoChoseItWhoeverCameFirst) {
  const std::string cases = R"({"id":"v1","options":{"A":"x","B":"y"},"gold_option":"B",)"
                            R"("gold_medications":["ketotifen"],"must_not":["ibuprofen"]})";
  const auto line = [](const std::string& model, const std::string& option,
                       const std::string& names) {
    return R"({"vignette":"v1","model":")" + model + R"(","option":")" + option +
           R"(","medications":[)" + names + "]}\n";
  };
  std::vector<std::string> lines = {line("a", "B", ""), line("b", "B", R"("ketotifen")"),
                                    line("c", "A", ""), line("d", "A", R"("Advil")"),
                                    line("e", "B", "")};
  for (int order = 0; order < 2; ++order) {
    std::string text;
    for (const std::string& one : lines) text += one;
    const auto read = Read(cases, text);
    ASSERT_TRUE(read.ok()) << read.error().text;
    const std::vector<JudgedKey>& keys = read->cases[0].keys;
    ASSERT_EQ(keys.size(), 2u);
    ASSERT_TRUE(keys[0].set && keys[1].set);
    EXPECT_EQ(keys[0].unsafe, true) << "one of those who chose A names what must not be given";
    EXPECT_FALSE(keys[0].set->exact);
    EXPECT_EQ(keys[1].unsafe, false);
    EXPECT_TRUE(keys[1].set->exact) << "who names none says nothing of the set";
    std::reverse(lines.begin(), lines.end());
  }
  const auto none = Read(cases, line("a", "B", ""));
  ASSERT_TRUE(none.ok()) << none.error().text;
  EXPECT_FALSE(none->cases[0].keys[0].set);
}

TEST(ReadAnswersTest, OpenCasesAreSetsOfIngredients) {
  const auto read =
      Read(kCases, R"({"vignette":"open","model":"a","medications":["Coumadin"]})"
                   "\n"
                   R"({"vignette":"open","model":"b","medications":["warfarin sodium"]})"
                   "\n"
                   R"({"vignette":"open","model":"c","medications":["apixaban"]})"
                   "\n"
                   R"({"vignette":"open","model":"d","medications":["warfarin","Advil"]})"
                   "\n"
                   R"({"vignette":"open","model":"e","medications":[]})");
  ASSERT_TRUE(read.ok()) << read.error().text;
  const JudgedCase& open = read->cases[2];
  EXPECT_TRUE(open.known);
  EXPECT_EQ(open.evidence.options, 0);
  EXPECT_EQ(AnswerOf(open, "a").key, AnswerOf(open, "b").key);
  EXPECT_EQ(AnswerOf(open, "a").right, true);
  EXPECT_EQ(AnswerOf(open, "c").right, true) << "acceptable";
  EXPECT_EQ(AnswerOf(open, "d").right, false);
  EXPECT_EQ(AnswerOf(open, "e").right, false) << "no medication is an answer";
  ASSERT_EQ(open.keys.size(), 4u);
  for (const JudgedKey& key : open.keys) {
    EXPECT_EQ(key.unsafe, key.key == AnswerOf(open, "d").key) << key.key;
  }
}

TEST(ReadAnswersTest, WhatACouncilHeardIsReadAsItWas) {
  const auto read =
      Read(kCases, R"({"vignette":"v1","model":"a","option":"B","grade":0.75,"weight":0.5,)"
                   R"("reliability":0.25,"model_served":"a-2026","simulated":true})"
                   "\n"
                   R"({"vignette":"v1","model":"b","status":"refused"})"
                   "\n"
                   R"({"vignette":"open","model":"b","status":"timed_out"})"
                   "\n"
                   R"({"vignette":"open","model":"a","medications":[]})"
                   "\n"
                   R"({"vignette":"v2","model":"a","option":"A","grade":1.5})");
  ASSERT_TRUE(read.ok()) << read.error().text;
  EXPECT_TRUE(read->reviewed);
  const EvidenceAnswer& first = AnswerOf(read->cases[0], "a");
  EXPECT_EQ(first.grade, 0.75);
  EXPECT_EQ(first.weight, 0.5);
  EXPECT_EQ(first.reliability, 0.25);
  EXPECT_EQ(first.version, "a-2026");
  EXPECT_TRUE(read->cases[0].evidence.simulated);
  EXPECT_FALSE(read->cases[2].evidence.simulated);
  EXPECT_EQ(AnswerOf(read->cases[2], "a").weight, 1.0) << "a vote, where nothing is said";
  const std::map<std::string, std::map<std::string, std::size_t>> why = {
      {"b", {{"refused", 1}, {"timed_out", 1}}}};
  EXPECT_EQ(read->missing_why, why);
  EXPECT_EQ(read->models, std::vector<std::string>{"a"});
  EXPECT_EQ(read->missing, 4u) << "three of b, who was asked and never answered, one of a";
  ASSERT_EQ(read->bad.size(), 1u);
  EXPECT_EQ(read->bad[0].why, "answers: grade: expected 0..1");
}

TEST(ReadAnswersTest, ACombinationThatMustNotBeGivenIsMeantAsAWhole) {
  const auto read =
      Read(R"({"id":"v","gold_medications":["warfarin"],"must_not":["amoxicillin / clavulanate"]})",
           R"({"vignette":"v","model":"a","medications":["amoxicillin"]})"
           "\n"
           R"({"vignette":"v","model":"b","medications":["amoxicillin","clavulanate"]})");
  ASSERT_TRUE(read.ok()) << read.error().text;
  for (const JudgedKey& key : read->cases[0].keys) {
    EXPECT_EQ(key.unsafe, key.key == AnswerOf(read->cases[0], "b").key) << key.key;
  }
}

TEST(ReadAnswersTest, LinesThatMakeNoSenseAreNamed) {
  const auto read = Read(kCases + R"({"id":"v1","options":{"A":"x","B":"y"}})"
                                  "\n"
                                  R"({"id":"v3","options":{"1":"x","B":"y"}})"
                                  "\n"
                                  R"({"id":"v4","options":{"A":"x","B":"y"},"gold_option":"C"})"
                                  "\n"
                                  R"({"id":"v5","gold_medications":"warfarin"})",
                         R"({"vignette":"v1","model":"a","option":"B"})"
                         "\n"
                         R"({"vignette":"v1","model":"a","option":"A"})"
                         "\n"
                         R"({"vignette":"v1","model":"b","option":"D"})"
                         "\n"
                         R"({"vignette":"nowhere","model":"b","option":"A"})"
                         "\n"
                         R"({"vignette":"v2","option":"A"})"
                         "\n[1]\n"
                         R"({"vignette":"v2","model":"b","option":"A","latency_s":"soon"})"
                         "\n"
                         R"({"vignette":"open","model":"a","medications":[1]})");
  ASSERT_TRUE(read.ok());
  const std::vector<std::pair<std::size_t, std::string>> expected = {
      {5, "vignettes: id \"v1\" was there before"},
      {6, "vignettes: options: \"1\", expected letters A..Z"},
      {7, "vignettes: gold_option = \"C\", expected one of AB"},
      {8, "vignettes: gold_medications: expected an array of names"},
      {2, "answers: a second answer of \"a\" to \"v1\""},
      {3, "answers: option = \"D\", expected one of ABC"},
      {4, "answers: vignette \"nowhere\" is not in the other file"},
      {5, "answers: model: missing"},
      {6, "answers: no JSON object"},
      {7, "answers: latency_s: expected seconds"},
      {8, "answers: medications: expected an array of names"}};
  ASSERT_EQ(read->bad.size(), expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) {
    EXPECT_EQ(read->bad[i].line, expected[i].first);
    EXPECT_EQ(read->bad[i].why, expected[i].second);
  }
  EXPECT_EQ(read->models, std::vector<std::string>{"a"});
}

TEST(ReadAnswersTest, FilesWithoutAnythingAreRefused) {
  EXPECT_EQ(Read("", "").error().text, "vignettes: there is none");
  EXPECT_EQ(Read("not json", "").error().text,
            "vignettes: there is none; line 1 of vignettes: no JSON object");
  EXPECT_EQ(Read(kCases, "").error().text, "answers: none to any of these vignettes");
}

TEST(ReadAnswersTest, TheRecordedCasesAreRead) {
  const auto slurp = [](const char* name) {
    std::ifstream file(std::string(CONSILIUM_SOURCE_DIR "/../shared/cases/") + name);
    return std::string(std::istreambuf_iterator<char>(file), {});
  };
  const std::string vignettes = slurp("vignettes.jsonl");
  if (vignettes.empty()) GTEST_SKIP() << "../shared is absent: no cases/vignettes.jsonl";
  const auto read = Read(vignettes, slurp("answers.jsonl"));
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(read->cases.size(), 147u);
  EXPECT_EQ(read->models.size(), 10u);
  EXPECT_EQ(read->missing, 0u);
  EXPECT_EQ(read->bad_count, 0u);
}

}  // namespace
}  // namespace consilium
