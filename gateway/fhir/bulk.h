// NDJSON of a bulk export as messages of the feed, one a patient.
//
// One resource a line, in any order, references across lines and files. Lines are looked at twice:
// when they come, to know what they are and whom they are about, and when their patient's record is
// made. A bad line is an issue with its number and does not stop the others; whose patient is known
// gets a remark ("line_refused") as well. Which patient a line is about: subject.h.
// Source: HL7 FHIR Bulk Data Access; FHIR R4, nd-json.html.
//
// Threads: one. Memory: the text of the lines that are kept (of the types that are read), at most
// kept_bytes_max, and one patient's record. Beyond it nothing is made: half a record misleads.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "gateway/clinical/record.h"
#include "gateway/fhir/issue.h"
#include "gateway/fhir/value.h"

namespace consilium {

struct FhirBulkLimits {
  std::size_t line_bytes_max = 16u << 20;
  std::size_t kept_bytes_max = 512u << 20;
};

class FhirBulkReader {
 public:
  // `base`: of the server that exported, "" when that is not known; absolute references are then
  // to nobody. `sender` of the messages.
  FhirBulkReader(std::string_view base, std::string sender, const FhirBulkLimits& limits = {});

  // Begins a file; `label` stands in issues ("Condition.ndjson:12: Condition.code").
  void BeginFile(std::string label);
  // The next bytes of the file, cut anywhere. Lines end with LF or CRLF; empty ones are passed
  // over.
  void Feed(std::string_view bytes);
  // After its last bytes: the last line needs no end.
  void EndFile();

  // Once, after all files: the messages in the order in which the Patients came.
  void Finish(const std::function<void(FeedMessage)>& use);

  const std::vector<FhirIssue>& issues() const { return issues_; }
  // Of lines that belong to no message: left out, not read.
  const std::vector<Remark>& remarks() const { return remarks_; }
  std::size_t lines() const { return lines_; }  // with something in them

 private:
  struct Line {
    std::string text;
    std::string where;       // "Condition.ndjson:12: Condition"
    std::string medication;  // key of the Medication that it refers to
  };
  struct Person {
    std::size_t line = 0;
    std::string id;
    std::vector<std::size_t> lines;  // about this patient
  };
  // A line whose Patient may still come.
  struct Waiting {
    std::size_t line = 0;
    std::string key;  // "Patient/1", or "system|value"
  };

  void TakeLine(std::string_view text);
  void Keep(const FhirValue& resource, std::string_view text, const std::string& where);
  void KeepPatient(const FhirValue& patient, std::size_t line, const std::string& where);
  void Assign();
  FeedMessage MessageOf(const Person& person);
  void Issue(FhirIssue issue);
  void Note(const char* code, const std::string& where, std::string text);

  const std::string base_;
  const std::string sender_;
  const FhirBulkLimits limits_;
  std::string label_;
  std::size_t number_ = 0;  // of the line in its file
  std::string partial_;     // what came of a line so far
  bool skipping_ = false;   // the rest of a line that is too long
  bool full_ = false;
  std::size_t kept_bytes_ = 0;
  std::size_t lines_ = 0;
  std::vector<Line> kept_;
  std::vector<Person> persons_;
  std::vector<Waiting> waiting_;
  std::unordered_map<std::string, std::size_t> by_name_;                     // "Type/id" -> kept_
  std::unordered_map<std::string, std::size_t> person_by_name_;              // "Patient/1"
  std::unordered_map<std::string, std::vector<std::size_t>> by_identifier_;  // -> persons_
  std::map<std::string, std::size_t> ignored_;                               // type -> lines
  std::vector<FhirIssue> issues_;
  std::vector<Remark> remarks_;
};

}  // namespace consilium
