#include "cli/read_cases.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "shared/codec.h"
#include "shared/ids.h"

namespace consilium {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::string> Texts(const std::vector<Error>& problems) {
  std::vector<std::string> texts;
  texts.reserve(problems.size());
  for (const Error& problem : problems) texts.push_back(problem.text);
  return texts;
}

std::vector<std::string> Ids(const CasesFile& file) {
  std::vector<std::string> ids;
  for (const CaseRequest& one : file.cases) ids.push_back(one.id);
  return ids;
}

TEST(ParseCasesTest, PlainTextIsOneCaseWithAnIdFromItsText) {
  const CasesFile file = ParseCases("\n A man with gout.\nHe drinks.\n\n", "note.txt");
  EXPECT_THAT(file.problems, IsEmpty());
  ASSERT_EQ(file.cases.size(), 1u);
  EXPECT_EQ(file.cases[0].vignette.text, "A man with gout.\nHe drinks.");
  EXPECT_EQ(file.cases[0].id, "case-" + Sha256Hex("A man with gout.\nHe drinks.").substr(0, 16));
  EXPECT_EQ(file.cases[0].source, "cli");
}

TEST(ParseCasesTest, ProseThatStartsWithABracketIsText) {
  for (const char* text : {"[Triage] 54-year-old", "{sic} a note", "[1] first"}) {
    const CasesFile file = ParseCases(text, "-");
    ASSERT_EQ(file.cases.size(), 1u) << text;
    EXPECT_EQ(file.cases[0].vignette.text, text);
  }
}

TEST(ParseCasesTest, OneObjectMayHaveManyLines) {
  const CasesFile file = ParseCases("{\n  \"id\": \"a\",\n  \"text\": \"x\"\n}\n", "-");
  EXPECT_THAT(file.problems, IsEmpty());
  EXPECT_THAT(Ids(file), ElementsAre("a"));
}

TEST(ParseCasesTest, AllFieldsArrive) {
  const CasesFile file = ParseCases(
      R"({"id":"a","text":"x","question":"q","options":{"A":"aspirin"},
          "patient":{"age":34,"sex":"female","allergies":["penicillin"],"pregnant":false},
          "deadline_s":5,"strategy":"named","models":["m"],"ensemble_size":2,
          "gold_medications":[]})",
      "a.json");
  ASSERT_EQ(file.cases.size(), 1u);
  const CaseRequest& one = file.cases[0];
  EXPECT_EQ(one.vignette.question, "q");
  EXPECT_EQ(one.vignette.options.at("A"), "aspirin");
  EXPECT_EQ(one.vignette.patient.age, 34);
  EXPECT_EQ(one.vignette.patient.pregnant, false);
  EXPECT_THAT(one.vignette.patient.allergies, ElementsAre("penicillin"));
  EXPECT_EQ(one.deadline_s, 5);
  EXPECT_EQ(one.strategy, "named");
  EXPECT_EQ(one.ensemble_size, 2);
  EXPECT_THAT(one.models, ElementsAre("m"));
  ASSERT_TRUE(one.gold_medications.has_value());
  EXPECT_THAT(*one.gold_medications, IsEmpty());
  EXPECT_THAT(file.notes, IsEmpty());
}

TEST(ParseCasesTest, AnArrayKeepsItsOrderAndNamesTheLineOfABadElement) {
  const CasesFile file = ParseCases(
      "[\n{\"id\":\"b\",\"text\":\"[,]\\\"\"},\n{\"id\":\"a\",\"text\":\"y\"},\n {\"id\":\"c\"}\n]",
      "x.json");
  EXPECT_THAT(Ids(file), ElementsAre("b", "a"));
  EXPECT_THAT(Texts(file.problems), ElementsAre("x.json:4: text: missing"));
}

TEST(ParseCasesTest, AnEmptyArrayIsAProblem) {
  EXPECT_THAT(Texts(ParseCases("[]", "x.json").problems),
              ElementsAre("x.json: an empty array, expected at least one case"));
}

TEST(ParseCasesTest, LinesSkipBlankOnesAndListEveryProblem) {
  const CasesFile file = ParseCases(
      "{\"id\":\"a\",\"text\":\"x\"}\r\n"
      "\n"
      "{\"id\":\"b\"\n"
      "17\n"
      "{\"id\":\"c c\",\"text\":\"x\"}\n"
      "{\"id\":\"d\",\"text\":\" \"}\n"
      "{\"id\":\"e\",\"text\":\"x\",\"strategy\":\"best\"}\n"
      "{\"id\":\"f\",\"text\":\"x\",\"ensemble_size\":0}\n"
      "{\"id\":\"g\",\"text\":\"x\",\"deadline_s\":0}\n"
      "{\"id\":\"h\",\"text\":\"x\"}\n",
      "n.ndjson");
  EXPECT_THAT(Ids(file), ElementsAre("a", "h"));
  EXPECT_THAT(
      Texts(file.problems),
      ElementsAre("n.ndjson:3: not valid JSON at column 10", "n.ndjson:4: expected a JSON object",
                  "n.ndjson:5: " + CheckCaseId("c c").error().text,
                  "n.ndjson:6: text: empty, expected the vignette",
                  "n.ndjson:7: strategy = \"best\", expected all, random, local, remote or named",
                  "n.ndjson:8: ensemble_size = 0, expected at least 1",
                  "n.ndjson:9: deadline_s: not above 0, expected seconds"));
}

