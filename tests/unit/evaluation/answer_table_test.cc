#include "aggregator/evaluation/answer_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <tuple>

namespace consilium {
namespace {

constexpr const char* kHeader = "dataset,item,selected_item_id,gold,a,b,latency_s:a,latency_s:b\n";

RecordedAnswers Read(const std::string& lines) {
  auto table = ReadAnswerMatrix(kHeader + lines);
  EXPECT_TRUE(table.ok()) << table.error().text;
  return table.ok() ? std::move(*table) : RecordedAnswers{};
}
std::string Refusal(const std::string& csv) {
  const auto table = ReadAnswerMatrix(csv);
  return table.ok() ? "read" : table.error().text;
}

TEST(AnswerTableTest, OptionsLatenciesAndWhatIsMissing) {
  const RecordedAnswers table = Read("x,1,,B,B,c,0.5,2\nx,2,,,A,,,\ny,1,,D,A,A,1,1\n");
  EXPECT_EQ(table.models, (std::vector<std::string>{"a", "b"}));
  ASSERT_EQ(table.cases.size(), 3u);
  const JudgedCase& first = table.cases[0];
  EXPECT_EQ(first.evidence.case_id, "x/1");
  EXPECT_TRUE(first.known);
  EXPECT_EQ(first.evidence.options, 3) << "its set goes to C";
  ASSERT_EQ(first.evidence.answers.size(), 2u);
  EXPECT_EQ(first.evidence.answers[0].right, true);
  EXPECT_EQ(first.evidence.answers[1].key, "C");
  EXPECT_EQ(first.evidence.answers[1].right, false);
  EXPECT_EQ(first.evidence.answers[1].latency_ms, 2000.0);
  ASSERT_EQ(first.keys.size(), 2u);
  EXPECT_EQ(first.keys[0].key, "B");
  const JudgedCase& second = table.cases[1];
  EXPECT_FALSE(second.known);
  ASSERT_EQ(second.evidence.answers.size(), 1u) << "that of b is missing";
  EXPECT_EQ(second.evidence.answers[0].right, std::nullopt);
  EXPECT_FALSE(second.evidence.answers[0].latency_ms.has_value());
  EXPECT_EQ(table.cases[2].evidence.options, 4);
  EXPECT_EQ(table.missing, 1u);
  EXPECT_EQ(table.bad_count, 0u);
  EXPECT_FALSE(table.reviewed);
}

TEST(AnswerTableTest, LinesThatMakeNoSenseAreLeftOutAndNamed) {
  const RecordedAnswers table = Read(
      "x,1,,A,A,B,1,1\nx,1,,A,A,B,1,1\nx,2,,A,AB,B,1,1\nx,3,,7,A,B,1,1\nx,4,,A,A,B,-1,1\n"
      "x,5,,A,A,B,soon,1\nx,6,,A,A\n,,,A,A,B,1,1\nx,7,,A,A,B,1,1\n");
  EXPECT_EQ(table.cases.size(), 2u);
  EXPECT_EQ(table.bad_count, 7u);
  const std::vector<std::string> expected = {"question \"x/1\" was there before",
                                             "a = \"AB\", expected a letter A..Z",
                                             "gold = \"7\", expected a letter A..Z",
                                             "latency_s:a = \"-1\", expected seconds",
                                             "latency_s:a = \"soon\", expected seconds",
                                             "5 fields, expected 8",
                                             "item: empty"};
  ASSERT_EQ(table.bad.size(), expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) EXPECT_EQ(table.bad[i].why, expected[i]);
  EXPECT_EQ(table.bad[0].line, 3u);
}

TEST(AnswerTableTest, FilesThatAreNoneAreRefused) {
  EXPECT_EQ(Refusal(""), "answers: the file is empty");
  EXPECT_EQ(Refusal(kHeader), "answers: no question, only the line of column names");
  EXPECT_EQ(Refusal("item,a\n1,A\n"), "answers: no column \"gold\"");
  EXPECT_EQ(Refusal("gold,a\nA,A\n"), "answers: no column \"item\"");
  EXPECT_EQ(Refusal("item,gold\n1,A\n"), "answers: no column of a model");
  EXPECT_EQ(Refusal("item,gold,a,a\n1,A,A,A\n"), "answers: column \"a\" twice, expected once");
  EXPECT_EQ(Refusal("item,gold,a\n1,A,\n"), "answers: no question has an answer");
  EXPECT_THAT(Refusal("item,gold,a|b\n1,A,A\n"), testing::StartsWith("answers: column \"a|b\": "));
  EXPECT_EQ(Refusal("item,gold,a\n1,A,9\n"),
            "answers: no line is good; line 2: a = \"9\", expected a letter A..Z");
}

TEST(AnswerTableTest, TheRecordedMatricesAreRead) {
  for (const auto& [name, questions, missing] :
       {std::tuple("matrix_medqa.csv", 1273u, 0u), std::tuple("matrix_mmlu.csv", 1089u, 1u)}) {
    std::ifstream file(std::string(CONSILIUM_SOURCE_DIR "/../shared/answers/") + name);
    const std::string csv(std::istreambuf_iterator<char>(file), {});
    if (csv.empty()) GTEST_SKIP() << "../shared is absent: no answers/" << name;
    const auto table = ReadAnswerMatrix(csv);
    ASSERT_TRUE(table.ok()) << table.error().text;
    EXPECT_EQ(table->models.size(), 10u);
    EXPECT_EQ(table->cases.size(), questions);
    EXPECT_EQ(table->missing, missing);
    EXPECT_EQ(table->bad_count, 0u);
    EXPECT_EQ(table->cases[0].evidence.options, 4);
  }
}

}  // namespace
}  // namespace consilium
