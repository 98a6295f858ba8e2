#include "gateway/fhir/resource_reader.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "gateway/fhir/json.h"

namespace consilium {
namespace {

using Kind = FhirValue::Kind;

// The first place of a member below `value`, as a path relative to it; "" = nowhere. The depth is
// bounded by the parser's.
std::string FindMember(const FhirValue& value, std::string_view name) {
  for (std::size_t i = 0; i < value.items.size(); ++i) {
    const bool object = value.kind == Kind::kObject;
    std::string step = object ? "." + NameForPath(value.names[i]) : "[" + std::to_string(i) + "]";
    if (object && value.names[i] == name) return step;
    if (value.items[i].items.empty()) continue;
    const std::string below = FindMember(value.items[i], name);
    if (!below.empty()) return step + below;
  }
  return "";
}

bool Contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

}  // namespace

void FhirContext::Note(const char* code, std::string where, std::string text) const {
  if (remarks.size() >= kFhirRemarksMax) return;
  Remark remark{code, std::move(where), std::move(text)};
  if (std::find(remarks.begin(), remarks.end(), remark) == remarks.end()) {
    remarks.push_back(std::move(remark));
  }
}

const std::vector<std::string_view>& ClinicalTypes() {
  static const std::vector<std::string_view> types = {
      "AllergyIntolerance",  "Composition",  "Condition",  "DocumentReference",
      "Encounter",           "Immunization", "Medication", "MedicationRequest",
      "MedicationStatement", "Observation"};
  return types;
}

bool IsClinicalType(std::string_view type) {
  const auto& types = ClinicalTypes();
  return std::find(types.begin(), types.end(), type) != types.end();
}

const char* SubjectMember(std::string_view type) {
  if (type == "AllergyIntolerance" || type == "Immunization") return "patient";
  return type == "Medication" ? nullptr : "subject";
}

bool CheckModifiers(const FhirNode& resource) {
  if (!resource) return true;
  const auto refuse = [&](const std::string& at, const char* code, const char* text) {
    resource.Refuse(code, at.substr(1), text);
  };
  const std::string extension = FindMember(*resource.value(), "modifierExtension");
  if (!extension.empty()) {
    refuse(extension, "extension", "a modifierExtension that is not known here, expected none");
  }
  const std::string rules = FindMember(*resource.value(), "implicitRules");
  if (!rules.empty()) {
    refuse(rules, "not-supported", "implicit rules that are not known here, expected none");
  }
  return extension.empty() && rules.empty();
}

void ReadResource(const FhirNode& resource, const FhirContext& context, FhirDraft& draft) {
  const std::string& type = context.entry.type;
  if (type == "Condition") {
    ReadCondition(resource, context, draft.record);
  } else if (type == "AllergyIntolerance") {
    ReadAllergy(resource, context, draft.record);
  } else if (type == "MedicationRequest") {
    ReadMedicationRequest(resource, context, draft.record);
  } else if (type == "MedicationStatement") {
    ReadMedicationStatement(resource, context, draft.record);
  } else if (type == "Immunization") {
    ReadImmunization(resource, context, draft.record);
  } else if (type == "Observation") {
    ReadObservation(resource, context, draft.record);
  } else if (type == "DocumentReference") {
    ReadDocumentReference(resource, context, draft);
  } else if (type == "Composition") {
    ReadComposition(resource, context, draft);
  } else if (type == "Encounter") {
    ReadEncounter(resource, context, draft);
  }
}

void AppendDraft(FhirDraft part, FhirDraft& whole) {
  const auto move_behind = [](auto& from, auto& to) {
    to.insert(to.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
  };
  move_behind(part.record.facts, whole.record.facts);
  move_behind(part.record.notes, whole.record.notes);
  move_behind(part.visits, whole.visits);
  if (whole.visit_of_note.empty()) whole.visit_of_note = std::move(part.visit_of_note);
}

FeedRecord FinishRecord(FhirDraft draft) {
  const auto named = [&](const FhirVisit& visit) {
    return !draft.visit_of_note.empty() && "Encounter/" + visit.id == draft.visit_of_note;
  };
  const auto current = [](const FhirVisit& visit) { return visit.current; };
  const std::vector<FhirVisit>& visits = draft.visits;
  const FhirVisit* chosen = nullptr;
  if (const auto found = std::find_if(visits.begin(), visits.end(), named); found != visits.end()) {
    chosen = &*found;
  } else if (draft.visit_of_note.empty()) {
    if (std::count_if(visits.begin(), visits.end(), current) == 1) {
      chosen = &*std::find_if(visits.begin(), visits.end(), current);
    } else if (visits.size() == 1) {
      chosen = &visits.front();
    }
  }
  if (chosen != nullptr) {
    draft.record.visit = chosen->id;
    draft.record.reason = chosen->reason;
  } else if (draft.visit_of_note.rfind("Encounter/", 0) == 0) {
    draft.record.visit = draft.visit_of_note.substr(10);  // it is not among what was sent
  }
  return std::move(draft.record);
}

void NameDocument(const FhirNode& resource, const FhirEntry& entry, Note& note) {
  std::vector<std::string> own;
  std::vector<std::string> shared;
  const auto add = [&](std::string name, std::vector<std::string>& names) {
    const bool full = own.size() + shared.size() >= kFhirNamesMax;
    if (name.empty() || full || Contains(own, name) || Contains(shared, name)) return;
    names.push_back(std::move(name));
  };
  // A number of nobody is not the document's alone.
  const auto add_own = [&](const FhirNode& identifier) {
    const bool whose = !identifier.Text("system").empty();
    add(ReadIdentifierKey(identifier), whose ? own : shared);
  };
  if (entry.HasServerId()) add(entry.type + "/" + entry.id, own);
  if (entry.type == "Composition") {
    add_own(resource.Object("identifier"));
    add(entry.document, entry.document.substr(0, 1) == "|" ? shared : own);
  } else {
    add_own(resource.Object("masterIdentifier"));
    for (const FhirNode& one : resource.Objects("identifier")) {
      add(ReadIdentifierKey(one), shared);
    }
  }
  if (own.empty() && !shared.empty()) {
    own.push_back(std::move(shared.front()));
    shared.erase(shared.begin());
  }
  if (own.empty()) add(entry.id.empty() ? entry.full_url : entry.type + "/" + entry.id, own);
  if (own.empty()) return;
  note.document = std::move(own.front());
  note.also.assign(std::make_move_iterator(own.begin() + 1), std::make_move_iterator(own.end()));
  note.shared = std::move(shared);
}

void Relate(std::string_view code, const FhirReference& target, const FhirContext& context,
            Note& note) {
  const bool replaces = code == "replaces";
  // "transforms" and "signs" neither add to the other one nor stand in its place.
  if (!replaces && (code != "appends" || note.action == NoteAction::kReplace)) return;
  if (note.action == NoteAction::kAddendum) {
    note.parent.clear();
    note.parent_also.clear();
  }
  note.action = replaces ? NoteAction::kReplace : NoteAction::kAddendum;
  std::vector<std::string> names;
  if (const FhirScope::Answer answer = context.scope.Find(target, context.entry);
      answer.entry != nullptr) {
    std::vector<FhirIssue> issues;  // those of the other one are its reader's
    struct Note other;
    NameDocument(FhirNode(answer.entry->resource, answer.entry->path, issues), *answer.entry,
                 other);
    names.push_back(std::move(other.document));
    for (auto* list : {&other.also, &other.shared}) {
      names.insert(names.end(), list->begin(), list->end());
    }
  }
  if (!target.id.empty()) names.push_back(target.type + "/" + target.id);
  names.push_back(IdentifierKey(target.system, target.value));
  if (target.id.empty() && target.value.empty() && names.size() == 1) names.push_back(target.text);
  // A urn is an identifier of R4's own system (datatypes, Identifier).
  if (target.text.rfind("urn:", 0) == 0) {
    names.push_back(IdentifierKey("urn:ietf:rfc:3986", target.text));
  }
  for (std::string& name : names) {
    if (name.empty() || name == note.parent || Contains(note.parent_also, name)) continue;
    if (note.parent.empty()) {
      note.parent = std::move(name);
    } else if (note.parent_also.size() < kFhirNamesMax) {
      note.parent_also.push_back(std::move(name));
    }
  }
}

}  // namespace consilium
