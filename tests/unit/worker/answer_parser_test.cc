#include "worker/answer_parser.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "shared/limits.h"

namespace consilium {
namespace {

using Options = std::map<std::string, std::string>;

const Options two_options = {{"A", "Warm compresses"}, {"B", "Ketotifen"}};

Answer Parse(const std::string& text, const Options& options = {}) {
  Parsed<Answer> parsed = ParseAnswer(text, options);
  EXPECT_FALSE(parsed.problem) << parsed.problem->text;
  return parsed.value;
}

std::string Problem(const std::string& text, const Options& options = {}) {
  const Parsed<Answer> parsed = ParseAnswer(text, options);
  return parsed.problem ? parsed.problem->code + " | " + parsed.problem->text : "ok";
}

std::string GradesProblem(const std::string& text, const std::vector<std::string>& labels) {
  const auto parsed = ParseGrades(text, labels);
  return parsed.problem ? parsed.problem->code + " | " + parsed.problem->text : "ok";
}

std::string Ingredients(const Answer& answer) {
  std::string all;
  for (const Medication& medication : answer.medications) all += medication.ingredient + ";";
  return all;
}

TEST(AnswerParserTest, CompleteAnswerKeepsEveryField) {
  const Answer answer = Parse(
      R"({"medications":[{"ingredient":"amoxicillin","dose":"500","unit":"mg","route":"oral",
          "frequency":"every 8 hours","duration":"7 days","indication":"otitis media"}],
          "option":"B","rationale":"First choice.","cautions":"Rash.","confidence":0.75})",
      two_options);
  ASSERT_EQ(answer.medications.size(), 1u);
  const Medication& m = answer.medications[0];
  EXPECT_EQ(m.ingredient, "amoxicillin");
  EXPECT_EQ(m.dose, "500");
  EXPECT_EQ(m.unit, "mg");
  EXPECT_EQ(m.route, "oral");
  EXPECT_EQ(m.frequency, "every 8 hours");
  EXPECT_EQ(m.duration, "7 days");
  EXPECT_EQ(m.indication, "otitis media");
  EXPECT_EQ(answer.option, "B");
  EXPECT_EQ(answer.rationale, "First choice.");
  EXPECT_EQ(answer.cautions, "Rash.");
  EXPECT_EQ(answer.confidence, 0.75);
}

TEST(AnswerParserTest, EmptyListMeansNoMedication) {
  const Answer answer = Parse(R"({"medications":[],"rationale":"Observe."})");
  EXPECT_TRUE(answer.medications.empty());
  EXPECT_FALSE(answer.option);
  EXPECT_FALSE(answer.confidence);
}

TEST(AnswerParserTest, WordsForNoMedicationMeanTheEmptyListOnlyWhenTheyStandAlone) {
  for (const char* word : {"none", "None.", "No medication needed"}) {
    const std::string reply = std::string(R"({"medications":[{"ingredient":")") + word + "\"}]}";
    EXPECT_TRUE(Parse(reply).medications.empty()) << word;
  }
  EXPECT_EQ(Ingredients(Parse(R"({"medications":["none","aspirin"]})")), "none;aspirin;");
  EXPECT_EQ(Ingredients(Parse(R"({"medications":["nonesuch"]})")), "nonesuch;");
}

TEST(AnswerParserTest, MissingListIsNotTakenForNoMedication) {
  EXPECT_EQ(Problem(R"({"rationale":"Observe."})"), "schema_mismatch | medications: missing");
  EXPECT_EQ(Problem(R"({"medications":true})"), "schema_mismatch | medications: expected an array");
  EXPECT_EQ(Problem(R"({"recommendations":["Obtain a CT"]})"),
            "schema_mismatch | medications: missing");
  EXPECT_EQ(Problem(R"({"recommendations":[]})"), "schema_mismatch | medications: missing");
}

