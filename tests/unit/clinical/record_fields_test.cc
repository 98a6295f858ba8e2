#include <gtest/gtest.h>

#include "gateway/clinical/plan.h"
#include "shared/codec.h"
#include "shared/seal.h"

namespace consilium {
namespace {

FeedRecord FullRecord() {
  FeedRecord record;
  record.patient = {{{"HOSP", "42", "MR"}, {"", "43", ""}}, "Muster", "Eva", "1970-02", "female"};
  record.patient.deceased = "no";
  record.merged = {{"HOSP", "41", "MR"}};
  record.deleted = true;
  Fact fact{
      FactKind::kMeasurement, "Creatinine", "2160-0", "LN", "2", "fasting", 1.25, "1.25", "mg/dL",
      FactStatus::kActive,    "2026-11-28"};
  record.facts = {fact,
                  {FactKind::kAllergy, "", "", "", "", "", {}, "", "", FactStatus::kNoneKnown, ""}};
  record.notes = {{NoteAction::kAddendum,
                   "D2",
                   "D1",
                   "Progress note",
                   "Better.",
                   "2026-11-28",
                   {"C2", "m|2"},
                   {"s|2"},
                   {"m|1"},
                   {"D2", "HIS", "", ""}}};
  record.reason = "cough";
  record.account = "A1";
  record.visit = "V1";
  record.placer = {"P1", "HIS", "1.2", "ISO"};
  record.filler.id = "F1";
  record.reference = "Patient/1";
  record.names = {"Meier"};
  record.numbers = {"555-0100"};
  record.notes.front().unread = Unread::kLength;
  return record;
}

TEST(RecordFieldsTest, ARecordComesBackAsItWasPacked) {
  const auto back = UnpackSealed<FeedRecord>(PackSealed(FullRecord()));
  ASSERT_TRUE(back.ok()) << back.error().text;
  EXPECT_EQ(*back, FullRecord());
}

TEST(RecordFieldsTest, AMessageComesBackAsItWasPacked) {
  FeedMessage message;
  message.door = "hl7";
  message.sender = "APP|FAC";
  message.source = "ehr";
  message.domain = "FAC";
  message.id = "1";
  message.digest = "aa";
  message.type = "MDM^T02";
  message.time = "2026";
  message.production = false;
  message.records = {FullRecord(), {}};
  message.remarks = {{"charset_doubt", "MSH-18", "text"}};
  const auto back = Unpack<FeedMessage>(Pack(message));
  ASSERT_TRUE(back.ok()) << back.error().text;
  EXPECT_EQ(back->sender, message.sender);
  EXPECT_EQ(back->source, message.source);
  EXPECT_EQ(back->domain, message.domain);
  EXPECT_EQ(back->type, message.type);
  EXPECT_FALSE(back->production);
  EXPECT_EQ(back->records, message.records);
  EXPECT_EQ(back->remarks, message.remarks);
}

TEST(RecordFieldsTest, AContextComesBackAsItWasPacked) {
  const PatientContext context{
      FullRecord().patient, 7, {{FullRecord().facts[0], 5}}, {{"hl7-1", 6}}, "V1"};
  const auto back = UnpackSealed<PatientContext>(PackSealed(context));
  ASSERT_TRUE(back.ok()) << back.error().text;
  EXPECT_EQ(*back, context);
}

TEST(RecordFieldsTest, ADocumentComesBackAsItWasPacked) {
  DocumentState state{"APP|FAC",
                      "D2",
                      "hl7-1",
                      "cd",
                      true,
                      "D9",
                      {"ab"},
                      {"k"},
                      FullRecord().notes,
                      {{"D0", "D1"}},
                      {{"hl7-0", {"k2"}, {"D7"}}}};
  const auto back = UnpackSealed<DocumentState>(PackSealed(state));
  ASSERT_TRUE(back.ok()) << back.error().text;
  EXPECT_EQ(*back, state);
}

TEST(RecordFieldsTest, APlanComesBackAsItWasPacked) {
  AdmissionPlan plan;
  plan.request.emplace();
  plan.request->id = "hl7-1";
  plan.request->vignette.text = "text";
  plan.origin = CaseOrigin{"hl7-1",
                           "hl7",
                           "APP|FAC",
                           "1",
                           "MDM^T02",
                           FullRecord().patient,
                           "A",
                           "V",
                           FullRecord().placer,
                           FullRecord().filler,
                           {"D1"},
                           {"D1", "HIS", "", ""},
                           "",
                           9};
  plan.same_as = "hl7-0";
  plan.withdraw = {{"hl7-2", "replaced", "hl7-1"}};
  plan.remarks = {{"id_reused", "MSH-10", "text"}};
  const auto back = UnpackSealed<AdmissionPlan>(PackSealed(plan));
  ASSERT_TRUE(back.ok()) << back.error().text;
  ASSERT_TRUE(back->request.has_value());
  EXPECT_EQ(back->request->vignette.text, "text");
  EXPECT_FALSE(back->refusal.has_value());
  EXPECT_EQ(back->origin, plan.origin);
  EXPECT_EQ(back->same_as, plan.same_as);
  EXPECT_EQ(back->withdraw, plan.withdraw);
  EXPECT_EQ(back->remarks, plan.remarks);
}

TEST(RecordFieldsTest, AStatusThatThisVersionDoesNotKnowIsRefusedByItsPlace) {
  const auto read = FromJson<FeedRecord>(
      R"({"patient": {}, "facts": [{"kind": "allergy", "status": "perhaps"}]})");
  ASSERT_FALSE(read.ok());
  EXPECT_EQ(
      read.error().text,
      "facts[0].status = \"perhaps\", expected one of active, inactive, withdrawn, none_known");
}

}  // namespace
}  // namespace consilium
