// Replies that must not be read as an answer that their writer may not have meant.
#include <gtest/gtest.h>

#include <string>

#include "worker/answer_parser.h"

namespace consilium {
namespace {

// "code | text", or the medications field by field.
std::string Read(const std::string& text) {
  const Parsed<Answer> parsed = ParseAnswer(text, {});
  if (parsed.problem) return parsed.problem->code + " | " + parsed.problem->text;
  std::string all;
  for (const Medication& m : parsed.value.medications) {
    all += m.ingredient + "|" + m.dose + "|" + m.unit + "|" + m.route + "|" + m.frequency + "|" +
           m.duration + ";";
  }
  return all;
}

constexpr char kNone[] = "not_json | no JSON object with \"medications\" in the reply";
constexpr char kTwo[] = "schema_mismatch | two different answers in one reply";

TEST(AnswerDoubtTest, DraftInAThoughtThatWasCutIsNotTheAnswer) {
  EXPECT_EQ(Read(R"(<think>One idea is {"medications":["warfarin"]}. But she is pregnant, so)"),
            kNone);
  EXPECT_EQ(Read(R"(<think>a</think>So: <think>or {"medications":["warfarin"]})"), kNone);
  EXPECT_EQ(Read(R"({"medications":["a"]} <think>or {"medications":["b"]})"), "a|||||;");
}

TEST(AnswerDoubtTest, TwoDifferentAnswersAreNone) {
  for (const char* text : {
           R"(Draft: {"medications":["warfarin 5 mg"]} Wrong. {"medications":["enoxaparin"]})",
           R"({"medications":["a"]} Better: {"answer":{"medications":["b"]}})",
           R"({"answer":{"medications":["a"]}} Better: {"medications":["b"]})",
           R"({"drugs":["a"]} Better: {"drugs":["b"]})",
           R"([{"medications":["a"]},{"medications":["b"]}])",
           R"({"arguments":"{\"medications\":[\"a\"]} no: {\"medications\":[\"b\"]}"})",
           R"({"medications":["a"]} Better: {"medications":["b)",  // cut
       }) {
    EXPECT_EQ(Read(text), kTwo) << text;
  }
  const auto grades = ParseGrades(
      R"({"grades":[{"label":"A","grade":0}]} {"grades":[{"label":"A","grade":1}]})", {"A"});
  ASSERT_TRUE(grades.problem);
  EXPECT_EQ(grades.problem->text, "two different answers in one reply");
}

TEST(AnswerDoubtTest, TheSameAnswerTwiceIsOne) {
  EXPECT_EQ(Read(R"({"medications":["a"]} Again: {"medications":["a"]})"), "a|||||;");
  EXPECT_EQ(Read(R"({"medications":["a"]} for {"age":63,"meds":["lisinopril"]})"), "a|||||;");
}

TEST(AnswerDoubtTest, DoseIsNeverCut) {
  const std::string pad(119, 'x');
  for (const char* key : {"dose", "unit", "route", "frequency", "duration"}) {
    EXPECT_EQ(Read(R"({"medications":[{"ingredient":"a",")" + std::string(key) + R"(":")" + pad +
                   R"(12"}]})"),
              "schema_mismatch | medications[0]." + std::string(key) +
                  ": 121 bytes, expected at most 120");
  }
  const Parsed<Answer> parsed =
      ParseAnswer(R"({"medications":[{"ingredient":"a","indication":")" + pad + R"(12"}]})", {});
  ASSERT_FALSE(parsed.problem) << "only a reason, and shown only";
  EXPECT_EQ(parsed.value.medications[0].indication, pad + "1");
}

TEST(AnswerDoubtTest, NoStatedFieldIsDroppedForItsForm) {
  EXPECT_EQ(
      Read(R"({"medications":[{"drug":"a","dosage":{"amount":500,"unit":"mg"},"freq":["TID"]}]})"),
      "a|500|mg||three times daily|;");
  EXPECT_EQ(Read(R"({"medications":[{"drug":"a","dose":{"value":"5","units":"mg"}}]})"),
            "a|5|mg|||;");
  EXPECT_EQ(Read(R"({"medications":[{"drug":"a","freq":["TID","BID"]}]})"),
            "schema_mismatch | medications[0].freq: expected a string, a number or null");
  for (const char* dose :
       {R"({"amount":500,"unit":"mg","per":"kg"})", R"({"loading":500,"unit":"mg"})",
        R"({"amount":500})", R"({"amount":[5],"unit":"mg"})", "[]", R"(["5 mg","10 mg"])",
        R"({"amount":null,"unit":"mg"})", R"({"amount":5,"value":10})"}) {
    EXPECT_EQ(Read(std::string(R"({"medications":[{"drug":"a","dosage":)") + dose + "}]}"),
              "schema_mismatch | medications[0].dosage: expected a string, a number or null")
        << dose;
  }
}

}  // namespace
}  // namespace consilium
