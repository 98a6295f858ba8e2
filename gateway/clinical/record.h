// What every door reads a message into, before anything is decided: who the patient is, what is
// stated about them, and the notes.
//
// HL7 v2, FHIR and CDS Hooks each have a reader that makes a FeedMessage; everything behind it
// (joining context, making cases, superseding) knows only these structs. Text is UTF-8. Times are
// ISO 8601 as precise as they were stated ("2026", "2026-11-28", "2026-11-28T10:15:00+01:00"); "" =
// not stated. Nothing is filled in. Threads: plain data.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace consilium {

// An identifier of a patient and who gave it out. Equal only if both are.
struct PatientId {
  std::string authority;  // HL7 v2 CX-4 (namespace, else universal id), FHIR Identifier.system
  std::string value;
  std::string type;  // table 0203: "MR", "SS", ...; "" = not stated

  friend bool operator==(const PatientId&, const PatientId&) = default;
};

// A number of a document or an order and who gave it out (HL7 v2 EI), to be given back as it came.
struct EntityId {
  std::string id;
  std::string authority;       // its name (EI-2)
  std::string universal_id;    // EI-3 and
  std::string universal_type;  // EI-4: "1.2.840.5", "ISO"

  bool empty() const { return id.empty() && universal_id.empty(); }
  friend bool operator==(const EntityId&, const EntityId&) = default;
};

struct Demographics {
  std::vector<PatientId> ids;  // as stated, in their order
  std::string family;
  std::string given;
  std::string birth_date;
  std::string sex;         // "female", "male", "other", "unknown"; "" = not stated
  std::string deceased{};  // "yes", "no"; "" = not stated

  friend bool operator==(const Demographics&, const Demographics&) = default;
};

enum class FactKind { kDiagnosis, kAllergy, kMedication, kMeasurement, kImmunization };
inline constexpr const char* kFactKindNames[] = {"diagnosis", "allergy", "medication",
                                                 "measurement", "immunization"};

enum class FactStatus {
  kActive,     // true now: a current medication, an active problem, a measured value
  kInactive,   // was true: stopped, resolved, refuted, a family history
  kWithdrawn,  // stated before by mistake: entered in error, deleted, wrong patient
  kNoneKnown,  // "there is none" was stated ("no known allergies"); absence of a fact says nothing
};
inline constexpr const char* kFactStatusNames[] = {"active", "inactive", "withdrawn", "none_known"};

// One statement about the patient.
struct Fact {
  FactKind kind = FactKind::kDiagnosis;
  std::string text;    // for people: "Penicillin", "Type 2 diabetes", "Creatinine"
  std::string code;    // as coded at its source; "" = not coded
  std::string system;  // HL7 table name or FHIR system: "LN", "http://loinc.org", "I10", ...
  // Which of several statements under one code of one message ("1", "2", OBX-4): organisms of a
  // culture, answers of a questionnaire. "" = there is one.
  std::string instance;
  // What belongs to it: reaction and severity of an allergy, dose and instructions of a medication.
  std::string detail;
  std::optional<double> value;  // of a measurement that is a number
  std::string value_text;       // of a measurement, as stated, with comparator: "<5", "positive"
  std::string unit;             // as stated (UCUM where the feed has it)
  FactStatus status = FactStatus::kActive;
  std::string time;  // of the statement or the measurement

  friend bool operator==(const Fact&, const Fact&) = default;
};

// What a note does to earlier ones.
enum class NoteAction {
  kNew,
  kAddendum,  // adds to `parent`
  kReplace,   // stands in the place of `parent` (or of the same document, sent again)
  kRetract,   // `document` (or `parent`) must not be used; there is no new text
  kStatus,    // says something about a document without its text
};
inline constexpr const char* kNoteActionNames[] = {"new", "addendum", "replace", "retract",
                                                   "status"};

// Why text of a note is not here: a human has to look, and no case is made without it.
enum class Unread {
  kNothing,  // all of it is here
  kForm,     // some came in a form that is not read here: PDF, RTF, an image, a reference
  kMissing,  // the document was changed or added to, and the text was not sent
  kLength,   // it was too long to be kept (plan.h); nothing of it is here
};
inline constexpr const char* kUnreadNames[] = {"nothing", "form", "missing", "length"};

