#include "gateway/hooks/feedback.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "gateway/hooks/cards.h"
#include "tests/unit/hooks/case_maker.h"

namespace consilium {
namespace {

using nlohmann::json;

constexpr const char* kCard = "4e0a3a1e-3283-4575-ab82-028d55fe2719";
constexpr const char* kSuggestion = "e56e1945-20b3-4393-8503-a1a20fd73152";

json Accepted() {
  return {{"card", kCard},
          {"outcome", "accepted"},
          {"acceptedSuggestions", json::array({{{"id", kSuggestion}}})},
          {"outcomeTimestamp", "2021-12-11T10:05:31Z"}};
}
json Overridden() {
  return {{"card", kCard},
          {"outcome", "overridden"},
          {"overrideReason",
           {{"reason", {{"code", "d7ecf885"}, {"system", "https://example.com/reasons"}}},
            {"userComment", "A comment entered by the clinician."}}},
          {"outcomeTimestamp", "2020-12-11T00:00:00Z"}};
}
json With(json object, const char* field, const json& value) {
  object[field] = value;
  return object;
}
json Without(json object, const char* field) {
  object.erase(field);
  return object;
}
std::string Body(const std::vector<json>& items) { return json{{"feedback", items}}.dump(); }
std::string Problem(const json& item) {
  const auto read = ReadFeedback(Body({item}));
  return read ? "ok" : std::string(ErrorName(read.error().code)) + " " + read.error().text;
}

// Both are examples of the specification.
TEST(FeedbackTest, AcceptedAndOverriddenAreRead) {
  const auto read = ReadFeedback(Body({Accepted(), Overridden()}));
  ASSERT_TRUE(read) << read.error().text;
  ASSERT_EQ(read->size(), 2u);
  CardFeedback accepted;
  accepted.card = kCard;
  accepted.accepted = true;
  accepted.accepted_suggestions = {kSuggestion};
  accepted.time = "2021-12-11T10:05:31Z";
  EXPECT_EQ((*read)[0], accepted);
  CardFeedback overridden;
  overridden.card = kCard;
  overridden.reason_code = "d7ecf885";
  overridden.reason_system = "https://example.com/reasons";
  overridden.comment = "A comment entered by the clinician.";
  overridden.time = "2020-12-11T00:00:00Z";
  EXPECT_EQ((*read)[1], overridden);
}

TEST(FeedbackTest, ReasonsAndCommentsMayBeMissing) {
  EXPECT_EQ(Problem(Without(Overridden(), "overrideReason")), "ok");
  EXPECT_EQ(Problem(With(Overridden(), "overrideReason", nullptr)), "ok");
  EXPECT_EQ(Problem(With(Overridden(), "overrideReason", json::object())), "ok");
  EXPECT_EQ(Problem(With(Overridden(), "acceptedSuggestions", nullptr)), "ok");
  EXPECT_EQ(ReadFeedback(Body({}))->size(), 0u);
}

TEST(FeedbackTest, UuidsAreComparedInLowerCase) {
  const auto read =
      ReadFeedback(Body({With(Accepted(), "card", "4E0A3A1E-3283-4575-AB82-028D55FE2719")}));
  ASSERT_TRUE(read);
  EXPECT_EQ((*read)[0].card, kCard);
}

TEST(FeedbackTest, WhatIsWrongIsNamed) {
  EXPECT_EQ(Problem(Without(Accepted(), "card")), "invalid feedback[0].card: expected a UUID");
  EXPECT_EQ(Problem(With(Accepted(), "card", "1")), "invalid feedback[0].card: expected a UUID");
  EXPECT_EQ(Problem(With(Accepted(), "outcome", "ignored")),
            "invalid feedback[0].outcome = \"ignored\", expected accepted or overridden");
  EXPECT_EQ(Problem(Without(Accepted(), "acceptedSuggestions")),
            "invalid feedback[0].acceptedSuggestions: expected at least one with outcome accepted");
  EXPECT_EQ(Problem(With(Accepted(), "acceptedSuggestions", json::array({kSuggestion}))),
            "invalid feedback[0].acceptedSuggestions[0].id: expected a UUID");
  EXPECT_EQ(Problem(With(Overridden(), "overrideReason", "no")),
            "invalid feedback[0].overrideReason: expected an object");
  EXPECT_EQ(Problem(With(Overridden(), "overrideReason", {{"userComment", 7}})),
            "invalid feedback[0].overrideReason.userComment: expected a text");
  EXPECT_EQ(
      Problem(With(Overridden(), "overrideReason", {{"userComment", std::string(17000, 'x')}})),
      "too_large feedback[0].overrideReason.userComment: 17000 bytes, expected at most 16384");
  EXPECT_EQ(Problem(json(7)), "invalid feedback[0]: expected an object");
  EXPECT_EQ(ReadFeedback("{}").error().text, "feedback: expected an array");
  EXPECT_EQ(ReadFeedback("x").error().text, "JSON: cannot be read at byte 1");
  EXPECT_EQ(ReadFeedback(Body(std::vector<json>(257, Accepted()))).error().text,
            "feedback: 257 entries, expected at most 256");
}

TEST(FeedbackTest, TimestampIsOneOfRfc3339) {
  for (const char* good : {"1985-04-12T23:20:50.52Z", "2020-12-11t00:00:00z",
                           "2020-12-11T00:00:00+01:00", "1990-12-31T23:59:60Z"}) {
    EXPECT_EQ(Problem(With(Accepted(), "outcomeTimestamp", good)), "ok") << good;
  }
  for (const char* bad : {"", "2020-12-11", "2020-13-11T00:00:00Z", "2020-12-11T24:00:00Z",
                          "2020-12-11T00:00:00", "2020-12-11 00:00:00Z", "2020-12-11T00:00:00.Z",
                          "2020-12-11T00:00:00Zx", "2020-12-11T00:00:00+0100"}) {
    EXPECT_EQ(Problem(With(Accepted(), "outcomeTimestamp", bad)),
              "invalid feedback[0].outcomeTimestamp: expected an RFC 3339 time like "
              "2021-12-11T10:05:31Z")
        << bad;
  }
}

ShownCard Shown() {
  CardCall call;
  call.patient = "123";
  call.screened = {1};
  return WriteCards(MakeDecidedCase(), call, {}).shown.at(0);
}
CardFeedback Took(const ShownCard& card, const std::vector<std::size_t>& suggestions) {
  CardFeedback feedback;
  feedback.card = card.uuid;
  feedback.accepted = true;
  for (const std::size_t i : suggestions) {
    feedback.accepted_suggestions.push_back(card.suggestions.at(i).uuid);
  }
  return feedback;
}

TEST(FeedbackTest, TakingTheRecommendationIsAccepted) {
  const auto outcome = ToCaseOutcome(Took(Shown(), {0, 0}), Shown(), "cds:ehr");
  ASSERT_TRUE(outcome && *outcome);
  EXPECT_EQ((*outcome)->id, "case-1");
  EXPECT_EQ((*outcome)->by, "cds:ehr");
  EXPECT_EQ((*outcome)->verdict, CaseOutcomeVerdict::kAccepted);
  EXPECT_EQ((*outcome)->revision, 2);
  EXPECT_EQ((*outcome)->medications, std::nullopt);
}

TEST(FeedbackTest, TakingAnAlternativeOverridesWithItsMedications) {
  const auto outcome = ToCaseOutcome(Took(Shown(), {1}), Shown(), "cds:ehr");
  ASSERT_TRUE(outcome && *outcome);
  EXPECT_EQ((*outcome)->verdict, CaseOutcomeVerdict::kOverridden);
  EXPECT_EQ((*outcome)->medications, (std::vector<std::string>{"ibuprofen"}));
  EXPECT_EQ((*outcome)->reason, "took an alternative of the card");
}

TEST(FeedbackTest, DismissingOverridesWithTheReason) {
  CardFeedback feedback;
  const auto reason = [&feedback] {
    const auto outcome = ToCaseOutcome(feedback, Shown(), "cds:ehr");
    EXPECT_EQ((*outcome)->verdict, CaseOutcomeVerdict::kOverridden);
    EXPECT_EQ((*outcome)->medications, std::nullopt);
    return (*outcome)->reason;
  };
  EXPECT_EQ(reason(), "dismissed without a reason");
  feedback.comment = " Allergic. ";
  EXPECT_EQ(reason(), "Allergic.");
  feedback.reason_code = "contraindicated";
  feedback.reason_system = kOverrideReasonSystem;
  EXPECT_EQ(reason(), "Contraindicated in this patient: Allergic.");
  feedback.reason_system = "https://example.com/reasons";
  EXPECT_EQ(reason(), "contraindicated: Allergic.");
  feedback.reason_display = "Their words";
  EXPECT_EQ(reason(), "Their words: Allergic.");
  feedback.comment = std::string(3000, 'x');
  EXPECT_EQ(reason().size(), 2000u);
}

TEST(FeedbackTest, FeedbackThatDoesNotFitTheCardIsRefused) {
  EXPECT_EQ(ToCaseOutcome(Took(Shown(), {0, 1}), Shown(), "x").error().text,
            "acceptedSuggestions: expected at most one of this card");
  CardFeedback feedback = Took(Shown(), {0});
  feedback.accepted_suggestions[0] = kSuggestion;
  EXPECT_EQ(ToCaseOutcome(feedback, Shown(), "x").error().text,
            "acceptedSuggestions[0].id: expected a suggestion of this card");
}

TEST(FeedbackTest, ACardThatRecommendedNothingHasNoOutcome) {
  ShownCard card = Shown();
  card.recommends = false;
  EXPECT_EQ(*ToCaseOutcome(CardFeedback{}, card, "x"), std::nullopt);
  card = Shown();
  card.revision = 0;
  EXPECT_EQ(*ToCaseOutcome(CardFeedback{}, card, "x"), std::nullopt);
}

}  // namespace
}  // namespace consilium
