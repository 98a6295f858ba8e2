#include "gateway/clinical/document_plan.h"

#include <algorithm>
#include <iterator>
#include <set>
#include <string_view>
#include <utility>

#include "gateway/clinical/document_names.h"
#include "gateway/clinical/patient_key.h"
#include "shared/ids.h"
#include "shared/text.h"

namespace consilium {
namespace {

bool SaysSomething(const Note& note) {
  return note.action == NoteAction::kNew || note.action == NoteAction::kAddendum ||
         note.action == NoteAction::kReplace;
}

bool IsOfDocument(const Note& note, const std::string& document) {
  return !document.empty() && note.document == document;
}

bool HasText(const std::vector<Note>& notes, const Note& like) {
  return std::any_of(notes.begin(), notes.end(),
                     [&](const Note& note) { return Trimmed(note.text) == Trimmed(like.text); });
}

class Planner {
 public:
  Planner(const FeedMessage& message, const std::vector<std::string>& patient_keys,
          const PlanLookup& lookup)
      : message_(message),
        source_(SourceOf(message)),
        patient_keys_(patient_keys),
        lookup_(lookup) {}

  void Take(const NamedNote& named) {
    plan_.has_notes = true;
    if (!named.note.document.empty()) plan_.own.insert(Key(named.note.document));
    switch (named.note.action) {
      case NoteAction::kNew:
      case NoteAction::kReplace:
        return Replace(named);
      case NoteAction::kAddendum:
        return Add(named.note);
      case NoteAction::kRetract:
        return Retract(named);
      case NoteAction::kStatus:
        return;
    }
  }
  DocumentPlan Done() && { return std::move(plan_); }

 private:
  std::string Key(const std::string& document) const { return DocumentKey(source_, document); }

  const DocumentState* Find(const std::string& document) const {
    if (document.empty()) return nullptr;
    const auto found = lookup_.documents.find(Key(document));
    const bool known = found != lookup_.documents.end() && found->second.same_as.empty();
    return known ? &found->second : nullptr;
  }

  // Where it is not known whose they are, two texts are not joined.
  bool IsOfThisPatient(const DocumentState& state) const {
    return ShareKey(state.patients, patient_keys_);
  }
  // A document that was filed under another patient is ended by whom it is from and by nobody else:
  // senders of one source may have the same numbers.
  bool MayEndForOther(const DocumentState& state) const {
    return state.sender.empty() || state.sender == message_.sender;
  }

  void Say(const char* code, const char* text) {
    const Remark remark{code, "", text};
    auto& remarks = plan_.remarks;
    if (std::find(remarks.begin(), remarks.end(), remark) == remarks.end())
      remarks.push_back(remark);
  }
  void SayUnknown() {
    Say("document_unknown", "the earlier document was not received, or long ago");
  }
  void SayOtherPatient() {
    Say("document_other_patient",
        "the earlier document was another patient's, or it is not known whose: texts not joined");
  }
  void SayReplaced() {
    Say("document_replaced", "another document or text stands in its place: no case");
  }
  void SayRetracted() { Say("document_retracted", "the document was retracted: no case"); }

  // What led to the replaced document leads to the one in its place.
  void AddReplaced(const ReplacedDocument& one) {
    auto& replaced = plan_.replaced;
    for (ReplacedDocument& other : replaced) {
      if (other.by == one.document) other.by = one.by;
    }
    const auto is_same = [&](const ReplacedDocument& other) {
      return other.document == one.document || other.document == other.by;
    };
    replaced.erase(std::remove_if(replaced.begin(), replaced.end(), is_same), replaced.end());
    replaced.push_back(one);
  }

  // False where the number was taken over by another patient's document since.
  bool IsOfCase(const std::string& document, const DocumentState& state) const {
    const DocumentState* known = Find(document);
    return known == nullptr || known->case_id == state.case_id;
  }