struct Note {
  NoteAction action = NoteAction::kNew;
  std::string document;  // its unique number at the sender; "" = it has none
  std::string parent;    // the document that it adds to or replaces; "" = not stated
  std::string title;
  std::string text;  // what could be read; empty for kRetract and kStatus
  std::string time;
  // Further names of the document at the sender, by which it may come again: FHIR has resource ids
  // beside identifiers, and each route states others of them.
  std::vector<std::string> also{};
  // Names that other documents may have as well: they lead to it only where it is said to replace,
  // or to be retracted.
  std::vector<std::string> shared{};
  std::vector<std::string> parent_also{};  // further names of `parent`, or of further parents
  EntityId entity{};                       // HL7 v2: its number with who gave it out
  Unread unread = Unread::kNothing;

  friend bool operator==(const Note&, const Note&) = default;
};

// Something in the message that was not as it should be and was not needed, or that a human must
// look at. The code is for programs, one word; the text names place, value and what was allowed and
// never holds more of the value than a code (no names, no note text).
struct Remark {
  std::string code;   // "charset_doubt", "unknown_escape", "unreadable_note", "age_conflict", ...
  std::string where;  // "PID-7", "Bundle.entry[3].resource.birthDate"; "" = the message
  std::string text;

  friend bool operator==(const Remark&, const Remark&) = default;
};

// Notes about one patient in one message: each document leads to all of them.
inline constexpr std::size_t kFeedNotesMax = 256;

// What one message says about one patient.
struct FeedRecord {
  Demographics patient;
  // Ids that are of the same person and end with this message (HL7 v2 MRG: a merge). What was kept
  // under them is forgotten, never carried over.
  std::vector<PatientId> merged;
  // The sender has deleted its record of the patient (HL7 v2 A29), or of `visit` (A23): the message
  // says nothing else.
  bool deleted = false;
  std::vector<Fact> facts;
  std::vector<Note> notes;
  std::string question;   // what is asked, where the door knows it: about draft orders (CDS Hooks)
  std::string reason;     // why they come, referral or visit reason, in a sentence; "" = not stated
  std::string account;    // PID-18; FHIR Account
  std::string visit;      // PV1-19; FHIR Encounter id
  EntityId placer;        // order numbers of the one who asked, and
  EntityId filler;        // of the one who answered (ORC/OBR-2, -3)
  std::string reference;  // FHIR: "Patient/123"; "" elsewhere
  // What names people and is only there to be taken out of free text (scrub.h): further names of
  // the patient, relatives, staff; phone numbers.
  std::vector<std::string> names;
  std::vector<std::string> numbers;

  friend bool operator==(const FeedRecord&, const FeedRecord&) = default;
};

inline bool NeedsHuman(const FeedRecord& record) {
  return std::any_of(record.notes.begin(), record.notes.end(),
                     [](const Note& note) { return note.unread != Unread::kNothing; });
}

// FeedMessage::door of CDS Hooks: a chart that a clinician has opened.
inline constexpr const char* kChartDoor = "cds";

// One message of a feed, read.
struct FeedMessage {
  std::string door;        // "hl7", "fhir", "cds"
  std::string sender;      // who sent it: "APP|FACILITY", a MessageHeader's endpoint, an issuer
  std::string source;      // within which documents are known by their names; "" = the sender
  std::string domain;      // within which local names of authorities count: MSH-4; "" = the sender
  std::string id;          // at the sender: MSH-10, MessageHeader.id; "" = it has none
  std::string digest;      // SHA-256, hex, of its bytes as they came
  std::string type;        // "MDM^T02", "Bundle/message", "patient-view"
  std::string time;        // as the message states
  bool production = true;  // false: sent for training or debugging (MSH-11 T, D)
  std::vector<FeedRecord> records;  // one a patient, in their order
  std::vector<Remark> remarks;
};

}  // namespace consilium
