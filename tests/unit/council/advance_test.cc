#include "aggregator/council/advance.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "tests/unit/council/case_builder.h"

namespace consilium {
namespace {

std::vector<std::string> Models() { return {"a", "b", "c"}; }

Council Three() { return MakeCouncil(Models()); }

std::size_t ReviewTasks(const CaseView& view, std::int64_t round) {
  return static_cast<std::size_t>(
      std::count_if(view.tasks.begin(), view.tasks.end(), [round](const TaskView& task) {
        return task.task.stage == Stage::kReview && task.task.round == round;
      }));
}

// A case that ended degraded at its deadline: a and b answered amoxicillin and were graded 0.9, c
// is still with its worker.
CaseView DegradedCase(const Council& council) {
  CaseView view = MakeCase(Models());
  AnswerWith(view, "a", {"amoxicillin"});
  AnswerWith(view, "b", {"amoxicillin"});
  FindTask(view, Stage::kGenerate, 1, "c").state = "leased";
  Step(view, council, kAnswersDue);
  GradeAll(view, {}, 0.9, kAnswersDue + 1);
  Step(view, council, kDeadline);
  CHECK(view.state == CaseState::kDegraded, "the tests below start from a degraded case");
  return view;
}

TEST(AdvanceTest, WaitsForAnswersUntilTheyAreDueThenUntilTheDeadline) {
  const Council council = Three();
  const CaseView view = MakeCase(Models());
  const Plan early = Advance(view, council, kAccepted);
  EXPECT_TRUE(early.empty());
  EXPECT_EQ(early.timer_ms, kAnswersDue);
  EXPECT_EQ(Advance(view, council, kAnswersDue - 1).timer_ms, kAnswersDue);
  const Plan due = Advance(view, council, kAnswersDue);
  EXPECT_TRUE(due.empty());
  EXPECT_EQ(due.timer_ms, kDeadline);
}

TEST(AdvanceTest, AcceptedCaseIsTreatedLikeOneThatIsGenerating) {
  CaseView view = MakeCase(Models());
  view.state = CaseState::kAccepted;
  EXPECT_TRUE(Advance(view, Three(), kAccepted).empty());
  for (const std::string& model : Models()) AnswerWith(view, model, {"amoxicillin"});
  EXPECT_EQ(Advance(view, Three(), kAccepted).state, CaseState::kReviewing);
}

TEST(AdvanceTest, AllAnswersThenAllGradesCompleteTheCaseWithoutWaiting) {
  const Council council = Three();
  CaseView view = MakeCase(Models());
  AnswerWith(view, "a", {"amoxicillin"});
  AnswerWith(view, "b", {"amoxicillin"});
  EXPECT_TRUE(Step(view, council, kAccepted + 5).empty());
  AnswerWith(view, "c", {"amoxicillin"});
  const Plan review = Step(view, council, kAccepted + 6);
  EXPECT_EQ(review.state, CaseState::kReviewing);
  EXPECT_EQ(review.tasks.size(), 3u);
  EXPECT_EQ(review.timer_ms, kDeadline);
  EXPECT_FALSE(review.publish.has_value());
  GradeWith(view, 1, "a", {});
  GradeWith(view, 1, "b", {});
  EXPECT_TRUE(Step(view, council, kAccepted + 7).empty());
  GradeWith(view, 1, "c", {});
  const Plan end = Step(view, council, kAccepted + 8);
  EXPECT_EQ(end.state, CaseState::kComplete);
  EXPECT_EQ(end.timer_ms, std::nullopt);
  ASSERT_TRUE(end.publish.has_value());
  EXPECT_EQ(end.publish->revision, 1);
  EXPECT_EQ(end.publish->status, CaseState::kComplete);
  EXPECT_EQ(end.publish->decided_ms, kAccepted + 8);
}

TEST(AdvanceTest, OneRefusedAnswerDegradesAtOnce) {
  const Council council = Three();
  CaseView view = MakeCase(Models());
  AnswerWith(view, "a", {"amoxicillin"});
  AnswerWith(view, "b", {"amoxicillin"});
  FailAnswer(view, "c", OutcomeStatus::kRefused, "no");
  Step(view, council, kAccepted + 5);
  EXPECT_EQ(ReviewTasks(view, 1), 3u);
  GradeAll(view);
  EXPECT_EQ(Step(view, council, kAccepted + 6).state, CaseState::kDegraded);
}

TEST(AdvanceTest, QuorumStartsTheReviewWhenAnswersAreDueButNotBefore) {
  const Council council = Three();
  CaseView view = MakeCase(Models());
  AnswerWith(view, "a", {"amoxicillin"});
  AnswerWith(view, "b", {"amoxicillin"});
  EXPECT_TRUE(Advance(view, council, kAnswersDue - 1).empty());
  const Plan plan = Step(view, council, kAnswersDue);
  EXPECT_EQ(plan.state, CaseState::kReviewing);
  EXPECT_EQ(plan.timer_ms, kDeadline);
  GradeAll(view);
  // c may still answer.
  EXPECT_TRUE(Step(view, council, kAnswersDue + 1).empty());
  const Plan end = Step(view, council, kDeadline);
  EXPECT_EQ(end.state, CaseState::kDegraded);
  EXPECT_EQ(end.publish->missing.at(0).why, "no_worker");
}

TEST(AdvanceTest, QuorumThatComesLaterStartsTheReviewAtOnce) {
  const Council council = Three();
  CaseView view = MakeCase(Models());
  AnswerWith(view, "a", {"amoxicillin"});
  EXPECT_TRUE(Step(view, council, kAnswersDue + 5).empty());
  AnswerWith(view, "b", {"amoxicillin"});
  EXPECT_EQ(Step(view, council, kAnswersDue + 6).state, CaseState::kReviewing);
}

TEST(AdvanceTest, BelowQuorumAtTheDeadlineIsInsufficientAndAsksForNoGrades) {
  const Council council = Three();
  CaseView view = MakeCase(Models());
  AnswerWith(view, "a", {"amoxicillin"});
  EXPECT_TRUE(Step(view, council, kDeadline - 1).empty());
  const Plan end = Step(view, council, kDeadline);
  EXPECT_EQ(end.state, CaseState::kInsufficient);
  EXPECT_TRUE(end.tasks.empty());
}

TEST(AdvanceTest, LoneAnswerIsGradedWhenAllOthersFailedInTime) {
  const Council council = Three();
  CaseView view = MakeCase(Models());
  AnswerWith(view, "a", {"amoxicillin"});
  FailAnswer(view, "b", OutcomeStatus::kRefused, "no");
  FailAnswer(view, "c", OutcomeStatus::kError, "no");
  EXPECT_EQ(Step(view, council, kAccepted + 5).tasks.size(), 2u);
  GradeAll(view);
  const Plan end = Step(view, council, kAccepted + 6);
  EXPECT_EQ(end.state, CaseState::kInsufficient);
  EXPECT_NEAR(end.publish->candidates.at(0).grade.value(), 0.9, 1e-9);
}

TEST(AdvanceTest, NothingUsableFailsAtOnceWhenAllEndedAndAtTheDeadlineOtherwise) {
  const Council council = Three();
  CaseView view = MakeCase(Models());
  FailAnswer(view, "a", OutcomeStatus::kRefused, "no");
  FailAnswer(view, "b", OutcomeStatus::kError, "no");
  CaseView waiting = view;
  FailAnswer(view, "c", OutcomeStatus::kMalformed, "no");
  EXPECT_EQ(Step(view, council, kAccepted + 5).state, CaseState::kFailed);
  EXPECT_TRUE(Step(waiting, council, kDeadline - 1).empty());
  EXPECT_EQ(Step(waiting, council, kDeadline).state, CaseState::kFailed);
  CaseView silent = MakeCase(Models());
  EXPECT_EQ(Step(silent, council, kDeadline).state, CaseState::kFailed);
}

TEST(AdvanceTest, CaseWithoutAnyModelFails) {
  CaseView view = MakeCase({});
  const Plan plan = Step(view, Three(), kAccepted);
  EXPECT_EQ(plan.state, CaseState::kFailed);
  EXPECT_EQ(plan.publish->reason, "no usable answer");
}

TEST(AdvanceTest, OneModelAloneIsDecidedWithoutReview) {
  const Council council = MakeCouncil({"a"});
  CaseView view = MakeCase({"a"});
  AnswerWith(view, "a", {"amoxicillin"});
  const Plan plan = Step(view, council, kAccepted + 5);
  EXPECT_EQ(plan.state, CaseState::kDegraded);
  EXPECT_TRUE(plan.tasks.empty());
  EXPECT_TRUE(Advance(view, council, kAccepted + 6).empty());
}

TEST(AdvanceTest, OneSeatInALargerPoolIsGradedByTheOthers) {
  const Council council = Three();
  CaseView view = MakeCase({"a"});
  AnswerWith(view, "a", {"amoxicillin"});
  EXPECT_EQ(Step(view, council, kAccepted + 5).tasks.size(), 2u);
  GradeAll(view);
  EXPECT_EQ(Step(view, council, kAccepted + 6).state, CaseState::kComplete);
}

TEST(AdvanceTest, AnswerThatComesDuringTheReviewGetsARoundOfItsOwn) {
  const Council council = Three();
  CaseView view = MakeCase(Models());
  AnswerWith(view, "a", {"amoxicillin"});
  AnswerWith(view, "b", {"amoxicillin"});
  Step(view, council, kAnswersDue);
  AnswerWith(view, "c", {"amoxicillin"}, kAnswersDue + 5);
  const Plan plan = Step(view, council, kAnswersDue + 5);
  EXPECT_EQ(plan.state, std::nullopt);
  EXPECT_EQ(plan.timer_ms, kDeadline);
  ASSERT_EQ(plan.tasks.size(), 2u);
  for (const NewTask& task : plan.tasks) {
    EXPECT_EQ(task.task.round, 2);
    EXPECT_EQ(task.authors, (std::vector<std::string>{"c"}));
    EXPECT_EQ(task.deadline_ms, kDeadline);
  }
  GradeAll(view);
  EXPECT_EQ(Step(view, council, kAnswersDue + 9).state, CaseState::kComplete);
}

TEST(AdvanceTest, ReviewIsCutAtTheDeadline) {
  const Council council = Three();
  CaseView view = MakeCase(Models());
  for (const std::string& model : Models()) AnswerWith(view, model, {"amoxicillin"});
  Step(view, council, kAccepted + 5);
  GradeWith(view, 1, "a", {});
  GradeWith(view, 1, "b", {});
  FindTask(view, Stage::kReview, 1, "c").state = "leased";
  EXPECT_TRUE(Step(view, council, kDeadline - 1).empty());
  const Plan end = Step(view, council, kDeadline);
  EXPECT_EQ(end.state, CaseState::kDegraded);
  EXPECT_EQ(end.publish->reason, "decided without: grades of c (running)");
}

TEST(AdvanceTest, ExpiredAndDeadTasksAreNotWaitedFor) {
  const Council council = Three();
  CaseView view = MakeCase(Models());
  for (const std::string& model : Models()) AnswerWith(view, model, {"amoxicillin"});
  Step(view, council, kAccepted + 5);
  GradeWith(view, 1, "a", {});
  FindTask(view, Stage::kReview, 1, "b").state = "expired";
  TaskView& dead = FindTask(view, Stage::kReview, 1, "c");
  Fail(view, dead, OutcomeStatus::kError, "three workers crashed");
  dead.state = "dead";
  const Plan end = Step(view, council, kAccepted + 9);
  EXPECT_EQ(end.state, CaseState::kDegraded);
  EXPECT_EQ(end.publish->missing.size(), 3u);  // two reviewers and the answer only they would grade
}

TEST(AdvanceTest, TheAnswerOfARequeuedTaskMakesARevisionThoughThereAreNoMoreOutcomes) {
  const Council council = Three();
  CaseView view = MakeCase(Models());
  for (const std::string& model : Models()) {
    TaskView& task = FindTask(view, Stage::kGenerate, 1, model);
    Fail(view, task, OutcomeStatus::kError, "http_500");
    task.state = "dead";
  }
  ASSERT_EQ(Step(view, council, kAccepted + 9).state, CaseState::kFailed);
  TaskView& task = FindTask(view, Stage::kGenerate, 1, "a");
  task.state = "pending";
  task.outcome.reset();
  task.arrived_ms.reset();
  EXPECT_TRUE(Advance(view, council, kDeadline + 1).empty()) << "it only waits";
  AnswerWith(view, "a", {"amoxicillin"}, kDeadline + 10);
  const Plan plan = Step(view, council, kDeadline + 10);
  ASSERT_TRUE(plan.publish.has_value());
  EXPECT_EQ(plan.publish->revision, 2);
  EXPECT_NE(plan.state, CaseState::kFailed);
}

TEST(AdvanceTest, AggregatorThatWakesAfterTheDeadlineDecidesAndStillHasTheAnswersGraded) {
  const Council council = Three();
  CaseView view = MakeCase(Models());
  for (const std::string& model : Models()) AnswerWith(view, model, {"amoxicillin"});
  const std::int64_t late = kDeadline + 50000;
  const Plan plan = Step(view, council, late);
  EXPECT_EQ(plan.state, CaseState::kInsufficient);
  EXPECT_EQ(plan.publish->reason.rfind("no answer was graded; missing: ", 0), 0u);
  ASSERT_EQ(plan.tasks.size(), 3u);
  EXPECT_EQ(plan.tasks[0].deadline_ms, late + (kDeadline - kAccepted));
  EXPECT_TRUE(Advance(view, council, late + 1).empty());
  GradeAll(view, {}, 0.9, late + 5);
  const Plan revision = Step(view, council, late + 5);
  EXPECT_EQ(revision.state, CaseState::kComplete);
  EXPECT_EQ(revision.publish->revision, 2);
}

TEST(AdvanceTest, LateAnswerIsReviewedAndChangesNothingBeforeItIsGraded) {
  const Council council = Three();
  CaseView view = DegradedCase(council);
  const std::int64_t late = kDeadline + 10;
  AnswerWith(view, "c", {"ibuprofen"}, late);
  const Plan plan = Step(view, council, late);
  EXPECT_EQ(plan.state, std::nullopt);
  EXPECT_FALSE(plan.publish.has_value());
  EXPECT_EQ(plan.timer_ms, std::nullopt);
  ASSERT_EQ(plan.tasks.size(), 2u);
  EXPECT_EQ(plan.tasks[0].task.round, 2);
  EXPECT_EQ(plan.tasks[0].deadline_ms, late + (kDeadline - kAccepted));
}

TEST(AdvanceTest, LateAnswerWhoseReviewFailsRetractsNothing) {
  const Council council = Three();
  CaseView view = DegradedCase(council);
  AnswerWith(view, "c", {"ibuprofen"}, kDeadline + 10);
  Step(view, council, kDeadline + 10);
  for (const std::string reviewer : {"a", "b"}) {
    Fail(view, FindTask(view, Stage::kReview, 2, reviewer), OutcomeStatus::kError, "HTTP 500",
         kDeadline + 20);
    EXPECT_TRUE(Step(view, council, kDeadline + 20).empty()) << reviewer;
  }
  EXPECT_EQ(view.state, CaseState::kDegraded);
}

TEST(AdvanceTest, LateAnswerThatCompletesTheCaseIsPublishedAsRevision) {
  const Council council = Three();
  CaseView view = DegradedCase(council);
  AnswerWith(view, "c", {"amoxicillin"}, kDeadline + 10);
  Step(view, council, kDeadline + 10);
  GradeWith(view, 2, "a", {}, 0.9, kDeadline + 20);
  EXPECT_TRUE(Step(view, council, kDeadline + 20).empty());
  GradeWith(view, 2, "b", {}, 0.9, kDeadline + 30);
  const Plan revision = Step(view, council, kDeadline + 30);
  EXPECT_EQ(revision.state, CaseState::kComplete);
  ASSERT_TRUE(revision.publish.has_value());
  EXPECT_EQ(revision.publish->revision, 2);
  EXPECT_EQ(view.recommendations.size(), 2u);
}

TEST(AdvanceTest, WhatWasDamagedAfterItWasDecidedOnRevisesNothing) {
  const Council council = Three();
  CaseView view = DegradedCase(council);
  AnswerWith(view, "c", {"ibuprofen"}, kDeadline + 10);
  for (TaskView& task : view.tasks) {
    if (task.task.model == "c" || !task.outcome) continue;
    task.outcome = Outcome();
    task.outcome->status = OutcomeStatus::kError;
    task.outcome->code = "corrupt";
  }
  EXPECT_FALSE(Advance(view, council, kDeadline + 10).publish.has_value());
}

TEST(AdvanceTest, LateDissentThatLowersTheSupportBelowTheLimitIsPublished) {
  const Council council = Three();
  CaseView view = MakeCase(Models());
  AnswerWith(view, "a", {"amoxicillin"});
  AnswerWith(view, "b", {"amoxicillin"});
  Step(view, council, kAnswersDue);
  GradeAll(view, {}, 0.6, kAnswersDue + 1);
  Step(view, council, kDeadline);
  ASSERT_EQ(view.state, CaseState::kDegraded);
  AnswerWith(view, "c", {"ibuprofen"}, kDeadline + 10);
  Step(view, council, kDeadline + 10);
  GradeAll(view, {}, 0.6, kDeadline + 20);
  const Plan revision = Step(view, council, kDeadline + 20);
  EXPECT_EQ(revision.state, CaseState::kInsufficient);
  EXPECT_EQ(revision.publish->reason, "support 0.40 for amoxicillin is below the limit 0.50");
}

TEST(AdvanceTest, LateGradeThatChangesNothingIsNotPublished) {
  const Council council = Three();
  CaseView view = MakeCase(Models());
  AnswerWith(view, "a", {"amoxicillin"});
  AnswerWith(view, "b", {"amoxicillin"});
  FailAnswer(view, "c", OutcomeStatus::kRefused, "no");
  Step(view, council, kAccepted + 5);
  GradeWith(view, 1, "a", {});
  GradeWith(view, 1, "b", {});
  FindTask(view, Stage::kReview, 1, "c").state = "leased";
  Step(view, council, kDeadline);
  ASSERT_EQ(view.state, CaseState::kDegraded);
  GradeWith(view, 1, "c", {}, 0.8, kDeadline + 10);
  EXPECT_TRUE(Step(view, council, kDeadline + 10).empty());
}

TEST(AdvanceTest, LateHarmWarningIsPublishedEvenWhenTheMedicationStays) {
  const Council council = Three();
  CaseView view = MakeCase(Models());
  AnswerWith(view, "a", {"amoxicillin"});
  AnswerWith(view, "b", {"amoxicillin"});
  FailAnswer(view, "c", OutcomeStatus::kRefused, "no");
  Step(view, council, kAccepted + 5);
  GradeWith(view, 1, "a", {});
  GradeWith(view, 1, "b", {});
  FindTask(view, Stage::kReview, 1, "c").state = "leased";
  Step(view, council, kDeadline);
  GradeWith(view, 1, "c", {}, 0.9, kDeadline + 10, {"a", "b"});
  const Plan revision = Step(view, council, kDeadline + 10);
  ASSERT_TRUE(revision.publish.has_value());
  EXPECT_EQ(revision.state, CaseState::kDegraded);
  EXPECT_EQ(revision.publish->ingredients, (std::vector<std::string>{"amoxicillin"}));
  EXPECT_EQ(revision.publish->safety.back().code, "reviewer_harm_warning");
}

TEST(AdvanceTest, FailedCaseMayEndBetterByLateAnswers) {
  const Council council = Three();
  CaseView view = MakeCase(Models());
  Step(view, council, kDeadline);
  ASSERT_EQ(view.state, CaseState::kFailed);
  AnswerWith(view, "a", {"amoxicillin"}, kDeadline + 10);
  const Plan first = Step(view, council, kDeadline + 10);
  EXPECT_EQ(first.state, CaseState::kInsufficient);
  EXPECT_TRUE(first.tasks.empty());
  AnswerWith(view, "b", {"amoxicillin"}, kDeadline + 20);
  const Plan second = Step(view, council, kDeadline + 20);
  EXPECT_EQ(second.tasks.size(), 3u);
  EXPECT_FALSE(second.publish.has_value());
  GradeAll(view, {}, 0.9, kDeadline + 30);
  const Plan third = Step(view, council, kDeadline + 30);
  EXPECT_EQ(third.state, CaseState::kDegraded);
  EXPECT_EQ(third.publish->revision, 3);
}

TEST(AdvanceTest, RepeatedEventsAndNewSettingsAloneReviseNothing) {
  Council council = Three();
  CaseView view = DegradedCase(council);
  council.config.support_min = 0.99;
  council.config.quorum = 3;
  council.pool.push_back({"d", true});
  EXPECT_TRUE(Advance(view, council, kDeadline + 10).empty());
  FindTask(view, Stage::kGenerate, 1, "c").state = "expired";
  EXPECT_TRUE(Advance(view, council, kDeadline + 10).empty());
}

TEST(AdvanceTest, CancelledCaseIgnoresEverything) {
  const Council council = Three();
  CaseView view = MakeCase(Models());
  view.state = CaseState::kCancelled;
  for (const std::string& model : Models()) AnswerWith(view, model, {"amoxicillin"});
  for (const std::int64_t now : {kAccepted, kAnswersDue, kDeadline, kDeadline + 10}) {
    const Plan plan = Advance(view, council, now);
    EXPECT_TRUE(plan.empty());
    EXPECT_EQ(plan.timer_ms, std::nullopt);
  }
}

TEST(AdvanceTest, AWithdrawnCaseIsNeitherRevisedNorLearnedFromAnyMore) {
  const Council council = Three();
  CaseView view = DegradedCase(council);
  ASSERT_FALSE(view.recommendations.empty());
  // Both came before it was withdrawn, and nobody had looked at them.
  view.outcomes = {{"cli", CaseOutcomeVerdict::kStated, std::vector<std::string>{"amoxicillin"}, "",
                    0, kDeadline}};
  AnswerWith(view, "c", {"amoxicillin"}, kDeadline + 5);
  ASSERT_FALSE(Advance(view, council, kDeadline + 10).empty());
  Recommendation notice;
  notice.case_id = view.id;
  notice.status = CaseState::kCancelled;
  notice.revision = view.recommendations.back().revision + 1;
  view.recommendations.push_back(notice);
  view.state = CaseState::kCancelled;
  EXPECT_TRUE(Advance(view, council, kDeadline + 10).empty());
}

TEST(AdvanceTest, AnswersAreDueAtTheShareOfTheDeadlineWithinItsBounds) {
  const CaseView view = MakeCase(Models());
  CouncilConfig config;
  EXPECT_EQ(AnswersDueMs(view, config), kAnswersDue);
  config.answer_share = 0;
  EXPECT_EQ(AnswersDueMs(view, config), kAccepted);
  config.answer_share = 1;
  EXPECT_EQ(AnswersDueMs(view, config), kDeadline);
}

TEST(AdvanceTest, UpdateCarriesTheVersionItWasMadeForAndHistoryWithEachRecommendation) {
  const Council council = Three();
  CaseView view = MakeCase(Models());
  view.gold_medications = {"amoxicillin"};
  for (const std::string& model : Models()) AnswerWith(view, model, {"amoxicillin"});
  const CaseUpdate review = MakeUpdate(view, Advance(view, council, kAccepted + 5), council.config);
  EXPECT_EQ(review.case_id, "case-1");
  EXPECT_EQ(review.version, view.version);
  EXPECT_EQ(review.state, CaseState::kReviewing);
  EXPECT_EQ(review.timer_ms, kDeadline);
  EXPECT_EQ(review.tasks.size(), 3u);
  EXPECT_FALSE(review.history.has_value());
  EXPECT_EQ(review.retention_ms, 720LL * 3600 * 1000);
  Step(view, council, kAccepted + 5);
  GradeAll(view);
  const CaseUpdate end = MakeUpdate(view, Advance(view, council, kAccepted + 6), council.config);
  ASSERT_TRUE(end.publish.has_value());
  ASSERT_TRUE(end.history.has_value());
  EXPECT_EQ(end.history->case_id, "case-1");
  EXPECT_EQ(end.history->source, "test");
  EXPECT_EQ(end.history->strategy, "named");
  EXPECT_EQ(end.history->ensemble, Models());
  EXPECT_EQ(end.history->gold_medications, view.gold_medications);
  EXPECT_EQ(end.history->tasks.size(), 6u);
  EXPECT_EQ(end.history->recommendation.status, CaseState::kComplete);
}

}  // namespace
}  // namespace consilium
