// The official examples of R4, each read alone, against a table that was read by eye:
// tests/unit/fhir/hl7_examples.txt. CONSILIUM_WRITE_TABLE=<file> writes what they become now.
#include <cstdlib>
#include <string>

#include "gateway/fhir/resource_reader.h"
#include "tests/unit/fhir/fhir_fixture.h"
#include "tests/unit/fhir/shared_examples.h"

namespace consilium {
namespace {

using nlohmann::json;

std::string PatientOf(const json& resource) {
  for (const char* name : {"subject", "patient"}) {
    const auto found = resource.find(name);
    if (found == resource.end() || !found->contains("reference")) continue;
    return (*found)["reference"].get<std::string>();
  }
  return resource.value("id", "");
}

bool IsRead(const std::string& type) { return type == "Patient" || IsClinicalType(type); }

// What one example becomes: a line for it and one below for each thing that is read.
std::string Became(const json& resource) {
  FhirRecordReader reader(PatientOf(resource), "");
  reader.TakeJson(resource.dump(), "");
  const FhirRecordReading reading = reader.Finish();
  std::string text = resource.value("resourceType", "") + " " + resource.value("id", "") + "\n";
  for (const std::string& line : LinesOf(reading.issues)) text += "  issue " + line + "\n";
  for (const std::string& line : LinesOf(reading.remarks)) text += "  remark " + line + "\n";
  const Demographics& patient = reading.record.patient;
  if (reading.has_patient) {
    text +=
        "  " + patient.family + "|" + patient.given + "|" + patient.birth_date + "|" + patient.sex;
    for (const PatientId& id : patient.ids) {
      text += "|" + id.authority + "=" + id.value + " " + id.type;
    }
    text += "\n";
  }
  for (const std::string& line : LinesOf(reading.record.facts)) text += "  " + line + "\n";
  for (const Note& note : reading.record.notes) text += "  note " + LineOf(note) + "\n";
  if (NeedsHuman(reading.record)) text += "  needs a human\n";
  return text;
}

TEST(Hl7ExamplesTest, EachBecomesWhatTheTableSays) {
  CONSILIUM_SKIP_WITHOUT("hl7_r4_examples.jsonl");
  std::string became;
  std::size_t count = 0;
  for (const json& line : SharedLines("hl7_r4_examples.jsonl")) {
    const json& resource = line["resource"];
    const std::string type = resource.value("resourceType", "");
    const std::string text = Became(resource);
    if (IsRead(type)) {
      became += text;
    } else {
      EXPECT_EQ(text, type + " " + resource.value("id", "") +
                          "\n  remark resource_ignored : " + type + ": not read\n");
    }
    ++count;
  }
  EXPECT_EQ(count, 189u);
  if (const char* file = std::getenv("CONSILIUM_WRITE_TABLE")) std::ofstream(file) << became;
  EXPECT_EQ(became, FileText(CONSILIUM_SOURCE_DIR "/tests/unit/fhir/hl7_examples.txt"));
}

}  // namespace
}  // namespace consilium
