#include "gateway/fhir/read_bundle.h"

#include <gtest/gtest.h>

#include "shared/ids.h"
#include "tests/unit/fhir/fhir_fixture.h"
#include "tests/unit/fhir/shared_examples.h"

namespace consilium {
namespace {

std::string Bundle(const std::string& type, const Lines& entries, const std::string& more = "") {
  std::string json = R"({"resourceType":"Bundle","type":")" + type + "\"" + more;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    json += (i == 0 ? R"(,"entry":[)" : ",") + entries[i];
  }
  return json + (entries.empty() ? "}" : "]}");
}
std::string Entry(const std::string& url, const std::string& resource,
                  const std::string& more = "") {
  return R"({"fullUrl":")" + url + R"(","resource":)" + resource + more + "}";
}
std::string Patient(const std::string& id, const std::string& more = "") {
  return R"({"resourceType":"Patient","id":")" + id +
         R"(","identifier":[{"system":"urn:mrn","value":"M)" + id + R"("}])" + more + "}";
}
std::string Condition(const std::string& name, const std::string& reference) {
  return R"({"resourceType":"Condition","subject":{"reference":")" + reference +
         R"("},"code":{"text":")" + name + R"("}})";
}
std::string Note(const std::string& reference) {
  return R"({"resourceType":"DocumentReference","status":"current","subject":{"reference":")" +
         reference + R"("},"content":[{"attachment":{"contentType":"text/plain","data":"YWJj"}}]})";
}
const std::string kA = "urn:uuid:0b8b4b0c-1111-4b51-9c2c-000000000001";
const std::string kB = "urn:uuid:0b8b4b0c-1111-4b51-9c2c-000000000002";

Lines Issues(const std::string& json) { return LinesOf(ReadBundle(json).issues); }

// "reference: facts" of every record.
Lines Records(const FhirBundleReading& reading) {
  Lines lines = LinesOf(reading.issues);
  if (!reading.message) return lines;
  for (const FeedRecord& record : reading.message->records) {
    std::string line = record.reference + ":";
    for (const Fact& fact : record.facts) line += " " + fact.text;
    for (const PatientId& id : record.merged) line += " ends " + id.value;
    lines.push_back(line);
  }
  return lines;
}
Lines RemarksOf(const FhirBundleReading& reading) {
  return reading.message ? LinesOf(reading.message->remarks) : Lines{"refused"};
}

TEST(ReadBundleTest, ResourcesGoToThePatientTheirSubjectLeadsTo) {
  const std::string json = Bundle(
      "collection",
      {Entry(kA, Patient("1")), Entry(kB, Patient("2")), Entry("urn:uuid:c", Condition("a", kA)),
       Entry("urn:uuid:d", Condition("b", kB)), Entry("urn:uuid:e", Condition("c", "Patient/2")),
       Entry("urn:uuid:f", Condition("d", "Patient?identifier=urn:mrn|M1"))});
  const FhirBundleReading reading = ReadBundle(json);
  EXPECT_EQ(Records(reading), (Lines{kA + ": a d", kB + ": b c"}));
  EXPECT_EQ(RemarksOf(reading), Lines{});
  EXPECT_EQ(reading.message->door, "fhir");
  EXPECT_EQ(reading.message->type, "Bundle/collection");
  EXPECT_EQ(reading.message->digest, Sha256Hex(json));
  EXPECT_EQ(reading.message->id, "");
  EXPECT_TRUE(reading.message->production);
}

TEST(ReadBundleTest, MoreNotesAboutOnePatientThanAreTakenRefuseTheBundle) {
  Lines entries = {Entry(kA, Patient("1")), Entry(kB, Patient("2"))};
  for (std::size_t i = 0; i < kFeedNotesMax; ++i) {
    entries.push_back(Entry("urn:uuid:d" + std::to_string(i), Note(kB)));
  }
  EXPECT_EQ(Issues(Bundle("collection", entries)), Lines{});
  entries.push_back(Entry("urn:uuid:more", Note(kA)));
  EXPECT_EQ(Issues(Bundle("collection", entries)), Lines{});
  entries.push_back(Entry("urn:uuid:yet", Note(kB)));
  EXPECT_EQ(
      Issues(Bundle("collection", entries)),
      Lines{"error too-costly Bundle.entry[1].resource: 257 notes about this Patient, expected "
            "at most 256"});
}

