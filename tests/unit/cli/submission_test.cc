#include "cli/submission.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/output.h"
#include "shared/limits.h"

namespace consilium {
namespace {

using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using Kind = Submission::Event::Kind;

constexpr TimePoint kStart{};

std::vector<CaseRequest> Cases(std::size_t count) {
  std::vector<CaseRequest> cases(count);
  for (std::size_t i = 0; i < count; ++i) cases[i].id = "c" + std::to_string(i);
  return cases;
}

Recommendation Decided(const std::string& id, CaseState status, std::int64_t revision = 1) {
  Recommendation one;
  one.case_id = id;
  one.status = status;
  one.revision = revision;
  return one;
}

SubmitReply Accepted(bool duplicate = false, CaseState state = CaseState::kAccepted) {
  SubmitReply reply;
  reply.duplicate = duplicate;
  reply.state = state;
  return reply;
}

CaseView View(const std::string& id, CaseState state) {
  CaseView view;
  view.id = id;
  view.state = state;
  return view;
}

std::vector<Kind> Kinds(Submission& submission) {
  std::vector<Kind> kinds;
  for (const auto& event : submission.TakeEvents()) kinds.push_back(event.kind);
  return kinds;
}

TEST(SubmissionTest, ACaseIsSubmittedAcceptedAndEnds) {
  Submission submission(Cases(1), true, kStart);
  EXPECT_EQ(submission.NextToSubmit(kStart), 0u);
  EXPECT_EQ(submission.NextToSubmit(kStart), std::nullopt);
  submission.OnAccepted(0, Accepted(), kStart);
  EXPECT_FALSE(submission.done());
  EXPECT_THAT(submission.Waiting(), ElementsAre("c0"));
  submission.OnPublished(Decided("c0", CaseState::kComplete), kStart);
  EXPECT_TRUE(submission.done());
  EXPECT_THAT(Kinds(submission), ElementsAre(Kind::kAccepted, Kind::kEnded));
  EXPECT_EQ(submission.tally().states.at(CaseState::kComplete), 1u);
  EXPECT_EQ(ExitCodeOf(submission.tally()), kExitOk);
}

TEST(SubmissionTest, AtMostAWindowOfSubmissionsIsOutstanding) {
  Submission submission(Cases(limits::kClientWindow + 1), true, kStart);
  for (std::size_t i = 0; i < limits::kClientWindow; ++i) {
    EXPECT_EQ(submission.NextToSubmit(kStart), i);
  }
  EXPECT_EQ(submission.NextToSubmit(kStart), std::nullopt);
  submission.OnAccepted(7, Accepted(), kStart);
  EXPECT_EQ(submission.NextDue(kStart), kStart);
  EXPECT_EQ(submission.NextToSubmit(kStart), limits::kClientWindow);
}

TEST(SubmissionTest, WithoutWaitingAcceptedIsTheEnd) {
  Submission submission(Cases(1), false, kStart);
  submission.NextToSubmit(kStart);
  submission.OnAccepted(0, Accepted(), kStart);
  EXPECT_TRUE(submission.done());
  EXPECT_EQ(submission.NextToFetch(kStart + seconds(60)), std::nullopt);
}

TEST(SubmissionTest, ADuplicateThatHasEndedIsFetchedAtOnce) {
  Submission submission(Cases(1), true, kStart);
  submission.NextToSubmit(kStart);
  submission.OnAccepted(0, Accepted(true, CaseState::kDegraded), kStart);
  EXPECT_EQ(submission.NextToFetch(kStart), 0u);
  CaseView view = View("c0", CaseState::kDegraded);
  view.recommendations = {Decided("c0", CaseState::kComplete),
                          Decided("c0", CaseState::kDegraded, 2)};
  submission.OnFetched(0, view, kStart);
  EXPECT_TRUE(submission.done());
  EXPECT_EQ(submission.tally().duplicates, 1u);
  EXPECT_EQ(submission.tally().states.at(CaseState::kDegraded), 1u);
}

TEST(SubmissionTest, ARecommendationBeforeTheReplyIsKept) {
  Submission submission(Cases(1), true, kStart);
  submission.NextToSubmit(kStart);
  submission.OnPublished(Decided("c0", CaseState::kComplete), kStart);
  EXPECT_THAT(Kinds(submission), IsEmpty());
  submission.OnAccepted(0, Accepted(), kStart);
  EXPECT_TRUE(submission.done());
}

TEST(SubmissionTest, AnEarlyRecommendationOfAConflictingCaseIsNotOurs) {
  Submission submission(Cases(1), true, kStart);
  submission.NextToSubmit(kStart);
  submission.OnPublished(Decided("c0", CaseState::kComplete), kStart);
  submission.OnRefused(0, {ErrorCode::kConflict, "other content"}, {}, kStart);
  EXPECT_TRUE(submission.done());
  EXPECT_EQ(submission.tally().ended, 0u);
  EXPECT_THAT(Kinds(submission), ElementsAre(Kind::kRefused));
  EXPECT_EQ(ExitCodeOf(submission.tally()), kExitRefused);
}

TEST(SubmissionTest, RecommendationsOfOthersAreIgnored) {
  Submission submission(Cases(1), true, kStart);
  submission.OnPublished(Decided("c0", CaseState::kComplete), kStart);
  submission.OnPublished(Decided("other", CaseState::kComplete), kStart);
  EXPECT_EQ(submission.tally().ended, 0u);
}

TEST(SubmissionTest, ARevisionIsSaidOnceAndCountsNoSecondCase) {
  Submission submission(Cases(1), true, kStart);
  submission.NextToSubmit(kStart);
  submission.OnAccepted(0, Accepted(), kStart);
  submission.OnPublished(Decided("c0", CaseState::kDegraded), kStart);
  submission.OnPublished(Decided("c0", CaseState::kDegraded), kStart);
  submission.OnPublished(Decided("c0", CaseState::kComplete, 2), kStart);
  submission.OnPublished(Decided("c0", CaseState::kComplete, 2), kStart);
  EXPECT_THAT(Kinds(submission), ElementsAre(Kind::kAccepted, Kind::kEnded, Kind::kRevised));
  EXPECT_EQ(submission.tally().ended, 1u);
}

TEST(SubmissionTest, AFullQueueIsTriedAgainAfterTheStatedPauseAndBeforeNewCases) {
  Submission submission(Cases(2), true, kStart);
  EXPECT_EQ(submission.NextToSubmit(kStart), 0u);
  submission.OnRefused(0, {ErrorCode::kQueueFull, "full"}, 3000, kStart);
  EXPECT_EQ(submission.NextToSubmit(kStart + milliseconds(2999)), std::nullopt);
  EXPECT_EQ(submission.NextToSubmit(kStart + seconds(3)), 0u);
  EXPECT_EQ(submission.NextToSubmit(kStart + seconds(3)), 1u);
}

TEST(SubmissionTest, AQueueThatStaysFullIsARefusal) {
  Submission submission(Cases(1), true, kStart);
  submission.NextToSubmit(kStart);
  submission.OnRefused(0, {ErrorCode::kQueueFull, "full"}, {}, kStart + Submission::kPatience);
  EXPECT_TRUE(submission.done());
  EXPECT_EQ(ExitCodeOf(submission.tally()), kExitRefused);
}

TEST(SubmissionTest, WhateverMovesRenewsThePatience) {
  Submission submission(Cases(2), true, kStart);
  submission.NextToSubmit(kStart);
  submission.NextToSubmit(kStart);
  const TimePoint later = kStart + Submission::kPatience;
  submission.OnAccepted(1, Accepted(), later);
  submission.OnRefused(0, {ErrorCode::kQueueFull, "full"}, {}, later);
  EXPECT_EQ(submission.tally().refused, 0u);
}

TEST(SubmissionTest, AGapFetchesWhatIsWaiting) {
  Submission submission(Cases(2), true, kStart);
  submission.NextToSubmit(kStart);
  submission.NextToSubmit(kStart);
  submission.OnAccepted(0, Accepted(), kStart);
  EXPECT_EQ(submission.NextToFetch(kStart), std::nullopt);
  submission.OnGap(kStart);
  EXPECT_EQ(submission.NextToFetch(kStart), 0u);
  EXPECT_EQ(submission.NextToFetch(kStart), std::nullopt);
}

TEST(SubmissionTest, ACancelledCaseEndsWithoutARecommendation) {
  Submission submission(Cases(1), true, kStart);
  submission.NextToSubmit(kStart);
  submission.OnAccepted(0, Accepted(), kStart);
  const TimePoint later = kStart + Submission::kFetchPause;
  EXPECT_EQ(submission.NextToFetch(later), 0u);
  submission.OnFetched(0, View("c0", CaseState::kCancelled), later);
  const auto events = submission.TakeEvents();
  ASSERT_EQ(events.size(), 2u);
  EXPECT_EQ(events[1].recommendation.status, CaseState::kCancelled);
  EXPECT_EQ(events[1].recommendation.reason, "The case was cancelled.");
  EXPECT_EQ(ExitCodeOf(submission.tally()), kExitFailed);
}

TEST(SubmissionTest, ACancelledCaseSaysWhyAndAWithdrawnOneWhatItEndedWith) {
  Submission submission(Cases(2), true, kStart);
  submission.NextToSubmit(kStart);
  submission.NextToSubmit(kStart);
  submission.OnAccepted(0, Accepted(), kStart);
  submission.OnAccepted(1, Accepted(), kStart);
  CaseView cancelled = View("c0", CaseState::kCancelled);
  cancelled.cancel_reason = "retracted";
  const TimePoint later = kStart + 10 * Submission::kFetchPause;
  ASSERT_EQ(submission.NextToFetch(later), 0u);
  submission.OnFetched(0, cancelled, later);
  CaseView withdrawn = View("c1", CaseState::kCancelled);
  withdrawn.recommendations.resize(2);
  withdrawn.recommendations[1].status = CaseState::kCancelled;
  withdrawn.recommendations[1].revision = 2;
  withdrawn.recommendations[1].reason = "replaced by hl7-2";
  ASSERT_EQ(submission.NextToFetch(later), 1u);
  submission.OnFetched(1, withdrawn, later);
  const auto events = submission.TakeEvents();
  ASSERT_EQ(events.size(), 4u);
  EXPECT_EQ(events[2].recommendation.reason, "retracted");
  EXPECT_EQ(events[3].recommendation.reason, "replaced by hl7-2");
  EXPECT_EQ(ExitCodeOf(submission.tally()), kExitFailed);
}

TEST(SubmissionTest, ACaseStillLiveIsFetchedAgainLater) {
  Submission submission(Cases(1), true, kStart);
  submission.NextToSubmit(kStart);
  submission.OnAccepted(0, Accepted(), kStart);
  const TimePoint first = kStart + Submission::kFetchPause;
  EXPECT_EQ(submission.NextToFetch(first), 0u);
  submission.OnFetched(0, View("c0", CaseState::kReviewing), first);
  EXPECT_EQ(submission.NextToFetch(first), std::nullopt);
  EXPECT_EQ(submission.NextToFetch(first + Submission::kFetchPause), 0u);
  submission.OnFetchFailed(0, {ErrorCode::kUnavailable, "away"}, first);
  EXPECT_EQ(submission.NextToFetch(first + seconds(1)), 0u);
}

TEST(SubmissionTest, AFetchThatCannotSucceedEndsTheCaseWithItsError) {
  for (const ErrorCode code : {ErrorCode::kNotFound, ErrorCode::kInternal, ErrorCode::kTooLarge}) {
    Submission submission(Cases(1), true, kStart);
    submission.NextToSubmit(kStart);
    submission.OnAccepted(0, Accepted(), kStart);
    const TimePoint later = kStart + Submission::kFetchPause;
    EXPECT_EQ(submission.NextToFetch(later), 0u);
    const Error error{code, "no record"};
    submission.OnFetchFailed(0, error, later);
    EXPECT_TRUE(submission.done()) << ErrorName(code);
    const auto events = submission.TakeEvents();
    ASSERT_EQ(events.size(), 2u);
    EXPECT_EQ(events[1].kind, Kind::kRefused);
    EXPECT_EQ(events[1].error, error);
    EXPECT_EQ(submission.tally().refusals.at(code), 1u);
    EXPECT_EQ(submission.NextToFetch(later + seconds(60)), std::nullopt);
  }
}

TEST(SubmissionTest, AFetchThatFailsInPassingIsTriedAgain) {
  for (const ErrorCode code : {ErrorCode::kUnavailable, ErrorCode::kTimeout}) {
    Submission submission(Cases(1), true, kStart);
    submission.NextToSubmit(kStart);
    submission.OnAccepted(0, Accepted(), kStart);
    const TimePoint later = kStart + Submission::kFetchPause;
    EXPECT_EQ(submission.NextToFetch(later), 0u);
    submission.OnFetchFailed(0, {code, "away"}, later);
    EXPECT_FALSE(submission.done()) << ErrorName(code);
    EXPECT_EQ(submission.NextToFetch(later + seconds(1)), 0u);
  }
}

TEST(SubmissionTest, ExitCodesPutRefusalsBeforeFailedCases) {
  Tally tally;
  tally.states[CaseState::kInsufficient] = 1;
  EXPECT_EQ(ExitCodeOf(tally), kExitOk);
  tally.states[CaseState::kFailed] = 1;
  EXPECT_EQ(ExitCodeOf(tally), kExitFailed);
  tally.refusals[ErrorCode::kInvalid] = 1;
  EXPECT_EQ(ExitCodeOf(tally), kExitUsage);
  tally.refusals[ErrorCode::kConflict] = 1;
  EXPECT_EQ(ExitCodeOf(tally), kExitRefused);
}

TEST(SubmissionTest, NoMoreCasesAreOpenThanWereAskedFor) {
  Submission submission(Cases(4), true, kStart, 2);
  EXPECT_EQ(submission.NextToSubmit(kStart), 0u);
  EXPECT_EQ(submission.NextToSubmit(kStart), 1u);
  EXPECT_EQ(submission.NextToSubmit(kStart), std::nullopt) << "two are sent";
  submission.OnAccepted(0, Accepted(), kStart);
  submission.OnAccepted(1, Accepted(), kStart);
  EXPECT_EQ(submission.NextToSubmit(kStart), std::nullopt) << "two are waiting";
  EXPECT_GT(submission.NextDue(kStart), kStart) << "nothing can be done, so nothing is due";
  submission.OnPublished(Decided("c1", CaseState::kComplete), kStart);
  EXPECT_EQ(submission.NextDue(kStart), kStart);
  EXPECT_EQ(submission.NextToSubmit(kStart), 2u);
  EXPECT_EQ(submission.NextToSubmit(kStart), std::nullopt);
  // A refusal makes room as well, before it was accepted and after.
  submission.OnRefused(2, {ErrorCode::kConflict, "other content"}, {}, kStart);
  EXPECT_EQ(submission.NextToSubmit(kStart), 3u);
  submission.OnAccepted(3, Accepted(), kStart);
  const TimePoint later = kStart + Submission::kFetchPause;
  ASSERT_TRUE(submission.NextToFetch(later));
  submission.OnFetchFailed(0, {ErrorCode::kNotFound, "gone"}, later);
  EXPECT_FALSE(submission.done());
  submission.OnPublished(Decided("c3", CaseState::kComplete), later);
  EXPECT_TRUE(submission.done());
}

}  // namespace
}  // namespace consilium