  // The case of `state` ends, and `document` with it: the documents that were in it have none now.
  void Release(const std::string& document, const DocumentState& state) {
    std::vector<Note> rest;
    for (const Note& note : state.notes) {
      if (!IsOfDocument(note, document) && retracted_.count(note.document) == 0) {
        rest.push_back(note);
      }
    }
    DocumentState left;
    left.sender = message_.sender;
    left.patients = state.patients;
    left.notes = rest;
    for (const ReplacedDocument& one : state.replaced) {
      if (one.by != document) left.replaced.push_back(one);
    }
    for (const Note& note : rest) {
      if (!note.document.empty() && IsOfCase(note.document, state))
        plan_.states[Key(note.document)] = left;
      Say("rest_without_case", "what was sent with the retracted document has no case now");
    }
    for (const ReplacedDocument& one : state.replaced) {
      if (!IsOfCase(one.document, state)) continue;
      DocumentState& old = plan_.states[Key(one.document)];
      if (one.by == document) {
        old = {};
        old.sender = message_.sender;
        old.patients = state.patients;
        old.retracted = true;
      } else {
        old = left;
      }
      old.replaced_by = one.by;
    }
  }

  // The case of `state` ends if there is a new one.
  void Supersede(const DocumentState& state, const char* why) {
    if (state.case_id.empty()) return;
    plan_.supersedes = true;
    if (Ends(plan_.superseded, state.case_id) || Ends(plan_.retracted, state.case_id)) return;
    plan_.superseded.push_back({state.case_id, why, ""});
    plan_.digests.push_back(state.case_digest);
  }

  // What an earlier case decided on and is not here yet.
  void Carry(const DocumentState& state) {
    for (const ReplacedDocument& one : state.replaced) AddReplaced(one);
    for (const Note& note : state.notes) {
      const bool here = std::any_of(plan_.notes.begin(), plan_.notes.end(), [&](const Note& other) {
        return IsOfDocument(other, note.document);
      });
      if (!here && retracted_.count(note.document) == 0) plan_.notes.push_back(note);
    }
  }

  // Puts `note` in the place of the first note of `documents`, else at the end; what adds to one of
  // them goes too.
  void Put(const Note& note, const std::vector<std::string>& documents) {
    const auto is_replaced = [&](const Note& other) {
      return std::any_of(documents.begin(), documents.end(), [&](const std::string& document) {
        return IsOfDocument(other, document);
      });
    };
    auto& notes = plan_.notes;
    const auto first = std::find_if(notes.begin(), notes.end(), is_replaced);
    const auto place = first - notes.begin();
    const bool found = first != notes.end();
    const bool same = found && Trimmed(first->text) == Trimmed(note.text);
    notes.erase(std::remove_if(notes.begin(), notes.end(), is_replaced), notes.end());
    notes.insert(
        notes.begin() + std::min<std::ptrdiff_t>(place, static_cast<std::ptrdiff_t>(notes.size())),
        note);
    if (!found || same) return;
    const auto adds = [&](const Note& other) {
      return other.action == NoteAction::kAddendum &&
             std::find(documents.begin(), documents.end(), other.parent) != documents.end() &&
             !(other == note);
    };
    for (const Note& other : notes) {
      if (!adds(other)) continue;
      Say("addendum_replaced", "what was added to the replaced document went with it");
      if (!other.document.empty() && !note.document.empty()) {
        AddReplaced({other.document, note.document});
      }
    }
    notes.erase(std::remove_if(notes.begin(), notes.end(), adds), notes.end());
  }

