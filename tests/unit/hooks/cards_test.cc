#include "gateway/hooks/cards.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "gateway/hooks/card_detail.h"
#include "tests/unit/hooks/case_maker.h"
#include "tests/unit/hooks/spec_check.h"

namespace consilium {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::Not;

CardSettings Settings() {
  CardSettings settings;
  settings.source_url = "https://cds.example.org/about";
  settings.case_url = "https://cds.example.org/cases/";
  return settings;
}
CardCall Call() {
  CardCall call;
  call.patient = "123";
  call.encounter = "7";
  return call;
}
DraftOrder Draft(const std::string& text) {
  DraftOrder draft;
  draft.text = text;
  return draft;
}

// The one card, after the whole body was held against the specification.
json CardOf(const CaseView& view, const CardCall& call = Call()) {
  const WrittenCards written = WriteCards(view, call, Settings());
  const json body = json::parse(written.json);
  EXPECT_EQ(CheckCards(body), std::vector<std::string>{});
  EXPECT_EQ(written.shown.size(), 1u);
  EXPECT_EQ(body["cards"].size(), 1u);
  EXPECT_EQ(body["cards"][0]["uuid"], written.shown[0].uuid);
  return body["cards"][0];
}
SafetyFlag Flag(const std::string& severity, const std::string& ingredient) {
  SafetyFlag flag;
  flag.code = "interaction";
  flag.severity = severity;
  flag.ingredients = {ingredient};
  flag.text = "raises the risk of bleeding";
  flag.rule = "warfarin|nsaid";
  return flag;
}

TEST(CardsTest, NothingToAskAboutIsAnEmptyList) {
  EXPECT_EQ(NoCards().json, R"({"cards":[]})");
  EXPECT_TRUE(NoCards().shown.empty());
  EXPECT_EQ(CheckCards(json::parse(NoCards().json)), std::vector<std::string>{});
}

TEST(CardsTest, ACouncilThatCouldNotBeAskedIsSaidWithTheReason) {
  const WrittenCards written = WriteNotice("Too many <b>wait</b>.", Settings());
  const json body = json::parse(written.json);
  EXPECT_EQ(CheckCards(body), std::vector<std::string>{});
  const json card = body["cards"][0];
  EXPECT_EQ(card["indicator"], "info");
  EXPECT_EQ(card["summary"], "The medication council could not be asked");
  EXPECT_THAT(card["detail"].get<std::string>(), HasSubstr("**No answer.** Too many"));
  EXPECT_THAT(card["detail"].get<std::string>(), Not(HasSubstr("<b>")));
  EXPECT_FALSE(card.contains("links")) << "there is no case";
  EXPECT_TRUE(written.shown.empty()) << "feedback to it teaches nothing";
}

TEST(CardsTest, RecommendationIsOneSuggestionToDraft) {
  const json card = CardOf(MakeDecidedCase());
  EXPECT_EQ(card["summary"], "Council recommends amoxicillin");
  EXPECT_EQ(card["indicator"], "info");
  EXPECT_EQ(card["source"],
            (json{{"label", "Consilium"}, {"url", "https://cds.example.org/about"}}));
  EXPECT_EQ(card["selectionBehavior"], "at-most-one");
  EXPECT_EQ(card["links"], json::array({{{"label", "Open the case"},
                                         {"url", "https://cds.example.org/cases/case-1"},
                                         {"type", "absolute"}}}));
  ASSERT_EQ(card["suggestions"].size(), 1u);
  const json& suggestion = card["suggestions"][0];
  EXPECT_EQ(suggestion["label"], "Draft amoxicillin");
  EXPECT_EQ(suggestion["isRecommended"], true);
  ASSERT_EQ(suggestion["actions"].size(), 1u);
  EXPECT_EQ(
      suggestion["actions"][0]["description"],
      "Draft a proposal for amoxicillin 500 mg oral, every 8 hours, 7 days (for otitis media)");
  const json expected = json::parse(R"({
    "resourceType":"MedicationRequest",
    "meta":{"security":[{"system":"http://terminology.hl7.org/CodeSystem/v3-ObservationValue",
                         "code":"AIAST","display":"Artificial Intelligence asserted"}]},
    "status":"draft","intent":"proposal",
    "medicationCodeableConcept":{"text":"amoxicillin"},
    "subject":{"reference":"Patient/123"},"encounter":{"reference":"Encounter/7"},
    "reasonCode":[{"text":"otitis media"}],
    "note":[{"text":"Proposed by a council of language models. A clinician decides, and orders."},
            {"text":"Consilium case case-1, revision 2."}],
    "dosageInstruction":[{"text":"500 mg, oral, every 8 hours, for 7 days",
                          "timing":{"code":{"text":"every 8 hours"}},"route":{"text":"oral"},
                          "doseAndRate":[{"doseQuantity":{"value":500,"unit":"mg"}}]}]})");
  json resource = suggestion["actions"][0]["resource"];
  EXPECT_EQ(resource["id"].get<std::string>().size(), 36u);
  resource.erase("id");
  EXPECT_EQ(resource, expected);
}

