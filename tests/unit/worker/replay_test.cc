#include "worker/replay.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/worker/temp_file.h"

namespace consilium {
namespace {

using testing::ElementsAre;

constexpr char kAnswers[] =
    R"({"vignette":"v1","model":"real","option":"B","text":"Ketotifen","medications":["ketotifen"],"correct":true,"latency_s":0.5,"prompt_tokens":264,"completion_tokens":1})"
    "\n"
    R"({"vignette":"v1","model":"other","option":"A","medications":["erythromycin"]})"
    "\n"
    R"({"vignette":"v2","model":"real","option":"C","medications":[],"latency_s":2})"
    "\n"
    R"({"vignette":"v3","model":"real","medications":["Ibuprofen","colchicine"]})"
    "\n";

class ReplayTest : public testing::Test {
 protected:
  ReplayTest() {
    config.model = "alias";
    config.served_model = "real";
    config.replay.answers = file.path();
  }
  ReplayModel Load() {
    Result<ReplayModel> model = ReplayModel::Load(config, warnings);
    EXPECT_TRUE(model) << model.error().text;
    return std::move(*model);
  }
  std::string LoadError() {
    const Result<ReplayModel> model = ReplayModel::Load(config, warnings);
    return model ? "ok" : model.error().text;
  }
  static BackendCall Ask(const std::string& id) {
    BackendCall call;
    call.task = {id, Stage::kGenerate, 1, "alias"};
    call.vignette.options = {{"A", "a"}, {"B", "b"}, {"C", "c"}};
    return call;
  }
  static LabelledAnswer Shown(const std::vector<std::string>& ingredients,
                              std::optional<std::string> option = {}) {
    LabelledAnswer shown;
    shown.label = "L";
    for (const std::string& ingredient : ingredients) {
      shown.answer.medications.push_back({ingredient, "", "", "", "", "", ""});
    }
    shown.answer.option = std::move(option);
    return shown;
  }
  std::vector<double> Grades(const std::string& id, std::vector<LabelledAnswer> answers) {
    BackendCall call = Ask(id);
    call.task.stage = Stage::kReview;
    call.review = ReviewPacket{std::move(answers)};
    std::vector<double> grades;
    for (const Grade& grade : Load().Plan(call).outcome.grades) {
      EXPECT_EQ(grade.label, "L");
      EXPECT_EQ(grade.comment, "agreement with its own recorded answer");
      EXPECT_FALSE(grade.harm);
      grades.push_back(grade.grade);
    }
    return grades;
  }

