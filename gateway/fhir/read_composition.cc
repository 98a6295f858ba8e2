// Composition: https://hl7.org/fhir/R4/composition.html
#include <utility>

#include "gateway/fhir/markup_text.h"
#include "gateway/fhir/resource_reader.h"

namespace consilium {
namespace {

// Sections nest as deeply as the JSON may.
void AppendSections(const FhirNode& parent, std::string& text) {
  for (const FhirNode& section : parent.Objects("section")) {
    std::string title = section.Text("title");
    if (title.empty()) title = ReadConcept(section.Object("code"), kLoinc).text;
    const std::string body = MarkupText(section.Object("text").Text("div"));
    std::string below;
    AppendSections(section, below);
    const std::string none = ReadConcept(section.Object("emptyReason")).text;
    if (body.empty() && below.empty() && none.empty()) continue;
    if (!text.empty()) text += "\n\n";
    if (!title.empty()) text += title + "\n";
    text += body.empty() && below.empty() ? "(empty: " + none + ")" : body;
    if (!body.empty() && !below.empty()) text += "\n\n";
    text += below;
  }
}

// target[x] is one of both.
FhirReference TargetOf(const FhirNode& related) {
  FhirReference target = ReadReference(related.Object("targetReference"));
  const FhirNode identifier = related.Object("targetIdentifier");
  if (!identifier) return target;
  target.type = "Composition";
  target.system = identifier.Text("system");
  target.value = identifier.Text("value");
  return target;
}

}  // namespace

void ReadComposition(const FhirNode& composition, const FhirContext& context, FhirDraft& draft) {
  const std::string status =
      composition.Code("status", {"preliminary", "final", "amended", "entered-in-error"});
  for (const char* name : {"status", "type", "title"}) {
    if (!composition.Has(name)) composition.Missing(name);
  }
  Note note;
  NameDocument(composition, context.entry, note);
  note.title = composition.Text("title");
  note.time = composition.Time("date");
  if (status == "amended") note.action = NoteAction::kReplace;  // of itself
  for (const FhirNode& related : composition.Objects("relatesTo")) {
    const std::string code = related.Code("code", {"replaces", "transforms", "signs", "appends"});
    Relate(code, TargetOf(related), context, note);
  }
  const FhirReference visit = ReadReference(composition.Object("encounter"));
  const FhirScope::Answer encounter = context.scope.Find(visit, context.entry);
  if (draft.visit_of_note.empty()) {
    if (encounter.entry != nullptr && !encounter.entry->id.empty()) {
      draft.visit_of_note = encounter.entry->type + "/" + encounter.entry->id;
    } else if (visit.type == "Encounter" && !visit.id.empty()) {
      draft.visit_of_note = visit.Key();
    }
  }
  if (status == "entered-in-error") {
    note.action = NoteAction::kRetract;
    note.parent.clear();
    note.parent_also.clear();
  } else {
    AppendSections(composition, note.text);
    if (note.text.empty()) {
      if (note.action == NoteAction::kReplace) {
        note.unread = Unread::kMissing;
      } else {
        note.action = NoteAction::kStatus;
      }
      context.Note("empty_note", composition.PathOf("section"), "no section has a text");
    }
  }
  draft.record.notes.push_back(std::move(note));
}

}  // namespace consilium