TEST(AnswerParserTest, NothingUnderTheKeyMeansNoMedicationUnlessAnOptionMayBeOne) {
  for (const char* list : {"null", "\"\"", "[null]", "[\"\"]", R"([{"ingredient":"","dose":null}])",
                           R"([{"ingredient":null}])"}) {
    const std::string reply = std::string(R"({"medications":)") + list;
    EXPECT_TRUE(Parse(reply + "}").medications.empty()) << list;
    EXPECT_TRUE(Parse(reply + R"(,"option":null})", two_options).medications.empty()) << list;
    EXPECT_EQ(Problem(reply + R"(,"option":"B"})", two_options),
              "schema_mismatch | medications: blank beside an option, expected an array")
        << list;
  }
  EXPECT_EQ(Problem(R"({"medications":[{}]})"),
            "schema_mismatch | medications[0].ingredient: missing");
  EXPECT_EQ(Problem(R"({"medications":["aspirin",""]})"),
            "schema_mismatch | medications[1].ingredient: missing");
}

TEST(AnswerParserTest, EveryUsualWayToSayNoMedicationIsTheEmptyList) {
  for (const char* words :
       {"none", "No pharmacological treatment indicated", "No medications are needed.",
        "no drug therapy is required at this time", "Watchful waiting", "Supportive care only",
        "observation", "N/A", "No pharmacotherapy", "no treatment needed"}) {
    EXPECT_TRUE(Parse(std::string(R"({"medications":")") + words + "\"}").medications.empty())
        << words;
    EXPECT_TRUE(Parse(std::string(R"({"medications":[")") + words + "\"]}").medications.empty())
        << words;
  }
  // These may be answers of their own.
  for (const char* words : {"none of the above", "No change", "no treatment", "supportive care",
                            "surgery", "no beta blockers"}) {
    EXPECT_EQ(Ingredients(Parse(std::string(R"({"medications":[")") + words + "\"]}")),
              std::string(words) + ";");
  }
}

TEST(AnswerParserTest, CodeFencesAndProseAroundTheObjectAreSkipped) {
  EXPECT_EQ(Ingredients(Parse("```json\n{\"medications\":[{\"ingredient\":\"aspirin\"}]}\n```")),
            "aspirin;");
  EXPECT_EQ(Ingredients(Parse("Sure {thinking}! Here: {\"medications\":[{\"ingredient\":"
                              "\"aspirin\"}]} Hope this {helps}.")),
            "aspirin;");
  EXPECT_EQ(Ingredients(Parse("A lone { brace. {\"medications\":[\"aspirin\"]}")), "aspirin;");
}

TEST(AnswerParserTest, BracesAndQuotesInStringsDoNotEndTheObject) {
  const Answer answer =
      Parse(R"({"rationale":"a } brace, a \" quote and {","medications":["aspirin"]})");
  EXPECT_EQ(answer.rationale, "a } brace, a \" quote and {");
}

TEST(AnswerParserTest, ObjectWithTheExpectedKeyIsPreferred) {
  EXPECT_EQ(Ingredients(Parse(R"({"patient":{"age":3}} {"medications":["aspirin"]})")), "aspirin;");
}

TEST(AnswerParserTest, DraftsInThinkTagsAreNotTheAnswer) {
  EXPECT_EQ(Ingredients(Parse("<think>maybe {\"medications\":[\"warfarin\"]}</think>\n"
                              "{\"medications\":[\"apixaban\"]}")),
            "apixaban;");
}

TEST(AnswerParserTest, MedicationsOfARepeatedPatientAreNeverTheAnswer) {
  EXPECT_EQ(Problem(R"({"patient":{"medications":["lisinopril"]}})"),
            "schema_mismatch | medications: missing");
  EXPECT_EQ(Problem(R"({"patient":{"medications":["lisinopril"]},"medicat)"),
            "not_json | no JSON object with \"medications\" in the reply");
}

TEST(AnswerParserTest, TrailingCommasAreAllowedOutsideOfStrings) {
  const Answer answer = Parse(R"({"medications":[{"ingredient":"aspirin","dose":"5,]",},],})");
  ASSERT_EQ(answer.medications.size(), 1u);
  EXPECT_EQ(answer.medications[0].dose, "5,]");
}

