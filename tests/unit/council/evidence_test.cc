#include "aggregator/council/evidence.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "aggregator/chemistry/replay.h"
#include "aggregator/council/decision.h"
#include "shared/ids.h"
#include "tests/unit/council/case_builder.h"

namespace consilium {
namespace {

constexpr std::int64_t kDecided = kAccepted + 10;

std::vector<std::string> Pool() { return {"a", "b", "c"}; }

CaseView Reviewed() {
  CaseView view = MakeCase(Pool());
  view.kind = "medication";
  view.gold_medications = {"amoxicillin"};
  AnswerWith(view, "a", {"amoxicillin"});
  AnswerWith(view, "b", {"ibuprofen"});
  FailAnswer(view, "c", OutcomeStatus::kTimedOut, "no byte for 30 s");
  Outcome& outcome = *FindTask(view, Stage::kGenerate, 1, "a").outcome;
  outcome.model_served = "a-2026";
  outcome.latency_ms = 1200;
  outcome.usage.cost_usd = 0.02;
  Step(view, MakeCouncil(Pool()), kAccepted + 1);
  GradeAll(view, {{"a", 0.9}, {"b", 0.2}});
  return view;
}

Recommendation DecideNow(const CaseView& view) {
  return Decide(view, MakeCouncil(Pool()), kDecided);
}

TEST(EvidenceTest, SaysOfEveryUsableAnswerWhatTheDecisionMadeOfIt) {
  const CaseView view = Reviewed();
  const CaseEvidence evidence = MakeEvidence(view, DecideNow(view));
  EXPECT_EQ(evidence.case_id, "case-1");
  EXPECT_EQ(evidence.kind, "medication");
  EXPECT_EQ(evidence.source, "test");
  EXPECT_EQ(evidence.strategy, "named");
  EXPECT_EQ(evidence.decided_ms, kDecided);
  EXPECT_EQ(evidence.seated, Pool());
  ASSERT_EQ(evidence.answers.size(), 2U);
  const EvidenceAnswer& a = evidence.answers[0];
  EXPECT_EQ(a.model, "a");
  EXPECT_EQ(a.version, "a-2026");
  EXPECT_EQ(a.key, "000");
  EXPECT_EQ(a.right, std::optional<bool>(true));
  EXPECT_EQ(a.latency_ms, 1200);
  EXPECT_EQ(a.cost_usd, 0.02);
  ASSERT_TRUE(a.grade);
  EXPECT_NEAR(*a.grade, 0.9, 1e-9);
  const EvidenceAnswer& b = evidence.answers[1];
  EXPECT_EQ(b.key, "001");
  EXPECT_EQ(b.right, std::optional<bool>(false));
}

TEST(EvidenceTest, SaysHowManyOptionsAClosedChoiceHad) {
  CaseView view = Reviewed();
  EXPECT_EQ(MakeEvidence(view, DecideNow(view)).options, 0);
  view.vignette.options = {{"A", "amoxicillin"}, {"B", "ibuprofen"}, {"C", "surgery"}};
  EXPECT_EQ(MakeEvidence(view, DecideNow(view)).options, 3);
}

TEST(EvidenceTest, AMissingAnswerIsNoEvidenceAgainstItsModel) {
  const CaseView view = Reviewed();
  for (const EvidenceAnswer& answer : MakeEvidence(view, DecideNow(view)).answers) {
    EXPECT_NE(answer.model, "c");
  }
}

TEST(EvidenceTest, WithoutGoldNothingIsRightOrWrong) {
  CaseView view = Reviewed();
  view.gold_medications.reset();
  for (const EvidenceAnswer& answer : MakeEvidence(view, DecideNow(view)).answers) {
    EXPECT_FALSE(answer.right);
  }
}

TEST(EvidenceTest, TheNameThatAnAnswerWasGivenDoesNotMatterForWhetherItIsRight) {
  CaseView view = MakeCase(Pool());
  view.gold_medications = {"Paracetamol"};
  AnswerWith(view, "a", {"Tylenol"});
  AnswerWith(view, "b", {"acetaminophen"});
  AnswerWith(view, "c", {"ibuprofen"});
  Step(view, MakeCouncil(Pool()), kAccepted + 1);
  GradeAll(view);
  const CaseEvidence evidence = MakeEvidence(view, DecideNow(view));
  ASSERT_EQ(evidence.answers.size(), 3U);
  EXPECT_TRUE(*evidence.answers[0].right);
  EXPECT_TRUE(*evidence.answers[1].right);
  EXPECT_EQ(evidence.answers[0].key, evidence.answers[1].key);
  EXPECT_FALSE(*evidence.answers[2].right);
}

TEST(EvidenceTest, ARevisionSaysWhatItReplaces) {
  CaseView view = Reviewed();
  const Recommendation first = DecideNow(view);
  EXPECT_FALSE(MakeEvidenceLine(view, first).replaces);
  const CaseEvidence before = MakeEvidence(view, first);
  view.recommendations.push_back(first);
  Recommendation second = first;
  second.revision = 2;
  second.decided_ms = kDecided + 5;
  const EvidenceLine line = MakeEvidenceLine(view, second);
  EXPECT_EQ(line.evidence.decided_ms, kDecided + 5);
  ASSERT_TRUE(line.replaces);
  EXPECT_EQ(line.replaces->decided_ms, kDecided);
  EXPECT_EQ(line.replaces->answers.size(), before.answers.size());
}

TEST(EvidenceTest, EveryPublishedRecommendationCarriesItsEvidence) {
  const CaseView view = Reviewed();
  Plan plan = Advance(view, MakeCouncil(Pool()), kDecided);
  ASSERT_TRUE(plan.publish);
  const CaseUpdate update = MakeUpdate(view, std::move(plan), CouncilConfig{});
  ASSERT_TRUE(update.evidence);
  EXPECT_EQ(update.evidence->evidence.answers.size(), 2U);
  ASSERT_TRUE(update.history);
  EXPECT_EQ(update.history->kind, "medication");
}

// What is learned rests on the same rule as what is decided.
TEST(EvidenceTest, TheReplayOfAllAnswersFollowsTheLeadingCandidate) {
  const std::vector<std::string> pool = {"a", "b", "c", "d", "e"};
  const std::vector<std::string> drugs = {"amoxicillin", "ibuprofen", "warfarin"};
  for (int seed = 0; seed < 300; ++seed) {
    SeededRandom random(static_cast<std::uint64_t>(seed), "replay");
    CaseView view = MakeCase(pool);
    view.id = "case-" + std::to_string(seed);
    for (TaskView& task : view.tasks) task.task.case_id = view.id;
    view.gold_medications = {drugs[random.Below(3)]};
    for (const std::string& model : pool) AnswerWith(view, model, {drugs[random.Below(3)]});
    Step(view, MakeCouncil(pool), kAccepted + 1);
    for (const std::string& reviewer : pool) {
      Opinions opinions;
      // Round grades, so that supports are sometimes level.
      for (const std::string& author : pool) {
        opinions[author] = static_cast<double>(random.Below(5)) / 4.0;
      }
      GradeWith(view, 1, reviewer, opinions);
    }
    const Recommendation rec = Decide(view, MakeCouncil(pool), kDecided);
    ASSERT_FALSE(rec.candidates.empty());
    const Replay replay(MakeEvidence(view, rec));
    const std::vector<std::uint8_t> all(replay.size(), 1);
    EXPECT_EQ(replay.Value(all), *rec.candidates.front().right ? 1.0 : 0.0) << "seed " << seed;
  }
}

}  // namespace
}  // namespace consilium
