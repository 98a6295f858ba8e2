#include "gateway/fhir/bulk.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "gateway/fhir/read_bundle.h"
#include "shared/ids.h"
#include "tests/unit/fhir/fhir_fixture.h"
#include "tests/unit/fhir/shared_examples.h"

namespace consilium {
namespace {

std::string Patient(const std::string& id, const std::string& more = "") {
  return R"({"resourceType":"Patient","id":")" + id +
         R"(","identifier":[{"system":"urn:mrn","value":"M)" + id + R"("}])" + more + "}\n";
}
std::string Condition(const std::string& id, const std::string& subject) {
  return R"({"resourceType":"Condition","id":")" + id + R"(","subject":)" + subject +
         R"(,"code":{"text":")" + id + "\"}}\n";
}
std::string At(const std::string& reference) { return R"({"reference":")" + reference + R"("})"; }

struct Made {
  Lines records;  // "Patient/1: facts"
  Lines issues;
  Lines remarks;
  std::vector<FeedMessage> messages;
};
Made Read(const std::vector<std::pair<std::string, std::string>>& files,
          const FhirBulkLimits& limits = {}, std::size_t chunk = 7) {
  FhirBulkReader reader("https://ehr/fhir", "ehr", limits);
  for (const auto& [label, text] : files) {
    reader.BeginFile(label);
    for (std::size_t at = 0; at < text.size(); at += chunk) reader.Feed(text.substr(at, chunk));
    reader.EndFile();
  }
  Made made;
  reader.Finish([&](FeedMessage message) {
    const FeedRecord& record = message.records.at(0);
    std::string line = record.reference + ":";
    for (const Fact& fact : record.facts) line += " " + fact.text;
    made.records.push_back(line);
    for (const std::string& remark : LinesOf(message.remarks))
      made.records.push_back("  " + remark);
    made.messages.push_back(std::move(message));
  });
  made.issues = LinesOf(reader.issues());
  made.remarks = LinesOf(reader.remarks());
  return made;
}

TEST(FhirBulkTest, LinesInAnyOrderAreJoinedByPatient) {
  const Made made = Read(
      {{"c", Condition("a", At("Patient/2")) + Condition("b", At("https://ehr/fhir/Patient/1")) +
                 Condition("c", R"({"identifier":{"system":"urn:mrn","value":"M2"}})")},
       {"p", Patient("1") + "\r\n\n" + Patient("2")},
       {"m",
        R"({"resourceType":"MedicationRequest","id":"r","status":"active","intent":"order","subject":{"reference":"Patient/1"},"medicationReference":{"reference":"Medication/m"}})"
        "\n"
        R"({"resourceType":"Medication","id":"m","code":{"text":"Aspirin"}})"}});
  EXPECT_EQ(made.records, (Lines{"Patient/1: b Aspirin", "Patient/2: a c"}));
  EXPECT_EQ(made.issues, Lines{});
  EXPECT_EQ(made.remarks, Lines{});
  EXPECT_EQ(made.messages[0].sender, "ehr");
  EXPECT_EQ(made.messages[0].type, "bulk");
}

TEST(FhirBulkTest, LineAboutNobodyThatCameIsLeftOut) {
  const Made made =
      Read({{"f", Patient("1") + Condition("a", At("Patient/9")) +
                      Condition("b", At("https://other/Patient/1")) +
                      Condition("c", At("Group/1")) + R"({"resourceType":"Device","id":"d"})"}});
  EXPECT_EQ(made.records, Lines{"Patient/1:"});
  EXPECT_EQ(made.remarks,
            (Lines{"subject_unresolved f:2: Condition: is about no Patient that was sent: left out",
                   "subject_unresolved f:3: Condition: is about no Patient that was sent: left out",
                   "subject_unresolved f:4: Condition: is about no Patient that was sent: left out",
                   "resource_ignored : Device: not read (1)"}));
}

TEST(FhirBulkTest, IdentifierOfTwoPatientsIsNobody) {
  const Made made =
      Read({{"f", R"({"resourceType":"Patient","id":"1","identifier":[{"system":"s","value":"v"}]})"
                  "\n"
                  R"({"resourceType":"Patient","id":"2","identifier":[{"system":"s","value":"v"}]})"
                  "\n" +
                      Condition("a", R"({"identifier":{"system":"s","value":"v"}})")}});
  EXPECT_EQ(made.remarks,
            Lines{"subject_ambiguous f:3: Condition: is about more than one Patient: left out"});
}