TEST(ReadBundleTest, WhoseSubjectLeadsNowhereIsLeftOutAlsoWithOnePatient) {
  const FhirBundleReading reading = ReadBundle(Bundle(
      "collection",
      {Entry("https://a/fhir/Patient/1", Patient("1")),
       Entry("https://a/fhir/Condition/1", Condition("own", "Patient/1")),
       Entry("https://b/fhir/Condition/1", Condition("other server", "Patient/1")),
       Entry("https://a/fhir/Condition/2", Condition("other server", "https://b/fhir/Patient/1")),
       Entry("https://a/fhir/Condition/3", Condition("other patient", "Patient/2")),
       Entry("https://a/fhir/Condition/4", Condition("group", "Group/1")),
       Entry(
           "https://a/fhir/Observation/1",
           R"({"resourceType":"Observation","status":"final","code":{"text":"K"},"valueString":"x"})")}));
  EXPECT_EQ(Records(reading), Lines{"Patient/1: own"});
  const std::string nowhere = ".resource.subject: leads to no Patient that was sent: left out";
  EXPECT_EQ(RemarksOf(reading),
            (Lines{"subject_unresolved Bundle.entry[2]" + nowhere,
                   "subject_unresolved Bundle.entry[3]" + nowhere,
                   "subject_unresolved Bundle.entry[4]" + nowhere,
                   "subject_unresolved Bundle.entry[5]" + nowhere,
                   "subject_missing Bundle.entry[6].resource.subject: is not stated: the resource "
                   "is left out, and nobody is guessed"}));
}

TEST(ReadBundleTest, SubjectThatFitsTwoPatientsIsNobody) {
  const std::string same =
      R"({"resourceType":"Patient","identifier":[{"system":"s","value":"1"}]})";
  const FhirBundleReading reading = ReadBundle(Bundle(
      "collection",
      {Entry(kA, same), Entry(kB, same),
       R"({"resource":{"resourceType":"Condition","code":{"text":"x"},"subject":{"identifier":{"system":"s","value":"1"}}}})",
       Entry("http://a/Patient/1", Patient("1")), Entry("http://b/Patient/1", Patient("1")),
       Entry("urn:uuid:c", Condition("y", "Patient/1"))}));
  EXPECT_EQ(RemarksOf(reading),
            (Lines{"subject_ambiguous Bundle.entry[2].resource.subject: leads to more than one "
                   "resource: left out",
                   "subject_ambiguous Bundle.entry[5].resource.subject: leads to more than one "
                   "resource: left out"}));
}

TEST(ReadBundleTest, SubjectThatIsNoPatientIsNobody) {
  const FhirBundleReading reading = ReadBundle(Bundle(
      "collection", {Entry(kA, Patient("1")), Entry(kB, R"({"resourceType":"Device","id":"d"})"),
                     Entry("urn:uuid:c", Condition("x", kB))}));
  EXPECT_EQ(Records(reading), Lines{kA + ":"});
  EXPECT_EQ(RemarksOf(reading),
            (Lines{"subject_not_patient Bundle.entry[2].resource.subject: is a Device, no Patient: "
                   "left out",
                   "resource_ignored Bundle: Device: not read (1)"}));
}

TEST(ReadBundleTest, SamePlaceTwiceIsRefused) {
  EXPECT_EQ(Issues(Bundle("collection", {Entry(kA, Patient("1")), Entry(kA, Patient("2"))})),
            Lines{"error duplicate Bundle.entry[1]: a resource of this fullUrl, or type and id, is "
                  "there already"});
}

