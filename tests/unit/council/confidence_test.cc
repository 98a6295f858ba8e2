#include "aggregator/council/confidence.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <string>
#include <vector>

#include "aggregator/council/decision.h"
#include "aggregator/council/evidence.h"
#include "shared/codec.h"
#include "shared/ids.h"
#include "tests/unit/council/known_cases.h"

namespace consilium {
namespace {

constexpr std::int64_t kDecided = kAccepted + 10;

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
  EXPECT_EQ(note(view, Unreviewed(Known(12))),
            "not calibrated: 12 outcomes of medication cases are known, at least 50 are needed");
  const TrackRecord learned = council.track_records["medication"];
  TrackRecord& used = council.track_records["medication"];
  used.calibration = "";
  EXPECT_EQ(note(view, council),
            "not calibrated: of 400 known outcomes of medication cases too few are of models with "
            "20 known answers");
  used = learned;
  used.votes[1].cases = 19;
  EXPECT_EQ(note(view, council), "not calibrated: too few outcomes of answers of b are known");
  used = learned;
  used.rules = "0";
  EXPECT_EQ(note(view, council), "not calibrated: what was learned is of other rules of decision");
  used = learned;
  used.votes.pop_back();
  EXPECT_EQ(note(view, council), "not calibrated: too few outcomes of answers of c are known");
  used = learned;
  used.reviewed = true;
  EXPECT_EQ(note(view, council), "not calibrated: no answer was graded");
}

TEST(ConfidenceTest, WhatCannotBeComputedWithIsNotUsed) {
  const CaseView view = Voted({"A", "A", "B"});
  Council council = Unreviewed(Known(400));
  const TrackRecord learned = council.track_records["medication"];
  ASSERT_TRUE(Decide(view, council, kDecided).confidence);
  using Damage = std::function<void(TrackRecord&)>;
  const std::vector<Damage> damages = {
      [](TrackRecord& r) { r.calibration = "isotonic", r.knots.clear(); },
      [](TrackRecord& r) {
        r.calibration = "platt", r.knots = {{0.5, 0.5}};
      },
      [](TrackRecord& r) {
        r.calibration = "isotonic", r.knots = {{0.6, 0.5}, {0.5, 0.6}};
      },
      [](TrackRecord& r) {
        r.calibration = "isotonic", r.knots = {{0.6, 1.5}};
      },
      [](TrackRecord& r) { r.votes[1].weight = 1e308; },
      [](TrackRecord& r) { r.votes[1].weight = -1; },
      [](TrackRecord& r) { r.support = -1; },
      [](TrackRecord& r) { r.a = -1; },
      [](TrackRecord& r) { r.b = 1e300; },
      [](TrackRecord& r) { r.risk_target = 0; },
      [](TrackRecord& r) { r.confidence_min = -3; },
  };
  for (std::size_t i = 0; i < damages.size(); ++i) {
    TrackRecord& used = council.track_records["medication"];
    used = learned;
    damages[i](used);
    const Recommendation rec = Decide(view, council, kDecided);
    EXPECT_EQ(rec.confidence, std::nullopt) << i;
    EXPECT_EQ(rec.confidence_note, "not calibrated: what was learned cannot be read here") << i;
  }
}

TEST(ConfidenceTest, WhatCouldNotBeReadIsNotCalledUnknown) {
  Council council = MakeCouncil(kPool);
  council.config.graders = 0;
  council.records_read = false;
  const Recommendation rec = Decide(Voted({"A", "A", "B"}), council, kDecided);
  EXPECT_EQ(rec.status, CaseState::kComplete) << "the support decides";
  EXPECT_EQ(rec.confidence, std::nullopt);
  EXPECT_EQ(rec.confidence_note,
            "not calibrated: what known outcomes taught could not be read in time");
  EXPECT_EQ(Decide(MakeCase(kPool), council, kDeadline).confidence_note, "") << "nothing to rank";
}

// A risk of less than a hundredth is not called 0.00.
TEST(ConfidenceTest, ASmallTargetIsWrittenAsItIs) {
  const Recommendation rec =
      Decide(Voted({"A", "A", "A"}), Unreviewed(Known(400), 0.001), kDecided);
  EXPECT_EQ(rec.confidence_note,
            "calibrated on 400 known outcomes of medication cases; to judge a risk of 0.001 takes "
            "999");
}

// --- with reviewers

// What is right is mostly graded well.
std::vector<CaseEvidence> KnownAndGraded(int cases) {
  std::vector<CaseEvidence> known = Known(cases);
  SeededRandom random(11, "grades");
  for (CaseEvidence& evidence : known) {
    for (EvidenceAnswer& answer : evidence.answers) {
      answer.grade = (answer.key == "0" ? 0.5 : 0.3) + 0.4 * random.Unit();
      answer.weight = 0.5 + 0.5 * random.Unit();
    }
  }
  return known;
}

Council Reviewed(const std::vector<CaseEvidence>& known) {
  Council council = MakeCouncil(kPool);
  TrackRecordRules rules = Rules();
  rules.reviewed = true;
  council.track_records["medication"] = MakeTrackRecord("medication", known, rules);
  return council;
}

// All answered, reviewed and decided.
CaseView Decided(const Council& council, const std::vector<std::string>& options) {
  CaseView view = Voted(options);
  Step(view, council, kDecided);
  GradeWith(view, 1, "a", {{"b", 0.8}, {"c", 0.3}});
  GradeWith(view, 1, "b", {{"a", 0.7}, {"c", 0.4}});
  GradeWith(view, 1, "c", {{"a", 0.9}, {"b", 0.6}});
  Step(view, council, kDecided);
  return view;
}

TEST(ReviewedConfidenceTest, TheDecisionCanBeMadeAgainFromTheRecordOfTheCase) {
  const Council council = Reviewed(KnownAndGraded(400));
  CaseView view = Decided(council, {"A", "A", "B"});
  ASSERT_EQ(view.recommendations.size(), 1u);
  const Recommendation rec = view.recommendations.back();
  ASSERT_TRUE(rec.confidence && rec.track_record && rec.track_record->support);
  EXPECT_GT(*rec.track_record->support, 0);
  // As it is stored and shown, in a process that has learned other things since.
  const auto kept = Unpack<CaseView>(Pack(view));
  ASSERT_TRUE(kept.ok()) << kept.error().text;
  CaseView again_view = *kept;
  again_view.recommendations.clear();
  Council later = Reviewed(KnownAndGraded(60));
  later.track_records[view.kind] = *kept->recommendations.back().track_record;
  const Recommendation again = Decide(again_view, later, kDecided);
  EXPECT_EQ(ToJson(again), ToJson(rec));
}

TEST(ReviewedConfidenceTest, WhatTheAnswersAddIsTheScoreThatTheProbabilityComesFrom) {
  const Council council = Reviewed(KnownAndGraded(400));
  const CaseView view = Decided(council, {"A", "A", "B"});
  const Recommendation& rec = view.recommendations.back();
  ASSERT_EQ(rec.candidates.size(), 2u);
  std::vector<double> score(2, 0.0);
  for (const ModelResult& model : rec.models) {
    score[static_cast<std::size_t>(model.candidate.value())] += model.score.value();
  }
  // Four options, two of which nobody chose.
  const double sum = std::exp(score[0]) + std::exp(score[1]) + 2;
  EXPECT_NEAR(rec.candidates[0].probability.value(), std::exp(score[0]) / sum, 1e-9);
  EXPECT_NEAR(rec.candidates[1].probability.value(), std::exp(score[1]) / sum, 1e-9);
}

// "Changes no support until somebody graded it": nor a probability.
TEST(ReviewedConfidenceTest, ALateAnswerChangesNoConfidenceBeforeItIsGraded) {
  const Council council = Reviewed(KnownAndGraded(400));
  for (const bool open : {false, true}) {
    CaseView view = Voted({"A", "A", "B"});
    if (open) view.vignette.options.clear();
    TaskView& late = FindTask(view, Stage::kGenerate, 1, "c");
    const Outcome answer = *late.outcome;
    late.outcome.reset();
    late.arrived_ms.reset();
    late.state = "leased";
    Step(view, council, kAnswersDue);
    GradeWith(view, 1, "a", {{"b", 0.8}});
    GradeWith(view, 1, "b", {{"a", 0.7}});
    GradeWith(view, 1, "c", {{"a", 0.9}, {"b", 0.6}});
    Step(view, council, kDeadline);
    ASSERT_EQ(view.recommendations.size(), 1u);
    const Recommendation first = view.recommendations.back();
    ASSERT_TRUE(first.confidence) << first.confidence_note;
    End(view, FindTask(view, Stage::kGenerate, 1, "c"), answer, kDeadline + 5);
    const Recommendation second = Decide(view, council, kDeadline + 6);
    ASSERT_EQ(second.candidates.size(), 2u);
    EXPECT_EQ(second.confidence, first.confidence);
    EXPECT_EQ(second.candidates[0].probability, first.candidates[0].probability);
    EXPECT_EQ(second.candidates[1].probability, 0.0);
  }
}

// --- what evidence says

TEST(ConfidenceTest, WhatIsLearnedAfterTheEndChangesNoCaseThatHasEnded) {
  CaseView view = Voted({"A", "B", "B"});
  TaskView& late = FindTask(view, Stage::kGenerate, 1, "c");
  const TaskView answered = late;
  late.state = "leased";
  late.outcome.reset();
  late.arrived_ms.reset();
  const Plan end = Step(view, Unreviewed(Known(400), 1), kDeadline);
  ASSERT_TRUE(end.publish && end.publish->track_record);
  EXPECT_EQ(end.publish->option, "A");
  EXPECT_EQ(end.publish->track_record->votes.size(), 3u) << "also of whom was waited for";
  FindTask(view, Stage::kGenerate, 1, "c") = answered;
  FindTask(view, Stage::kGenerate, 1, "c").arrived_ms = kDeadline + 5;
  // By now the first model has turned out to be the weak one.
  std::vector<CaseEvidence> known = Known(400);
  for (CaseEvidence& one : known) std::swap(one.answers[0].key, one.answers[2].key);
  for (CaseEvidence& one : known) std::swap(one.answers[0].right, one.answers[2].right);
  const Council now = Unreviewed(known, 1);
  ASSERT_EQ(Decide(view, now, kDeadline + 10).option, "B");
  const Plan after = Advance(view, now, kDeadline + 10);
  ASSERT_TRUE(after.publish) << "nobody is missing any more";
  EXPECT_EQ(after.publish->option, "A");
}

// A target that these outcomes do not keep must not be got around by what comes late.
TEST(ConfidenceTest, ALateAnswerIsHeldToTheRiskOfTheRecordThatStoodAtTheEnd) {
  CaseView view = Voted({"A", "B", "B"});
  std::vector<TaskView> answered;
  for (TaskView& task : view.tasks) {
    answered.push_back(task);
    task.state = "leased";
    task.outcome.reset();
    task.arrived_ms.reset();
  }
  const Council strict = Unreviewed(Known(400), 0.02);
  const Plan end = Step(view, strict, kDeadline);
  ASSERT_TRUE(end.publish);
  EXPECT_EQ(end.publish->status, CaseState::kFailed);
  EXPECT_TRUE(end.publish->track_record) << "also where there was nothing to be sure of";
  view.tasks = answered;
  for (TaskView& task : view.tasks) task.arrived_ms = kDeadline + 5;
  Council later = Unreviewed({}, 1);  // by itself it would hold nothing back
  later.records_read = false;
  const Plan late = Advance(view, later, kDeadline + 10);
  ASSERT_TRUE(late.publish);
  EXPECT_EQ(late.publish->status, CaseState::kInsufficient);
  EXPECT_THAT(late.publish->reason, testing::HasSubstr("which a risk of 0.02 needs"));
  EXPECT_EQ(late.publish->confidence_note, "calibrated on 400 known outcomes of medication cases");
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