TEST(AnswerParserTest, NumbersAndStringsStandForEachOther) {
  const Answer answer = Parse(
      R"({"medications":[{"ingredient":"aspirin","dose":81,"unit":null,"duration":0.5}],
          "confidence":"0.9"})");
  EXPECT_EQ(answer.medications[0].dose, "81");
  EXPECT_EQ(answer.medications[0].unit, "");
  EXPECT_EQ(answer.medications[0].duration, "0.5");
  EXPECT_EQ(answer.confidence, 0.9);
}

TEST(AnswerParserTest, OtherKeysForTheIngredientAreRead) {
  EXPECT_EQ(Ingredients(Parse(R"({"medications":[{"drug":"a"},{"name":"b"},{"medication":"c"},
                                  "d",{"ingredient":"e","name":"not this"}]})")),
            "a;b;c;d;e;");
}

TEST(AnswerParserTest, SingleMedicationNeedsNoArray) {
  EXPECT_EQ(Ingredients(Parse(R"({"medications":{"ingredient":"aspirin"}})")), "aspirin;");
}

TEST(AnswerParserTest, MedicationWithoutNameIsNamedByItsPlace) {
  EXPECT_EQ(Problem(R"({"medications":[{"ingredient":"a"},{"dose":"5"}]})"),
            "schema_mismatch | medications[1].ingredient: missing");
  EXPECT_EQ(Problem(R"({"medications":[{"ingredient":7}]})"),
            "schema_mismatch | medications[0].ingredient: expected a string");
  EXPECT_EQ(Problem(R"({"medications":[7]})"),
            "schema_mismatch | medications[0]: expected an object");
  EXPECT_EQ(Problem(R"({"medications":[{"ingredient":"a","dose":{}}]})"),
            "schema_mismatch | medications[0].dose: expected a string, a number or null");
}

TEST(AnswerParserTest, OptionIsOneOfTheLettersOrNone) {
  for (const char* written : {"B", " b ", "B.", "B) Ketotifen", "b: that"}) {
    EXPECT_EQ(
        Parse(R"({"medications":[],"option":")" + std::string(written) + "\"}", two_options).option,
        "B")
        << written;
  }
  EXPECT_FALSE(Parse(R"({"medications":[],"option":null})", two_options).option);
  EXPECT_FALSE(Parse(R"({"medications":[],"option":"Z"})").option) << "an open question has none";
  EXPECT_EQ(Problem(R"({"medications":[],"option":"C"})", two_options),
            "schema_mismatch | option: not one of A, B");
  EXPECT_EQ(Problem(R"({"medications":[],"option":"Both"})", two_options),
            "schema_mismatch | option: not one of A, B");
}

TEST(AnswerParserTest, ConfidenceOnAnotherScaleIsDroppedNotGuessed) {
  EXPECT_FALSE(Parse(R"({"medications":[],"confidence":85})").confidence);
  EXPECT_FALSE(Parse(R"({"medications":[],"confidence":"high"})").confidence);
}

TEST(AnswerParserTest, ControlCharactersDoNotComeThrough) {
  const Answer answer = Parse(
      R"({"medications":[{"ingredient":"asp\u001b[31mi\u200brin\n"}],"rationale":"a\n\u0007b"})");
  EXPECT_EQ(answer.medications[0].ingredient, "asp[31mirin");
  EXPECT_EQ(answer.rationale, "a\nb");
}

TEST(AnswerParserTest, LongTextIsCutAtACharacterAndLongNamesAreRefused) {
  std::string umlauts;
  for (std::size_t i = 0; i < kRationaleBytesMax; ++i) umlauts += "ä";
  const Answer answer = Parse(R"({"medications":[],"rationale":")" + umlauts + "\"}");
  EXPECT_EQ(answer.rationale.size(), kRationaleBytesMax - kRationaleBytesMax % 2);
  const std::string name(kIngredientBytesMax + 1, 'x');
  EXPECT_EQ(Problem(R"({"medications":[")" + name + "\"]}"),
            "schema_mismatch | medications[0].ingredient: 201 bytes, expected at most 200");
}

