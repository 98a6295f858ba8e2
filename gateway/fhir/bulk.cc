#include "gateway/fhir/bulk.h"

#include <algorithm>
#include <set>
#include <utility>

#include "gateway/fhir/json.h"
#include "gateway/fhir/read_bundle.h"
#include "gateway/fhir/record_reader.h"
#include "gateway/fhir/resource_reader.h"
#include "shared/ids.h"
#include "shared/text.h"

namespace consilium {
namespace {

// "Patient/1" for a reference to a Patient of that server, "system|value" for one by identifier;
// "" for any other.
std::string SubjectKey(const FhirReference& reference, const std::string& base) {
  if (!reference.id.empty()) {
    const bool ours = reference.base.empty() || reference.base == base;
    return ours && reference.type == "Patient" ? "Patient/" + reference.id : "";
  }
  if (!reference.text.empty() && reference.value.empty()) return "";
  if (!reference.type.empty() && reference.type != "Patient") return "";
  if (reference.system.empty()) return "";
  return IdentifierKey(reference.system, reference.value);
}

bool IsReplaced(const FhirNode& patient) {
  for (const FhirNode& link : patient.Objects("link")) {
    if (link.Text("type") == "replaced-by") return true;
  }
  return false;
}

}  // namespace

FhirBulkReader::FhirBulkReader(std::string_view base, std::string sender,
                               const FhirBulkLimits& limits)
    : base_(base), sender_(std::move(sender)), limits_(limits) {}

void FhirBulkReader::Issue(FhirIssue issue) {
  if (issues_.size() < kFhirIssuesMax) issues_.push_back(std::move(issue));
}

void FhirBulkReader::Note(const char* code, const std::string& where, std::string text) {
  if (remarks_.size() < kFhirRemarksMax) remarks_.push_back({code, where, std::move(text)});
}

void FhirBulkReader::BeginFile(std::string label) {
  EndFile();
  label_ = std::move(label);
  number_ = 0;
}

void FhirBulkReader::Feed(std::string_view bytes) {
  while (!bytes.empty()) {
    const std::size_t end = bytes.find('\n');
    const std::string_view piece = bytes.substr(0, end);
    if (!skipping_ && partial_.size() + piece.size() > limits_.line_bytes_max) {
      skipping_ = true;
      partial_.clear();
      Issue({"error", "too-long", label_ + ":" + std::to_string(number_ + 1),
             "expected at most " + std::to_string(limits_.line_bytes_max) + " bytes a line"});
    }
    if (end == bytes.npos) {
      if (!skipping_) partial_ += piece;
      return;
    }
    ++number_;
    if (!skipping_) {
      partial_ += piece;
      TakeLine(partial_);
    }
    partial_.clear();
    skipping_ = false;
    bytes.remove_prefix(end + 1);
  }
}

void FhirBulkReader::EndFile() {
  if (!partial_.empty()) {
    ++number_;
    TakeLine(partial_);
  }
  partial_.clear();
  skipping_ = false;
}

void FhirBulkReader::TakeLine(std::string_view text) {
  text = Trimmed(text);
  if (text.empty() || full_) return;
  ++lines_;
  const std::string at = label_ + ":" + std::to_string(number_);
  FhirJsonLimits json_limits;
  json_limits.bytes_max = limits_.line_bytes_max;
  const FhirJsonResult read = ReadFhirJson(text, json_limits);
  if (const FhirIssue* const issue = std::get_if<FhirIssue>(&read)) {
    FhirIssue here = *issue;
    here.severity = "error";
    here.expression = at + (here.expression.empty() ? "" : ": " + here.expression);
    Issue(std::move(here));
    return;
  }
  const FhirValue& resource = std::get<FhirValue>(read);
  const std::string type = ResourceTypeOf(resource);
  if (type != "Patient" && !IsClinicalType(type)) {
    if (ignored_.size() < kFhirRemarksMax || ignored_.count(type) != 0) ++ignored_[type];
    return;
  }
  Keep(resource, text, at + ": " + type);
}

void FhirBulkReader::Keep(const FhirValue& resource, std::string_view text,
                          const std::string& where) {
  kept_bytes_ += text.size() + where.size() + sizeof(Line);
  if (kept_bytes_ > limits_.kept_bytes_max) {
    full_ = true;
    kept_.clear();
    Issue({"fatal", "too-costly", where,
           "more than " + std::to_string(limits_.kept_bytes_max) +
               " bytes are to be kept: nothing is made of this export"});
    return;
  }
  std::vector<FhirIssue> unseen;  // those of its reader, later
  const FhirNode node(&resource, where, unseen);
  const std::string type = ResourceTypeOf(resource);
  const std::string name = type + "/" + std::string(resource.TextOf("id"));
  const std::size_t line = kept_.size();
  if (resource.TextOf("id").empty()) {
    Issue({"error", "required", where + ".id", "missing"});
    return;
  }
  if (!by_name_.emplace(name, line).second) {
    Issue({"error", "duplicate", where, "a resource of this type and id came before"});
    return;
  }
  kept_.push_back({std::string(text), where, ""});
  if (type == "Patient") {
    KeepPatient(resource, line, where);
  } else if (const char* const member = SubjectMember(type)) {
    const FhirReference medication = ReadReference(node.Object("medicationReference"));
    if (medication.type == "Medication") kept_[line].medication = medication.Key();
    waiting_.push_back({line, SubjectKey(ReadReference(node.Object(member)), base_)});
  }
}

void FhirBulkReader::KeepPatient(const FhirValue& patient, std::size_t line,
                                 const std::string& where) {
  std::vector<FhirIssue> unseen;
  const FhirNode node(&patient, where, unseen);
  if (IsReplaced(node)) {
    Note("patient_replaced", where + ".link",
         "another Patient stands in its place: nothing is read for it");
    return;
  }
  const std::string id(patient.TextOf("id"));
  const std::size_t person = persons_.size();
  persons_.push_back({line, id, {}});
  person_by_name_["Patient/" + id] = person;
  for (const FhirNode& identifier : node.Objects("identifier")) {
    const std::string key = ReadIdentifierKey(identifier);
    if (key.empty() || identifier.Text("system").empty()) continue;
    std::vector<std::size_t>& same = by_identifier_[key];
    if (same.empty() || same.back() != person) same.push_back(person);
  }
}

void FhirBulkReader::Assign() {
  for (const Waiting& one : waiting_) {
    const Line& line = kept_[one.line];
    const auto by_name = person_by_name_.find(one.key);
    if (by_name != person_by_name_.end()) {
      persons_[by_name->second].lines.push_back(one.line);
      continue;
    }
    const auto by_identifier = by_identifier_.find(one.key);
    if (by_identifier == by_identifier_.end()) {
      Note("subject_unresolved", line.where, "is about no Patient that was sent: left out");
    } else if (by_identifier->second.size() > 1) {
      Note("subject_ambiguous", line.where, "is about more than one Patient: left out");
    } else {
      persons_[by_identifier->second.front()].lines.push_back(one.line);
    }
  }
  for (const auto& [type, count] : ignored_) {
    Note("resource_ignored", "", type + ": not read (" + std::to_string(count) + ")");
  }
}

FeedMessage FhirBulkReader::MessageOf(const Person& person) {
  FhirRecordReader reader(person.id, base_);
  std::vector<std::string> digests;
  FeedMessage message;
  std::set<std::size_t> taken;  // a Medication may be that of many lines
  const auto take = [&](std::size_t line) {
    if (!taken.insert(line).second) return;
    FhirJsonLimits json_limits;
    json_limits.bytes_max = limits_.line_bytes_max;
    FhirJsonResult read = ReadJsonTree(kept_[line].text, json_limits);
    FhirValue* const value = std::get_if<FhirValue>(&read);
    if (value == nullptr) return;  // it was read before
    std::vector<FhirIssue> unseen;
    if (IsTestData(FhirNode(value, "", unseen))) message.production = false;
    digests.push_back(Sha256Hex(kept_[line].text));
    reader.Take(std::move(*value), kept_[line].where);
  };
  take(person.line);
  for (const std::size_t line : person.lines) {
    take(line);
    const auto medication = by_name_.find(kept_[line].medication);
    if (medication != by_name_.end()) take(medication->second);
  }
  FhirRecordReading reading = reader.Finish();
  message.door = "fhir";
  message.sender = sender_;
  message.type = "bulk";
  message.remarks = std::move(reading.remarks);
  for (FhirIssue& issue : reading.issues) {
    message.remarks.push_back({"line_refused", issue.expression, issue.diagnostics});
    Issue(std::move(issue));
  }
  // The same lines in another order are the same message.
  std::sort(digests.begin(), digests.end());
  digests.erase(std::unique(digests.begin(), digests.end()), digests.end());
  std::string all;
  for (const std::string& digest : digests) all += digest;
  message.digest = Sha256Hex(all);
  message.records.push_back(std::move(reading.record));
  return message;
}

void FhirBulkReader::Finish(const std::function<void(FeedMessage)>& use) {
  EndFile();
  if (full_) return;
  Assign();
  for (const Person& person : persons_) use(MessageOf(person));
}

}  // namespace consilium
