#include "cli/read_answers.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

namespace consilium {
namespace {

const std::string kTwo =
    R"({"id":"v1","text":"...","options":{"A":"x","B":"y","C":"z"},"gold_option":"B"})"
    "\n"
    R"({"id":"v2","options":{"A":"x","B":"y"},"gold_option":null})"
    "\n\n"
    R"({"id":"open","text":"no options"})"
    "\n";

TEST(ReadAnswersTest, QuestionsAndAnswersMeet) {
  const auto read =
      ReadAnswers(kTwo, R"({"vignette":"v1","model":"b","option":"B","latency_s":1.5})"
                        "\n"
                        R"({"vignette":"v1","model":"a","option":"C"})"
                        "\n"
                        R"({"vignette":"v2","model":"a","option":"A"})"
                        "\n"
                        R"({"vignette":"open","model":"a","option":null})");
  ASSERT_TRUE(read.ok()) << read.error().text;
  EXPECT_EQ(read->table.models, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(read->open, 1u);
  EXPECT_EQ(read->table.bad_count, 0u);
  EXPECT_EQ(read->table.missing, 1u) << "of b to v2";
  ASSERT_EQ(read->table.questions.size(), 2u);
  const Question& first = read->table.questions[0];
  EXPECT_EQ(first.options, 3u);
  EXPECT_EQ(first.gold, 'B');
  EXPECT_EQ(first.answers[0]->option, 'C');
  EXPECT_EQ(first.answers[1]->option, 'B');
  EXPECT_EQ(first.answers[1]->latency_s, 1.5);
  EXPECT_EQ(read->table.questions[1].gold, 0);
}

TEST(ReadAnswersTest, LinesThatMakeNoSenseAreNamed) {
  const auto read =
      ReadAnswers(kTwo + R"({"id":"v1","options":{"A":"x","B":"y"}})"
                         "\n"
                         R"({"id":"v3","options":{"1":"x","B":"y"}})"
                         "\n"
                         R"({"id":"v4","options":{"A":"x","B":"y"},"gold_option":"C"})",
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
                  R"({"vignette":"v2","model":"b","option":"A","latency_s":"soon"})");
  ASSERT_TRUE(read.ok());
  const std::vector<std::pair<std::size_t, std::string>> expected = {
      {5, "vignettes: id \"v1\" was there before"},
      {6, "vignettes: options: \"1\", expected letters A..Z"},
      {7, "vignettes: gold_option = \"C\", expected one of AB"},
      {2, "answers: a second answer of \"a\" to \"v1\""},
      {3, "answers: option = \"D\", expected one of ABC"},
      {4, "answers: vignette \"nowhere\" is not in the other file"},
      {5, "answers: model: missing"},
      {6, "answers: no JSON object"},
      {7, "answers: latency_s: expected seconds"}};
  ASSERT_EQ(read->table.bad.size(), expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) {
    EXPECT_EQ(read->table.bad[i].line, expected[i].first);
    EXPECT_EQ(read->table.bad[i].why, expected[i].second);
  }
  EXPECT_EQ(read->table.models, std::vector<std::string>{"a"});
}

TEST(ReadAnswersTest, FilesWithoutAnythingAreRefused) {
  EXPECT_EQ(ReadAnswers("", "").error().text, "vignettes: no question with options");
  EXPECT_EQ(ReadAnswers("not json", "").error().text,
            "vignettes: no question with options; line 1 of vignettes: no JSON object");
  EXPECT_EQ(ReadAnswers(kTwo, "").error().text, "answers: none to any of these questions");
}

TEST(ReadAnswersTest, TheRecordedCasesAreRead) {
  const auto slurp = [](const char* name) {
    std::ifstream file(std::string(CONSILIUM_SOURCE_DIR "/../shared/cases/") + name);
    return std::string(std::istreambuf_iterator<char>(file), {});
  };
  const std::string vignettes = slurp("vignettes.jsonl");
  if (vignettes.empty()) GTEST_SKIP() << "../shared is absent: no cases/vignettes.jsonl";
  const auto read = ReadAnswers(vignettes, slurp("answers.jsonl"));
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(read->table.questions.size(), 147u);
  EXPECT_EQ(read->table.models.size(), 10u);
  EXPECT_EQ(read->table.missing, 0u);
  EXPECT_EQ(read->table.bad_count, 0u);
}

}  // namespace
}  // namespace consilium