TEST(CardsTest, DetailLetsAReviewerJudgeForThemselves) {
  const std::string detail = CardOf(MakeDecidedCase())["detail"];
  EXPECT_EQ(detail,
            "AI-generated decision support of a council of language models, to be reviewed by a "
            "clinician who decides. Not for emergencies.\n\n"
            "**Recommended**\n\n"
            "- amoxicillin 500 mg oral, every 8 hours, 7 days (for otitis media)\n\n"
            "**Why:** First choice.\n\n"
            "**Cautions:** Rash.\n\n"
            "**Decided:** decided without: delta (timed\\_out)\n\n"
            "**How sure:** support 0.80; not calibrated: too few known outcomes\n\n"
            "**Safety**\n\n"
            "- **info** unknown\\_allergy: no allergies are stated (rule allergies)\n\n"
            "**Other options (not screened for safety)**\n\n"
            "- ibuprofen: support 0.10, grade 0.30, by gamma\n\n"
            "**Each model**\n\n"
            "| model | state | answer | grade |\n| --- | --- | --- | --- |\n"
            "| alpha | ok | amoxicillin | 0.90 |\n"
            "| beta | ok | amoxicillin | 0.70 |\n"
            "| gamma | ok | ibuprofen | 0.30 |\n\n"
            "**Disagreement**\n\n"
            "- dose: 0.50 agree; 500 mg / 250 mg\n"
            "- gamma recommends ibuprofen instead\n\n"
            "**Not heard**\n\n"
            "- delta (generate): timed\\_out\n\n"
            "**Used of the patient:** age 4; female; takes: paracetamol\n\n"
            "**Not known:** pregnancy; eGFR; weight; allergies (none stated, which does not mean "
            "that there are none)\n\n"
            "**Case text:** 27 characters, on the page of the case\n\n"
            "Case case-1, revision 2, decided 2027-01-15 08:00 UTC. Consilium " CONSILIUM_VERSION
            ", medication table 0123456789ab, prompts generate-7.\n");
}

TEST(CardsTest, SameCaseAndRevisionHaveTheSameUuids) {
  const CaseView view = MakeDecidedCase();
  const WrittenCards once = WriteCards(view, Call(), Settings());
  EXPECT_EQ(once.json, WriteCards(view, Call(), Settings()).json);
  EXPECT_EQ(once.shown, WriteCards(view, Call(), Settings()).shown);
  CaseView later = view;
  later.recommendations[0].revision = 3;
  EXPECT_NE(once.shown[0].uuid, WriteCards(later, Call(), Settings()).shown[0].uuid);
  CaseView other = view;
  other.id = "case-2";
  EXPECT_NE(once.shown[0].uuid, WriteCards(other, Call(), Settings()).shown[0].uuid);
}

TEST(CardsTest, WhatWasShownIsRememberedForFeedback) {
  const WrittenCards written = WriteCards(MakeDecidedCase(), Call(), Settings());
  const ShownCard& shown = written.shown.at(0);
  EXPECT_EQ(shown.case_id, "case-1");
  EXPECT_EQ(shown.revision, 2);
  EXPECT_TRUE(shown.recommends);
  ASSERT_EQ(shown.suggestions.size(), 1u);
  EXPECT_EQ(shown.suggestions[0].medications, (std::vector<std::string>{"amoxicillin"}));
  EXPECT_TRUE(shown.suggestions[0].recommended);
  const auto back = UnpackShownCard(PackShownCard(shown));
  ASSERT_TRUE(back) << back.error().text;
  EXPECT_EQ(*back, shown);
  EXPECT_EQ(UnpackShownCard("{}").error().text, "card: damaged, expected one that was stored here");
}

