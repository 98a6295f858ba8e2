#include "cli/read_cases.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "shared/codec.h"
#include "shared/ids.h"
#include "shared/limits.h"
#include "shared/messages.h"

namespace consilium {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::MatchesRegex;

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
                  "n.ndjson:7: strategy = \"best\", expected one of all, random, local, remote, "
                  "named, single, performance, chemistry, utility",
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

Error TooLarge(const std::string& text) { return {ErrorCode::kTooLarge, text}; }

TEST(ParseCasesTest, APlainTextOverTheLimitOfTextsIsTooLarge) {
  const CasesFile fits = ParseCases(std::string(limits::kStringBytesMax, 'x'), "n.txt");
  EXPECT_THAT(fits.problems, IsEmpty());
  EXPECT_EQ(fits.cases.size(), 1u);
  for (const std::size_t bytes : {limits::kStringBytesMax + 1, limits::kMessageBytesMax + 1}) {
    const CasesFile file = ParseCases("\n" + std::string(bytes, 'x') + "\n", "n.txt");
    EXPECT_THAT(file.problems, ElementsAre(TooLarge("n.txt:2: text: " + std::to_string(bytes) +
                                                    " bytes, expected at most 1048576")));
    EXPECT_THAT(file.cases, IsEmpty());
  }
}

TEST(ParseCasesTest, AFieldOverTheLimitOfTextsIsTooLarge) {
  const std::string large(limits::kStringBytesMax + 1, 'x');
  const CasesFile file = ParseCases("{\"id\":\"a\",\"text\":\"" + large +
                                        "\"}\n"
                                        "{\"id\":\"b\",\"text\":\"x\",\"options\":{\"A\":\"" +
                                        large +
                                        "\"}}\n"
                                        "{\"id\":\"c\",\"text\":\"x\"}\n",
                                    "n.ndjson");
  EXPECT_THAT(
      file.problems,
      ElementsAre(TooLarge("n.ndjson:1: text: 1048577 bytes, expected at most 1048576"),
                  TooLarge("n.ndjson:2: options: 1048577 bytes, expected at most 1048576")));
  EXPECT_THAT(Ids(file), ElementsAre("c"));
}

// A case whose JSON is as long as JSON may be.
std::string LongestJson() {
  std::string text = "{\"text\":\"x\",\"options\":{";
  for (const char* letter : {"A", "B", "C"}) {
    text +=
        "\"" + std::string(letter) + "\":\"" + std::string(limits::kStringBytesMax, 'x') + "\",";
  }
  text += "\"D\":\"";
  return text + std::string(limits::kMessageBytesMax - text.size() - 3, 'x') + "\"}}";
}

TEST(ParseCasesTest, ACaseThatIsNoMessageIsTooLarge) {
  const CasesFile file = ParseCases(LongestJson(), "x.json");
  ASSERT_EQ(file.problems.size(), 1u);
  EXPECT_EQ(file.problems[0].code, ErrorCode::kTooLarge);
  EXPECT_THAT(file.problems[0].text,
              MatchesRegex("x.json:1: the case as a message: 4194[0-9]+ bytes, expected at most "
                           "4194304"));
  EXPECT_THAT(ParseCases(LongestJson() + "\n", "x.json").problems,
              ElementsAre(TooLarge("x.json:1: JSON of 4194305 bytes, at most 4194304")));
}

TEST(ParseCasesTest, DepthIsRefusedWhereverItIs) {
  constexpr std::size_t kDeep = 100000;
  const std::string bomb = std::string(kDeep, '[') + std::string(kDeep, ']');
  const std::string object = "{\"id\":\"a\",\"text\":\"x\",\"colour\":" + bomb + "}";
  for (const std::string& text : {object, "[" + object + "]", object + "\n"}) {
    EXPECT_THAT(ParseCases(text, "n.json").problems,
                ElementsAre(Invalid("n.json:1: not JSON: nested too deep, at most 24")));
  }
  EXPECT_THAT(ParseCases(bomb, "n.json").problems,
              ElementsAre(Invalid("n.json:1: expected a JSON object")));
  EXPECT_THAT(ParseCases(std::string(kDeep, '['), "n.json").problems,
              ElementsAre(Invalid("n.json:1: not valid JSON at column 100001")));
}

TEST(ParseCasesTest, AFieldThatStandsTwiceIsAProblem) {
  EXPECT_THAT(ParseCases("{\"id\":\"a\",\"text\":\"x\",\"text\":\"y\"}", "n.json").problems,
              ElementsAre(Invalid("n.json:1: not JSON: the key \"text\" stands twice")));
}

TEST(ParseCasesTest, AnIdOfNullIsDerived) {
  const CasesFile file = ParseCases("{\"id\":null,\"text\":\"x\"}", "-");
  EXPECT_THAT(Ids(file), ElementsAre("case-" + Sha256Hex("x").substr(0, 16)));
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

TEST(ApplyOverridesTest, FlagsMayNotMakeACaseTooLargeToSend) {
  std::vector<CaseRequest> cases(1);
  cases[0].id = "a";
  cases[0].vignette.text = "x";
  for (const char* letter : {"A", "B", "C", "D"}) {
    cases[0].vignette.options[letter] = std::string(1000000, 'x');
  }
  const std::string more(200000, 'x');
  CaseOverrides flags;
  flags.models = {more};
  const std::size_t before = Pack(SubmitRequest{cases[0]}).size();
  ASSERT_LE(before, limits::kMessageBytesMax);
  const Status applied = ApplyOverrides(flags, cases);
  ASSERT_FALSE(applied.ok());
  EXPECT_EQ(applied.error(), TooLarge("case \"a\" with the flags: the case as a message: " +
                                      std::to_string(Pack(SubmitRequest{cases[0]}).size()) +
                                      " bytes, expected at most 4194304"));
}

}  // namespace
}  // namespace consilium