TEST(FhirBulkTest, BadLineIsAnIssueWithItsNumberAndTheOthersStay) {
  const Made made = Read(
      {{"f",
        Patient("1") + "{\"resourceType\":\n" + Condition("a", At("Patient/1")) + "[1]\n" +
            R"({"resourceType":"Condition","id":"b","subject":{"reference":"Patient/1"},"code":"x"})"
            "\n" +
            Condition("a", At("Patient/1")) +
            R"({"resourceType":"Condition","subject":{"reference":"Patient/1"}})"
            "\n" +
            Condition("c", At("Patient/1"))}});
  EXPECT_EQ(made.records,
            (Lines{"Patient/1: a c", "  line_refused f:5: Condition.code: expected an object"}));
  EXPECT_EQ(made.issues,
            (Lines{"error invalid f:2: Resource.resourceType: not JSON at byte 17",
                   "error structure f:4: Resource: expected a resource, which is an object",
                   "error duplicate f:6: Condition: a resource of this type and id came before",
                   "error required f:7: Condition.id: missing",
                   "error structure f:5: Condition.code: expected an object"}));
}

TEST(FhirBulkTest, LineThatIsTooLongIsPassedOver) {
  const Made made = Read({{"f", Patient("1") + std::string(300, 'x') + "\n" +
                                    Condition("a", At("Patient/1")) + std::string(300, 'y')}},
                         {.line_bytes_max = 200});
  EXPECT_EQ(made.records, Lines{"Patient/1: a"});
  EXPECT_EQ(made.issues, (Lines{"error too-long f:2: expected at most 200 bytes a line",
                                "error too-long f:4: expected at most 200 bytes a line"}));
}

TEST(FhirBulkTest, MoreThanMayBeKeptMakesNothing) {
  const Made made =
      Read({{"f", Patient("1") + Condition("a", At("Patient/1"))}}, {.kept_bytes_max = 300});
  EXPECT_EQ(made.records, Lines{});
  EXPECT_EQ(made.issues, Lines{"fatal too-costly f:2: Condition: more than 300 bytes are to be "
                               "kept: nothing is made of this export"});
}

TEST(FhirBulkTest, PatientThatIsReplacedHasNoRecord) {
  const Made made = Read(
      {{"f", Patient("1", R"(,"link":[{"type":"replaced-by","other":{"reference":"Patient/2"}}])") +
                 Condition("a", At("Patient/1"))}});
  EXPECT_EQ(made.records, Lines{});
  EXPECT_EQ(
      made.remarks,
      (Lines{"patient_replaced f:1: Patient.link: another Patient stands in its place: "
             "nothing is read for it",
             "subject_unresolved f:2: Condition: is about no Patient that was sent: left out"}));
}

TEST(FhirBulkTest, SameLinesInAnotherOrderAreTheSameMessage) {
  const std::string a = Condition("a", At("Patient/1"));
  const std::string b = Condition("b", At("Patient/1"));
  const Made one = Read({{"f", Patient("1") + a + b}});
  const Made other = Read({{"g", b + a + Patient("1")}}, {}, 1000);
  const Made less = Read({{"f", Patient("1") + a}});
  EXPECT_EQ(one.messages[0].digest, other.messages[0].digest);
  EXPECT_NE(one.messages[0].digest, less.messages[0].digest);
}

// All patients of Synthea at once, line by line, say what each says alone in its Bundle.
TEST(FhirBulkTest, SyntheaPatientsAreTheSameAsInTheirBundles) {
  CONSILIUM_SKIP_WITHOUT("synthea_slim.jsonl");
  std::vector<std::string> lines;
  std::map<std::string, Lines> wanted;
  for (const auto& line : SharedLines("synthea_slim.jsonl")) {
    auto bundle = line["bundle"];
    std::string patient;
    std::string text;
    for (const auto& entry : bundle["entry"]) {
      const std::string resource = entry["resource"].dump();
      if (entry["resource"]["resourceType"] == "Patient") patient = entry["resource"]["id"];
      lines.push_back(resource);
    }
    // The server that exports writes references by place.
    const FhirBundleReading reading = ReadBundle(bundle.dump());
    ASSERT_EQ(LinesOf(reading.issues), Lines{});
    Lines facts = LinesOf(reading.message->records.at(0).facts);
    std::sort(facts.begin(), facts.end());
    wanted["Patient/" + patient] = std::move(facts);
  }
  std::sort(lines.begin(), lines.end(),
            [](const std::string& x, const std::string& y) { return Sha256Hex(x) < Sha256Hex(y); });
  std::string all;
  for (std::string& line : lines) {
    for (std::size_t at = 0; (at = line.find("\"urn:uuid:", at)) != line.npos;) {
      const bool medication = line.rfind("medicationReference", at) != line.npos &&
                              at - line.rfind("medicationReference", at) < 40;
      line.replace(at, 10, medication ? "\"Medication/" : "\"Patient/");
    }
    all += line + "\n";
  }
  const Made made = Read({{"all", all}}, {}, 4096);
  EXPECT_EQ(made.issues, Lines{});
  EXPECT_EQ(made.remarks, Lines{});
  ASSERT_EQ(made.messages.size(), 60u);
  for (const FeedMessage& message : made.messages) {
    Lines facts = LinesOf(message.records.at(0).facts);
    std::sort(facts.begin(), facts.end());
    EXPECT_EQ(facts, wanted[message.records.at(0).reference]);
  }
}

}  // namespace
}  // namespace consilium
