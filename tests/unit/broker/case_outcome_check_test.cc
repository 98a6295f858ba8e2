#include "broker/case_outcome_check.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace consilium {
namespace {

using Names = std::vector<std::string>;

CaseOutcomeRequest Request(CaseOutcomeVerdict verdict) {
  CaseOutcomeRequest request;
  request.id = "c1";
  request.by = "cli";
  request.verdict = verdict;
  if (verdict == CaseOutcomeVerdict::kStated) request.medications = Names{"aspirin"};
  if (verdict == CaseOutcomeVerdict::kOverridden) request.reason = "rash";
  return request;
}

Error Refusal(CaseOutcomeRequest request) {
  const Status good = CheckCaseOutcome(request);
  EXPECT_FALSE(good.ok());
  return good ? Error{} : good.error();
}

CaseView Ended(CaseState state = CaseState::kComplete) {
  CaseView view;
  view.id = "c1";
  view.state = state;
  Recommendation rec;
  rec.revision = 1;
  rec.status = state;
  view.recommendations = {rec};
  return view;
}

TEST(CaseOutcomeCheckTest, GoodOnesPass) {
  for (const CaseOutcomeVerdict verdict :
       {CaseOutcomeVerdict::kAccepted, CaseOutcomeVerdict::kOverridden,
        CaseOutcomeVerdict::kStated}) {
    EXPECT_TRUE(CheckCaseOutcome(Request(verdict)).ok());
  }
  CaseOutcomeRequest none = Request(CaseOutcomeVerdict::kStated);
  none.medications = Names{};
  EXPECT_TRUE(CheckCaseOutcome(none).ok());
  CaseOutcomeRequest given = Request(CaseOutcomeVerdict::kOverridden);
  given.medications = Names{"aspirin"};
  given.reason = std::string(2000, 'x');
  given.by = std::string(64, 'x');
  EXPECT_TRUE(CheckCaseOutcome(given).ok());
}

TEST(CaseOutcomeCheckTest, RefusalsNameTheFieldAndNeverTheReason) {
  CaseOutcomeRequest request = Request(CaseOutcomeVerdict::kStated);
  request.id = "no such id";
  EXPECT_EQ(Refusal(request).code, ErrorCode::kInvalid);
  request = Request(CaseOutcomeVerdict::kStated);
  request.by = " ";
  EXPECT_EQ(Refusal(request), Invalid("by: blank, expected who says so"));
  request.by = "gold";
  EXPECT_EQ(Refusal(request),
            Invalid("by = \"gold\", expected another name: that is what came with the case"));
  request.by = std::string(65, 'x');
  EXPECT_EQ(Refusal(request), Invalid("by: 65 bytes, expected at most 64"));
  request = Request(CaseOutcomeVerdict::kStated);
  request.medications.reset();
  EXPECT_EQ(Refusal(request),
            Invalid("medications: missing, expected what was right (an empty list: none)"));
  request.medications = Names{"aspirin", " "};
  EXPECT_EQ(Refusal(request), Invalid("medications[1]: blank, expected a name"));
  request.medications = Names{std::string(257, 'x')};
  EXPECT_EQ(Refusal(request), Invalid("medications[0]: 257 bytes, expected at most 256"));
  request.medications = Names(65, "aspirin");
  EXPECT_EQ(Refusal(request), Invalid("medications: 65 entries, expected at most 64"));
  request = Request(CaseOutcomeVerdict::kAccepted);
  request.medications = Names{};
  EXPECT_EQ(Refusal(request),
            Invalid("medications: stated, expected none with verdict accepted, which says that "
                    "what was recommended is right"));
  request = Request(CaseOutcomeVerdict::kOverridden);
  request.reason = "";
  EXPECT_EQ(Refusal(request), Invalid("reason: blank, expected why it was overridden"));
  request.reason = std::string(2001, 'x');
  EXPECT_EQ(Refusal(request), Invalid("reason: 2001 bytes, expected at most 2000"));
  request = Request(CaseOutcomeVerdict::kAccepted);
  request.revision = 0;
  EXPECT_EQ(Refusal(request), Invalid("revision = 0, expected 1 or more"));
}

TEST(CaseOutcomeCheckTest, WhatIsStatedNamesNoRevision) {
  CaseOutcomeRequest request = Request(CaseOutcomeVerdict::kStated);
  request.revision = 2;
  EXPECT_EQ(Refusal(request), Invalid("revision = 2, expected none with verdict stated, which "
                                      "speaks of no recommendation"));
  for (const CaseOutcomeVerdict verdict :
       {CaseOutcomeVerdict::kAccepted, CaseOutcomeVerdict::kOverridden}) {
    request = Request(verdict);
    request.revision = 2;
    EXPECT_TRUE(CheckCaseOutcome(request).ok());
  }
}

TEST(CaseOutcomeCheckTest, SpeaksOfTheLastRevisionUnlessAnotherIsMeant) {
  CaseView view = Ended();
  view.recommendations.push_back(view.recommendations.back());
  view.recommendations.back().revision = 2;
  CaseOutcomeRequest request = Request(CaseOutcomeVerdict::kAccepted);
  EXPECT_EQ(AdmitOutcome(request, view)->revision, 2);
  request.revision = 1;
  EXPECT_EQ(AdmitOutcome(request, view)->revision, 1);
  request.revision = 3;
  EXPECT_EQ(AdmitOutcome(request, view).error(), Invalid("case c1: revision = 3, expected 1..2"));
  const auto stated = AdmitOutcome(Request(CaseOutcomeVerdict::kStated), view);
  ASSERT_TRUE(stated.ok());
  EXPECT_EQ(stated->revision, 0) << "it speaks of the patient, not of a recommendation";
  EXPECT_EQ(stated->medications, (Names{"aspirin"}));
  EXPECT_EQ(stated->by, "cli");
}

TEST(CaseOutcomeCheckTest, WhatRecommendedNothingCanOnlyBeStated) {
  for (const CaseState state : {CaseState::kInsufficient, CaseState::kFailed}) {
    EXPECT_TRUE(AdmitOutcome(Request(CaseOutcomeVerdict::kStated), Ended(state)).ok());
  }
  EXPECT_EQ(
      AdmitOutcome(Request(CaseOutcomeVerdict::kAccepted), Ended(CaseState::kInsufficient)).error(),
      Invalid("case c1, revision 1: nothing was recommended (insufficient), so nothing can "
              "be accepted; state the medications that were right"));
  EXPECT_EQ(
      AdmitOutcome(Request(CaseOutcomeVerdict::kOverridden), Ended(CaseState::kFailed)).error(),
      Invalid("case c1, revision 1: nothing was recommended (failed), so nothing can be "
              "overridden; state the medications that were right"));
}

TEST(CaseOutcomeCheckTest, ACaseWithoutARecommendationIsAConflict) {
  CaseView view;
  view.id = "c1";
  view.state = CaseState::kGenerating;
  EXPECT_EQ(AdmitOutcome(Request(CaseOutcomeVerdict::kStated), view).error(),
            (Error{ErrorCode::kConflict,
                   "case c1 is still generating; say what was right once it "
                   "has ended (`consilium show c1`)"}));
  view.state = CaseState::kCancelled;
  EXPECT_EQ(AdmitOutcome(Request(CaseOutcomeVerdict::kStated), view).error(),
            (Error{ErrorCode::kConflict,
                   "case c1 was cancelled: there is no recommendation to speak of"}));
}

TEST(CaseOutcomeCheckTest, AWithdrawnCaseIsAConflictThoughItHasRecommendations) {
  CaseView view = Ended(CaseState::kComplete);
  view.recommendations.push_back({});
  view.recommendations.back().revision = 2;
  view.recommendations.back().status = CaseState::kCancelled;
  view.state = CaseState::kCancelled;
  CaseOutcomeRequest request = Request(CaseOutcomeVerdict::kAccepted);
  request.revision = 1;
  EXPECT_EQ(AdmitOutcome(request, view).error(),
            (Error{ErrorCode::kConflict,
                   "case c1 was cancelled: there is no recommendation to speak of"}));
}

}  // namespace
}  // namespace consilium
