// DocumentReference: https://hl7.org/fhir/R4/documentreference.html
#include <utility>

#include "gateway/fhir/attachment.h"

namespace consilium {
namespace {

std::string VisitOf(const FhirNode& document, const FhirContext& context) {
  const std::vector<FhirNode> encounters = document.Object("context").Objects("encounter");
  if (encounters.size() != 1) return "";
  const FhirReference reference = ReadReference(encounters.front());
  const FhirScope::Answer answer = context.scope.Find(reference, context.entry);
  if (answer.entry != nullptr && !answer.entry->id.empty()) {
    return answer.entry->type + "/" + answer.entry->id;
  }
  return reference.type == "Encounter" && !reference.id.empty() ? reference.Key() : "";
}

struct Content {
  std::string text;
  bool read = false;
};

// The contents of one document are the same in several forms (R4): the plainest is read.
Content ReadContent(const FhirNode& document, const FhirContext& context) {
  for (const AttachmentForm form : {AttachmentForm::kText, AttachmentForm::kMarkup}) {
    for (const FhirNode& content : document.Objects("content")) {
      const FhirNode attachment = content.Object("attachment");
      if (FormOf(attachment.Text("contentType")) != form || !attachment.Has("data")) continue;
      if (auto text = ReadAttachmentText(attachment, context)) return {*std::move(text), true};
    }
  }
  return {};
}

}  // namespace

void ReadDocumentReference(const FhirNode& document, const FhirContext& context, FhirDraft& draft) {
  const std::string status = document.Code("status", {"current", "superseded", "entered-in-error"});
  if (!document.Has("status")) document.Missing("status");
  if (!document.Has("content")) document.Missing("content");
  const std::string stage =
      document.Code("docStatus", {"preliminary", "final", "amended", "entered-in-error"});
  Note note;
  NameDocument(document, context.entry, note);
  note.title = document.Text("description");
  if (note.title.empty()) note.title = ReadConcept(document.Object("type"), kLoinc).text;
  note.time = document.Time("date");
  if (stage == "amended") note.action = NoteAction::kReplace;  // of itself
  for (const FhirNode& related : document.Objects("relatesTo")) {
    const std::string code = related.Code("code", {"replaces", "transforms", "signs", "appends"});
    Relate(code, ReadReference(related.Object("target")), context, note);
  }
  if (status == "entered-in-error" || stage == "entered-in-error") {
    note.action = NoteAction::kRetract;
    note.parent.clear();
    note.parent_also.clear();
  } else if (status == "superseded") {
    note.action = NoteAction::kRetract;  // the one that stands in its place has the text
    note.parent.clear();
    note.parent_also.clear();
  } else {
    const std::string visit = VisitOf(document, context);
    if (draft.visit_of_note.empty()) draft.visit_of_note = visit;
    Content content = ReadContent(document, context);
    note.text = std::move(content.text);
    if (!content.read) {
      note.unread = Unread::kForm;
      context.Note("unreadable_note", document.PathOf("content"),
                   "no text in it, expected an attachment with data of text/plain or text/html: a "
                   "person has to look");
    } else if (note.text.empty()) {
      context.Note("empty_note", document.PathOf("content"), "the text is empty");
      if (note.action == NoteAction::kReplace) {
        note.unread = Unread::kMissing;
      } else {
        note.action = NoteAction::kStatus;
      }
    }
  }
  draft.record.notes.push_back(std::move(note));
}

}  // namespace consilium
