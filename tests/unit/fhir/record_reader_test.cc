#include "gateway/fhir/record_reader.h"

#include <gtest/gtest.h>

#include "tests/unit/fhir/fhir_fixture.h"

namespace consilium {
namespace {

constexpr char kPatient[] =
    R"({"resourceType":"Patient","id":"1","identifier":[{"system":"urn:mrn","value":"77",
        "type":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v2-0203","code":"MR"}]}},
        {"use":"old","system":"urn:mrn","value":"11"}],
        "name":[{"use":"maiden","family":"Old"},{"use":"official","family":"Roe","given":["Jane","Q"]}],
        "gender":"female","birthDate":"1970-03"})";

std::string Condition(const std::string& id, const std::string& subject) {
  return R"({"resourceType":"Condition","id":")" + id + R"(","subject":)" + subject +
         R"(,"code":{"text":"Asthma )" + id + R"("}})";
}
std::string At(const std::string& reference) { return R"({"reference":")" + reference + R"("})"; }

TEST(FhirRecordReaderTest, PatientIsReadByItsBestName) {
  FhirRecordReader reader("Patient/1", "https://ehr/fhir/");
  reader.TakeJson(kPatient, "prefetch.patient");
  const FhirRecordReading reading = reader.Finish();
  EXPECT_EQ(LinesOf(reading.issues), Lines{});
  EXPECT_TRUE(reading.has_patient);
  EXPECT_EQ(reading.record.reference, "Patient/1");
  const Demographics expected{{{"urn:mrn", "77", "MR"}}, "Roe", "Jane Q", "1970-03", "female"};
  EXPECT_EQ(reading.record.patient, expected);
}

TEST(FhirRecordReaderTest, OfTooManyNotesTheRestIsLeftOutButNotWhatRetracts) {
  FhirRecordReader reader("1", "");
  const auto take = [&](std::size_t i, const char* status) {
    reader.TakeJson(R"({"resourceType":"DocumentReference","id":"d)" + std::to_string(i) +
                        R"(","status":")" + status +
                        R"(","subject":{"reference":"Patient/1"},"content":[{"attachment":)"
                        R"({"contentType":"text/plain","data":"YWJj"}}]})",
                    "d");
  };
  for (std::size_t i = 0; i <= kFeedNotesMax; ++i) take(i, "current");
  take(1000, "entered-in-error");
  const FhirRecordReading reading = reader.Finish();
  EXPECT_EQ(LinesOf(reading.remarks),
            Lines{"too_many : more than 256 notes: the rest is left out"});
  ASSERT_EQ(reading.record.notes.size(), kFeedNotesMax + 1);
  EXPECT_EQ(reading.record.notes[kFeedNotesMax - 1].document, "DocumentReference/d255");
  EXPECT_EQ(reading.record.notes.back().document, "DocumentReference/d1000");
}

TEST(FhirRecordReaderTest, ResourcesOfAnotherPatientAreLeftOut) {
  FhirRecordReader reader("1", "https://ehr/fhir");
  reader.TakeJson(kPatient, "p");
  const Lines subjects = {
      At("Patient/1"),
      At("https://ehr/fhir/Patient/1"),
      At("https://ehr/fhir/Patient/1/_history/3"),
      R"({"identifier":{"system":"urn:mrn","value":"77"}})",
      R"({"reference":"Patient/1","identifier":{"system":"urn:mrn","value":"77"}})",
      At("Patient/2"),
      At("https://other/fhir/Patient/1"),
      At("Group/1"),
      At("#p"),
      R"({"identifier":{"value":"77"}})",
      R"({"display":"Jane Roe"})",
      R"({"reference":"Patient/2","identifier":{"system":"urn:mrn","value":"88"}})"};
  for (std::size_t i = 0; i < subjects.size(); ++i) {
    const std::string id = std::string("c") + static_cast<char>('a' + i);
    reader.TakeJson(Condition(id, subjects[i]), id);
  }
  const FhirRecordReading reading = reader.Finish();
  EXPECT_EQ(LinesOf(reading.issues), Lines{});
  EXPECT_EQ(LinesOf(reading.record.facts),
            (Lines{"diagnosis|active|Asthma ca||||", "diagnosis|active|Asthma cb||||",
                   "diagnosis|active|Asthma cc||||", "diagnosis|active|Asthma cd||||",
                   "diagnosis|active|Asthma ce||||"}));
  EXPECT_EQ(LinesOf(reading.remarks),
            (Lines{"subject_unresolved cf.subject: leads to no Patient that was sent: left out",
                   "subject_unresolved cg.subject: leads to no Patient that was sent: left out",
                   "subject_unresolved ch.subject: leads to no Patient that was sent: left out",
                   "subject_unresolved ci.subject: leads to no Patient that was sent: left out",
                   "subject_unresolved cj.subject: leads to no Patient that was sent: left out",
                   "subject_unresolved ck.subject: leads to no Patient that was sent: left out",
                   "subject_unresolved cl.subject: leads to no Patient that was sent: left out"}));
}

