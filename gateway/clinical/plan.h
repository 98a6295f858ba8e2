// What one record of a message does: which case starts, which are withdrawn, what is kept. Decided
// from the message, what was looked up and the time alone (docs/gateway.md), so it comes out the
// same wherever and how often it is made from these. Threads: plain data, functions without state.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "gateway/clinical/patient_context.h"
#include "gateway/clinical/record.h"
#include "gateway/clinical/routing.h"
#include "shared/domain.h"
#include "shared/result.h"

namespace consilium {

// Where a case came from: what an answer to its sender must name. Kept under the case's id.
struct CaseOrigin {
  std::string case_id;
  std::string door;
  std::string sender;
  std::string message_id;
  std::string type;
  Demographics patient;  // as the message stated it
  std::string account;
  std::string visit;
  EntityId placer;
  EntityId filler;
  std::vector<std::string> documents;  // whose text it decides on, at the sender
  EntityId entity;                     // of the last of them
  std::string reference;
  std::int64_t accepted_ms = 0;

  friend bool operator==(const CaseOrigin&, const CaseOrigin&) = default;
};

// A document that another one stands in the place of.
struct ReplacedDocument {
  std::string document;
  std::string by;

  friend bool operator==(const ReplacedDocument&, const ReplacedDocument&) = default;
};

// A case of another patient under the number of a document.
struct OtherCase {
  std::string case_id;
  std::vector<std::string> patients;   // keys of its patient
  std::vector<std::string> documents;  // that it is of beside this one

  friend bool operator==(const OtherCase&, const OtherCase&) = default;
};

// Notes of one case, and other cases that one document remembers; beyond, nothing is joined.
inline constexpr std::size_t kNotesMax = 64;
// Texts that a document is known to have had.
inline constexpr std::size_t kEarlierMax = 16;

// What is known of one document of a source. Kept under DocumentKey() of its name; under its other
// names stands only which one that is.
struct DocumentState {
  std::string sender;       // of the last message about it
  std::string same_as;      // the document of which this is another name; "" = this is the one
  std::string case_id;      // that stands for it now; "" = none
  std::string case_digest;  // SHA-256, hex, of the vignette of that case
  bool retracted = false;   // it must not be used
  std::string replaced_by;  // the document in its place; then case and notes are that one's
  // SHA-256, hex, of the texts that it had before, the latest last, at most kEarlierMax.
  std::vector<std::string> earlier;
  std::vector<std::string> patients;  // keys of its patient
  // All notes of that case in their order (its own, what it adds to, what came with it): the next
  // case is made from them. Of a document that was retracted: its own, to know it again.
  std::vector<Note> notes;
  // Those in whose place a document of `notes` stands: their states change with this one.
  std::vector<ReplacedDocument> replaced;
  std::vector<OtherCase> others;  // that stand: some senders number documents patient by patient

  friend bool operator==(const DocumentState&, const DocumentState&) = default;
};

// A case that no longer stands.
struct Withdrawal {
  std::string case_id;
  std::string why;  // "replaced", "added_to", "retracted", "deleted"
  std::string by;   // the case that stands in its place; "" = none does

  friend bool operator==(const Withdrawal&, const Withdrawal&) = default;
};

// A case should have started and cannot: a human has to look. `code` is that of an Error
// (ErrorName): "unsupported" nobody here can read a note, "invalid" there is nothing to ask about,
// "too_large".
struct Refusal {
  std::string code;
  std::string text;

  friend bool operator==(const Refusal&, const Refusal&) = default;
};

struct ContextChange {
  std::string key;  // patient_key.h
  PatientContext context;

  friend bool operator==(const ContextChange&, const ContextChange&) = default;
};

struct DocumentChange {
  std::string key;
  DocumentState state;

  friend bool operator==(const DocumentChange&, const DocumentChange&) = default;
};

// All of it happens, also beside a refusal: what a message replaces is outdated even if what it
// says instead cannot be read.
//
// Remarks are those of the message, of context and case, and:
//   id_reused                the sender used this id before, for other bytes
//   not_production           nothing of a message for training or debugging is used
//   no_patient_key           no usable id: nothing is joined, nothing is kept
//   merge_with_itself        an id that ends is one that goes on: it is not forgotten
//   patient_deleted          what was kept of a patient whose record was deleted is forgotten
//   other_visit_deleted      it is not the latest visit that was deleted: what was kept stays
//   patient_deceased         recorded as dead: no case starts
//   document_unknown         adds to, replaces or retracts a document that was not received
//   document_retracted       nothing is made of it: that document was retracted
//   document_was_retracted   a case starts: it came again with other text
//   document_replaced        nothing is made of it: another document or text stands in its place
//   case_withdrawn           nothing is made of it: the case of this very message was withdrawn
//   document_other_patient   that number was another patient's: texts are not joined
//   addendum_replaced        additions to a replaced document went with it
//   rest_without_case        what was sent with a retracted document has no case now
//
// A note that is longer than a case may be is kept without its text (Unread::kLength), and so are
// the longest of a case that is refused as too large: what is kept can always be read again.
struct AdmissionPlan {
  std::optional<CaseRequest> request;  // the case that starts
  std::optional<Refusal> refusal;      // never beside `request`
  std::string same_as;                 // a case that already is this very one; "" = none
  std::optional<CaseOrigin> origin;    // of `request`; there exactly when it is
  std::vector<Withdrawal> withdraw;    // each case once
  std::vector<Remark> remarks;
  // What becomes of what was looked up; stored beside the plan, not in it.
  std::vector<ContextChange> contexts;
  std::vector<std::string> forget;  // keys of contexts that end (merged and deleted patients)
  std::vector<DocumentChange> documents;
};

struct PlanSettings {
  Routing routing;
  std::vector<std::string> authorities;  // gateway.authorities
  std::int64_t context_ms = 0;           // gateway.context_h
  std::size_t case_bytes_max = 0;        // broker.case_bytes_max
};

// What has to be read before PlanAdmission: keys of contexts and of documents.
struct PlanKeys {
  std::vector<std::string> contexts;
  std::vector<std::string> documents;
};

// What was found under them; what is not there was never seen or has expired.
struct PlanLookup {
  std::map<std::string, PatientContext> contexts;
  std::map<std::string, DocumentState> documents;
  std::set<std::string> withdrawn;  // cases that are known to stand no longer
  bool id_reused = false;           // the sender used the message's id before, for other bytes
  std::int64_t now_ms = 0;          // Unix milliseconds, by Redis' clock
};

// A document that was found leads to the others of its case, whose states change with it: to be
// asked again with what was found until it names no more.
PlanKeys KeysOf(const FeedMessage& message, std::size_t record, const PlanSettings& settings,
                const PlanLookup& found = {});

// kInvalid when the message has no such record. Everything else is in the plan.
Result<AdmissionPlan> PlanAdmission(const FeedMessage& message, std::size_t record,
                                    const PlanLookup& lookup, const PlanSettings& settings);

}  // namespace consilium