TEST(CardsTest, RegimenOfSeveralMedicationsIsTakenAsAWhole) {
  CaseView view = MakeDecidedCase();
  view.recommendations[0].medications.push_back(MakeMedication("paracetamol"));
  const json card = CardOf(view);
  EXPECT_EQ(card["summary"], "Council recommends amoxicillin + paracetamol");
  ASSERT_EQ(card["suggestions"].size(), 1u);
  EXPECT_EQ(card["suggestions"][0]["actions"].size(), 2u);
  // What was not stated is not there.
  EXPECT_FALSE(card["suggestions"][0]["actions"][1]["resource"].contains("dosageInstruction"));
  EXPECT_FALSE(card["suggestions"][0]["actions"][1]["resource"].contains("reasonCode"));
}

TEST(CardsTest, AlternativeCanBeTakenOnlyAfterTheSafetyScreen) {
  CardCall call = Call();
  call.screened = {0, 1, 9};
  const json card = CardOf(MakeDecidedCase(), call);
  ASSERT_EQ(card["suggestions"].size(), 2u);
  EXPECT_EQ(card["suggestions"][1]["label"], "Draft ibuprofen (alternative)");
  EXPECT_EQ(card["suggestions"][1]["isRecommended"], false);
  EXPECT_EQ(card["suggestions"][1]["actions"][0]["resource"]["dosageInstruction"][0]["text"],
            "200 mg");
}

TEST(CardsTest, NoMedicationIsARecommendationWithoutSuggestion) {
  CaseView view = MakeDecidedCase();
  view.recommendations[0].medications.clear();
  view.recommendations[0].ingredients.clear();
  view.recommendations[0].no_medication = true;
  const json card = CardOf(view);
  EXPECT_EQ(card["summary"], "Council recommends no medication");
  EXPECT_FALSE(card.contains("suggestions"));
  EXPECT_TRUE(card.contains("overrideReasons"));
  EXPECT_TRUE(WriteCards(view, Call(), Settings()).shown[0].recommends);
}

TEST(CardsTest, GraveSafetyFlagIsAWarning) {
  CaseView view = MakeDecidedCase();
  view.recommendations[0].safety.push_back(Flag("high", "amoxicillin"));
  json card = CardOf(view);
  EXPECT_EQ(card["indicator"], "warning");
  EXPECT_EQ(card["summary"], "Safety flag high (interaction). Council recommends amoxicillin");
  view.recommendations[0].safety.back().severity = "caution";
  EXPECT_EQ(CardOf(view)["indicator"], "info");
}

CaseView Abstained() {
  CaseView view = MakeDecidedCase();
  view.state = CaseState::kInsufficient;
  Recommendation& rec = view.recommendations[0];
  rec.status = CaseState::kInsufficient;
  rec.medications.clear();
  rec.ingredients.clear();
  rec.reason = "support 0.30 for amoxicillin is below the limit 0.50";
  return view;
}

TEST(CardsTest, AbstentionSaysWhyAndSuggestsNothing) {
  json card = CardOf(Abstained());
  EXPECT_EQ(card["indicator"], "info");
  EXPECT_EQ(card["summary"], "The medication council abstains");
  EXPECT_THAT(card["detail"].get<std::string>(),
              HasSubstr("**Why nothing is recommended:** support 0.30 for amoxicillin is below the "
                        "limit 0.50\n"));
  EXPECT_FALSE(card.contains("suggestions"));
  EXPECT_FALSE(card.contains("overrideReasons"));
  EXPECT_FALSE(WriteCards(Abstained(), Call(), Settings()).shown[0].recommends);
  // Somebody is about to order, and the council does not agree.
  CardCall call = Call();
  call.drafts = {Draft("Amoxicillin 500 MG Oral Capsule")};
  card = CardOf(Abstained(), call);
  EXPECT_EQ(card["indicator"], "warning");
  EXPECT_THAT(card["detail"].get<std::string>(),
              HasSubstr("**About to be ordered**\n\n- Amoxicillin 500 MG Oral Capsule\n"));
}

