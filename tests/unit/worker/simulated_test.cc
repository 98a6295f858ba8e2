#include "worker/simulated.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "shared/codec.h"
#include "tests/unit/worker/simulated_fixture.h"
#include "worker/ingredients.h"

namespace consilium {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST_F(SimulatedTest, ModelThatKnowsTheCaseGivesItsRegimen) {
  const SimulatedModel model = Load();
  int gold = 0;
  for (int i = 0; i < 100; ++i) {
    const Outcome outcome = model.Plan(Ask("x" + std::to_string(i))).outcome;
    ASSERT_EQ(outcome.status, OutcomeStatus::kOk);
    EXPECT_TRUE(outcome.simulated);
    EXPECT_EQ(outcome.provider, "simulated");
    EXPECT_EQ(outcome.model_served, "sim-a");
    ASSERT_EQ(outcome.answer->medications.size(), 1u);
    const Medication& m = outcome.answer->medications[0];
    if (m.ingredient != "Aspirin") {
      EXPECT_EQ(m.ingredient, "clopidogrel");
      EXPECT_EQ(m.dose, "") << "how an alternative is given is not known";
      continue;
    }
    ++gold;
    EXPECT_THAT(m.dose, testing::AnyOf("300", "150", "600"));
    EXPECT_EQ(m.unit, "mg");
    EXPECT_EQ(m.indication, "ACS");
    EXPECT_EQ(outcome.answer->rationale, "Platelets.");
    EXPECT_EQ(outcome.answer->cautions, "Bleeding.");
  }
  EXPECT_GE(gold, 75);
}

TEST_F(SimulatedTest, SameSeedSaysTheSameInAnyOrderAndProcess) {
  config.simulated.skill = {{"default", 0.5}};
  config.simulated.grading_noise = 0.1;
  const SimulatedModel first = Load();
  const SimulatedModel second = Load();
  std::map<int, std::string> said;
  for (int i = 0; i < 50; ++i) {
    const std::string id = "x" + std::to_string(i);
    said[i] = ToJson(first.Plan(Ask(id)).outcome) +
              ToJson(first.Plan(Review(id, {{"aspirin"}, {"ibuprofen"}})).outcome);
  }
  for (int i = 49; i >= 0; --i) {
    const std::string id = "x" + std::to_string(i);
    const std::string review =
        ToJson(second.Plan(Review(id, {{"aspirin"}, {"ibuprofen"}})).outcome);
    EXPECT_EQ(ToJson(second.Plan(Ask(id, /*fence=*/i)).outcome) + review, said[i]);
  }
}

TEST_F(SimulatedTest, SeedsAndModelsDiffer) {
  config.simulated.skill = {{"default", 0.5}};
  const auto all = [this] {
    const SimulatedModel model = Load();
    std::string said;
    for (int i = 0; i < 50; ++i) {
      said += model.Plan(Ask("x" + std::to_string(i))).outcome.answer->medications[0].ingredient;
    }
    return said;
  };
  const std::string before = all();
  config.simulated.seed = 8;
  const std::string other_seed = all();
  config.simulated.seed = 7;
  config.model = "sim-b";
  EXPECT_NE(before, other_seed);
  EXPECT_NE(before, all());
}

// With 2000 draws the deviation of a share is at most 0.0112; the bounds are four of them.
TEST_F(SimulatedTest, SkillIsTheShareOfCasesItKnows) {
  for (const double skill : {0.0, 0.3, 0.8, 1.0}) {
    config.simulated.skill = {{"cardiology", skill}, {"default", 0.5}};
    const SimulatedModel model = Load();
    std::map<std::string, double> share;
    constexpr int kDraws = 2000;
    for (int i = 0; i < kDraws; ++i) {
      const Answer answer = *model.Plan(Ask("x" + std::to_string(i))).outcome.answer;
      share[testing::PrintToString(LowerSet(answer))] += 1.0 / kDraws;
    }
    const auto of = [&share](const std::vector<std::string>& set) {
      return share[testing::PrintToString(set)];
    };
    EXPECT_NEAR(of({"aspirin"}) + of({"clopidogrel"}), skill, 0.045);
    EXPECT_NEAR(of({"clopidogrel"}), 0.15 * skill, 0.04);
    EXPECT_NEAR(of({"ibuprofen"}), 0.6 * (1 - skill), 0.045) << "models err together";
    EXPECT_NEAR(of({"sildenafil"}), 0.2 * (1 - skill), 0.04);
    EXPECT_NEAR(of({"heparin", "ibuprofen"}), 0.2 * (1 - skill), 0.04);
  }
}

TEST_F(SimulatedTest, MoreSkillOnlyAddsKnowledge) {
  config.simulated.skill = {{"default", 0.4}};
  const SimulatedModel weak = Load();
  config.simulated.skill = {{"default", 0.7}};
  const SimulatedModel strong = Load();
  for (int i = 0; i < 200; ++i) {
    const BackendCall call = Ask("x" + std::to_string(i));
    const std::string said = weak.Plan(call).outcome.answer->medications[0].ingredient;
    if (said != "Aspirin") continue;
    EXPECT_EQ(strong.Plan(call).outcome.answer->medications[0].ingredient, "Aspirin");
  }
}

TEST_F(SimulatedTest, ReviewerWhoKnowsTheCaseGradesByTheTruth) {
  const SimulatedModel model = Load();
  const PlannedOutcome planned = model.Plan(
      Review("c1", {{"aspirin "}, {"Clopidogrel"}, {"heparin"}, {"sildenafil", "aspirin"}, {}}));
  EXPECT_THAT(GradesOf(planned), ElementsAre(0.92, 0.80, 0.25, 0.05, 0.25));
  EXPECT_EQ(planned.outcome.grades[3].label, "D");
  EXPECT_TRUE(planned.outcome.grades[3].harm);
  EXPECT_EQ(planned.outcome.grades[3].comment,
            "simulated review: sildenafil must not be given here");
  EXPECT_FALSE(planned.outcome.grades[2].harm);
  EXPECT_FALSE(planned.outcome.answer);
}

TEST_F(SimulatedTest, ReviewerWhoDoesNotKnowGradesByItsOwnBelief) {
  config.simulated.skill = {{"default", 0.0}};
  const SimulatedModel model = Load();
  for (int i = 0; i < 20; ++i) {
    const std::string id = "x" + std::to_string(i);
    const auto own = LowerSet(*model.Plan(Ask(id)).outcome.answer);
    EXPECT_THAT(GradesOf(model.Plan(Review(id, {own, {"aspirin"}}))), ElementsAre(0.8, 0.4));
  }
}

TEST_F(SimulatedTest, ReviewSkillIsOfReviewsAloneAndElseAsSkill) {
  config.simulated.skill = {{"default", 0.0}};
  config.simulated.review_skill = {{"cardiology", 1.0}, {"default", 0.0}};
  const SimulatedModel model = Load();
  EXPECT_NE(model.Plan(Ask("c1")).outcome.answer->medications[0].ingredient, "Aspirin");
  EXPECT_THAT(GradesOf(model.Plan(Review("c1", {{"aspirin"}, {"heparin"}}))),
              ElementsAre(0.92, 0.25));
  config.simulated.skill = {{"default", 1.0}};
  config.simulated.review_skill = {{"surgery", 0.0}};
  EXPECT_THAT(GradesOf(Load().Plan(Review("c1", {{"aspirin"}, {"heparin"}}))),
              ElementsAre(0.92, 0.25))
      << "neither the specialty nor a default has a value";
  config.simulated.review_skill = {{"default", 0.0}};
  EXPECT_THAT(GradesOf(Load().Plan(Review("c1", {{"xyz"}, {"heparin"}}))), ElementsAre(0.4, 0.4));
}

TEST_F(SimulatedTest, BlindReviewerTakesTheCommonMistakeForRight) {
  config.simulated.blind_spots = {"surgery", "cardiology"};
  const SimulatedModel model = Load();
  const PlannedOutcome planned = model.Plan(
      Review("c1", {{"ibuprofen"}, {"aspirin"}, {"clopidogrel"}, {"heparin"}, {"sildenafil"}}));
  EXPECT_THAT(GradesOf(planned), ElementsAre(0.92, 0.80, 0.80, 0.25, 0.25));
  EXPECT_FALSE(planned.outcome.grades[4].harm) << "it sees no danger either";
  const std::string said = model.Plan(Ask("c1")).outcome.answer->medications[0].ingredient;
  EXPECT_THAT(said, testing::AnyOf("Aspirin", "clopidogrel")) << "it answers as it knows";
  config.simulated.blind_spots = {"surgery"};
  EXPECT_THAT(GradesOf(Load().Plan(Review("c1", {{"ibuprofen"}, {"aspirin"}}))),
              ElementsAre(0.25, 0.92));
}

TEST_F(SimulatedTest, NoiseStaysWithinTheScaleAndBelongsToTheAnswer) {
  config.simulated.grading_noise = 0.5;
  const SimulatedModel model = Load();
  for (int i = 0; i < 100; ++i) {
    const std::string id = "x" + std::to_string(i);
    const auto one = GradesOf(model.Plan(Review(id, {{"aspirin"}, {"heparin"}})));
    const auto other = GradesOf(model.Plan(Review(id, {{"heparin"}, {"aspirin"}})));
    EXPECT_EQ(one[0], other[1]) << "the place where an answer is shown does not count";
    for (const double grade : one) {
      EXPECT_GE(grade, 0.0);
      EXPECT_LE(grade, 1.0);
    }
  }
}

TEST_F(SimulatedTest, FaultsHaveTheirRatesAndATryAgainCanHelp) {
  config.simulated.fault_error = 0.1;
  config.simulated.fault_timeout = 0.2;
  config.simulated.fault_refuse = 0.1;
  config.simulated.fault_malformed = 0.1;
  config.simulated.fault_rate_limit = 0.1;
  const SimulatedModel model = Load();
  std::map<std::string, double> share;
  constexpr int kDraws = 2000;
  for (int fence = 1; fence <= kDraws; ++fence) {
    const PlannedOutcome planned = model.Plan(Ask("c1", fence));
    const Outcome& outcome = planned.outcome;
    const std::string code = outcome.status == OutcomeStatus::kOk ? "ok" : outcome.code;
    share[code] += 1.0 / kDraws;
    EXPECT_EQ(outcome.answer.has_value(), code == "ok");
    EXPECT_EQ(outcome.retryable, code != "ok" && code != "refusal") << code;
    EXPECT_EQ(planned.delay, milliseconds(code == "stalled" ? 30000 : 0));
    EXPECT_EQ(outcome.retry_after_ms.has_value(), code == "http_429");
    EXPECT_TRUE(outcome.simulated);
  }
  EXPECT_NEAR(share["ok"], 0.4, 0.045);
  EXPECT_NEAR(share["http_500"], 0.1, 0.03);
  EXPECT_NEAR(share["stalled"], 0.2, 0.04);
  EXPECT_NEAR(share["refusal"], 0.1, 0.03);
  EXPECT_NEAR(share["not_json"], 0.1, 0.03);
  EXPECT_NEAR(share["http_429"], 0.1, 0.03);
}

TEST_F(SimulatedTest, LatencyIsLogNormalAroundItsMedian) {
  config.simulated.latency_ms_median = 200;
  config.simulated.latency_sigma = 0.4;
  const SimulatedModel model = Load();
  double sum = 0;
  double squares = 0;
  constexpr int kDraws = 2000;
  for (int i = 0; i < kDraws; ++i) {
    const double ms =
        static_cast<double>(model.Plan(Ask("x" + std::to_string(i))).delay.count()) / 1000.0;
    sum += std::log(ms);
    squares += std::log(ms) * std::log(ms);
  }
  const double mean = sum / kDraws;
  EXPECT_NEAR(std::exp(mean), 200, 8);
  EXPECT_NEAR(std::sqrt(squares / kDraws - mean * mean), 0.4, 0.03);
}

TEST_F(SimulatedTest, UnknownCaseIsAnErrorThatSaysWhy) {
  BackendCall call = Ask("x");
  call.vignette.text = "Something else.";
  const Outcome outcome = Load().Plan(call).outcome;
  EXPECT_EQ(outcome.status, OutcomeStatus::kError);
  EXPECT_EQ(outcome.code, "unknown_case");
  EXPECT_EQ(outcome.text,
            "simulated models know only the cases of their knowledge file, not this one");
  EXPECT_FALSE(outcome.retryable);
  EXPECT_TRUE(outcome.simulated);
  call.task.case_id = "c1";
  EXPECT_EQ(Load().Plan(call).outcome.status, OutcomeStatus::kOk) << "the id is enough";
}

TEST_F(SimulatedTest, OptionThatNamesTheAnswerIsChosen) {
  BackendCall call = Review("c1", {});
  call.task.stage = Stage::kGenerate;
  call.vignette.options = {{"A", "Oral clopidogrel"}, {"B", "Aspirin 300 mg"}, {"C", "Heparin"}};
  const Answer answer = *Load().Plan(call).outcome.answer;
  EXPECT_EQ(answer.option, answer.medications[0].ingredient == "Aspirin" ? "B" : "A");
}

TEST_F(SimulatedTest, BadLinesAreNamedAndSkipped) {
  const std::string good = OneLine(kCase);
  const TempFile file(
      "not json\n" + good + "\n[]\n{\"id\":7}\n" +
      R"({"id":"c2","text":"t","gold_medications":"x","distractors":[["y"]]})"
      "\n"
      R"({"id":"c3","text":"t","gold_medications":["x"],"distractors":[]})"
      "\n"
      R"({"id":"c4","text":"t","gold_medications":["x"],"distractors":[["y",""]]})"
      "\n"
      R"({"id":"c5","text":"t","gold_medications":["x"],"distractors":[["y"]],"regimen":{"dose":5}})"
      "\n");
  config.simulated.knowledge = file.path();
  Load();
  const std::string at = file.path() + ":";
  EXPECT_THAT(warnings,
              ElementsAre(at + "1: expected a JSON object", at + "4: expected a JSON object",
                          at + "5: id: expected a string",
                          at + "6: gold_medications: expected an array of non-empty strings",
                          at + "7: distractors: empty, expected at least one wrong answer",
                          at + "8: distractors: expected an array of arrays of non-empty strings",
                          at + "9: regimen.dose: expected a string"));
}

TEST_F(SimulatedTest, NothingUsablePreventsTheStart) {
  const std::string about = "backend sim-a: simulated.";
  const TempFile bad("{}\n");
  config.simulated.knowledge = bad.path();
  EXPECT_EQ(LoadError(), about + "knowledge: " + bad.path() + " has no usable case");
  EXPECT_THAT(warnings, ElementsAre(bad.path() + ":1: id: missing, expected a string"));
  config.simulated.knowledge = "/nonexistent.jsonl";
  EXPECT_EQ(LoadError(), about + "knowledge: /nonexistent.jsonl: missing, empty or not readable");
  config.simulated.knowledge = "";
  EXPECT_EQ(LoadError(), about + "knowledge: missing, expected a file of cases");
}

TEST_F(SimulatedTest, FirstOfTwoLinesWithOneIdCounts) {
  const TempFile twice(OneLine(kCase) + OneLine(kCase));
  config.simulated.knowledge = twice.path();
  Load();
  EXPECT_THAT(warnings, ElementsAre(twice.path() + ":2: id: on an earlier line, which counts"));
}

TEST_F(SimulatedTest, SpecialtyWithoutSkillPreventsTheStart) {
  config.simulated.skill = {{"surgery", 0.5}};
  EXPECT_EQ(LoadError(),
            "backend sim-a: simulated.skill: neither \"cardiology\" nor \"default\" "
            "has a value, and " +
                knowledge.path() + " has such cases");
}

TEST_F(SimulatedTest, ManyBadLinesAreCountedNotListed) {
  std::string lines = OneLine(kCase);
  for (int i = 0; i < 50; ++i) lines += "x\n";
  const TempFile file(lines);
  config.simulated.knowledge = file.path();
  Load();
  ASSERT_EQ(warnings.size(), 21u);
  EXPECT_EQ(warnings.back(), file.path() + ": 30 more bad lines");
}

TEST_F(SimulatedTest, KnowsACaseThatADoorPutMoreAround) {
  const SimulatedModel model = Load();
  BackendCall call = Ask("hl7-0123");
  call.vignette.text =
      "Progress note\nChest pain.\n\nStated beside the notes:\nAllergies: not stated.";
  EXPECT_EQ(model.Plan(call).outcome.status, OutcomeStatus::kOk);
  call.vignette.text = "Chest";
  EXPECT_EQ(model.Plan(call).outcome.code, "unknown_case");
}

TEST_F(SimulatedTest, ShippedKnowledgeIsWhole) {
  config.simulated.knowledge = std::string(CONSILIUM_SOURCE_DIR) + "/configs/demo/vignettes.jsonl";
  Load();
  EXPECT_THAT(warnings, testing::IsEmpty());
}

}  // namespace
}  // namespace consilium