  void Replace(const NamedNote& named) {
    const Note& note = named.note;
    std::vector<std::string> documents;
    if (!note.document.empty()) documents.push_back(note.document);
    documents.insert(documents.end(), named.same.begin(), named.same.end());
    const bool replaces = note.action == NoteAction::kReplace;
    if (replaces) documents.insert(documents.end(), named.parents.begin(), named.parents.end());
    bool found = false;
    std::set<std::string> untouched;
    for (std::size_t i = 0; i < documents.size(); ++i) {
      const std::string document = documents[i];
      const DocumentState* state = Find(document);
      if (state == nullptr) continue;
      found = true;
      // Retracted before it came, by who did not say whose it is.
      if (!replaces && IsRetractedOfAll(*state)) return SayRetracted();
      if (!IsOfThisPatient(*state)) {
        SayOtherPatient();
        // Where neither says whose it is, the number alone is what both have.
        const bool nobodys = state->patients.empty() && patient_keys_.empty();
        if ((replaces || nobodys) && MayEndForOther(*state)) {
          Supersede(*state, "replaced");
          Release(document, *state);
          plan_.other_patient = true;
        } else if (document == note.document) {
          plan_.others[Key(document)] = CasesOf(document, *state);
        } else if (!MayEndForOther(*state)) {
          untouched.insert(document);
        }
        continue;
      }
      if (!replaces && !state->retracted && IsOldText(*state, note)) return SayReplaced();
      if (state->retracted) {
        if (!replaces && (state->notes.empty() || HasText(state->notes, note))) {
          return SayRetracted();
        }
        Say("document_was_retracted", "the document was retracted and came with other text");
        continue;
      }
      // Some name the first version, whatever has come in its place since.
      if (!state->replaced_by.empty() &&
          std::find(documents.begin(), documents.end(), state->replaced_by) == documents.end()) {
        documents.push_back(state->replaced_by);
      }
      Carry(*state);
      Supersede(*state, "replaced");
    }
    if (replaces && !found) SayUnknown();
    // That an unknown document was changed asks nothing.
    if (note.unread == Unread::kMissing && !plan_.supersedes) return;
    plan_.has_text = true;
    Put(note, documents);
    for (const std::string& document : documents) {
      if (document == note.document || untouched.count(document) > 0) continue;
      if (!note.document.empty()) {
        AddReplaced({document, note.document});
      }
    }
  }

  void Add(const Note& note) {
    // Some say "addendum" under the number of the document itself.
    const bool to_itself = note.parent.empty() || note.parent == note.document;
    const DocumentState* parent = Find(to_itself ? note.document : note.parent);
    const DocumentState* own = to_itself ? nullptr : Find(note.document);
    if (own != nullptr && own->retracted && HasText(own->notes, note)) return SayRetracted();
    if (own != nullptr && IsRetractedOfAll(*own)) return SayRetracted();
    if (parent != nullptr && parent->retracted) return SayRetracted();
    if (parent == nullptr && note.unread == Unread::kMissing) return SayUnknown();
    plan_.has_text = true;
    if (parent == nullptr) {
      SayUnknown();
    } else if (!IsOfThisPatient(*parent)) {
      SayOtherPatient();
      parent = nullptr;
    } else {
      Carry(*parent);
      Supersede(*parent, "added_to");
    }
    if (own != nullptr && IsOfThisPatient(*own) && !own->retracted) {
      Carry(*own);
      Supersede(*own, "replaced");
    }
    if (to_itself && HasText(plan_.notes, note)) return;
    Put(note, to_itself ? std::vector<std::string>() : std::vector<std::string>{note.document});
  }

  void Retract(const NamedNote& named) {
    const Note& note = named.note;
    const bool parent = note.document.empty();
    if (parent && named.parents.empty()) return SayUnknown();
    for (const std::string& document : parent ? named.parents : std::vector{note.document}) {
      RetractOne(document);
    }
    for (const std::string& document : named.same) RetractOne(document);
    // By whichever of its names it comes again, it is this one.
    if (!parent) KeepNames(message_, note, patient_keys_, lookup_, {}, plan_.states);
  }

