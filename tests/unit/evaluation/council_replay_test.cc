#include "aggregator/evaluation/council_replay.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "aggregator/council/decision.h"
#include "aggregator/council/evidence.h"
#include "aggregator/council/track_record.h"
#include "shared/ids.h"
#include "tests/unit/council/case_builder.h"

namespace consilium {
namespace {

const std::vector<std::string> kModels = {"a", "b", "c", "d", "e"};
const std::vector<double> kSkill = {0.9, 0.8, 0.7, 0.6, 0.5};
const std::vector<std::string> kNames = {"amoxicillin", "ibuprofen", "warfarin", "metformin"};

// A case as the aggregator sees it, answered by some of the models.
CaseView DrawCase(SeededRandom& random, int number, const std::vector<std::string>& seated,
                  bool reviewed) {
  CaseView view = MakeCase(seated);
  view.id = "case-" + std::to_string(number);
  for (TaskView& task : view.tasks) task.task.case_id = view.id;
  view.gold_medications = {kNames[0]};
  for (std::size_t m = 0; m < kModels.size(); ++m) {
    const bool knows = random.Unit() < kSkill[m];
    const std::size_t other = 1 + random.Below(3);
    if (std::find(seated.begin(), seated.end(), kModels[m]) == seated.end()) continue;
    AnswerWith(view, kModels[m], std::vector<std::string>{kNames[knows ? 0 : other]});
  }
  if (!reviewed) return view;
  Step(view, MakeCouncil(kModels), kAccepted + 1);
  Opinions opinions;
  for (const std::string& model : seated) opinions[model] = 0.1 + 0.8 * random.Unit();
  GradeAll(view, opinions);
  return view;
}

JudgedCase Judged(const CaseEvidence& evidence) {
  RecordedAnswers recorded;
  recorded.cases.push_back({evidence, true, {}, {}});
  Complete(recorded);
  return recorded.cases.front();
}

std::vector<std::size_t> AllAnswers(const JudgedCase& judged) {
  std::vector<std::size_t> all(judged.evidence.answers.size());
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = i;
  return all;
}

Council With(bool reviewed, const TrackRecord& record) {
  Council council = MakeCouncil(kModels);
  council.config.graders = reviewed ? 3 : 0;
  council.track_records["medication"] = record;
  return council;
}

TrackRecord Learn(const std::vector<CaseEvidence>& taught, bool reviewed) {
  TrackRecordRules rules;
  rules.reviewed = reviewed;
  rules.risk_target = 0.03;
  return MakeTrackRecord("medication", taught, rules);
}

// What an evaluation says that the council would have decided is what the aggregator decides.
void ExpectSameAsTheAggregator(bool reviewed) {
  SeededRandom random(11, "replay");
  const Council plain = With(reviewed, {});
  std::vector<CaseEvidence> taught;
  for (int i = 0; i < 200; ++i) {
    const CaseView view = DrawCase(random, i, kModels, reviewed);
    taught.push_back(MakeEvidence(view, Decide(view, plain, kAccepted + 10)));
  }
  const TrackRecord record = Learn(taught, reviewed);
  ASSERT_FALSE(record.calibration.empty());
  const Council council = With(reviewed, record);
  int held_back = 0;
  for (int i = 1000; i < 1200; ++i) {
    std::vector<std::string> seated = kModels;
    if (i % 2 == 1) seated.erase(seated.begin() + i % 5);
    const CaseView view = DrawCase(random, i, seated, reviewed);
    const Recommendation decided = Decide(view, council, kAccepted + 10);
    const JudgedCase judged = Judged(MakeEvidence(view, decided));
    const auto verdict = DecideRecorded(judged, AllAnswers(judged), &record, reviewed);
    ASSERT_TRUE(verdict);
    EXPECT_EQ(judged.keys[verdict->ranked.front()].key, "000") << "the one that led";
    ASSERT_TRUE(decided.confidence && verdict->confidence) << decided.confidence_note;
    EXPECT_NEAR(*verdict->confidence, *decided.confidence, 1e-12);
    EXPECT_EQ(verdict->sure, decided.status != CaseState::kInsufficient) << decided.reason;
    held_back += decided.status == CaseState::kInsufficient ? 1 : 0;
  }
  EXPECT_GT(held_back, 5);
  EXPECT_LT(held_back, 195);
}

TEST(CouncilReplayTest, UnreviewedCouncilsAreDecidedAsTheAggregatorDoes) {
  ExpectSameAsTheAggregator(false);
}

TEST(CouncilReplayTest, ReviewedCouncilsAreDecidedAsTheAggregatorDoes) {
  ExpectSameAsTheAggregator(true);
}

TEST(CouncilReplayTest, WhoDoesNotSitIsNotHeard) {
  SeededRandom random(12, "replay");
  const CaseView view = DrawCase(random, 1, kModels, false);
  const JudgedCase judged =
      Judged(MakeEvidence(view, Decide(view, With(false, {}), kAccepted + 10)));
  EXPECT_FALSE(DecideRecorded(judged, {}, nullptr, false));
  for (std::size_t i = 0; i < kModels.size(); ++i) {
    const std::vector<std::size_t> alone = {i};
    const auto verdict = DecideRecorded(judged, alone, nullptr, false);
    ASSERT_TRUE(verdict);
    EXPECT_EQ(judged.keys[verdict->ranked.front()].key, judged.evidence.answers[i].key);
    EXPECT_EQ(verdict->support, 1.0);
    EXPECT_FALSE(verdict->confidence);
    EXPECT_EQ(Restrict(judged.evidence, alone).answers.size(), 1u);
  }
}

}  // namespace
}  // namespace consilium
