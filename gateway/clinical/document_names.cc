#include "gateway/clinical/document_names.h"

#include <algorithm>
#include <utility>

#include "gateway/clinical/patient_key.h"

namespace consilium {
namespace {

void AddName(const std::string& name, std::vector<std::string>& names) {
  if (name.empty() || std::find(names.begin(), names.end(), name) != names.end()) return;
  names.push_back(name);
}

void AddNames(const std::vector<std::string>& more, std::vector<std::string>& names) {
  for (const std::string& name : more) AddName(name, names);
}

// False for a shared name that leads nowhere any more.
bool IsKnown(const DocumentState& state) {
  return !state.case_id.empty() || state.retracted || !state.notes.empty() ||
         !state.replaced_by.empty();
}

class Namer {
 public:
  Namer(const std::string& source, const std::vector<std::string>& patient_keys,
        const PlanLookup& lookup)
      : source_(source), patient_keys_(patient_keys), lookup_(lookup) {}

  NamedNote Name(const Note& note) {
    NamedNote named{note, {}, {}};
    std::vector<std::string> names;
    AddName(note.document, names);
    AddNames(note.also, names);
    std::vector<std::string> found = Find(names);
    const bool itself = note.action == NoteAction::kRetract ||
                        (note.action == NoteAction::kReplace && note.parent.empty());
    if (found.empty() && itself) found = Find(note.shared);
    if (!found.empty()) {
      named.note.document = found.front();
      named.same.assign(found.begin() + 1, found.end());
      AddKnownNames(named.note);
    }
    AddNames(names, named.note.also);
    auto& also = named.note.also;
    also.erase(std::remove(also.begin(), also.end(), named.note.document), also.end());

    std::vector<std::string> parent_names;
    AddName(note.parent, parent_names);
    AddNames(note.parent_also, parent_names);
    named.parents = Find(parent_names);
    // Those that may still come are known by every name.
    if (named.parents.empty()) named.parents = std::move(parent_names);
    if (!named.parents.empty()) named.note.parent = named.parents.front();
    named.note.parent_also.clear();

    for (const auto* list : {&names, &named.note.shared}) {
      for (const std::string& name : *list) here_.emplace(name, named.note.document);
    }
    return named;
  }

 private:
  const DocumentState* StateOf(const std::string& name) const {
    const auto state = lookup_.documents.find(DocumentKey(source_, name));
    return state == lookup_.documents.end() ? nullptr : &state->second;
  }

  // The documents of this patient to which the names lead: of this message, else of earlier ones.
  std::vector<std::string> Find(const std::vector<std::string>& names) const {
    std::vector<std::string> found;
    for (const std::string& name : names) {
      if (const auto here = here_.find(name); here != here_.end()) {
        AddName(here->second, found);
        continue;
      }
      const DocumentState* state = StateOf(name);
      if (state == nullptr) continue;
      const std::string& document = state->same_as.empty() ? name : state->same_as;
      if (!state->same_as.empty()) state = StateOf(document);
      if (state == nullptr || !IsKnown(*state)) continue;
      if (ShareKey(state->patients, patient_keys_)) AddName(document, found);
    }
    return found;
  }

  void AddKnownNames(Note& note) const {
    const DocumentState* state = StateOf(note.document);
    if (state == nullptr) return;
    for (const Note& known : state->notes) {
      if (known.document != note.document) continue;
      AddNames(known.also, note.also);
      AddNames(known.shared, note.shared);
    }
  }

  const std::string& source_;
  const std::vector<std::string>& patient_keys_;
  const PlanLookup& lookup_;
  std::map<std::string, std::string> here_;  // name -> document, of the notes so far
};

}  // namespace

bool ShareKey(const std::vector<std::string>& some, const std::vector<std::string>& others) {
  return std::any_of(some.begin(), some.end(), [&](const std::string& key) {
    return std::find(others.begin(), others.end(), key) != others.end();
  });
}

std::vector<NamedNote> NameNotes(const FeedMessage& message, const FeedRecord& record,
                                 const std::vector<std::string>& patient_keys,
                                 const PlanLookup& lookup) {
  Namer namer(SourceOf(message), patient_keys, lookup);
  std::vector<NamedNote> named;
  for (const Note& note : record.notes) named.push_back(namer.Name(note));
  return named;
}

void KeepNames(const FeedMessage& message, const Note& note,
               const std::vector<std::string>& patient_keys, const PlanLookup& lookup,
               const std::vector<ReplacedDocument>& replaced,
               std::map<std::string, DocumentState>& states) {
  const auto keep = [&](const std::string& name, bool shared) {
    std::string key = DocumentKey(SourceOf(message), name);
    if (states.count(key) > 0 || name == note.document) return;
    DocumentState state;
    state.sender = message.sender;
    state.same_as = note.document;
    state.patients = patient_keys;
    const auto found = lookup.documents.find(key);
    if (found != lookup.documents.end()) {
      const DocumentState& before = found->second;
      if (before.same_as.empty()) return;  // a document's own, or of several
      const bool ended =
          std::any_of(replaced.begin(), replaced.end(),
                      [&](const ReplacedDocument& one) { return one.document == before.same_as; });
      const bool other = before.same_as != note.document && !ended;
      if (shared && other && ShareKey(before.patients, patient_keys)) state.same_as.clear();
    }
    states.emplace(std::move(key), std::move(state));
  };
  for (const std::string& name : note.also) keep(name, false);
  for (const std::string& name : note.shared) keep(name, true);
}

}  // namespace consilium
