#include "tests/unit/clinical/plan_fixture.h"

namespace consilium {
namespace {

TEST(PlanTest, ANewNoteStartsACaseWithWhatIsKnownOfItsPatient) {
  Feed feed;
  EXPECT_FALSE(feed.Send(WithFact("ADT^A01", FactKind::kAllergy, "Latex")).request.has_value());
  FeedMessage message = Noted(NoteAction::kNew, "D1", "", "Cough.");
  FeedRecord& record = message.records[0];
  record.account = "A";
  record.visit = "V";
  record.placer.id = "P";
  record.filler.id = "F";
  record.reference = "Patient/42";
  const AdmissionPlan plan = feed.Send(message);
  ASSERT_TRUE(plan.request.has_value());
  EXPECT_EQ(plan.request->id, FeedCaseId(message, 0));
  EXPECT_EQ(plan.request->source, "hl7 APP|FAC");
  EXPECT_EQ(plan.request->vignette.text,
            "Cough.\n\nStated beside the notes:\nAllergies: Latex\n"
            "Current medications: not stated.\n");
  EXPECT_EQ(plan.request->vignette.patient.allergies, List{"Latex"});
  EXPECT_EQ(plan.origin, (CaseOrigin{plan.request->id,
                                     "hl7",
                                     "APP|FAC",
                                     message.id,
                                     "MDM^T02",
                                     record.patient,
                                     "A",
                                     "V",
                                     {"P", "", "", ""},
                                     {"F", "", "", ""},
                                     {"D1"},
                                     {},
                                     "Patient/42",
                                     feed.now}));
  EXPECT_EQ(plan.withdraw, Withdrawn());
  EXPECT_EQ(Codes(plan), List());
}

TEST(PlanTest, APlanIsTheSameHoweverOftenItIsMade) {
  const FeedMessage message = Noted(NoteAction::kNew, "D1", "", "Cough.");
  const AdmissionPlan one = Feed().Send(message);
  const AdmissionPlan two = Feed().Send(message);
  EXPECT_EQ(one.request->id, two.request->id);
  EXPECT_EQ(Text(one), Text(two));
  EXPECT_EQ(one.documents, two.documents);
  EXPECT_EQ(one.contexts, two.contexts);
}

TEST(PlanTest, AMessageWhoseTypeIsNotRoutedIsContextOnly) {
  Feed feed;
  FeedMessage message = Noted(NoteAction::kNew, "D1", "", "Report.");
  message.type = "ORU^R01";
  const AdmissionPlan plan = feed.Send(message);
  EXPECT_FALSE(plan.request.has_value());
  EXPECT_FALSE(plan.refusal.has_value());
  EXPECT_EQ(plan.documents.size(), 0u);
  EXPECT_EQ(plan.contexts.size(), 1u);
}

TEST(PlanTest, AnotherPatientsContextIsNeverTaken) {
  Feed feed;
  feed.Send(WithFact("ADT^A01", FactKind::kAllergy, "Latex", "41"));
  feed.Send(WithFact("ADT^A01", FactKind::kAllergy, "Nuts", ""));
  EXPECT_EQ(feed.contexts.size(), 1u);
  EXPECT_EQ(Text(feed.Send(Noted(NoteAction::kNew, "D1", "", "Cough.", "42"))),
            std::string("Cough.") + kBeside);
  const AdmissionPlan nobody = feed.Send(Noted(NoteAction::kNew, "D2", "", "Cough.", ""));
  EXPECT_EQ(Text(nobody), std::string("Cough.") + kBeside);
  EXPECT_EQ(nobody.contexts.size(), 0u);
  EXPECT_EQ(Codes(nobody), List{"no_patient_key"});
}

TEST(PlanTest, AContradictionTakesNothingAndSaysSoOnce) {
  Feed feed;
  FeedMessage first = WithFact("ADT^A01", FactKind::kAllergy, "Latex");
  first.records[0].patient.sex = "female";
  feed.Send(first);
  FeedMessage second = Noted(NoteAction::kNew, "D1", "", "Cough.");
  second.records[0].patient.sex = "male";
  const AdmissionPlan plan = feed.Send(second);
  EXPECT_EQ(
      Text(plan),
      "Cough.\n\nStated beside the notes:\nEarlier statements under this patient's number are "
      "not used: birth date, sex or family name do not agree. There may be allergies and "
      "medications that are not listed here.\nAllergies: not stated.\n"
      "Current medications: not stated.\n");
  EXPECT_EQ(Codes(plan), List{"context_conflict"});
  EXPECT_EQ(plan.contexts.size(), 0u) << "what was kept stays as it is";
  second.records[0].patient.sex = "female";
  second.id = "agrees";
  EXPECT_NE(Text(feed.Send(second)).find("Allergies: Latex"), std::string::npos);
}

TEST(PlanTest, AMergeForgetsWhatWasKeptUnderTheIdThatEnds) {
  Feed feed;
  feed.Send(WithFact("ADT^A01", FactKind::kAllergy, "Latex", "41"));
  FeedMessage merge = Message("ADT^A40", "42");
  merge.records[0].merged = {{"HOSP", "41", "MR"}, {"HOSP", "42", "MR"}};
  const AdmissionPlan plan = feed.Send(merge);
  EXPECT_EQ(plan.forget, PatientKeys({{"HOSP", "41", "MR"}}, {"APP|FAC", ""}));
  EXPECT_EQ(Codes(plan), List{"merge_with_itself"});
  EXPECT_EQ(Text(feed.Send(Noted(NoteAction::kNew, "D1", "", "Cough.", "41"))),
            std::string("Cough.") + kBeside);
}

TEST(PlanTest, AReferralAsksByItsReasonAndOneWithoutIsRefused) {
  FeedMessage message = Message("REF^I12");
  EXPECT_EQ(Feed().Send(message).refusal,
            (Refusal{"invalid",
                     "nothing to ask about: expected a note, a reason or an active diagnosis"}));
  message.records[0].reason = "chest pain";
  EXPECT_EQ(Text(Feed().Send(message)),
            "Reason: chest pain\nAllergies: not stated.\nCurrent medications: not stated.\n");
}

FeedMessage Deletion(const char* visit = "", const char* patient = "42") {
  FeedMessage message = Message("ADT^A23", patient);
  message.records[0].deleted = true;
  message.records[0].visit = visit;
  return message;
}

TEST(PlanTest, ADeletedPatientIsForgottenAndItsCaseWithdrawn) {
  Feed feed;
  feed.Send(WithFact("ADT^A01", FactKind::kAllergy, "Latex"));
  const AdmissionPlan first = feed.Send(Noted(NoteAction::kNew, "D1", "", "Cough."));
  feed.Send(WithFact("ADT^A01", FactKind::kAllergy, "Latex", "41"));
  const AdmissionPlan deletion = feed.Send(Deletion());
  EXPECT_EQ(deletion.withdraw, (Withdrawn{{first.request->id, "deleted", ""}}));
  EXPECT_EQ(Codes(deletion), List{"patient_deleted"});
  EXPECT_FALSE(deletion.request.has_value());
  EXPECT_EQ(feed.contexts.size(), 1u) << "that of the other patient stays";
  EXPECT_EQ(Text(feed.Send(Noted(NoteAction::kNew, "D2", "", "Fever."))),
            std::string("Fever.") + kBeside);
  EXPECT_EQ(Codes(feed.Send(Deletion("", "40"))), List()) << "nothing was known";
}

TEST(PlanTest, ADeletedVisitLeavesWhatIsOfALaterOne) {
  Feed feed;
  FeedMessage message = WithFact("ADT^A01", FactKind::kAllergy, "Latex");
  message.records[0].visit = "V2";
  feed.Send(message);
  const AdmissionPlan other = feed.Send(Deletion("V1"));
  EXPECT_EQ(Codes(other), List{"other_visit_deleted"});
  EXPECT_EQ(feed.contexts.size(), 1u);
  EXPECT_EQ(Codes(feed.Send(Deletion("V2"))), List{"patient_deleted"});
  EXPECT_EQ(feed.contexts.size(), 0u);
}

TEST(PlanTest, ADeletionTouchesNobodyElseWhoHasTheNumberNow) {
  Feed feed;
  FeedMessage message = WithFact("ADT^A01", FactKind::kAllergy, "Latex");
  message.records[0].patient.sex = "male";
  feed.Send(message);
  FeedMessage deletion = Deletion();
  deletion.records[0].patient.sex = "female";
  EXPECT_EQ(Codes(feed.Send(deletion)), List{"context_conflict"});
  EXPECT_EQ(feed.contexts.size(), 1u);
}

TEST(PlanTest, NoCaseStartsForAPatientWhoIsRecordedAsDead) {
  Feed feed;
  const AdmissionPlan first = feed.Send(Noted(NoteAction::kNew, "D1", "", "Cough."));
  FeedMessage death = Message("ADT^A08");
  death.records[0].patient.deceased = "yes";
  EXPECT_EQ(Codes(feed.Send(death)), List());
  const AdmissionPlan later =
      feed.Send(Noted(NoteAction::kReplace, "D1", "", "Died of pneumonia."));
  EXPECT_FALSE(later.request.has_value());
  EXPECT_FALSE(later.refusal.has_value());
  EXPECT_EQ(Codes(later), List{"patient_deceased"});
  EXPECT_EQ(later.withdraw, (Withdrawn{{first.request->id, "replaced", ""}}));
  FeedMessage mistake = Noted(NoteAction::kNew, "D2", "", "Feels well.");
  mistake.records[0].patient.deceased = "no";
  EXPECT_TRUE(feed.Send(mistake).request.has_value());
}

TEST(PlanTest, ATrainingMessageDoesNothing) {
  Feed feed;
  FeedMessage message = Noted(NoteAction::kNew, "D1", "", "Cough.");
  message.production = false;
  const AdmissionPlan plan = feed.Send(message);
  EXPECT_FALSE(plan.request.has_value());
  EXPECT_EQ(Codes(plan), List{"not_production"});
  EXPECT_EQ(feed.contexts.size() + feed.documents.size(), 0u);
  EXPECT_EQ(KeysOf(message, 0, Settings()).contexts.size(), 0u);
}

TEST(PlanTest, AReusedIdIsSaid) {
  PlanLookup lookup;
  lookup.id_reused = true;
  lookup.now_ms = kNow;
  const auto plan =
      PlanAdmission(Noted(NoteAction::kNew, "D1", "", "Cough."), 0, lookup, Settings());
  ASSERT_TRUE(plan.ok());
  EXPECT_EQ(Codes(*plan), List{"id_reused"});
  EXPECT_TRUE(plan->request.has_value());
}

TEST(PlanTest, ARecordThatIsNotThereIsRefused) {
  const auto plan = PlanAdmission(Message("MDM^T02"), 1, {}, Settings());
  ASSERT_FALSE(plan.ok());
  EXPECT_EQ(plan.error().text, "record = 1, expected less than 1");
}

}  // namespace
}  // namespace consilium
