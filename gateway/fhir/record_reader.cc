#include "gateway/fhir/record_reader.h"

#include <algorithm>
#include <utility>

#include "gateway/fhir/json.h"
#include "gateway/fhir/patient_links.h"
#include "gateway/fhir/read_bundle.h"
#include "gateway/fhir/resource_reader.h"
#include "gateway/fhir/subject.h"

namespace consilium {
namespace {

using Kind = FhirValue::Kind;

void AddRemark(std::vector<Remark>& remarks, Remark remark) {
  if (remarks.size() < kFhirRemarksMax) remarks.push_back(std::move(remark));
}

void AddIssue(std::vector<FhirIssue>& issues, FhirIssue issue) {
  if (issues.size() < kFhirIssuesMax) issues.push_back(std::move(issue));
}

}  // namespace

FhirRecordReader::FhirRecordReader(std::string_view patient, std::string_view base)
    : id_(patient.substr(patient.rfind('/') + 1)), base_(base) {
  while (!base_.empty() && base_.back() == '/') base_.pop_back();
}

void FhirRecordReader::TakeJson(std::string_view json, const std::string& where) {
  FhirJsonResult read = ReadJsonTree(json);
  if (FhirValue* const value = std::get_if<FhirValue>(&read)) {
    Take(std::move(*value), where);
    return;
  }
  FhirIssue issue = std::get<FhirIssue>(std::move(read));
  issue.expression = where;
  AddIssue(reading_.issues, std::move(issue));
}

void FhirRecordReader::Take(FhirValue resource, const std::string& where) {
  if (resource.kind == Kind::kNull) return;  // CDS Hooks: asked, and there is nothing
  if (FhirIssue issue = CheckFhirJson(resource, where); !issue.code.empty()) {
    AddIssue(reading_.issues, std::move(issue));
    return;
  }
  const FhirValue& kept = values_.emplace_back(std::move(resource));
  if (ResourceTypeOf(kept) == "Bundle") {
    TakeBundle(kept, where);
  } else {
    TakeOne(kept, "", where);
  }
}

void FhirRecordReader::TakeBundle(const FhirValue& value, const std::string& where) {
  const FhirNode bundle(&value, where, reading_.issues);
  if (!CheckBundleModifiers(bundle)) return;
  const std::string type = bundle.Text("type");
  if (type != "searchset" && type != "collection") {
    bundle.Refuse("not-supported", "type", "expected searchset or collection");
    return;
  }
  for (const FhirNode& entry : bundle.Objects("entry")) {
    const FhirNode resource = entry.Object("resource");
    if (resource) TakeOne(*resource.value(), entry.Text("fullUrl"), resource.path());
  }
  for (const FhirNode& link : bundle.Objects("link")) {
    if (link.Text("relation") == "next") {
      AddRemark(reading_.remarks, {"more_pages", link.path(), "there is more than was sent"});
    }
  }
}

void FhirRecordReader::TakeOne(const FhirValue& resource, std::string_view full_url,
                               const std::string& where) {
  if (FhirIssue issue = CheckFhirJson(resource, where); !issue.code.empty()) {
    AddIssue(reading_.issues, std::move(issue));
    return;
  }
  FhirEntry entry = MakeEntry(resource, full_url, where);
  if (entry.type == "OperationOutcome") {
    AddRemark(reading_.remarks, {"no_data", where, "an OperationOutcome in the place of data"});
    return;
  }
  if (entry.type != "Patient" && !IsClinicalType(entry.type)) {
    AddRemark(reading_.remarks, {"resource_ignored", where, entry.type + ": not read"});
    return;
  }
  if (index_.entries().size() >= kFhirTakenMax) {
    AddRemark(reading_.remarks,
              {"too_many", "",
               "more than " + std::to_string(kFhirTakenMax) + " resources: the rest is left out"});
    return;
  }
  if (entry.full_url.empty() && !entry.id.empty()) {
    entry.base = base_;
    if (!base_.empty()) entry.full_url = base_ + "/" + entry.type + "/" + entry.id;
  }
  index_.Add(std::move(entry));  // false: it was taken before
}

bool FhirRecordReader::IsOurPatient(const FhirEntry& entry) const {
  return entry.type == "Patient" && entry.id == id_ &&
         (base_.empty() || entry.base.empty() || entry.base == base_);
}

// One without a text may retract another: it stays.
void FhirRecordReader::LeaveOutNotes(std::vector<Note>& notes) {
  std::size_t texts = 0;
  const auto is_beyond = [&](const Note& note) {
    return !note.text.empty() && ++texts > kFeedNotesMax;
  };
  notes.erase(std::remove_if(notes.begin(), notes.end(), is_beyond), notes.end());
  if (texts <= kFeedNotesMax) return;
  AddRemark(reading_.remarks,
            {"too_many", "",
             "more than " + std::to_string(kFeedNotesMax) + " notes: the rest is left out"});
}

FhirRecordReading FhirRecordReader::Finish() {
  FhirDraft draft;
  draft.record.reference = "Patient/" + id_;
  // The patient is known by id, also when its Patient did not come.
  FhirValue stand_in;
  const FhirEntry* ours = nullptr;
  for (const FhirEntry& entry : index_.entries()) {
    if (IsOurPatient(entry)) ours = &entry;
  }
  reading_.has_patient = ours != nullptr;
  if (ours == nullptr) {
    stand_in.kind = Kind::kObject;
    stand_in.names = {"resourceType", "id"};
    stand_in.items.resize(2);
    stand_in.items[0].kind = stand_in.items[1].kind = Kind::kText;
    stand_in.items[0].text = "Patient";
    stand_in.items[1].text = id_;
    index_.Add(MakeEntry(stand_in, base_.empty() ? "" : base_ + "/Patient/" + id_, ""));
  }
  index_.IndexIdentifiers();
  for (const FhirEntry& entry : index_.entries()) {
    if (IsOurPatient(entry)) ours = &entry;
  }

  // A resource with issues says nothing.
  const auto read = [&](const FhirEntry& entry, const auto& use) {
    std::vector<FhirIssue> issues;
    std::vector<Remark> remarks;
    const FhirNode node(entry.resource, entry.path, issues);
    FhirDraft part;
    if (CheckModifiers(node)) use(node, FhirContext{index_, entry, remarks}, part);
    for (const FhirIssue& issue : issues) AddIssue(reading_.issues, issue);
    if (!issues.empty()) return;
    AppendDraft(std::move(part), draft);
    for (Remark& remark : remarks) {
      AddRemark(reading_.remarks, std::move(remark));
    }
  };
  if (reading_.has_patient) {
    read(*ours, [&](const FhirNode& node, const FhirContext& context, FhirDraft&) {
      Demographics patient = ReadPatient(node);
      const PatientLinks links = ReadPatientLinks(node, context.entry, index_);
      if (!node.issues().empty()) return;
      draft.record.patient = std::move(patient);
      if (!EndIds(links.ended_ids, draft.record)) {
        context.Note("too_many", node.PathOf("link"), "more Patients end than are taken");
      }
      if (links.replaced) {
        context.Note("patient_replaced", node.PathOf("link"),
                     "another Patient stands in its place");
      }
    });
  }
  for (const FhirEntry& entry : index_.entries()) {
    if (entry.type == "Patient" || SubjectMember(entry.type) == nullptr) continue;
    read(entry, [&](const FhirNode& node, const FhirContext& context, FhirDraft& part) {
      const FhirSubjectFound subject = FindSubject(node, entry, index_);
      if (subject.patient == ours) {
        ReadResource(node, context, part);
      } else if (subject.patient != nullptr) {
        context.Note("other_patient", node.path(), "is about another patient: left out");
      } else {
        context.Note(subject.code, subject.where, subject.text);
      }
    });
  }
  LeaveOutNotes(draft.record.notes);
  reading_.record = FinishRecord(std::move(draft));
  return std::move(reading_);
}

}  // namespace consilium