  void RetractOne(const std::string& document) {
    const DocumentState* state = Find(document);
    if (state != nullptr && !IsOfThisPatient(*state) && RetractOther(document, *state)) return;
    retracted_.insert(document);
    DocumentState after;
    after.sender = message_.sender;
    after.retracted = true;
    after.patients = patient_keys_;
    if (state != nullptr && !IsOfThisPatient(*state) && !MayEndForOther(*state)) {
      return SayOtherPatient();
    }
    if (state == nullptr) {
      SayUnknown();
    } else if (!state->replaced_by.empty()) {
      // What stands in its place is not retracted with it; if that is retracted too, it is said.
      if (plan_.states.count(Key(document)) > 0) return;
      after = *state;
    } else {
      after.patients = state->patients;
      after.others = state->others;
      End(state->case_id);
      if (!IsOfThisPatient(*state)) {
        SayOtherPatient();
        for (const OtherCase& other : state->others) EndOther(other);
        after.others.clear();
      }
      const auto own = [&](const Note& note) { return IsOfDocument(note, document); };
      std::copy_if(state->notes.begin(), state->notes.end(), std::back_inserter(after.notes), own);
      Release(document, *state);
    }
    plan_.states[Key(document)] = std::move(after);
  }

  static bool IsRetractedOfAll(const DocumentState& state) {
    return state.retracted && state.patients.empty() && state.notes.empty();
  }

  void End(const std::string& case_id) {
    if (case_id.empty() || Ends(plan_.retracted, case_id)) return;
    plan_.retracted.push_back({case_id, "retracted", ""});
  }

  void EndOther(const OtherCase& other) {
    End(other.case_id);
    for (const std::string& document : other.documents) {
      const DocumentState* state = Find(document);
      if (state == nullptr || state->case_id != other.case_id) continue;
      DocumentState& left = plan_.states[Key(document)];
      left = *state;
      left.case_id.clear();
      left.case_digest.clear();
    }
  }

  // The case of this patient under a number that is another patient's by now; false = none is.
  bool RetractOther(const std::string& document, const DocumentState& state) {
    DocumentState left = state;
    left.others.clear();
    for (const OtherCase& other : state.others) {
      if (ShareKey(other.patients, patient_keys_)) {
        EndOther(other);
      } else {
        left.others.push_back(other);
      }
    }
    if (left.others.size() == state.others.size()) return false;
    plan_.states[Key(document)] = std::move(left);
    return true;
  }

  // What the document said before another text or document took its place: sent again, or
  // overtaken.
  static bool IsOldText(const DocumentState& state, const Note& note) {
    const auto& earlier = state.earlier;
    if (!state.replaced_by.empty() && earlier.empty()) return true;
    return std::find(earlier.begin(), earlier.end(), TextDigest(note)) != earlier.end();
  }

  const FeedMessage& message_;
  const std::string& source_;
  const std::vector<std::string>& patient_keys_;
  const PlanLookup& lookup_;
  std::set<std::string> retracted_;  // by this record
  DocumentPlan plan_;
};

}  // namespace

bool Ends(const std::vector<Withdrawal>& gone, const std::string& case_id) {
  return std::any_of(gone.begin(), gone.end(),
                     [&](const Withdrawal& one) { return one.case_id == case_id; });
}

std::vector<OtherCase> CasesOf(const std::string& document, const DocumentState& state) {
  std::vector<OtherCase> cases = state.others;
  if (state.case_id.empty()) return cases;
  OtherCase own{state.case_id, state.patients, {}};
  for (const Note& note : state.notes) {
    if (!note.document.empty() && note.document != document) own.documents.push_back(note.document);
  }
  for (const ReplacedDocument& one : state.replaced) own.documents.push_back(one.document);
  cases.push_back(std::move(own));
  if (cases.size() > kNotesMax) cases.erase(cases.begin());
  return cases;
}

std::string TextDigest(const Note& note) { return Sha256Hex(Trimmed(note.text)); }

DocumentPlan PlanDocuments(const FeedMessage& message, const FeedRecord& record,
                           const std::vector<std::string>& patient_keys, const PlanLookup& lookup) {
  Planner planner(message, patient_keys, lookup);
  const std::vector<NamedNote> notes = NameNotes(message, record, patient_keys, lookup);
  for (const NamedNote& named : notes) {
    if (!SaysSomething(named.note)) planner.Take(named);
  }
  for (const NamedNote& named : notes) {
    if (SaysSomething(named.note)) planner.Take(named);
  }
  return std::move(planner).Done();
}

}  // namespace consilium