TEST(ReadBundleTest, MessageIsKnownByItsHeader) {
  const std::string header =
      R"({"resourceType":"MessageHeader","id":"m-7","eventCoding":{"system":"s","code":"note"},
          "source":{"endpoint":"https://ehr/out"}})";
  const FhirBundleReading reading = ReadBundle(
      Bundle("message", {Entry("urn:uuid:h", header), Entry(kA, Patient("1"))},
             R"(,"timestamp":"2026-11-28T10:00:00Z","identifier":{"system":"s","value":"b"})"));
  ASSERT_EQ(LinesOf(reading.issues), Lines{});
  EXPECT_EQ(reading.message->id, "m-7");
  EXPECT_EQ(reading.message->sender, "https://ehr/out");
  EXPECT_EQ(reading.message->time, "2026-11-28T10:00:00Z");
  EXPECT_EQ(RemarksOf(reading), Lines{});
}

TEST(ReadBundleTest, MessageWithoutItsHeaderOrThatIsAnAnswerIsRefused) {
  EXPECT_EQ(Issues(Bundle("message", {Entry(kA, Patient("1"))})),
            Lines{"error structure Bundle.entry[0].resource: expected a MessageHeader, first of a "
                  "message"});
  EXPECT_EQ(
      Issues(Bundle(
          "message",
          {Entry("urn:uuid:h",
                 R"({"resourceType":"MessageHeader","response":{"identifier":"1","code":"ok"}})"),
           Entry(kA, Patient("1"))})),
      (Lines{"error not-supported Bundle.entry[0].resource.response: an answer to a message, "
             "expected a message",
             "error required Bundle.entry[0].resource.event[x]: missing",
             "error required Bundle.entry[0].resource.source.endpoint: missing"}));
}

TEST(ReadBundleTest, MessageSpeaksForNoHolderOfATokenAndNoSenderOfHl7) {
  for (const char* endpoint : {"ehr", "HIS|WARD", "https://his|ward"}) {
    const std::string header =
        R"({"resourceType":"MessageHeader","eventUri":"urn:e","source":{"endpoint":")" +
        std::string(endpoint) + R"("}})";
    EXPECT_EQ(Issues(Bundle("message", {Entry("urn:uuid:h", header), Entry(kA, Patient("1"))})),
              Lines{"error value Bundle.entry[0].resource.source.endpoint: expected a URL"})
        << endpoint;
  }
}

TEST(ReadBundleTest, DocumentBeginsWithItsComposition) {
  const std::string composition =
      R"({"resourceType":"Composition","status":"final","type":{"text":"T"},"title":"Letter","date":"2026",
          "identifier":{"system":"urn:d","value":"7"},"subject":{"reference":")" +
      kA + R"("},"section":[{"title":"Plan","text":{"div":"<div>Rest</div>"}}]})";
  const std::string name = R"(,"identifier":{"system":"urn:b","value":"9"})";
  const FhirBundleReading reading = ReadBundle(
      Bundle("document", {Entry("urn:uuid:c", composition), Entry(kA, Patient("1"))}, name));
  ASSERT_EQ(LinesOf(reading.issues), Lines{});
  EXPECT_EQ(reading.message->id, "urn:b|9");
  EXPECT_EQ(LineOf(reading.message->records.at(0).notes.at(0)),
            "new|urn:d|7||Letter|2026|Plan\nRest");
  EXPECT_EQ(Issues(Bundle("document", {Entry(kA, Patient("1")), Entry("urn:uuid:c", composition)})),
            Lines{"error structure Bundle.entry[0].resource: expected a Composition, first of a "
                  "document"});
}