TEST(CardsTest, ContraindicatedDraftOrderIsCritical) {
  CaseView view = Abstained();
  view.recommendations[0].safety = {Flag("contraindicated", "warfarin")};
  CardCall call = Call();
  EXPECT_EQ(CardOf(view, call)["indicator"], "warning");
  call.drafts = {Draft("Ibuprofen 400 MG Oral Tablet"), Draft("WARFARIN sodium 5 MG Oral Tablet")};
  const json card = CardOf(view, call);
  EXPECT_EQ(card["indicator"], "critical");
  EXPECT_EQ(card["summary"],
            "The medication council abstains: an ordered medication is contraindicated");
  // Only the name as a word, and only that severity.
  call.drafts = {Draft("Nowarfarinol 5 mg")};
  EXPECT_EQ(CardOf(view, call)["indicator"], "warning");
  call.drafts = {Draft("warfarin")};
  view.recommendations[0].safety[0].severity = "high";
  EXPECT_EQ(CardOf(view, call)["indicator"], "warning");
}

TEST(CardsTest, RunningCaseLinksToWhereItsAnswerAppears) {
  CaseView view;
  view.id = "case-1";
  view.state = CaseState::kGenerating;
  view.vignette.patient.age = 70;
  const json card = CardOf(view);
  EXPECT_EQ(card["indicator"], "info");
  EXPECT_EQ(card["summary"],
            "The medication council sits; its answer will be on the page of the case");
  EXPECT_EQ(card["links"][0]["url"], "https://cds.example.org/cases/case-1");
  EXPECT_FALSE(card.contains("suggestions"));
  const ShownCard shown = WriteCards(view, Call(), Settings()).shown[0];
  EXPECT_EQ(shown.revision, 0);
  EXPECT_FALSE(shown.recommends);
  CardSettings settings;
  const json body = json::parse(WriteCards(view, Call(), settings).json);
  EXPECT_FALSE(body["cards"][0].contains("links"));
  EXPECT_EQ(CheckCards(body), std::vector<std::string>{});
}

TEST(CardsTest, FailedCaseSaysSo) {
  CaseView view = MakeDecidedCase();
  view.state = CaseState::kFailed;
  Recommendation& rec = view.recommendations[0];
  rec.status = CaseState::kFailed;
  rec.medications.clear();
  rec.reason = "no usable answer";
  const json card = CardOf(view);
  EXPECT_EQ(card["summary"], "The medication council could not answer");
  EXPECT_FALSE(card.contains("suggestions"));
}

TEST(CardsTest, WithdrawnCaseSaysSoAndShowsNothingOfItsAnswer) {
  CaseView view = MakeDecidedCase();
  view.recommendations[0].status = CaseState::kCancelled;  // a revision after its end
  json card = CardOf(view);
  EXPECT_EQ(card["indicator"], "warning");
  EXPECT_EQ(card["summary"],
            "Withdrawn: the data behind this recommendation was replaced or retracted");
  EXPECT_FALSE(card.contains("suggestions"));
  EXPECT_THAT(card["detail"].get<std::string>(), Not(HasSubstr("amoxicillin")));
  view = CaseView{};
  view.id = "case-1";
  view.state = CaseState::kCancelled;
  EXPECT_EQ(CardOf(view)["indicator"], "warning");
}

TEST(CardsTest, EachCaseHasItsCard) {
  CaseView withdrawn;
  withdrawn.id = "case-2";
  withdrawn.state = CaseState::kCancelled;
  const WrittenCards written =
      WriteCards(std::vector<CaseView>{MakeDecidedCase(), withdrawn}, Call(), Settings());
  const json body = json::parse(written.json);
  EXPECT_EQ(CheckCards(body), std::vector<std::string>{});
  ASSERT_EQ(body["cards"].size(), 2u);
  EXPECT_EQ(body["cards"][0]["indicator"], "info");
  EXPECT_EQ(body["cards"][1]["indicator"], "warning");
  ASSERT_EQ(written.shown.size(), 2u);
  EXPECT_EQ(written.shown[1].case_id, "case-2");
}

TEST(CardsTest, SimulatedIsSaidEverywhere) {
  CaseView view = MakeDecidedCase();
  view.recommendations[0].simulated = true;
  view.recommendations[0].models[1].simulated = true;
  const json card = CardOf(view);
  EXPECT_EQ(card["summary"], "SIMULATED: Council recommends amoxicillin");
  EXPECT_EQ(card["suggestions"][0]["label"], "SIMULATED: draft amoxicillin");
  EXPECT_THAT(card["detail"].get<std::string>(),
              testing::StartsWith("**SIMULATED:** at least one answer comes from no real model."));
  EXPECT_THAT(card["detail"].get<std::string>(), HasSubstr("| beta SIMULATED | ok |"));
  EXPECT_THAT(
      card["suggestions"][0]["actions"][0]["resource"]["note"][0]["text"].get<std::string>(),
      testing::StartsWith("SIMULATED: "));
}