TEST(FhirRecordReaderTest, IdentifierOfAnotherPatientContradictsTheReference) {
  FhirRecordReader reader("1", "");
  reader.TakeJson(kPatient, "p");
  reader.TakeJson(
      R"({"resourceType":"Patient","id":"2","identifier":[{"system":"urn:mrn","value":"88"}]})",
      "q");
  reader.TakeJson(Condition("a", At("Patient/2")), "a");
  reader.TakeJson(
      Condition("b", R"({"reference":"Patient/1","identifier":{"system":"urn:mrn","value":"88"}})"),
      "b");
  const FhirRecordReading reading = reader.Finish();
  EXPECT_EQ(LinesOf(reading.record.facts), Lines{});
  EXPECT_EQ(LinesOf(reading.remarks),
            (Lines{"other_patient a: is about another patient: left out",
                   "subject_ambiguous b.subject: its reference and its identifier lead to two "
                   "resources: left out"}));
}

TEST(FhirRecordReaderTest, PatientThatDidNotComeIsKnownById) {
  FhirRecordReader reader("1", "https://ehr/fhir");
  reader.TakeJson(R"({"resourceType":"Bundle","type":"searchset","entry":[
      {"fullUrl":"https://ehr/fhir/Condition/a","resource":)" +
                      Condition("a", At("Patient/1")) +
                      R"(},{"resource":{"resourceType":"OperationOutcome","id":"o"}},
      {"fullUrl":"https://ehr/fhir/Task/9","resource":{"resourceType":"Task","id":"9"}}],
      "link":[{"relation":"self","url":"u"},{"relation":"next","url":"u"}]})",
                  "prefetch.c");
  reader.TakeJson("null", "prefetch.none");
  reader.TakeJson(Condition("a", At("Patient/1")), "again");
  const FhirRecordReading reading = reader.Finish();
  EXPECT_FALSE(reading.has_patient);
  EXPECT_EQ(reading.record.patient, Demographics{});
  EXPECT_EQ(LinesOf(reading.issues), Lines{});
  EXPECT_EQ(LinesOf(reading.record.facts), Lines{"diagnosis|active|Asthma a||||"});
  EXPECT_EQ(LinesOf(reading.remarks),
            (Lines{"no_data prefetch.c.entry[1].resource: an OperationOutcome in the place of data",
                   "resource_ignored prefetch.c.entry[2].resource: Task: not read",
                   "more_pages prefetch.c.link[1]: there is more than was sent"}));
}

TEST(FhirRecordReaderTest, ResourceWithIssuesIsLeftOutAndTheOthersStay) {
  FhirRecordReader reader("1", "");
  reader.TakeJson(R"({"resourceType":"Condition","subject":{"reference":"Patient/1"},"code":"x"})",
                  "a");
  reader.TakeJson(
      R"({"resourceType":"Condition","subject":{"reference":"Patient/1"},"code":{"text":"x"},
          "stage":[{"modifierExtension":[{"url":"u","valueBoolean":true}]}]})",
      "b");
  reader.TakeJson(Condition("c", At("Patient/1")), "c");
  reader.TakeJson("{", "d");
  reader.TakeJson(R"({"resourceType":"Bundle","type":"history"})", "e");
  const FhirRecordReading reading = reader.Finish();
  EXPECT_EQ(LinesOf(reading.issues),
            (Lines{"fatal invalid d: not JSON at byte 2",
                   "error not-supported e.type: expected searchset or collection",
                   "error structure a.code: expected an object",
                   "error extension b.stage[0].modifierExtension: a modifierExtension that is not "
                   "known here, expected none"}));
  EXPECT_EQ(LinesOf(reading.record.facts), Lines{"diagnosis|active|Asthma c||||"});
}

}  // namespace
}  // namespace consilium
