// What the doors keep in Redis: which message was admitted with which plan, what is known of a
// patient and of a document, where a case came from.
//
// Keys and their expiry: docs/gateway.md, "Keys in Redis"; all are of shard 0, whatever the number
// of shards. Messages, patients and documents are named by digests that the caller makes
// (gateway/clinical/patient_key.h), never by what identifies them. Values are opaque here: the
// caller seals them (shared/seal.h) and checks the seal of what it gets back.
//
// Every step is one atomic script (gateway/store/*.lua) and may be sent twice: after kUnavailable
// its effect is unknown and the caller asks again. Errors: as RedisConnection, and kQueueFull from
// whatever brings more when Redis has no memory (nothing was written then). Time is Redis' own.
//
// Threads: as RedisConnection: one loop.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "shared/redis.h"

namespace consilium {

// What a message is about. Each list without repetitions.
struct FeedQuestion {
  std::string message;
  std::string message_id;  // its id at the sender, whatever it says; "" = it has none
  std::string case_id;     // of the case that it starts, if it starts one
  std::vector<std::string> patients;
  std::vector<std::string> documents;
};

// What is known of a patient or of a document.
struct StoredValue {
  std::int64_t version = 0;          // 0 = nothing is known; others never come back
  std::optional<std::string> bytes;  // absent = nothing is known
};

struct FeedView {
  std::int64_t now_ms = 0;
  std::optional<std::string> plan;     // the message was admitted before, with this one
  bool id_reused = false;              // its id was that of another message
  bool case_withdrawn = false;         // its case no longer stands
  std::vector<StoredValue> patients;   // one for each that was asked for, in that order
  std::vector<StoredValue> documents;  // likewise
};

// That a value is still the one that the plan rests on, and what it becomes.
struct ValueChange {
  std::string name;
  std::int64_t from_version = 0;     // StoredValue::version
  std::optional<std::string> bytes;  // absent: it is left as it is
};

struct CaseFrom {
  std::string case_id;
  std::string origin;
};

// A case that no longer stands, whether or not the broker has it yet.
struct WithdrawnCase {
  std::string case_id;
  std::string reason;  // not empty
};

// What a message does. A patient stands in `patients` once, also one to `forget` that was looked
// at; a document and a case once. All expiries are from now and at least 1.
struct Admission {
  std::string door;     // "hl7", "fhir", "cds", "api": whose counters
  std::string message;  // this and the next as in FeedQuestion
  std::string message_id;
  std::string plan;
  std::vector<ValueChange> patients;
  std::vector<ValueChange> documents;
  std::vector<std::string> forget;  // patients of whom nothing is known any more
  std::vector<CaseFrom> cases;
  std::vector<WithdrawnCase> withdrawn;
  std::int64_t remember_ms = 0;   // the plan
  std::int64_t context_ms = 0;    // patients, since the last statement
  std::int64_t retention_ms = 0;  // documents, origins and withdrawals
};

struct AdmitReply {
  enum class Kind {
    kAdmitted,  // it is durable, and open until Finish()
    kSeen,   // it was before (perhaps by the same call, sent twice): `plan` holds, nothing changed
    kMoved,  // a context or a document is not what the plan rests on: look and plan again
  };
  Kind kind = Kind::kMoved;
  std::int64_t now_ms = 0;
  std::string plan;  // kSeen
};

// A message that was admitted and whose work somebody may have left undone.
struct OpenPlan {
  std::string message;
  std::string plan;
  std::int64_t admitted_ms = 0;
};

struct DoorsStatus {
  std::int64_t now_ms = 0;
  std::int64_t open = 0;                         // plans admitted and not finished
  std::int64_t oldest_ms = 0;                    // since when the oldest of them is; 0 = none
  std::map<std::string, std::int64_t> counters;  // "hl7:admitted", "hl7:seen", as Count() names
};

class FeedStore {
 public:
  template <class T>
  using Done = std::function<void(Result<T>)>;

  explicit FeedStore(RedisConnection& redis) : redis_(redis) {}
  // The scripts that a RedisConnection used here must load.
  static std::vector<RedisScript> Scripts();

  void Look(const FeedQuestion& question, Done<FeedView> done);
  void Admit(const Admission& admission, Done<AdmitReply> done);
  // Its cases are at the broker and what it replaces is withdrawn. When this is lost the plan is
  // taken up once more, which does no harm.
  void Finish(const std::string& message, Done<Nothing> done);
  // Up to `count` plans that are open and that nobody took up for `idle` (longer than a message
  // takes), oldest first; they count as taken up from now on, so that what fails does not keep
  // others from their turn.
  void TakeOpenPlans(milliseconds idle, std::int64_t count, Done<std::vector<OpenPlan>> done);

  // Why a case no longer stands; absent = it does. To be asked once the broker has the case: who
  // withdraws it marks it first (Admit) and asks the broker then, so one of the two finds the
  // other.
  void WithdrawnFor(const std::string& case_id, Done<std::optional<std::string>> done);

  // Absent = not known (any more). Each in the place of its case.
  void OriginsOf(const std::vector<std::string>& case_ids,
                 Done<std::vector<std::optional<std::string>>> done);

  // A card that was shown, for the link on it and for feedback. `uuid`: 8-4-4-4-12 hex digits;
  // anything else is kInvalid to put and absent to get.
  void PutCard(const std::string& uuid, const std::string& bytes, milliseconds keep,
               Done<Nothing> done);
  void GetCard(const std::string& uuid, Done<std::optional<std::string>> done);
  // Whether a token is used for the first time. `digest` of what makes it unique (issuer and jti),
  // `by`: who uses it, unique and not empty; the same one asking again gets the same answer.
  // `keep`: until it is no longer valid.
  void UseToken(const std::string& digest, const std::string& by, milliseconds keep,
                Done<bool> done);

  // Adds to a counter; not exactly once.
  void Count(const std::string& counter, std::int64_t add, Done<Nothing> done);
  void Describe(Done<DoorsStatus> done);

 private:
  RedisConnection& redis_;
};

}  // namespace consilium