TEST(AnswerParserTest, TooManyMedicationsAreRefused) {
  std::string list = R"("a")";
  for (std::size_t i = 0; i < limits::kMedicationsMax; ++i) list += R"(,"a")";
  EXPECT_EQ(Problem(R"({"medications":[)" + list + "]}"),
            "schema_mismatch | medications: 65 items, expected at most 64");
}

TEST(AnswerParserTest, AnswerStaysSmallEnoughForAReviewPacket) {
  std::string list;
  for (std::size_t i = 0; i < limits::kMedicationsMax; ++i) {
    list += (i == 0 ? "\"" : ",\"") + std::string(kIngredientBytesMax, 'x') + "\"";
  }
  EXPECT_EQ(Problem(R"({"medications":[)" + list + "]}"),
            "schema_mismatch | medications: 12800 bytes, expected at most 10240");
}

TEST(AnswerParserTest, NonsenseIsNotJson) {
  const char none[] = "not_json | no JSON object with \"medications\" in the reply";
  for (const char* text :
       {"", "I cannot help with that.", "[]", "{", "}", "\"", "{{{{", "{]}", "null",
        R"({"medications":[{"ingredient":"a"})", "{medications}", "{'medications':["}) {
    EXPECT_EQ(Problem(text), none) << text;
  }
}

TEST(AnswerParserTest, InvalidUtf8IsNotJson) {
  EXPECT_EQ(Problem("{\"medications\":[\"a\xff\"]}"),
            "not_json | no JSON object with \"medications\" in the reply");
}

TEST(AnswerParserTest, DepthBombIsNotParsed) {
  std::string bomb = R"({"medications":)" + std::string(50000, '[') + std::string(50000, ']') + "}";
  EXPECT_EQ(Problem(bomb), "not_json | no JSON object with \"medications\" in the reply");
  EXPECT_EQ(Problem(std::string(100000, '{')),
            "not_json | no JSON object with \"medications\" in the reply");
}

TEST(AnswerParserTest, OversizedReplyIsNotLookedAt) {
  EXPECT_EQ(Problem(std::string(kReplyTextBytesMax + 1, ' ')),
            "oversized | the model wrote 262145 bytes, at most 262144 are read");
}

TEST(GradesParserTest, OneGradePerLabelComesInTheOrderShown) {
  const auto parsed = ParseGrades(
      R"({"grades":[{"label":"B","grade":"0.25","comment":"no","harm":"yes"},
                    {"label":"answer a","grade":1,"comment":null}]})",
      {"A", "B"});
  ASSERT_FALSE(parsed.problem) << parsed.problem->text;
  ASSERT_EQ(parsed.value.size(), 2u);
  EXPECT_EQ(parsed.value[0].label, "A");
  EXPECT_EQ(parsed.value[0].grade, 1.0);
  EXPECT_FALSE(parsed.value[0].harm);
  EXPECT_EQ(parsed.value[1].label, "B");
  EXPECT_EQ(parsed.value[1].grade, 0.25);
  EXPECT_EQ(parsed.value[1].comment, "no");
  EXPECT_TRUE(parsed.value[1].harm);
}

TEST(GradesParserTest, GradesOutsideOfTheScaleAreRefusedNotScaled) {
  EXPECT_EQ(GradesProblem(R"({"grades":[{"label":"A","grade":85}]})", {"A"}),
            "schema_mismatch | grade of label \"A\" = 85.0, expected 0..1");
  EXPECT_EQ(GradesProblem(R"({"grades":[{"label":"A","grade":-0.1}]})", {"A"}),
            "schema_mismatch | grade of label \"A\" = -0.1, expected 0..1");
  EXPECT_EQ(GradesProblem(R"({"grades":[{"label":"A","grade":1e999}]})", {"A"}),
            "not_json | no JSON object with \"grades\" in the reply");
  for (const char* doubtful : {"0.8%", "1%", "0.8/10", "1/10", "8", "8/", "4/5", "11/10", "101%",
                               "-1/10", "B", "8/10/10", "good"}) {
    EXPECT_NE(GradesProblem(
                  std::string(R"({"grades":[{"label":"A","grade":")") + doubtful + "\"}]}", {"A"}),
              "ok")
        << doubtful;
  }
  EXPECT_EQ(GradesProblem(R"({"grades":[{"label":"A","grade":"nan"}]})", {"A"}),
            "schema_mismatch | grade of label \"A\": expected a number in [0, 1]");
  EXPECT_EQ(GradesProblem(R"({"grades":[{"label":"A"}]})", {"A"}),
            "schema_mismatch | grade of label \"A\": missing");
}

