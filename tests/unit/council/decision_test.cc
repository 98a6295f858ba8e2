#include "aggregator/council/decision.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "shared/ids.h"
#include "tests/unit/council/case_builder.h"

namespace consilium {
namespace {

std::vector<std::string> Pool() { return {"a", "b", "c"}; }

// Three answers, reviewed by each other; the grades are still to come.
CaseView Reviewing(const std::vector<std::vector<std::string>>& answers) {
  const std::vector<std::string> pool = Pool();
  CaseView view = MakeCase(pool);
  for (std::size_t i = 0; i < answers.size(); ++i) AnswerWith(view, pool[i], answers[i]);
  for (std::size_t i = answers.size(); i < pool.size(); ++i) {
    FailAnswer(view, pool[i], OutcomeStatus::kRefused, "the model refused");
  }
  Step(view, MakeCouncil(Pool()), kAccepted + 1);
  return view;
}

Recommendation DecideNow(const CaseView& view) {
  return Decide(view, MakeCouncil(Pool()), kAccepted + 10);
}

const SafetyFlag* FindFlag(const Recommendation& rec, const std::string& code) {
  const auto found = std::find_if(rec.safety.begin(), rec.safety.end(),
                                  [&](const SafetyFlag& flag) { return flag.code == code; });
  return found == rec.safety.end() ? nullptr : &*found;
}

TEST(DecisionTest, AgreeingAnswersAndAllGradesMakeACompleteRecommendation) {
  CaseView view = MakeCase(Pool());
  Answer best = MakeAnswer({"Amoxicillin"});
  best.medications[0].dose = "500";
  best.medications[0].unit = "mg";
  best.rationale = "First choice.";
  best.cautions = "Rash.";
  AnswerWith(view, "a", {"amoxicillin"});
  AnswerWith(view, "b", best);
  AnswerWith(view, "c", {"ibuprofen"});
  Step(view, MakeCouncil(Pool()), kAccepted + 1);
  GradeAll(view, {{"a", 0.8}, {"b", 0.9}, {"c", 0.3}});
  const Recommendation rec = DecideNow(view);
  EXPECT_EQ(rec.case_id, "case-1");
  EXPECT_EQ(rec.revision, 1);
  EXPECT_EQ(rec.status, CaseState::kComplete);
  EXPECT_EQ(rec.reason, "all that was asked for: 3 answers, 6 grades");
  ASSERT_EQ(rec.medications.size(), 1u);
  EXPECT_EQ(rec.medications[0].ingredient, "Amoxicillin");
  EXPECT_EQ(rec.medications[0].dose, "500");
  EXPECT_EQ(rec.ingredients, (std::vector<std::string>{"amoxicillin"}));
  EXPECT_FALSE(rec.no_medication);
  EXPECT_EQ(rec.rationale, "First choice.");
  EXPECT_EQ(rec.cautions, "Rash.");
  EXPECT_EQ(rec.confidence, std::nullopt);
  EXPECT_EQ(rec.confidence_note, "not calibrated: no outcome of medication cases is known");
  EXPECT_TRUE(rec.missing.empty());
  EXPECT_EQ(rec.calls, 6);
  EXPECT_FALSE(rec.simulated);
  EXPECT_EQ(rec.score, std::nullopt);
  EXPECT_EQ(rec.medication_table, Medications().version());
  EXPECT_EQ(rec.accepted_ms, kAccepted);
  EXPECT_EQ(rec.decided_ms, kAccepted + 10);
  ASSERT_EQ(rec.candidates.size(), 2u);
  EXPECT_EQ(rec.candidates[0].models, (std::vector<std::string>{"a", "b"}));
  EXPECT_NEAR(rec.candidates[0].support, 1.7 / 3, 1e-9);
  EXPECT_NEAR(rec.support.value(), 1.7 / 3, 1e-9);
  EXPECT_NEAR(rec.candidates[0].grade.value(), 0.9, 1e-9);
  EXPECT_EQ(rec.dissent, (std::vector<std::string>{"c would give ibuprofen (support 0.10)"}));
  ASSERT_EQ(rec.models.size(), 3u);
  EXPECT_EQ(rec.models[1].model, "b");
  EXPECT_EQ(rec.models[1].stage_status, "ok");
  EXPECT_EQ(rec.models[1].grades_received, 2);
  EXPECT_NEAR(rec.models[1].reliability.value(), 1.0, 1e-9);
}

TEST(DecisionTest, RefusedAnswerDegradesAndIsNamedWithItsReason) {
  CaseView view = Reviewing({{"amoxicillin"}, {"amoxicillin"}});
  GradeAll(view);
  const Recommendation rec = DecideNow(view);
  EXPECT_EQ(rec.status, CaseState::kDegraded);
  EXPECT_EQ(rec.reason, "decided without: answer of c (refused)");
  ASSERT_EQ(rec.missing.size(), 1u);
  EXPECT_EQ(rec.missing[0].model, "c");
  EXPECT_EQ(rec.missing[0].stage, "generate");
  EXPECT_EQ(rec.missing[0].why, "refused");
  EXPECT_EQ(rec.missing[0].text, "the model refused");
  EXPECT_EQ(rec.models[2].stage_status, "refused");
  EXPECT_EQ(rec.models[2].grade, std::nullopt);
}

TEST(DecisionTest, MissingGradesDegradeAndNoneIsMadeUp) {
  CaseView view = Reviewing({{"amoxicillin"}, {"amoxicillin"}, {"amoxicillin"}});
  GradeWith(view, 1, "a", {});
  GradeWith(view, 1, "b", {});
  Fail(view, FindTask(view, Stage::kReview, 1, "c"), OutcomeStatus::kMalformed, "no JSON");
  const Recommendation rec = DecideNow(view);
  EXPECT_EQ(rec.status, CaseState::kDegraded);
  EXPECT_EQ(rec.reason, "decided without: grades of c (malformed)");
  EXPECT_EQ(rec.models[0].grades_received, 1);
  EXPECT_EQ(rec.models[2].grades_received, 2);
}

TEST(DecisionTest, TooFewAnswersAreInsufficient) {
  CaseView view = Reviewing({{"amoxicillin"}});
  GradeAll(view);
  const Recommendation rec = DecideNow(view);
  EXPECT_EQ(rec.status, CaseState::kInsufficient);
  EXPECT_EQ(rec.reason,
            "1 usable answer, the quorum is 2; missing: answer of b (refused), answer of c "
            "(refused)");
  EXPECT_TRUE(rec.medications.empty());
  EXPECT_TRUE(rec.ingredients.empty());
  EXPECT_FALSE(rec.no_medication);
  ASSERT_EQ(rec.candidates.size(), 1u);
  EXPECT_NEAR(rec.candidates[0].grade.value(), 0.9, 1e-9);
}

TEST(DecisionTest, NoUsableAnswerFailsAndSaysWhyEachFailed) {
  CaseView view = MakeCase(Pool());
  FailAnswer(view, "a", OutcomeStatus::kRefused, "the model refused");
  FailAnswer(view, "b", OutcomeStatus::kError, "HTTP 500");
  const Recommendation rec = Decide(view, MakeCouncil(Pool()), kDeadline);
  EXPECT_EQ(rec.status, CaseState::kFailed);
  EXPECT_EQ(
      rec.reason,
      "no usable answer: answer of a (refused), answer of b (error), answer of c (no_worker)");
  ASSERT_EQ(rec.missing.size(), 3u);
  EXPECT_EQ(rec.missing[0].text, "the model refused");
  EXPECT_EQ(rec.missing[1].text, "HTTP 500");
  EXPECT_EQ(rec.missing[2].text, "no worker took it before its deadline");
  EXPECT_EQ(rec.support, std::nullopt);
  EXPECT_TRUE(rec.candidates.empty());
}

TEST(DecisionTest, LowSupportAbstainsNamingNumberAndLimit) {
  CaseView view = Reviewing({{"amoxicillin"}, {"ibuprofen"}, {"metformin"}});
  GradeAll(view, {{"a", 0.9}, {"b", 0.9}, {"c", 0.9}});
  view.gold_medications = {"amoxicillin"};
  const Recommendation rec = DecideNow(view);
  EXPECT_EQ(rec.status, CaseState::kInsufficient);
  EXPECT_EQ(rec.reason, "support 0.30 for amoxicillin is below the limit 0.50");
  EXPECT_TRUE(rec.medications.empty());
  EXPECT_EQ(rec.candidates.size(), 3u);
  EXPECT_NEAR(rec.support.value(), 0.3, 1e-9);
  // Nothing was recommended, so nothing is right or wrong.
  EXPECT_EQ(rec.score, std::nullopt);
}

TEST(DecisionTest, SupportAtTheLimitIsEnoughWhateverTheRounding) {
  CaseView view = Reviewing({{"amoxicillin"}, {"amoxicillin"}, {"metformin"}});
  GradeAll(view, {}, 0.6);
  Council council = MakeCouncil(Pool());
  council.config.support_min = 0.4;
  const Recommendation rec = Decide(view, council, kAccepted + 10);
  EXPECT_EQ(rec.status, CaseState::kComplete);
  EXPECT_NEAR(rec.support.value(), 0.4, 1e-9);
  EXPECT_LT(rec.support.value(), 0.4) << "the sums are meant to round down here";
}

TEST(DecisionTest, WithoutAnyGradeNothingIsRecommendedAndSupportIsNotKnown) {
  CaseView view = Reviewing({{"amoxicillin"}, {"amoxicillin"}, {"amoxicillin"}});
  const Recommendation rec = Decide(view, MakeCouncil(Pool()), kDeadline);
  EXPECT_EQ(rec.status, CaseState::kInsufficient);
  EXPECT_EQ(rec.reason,
            "no answer was graded; missing: grades of a (no_worker), grades of b (no_worker), "
            "grades of c (no_worker), answer of a (not_graded), answer of b (not_graded), answer "
            "of c (not_graded)");
  EXPECT_EQ(rec.support, std::nullopt);
}

TEST(DecisionTest, OneModelAloneRecommendsWithoutSupportAndSaysSo) {
  CaseView view = MakeCase({"a"});
  AnswerWith(view, "a", {"amoxicillin"});
  const Recommendation rec = Decide(view, MakeCouncil({"a"}), kAccepted + 10);
  EXPECT_EQ(rec.status, CaseState::kDegraded);
  EXPECT_EQ(rec.reason, "no reviewer: only one model is configured");
  EXPECT_EQ(rec.ingredients, (std::vector<std::string>{"amoxicillin"}));
  EXPECT_EQ(rec.support, std::nullopt);
}

TEST(DecisionTest, ContraindicationVetoesAndTheNextCandidateIsNotPromoted) {
  CaseView view = Reviewing({{"amoxicillin"}, {"amoxicillin"}, {"ibuprofen"}});
  view.vignette.patient.allergies = {"penicillin"};
  GradeAll(view);
  const Recommendation rec = DecideNow(view);
  EXPECT_EQ(rec.status, CaseState::kInsufficient);
  const SafetyFlag* flag = FindFlag(rec, "allergy");
  ASSERT_NE(flag, nullptr);
  EXPECT_EQ(flag->severity, "contraindicated");
  EXPECT_EQ(rec.reason, "amoxicillin is contraindicated (allergy): " + flag->text);
  EXPECT_TRUE(rec.medications.empty());
  EXPECT_TRUE(rec.agreement.empty());
  ASSERT_EQ(rec.candidates.size(), 2u);
  EXPECT_EQ(rec.candidates[1].ingredients, (std::vector<std::string>{"ibuprofen"}));
}

TEST(DecisionTest, UnknownMedicationIsRecommendedAsStatedAndFlagged) {
  CaseView view = Reviewing({{"Xyzzylin"}, {"xyzzylin"}, {"amoxicillin"}});
  GradeAll(view, {{"c", 0.2}});
  const Recommendation rec = DecideNow(view);
  EXPECT_EQ(rec.status, CaseState::kComplete);
  EXPECT_EQ(rec.medications[0].ingredient, "Xyzzylin");
  EXPECT_EQ(rec.ingredients, (std::vector<std::string>{"xyzzylin"}));
  EXPECT_FALSE(rec.candidates[0].known);
  const SafetyFlag* flag = FindFlag(rec, "unknown_medication");
  ASSERT_NE(flag, nullptr);
  EXPECT_EQ(flag->severity, "caution");
  EXPECT_EQ(std::count_if(rec.safety.begin(), rec.safety.end(),
                          [](const SafetyFlag& f) { return f.code == "unknown_medication"; }),
            1);
}

TEST(DecisionTest, NoMedicationIsARecommendationOfItsOwn) {
  CaseView view = Reviewing({{}, {}, {"amoxicillin"}});
  view.gold_medications = std::vector<std::string>{};
  GradeAll(view);
  const Recommendation rec = DecideNow(view);
  EXPECT_EQ(rec.status, CaseState::kComplete);
  EXPECT_TRUE(rec.no_medication);
  EXPECT_TRUE(rec.medications.empty());
  ASSERT_TRUE(rec.score.has_value());
  EXPECT_TRUE(rec.score->exact);
  EXPECT_EQ(rec.score->jaccard, 1.0);
}

TEST(DecisionTest, ClosedChoiceKeepsTheOptionAndSeparatesOptionsWithoutDrug) {
  CaseView view = MakeCase(Pool());
  view.vignette.options = {{"A", "Surgery"}, {"B", "Reassurance"}, {"C", "Amoxicillin"}};
  for (const std::string& model : Pool()) {
    Answer answer = MakeAnswer({});
    answer.option = model == "c" ? "B" : "A";
    AnswerWith(view, model, answer);
  }
  Step(view, MakeCouncil(Pool()), kAccepted + 1);
  GradeAll(view);
  const Recommendation rec = DecideNow(view);
  EXPECT_EQ(rec.status, CaseState::kComplete);
  EXPECT_EQ(rec.option, "A");
  EXPECT_TRUE(rec.no_medication);
  ASSERT_EQ(rec.candidates.size(), 2u);
  EXPECT_EQ(rec.candidates[1].option, "B");
  EXPECT_EQ(
      rec.dissent,
      (std::vector<std::string>{"c would give option B without a medication (support 0.30)"}));
}

TEST(DecisionTest, LoneHarmWarningAlwaysSurfaces) {
  CaseView view = Reviewing({{"amoxicillin"}, {"amoxicillin"}, {"amoxicillin"}});
  GradeWith(view, 1, "a", {});
  GradeWith(view, 1, "b", {}, 0.9, kAccepted + 2, {"a", "c"});
  GradeWith(view, 1, "c", {});
  const Recommendation rec = DecideNow(view);
  EXPECT_EQ(rec.status, CaseState::kComplete);
  const SafetyFlag* flag = FindFlag(rec, "reviewer_harm_warning");
  ASSERT_NE(flag, nullptr);
  EXPECT_EQ(flag->severity, "high");
  EXPECT_EQ(flag->text, "1 of 2 reviewers of this answer warns of serious harm");
  EXPECT_EQ(flag->ingredients, (std::vector<std::string>{"amoxicillin"}));
  EXPECT_EQ(rec.dissent,
            (std::vector<std::string>{
                "b warns of serious harm in the leading answer, by a: \"the dose is ten times too "
                "high\"",
                "b warns of serious harm in the answer of c, with the same medication: \"the dose "
                "is ten times too "
                "high\""}));
}

TEST(DecisionTest, ReviewerWhoDisagreesWithAllOthersIsNamed) {
  CaseView view = MakeCase(Pool());
  for (const std::string& model : Pool()) AnswerWith(view, model, {"amoxicillin"});
  AnswerWith(view, "c", {"ibuprofen"});
  const Council council = MakeCouncil({"a", "b", "c", "d"});
  Step(view, council, kAccepted + 1);
  GradeWith(view, 1, "a", {{"b", 0.9}, {"c", 0.1}});
  GradeWith(view, 1, "b", {{"a", 0.9}, {"c", 0.1}});
  GradeWith(view, 1, "c", {{"a", 0.9}, {"b", 0.9}});
  GradeWith(view, 1, "d", {{"a", 0.1}, {"b", 0.1}, {"c", 0.9}});
  const Recommendation rec = Decide(view, council, kAccepted + 10);
  ASSERT_EQ(rec.dissent.size(), 2u);
  EXPECT_EQ(rec.dissent[1], "reviewer d agrees little with the others (reliability 0.00)");
  ASSERT_EQ(rec.reviewers_only.size(), 1u);
  EXPECT_EQ(rec.reviewers_only[0].model, "d");
  EXPECT_EQ(rec.reviewers_only[0].stage_status, "ok");
  EXPECT_NEAR(rec.reviewers_only[0].reliability.value(), 0.0, 1e-9);
}

TEST(DecisionTest, FieldsAreComparedInsideTheWinningClusterOnly) {
  const auto make = [](const char* dose, const char* route, const char* duration) {
    Answer answer = MakeAnswer({"amoxicillin"});
    answer.medications[0].dose = dose;
    answer.medications[0].unit = "mg";
    answer.medications[0].route = route;
    answer.medications[0].duration = duration;
    return answer;
  };
  CaseView view = MakeCase(Pool());
  AnswerWith(view, "a", make("500", "Oral", ""));
  AnswerWith(view, "b", make(" 500 ", "oral ", "7 days"));
  AnswerWith(view, "c", make("875", "", ""));
  Step(view, MakeCouncil(Pool()), kAccepted + 1);
  GradeAll(view, {{"a", 0.9}, {"b", 0.8}, {"c", 0.8}});
  const Recommendation rec = DecideNow(view);
  ASSERT_EQ(rec.agreement.size(), 3u);
  EXPECT_EQ(rec.agreement[0].field, "dose");
  EXPECT_NEAR(rec.agreement[0].agreement, 2.0 / 3, 1e-12);
  EXPECT_EQ(rec.agreement[0].values, (std::vector<std::string>{"500 mg", "875 mg"}));
  EXPECT_EQ(rec.agreement[1].field, "route");
  EXPECT_EQ(rec.agreement[1].agreement, 1.0);
  // The recommended answer states none, another one does.
  EXPECT_EQ(rec.agreement[2].field, "duration");
  EXPECT_EQ(rec.agreement[2].agreement, 0.0);
  EXPECT_EQ(rec.agreement[2].values, (std::vector<std::string>{"7 days"}));
}

TEST(DecisionTest, FieldsInOtherWordsAgree) {
  const auto make = [](const char* dose, const char* unit, const char* route,
                       const char* frequency) {
    Answer answer = MakeAnswer({"amoxicillin"});
    answer.medications[0].dose = dose;
    answer.medications[0].unit = unit;
    answer.medications[0].route = route;
    answer.medications[0].frequency = frequency;
    return answer;
  };
  CaseView view = MakeCase(Pool());
  AnswerWith(view, "a", make("1", "g", "PO", "BID"));
  AnswerWith(view, "b", make("1,000 mg", "", "by mouth", "every 12 hours"));
  AnswerWith(view, "c", make("500", "mg", "oral", "twice daily"));
  Step(view, MakeCouncil(Pool()), kAccepted + 1);
  GradeAll(view, {{"a", 0.9}, {"b", 0.8}, {"c", 0.8}});
  const Recommendation rec = DecideNow(view);
  ASSERT_EQ(rec.agreement.size(), 3u);
  EXPECT_NEAR(rec.agreement[0].agreement, 2.0 / 3, 1e-12);
  EXPECT_EQ(rec.agreement[0].values, (std::vector<std::string>{"1 g", "500 mg"}));
  EXPECT_EQ(rec.agreement[1].agreement, 1.0);
  EXPECT_EQ(rec.agreement[1].values, (std::vector<std::string>{"oral"}));
  EXPECT_EQ(rec.agreement[2].agreement, 1.0);
  EXPECT_EQ(rec.agreement[2].values, (std::vector<std::string>{"twice daily"}));
}

TEST(DecisionTest, FieldsOfSeveralMedicationsNameTheirIngredient) {
  CaseView view = MakeCase(Pool());
  for (const std::string& model : Pool()) {
    Answer answer = MakeAnswer({"ibuprofen", "amoxicillin"});
    answer.medications[1].route = "oral";
    AnswerWith(view, model, answer);
  }
  Step(view, MakeCouncil(Pool()), kAccepted + 1);
  GradeAll(view);
  const Recommendation rec = DecideNow(view);
  ASSERT_EQ(rec.agreement.size(), 1u);
  EXPECT_EQ(rec.agreement[0].field, "amoxicillin: route");
}

TEST(DecisionTest, WhatIsNotOverByTheDeadlineIsNamedByItsState) {
  CaseView view = MakeCase({"a", "b", "c", "d", "e", "f"});
  AnswerWith(view, "a", {"amoxicillin"});
  FindTask(view, Stage::kGenerate, 1, "b").state = "leased";
  FindTask(view, Stage::kGenerate, 1, "b").leases = 1;
  FindTask(view, Stage::kGenerate, 1, "c").state = "expired";
  TaskView& delayed = FindTask(view, Stage::kGenerate, 1, "d");
  delayed.state = "delayed";
  delayed.attempts = 2;
  delayed.leases = 2;
  delayed.outcome.emplace();
  delayed.outcome->status = OutcomeStatus::kRateLimited;
  delayed.outcome->text = "HTTP 429";
  TaskView& dead = FindTask(view, Stage::kGenerate, 1, "e");
  FailAnswer(view, "e", OutcomeStatus::kTimedOut, "no reply in 120 s");
  dead.state = "dead";
  const Recommendation rec = Decide(view, MakeCouncil({"a", "b", "c", "d", "e", "f"}), kDeadline);
  std::vector<std::string> said;
  for (const Absence& absence : rec.missing) {
    if (absence.why == "not_graded") continue;
    said.push_back(absence.model + " " + absence.why + ": " + absence.text);
  }
  EXPECT_EQ(said,
            (std::vector<std::string>{"b running: a worker still had it at its deadline",
                                      "c no_worker: no worker took it before its deadline",
                                      std::string("d timed_out: not done by its deadline ") +
                                          "after 2 leases to a worker; last failure: HTTP 429",
                                      "e timed_out: no reply in 120 s",
                                      "f no_worker: no worker took it before its deadline"}));
  EXPECT_EQ(rec.calls, 2);  // what failed and was to be tried again is not the outcome
}

TEST(DecisionTest, UsageSumsWhatIsKnownAndSimulationShows) {
  CaseView view = Reviewing({{"amoxicillin"}, {"amoxicillin"}, {"amoxicillin"}});
  GradeAll(view);
  EXPECT_EQ(DecideNow(view).usage.prompt_tokens, std::nullopt);
  EXPECT_EQ(DecideNow(view).usage.cost_usd, std::nullopt);
  Outcome& a = *FindTask(view, Stage::kGenerate, 1, "a").outcome;
  a.usage.prompt_tokens = 100;
  a.usage.cost_usd = 0.5;
  a.latency_ms = 12.5;
  Outcome& b = *FindTask(view, Stage::kReview, 1, "b").outcome;
  b.usage.prompt_tokens = 20;
  b.usage.completion_tokens = 7;
  b.simulated = true;
  const Recommendation rec = DecideNow(view);
  EXPECT_EQ(rec.usage.prompt_tokens, 120);
  EXPECT_EQ(rec.usage.completion_tokens, 7);
  EXPECT_EQ(rec.usage.cost_usd, 0.5);
  EXPECT_TRUE(rec.simulated);
  EXPECT_EQ(rec.models[0].latency_ms, 12.5);
  EXPECT_FALSE(rec.models[0].simulated);
  a.usage.prompt_tokens = std::numeric_limits<std::int64_t>::max();
  EXPECT_EQ(DecideNow(view).usage.prompt_tokens, std::numeric_limits<std::int64_t>::max());
}

TEST(DecisionTest, GoldIsScoredOnWhatIsRecommended) {
  CaseView view = Reviewing({{"amoxicillin"}, {"amoxicillin"}, {"ibuprofen"}});
  view.gold_medications = {"Amoxicillin", "ibuprofen"};
  GradeAll(view);
  const Recommendation rec = DecideNow(view);
  ASSERT_TRUE(rec.score.has_value());
  EXPECT_FALSE(rec.score->exact);
  EXPECT_DOUBLE_EQ(rec.score->jaccard, 0.5);
}

std::string Fingerprint(const Recommendation& rec) {
  std::string text = StateName(rec.status) + rec.reason + IngredientKey(rec.ingredients) +
                     testing::PrintToString(rec.support) + testing::PrintToString(rec.dissent) +
                     rec.rationale + std::to_string(rec.calls) +
                     testing::PrintToString(rec.usage.cost_usd);
  for (const Candidate& c : rec.candidates) {
    text += testing::PrintToString(c.ingredients) + testing::PrintToString(c.models) +
            testing::PrintToString(c.support) + testing::PrintToString(c.grade);
  }
  for (const ModelResult& m : rec.models) {
    text += m.model + m.stage_status + testing::PrintToString(m.grade) +
            testing::PrintToString(m.grade_variance) + testing::PrintToString(m.reliability);
  }
  for (const SafetyFlag& f : rec.safety) text += f.code + f.text;
  for (const Absence& a : rec.missing) text += a.model + a.stage + a.why + a.text;
  for (const FieldAgreement& a : rec.agreement) {
    text += a.field + testing::PrintToString(a.agreement) + testing::PrintToString(a.values);
  }
  return text;
}

TEST(DecisionTest, OrderOfArrivalChangesNothing) {
  const char* const drugs[] = {"amoxicillin", "ibuprofen", "metformin"};
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    SeededRandom random(seed, "decision");
    const std::vector<std::string> ensemble = {"a", "b", "c", "d", "e"};
    const Council council = MakeCouncil({"a", "b", "c", "d", "e", "f", "g"});
    CaseView view = MakeCase(ensemble);
    for (const std::string& model : ensemble) AnswerWith(view, model, {drugs[random.Below(3)]});
    Step(view, council, kAccepted + 1);
    for (TaskView& task : view.tasks) {
      if (task.task.stage != Stage::kReview) continue;
      Outcome outcome;
      outcome.status = OutcomeStatus::kOk;
      outcome.usage.cost_usd = random.Unit();
      for (const std::string& label : task.labels) {
        outcome.grades.push_back({label, random.Unit(), "", random.Below(8) == 0});
      }
      End(view, task, outcome, kAccepted + 2);
    }
    const std::string once = Fingerprint(Decide(view, council, kAccepted + 10));
    for (int i = 0; i < 5; ++i) {
      random.Shuffle(view.tasks);
      for (TaskView& task : view.tasks) {
        random.Shuffle(task.outcome->grades);
        task.arrived_ms = kAccepted + static_cast<std::int64_t>(random.Below(1000));
        task.outcome->latency_ms = random.Unit();
      }
      EXPECT_EQ(Fingerprint(Decide(view, council, kAccepted + 5000)), once);
    }
  }
}

TEST(DecisionTest, OutcomeChangesWithStatusMedicationOptionOrNewGraveWarningOnly) {
  Recommendation before;
  before.status = CaseState::kDegraded;
  before.ingredients = {"amoxicillin"};
  before.safety = {{"interaction", "high", {"amoxicillin"}, "text", "row 1"}};
  const auto changed = [&](auto&& edit) {
    Recommendation after = before;
    edit(after);
    return OutcomeChanged(before, after);
  };
  EXPECT_FALSE(changed([](Recommendation&) {}));
  EXPECT_FALSE(changed([](Recommendation& r) { r.support = 0.7; }));
  EXPECT_FALSE(changed([](Recommendation& r) { r.reason = "other"; }));
  EXPECT_FALSE(changed([](Recommendation& r) { r.safety[0].text = "other"; }));
  EXPECT_FALSE(changed([](Recommendation& r) { r.safety.clear(); }));
  EXPECT_FALSE(changed([](Recommendation& r) {
    r.safety.push_back({"renal", "caution", {}, "", ""});
  }));
  EXPECT_TRUE(changed([](Recommendation& r) { r.status = CaseState::kComplete; }));
  EXPECT_TRUE(changed([](Recommendation& r) { r.ingredients = {"ibuprofen"}; }));
  EXPECT_TRUE(changed([](Recommendation& r) { r.no_medication = true; }));
  EXPECT_TRUE(changed([](Recommendation& r) { r.option = "B"; }));
  EXPECT_TRUE(changed([](Recommendation& r) {
    r.safety.push_back({"reviewer_harm_warning", "high", {"amoxicillin"}, "", "reviewers"});
  }));
}

}  // namespace
}  // namespace consilium
