#include "aggregator/council/track_record.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "aggregator/council/decision.h"
#include "aggregator/council/evidence.h"
#include "shared/ids.h"
#include "tests/unit/council/case_builder.h"

namespace consilium {
namespace {

constexpr std::int64_t kDecided = kAccepted + 10;
const std::vector<std::string> kPool = {"a", "b", "c"};
const std::vector<double> kSkill = {0.95, 0.75, 0.5};

// Closed choice of four; key "0" is right.
CaseEvidence Case(int number, const std::vector<std::string>& keys) {
  CaseEvidence evidence;
  evidence.case_id = "known-" + std::to_string(number);
  evidence.kind = "medication";
  evidence.options = 4;
  for (std::size_t m = 0; m < keys.size(); ++m) {
    EvidenceAnswer answer;
    answer.model = kPool[m];
    answer.version = kPool[m] + "-1";
    answer.key = keys[m];
    answer.right = keys[m] == "0";
    evidence.answers.push_back(answer);
  }
  return evidence;
}

std::vector<CaseEvidence> Known(int cases) {
  SeededRandom random(7, "known");
  std::vector<CaseEvidence> known;
  for (int i = 0; i < cases; ++i) {
    std::vector<std::string> keys;
    for (const double skill : kSkill) {
      keys.push_back(random.Unit() < skill ? "0" : std::to_string(1 + random.Below(3)));
    }
    known.push_back(Case(i, keys));
  }
  return known;
}

TrackRecordRules Rules() {
  TrackRecordRules rules;
  rules.reviewed = false;
  rules.risk_target = 0.05;
  return rules;
}

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
  ASSERT_EQ(record.votes.size(), 2u);
  EXPECT_EQ(record.votes[0].model, "a");
  EXPECT_EQ(record.votes[1].model, "c");
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

// --- in the decision

Council Unreviewed(const std::vector<CaseEvidence>& known, double risk_target = 0.05) {
  Council council = MakeCouncil(kPool);
  council.config.graders = 0;
  TrackRecordRules rules = Rules();
  rules.risk_target = risk_target;
  council.track_records["medication"] = MakeTrackRecord("medication", known, rules);
  return council;
}

CaseView Voted(const std::vector<std::string>& options) {
  CaseView view = MakeCase(kPool);
  view.vignette.options = {
      {"A", "Amoxicillin"}, {"B", "Ibuprofen"}, {"C", "Rest"}, {"D", "Surgery"}};
  for (std::size_t m = 0; m < kPool.size(); ++m) {
    Answer answer = MakeAnswer({options[m] == "A" ? "amoxicillin" : "ibuprofen"});
    answer.option = options[m];
    AnswerWith(view, kPool[m], answer);
    FindTask(view, Stage::kGenerate, 1, kPool[m]).outcome->model_served = kPool[m] + "-1";
  }
  return view;
}

TEST(ConfidenceTest, AStrongModelOutvotesTwoWeakOnesAndTheConfidenceSaysHowSureThatIs) {
  const Council council = Unreviewed(Known(400), 1);
  const Recommendation rec = Decide(Voted({"A", "B", "B"}), council, kDecided);
  EXPECT_EQ(rec.status, CaseState::kComplete);
  EXPECT_EQ(rec.reason, "all that was asked for: 3 answers");
  EXPECT_EQ(rec.option, "A");
  ASSERT_TRUE(rec.confidence && rec.support);
  EXPECT_NEAR(*rec.support, 1.0 / 3, 1e-9);
  EXPECT_GT(*rec.confidence, 0.5);
  EXPECT_LT(*rec.confidence, 0.95);
  EXPECT_EQ(rec.confidence_note, "calibrated on 400 known outcomes of medication cases");
  ASSERT_EQ(rec.candidates.size(), 2u);
  EXPECT_GT(rec.candidates[0].probability.value(), rec.candidates[1].probability.value());
  const Recommendation agreed = Decide(Voted({"A", "A", "A"}), council, kDecided);
  EXPECT_GT(agreed.confidence.value(), rec.confidence.value());
}

TEST(ConfidenceTest, TheDecisionCanBeMadeAgainFromWhatWasRecorded) {
  const CaseView view = Voted({"A", "B", "B"});
  const Recommendation rec = Decide(view, Unreviewed(Known(400)), kDecided);
  ASSERT_TRUE(rec.track_record);
  Council later = MakeCouncil(kPool);
  later.config.graders = 0;
  later.track_records[view.kind] = *rec.track_record;
  const Recommendation again = Decide(view, later, kDecided);
  EXPECT_EQ(again.confidence, rec.confidence);
  EXPECT_EQ(again.option, rec.option);
  EXPECT_EQ(again.reason, rec.reason);
}

TEST(ConfidenceTest, BelowTheRiskTargetTheCouncilAbstainsAndSaysWhatItWouldNeed) {
  const Council council = Unreviewed(Known(400), 0.02);
  const Recommendation split = Decide(Voted({"A", "B", "B"}), council, kDecided);
  EXPECT_EQ(split.status, CaseState::kInsufficient);
  EXPECT_TRUE(split.medications.empty());
  EXPECT_THAT(split.reason, testing::MatchesRegex("confidence 0\\.[0-9]+ for amoxicillin is below "
                                                  "0\\.[0-9]+, which a risk of 0\\.02 needs"));
  EXPECT_EQ(Decide(Voted({"A", "A", "A"}), council, kDecided).status, CaseState::kComplete);
  EXPECT_EQ(split.track_record->risk_target, 0.02);
}

TEST(ConfidenceTest, ATargetThatNothingKeepsIsSaid) {
  std::vector<CaseEvidence> known = Known(400);
  for (std::size_t i = 0; i < known.size(); i += 5) {  // all agree, and are wrong
    known[i] = Case(static_cast<int>(i), {"1", "1", "1"});
  }
  const Recommendation rec = Decide(Voted({"A", "A", "A"}), Unreviewed(known), kDecided);
  EXPECT_EQ(rec.status, CaseState::kInsufficient);
  EXPECT_THAT(rec.reason,
              testing::MatchesRegex("no confidence keeps the risk at 0\\.05: of 400 known outcomes "
                                    "the [0-9]+ surest ones had [0-9]+ wrong; it takes more "
                                    "outcomes, better models or a higher council\\.risk_target"));
}

TEST(ConfidenceTest, UntilTheTargetCanBeJudgedTheSupportDecides) {
  const Council council = Unreviewed(Known(60), 0.01);
  const Recommendation rec = Decide(Voted({"A", "A", "A"}), council, kDecided);
  EXPECT_EQ(rec.status, CaseState::kComplete);
  ASSERT_TRUE(rec.confidence);
  EXPECT_EQ(
      rec.confidence_note,
      "calibrated on 60 known outcomes of medication cases; to judge a risk of 0.01 takes 99");
}

TEST(ConfidenceTest, WhatWasLearnedOfOthersIsNotUsed) {
  const auto note = [](const CaseView& view, const Council& council) {
    const Recommendation rec = Decide(view, council, kDecided);
    EXPECT_EQ(rec.confidence, std::nullopt);
    EXPECT_FALSE(rec.track_record);
    return rec.confidence_note;
  };
  const CaseView view = Voted({"A", "A", "B"});
  Council council = Unreviewed(Known(400));
  CaseView other = view;
  FindTask(other, Stage::kGenerate, 1, "b").outcome->model_served = "b-2";
  EXPECT_EQ(note(other, council),
            "not calibrated: b is served by another version than its known outcomes");
  other = view;
  other.kind = "dose";
  EXPECT_EQ(note(other, council), "not calibrated: no outcome of dose cases is known");
  EXPECT_EQ(note(view, Unreviewed(Known(49))),
            "not calibrated: 49 outcomes of medication cases are known, at least 50 are needed");
  const TrackRecord learned = council.track_records["medication"];
  TrackRecord& used = council.track_records["medication"];
  used.rules = "0";
  EXPECT_EQ(note(view, council), "not calibrated: what was learned is of other rules of decision");
  used = learned;
  used.votes.pop_back();
  EXPECT_EQ(note(view, council), "not calibrated: too few outcomes of answers of c are known");
  used = learned;
  used.reviewed = true;
  EXPECT_EQ(note(view, council), "not calibrated: no answer was graded");
}

TEST(ConfidenceTest, EvidenceSaysWhatEachAnswerAddedToTheRanking) {
  const CaseView view = Voted({"A", "B", "B"});
  const Recommendation rec = Decide(view, Unreviewed(Known(400), 1), kDecided);
  const CaseEvidence evidence = MakeEvidence(view, rec);
  ASSERT_EQ(evidence.answers.size(), 3u);
  for (std::size_t m = 0; m < 3; ++m) {
    EXPECT_EQ(evidence.answers[m].score, rec.track_record->votes[m].weight);
  }
  EXPECT_EQ(evidence.options, 4);
}

TEST(ConfidenceTest, WithoutReviewersEveryAnswerIsAVoteAndNobodyIsAskedToGrade) {
  Council council = MakeCouncil(kPool);
  council.config.graders = 0;
  CaseView view = Voted({"A", "A", "B"});
  const Plan plan = Advance(view, council, kDecided);
  EXPECT_TRUE(plan.tasks.empty());
  ASSERT_TRUE(plan.publish);
  EXPECT_EQ(plan.publish->status, CaseState::kComplete);
  EXPECT_NEAR(plan.publish->support.value(), 2.0 / 3, 1e-9);
  EXPECT_EQ(plan.publish->option, "A");
}

}  // namespace
}  // namespace consilium