TEST(GradesParserTest, LabelsAreNamedWhenTheyDoNotFit) {
  EXPECT_EQ(GradesProblem(R"({"grades":[{"label":"A","grade":1}]})", {"A", "B"}),
            "schema_mismatch | label \"B\": not graded");
  EXPECT_EQ(
      GradesProblem(R"({"grades":[{"label":"A","grade":1},{"label":"a","grade":0}]})", {"A", "B"}),
      "schema_mismatch | label \"A\": graded twice");
  EXPECT_EQ(GradesProblem(R"({"grades":[{"label":"C","grade":1}]})", {"A"}),
            "schema_mismatch | grades[0].label: no answer has it");
  EXPECT_EQ(GradesProblem(R"({"grades":[{"grade":1}]})", {"A"}),
            "schema_mismatch | grades[0].label: missing");
  EXPECT_EQ(GradesProblem(R"({"grades":[]})", {"A"}), "schema_mismatch | label \"A\": not graded");
}

TEST(GradesParserTest, WrongShapesAreNamed) {
  EXPECT_EQ(GradesProblem(R"({"grade":1})", {"A"}), "schema_mismatch | grades: missing");
  EXPECT_EQ(GradesProblem(R"({"grades":{"A":1}})", {"A"}),
            "schema_mismatch | grades: expected an array");
  EXPECT_EQ(GradesProblem(R"({"grades":[1]})", {"A"}),
            "schema_mismatch | grades[0]: expected an object");
  EXPECT_EQ(GradesProblem(R"({"grades":[{"label":"A","grade":1,"harm":"perhaps"}]})", {"A"}),
            "schema_mismatch | harm of label \"A\": expected true or false");
  EXPECT_EQ(GradesProblem(R"({"grades":[{"label":"A","grade":1,"comment":{}}]})", {"A"}),
            "schema_mismatch | comment of label \"A\": expected a string");
}

TEST(GradesParserTest, GradeWithItsScaleIsReadExactly) {
  const std::pair<const char*, double> cases[] = {
      {"0.8/1", 0.8},  {"8/10", 0.8},        {"80%", 0.8},     {"80 %", 0.8},
      {"8 / 10", 0.8}, {"8 out of 10", 0.8}, {"85/100", 0.85}, {"0/10", 0.0},
      {"10/10", 1.0},  {"100%", 1.0},        {"0%", 0.0},      {" 0.8 ", 0.8}};
  for (const auto& [written, grade] : cases) {
    const auto parsed =
        ParseGrades(std::string(R"({"grades":[{"label":"A","grade":")") + written + "\"}]}", {"A"});
    ASSERT_FALSE(parsed.problem) << written << ": " << parsed.problem->text;
    EXPECT_EQ(parsed.value[0].grade, grade) << written;
  }
}

TEST(GradesParserTest, OtherKeysWrappersAndABareListAreRead) {
  for (
      const char* text :
      {R"([{"label":"A","grade":0.5},{"label":"B","grade":1}])",
       R"({"scores":[{"id":"A","score":0.5,"reason":"r"},{"answer":"B","mark":"10/10"}]})",
       R"({"result":{"Grades":[{"Label":"A","Grade":0.5},{"LABEL":"b","rating":1}]}})",
       R"({"name":"grade","arguments":"{\"grades\":[{\"label\":\"A\",\"grade\":0.5},{\"label\":\"B\",\"grade\":1}]}"})",
       "{'grades': [{'label': 'A', 'grade': .5, 'harm': False}, {'label': 'B', 'grade': 1,}]}"}) {
    const auto parsed = ParseGrades(text, {"A", "B"});
    ASSERT_FALSE(parsed.problem) << text << ": " << parsed.problem->text;
    EXPECT_EQ(parsed.value[0].grade, 0.5) << text;
    EXPECT_EQ(parsed.value[1].grade, 1.0) << text;
  }
}

