// Which documents the notes of a record mean, where a document has several names at its source: a
// resource id, identifiers. One of them is the document's own, under which it is known; the others
// lead to it.
//
// A name leads to a document of the same patient and to no other; the own name of one of another
// patient stays what it is, and what follows from that is the planner's (document_plan.h).
// Threads: functions without state.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "gateway/clinical/plan.h"

namespace consilium {

struct NamedNote {
  // `document` and `parent` are the names under which these are known; `also` and `shared` all
  // further names, those of earlier messages among them.
  Note note;
  std::vector<std::string> same;     // documents that came apart and turn out to be this one
  std::vector<std::string> parents;  // `parent` first; none = not stated
};

// The notes of the record, in their order.
std::vector<NamedNote> NameNotes(const FeedMessage& message, const FeedRecord& record,
                                 const std::vector<std::string>& patient_keys,
                                 const PlanLookup& lookup);

// Makes the further names of `note` lead to its document. A shared name that led to another
// document, which is none of `replaced`, leads nowhere from now on.
void KeepNames(const FeedMessage& message, const Note& note,
               const std::vector<std::string>& patient_keys, const PlanLookup& lookup,
               const std::vector<ReplacedDocument>& replaced,
               std::map<std::string, DocumentState>& states);

// Two lists of keys of a patient name the same one.
bool ShareKey(const std::vector<std::string>& some, const std::vector<std::string>& others);

}  // namespace consilium
