#include "gateway/fhir/read_bundle.h"

#include <map>
#include <set>
#include <unordered_map>
#include <utility>

#include "gateway/fhir/patient_links.h"
#include "gateway/fhir/resource_reader.h"
#include "gateway/fhir/subject.h"
#include "shared/ids.h"

namespace consilium {
namespace {

bool RefuseModifiers(const FhirNode& node) {
  if (node.Has("implicitRules")) {
    node.Refuse("not-supported", "implicitRules",
                "implicit rules that are not known here, expected none");
  }
  if (node.Has("modifierExtension")) {
    node.Refuse("extension", "modifierExtension",
                "a modifierExtension that is not known here, expected none");
  }
  return !node.Has("implicitRules") && !node.Has("modifierExtension");
}

// Reads one Bundle; lives as long as that takes.
class BundleReader {
 public:
  explicit BundleReader(const FhirValue& bundle) : bundle_(&bundle, "Bundle", issues_) {}

  void Read();

  FeedMessage message;
  std::vector<FhirIssue>& issues() { return issues_; }

 private:
  void ReadEntry(const FhirNode& node, const std::string& type);
  void ReadHead(const std::string& type);
  void ReadMessageHeader(const FhirNode& header);
  void ReadPatients();
  void EndPatients();
  void ReadClinical();
  void Ignore();
  void CheckBounds();
  FhirNode NodeOf(const FhirEntry& entry) { return {entry.resource, entry.path, issues_}; }