// Replies in the manner of many models, all with the same meaning.
TEST(AnswerParserTest, RepliesOfManyModelsMeanTheSame) {
  const char* replies[] = {
      R"({"medications":[{"ingredient":"Amoxicillin","dose":"500","unit":"mg","route":"oral","frequency":"three times daily","duration":"7 days"}],"rationale":"First line."})",
      "Here is my recommendation:\n\n```json\n{\n  \"medications\": [\n    {\n      "
      "\"ingredient\": "
      "\"Amoxicillin\",\n      \"dose\": \"500 mg\",\n      \"route\": \"PO\",\n      "
      "\"frequency\": "
      "\"TID\",\n      \"duration\": \"x 7 days\",\n    }\n  ],\n  \"rationale\": \"First "
      "line.\"\n}\n```\n\nLet me know {if} you need more!",
      "<think>Maybe {\"medications\": []}?</think>{\"medications\": [\"Amoxicillin 500 mg PO TID x "
      "7 "
      "days\"], \"rationale\": \"First line.\"}",
      "{'medications': [{'drug': 'Amoxicillin', 'dosage': '500mg', 'route': 'by mouth', "
      "'frequency': "
      "'3 times a day', 'duration': '1 week', 'unit': None}], 'rationale': 'First line.'}",
      "{medications: [{name: \"Amoxicillin\", dose: 500, unit: \"milligrams\", route: \"p.o.\", "
      "frequency: \"t.i.d.\", duration: \"for 7 days\"}], // done\n rationale: \"First line.\"}",
      R"({"answer":{"Medications":[{"Ingredient":"Amoxicillin 500 mg","Route":"orally","Frequency":"three times a day","Duration":"7-day course"}],"Reasoning":"First line."}})",
      R"({"name":"submit","arguments":"{\"drugs\": [\"Amoxicillin 500 mg by mouth three times daily for 7 days\"], \"reason\": \"First line.\"}"})",
      R"({"type":"function","function":{"name":"submit","arguments":{"meds":[{"ingredient":"Amoxicillin","dose":"500 mg PO TID","duration":"7d"}],"explanation":["First line."]}}})",
      R"({"response":"```json\n{\"prescriptions\":[{\"medication\":\"Amoxicillin\",\"dose\":\"500 mg\",\"route\":\"oral (PO)\",\"frequency\":\"three times daily (TID)\",\"duration\":\"7 days\"}],\"rationale\":\"First line.\"}\n```"})",
      R"({"medication":"Amoxicillin","dose":"500 mg","route":"oral","frequency":"tid","duration":"7/7","rationale":"First line."})",
      "{“medications”: [{“ingredient”: “Amoxicillin”, “dose”: “500 mg”, “route”: “po”, "
      "“frequency”: "
      "“tid”, “duration”: “7 days”}], “rationale”: “First line.”}",
      R"({"recommendation":{"medications":{"ingredient":"Amoxicillin","dose":"500 mg","route":"oral","frequency":"TDS","duration":"7 days"},"rationale":"First line."}})",
      R"([{"medications":[{"ingredient":"Amoxicillin","dose":"500","unit":"MG","route":"Oral","frequency":"Three times daily","duration":"7 Days"}],"rationale":"First line."}])",
  };
  for (const char* reply : replies) {
    const Answer answer = Parse(reply);
    ASSERT_EQ(answer.medications.size(), 1u) << reply;
    const Medication& m = answer.medications[0];
    EXPECT_EQ(m.ingredient + "|" + m.dose + "|" + m.unit + "|" + m.route + "|" + m.frequency + "|" +
                  m.duration + "|" + answer.rationale,
              "Amoxicillin|500|mg|oral|three times daily|7 days|First line.")
        << reply;
  }
}

