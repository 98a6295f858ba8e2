// What is known of a patient from earlier messages, and how it is joined to a new one.
//
// A context belongs to one identifier (patient_key.h). Facts are kept under the identifiers under
// which they were stated and under no other, so a record never takes what was said about another.
// Rules only: a time goes in, values come out. Threads: functions without state.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "gateway/clinical/record.h"

namespace consilium {

// Facts kept of each kind; beyond, the one that was stated longest ago goes.
inline constexpr std::size_t kContextFactsMax = 64;
// Statements of each kind that are used of one record; beyond, those stated first are not. A record
// of many years has some thousand measurements.
inline constexpr std::size_t kRecordFactsMax = 16'384;
// Bytes kept of each text of a fact; a name beyond is cut.
inline constexpr std::size_t kContextTextBytesMax = 512;

struct SeenFact {
  Fact fact;
  std::int64_t seen_ms = 0;  // when it came, Unix milliseconds

  friend bool operator==(const SeenFact&, const SeenFact&) = default;
};

struct ContextCase {
  std::string id;
  std::int64_t started_ms = 0;

  friend bool operator==(const ContextCase&, const ContextCase&) = default;
};
// Kept of a patient: an earlier one counts where the later ones were withdrawn.
inline constexpr std::size_t kContextCasesMax = 4;

// Invariant of what Remember() makes: facts are active or none_known, no two are the same, in the
// order in which they were stated, at most kContextFactsMax of a kind.
struct PatientContext {
  Demographics patient;  // neither ids nor given names are kept
  std::int64_t patient_seen_ms = 0;
  std::vector<SeenFact> facts;
  // The latest cases that notes and referrals of this patient started and that none of them
  // withdrew, oldest first. What a chart that is opened shows first.
  std::vector<ContextCase> cases;
  std::string visit{};  // the latest that was stated

  friend bool operator==(const PatientContext&, const PatientContext&) = default;
};

// What a case may use: the record's own facts over what was kept.
struct JoinedContext {
  bool conflict = false;  // something was kept and nothing of it is used
  // The record's; birth date, sex and death from what was kept where it is silent.
  Demographics patient;
  std::vector<Fact> facts;  // active and none_known
  std::vector<Remark> remarks;
};

struct Remembered {
  bool conflict = false;  // `context` is what was there, and nothing of the record is in it
  PatientContext context;
  std::vector<Remark> remarks;
};

// Whether these cannot be one person: birth dates that differ as far as both are stated, female and
// male, or other family names without the same full birth date (people marry).
bool Contradicts(const Demographics& a, const Demographics& b);

// Whether the record contradicts one of its contexts, or these each other: two numbers of one
// record were kept for different people.
bool AnyConflict(const FeedRecord& record, const std::vector<PatientContext>& contexts);

// `contexts`: those of the record's own keys. Facts older than `limit_ms` are not used. Remarks:
// "context_conflict" (nothing of what was kept is used), "fact_contradiction", "record_full".
JoinedContext JoinContext(const FeedRecord& record, const std::vector<PatientContext>& contexts,
                          std::int64_t now_ms, std::int64_t limit_ms);

// What is to be kept under one key after the record: the later statement replaces the earlier, what
// is withdrawn or has ended goes. What contradicts the record stays as it is and for as long as it
// would: which of the two is wrong is not known, and a slip of the pen must not wipe an allergy.
// Remarks: "context_conflict", "fact_contradiction", "record_full", "context_full".
Remembered Remember(const std::optional<PatientContext>& context, const FeedRecord& record,
                    std::int64_t now_ms, std::int64_t limit_ms);

}  // namespace consilium
