// What the notes of a record do to earlier documents (docs/gateway.md, "Documents").
// Threads: functions without state.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "gateway/clinical/plan.h"

namespace consilium {

// Before it is known whether a case starts.
struct DocumentPlan {
  // What a case would decide on: notes of earlier cases that still hold, with those of the record
  // in or after them.
  std::vector<Note> notes;
  bool has_notes = false;              // the record has notes at all
  bool has_text = false;               // one that says something new, replaces or adds
  bool supersedes = false;             // a document that has a case is replaced or added to
  std::vector<Withdrawal> superseded;  // cases that end if a case starts or cannot be made
  std::vector<Withdrawal> retracted;   // cases that end whatever else
  std::vector<std::string> digests;    // of the vignettes of `superseded`, in their order
  bool other_patient = false;          // a superseded case was another patient's
  std::map<std::string, DocumentState> states;  // of retracted documents and what was with them
  std::vector<ReplacedDocument> replaced;       // by documents of `notes`
  std::set<std::string> own;  // keys of the documents that the record itself is about
  // By key: cases of other patients under the number of a document of `notes`.
  std::map<std::string, std::vector<OtherCase>> others;
  std::vector<Remark> remarks;
};

DocumentPlan PlanDocuments(const FeedMessage& message, const FeedRecord& record,
                           const std::vector<std::string>& patient_keys, const PlanLookup& lookup);

bool Ends(const std::vector<Withdrawal>& gone, const std::string& case_id);

// All cases that stand under the number of a document.
std::vector<OtherCase> CasesOf(const std::string& document, const DocumentState& state);

// SHA-256, hex, of the text of a note, to know it again.
std::string TextDigest(const Note& note);

}  // namespace consilium