TEST(AnswerParserTest, BareListOfMedicationsIsAnAnswerWhenItIsAllOfTheReply) {
  EXPECT_EQ(Ingredients(Parse(R"([{"drug":"a"},{"ingredient":"b"}])")), "a;b;");
  EXPECT_EQ(Ingredients(Parse("Here you are:\n```json\n[{\"drug\":\"a\"}]\n```\n")), "a;");
  for (const char* text : {
           R"([{"drug":"a"},{"drug":"b)",                    // cut
           R"(The patient takes [{"name":"lisinopril"}].)",  // whose?
           R"({"age": 3} [{"name":"lisinopril"}])",
           R"([{"name":"lisinopril"}] is known. {"medications":["asp)",    // the answer was cut
           R"("medications":[{"ingredient":"aspirin"}],"rationale":"x"})"  // of what?
       }) {
    EXPECT_EQ(Problem(text), "schema_mismatch | medications: missing") << text;
  }
  EXPECT_EQ(Ingredients(Parse(R"({"age": 3} {"answer":[{"name":"a"}]})")), "a;");
  EXPECT_EQ(Problem("[1, 2]"), "not_json | no JSON object with \"medications\" in the reply");
}

TEST(AnswerParserTest, SynonymsNeverOverrideTheKeysThatWereAskedFor) {
  const Answer answer = Parse(
      R"({"drugs":["no"],"medications":["aspirin"],"answer":"A","option":"B","reason":"no",
          "rationale":"yes","monitoring":{"INR":"weekly"}} {"drugs":["no"]})",
      two_options);
  EXPECT_EQ(Ingredients(answer), "aspirin;");
  EXPECT_EQ(answer.option, "B");
  EXPECT_EQ(answer.rationale, "yes");
  EXPECT_EQ(answer.cautions, "") << "no prose, and not asked for under this key";
  EXPECT_EQ(Parse(R"({"medications":[],"answer":"b) that"})", two_options).option, "B");
  EXPECT_FALSE(Parse(R"({"medications":[],"answer":"Ketotifen"})", two_options).option);
}

TEST(AnswerParserTest, UnknownWrappersAreNotOpened) {
  EXPECT_EQ(Problem(R"({"patient":{"medications":["lisinopril"]},"history":{"drugs":["a"]}})"),
            "schema_mismatch | medications: missing");
  EXPECT_EQ(Problem(R"({"age":63,"meds":["lisinopril"]} {"medications":["asp)"),
            "schema_mismatch | medications: missing")
      << "the answer was cut";
  EXPECT_EQ(Problem(R"({"age":63,"meds":["lisinopril"]} {"medications":["asp" "b"]})"),
            "schema_mismatch | medications: missing")
      << "the answer cannot be read";
  EXPECT_EQ(Problem(R"({"answer":{"patient":{"medications":["lisinopril"]}}})"),
            "schema_mismatch | medications: missing");
}

TEST(AnswerParserTest, MissingBracketIsForgivenOnlyWhenTheReplyIsKnownToBeComplete) {
  const std::string text = R"({"medications":[{"ingredient":"aspirin"}],"rationale":"x")";
  EXPECT_NE(Problem(text), "ok");
  EXPECT_FALSE(ParseAnswer(text, {}, /*complete=*/true).problem);
  EXPECT_TRUE(
      ParseAnswer(R"({"medications":[{"ingredient":"aspirin"}],"rationale":"x)", {}, true).problem);
  EXPECT_TRUE(ParseAnswer(R"({"medications":[{"ingredient":"aspirin"})", {}, true).problem);
}

TEST(AnswerParserTest, SeveralPrescriptionsInOneStringAreSeveralMedications) {
  EXPECT_EQ(Ingredients(Parse(R"({"medications":"aspirin 81 mg + clopidogrel 75 mg"})")),
            "aspirin;clopidogrel;");
  EXPECT_EQ(Ingredients(Parse(R"({"medications":["trimethoprim and sulfamethoxazole"]})")),
            "trimethoprim and sulfamethoxazole;");
  std::string list = R"("a 1 mg + b 1 mg")";
  for (std::size_t i = 1; i < limits::kMedicationsMax; ++i) list += R"(,"a 1 mg + b 1 mg")";
  EXPECT_EQ(Problem(R"({"medications":[)" + list + "]}"),
            "schema_mismatch | medications: 66 items, expected at most 64");
}

}  // namespace
}  // namespace consilium
