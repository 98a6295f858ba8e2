#include "aggregator/council/known_right.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "aggregator/council/coding.h"
#include "tests/unit/council/case_builder.h"

namespace consilium {
namespace {

using Names = std::vector<std::string>;

Recommendation Recommended(std::int64_t revision, Names ingredients,
                           std::optional<std::string> option = {}) {
  Recommendation rec;
  rec.revision = revision;
  rec.status = CaseState::kComplete;
  rec.ingredients = std::move(ingredients);
  rec.option = std::move(option);
  return rec;
}

CaseView Ended(Names ingredients = {"amoxicillin"}) {
  CaseView view;
  view.id = "case-1";
  view.state = CaseState::kComplete;
  view.recommendations = {Recommended(1, std::move(ingredients))};
  return view;
}

CaseOutcome Accepted(const std::string& by, std::int64_t revision = 1) {
  return {by, CaseOutcomeVerdict::kAccepted, std::nullopt, "", revision, 0};
}
CaseOutcome Stated(const std::string& by, Names medications) {
  return {by, CaseOutcomeVerdict::kStated, std::move(medications), "", 0, 0};
}
CaseOutcome Overridden(const std::string& by, std::optional<Names> medications = {},
                       std::int64_t revision = 1) {
  return {by, CaseOutcomeVerdict::kOverridden, std::move(medications), "rash", revision, 0};
}

std::optional<KnownRight> Judge(const CaseView& view) { return JudgeOutcomes(view, Medications()); }
KnownStatus StatusOf(const CaseView& view) {
  const auto known = Judge(view);
  EXPECT_TRUE(known.has_value());
  return known ? known->status : KnownStatus::kContradictory;
}
std::optional<bool> RightIn(const CaseView& view, Names ingredients,
                            std::optional<std::string> option = {}) {
  Candidate candidate;
  candidate.ingredients = std::move(ingredients);
  candidate.option = std::move(option);
  const auto known = Judge(view);
  return known ? IsRight(candidate, *known) : std::nullopt;
}

constexpr std::optional<bool> kYes = true;
constexpr std::optional<bool> kNo = false;
constexpr std::optional<bool> kNotKnown = std::nullopt;

TEST(KnownRightTest, NobodySaysAnything) { EXPECT_FALSE(Judge(Ended()).has_value()); }

TEST(KnownRightTest, GoldIsAVoiceInTheTermsOfTheTable) {
  CaseView view = Ended();
  view.gold_medications = Names{"Tylenol"};
  const auto known = Judge(view);
  ASSERT_TRUE(known);
  EXPECT_EQ(known->status, KnownStatus::kRight);
  EXPECT_EQ(known->outcomes, 0);
  ASSERT_EQ(known->voices.size(), 1U);
  EXPECT_EQ(known->voices[0].by, "gold");
  EXPECT_FALSE(known->voices[0].verdict);
  EXPECT_EQ(known->voices[0].right, CodeNames({"paracetamol"}, Medications()).ingredients);
}

TEST(KnownRightTest, AcceptedMeansThatTheRecommendedSetIsRight) {
  CaseView view = Ended();
  view.outcomes = {Accepted("cli")};
  EXPECT_EQ(StatusOf(view), KnownStatus::kRight);
  EXPECT_EQ(RightIn(view, {"amoxicillin"}), kYes);
  EXPECT_EQ(RightIn(view, {"ibuprofen"}), kNo);
  EXPECT_EQ(Judge(view)->outcomes, 1);
}

TEST(KnownRightTest, AcceptedSpeaksOfItsRevision) {
  CaseView view = Ended();
  view.recommendations.push_back(Recommended(2, {"doxycycline"}));
  view.outcomes = {Accepted("cli", 1)};
  EXPECT_EQ(RightIn(view, {"amoxicillin"}), kYes);
  EXPECT_EQ(RightIn(view, {"doxycycline"}), kNo);
  view.outcomes = {Accepted("cli", 3)};
  EXPECT_FALSE(Judge(view).has_value()) << "a revision that is not there says nothing";
}

TEST(KnownRightTest, StatedMedicationsAreNormalisedAsGoldIs) {
  CaseView view = Ended({"acetaminophen"});
  view.outcomes = {Stated("ward", {"Tylenol"})};
  EXPECT_EQ(RightIn(view, CodeNames({"acetaminophen"}, Medications()).ingredients), kYes);
  EXPECT_EQ(RightIn(view, {}), kNo);
}

TEST(KnownRightTest, ToGiveNoneCanBeRight) {
  CaseView view = Ended();
  view.outcomes = {Stated("ward", {})};
  EXPECT_EQ(RightIn(view, {}), kYes);
  EXPECT_EQ(RightIn(view, {"amoxicillin"}), kNo);
}

TEST(KnownRightTest, AnOverrideAloneSaysOnlyThatTheRecommendedIsWrong) {
  CaseView view = Ended();
  view.outcomes = {Overridden("cli")};
  EXPECT_EQ(StatusOf(view), KnownStatus::kWrong);
  EXPECT_EQ(RightIn(view, {"amoxicillin"}), kNo);
  EXPECT_EQ(RightIn(view, {"ibuprofen"}), kNotKnown);
}

TEST(KnownRightTest, AnOverrideWithWhatWasGivenSaysWhatIsRight) {
  CaseView view = Ended();
  view.outcomes = {Overridden("cli", Names{"doxycycline"})};
  EXPECT_EQ(StatusOf(view), KnownStatus::kRight);
  EXPECT_EQ(RightIn(view, {"amoxicillin"}), kNo);
  EXPECT_EQ(RightIn(view, {"doxycycline"}), kYes);
}

TEST(KnownRightTest, AnOverrideOfTheDoseAloneLeavesTheSetRight) {
  CaseView view = Ended();
  view.outcomes = {Overridden("cli", Names{"amoxicillin"})};
  EXPECT_EQ(StatusOf(view), KnownStatus::kRight);
  EXPECT_EQ(RightIn(view, {"amoxicillin"}), kYes);
}

TEST(KnownRightTest, DifferentSetsContradictAndNobodyIsRightOrWrong) {
  CaseView view = Ended();
  view.gold_medications = Names{"doxycycline"};
  view.outcomes = {Accepted("cli")};
  const auto known = Judge(view);
  ASSERT_TRUE(known);
  EXPECT_EQ(known->status, KnownStatus::kContradictory);
  ASSERT_EQ(known->voices.size(), 2U);
  EXPECT_EQ(known->voices[0].by, "gold");
  EXPECT_EQ(known->voices[0].right, (Names{"doxycycline"}));
  EXPECT_EQ(known->voices[1].by, "cli");
  EXPECT_EQ(known->voices[1].right, (Names{"amoxicillin"}));
  for (const Names& set : {Names{"amoxicillin"}, Names{"doxycycline"}, Names{}}) {
    EXPECT_EQ(RightIn(view, set), kNotKnown);
  }
}

TEST(KnownRightTest, OneWhoAcceptsAndOneWhoOverridesContradict) {
  CaseView view = Ended();
  view.outcomes = {Accepted("a"), Overridden("b")};
  EXPECT_EQ(StatusOf(view), KnownStatus::kContradictory);
  view.outcomes = {Overridden("b"), Accepted("a")};
  EXPECT_EQ(StatusOf(view), KnownStatus::kContradictory);
}

TEST(KnownRightTest, WhatIsWrongAndWhatElseIsRightAgree) {
  CaseView view = Ended();
  view.outcomes = {Overridden("a"), Stated("b", {"doxycycline"})};
  EXPECT_EQ(StatusOf(view), KnownStatus::kRight);
  EXPECT_EQ(RightIn(view, {"amoxicillin"}), kNo);
  EXPECT_EQ(RightIn(view, {"doxycycline"}), kYes);
}

TEST(KnownRightTest, TwoWrongSetsAreTwo) {
  CaseView view = Ended();
  view.recommendations.push_back(Recommended(2, {"doxycycline"}));
  view.outcomes = {Overridden("a", std::nullopt, 1), Overridden("b", std::nullopt, 2)};
  EXPECT_EQ(StatusOf(view), KnownStatus::kWrong);
  EXPECT_EQ(RightIn(view, {"amoxicillin"}), kNo);
  EXPECT_EQ(RightIn(view, {"doxycycline"}), kNo);
  EXPECT_EQ(RightIn(view, {}), kNotKnown);
}

TEST(KnownRightTest, TheLatestOfOneCountsAndSettlesAContradiction) {
  CaseView view = Ended();
  view.outcomes = {Accepted("a"), Stated("b", {"doxycycline"})};
  EXPECT_EQ(StatusOf(view), KnownStatus::kContradictory);
  view.outcomes.push_back(Stated("b", {"amoxicillin"}));
  const auto known = Judge(view);
  EXPECT_EQ(known->status, KnownStatus::kRight);
  EXPECT_EQ(known->outcomes, 3);
  EXPECT_EQ(known->voices.size(), 2U);
  EXPECT_EQ(RightIn(view, {"amoxicillin"}), kYes);
  view.outcomes.push_back(Overridden("b"));
  EXPECT_EQ(StatusOf(view), KnownStatus::kContradictory);
}

TEST(KnownRightTest, WithoutMedicationsTheOptionTellsAnswersApart) {
  CaseView view = Ended({});
  view.recommendations = {Recommended(1, {}, "B")};
  view.outcomes = {Accepted("a")};
  EXPECT_EQ(RightIn(view, {}, "B"), kYes);
  EXPECT_EQ(RightIn(view, {}, "C"), kNo);
  // One who says only "none" agrees with it, and says less.
  view.gold_medications = Names{};
  EXPECT_EQ(StatusOf(view), KnownStatus::kRight);
  EXPECT_EQ(RightIn(view, {}, "C"), kNo);
  view.gold_medications.reset();
  view.outcomes = {Overridden("a")};
  EXPECT_EQ(RightIn(view, {}, "B"), kNo);
  EXPECT_EQ(RightIn(view, {}, "C"), kNotKnown);
}

TEST(KnownRightTest, AnAbstentionCanNeitherBeAcceptedNorOverridden) {
  CaseView view = Ended({});
  view.recommendations[0].status = CaseState::kInsufficient;
  view.outcomes = {Accepted("a")};
  EXPECT_FALSE(Judge(view).has_value());
  view.outcomes = {Overridden("a")};
  EXPECT_FALSE(Judge(view).has_value());
  view.outcomes = {Stated("a", {"doxycycline"})};
  EXPECT_EQ(RightIn(view, {"doxycycline"}), kYes);
}

}  // namespace
}  // namespace consilium