  std::vector<FhirIssue> issues_;
  FhirNode bundle_;
  FhirIndex index_;
  std::vector<const FhirEntry*> patients_;
  std::unordered_map<const FhirEntry*, FhirDraft> drafts_;
  std::set<const FhirEntry*> ended_;
};

void BundleReader::ReadEntry(const FhirNode& node, const std::string& type) {
  RefuseModifiers(node);
  std::string put;
  if (type == "transaction" || type == "batch") {
    const FhirNode request = node.Object("request");
    RefuseModifiers(request);
    const std::string method =
        request.Code("method", {"GET", "HEAD", "POST", "PUT", "DELETE", "PATCH"});
    if (!method.empty() && method != "POST" && method != "PUT") {
      request.Refuse("not-supported", "method", method + ", expected POST or PUT");
    }
    if (method == "PUT") put = request.Text("url");
  }
  const FhirNode resource = node.Object("resource");
  if (!resource) {
    node.Missing("resource");
    return;
  }
  const FhirIssue wrong = CheckFhirJson(*resource.value(), resource.path());
  if (!wrong.code.empty()) {
    if (issues_.size() < kFhirIssuesMax) issues_.push_back(wrong);
    return;
  }
  FhirEntry entry = MakeEntry(*resource.value(), node.Text("fullUrl"), resource.path());
  entry.put = !put.empty() && put == entry.type + "/" + entry.id;
  if (type == "document" && index_.entries().empty()) {
    entry.document = ReadIdentifierKey(bundle_.Object("identifier"));
  }
  if (!index_.Add(std::move(entry))) {
    node.Refuse("duplicate", "", "a resource of this fullUrl, or type and id, is there already");
  }
}

void BundleReader::ReadMessageHeader(const FhirNode& header) {
  CheckModifiers(header);
  if (header.Has("response")) {
    header.Refuse("not-supported", "response", "an answer to a message, expected a message");
  }
  if (!header.Has("eventCoding") && !header.Has("eventUri")) header.Missing("event[x]");
  message.sender = header.Object("source").Text("endpoint");
  // Names of tokens have no colon, senders of HL7 v2 are APPLICATION|FACILITY: no message speaks
  // for one of these.
  const bool is_url = message.sender.find(':') != std::string::npos &&
                      message.sender.find('|') == std::string::npos;
  if (message.sender.empty()) {
    header.Missing("source.endpoint");
  } else if (!is_url) {
    header.Refuse("value", "source.endpoint", "expected a URL");
  }
  const std::string id = header.Text("id");
  if (!id.empty()) message.id = id;
}

void BundleReader::ReadHead(const std::string& type) {
  message.door = "fhir";
  message.type = "Bundle/" + type;
  message.time = bundle_.Time("timestamp");
  message.id = ReadIdentifierKey(bundle_.Object("identifier"));
  message.production = !IsTestData(bundle_);
  const std::string first = type == "message" ? "MessageHeader" : "Composition";
  if (type != "message" && type != "document") return;
  if (index_.entries().empty() || index_.entries().front().type != first) {
    bundle_.Refuse("structure", "entry[0].resource",
                   "expected a " + first + ", first of a " + type);
  } else if (type == "message") {
    ReadMessageHeader(NodeOf(index_.entries().front()));
  }
}

void BundleReader::ReadPatients() {
  for (const FhirEntry& entry : index_.entries()) {
    if (entry.type != "Patient") continue;
    const FhirNode node = NodeOf(entry);
    CheckModifiers(node);
    FhirDraft& draft = drafts_[&entry];
    draft.record.patient = ReadPatient(node);
    // The id in a Bundle of urn:uuid may be of nobody, or of somebody else, at the sender.
    draft.record.reference = entry.HasServerId() ? "Patient/" + entry.id : entry.full_url;
    if (IsTestData(node)) message.production = false;
    patients_.push_back(&entry);
  }
  if (patients_.empty()) bundle_.Refuse("required", "entry", "no Patient, expected at least one");
}

void BundleReader::EndPatients() {
  for (const FhirEntry* const entry : patients_) {
    const FhirNode node = NodeOf(*entry);
    const PatientLinks links = ReadPatientLinks(node, *entry, index_);
    FeedRecord& record = drafts_[entry].record;
    bool few = EndIds(links.ended_ids, record);
    for (const FhirEntry* const other : links.ended) {
      few = few && EndIds(drafts_[other].record.patient.ids, record);
      ended_.insert(other);
    }
    if (links.by != nullptr) few = few && EndIds(record.patient.ids, drafts_[links.by].record);
    if (!few) {
      node.Refuse(
          "too-costly", "link",
          "more than " + std::to_string(kEndedIdsMax) + " identifiers end with one Patient");
    }
    if (!links.replaced) continue;
    ended_.insert(entry);
    if (message.remarks.size() >= kFhirRemarksMax) continue;
    message.remarks.push_back({"patient_replaced", entry->path + ".link",
                               "another Patient stands in its place: nothing is read for it"});
  }
}

void BundleReader::ReadClinical() {
  for (const FhirEntry& entry : index_.entries()) {
    if (!IsClinicalType(entry.type)) continue;
    const FhirNode node = NodeOf(entry);
    if (!CheckModifiers(node) || SubjectMember(entry.type) == nullptr) continue;
    const FhirContext context{index_, entry, message.remarks};
    const FhirSubjectFound subject = FindSubject(node, entry, index_);
    if (subject.patient == nullptr) {
      context.Note(subject.code, subject.where, subject.text);
    } else if (ended_.count(subject.patient) != 0) {
      context.Note("subject_ended", node.path(),
                   "is about a Patient in whose place another stands: left out");
    } else {
      ReadResource(node, context, drafts_[subject.patient]);
    }
  }
}

void BundleReader::CheckBounds() {
  for (const FhirEntry* const entry : patients_) {
    const std::size_t notes = drafts_[entry].record.notes.size();
    if (notes <= kFeedNotesMax) continue;
    NodeOf(*entry).Refuse("too-costly", "",
                          std::to_string(notes) + " notes about this Patient, expected at most " +
                              std::to_string(kFeedNotesMax));
  }
}

void BundleReader::Ignore() {
  std::map<std::string, std::size_t> counts;
  for (const FhirEntry& entry : index_.entries()) {
    if (entry.type != "Patient" && entry.type != "MessageHeader" && !IsClinicalType(entry.type)) {
      ++counts[entry.type];
    }
  }
  for (const auto& [type, count] : counts) {
    if (message.remarks.size() >= kFhirRemarksMax) return;
    message.remarks.push_back(
        {"resource_ignored", "Bundle", type + ": not read (" + std::to_string(count) + ")"});
  }
}

void BundleReader::Read() {
  RefuseModifiers(bundle_);
  if (!bundle_.Has("type")) bundle_.Missing("type");
  const std::string type =
      bundle_.Code("type", {"document", "message", "transaction", "transaction-response", "batch",
                            "batch-response", "history", "searchset", "collection"});
  if (type.empty()) return;
  if (type.find("response") != type.npos || type == "history" || type == "searchset") {
    bundle_.Refuse("not-supported", "type",
                   type + ", expected collection, transaction, batch, message or document");
    return;
  }
  for (const FhirNode& entry : bundle_.Objects("entry")) ReadEntry(entry, type);
  if (!issues_.empty()) return;
  index_.IndexIdentifiers();
  ReadHead(type);
  ReadPatients();
  EndPatients();
  ReadClinical();
  Ignore();
  CheckBounds();
  if (!issues_.empty()) return;
  for (const FhirEntry* const entry : patients_) {
    if (ended_.count(entry) == 0) {
      message.records.push_back(FinishRecord(std::move(drafts_[entry])));
    }
  }
}

}  // namespace

bool CheckBundleModifiers(const FhirNode& bundle) {
  bool good = RefuseModifiers(bundle);
  for (const FhirNode& entry : bundle.Objects("entry")) good = RefuseModifiers(entry) && good;
  return good;
}

bool IsTestData(const FhirNode& resource) {
  constexpr std::string_view kReasons = "http://terminology.hl7.org/CodeSystem/v3-ActReason";
  for (const FhirNode& label : resource.Object("meta").Objects("security")) {
    if (label.Text("system") == kReasons && label.Text("code") == "HTEST") return true;
  }
  return false;
}

FhirBundleReading ReadBundle(std::string_view bytes, const FhirJsonLimits& limits) {
  FhirBundleReading reading;
  const FhirJsonResult read = ReadFhirJson(bytes, limits);
  if (const FhirIssue* const issue = std::get_if<FhirIssue>(&read)) {
    reading.issues.push_back(*issue);
    return reading;
  }
  const FhirValue& value = std::get<FhirValue>(read);
  const std::string type = ResourceTypeOf(value);
  if (type != "Bundle") {
    reading.issues.push_back(
        {"error", "not-supported", type + ".resourceType", "expected a Bundle"});
    return reading;
  }
  BundleReader reader(value);
  reader.Read();
  reading.issues = std::move(reader.issues());
  if (!reading.issues.empty()) return reading;
  reader.message.digest = Sha256Hex(bytes);
  reading.message = std::move(reader.message);
  return reading;
}

}  // namespace consilium
