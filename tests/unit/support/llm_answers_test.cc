// What the server of models answers to our real prompts, read by our real parser.
#include "tests/support/llm_answers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <map>
#include <set>

#include "tests/support/llm_dialogue.h"
#include "tests/support/llm_fault.h"
#include "worker/answer_parser.h"
#include "worker/prompts.h"

namespace consilium {
namespace {

using Json = nlohmann::json;
using testing::ElementsAre;

constexpr std::array<LlmForm, 4> kForms = {LlmForm::kOpenAi, LlmForm::kAnthropic, LlmForm::kGemini,
                                           LlmForm::kOllama};

Asked AskedOf(const LlmWish& wish) {
  HttpAsked http;
  http.method = "POST";
  http.path = PathOf(wish);
  http.body = RequestOf(wish);
  return ReadAsked(http);
}

class LlmAnswersTest : public testing::Test {
 protected:
  LlmAnswersTest() {
    auto loaded = LoadPrompts(std::string(CONSILIUM_SOURCE_DIR) + "/configs/prompts");
    EXPECT_TRUE(loaded);
    if (loaded) prompts = *loaded;
    vignette.text = "A cough. marker:case-9 No fever.";
  }
  Asked Generate(LlmForm form, const std::string& model, const std::string& delimiter = "d1") {
    const Prompt prompt = RenderPrompt(prompts.generate, vignette, std::nullopt, delimiter);
    LlmWish wish;
    wish.form = form;
    wish.model = model;
    wish.system = prompt.system;
    wish.user = prompt.user;
    return AskedOf(wish);
  }
  PromptSet prompts;
  Vignette vignette;
};

TEST_F(LlmAnswersTest, AnswerPassesOurParser) {
  for (const LlmForm form : kForms) {
    const Asked asked = Generate(form, "m");
    EXPECT_EQ(asked.key.Text(), std::string(LlmFormName(form)) + "/m/case-9/generate");
    const Parsed<Answer> parsed = ParseAnswer(ValidAnswer(asked), {});
    ASSERT_FALSE(parsed.problem) << parsed.problem->text;
    EXPECT_EQ(parsed.value.medications.size(), 1u);
  }
}

TEST_F(LlmAnswersTest, ClosedChoiceIsAnsweredWithALetter) {
  vignette.options = {{"A", "aspirin"}, {"B", "nothing"}};
  const Parsed<Answer> parsed =
      ParseAnswer(ValidAnswer(Generate(LlmForm::kOpenAi, "m")), vignette.options);
  ASSERT_FALSE(parsed.problem) << parsed.problem->text;
  EXPECT_EQ(parsed.value.option, "A");
}

TEST_F(LlmAnswersTest, GradesPassOurParser) {
  ReviewPacket packet;
  for (const char* label : {"A", "B", "C"}) {
    LabelledAnswer shown;
    shown.label = label;
    shown.answer.medications.emplace_back().ingredient = "aspirin";
    packet.answers.push_back(shown);
  }
  const Prompt prompt = RenderPrompt(prompts.review, vignette, packet, "d1");
  for (const LlmForm form : kForms) {
    LlmWish wish;
    wish.form = form;
    wish.system = prompt.system;
    wish.user = prompt.user;
    const Asked asked = AskedOf(wish);
    EXPECT_EQ(asked.key.stage, "review");
    EXPECT_THAT(LabelsOf(asked), ElementsAre("A", "B", "C"));
    const auto parsed = ParseGrades(ValidAnswer(asked), {"A", "B", "C"});
    EXPECT_FALSE(parsed.problem) << parsed.problem->text;
  }
}

TEST_F(LlmAnswersTest, AnswerDependsOnModelAndCaseOnly) {
  const std::string once = ValidAnswer(Generate(LlmForm::kOpenAi, "m", "d1"));
  EXPECT_EQ(ValidAnswer(Generate(LlmForm::kOllama, "m", "d2")), once);
  std::set<std::string> answers;
  for (int i = 0; i < 20; ++i) {
    answers.insert(ValidAnswer(Generate(LlmForm::kOpenAi, "m" + std::to_string(i))));
  }
  EXPECT_GT(answers.size(), 5u);
}

TEST_F(LlmAnswersTest, OtherPromptsGetWhatTheyAskFor) {
  LlmWish wish;
  wish.user = "Hello?";
  EXPECT_EQ(ValidAnswer(AskedOf(wish)), "The council is ready.");
  wish.rung = LlmRung::kJsonObject;
  EXPECT_EQ(ValidAnswer(AskedOf(wish)), R"({"ready":"yes"})");
  wish.rung = LlmRung::kSchema;
  EXPECT_EQ(ValidAnswer(AskedOf(wish)),
            R"({"medications":[{"dose":"text","ingredient":"text"}],"rationale":"text"})");
}

TEST_F(LlmAnswersTest, SchemaIsFilledWithWhatItAllows) {
  const Json schema = Json::parse(R"({"type":"OBJECT","properties":{
      "a":{"type":["null","string"]},"b":{"anyOf":[{"type":"integer"},{"type":"null"}]},
      "c":{"enum":["x","y"]},"d":{"const":7},"e":{"type":"array","items":{"type":"boolean"}}}})");
  EXPECT_EQ(FitSchema(schema, Json()).dump(), R"({"a":"text","b":1,"c":"x","d":7,"e":[true]})");
  EXPECT_EQ(FitSchema(schema, {{"a", nullptr}, {"b", 3}, {"c", "y"}, {"z", 1}}).dump(),
            R"({"a":null,"b":3,"c":"y","d":7,"e":[true]})");
}

TEST(LlmFaultTest, EachFaultAndFeatureHasAName) {
  std::set<std::string> names;
  for (int i = 0; i < kFaults; ++i) {
    const Fault fault = static_cast<Fault>(i);
    EXPECT_EQ(FaultFromName(FaultName(fault)), fault);
    names.insert(FaultName(fault));
  }
  EXPECT_EQ(names.size(), static_cast<std::size_t>(kFaults));
  EXPECT_STREQ(FaultName(Fault::kInvalidUtf8), "invalid_utf8");
  EXPECT_FALSE(FaultFromName("meteor"));
  for (int i = 0; i < kLlmFeatures; ++i) {
    const LlmFeature feature = static_cast<LlmFeature>(i);
    EXPECT_EQ(LlmFeatureFromName(LlmFeatureName(feature)), feature);
  }
}

TEST(LlmFaultTest, SeededShareIsGivenAndEveryFaultOccurs) {
  const SeededFaults plan(1, 0.25, {Fault::kCut, Fault::kStall});
  std::map<Fault, int> given;
  for (int i = 0; i < 4000; ++i) {
    const LlmKey key{LlmForm::kGemini, "m", std::to_string(i), "review"};
    ++given[plan.At(key, 1)];
    EXPECT_EQ(SeededFaults(1, 0.0, {Fault::kCut}).At(key, 1), Fault::kNone);
    EXPECT_EQ(SeededFaults(1, 1.0, {Fault::kCut}).At(key, 1), Fault::kCut);
  }
  EXPECT_NEAR(given[Fault::kCut], 500, 100);
  EXPECT_NEAR(given[Fault::kStall], 500, 100);
}

}  // namespace
}  // namespace consilium