TEST(ReadBundleTest, TransactionTakesWhatIsMadeAndNothingElse) {
  const auto request = [](const char* method) {
    return std::string(R"(,"request":{"method":")") + method + R"(","url":"x"})";
  };
  EXPECT_EQ(Records(ReadBundle(Bundle("transaction", {Entry(kA, Patient("1"), request("PUT")),
                                                      Entry(kB, Patient("2"), request("POST"))}))),
            (Lines{kA + ":", kB + ":"}));
  EXPECT_EQ(
      Issues(Bundle("batch", {Entry(kA, Patient("1"), request("POST")),
                              R"({"request":{"method":"DELETE","url":"Condition/1"}})"})),
      (Lines{"error not-supported Bundle.entry[1].request.method: DELETE, expected POST or PUT",
             "error required Bundle.entry[1].resource: missing"}));
}

TEST(ReadBundleTest, OtherTypesAreRefused) {
  EXPECT_EQ(Issues(Bundle("searchset", {})),
            Lines{"error not-supported Bundle.type: searchset, expected collection, transaction, "
                  "batch, message or document"});
  EXPECT_EQ(Issues(R"({"resourceType":"Bundle"})"), Lines{"error required Bundle.type: missing"});
  EXPECT_EQ(Issues(Patient("1")),
            Lines{"error not-supported Patient.resourceType: expected a Bundle"});
  EXPECT_EQ(Issues(Bundle("collection", {})),
            Lines{"error required Bundle.entry: no Patient, expected at least one"});
}

TEST(ReadBundleTest, UnknownModifierRefusesTheMessageWhereItIs) {
  const std::string modifier = R"("modifierExtension":[{"url":"u","valueBoolean":true}])";
  const std::string why =
      "modifierExtension: a modifierExtension that is not known here, expected none";
  const std::string condition =
      R"({"resourceType":"Condition","subject":{"reference":")" + kA + R"("},"code":{"text":"x"},)";
  EXPECT_EQ(Issues(Bundle("collection",
                          {Entry(kA, Patient("1")), Entry(kB, condition + modifier + "}")})),
            Lines{"error extension Bundle.entry[1].resource." + why});
  EXPECT_EQ(Issues(Bundle("collection", {Entry(kA, Patient("1")),
                                         Entry(kB, condition + R"("evidence":[{"id":"e"},{)" +
                                                       modifier + "}]}")})),
            Lines{"error extension Bundle.entry[1].resource.evidence[1]." + why});
  EXPECT_EQ(Issues(Bundle("collection", {Entry(kA, Patient("1"), "," + modifier)})),
            Lines{"error extension Bundle.entry[0]." + why});
  EXPECT_EQ(Issues(Bundle("collection", {Entry(kA, Patient("1", R"(,"implicitRules":"urn:r")"))})),
            Lines{"error not-supported Bundle.entry[0].resource.implicitRules: implicit rules that "
                  "are not known here, expected none"});
  EXPECT_EQ(Records(ReadBundle(Bundle(
                "collection", {Entry(kA, Patient("1")),
                               Entry(kB, R"({"resourceType":"Device",)" + modifier + "}")}))),
            Lines{kA + ":"})
      << "what is not read is not processed";
}

TEST(ReadBundleTest, WrongResourceRefusesTheMessage) {
  EXPECT_EQ(
      Issues(Bundle("collection", {Entry(kA, Patient("1")),
                                   Entry(kB, R"({"resourceType":"Condition","code":{"text":"x"}})"),
                                   R"({"resource":{"id":"x"}})", R"({"resource":[]})"})),
      Lines{"fatal structure Bundle.entry[3].resource: an empty array, expected items or nothing"});
  EXPECT_EQ(Issues(Bundle("collection", {Entry(kA, Patient("1")), R"({"resource":{"id":"x"}})"})),
            Lines{"error required Bundle.entry[1].resource.resourceType: missing"});
  EXPECT_EQ(Issues(Bundle("collection",
                          {Entry(kA, Patient("1")),
                           Entry(kB, R"({"resourceType":"Condition","code":{"text":"x"}})")})),
            Lines{"error required Bundle.entry[1].resource.subject: missing"});
}

TEST(ReadBundleTest, PatientThatAnotherReplacesEnds) {
  const auto link = [](const std::string& type, const std::string& other) {
    return R"(,"link":[{"type":")" + type + R"(","other":{"reference":")" + other + R"("}}])";
  };
  const FhirBundleReading reading = ReadBundle(
      Bundle("collection", {Entry(kA, Patient("1", link("replaces", kB))), Entry(kB, Patient("2")),
                            Entry("urn:uuid:c", Condition("x", kB))}));
  EXPECT_EQ(Records(reading), Lines{kA + ": ends M2"});
  EXPECT_EQ(RemarksOf(reading),
            Lines{"subject_ended Bundle.entry[2].resource: is about a Patient in "
                  "whose place another stands: left out"});
  EXPECT_EQ(
      Records(ReadBundle(Bundle("collection", {Entry(kA, Patient("1")),
                                               Entry(kB, Patient("2", link("replaced-by", kA)))}))),
      Lines{kA + ": ends M2"});
}

TEST(ReadBundleTest, DataForTestsIsNotProduction) {
  const std::string label =
      R"(,"meta":{"security":[{"system":"http://terminology.hl7.org/CodeSystem/v3-ActReason","code":"HTEST"}]})";
  EXPECT_FALSE(
      ReadBundle(Bundle("collection", {Entry(kA, Patient("1"))}, label)).message->production);
  EXPECT_FALSE(
      ReadBundle(Bundle("collection", {Entry(kA, Patient("1", label))})).message->production);
}

TEST(ReadBundleTest, MedicationIsFoundAmongTheEntries) {
  const FhirBundleReading reading = ReadBundle(
      Bundle("collection",
             {Entry("https://a/Patient/1", Patient("1")),
              Entry("https://a/Medication/7",
                    R"({"resourceType":"Medication","id":"7","code":{"text":"Metformin 500"}})"),
              Entry("https://a/MedicationRequest/9",
                    R"({"resourceType":"MedicationRequest","status":"active","intent":"order",
                 "subject":{"reference":"Patient/1"},"medicationReference":{"reference":"Medication/7"}})")}));
  EXPECT_EQ(Records(reading), Lines{"Patient/1: Metformin 500"});
}

// What 60 generated patients and two whole records become, in numbers that were looked at.
TEST(ReadBundleTest, SyntheaPatientsAreReadWithoutAnIssue) {
  CONSILIUM_SKIP_WITHOUT("synthea_slim.jsonl");
  std::vector<std::string> bundles;
  for (const auto& line : SharedLines("synthea_slim.jsonl"))
    bundles.push_back(line["bundle"].dump());
  ASSERT_EQ(bundles.size(), 60u);
  for (const char* name : {"synthea_full_0.json", "synthea_full_1.json"}) {
    bundles.push_back(FileText(SharedFhir(name)));
  }
  std::map<std::string, int> counts;
  for (const std::string& bundle : bundles) {
    const FhirBundleReading reading = ReadBundle(bundle);
    ASSERT_EQ(LinesOf(reading.issues), Lines{});
    ASSERT_EQ(reading.message->records.size(), 1u);
    for (const Fact& fact : reading.message->records[0].facts) {
      ++counts[LineOf(fact).substr(0, LineOf(fact).find('|', LineOf(fact).find('|') + 1))];
    }
    for (const Remark& remark : reading.message->remarks) {
      EXPECT_EQ(remark.code, "resource_ignored") << remark.text;
    }
  }
  const std::map<std::string, int> expected = {
      {"allergy|active", 72},      {"allergy|inactive", 4},     {"diagnosis|active", 230},
      {"diagnosis|inactive", 209}, {"immunization|active", 58}, {"measurement|active", 1652},
      {"medication|active", 151},  {"medication|inactive", 365}};
  EXPECT_EQ(counts, expected);
}

}  // namespace
}  // namespace consilium
