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

using Rights = std::vector<std::optional<bool>>;
constexpr std::optional<bool> kYes = true;
constexpr std::optional<bool> kNo = false;
constexpr std::optional<bool> kNotKnown = std::nullopt;

Rights RightOf(const CaseEvidence& evidence) {
  Rights right;
  for (const EvidenceAnswer& answer : evidence.answers) right.push_back(answer.right);
  return right;
}

CaseOutcome Stated(const std::string& by, std::vector<std::string> medications) {
  return {by, CaseOutcomeVerdict::kStated, std::move(medications), "", 0, 0};
}
CaseOutcome Accepted(const std::string& by) {
  return {by, CaseOutcomeVerdict::kAccepted, std::nullopt, "", 1, 0};
}
CaseOutcome Overridden(const std::string& by) {
  return {by, CaseOutcomeVerdict::kOverridden, std::nullopt, "rash", 1, 0};
}

// One that recommends what "a" said, though only "a" did.
Council Lenient() {
  Council council = MakeCouncil(Pool());
  council.config.support_min = 0.3;
  return council;
}

// The case of Reviewed(), ended: what "a" said, amoxicillin, was recommended.
CaseView EndedAndReviewed(bool gold) {
  CaseView view = Reviewed();
  if (!gold) view.gold_medications.reset();
  EXPECT_EQ(Step(view, Lenient(), kDecided).state, CaseState::kDegraded);
  return view;
}

TEST(EvidenceTest, AnOutcomeReplacesWhatTheCaseSaidAndPublishesNothing) {
  const Council council = Lenient();
  CaseView view = EndedAndReviewed(/*gold=*/false);
  view.outcomes = {Stated("cli", {"ibuprofen"})};
  const CaseView before = view;
  const Plan plan = Step(view, council, kDecided + 5);
  EXPECT_FALSE(plan.publish.has_value());
  EXPECT_FALSE(plan.state.has_value());
  ASSERT_TRUE(plan.evidence.has_value());
  ASSERT_TRUE(plan.evidence->replaces.has_value());
  EXPECT_EQ(RightOf(*plan.evidence->replaces), (Rights{kNotKnown, kNotKnown}));
  EXPECT_EQ(RightOf(plan.evidence->evidence), (Rights{kNo, kYes}));
  CaseEvidence same = plan.evidence->evidence;
  for (EvidenceAnswer& answer : same.answers) answer.right.reset();
  EXPECT_EQ(same, *plan.evidence->replaces) << "nothing else changes";
  const CaseUpdate update = MakeUpdate(before, plan, council.config);
  EXPECT_FALSE(update.history.has_value());
  EXPECT_TRUE(update.evidence.has_value());
  EXPECT_TRUE(update.known.has_value());
  // Another aggregator that has the same record says the same; with what was written it says
  // nothing.
  EXPECT_EQ(Advance(before, council, kDecided + 50).evidence->evidence, plan.evidence->evidence);
  EXPECT_TRUE(Advance(view, council, kDecided + 6).empty());
}

TEST(EvidenceTest, EachLineReplacesExactlyTheOneBefore) {
  const Council council = Lenient();
  CaseView view = EndedAndReviewed(/*gold=*/true);
  EvidenceLine last{MakeEvidence(view, view.recommendations[0]), std::nullopt};
  EXPECT_EQ(RightOf(last.evidence), (Rights{kYes, kNo}));
  const auto expect = [&](const CaseOutcome& outcome, const Rights& right) {
    view.outcomes.push_back(outcome);
    const Plan plan = Step(view, council, kDecided + 5);
    ASSERT_TRUE(plan.evidence.has_value());
    EXPECT_EQ(plan.evidence->replaces, last.evidence);
    EXPECT_EQ(RightOf(plan.evidence->evidence), right);
    last = *plan.evidence;
  };
  // The gold said amoxicillin.
  expect(Stated("cli", {"ibuprofen"}), {kNotKnown, kNotKnown});
  expect(Stated("cli", {"Amoxil"}), {kYes, kNo});
  expect(Overridden("ward"), {kNotKnown, kNotKnown});
  expect(Accepted("ward"), {kYes, kNo});
}

TEST(EvidenceTest, AnOverrideSaysOnlyWhoWasWrong) {
  CaseView view = EndedAndReviewed(/*gold=*/false);
  view.outcomes = {Overridden("cli")};
  const Plan plan = Step(view, Lenient(), kDecided + 5);
  ASSERT_TRUE(plan.evidence.has_value());
  EXPECT_EQ(RightOf(plan.evidence->evidence), (Rights{kNo, kNotKnown}));
}

TEST(EvidenceTest, AnOutcomeThatChangesNothingIsNotedAndIsNoNewLine) {
  const Council council = Lenient();
  CaseView view = EndedAndReviewed(/*gold=*/true);
  view.outcomes = {Accepted("cli")};
  const Plan plan = Step(view, council, kDecided + 5);
  EXPECT_FALSE(plan.evidence.has_value());
  ASSERT_TRUE(plan.known.has_value());
  EXPECT_EQ(plan.known->status, KnownStatus::kRight);
  EXPECT_FALSE(plan.empty()) << "that it was looked at is written";
  EXPECT_TRUE(Advance(view, council, kDecided + 6).empty());
}

TEST(EvidenceTest, ARevisionAfterAnOutcomeReplacesWhatWasSaidWithTheOutcome) {
  const Council council = Lenient();
  CaseView view = EndedAndReviewed(/*gold=*/false);
  view.outcomes = {Accepted("cli")};
  const Plan first = Step(view, council, kDecided + 5);
  ASSERT_TRUE(first.evidence.has_value());
  Recommendation second = view.recommendations[0];
  second.revision = 2;
  second.decided_ms = kDecided + 9;
  const EvidenceLine line = MakeEvidenceLine(view, second, view.known);
  EXPECT_EQ(line.replaces, first.evidence->evidence);
  EXPECT_EQ(RightOf(line.evidence), (Rights{kYes, kNo}));
}

TEST(EvidenceTest, AnotherMedicationTableAloneJudgesNothingAgain) {
  const Council council = Lenient();
  CaseView view = EndedAndReviewed(/*gold=*/false);
  view.outcomes = {Stated("cli", {"ibuprofen"})};
  Step(view, council, kDecided + 5);
  // As another table would have judged it.
  view.known->voices[0].right = std::vector<std::string>{"something else"};
  EXPECT_TRUE(Advance(view, council, kDecided + 6).empty());
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