  TempFile file{kAnswers};
  BackendConfig config;
  std::vector<std::string> warnings;
};

TEST_F(ReplayTest, AVignetteOfAnEvaluationIsKnownInEveryRun) {
  const ReplayModel model = Load();
  for (const char* id : {"v1", "eval:run-1:v1", "eval:other:v1"}) {
    const Outcome outcome = model.Plan(Ask(id)).outcome;
    ASSERT_EQ(outcome.status, OutcomeStatus::kOk) << id;
    EXPECT_EQ(outcome.answer->option, "B") << id;
  }
  EXPECT_EQ(model.Plan(Ask("eval:run-1:v9")).outcome.code, "no_recorded_answer");
}

TEST_F(ReplayTest, RecordedAnswerOfTheModelIsGiven) {
  const PlannedOutcome planned = Load().Plan(Ask("v1"));
  const Outcome& outcome = planned.outcome;
  EXPECT_EQ(outcome.status, OutcomeStatus::kOk);
  ASSERT_EQ(outcome.answer->medications.size(), 1u);
  EXPECT_EQ(outcome.answer->medications[0].ingredient, "ketotifen");
  EXPECT_EQ(outcome.answer->medications[0].dose, "");
  EXPECT_EQ(outcome.answer->option, "B");
  EXPECT_EQ(outcome.answer->rationale, "recorded answer");
  EXPECT_EQ(outcome.usage.prompt_tokens, 264);
  EXPECT_EQ(outcome.usage.completion_tokens, 1);
  EXPECT_FALSE(outcome.usage.cost_usd);
  EXPECT_EQ(outcome.provider, "replay");
  EXPECT_EQ(outcome.model_served, "real");
  EXPECT_TRUE(outcome.simulated);
  EXPECT_EQ(planned.delay.count(), 0);
}

TEST_F(ReplayTest, ModelNameCountsWithoutServedModel) {
  config.model = "other";
  config.served_model = "";
  EXPECT_EQ(Load().Plan(Ask("v1")).outcome.answer->option, "A");
}

TEST_F(ReplayTest, NoMedicationIsAnAnswer) {
  const Outcome outcome = Load().Plan(Ask("v2")).outcome;
  EXPECT_EQ(outcome.status, OutcomeStatus::kOk);
  EXPECT_TRUE(outcome.answer->medications.empty());
}

TEST_F(ReplayTest, OptionThatTheCaseDoesNotOfferIsLeftOut) {
  BackendCall call = Ask("v1");
  call.vignette.options.clear();
  EXPECT_FALSE(Load().Plan(call).outcome.answer->option);
}

TEST_F(ReplayTest, LatencyIsScaled) {
  config.replay.latency_scale = 0.1;
  EXPECT_EQ(Load().Plan(Ask("v2")).delay, milliseconds(200));
}

TEST_F(ReplayTest, UnknownCaseIsAnErrorThatSaysWhy) {
  for (const Stage stage : {Stage::kGenerate, Stage::kReview}) {
    BackendCall call = Ask("v9");
    call.task.stage = stage;
    if (stage == Stage::kReview) call.review = ReviewPacket{{Shown({"x"})}};
    const Outcome outcome = Load().Plan(call).outcome;
    EXPECT_EQ(outcome.status, OutcomeStatus::kError);
    EXPECT_EQ(outcome.code, "no_recorded_answer");
    EXPECT_EQ(outcome.text, "\"real\" has no answer to this case in " + file.path() +
                                "; a replayed model knows only what was recorded");
    EXPECT_FALSE(outcome.retryable);
    EXPECT_TRUE(outcome.grades.empty());
  }
}

TEST_F(ReplayTest, GradeIsAgreementWithItsOwnAnswer) {
  EXPECT_THAT(Grades("v3", {Shown({"ibuprofen", "Colchicine "}), Shown({"ibuprofen"}),
                            Shown({"aspirin"}), Shown({})}),
              ElementsAre(1.0, 0.5, 0.0, 0.0));
  EXPECT_THAT(Grades("v2", {Shown({}), Shown({"x"})}), ElementsAre(1.0, 0.0));
}

TEST_F(ReplayTest, SameOptionIsFullAgreement) {
  EXPECT_THAT(Grades("v1", {Shown({"ketotifen fumarate"}, "B"), Shown({"ketotifen"}, "A"),
                            Shown({"ketotifen fumarate"})}),
              ElementsAre(1.0, 1.0, 0.0));
}

TEST_F(ReplayTest, BadLinesAreNamedAndSkipped) {
  const TempFile bad("{\"vignette\":\"v1\"}\n" + std::string(kAnswers) +
                     R"({"vignette":"v1","model":"real","medications":["late"]})"
                     "\n"
                     R"({"vignette":"v4","model":"real"})"
                     "\n"
                     R"({"vignette":"v5","model":"real","medications":["x"],"latency_s":-1})"
                     "\n"
                     R"({"vignette":5,"model":"other","medications":[]})"
                     "\n");
  config.replay.answers = bad.path();
  EXPECT_EQ(Load().Plan(Ask("v1")).outcome.answer->medications[0].ingredient, "ketotifen");
  const std::string at = bad.path() + ":";
  EXPECT_THAT(
      warnings,
      ElementsAre(at + "1: model: missing, expected a string",
                  at + "6: vignette: answered by this model on an earlier line, which counts",
                  at + "7: medications: missing, expected an array of non-empty strings",
                  at + "8: latency_s: expected a number of at least 0"))
      << "lines of other models are theirs to complain about";
}

TEST_F(ReplayTest, NothingUsablePreventsTheStart) {
  config.served_model = "nobody";
  EXPECT_EQ(LoadError(), "backend alias: replay.answers: " + file.path() +
                             " has no usable answer of model \"nobody\"");
  config.replay.answers = "";
  EXPECT_EQ(LoadError(),
            "backend alias: replay.answers: missing, expected a file of recorded answers");
  config.replay.answers = "/nonexistent";
  EXPECT_EQ(LoadError(),
            "backend alias: replay.answers: /nonexistent: missing, empty or not readable");
}

}  // namespace
}  // namespace consilium