TEST(CardsTest, LongNamesStayWithinTheSummary) {
  CaseView view = MakeDecidedCase();
  for (int i = 0; i < 30; ++i) {
    view.recommendations[0].medications.push_back(
        MakeMedication("\xc3\xa4ther" + std::to_string(i)));
  }
  const std::string summary = CardOf(view)["summary"];
  EXPECT_THAT(summary, testing::EndsWith("\u2026"));
}

TEST(CardsTest, TextOfModelsCannotBecomeMarkup) {
  const std::string attack =
      "x](https://evil.example) <script>alert(1)</script> ![p](http://evil.example/p.png)\n"
      "# Heading\n[ref]: https://evil.example\nwww.evil.example me@evil.example";
  CaseView view = MakeDecidedCase();
  Recommendation& rec = view.recommendations[0];
  rec.rationale = rec.cautions = rec.reason = rec.confidence_note = attack;
  rec.dissent = {attack};
  rec.medications[0].ingredient = rec.medications[0].indication = attack;
  rec.candidates[1].ingredients = rec.candidates[1].models = {attack};
  rec.models[0].model = rec.models[0].model_served = attack;
  rec.models[0].ingredients = {attack};
  rec.safety[0].text = rec.safety[0].code = rec.safety[0].rule = attack;
  rec.missing[0].model = rec.missing[0].why = attack;
  rec.agreement[0].values = {attack, attack};
  view.vignette.patient.allergies = view.vignette.patient.medications = {attack};
  view.vignette.patient.sex = attack;
  CardCall call = Call();
  call.drafts = {Draft(attack)};
  call.remarks = {{"unreadable", attack, attack}};
  const json card = CardOf(view, call);
  for (const char* field : {"summary", "detail"}) {
    const std::string text = card[field];
    EXPECT_THAT(text, Not(HasSubstr("<"))) << field;
    EXPECT_THAT(text, Not(HasSubstr("//"))) << field;
    EXPECT_THAT(text, Not(HasSubstr(".example"))) << field;
    EXPECT_THAT(text, Not(HasSubstr("www."))) << field;
    EXPECT_THAT(text, Not(HasSubstr("e@e"))) << field;
    EXPECT_THAT(text, Not(HasSubstr("\n#"))) << field;
    // Each bracket is escaped, so that none of them opens or closes a link.
    for (std::size_t at = text.find_first_of("[]"); at != text.npos;
         at = text.find_first_of("[]", at + 1)) {
      ASSERT_GT(at, 0u);
      EXPECT_EQ(text[at - 1], '\\') << field;
    }
  }
  const std::string label = card["suggestions"][0]["label"];
  EXPECT_THAT(label, Not(HasSubstr("<")));
  EXPECT_THAT(label, Not(HasSubstr("[")));
}

TEST(CardsTest, DetailIsBounded) {
  CaseView view = MakeDecidedCase();
  Recommendation& rec = view.recommendations[0];
  const std::string much(4000, '<');
  rec.dissent.assign(500, much);
  rec.safety.assign(500, Flag("high", much));
  rec.safety[0].text = much;
  rec.candidates.assign(500, rec.candidates[1]);
  rec.models.assign(500, MakeResult(much, {much}, 0.1));
  rec.missing.assign(500, {much, much, much, much});
  rec.rationale = much;
  const std::string detail = CardOf(view)["detail"];
  EXPECT_LE(detail.size(), kDetailBytesMax);
  EXPECT_THAT(detail, HasSubstr("\n\nThe rest is on the page of the case.\n\nCase case-1"));
}

TEST(CardsTest, WhatCouldNotBeHadIsSaid) {
  CardCall call = Call();
  call.remarks = {{"prefetch_failed", "prefetch.allergies", "the client could not get it"}};
  EXPECT_THAT(
      CardOf(MakeDecidedCase(), call)["detail"].get<std::string>(),
      HasSubstr("**Data that could not be used**\n\n"
                "- prefetch\\_failed at `prefetch.allergies`: the client could not get it\n"));
}

}  // namespace
}  // namespace consilium