TEST(ParseCasesTest, ABrokenObjectOverManyLinesNamesTheLineWhereItBreaks) {
  EXPECT_THAT(Texts(ParseCases("{\n\"id\": \"a\",\n\"text\": oops\n}", "x.json").problems),
              ElementsAre("x.json:3: not valid JSON at column 9"));
}

TEST(ParseCasesTest, InvalidUtf8NamesTheByte) {
  EXPECT_THAT(Texts(ParseCases("ok\nab\xFFz", "n.txt").problems),
              ElementsAre("n.txt:2: not valid UTF-8 at byte 3 of the line"));
}

TEST(ParseCasesTest, NothingAtAllIsAProblem) {
  for (const char* text : {"", " \n\t", "\xEF\xBB\xBF"}) {
    EXPECT_THAT(Texts(ParseCases(text, "n.txt").problems),
                ElementsAre("n.txt: empty, expected a vignette, JSON or NDJSON"));
  }
}

TEST(ParseCasesTest, AByteOrderMarkIsNotPartOfTheText) {
  const CasesFile file = ParseCases("\xEF\xBB\xBF{\"id\":\"a\",\"text\":\"x\"}", "-");
  EXPECT_THAT(Ids(file), ElementsAre("a"));
}

TEST(ParseCasesTest, TheSameCaseTwiceIsSubmittedOnce) {
  const CasesFile file =
      ParseCases("{\"id\":\"a\",\"text\":\"x\"}\n{\"text\":\"x\",\"id\":\"a\"}\n", "-");
  EXPECT_THAT(Ids(file), ElementsAre("a"));
  EXPECT_THAT(file.notes, ElementsAre("-:2: the same case as in line 1; submitted once"));
}

TEST(ParseCasesTest, TheSameIdWithOtherContentIsAConflict) {
  const CasesFile file =
      ParseCases("{\"id\":\"a\",\"text\":\"x\"}\n{\"id\":\"a\",\"text\":\"y\"}\n", "-");
  ASSERT_EQ(file.problems.size(), 1u);
  EXPECT_EQ(file.problems[0].code, ErrorCode::kConflict);
  EXPECT_EQ(file.problems[0].text, "-:2: id = \"a\", line 1 has it with other content");
}

TEST(ParseCasesTest, FieldsThatAreNotUsedAreNamedOnce) {
  const CasesFile file = ParseCases(
      "{\"id\":\"a\",\"text\":\"x\",\"colour\":1,\"source\":\"s\"}\n"
      "{\"id\":\"b\",\"text\":\"x\",\"colour\":2}\n",
      "-");
  EXPECT_THAT(file.notes, ElementsAre("-: not used: colour, source"));
  EXPECT_EQ(file.cases[0].source, "cli");
}

TEST(ParseCasesTest, ManyProblemsAreCountedNotListed) {
  std::string text;
  for (int i = 0; i < 150; ++i) text += "{}\n";
  const CasesFile file = ParseCases(text, "n.ndjson");
  ASSERT_EQ(file.problems.size(), 101u);
  EXPECT_EQ(file.problems.back().text, "n.ndjson: and 50 more problems");
}

TEST(DerivedIdTest, DependsOnTheWholeVignette) {
  Vignette plain;
  plain.text = "x";
  Vignette asked = plain;
  asked.question = "what?";
  EXPECT_EQ(DerivedId(plain), "case-" + Sha256Hex("x").substr(0, 16));
  EXPECT_NE(DerivedId(plain), DerivedId(asked));
  EXPECT_EQ(DerivedId(asked), DerivedId(asked));
}

TEST(ApplyOverridesTest, FlagsBeatTheFile) {
  std::vector<CaseRequest> cases(2);
  cases[0].strategy = "all";
  CaseOverrides flags;
  flags.strategy = "random";
  flags.size = 4;
  flags.deadline_s = 9;
  ASSERT_TRUE(ApplyOverrides(flags, cases).ok());
  for (const CaseRequest& one : cases) {
    EXPECT_EQ(one.strategy, "random");
    EXPECT_EQ(one.ensemble_size, 4);
    EXPECT_EQ(one.deadline_s, 9);
  }
}

TEST(ApplyOverridesTest, ModelsMeanStrategyNamed) {
  std::vector<CaseRequest> cases(1);
  CaseOverrides flags;
  flags.models = {"a", "b"};
  ASSERT_TRUE(ApplyOverrides(flags, cases).ok());
  EXPECT_EQ(cases[0].strategy, "named");
  EXPECT_THAT(cases[0].models, ElementsAre("a", "b"));
}

TEST(ApplyOverridesTest, AnIdIsForOneCase) {
  std::vector<CaseRequest> cases(2);
  CaseOverrides flags;
  flags.id = "x";
  EXPECT_EQ(ApplyOverrides(flags, cases).error(),
            Invalid("--id \"x\" with 2 cases, expected exactly one case"));
  cases.resize(1);
  ASSERT_TRUE(ApplyOverrides(flags, cases).ok());
  EXPECT_EQ(cases[0].id, "x");
}

}  // namespace
}  // namespace consilium
