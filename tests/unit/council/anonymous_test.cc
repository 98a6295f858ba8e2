#include "aggregator/council/anonymous.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "shared/text.h"

namespace consilium {
namespace {

std::vector<std::string> Models() {
  return {"gpt-4o", "llama3.3:70b", "meta/med-lm-2", "alpha", "t4", "Clinibot"};
}

struct Sample {
  const char* stated;
  const char* seen;
};

TEST(AnonymiserTest, NamesOfTheCouncilAndOfKnownFamiliesBecomeMarkers) {
  const Anonymiser anonymiser(Models());
  const Sample samples[] = {
      {"GPT-4o suggests rest.", "[model] suggests rest."},
      {"gpt 4o, GPT4o and Gpt-4-o", "[model], [model] and [model]"},
      {"Llama 3.3 70B answered", "[model] answered"},
      {"llama3.3 answered", "[model] answered"},
      {"med-lm-2 and Med LM 2", "[model] and [model]"},
      {"Clinibot chose this", "[model] chose this"},
      {"clinibot's choice", "[model]'s choice"},
      {"Claude 3.5 Sonnet by Anthropic", "[model] by [model]"},
      {"I am Claude.", "I am [model]."},
      {"Claude Opus 4 thinks so", "[model] thinks so"},
      {"OpenAI GPT-4 turbo", "[model]"},
      {"trained by Google DeepMind", "trained by [model]"},
      {"as ChatGPT, I would", "as [model], I would"},
      {"gemini-2.0-flash says", "[model] says"},
      {"qwen2.5 or mixtral-8x7b", "[model] or [model]"},
      {"As an AI language model, I choose rest.", "I choose rest."},
  };
  for (const Sample& sample : samples) {
    EXPECT_EQ(anonymiser.Strip(sample.stated), sample.seen) << sample.stated;
  }
}

TEST(AnonymiserTest, OrdinaryAndShortNamesGoOnlyWhereTheTextSpeaksOfAnAuthor) {
  const Anonymiser anonymiser(Models());
  const Sample samples[] = {
      {"I am Alpha, and I choose rest", "I am [model], and I choose rest"},
      {"As alpha I would wait", "As [model] I would wait"},
      {"As Alpha, I would wait", "As [model], I would wait"},
      {"Alpha recommends rest", "[model] recommends rest"},
      {"This is T4.", "This is [model]."},
      {"an alpha blocker", "an alpha blocker"},
      {"as alpha blockers do", "as alpha blockers do"},
      {"lowered by alpha-2 agonists", "lowered by alpha-2 agonists"},
      {"free T4 is low", "free T4 is low"},
  };
  for (const Sample& sample : samples) {
    EXPECT_EQ(anonymiser.Strip(sample.stated), sample.seen) << sample.stated;
  }
}

TEST(AnonymiserTest, ClinicalTextStaysAsItIs) {
  const Anonymiser anonymiser(Models());
  const char* const samples[] = {"GPT 45 U/L and GOT 38 U/L",
                                 "intermittent claudication",
                                 "phi angle, palm rash, 2 cm",
                                 "amoxicillin 500 mg every 8 hours for 7 days",
                                 "opus, flash and pro are words",
                                 "HbA1c 7.4 %, eGFR 58 mL/min/1.73 m2",
                                 "temperature 38.5 \u00b0, \u03b2-lactam",
                                 "the model of care",
                                 "yield 5 mg"};
  for (const char* sample : samples) EXPECT_EQ(anonymiser.Strip(sample), sample);
}

TEST(AnonymiserTest, QuantityAfterANameIsNeverTakenForItsVersion) {
  const Anonymiser anonymiser({});
  EXPECT_EQ(anonymiser.Strip("Gemini: 5 mg twice"), "[model]: 5 mg twice");
  EXPECT_EQ(anonymiser.Strip("Claude 2.5 mg"), "[model] 2.5 mg");
  EXPECT_EQ(anonymiser.Strip("claude 10 mg"), "[model] 10 mg");
}

TEST(AnonymiserTest, InvisibleCharactersCannotHideAName) {
  const Anonymiser anonymiser({});
  EXPECT_EQ(anonymiser.Strip("Cl\xe2\x80\x8b"
                             "au\xc2\xad"
                             "de"),
            "[model]");
  EXPECT_EQ(
      anonymiser.Strip("\xef\xbc\xa3\xef\xbd\x8c\xef\xbd\x81\xef\xbd\x95\xef\xbd\x84\xef\xbd\x85"),
      "[model]");
  EXPECT_EQ(anonymiser.Strip("GPT\xe2\x80\x91"
                             "4"),
            "[model]");
}

TEST(AnonymiserTest, PlainTextHasNoControlAndNoBrokenCharacters) {
  EXPECT_EQ(PlainText("a\x01\x1b[31mb\r\nc\xe2\x80\xae"
                      "d",
                      100),
            "a[31mb  cd");
  EXPECT_EQ(FindInvalidUtf8(PlainText("\xff\xc3 ok \xe2\x82", 100)), std::string_view::npos);
  EXPECT_EQ(PlainText("\xc3\xa9\xc3\xa9", 3), "\xc3\xa9");
  EXPECT_EQ(PlainText("", 10), "");
}

TEST(AnonymiserTest, ReviewersSeeTheCodedAnswerWithoutTheClaimedConfidence) {
  Answer answer;
  Medication medication;
  medication.ingredient =
      "Amoxi\x07"
      "cillin";
  medication.dose = "500";
  medication.unit = "mg";
  medication.route = "oral";
  medication.frequency = "every 8 h";
  medication.duration = "7 days";
  medication.indication = "chosen by Claude";
  answer.medications = {medication};
  answer.option = "B";
  answer.rationale = "GPT-4 would agree.";
  answer.cautions = "none";
  answer.confidence = 0.99;
  const Answer seen = Anonymiser({}).Anonymise(answer);
  ASSERT_EQ(seen.medications.size(), 1u);
  EXPECT_EQ(seen.medications[0].ingredient, "Amoxicillin");
  EXPECT_EQ(seen.medications[0].dose, "500");
  EXPECT_EQ(seen.medications[0].unit, "mg");
  EXPECT_EQ(seen.medications[0].route, "oral");
  EXPECT_EQ(seen.medications[0].frequency, "every 8 h");
  EXPECT_EQ(seen.medications[0].duration, "7 days");
  EXPECT_EQ(seen.medications[0].indication, "chosen by [model]");
  EXPECT_EQ(seen.option, "B");
  EXPECT_EQ(seen.rationale, "[model] would agree.");
  EXPECT_EQ(seen.cautions, "none");
  EXPECT_EQ(seen.confidence, std::nullopt);
}

TEST(AnonymiserTest, WhatAReviewerSeesIsBounded) {
  Answer answer;
  Medication medication;
  medication.ingredient = std::string(100000, 'a');
  answer.medications.assign(1000, medication);
  answer.rationale = std::string(1000000, 'r');
  answer.cautions = std::string(1000000, 'c');
  const Answer seen = Anonymiser(Models()).Anonymise(answer);
  std::size_t bytes = seen.rationale.size() + seen.cautions.size();
  for (const Medication& shown : seen.medications) bytes += shown.ingredient.size();
  EXPECT_LE(bytes, 16384u);
  EXPECT_GE(seen.medications.size(), 1u);
}

}  // namespace
}  // namespace consilium
