#include "aggregator/council/track_record.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "tests/unit/council/known_cases.h"

namespace consilium {
namespace {

TrackRecord Make(const std::vector<CaseEvidence>& cases) {
  return MakeTrackRecord("medication", cases, Rules());
}

TEST(TrackRecordTest, VotesCountByWhatTheyAreWorth) {
  const TrackRecord record = Make(Known(400));
  EXPECT_EQ(record.kind, "medication");
  EXPECT_EQ(record.rules, kDecisionRules);
  EXPECT_EQ(record.cases, 400);
  EXPECT_EQ(record.simulated, 0);
  ASSERT_EQ(record.votes.size(), 3u);
  EXPECT_EQ(record.votes[0].model, "a");
  EXPECT_EQ(record.votes[0].version, "a-1");
  EXPECT_EQ(record.votes[0].cases, 400);
  EXPECT_GT(record.votes[0].weight, record.votes[1].weight);
  EXPECT_GT(record.votes[1].weight, record.votes[2].weight);
  EXPECT_EQ(record.support, std::nullopt);
  EXPECT_FALSE(record.calibration.empty());
  EXPECT_EQ(record.risk_needed, 19);
  ASSERT_TRUE(record.confidence_min);
  EXPECT_LE(static_cast<double>(record.wrong + 1), 0.05 * static_cast<double>(record.answered + 1));
}

TEST(TrackRecordTest, OrderAndCasesOfWhichNothingIsKnownChangeNothing) {
  std::vector<CaseEvidence> cases = Known(120);
  const TrackRecord record = Make(cases);
  std::reverse(cases.begin(), cases.end());
  CaseEvidence unknown = Case(999, {"0", "1", "2"});
  for (EvidenceAnswer& answer : unknown.answers) answer.right.reset();
  cases.push_back(unknown);
  const TrackRecord again = Make(cases);
  ASSERT_EQ(again.votes.size(), record.votes.size());
  EXPECT_EQ(again.cases, record.cases);
  for (std::size_t v = 0; v < record.votes.size(); ++v) {
    EXPECT_EQ(again.votes[v].weight, record.votes[v].weight);
  }
  EXPECT_EQ(again.calibration, record.calibration);
  EXPECT_EQ(again.confidence_min, record.confidence_min);
}

TEST(TrackRecordTest, BelowWhatIsNeededNothingIsCalibrated) {
  const TrackRecord record = Make(Known(49));
  EXPECT_EQ(record.cases, 49);
  EXPECT_EQ(record.needed, 50);
  EXPECT_EQ(record.calibration, "");
}

TEST(TrackRecordTest, AModelOfAnotherVersionStartsAgain) {
  std::vector<CaseEvidence> cases = Known(100);
  for (std::size_t i = 90; i < 100; ++i) cases[i].answers[1].version = "b-2";
  const TrackRecord record = Make(cases);
  ASSERT_EQ(record.votes.size(), 3u);
  EXPECT_EQ(record.votes[1].version, "b-2");
  EXPECT_EQ(record.votes[1].cases, 10);
  EXPECT_EQ(record.votes[1].weight, 0.0);
  // The others count as they would without it.
  for (CaseEvidence& evidence : cases) evidence.answers[1].version = "";
  for (std::size_t i = 0; i < 90; ++i) cases[i].answers[1].version = "b-1";
  const TrackRecord same = Make(cases);
  EXPECT_EQ(record.votes[0].weight, same.votes[0].weight);
  EXPECT_EQ(record.votes[2].weight, same.votes[2].weight);
  EXPECT_GT(record.votes[0].weight, record.votes[2].weight);
}

// Outcomes of older cases come in after those of later ones.
TEST(TrackRecordTest, TheVersionIsThatOfTheLatestDecisionNotOfTheLatestOutcome) {
  std::vector<CaseEvidence> cases = Known(100);
  for (std::size_t i = 60; i < 100; ++i) cases[i].answers[1].version = "b-2";
  const TrackRecord record = Make(cases);
  EXPECT_EQ(record.votes[1].version, "b-2");
  EXPECT_EQ(record.votes[1].cases, 40);
  std::rotate(cases.begin(), cases.begin() + 50, cases.end());
  const TrackRecord same = Make(cases);
  EXPECT_EQ(same.votes[1].version, "b-2");
  EXPECT_EQ(same.votes[1].cases, 40);
  EXPECT_EQ(same.votes[1].weight, record.votes[1].weight);
}

// As where a provider has two of them at work.
TEST(TrackRecordTest, VersionsThatTakeTurnsDoNotForgetEachOther) {
  std::vector<CaseEvidence> cases = Known(100);
  for (std::size_t i = 0; i < 100; ++i) cases[i].answers[1].version = i % 2 == 0 ? "b-1" : "b-2";
  const TrackRecord record = Make(cases);
  EXPECT_EQ(record.votes[1].version, "b-2");
  EXPECT_EQ(record.votes[1].cases, 50);
  EXPECT_NE(record.votes[1].weight, 0.0);
}

TEST(TrackRecordTest, WhatIsKnownIsCountedBeforeAnyModelHasEnoughOfIt) {
  const TrackRecord record = Make(Known(12));
  EXPECT_EQ(record.cases, 12);
  ASSERT_EQ(record.votes.size(), 3u);
  EXPECT_EQ(record.votes[0].cases, 12);
  EXPECT_EQ(record.calibration, "");
  // Sixty outcomes, each of models of its own.
  std::vector<CaseEvidence> scattered = Known(60);
  for (std::size_t i = 0; i < scattered.size(); ++i) {
    for (EvidenceAnswer& answer : scattered[i].answers) answer.model += std::to_string(i % 6);
  }
  const TrackRecord thin = Make(scattered);
  EXPECT_EQ(thin.cases, 60);
  EXPECT_EQ(thin.votes.size(), 18u);
  EXPECT_EQ(thin.calibration, "");
}

TEST(TrackRecordTest, GradedAndUngradedCouncilsAreKeptApart) {
  std::vector<CaseEvidence> cases = Known(100);
  for (std::size_t i = 0; i < 40; ++i) {
    for (EvidenceAnswer& answer : cases[i].answers) answer.grade = answer.key == "0" ? 0.9 : 0.2;
  }
  EXPECT_EQ(Make(cases).cases, 60);
  TrackRecordRules reviewed = Rules();
  reviewed.reviewed = true;
  reviewed.needed = 40;
  const TrackRecord record = MakeTrackRecord("medication", cases, reviewed);
  EXPECT_EQ(record.cases, 40);
  ASSERT_TRUE(record.support);
  EXPECT_GT(*record.support, 0);
}

TEST(TrackRecordTest, WhereTheRightOptionWasNotGivenItIsNoneOfTheAnswers) {
  const CaseEvidence wrong = Case(1, {"1", "2", "2"});
  const std::vector<VoteWeight> votes = {
      {"a", "a-1", 0, 0}, {"b", "b-1", 0, 0}, {"c", "c-1", 0, 0}};
  const auto known = BallotOf(wrong, votes, false);
  ASSERT_TRUE(known);
  EXPECT_TRUE(known->complete);
  EXPECT_EQ(known->ballot.right, std::nullopt);
  EXPECT_EQ(known->ballot.rest, 2u);
  // All options were given and none is right: the gold is not among them.
  CaseEvidence impossible = wrong;
  impossible.options = 2;
  EXPECT_FALSE(BallotOf(impossible, votes, false));
}

TEST(TrackRecordTest, OfTwoRightAnswersNothingIsLearned) {
  CaseEvidence both = Case(1, {"0", "1", "1"});
  for (EvidenceAnswer& answer : both.answers) answer.right = true;
  const std::vector<VoteWeight> votes = {
      {"a", "a-1", 0, 0}, {"b", "b-1", 0, 0}, {"c", "c-1", 0, 0}};
  EXPECT_FALSE(BallotOf(both, votes, false));
}

TEST(TrackRecordTest, AnOverriddenRecommendationIsKnownToBeWrongOnly) {
  CaseEvidence overridden = Case(1, {"0", "0", "1"});
  overridden.answers[0].right = overridden.answers[1].right = false;
  overridden.answers[2].right.reset();
  const std::vector<VoteWeight> votes = {
      {"a", "a-1", 0, 0}, {"b", "b-1", 0, 0}, {"c", "c-1", 0, 0}};
  const auto known = BallotOf(overridden, votes, false);
  ASSERT_TRUE(known);
  EXPECT_FALSE(known->complete);
  EXPECT_EQ(known->wrong, std::optional<std::size_t>(0));
}

}  // namespace
}  // namespace consilium
