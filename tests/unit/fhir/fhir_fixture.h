// What the tests of FHIR share: JSON as values, records as lines. Header-only.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "gateway/clinical/record.h"
#include "gateway/fhir/json.h"
#include "gateway/fhir/record_reader.h"
#include "gateway/fhir/resource_reader.h"

namespace consilium {

inline std::string LineOf(const FhirIssue& issue) {
  return issue.severity + " " + issue.code + " " + issue.expression + ": " + issue.diagnostics;
}
inline std::vector<std::string> LinesOf(const std::vector<FhirIssue>& issues) {
  std::vector<std::string> lines;
  for (const FhirIssue& issue : issues) lines.push_back(LineOf(issue));
  return lines;
}
inline std::vector<std::string> LinesOf(const std::vector<Remark>& remarks) {
  std::vector<std::string> lines;
  for (const Remark& one : remarks) lines.push_back(one.code + " " + one.where + ": " + one.text);
  return lines;
}
// "kind|status|text|code|value unit|detail|time"
inline std::string LineOf(const Fact& fact) {
  std::string value = fact.value_text;
  if (!fact.unit.empty()) value += " " + fact.unit;
  if (fact.value) value += " #";
  return std::string(kFactKindNames[static_cast<int>(fact.kind)]) + "|" +
         kFactStatusNames[static_cast<int>(fact.status)] + "|" + fact.text + "|" + fact.code + "|" +
         value + "|" + fact.detail + "|" + fact.time;
}
inline std::vector<std::string> LinesOf(const std::vector<Fact>& facts) {
  std::vector<std::string> lines;
  for (const Fact& fact : facts) lines.push_back(LineOf(fact));
  return lines;
}
// "action|document|parent|title|time|text"
inline std::string LineOf(const Note& note) {
  return std::string(kNoteActionNames[static_cast<int>(note.action)]) + "|" + note.document + "|" +
         note.parent + "|" + note.title + "|" + note.time + "|" + note.text;
}

using Lines = std::vector<std::string>;

// One resource of patient 1, read alone. `members` is its JSON without type and subject.
inline FhirRecordReading ReadOne(const std::string& type, const std::string& members) {
  FhirRecordReader reader("1", "");
  const std::string subject = SubjectMember(type);
  reader.TakeJson(R"({"resourceType":")" + type + R"(","id":"x",")" + subject +
                      R"(":{"reference":"Patient/1"},)" + members + "}",
                  type);
  return reader.Finish();
}
// Its only fact; why there is none otherwise.
inline std::string FactOf(const std::string& type, const std::string& members) {
  const FhirRecordReading reading = ReadOne(type, members);
  std::string line;
  for (const FhirIssue& issue : reading.issues) line += LineOf(issue) + "\n";
  for (const std::string& remark : LinesOf(reading.remarks)) line += remark + "\n";
  for (const Fact& fact : reading.record.facts) line += LineOf(fact) + "\n";
  if (!line.empty()) line.pop_back();
  return line;
}

}  // namespace consilium
