#include "gateway/clinical/plan.h"

#include <algorithm>
#include <set>
#include <utility>

#include "gateway/clinical/case_maker.h"
#include "gateway/clinical/document_plan.h"
#include "gateway/clinical/keep_documents.h"
#include "gateway/clinical/patient_key.h"
#include "shared/codec.h"
#include "shared/ids.h"
#include "shared/text.h"

namespace consilium {
namespace {

constexpr std::size_t kSourceBytesMax = 64;  // broker/intake.h

void AddRemarks(const std::vector<Remark>& more, std::vector<Remark>& remarks) {
  for (const Remark& remark : more) {
    if (std::find(remarks.begin(), remarks.end(), remark) == remarks.end())
      remarks.push_back(remark);
  }
}

void AddUnique(const std::string& key, std::vector<std::string>& keys) {
  if (std::find(keys.begin(), keys.end(), key) == keys.end()) keys.push_back(key);
}

bool Holds(const std::vector<std::string>& keys, const std::string& key) {
  return std::find(keys.begin(), keys.end(), key) != keys.end();
}

// What is kept under each of the patient's keys from now on, and what ends.
void PlanContexts(const FeedMessage& message, const FeedRecord& record,
                  const std::vector<std::string>& keys, const PlanLookup& lookup,
                  const PlanSettings& settings, AdmissionPlan& plan) {
  if (keys.empty()) {
    AddRemarks({{"no_patient_key", "", "no usable id of the patient: nothing joined or kept"}},
               plan.remarks);
  }
  for (const std::string& key : keys) {
    const auto found = lookup.contexts.find(key);
    const auto before = found == lookup.contexts.end()
                            ? std::nullopt
                            : std::optional<PatientContext>(found->second);
    Remembered after = Remember(before, record, lookup.now_ms, settings.context_ms);
    AddRemarks(after.remarks, plan.remarks);
    if (!after.conflict) plan.contexts.push_back({key, std::move(after.context)});
  }
  for (const std::string& key :
       PatientKeys(record.merged, ScopeOf(message, settings.authorities))) {
    if (Holds(keys, key)) {
      AddRemarks({{"merge_with_itself", "", "an id that ends is one that goes on"}}, plan.remarks);
    } else {
      AddUnique(key, plan.forget);
    }
  }
}

// What the sender has deleted is not used any more, and the case that it led to does not stand. A
// context of another person (its number was given out again) stays.
void PlanDeletion(const FeedRecord& record, const std::vector<std::string>& keys,
                  const PlanLookup& lookup, AdmissionPlan& plan) {
  for (const std::string& key : keys) {
    const auto found = lookup.contexts.find(key);
    if (found == lookup.contexts.end()) continue;
    const PatientContext& context = found->second;
    if (Contradicts(record.patient, context.patient)) {
      AddRemarks({{"context_conflict", "",
                   "what was kept under this identifier is of somebody else: it stays"}},
                 plan.remarks);
      continue;
    }
    if (!record.visit.empty() && record.visit != context.visit) {
      AddRemarks({{"other_visit_deleted", "", "not the latest visit: what was kept stays"}},
                 plan.remarks);
      continue;
    }
    AddRemarks({{"patient_deleted", "", "what was kept of the patient is forgotten"}},
               plan.remarks);
    plan.forget.push_back(key);
    if (context.cases.empty()) continue;
    const Withdrawal end{context.cases.back().id, "deleted", ""};
    const auto& ends = plan.withdraw;
    if (std::find(ends.begin(), ends.end(), end) == ends.end()) plan.withdraw.push_back(end);
  }
}

JoinedContext Joined(const FeedRecord& record, const std::vector<std::string>& keys,
                     const PlanLookup& lookup, const PlanSettings& settings) {
  std::vector<PatientContext> contexts;
  for (const std::string& key : keys) {
    const auto found = lookup.contexts.find(key);
    if (found != lookup.contexts.end()) contexts.push_back(found->second);
  }
  return JoinContext(record, contexts, lookup.now_ms, settings.context_ms);
}

Refusal Refused(const Error& error) { return {std::string(ErrorName(error.code)), error.text}; }

CaseOrigin OriginOf(const FeedMessage& message, const FeedRecord& record,
                    const std::string& case_id, const std::vector<Note>& notes,
                    std::int64_t now_ms) {
  CaseOrigin origin;
  origin.case_id = case_id;
  origin.door = message.door;
  origin.sender = message.sender;
  origin.message_id = message.id;
  origin.type = message.type;
  origin.patient = record.patient;
  origin.account = record.account;
  origin.visit = record.visit;
  origin.placer = record.placer;
  origin.filler = record.filler;
  for (const Note& note : notes) {
    if (note.document.empty()) continue;
    AddUnique(note.document, origin.documents);
    origin.entity = note.entity;
  }
  origin.reference = record.reference;
  origin.accepted_ms = now_ms;
  return origin;
}

// The case of the record with the notes of earlier documents that still hold.
Result<CaseRequest> MakeRequest(const FeedMessage& message, std::size_t index,
                                const std::vector<Note>& notes, const JoinedContext& joined,
                                const PlanLookup& lookup, const PlanSettings& settings,
                                std::vector<Remark>& remarks) {
  if (notes.size() > kNotesMax) {
    return Error{ErrorCode::kTooLarge, "notes: " + std::to_string(notes.size()) +
                                           " of one case, expected at most " +
                                           std::to_string(kNotesMax)};
  }
  FeedRecord record = message.records[index];
  record.notes = notes;
  auto made = MakeVignette(record, joined, lookup.now_ms);
  if (!made) return made.error();
  AddRemarks(made->remarks, remarks);
  CaseRequest request;
  request.id = FeedCaseId(message, index);
  request.vignette = std::move(made->vignette);
  request.source = CutUtf8(message.door + " " + ToValidUtf8(message.sender), kSourceBytesMax);
  const std::size_t bytes = Pack(request).size();
  if (bytes > settings.case_bytes_max) {
    return Error{ErrorCode::kTooLarge,
                 "case: " + std::to_string(bytes) + " bytes, expected at most " +
                     std::to_string(settings.case_bytes_max) + " (broker.case_bytes_max)"};
  }
  return request;
}

// The case that already is `request`: of the same vignette and patient, or made from this very
// message (whose plan was forgotten since).
std::string SameCase(const DocumentPlan& documents, const CaseRequest& request,
                     const std::string& digest, const PlanLookup& lookup) {
  for (const Withdrawal& one : documents.superseded) {
    if (one.case_id == request.id) return one.case_id;
  }
  const bool same = documents.superseded.size() == 1 && documents.retracted.empty() &&
                    !documents.other_patient && documents.digests.front() == digest;
  const bool stands = same && lookup.withdrawn.count(documents.superseded.front().case_id) == 0;
  return stands ? documents.superseded.front().case_id : "";
}

void PlanCase(const FeedMessage& message, std::size_t index, const JoinedContext& joined,
              const std::vector<std::string>& keys, const PlanLookup& lookup,
              const PlanSettings& settings, DocumentPlan& documents, AdmissionPlan& plan) {
  const bool routed = StartsCase(settings.routing, message);
  // A record without notes asks by its reason or diagnoses; one whose notes only retract or tell a
  // status asks nothing.
  const bool starts =
      documents.has_notes ? documents.has_text && (routed || documents.supersedes) : routed;
  if (!starts) return;
  // Its plan was forgotten since, what it was withdrawn for was not.
  if (lookup.withdrawn.count(FeedCaseId(message, index)) > 0) {
    AddRemarks({{"case_withdrawn", "", "the case of this message was withdrawn: no case"}},
               plan.remarks);
    return;
  }
  std::string case_id;
  std::string digest;
  const bool dead = joined.patient.deceased == "yes";
  auto request =
      dead ? Result<CaseRequest>(Invalid("the patient is recorded as dead"))
           : MakeRequest(message, index, documents.notes, joined, lookup, settings, plan.remarks);
  if (dead) {
    AddRemarks({{"patient_deceased", "", "the patient is recorded as dead: no case was started"}},
               plan.remarks);
  } else if (request) {
    digest = Sha256Hex(Pack(request->vignette));
    plan.same_as = SameCase(documents, *request, digest, lookup);
    if (!plan.same_as.empty()) {  // its documents may have come by other names
      return KeepDocuments(message, keys, lookup, plan.same_as, digest, documents);
    }
    case_id = request->id;
    plan.origin =
        OriginOf(message, message.records[index], case_id, documents.notes, lookup.now_ms);
    plan.request = *std::move(request);
  } else {
    plan.refusal = Refused(request.error());
  }
  if (case_id.empty()) BoundNotes(documents.notes, settings.case_bytes_max);
  KeepDocuments(message, keys, lookup, case_id, digest, documents);
  for (Withdrawal& one : documents.superseded) {
    one.by = case_id;
    plan.withdraw.push_back(std::move(one));
  }
}

// The cases that a chart shows first: of notes and referrals, not of charts that were opened.
void RememberCase(const FeedMessage& message, std::int64_t now_ms, AdmissionPlan& plan) {
  for (ContextChange& change : plan.contexts) {
    std::vector<ContextCase>& cases = change.context.cases;
    const auto drop = [&](const std::string& id) {
      std::erase_if(cases, [&](const ContextCase& one) { return one.id == id; });
    };
    for (const Withdrawal& gone : plan.withdraw) drop(gone.case_id);
    if (!plan.request || message.door == kChartDoor) continue;
    drop(plan.request->id);
    cases.push_back({plan.request->id, now_ms});
    if (cases.size() > kContextCasesMax) cases.erase(cases.begin());
  }
}

template <class T>
bool CanBeRead(const T& value) {
  return Unpack<T>(Pack(value)).ok();
}

// Whatever is stored must be readable again, by the limits of shared/limits.h.
bool CanBeKept(const AdmissionPlan& plan) {
  return CanBeRead(plan) &&
         std::all_of(plan.contexts.begin(), plan.contexts.end(),
                     [](const ContextChange& change) { return CanBeRead(change.context); }) &&
         std::all_of(plan.documents.begin(), plan.documents.end(),
                     [](const DocumentChange& change) { return CanBeRead(change.state); });
}

// Only that it was refused, and what it ends.
AdmissionPlan RefuseWhole(AdmissionPlan plan) {
  AdmissionPlan refused;
  refused.refusal = Refusal{std::string(ErrorName(ErrorCode::kTooLarge)),
                            "message: a name, a number or a list in it is too long to be kept"};
  refused.withdraw = std::move(plan.withdraw);
  for (Withdrawal& one : refused.withdraw) one.by.clear();
  return refused;
}

}  // namespace

PlanKeys KeysOf(const FeedMessage& message, std::size_t record, const PlanSettings& settings,
                const PlanLookup& found) {
  PlanKeys keys;
  if (record >= message.records.size() || !message.production) return keys;
  const FeedRecord& read = message.records[record];
  keys.contexts = PatientKeys(read.patient.ids, ScopeOf(message, settings.authorities));
  std::set<std::string> seen;
  const auto add = [&](const std::string& document) {
    if (document.empty()) return;
    std::string key = DocumentKey(SourceOf(message), document);
    if (seen.insert(key).second) keys.documents.push_back(std::move(key));
  };
  const auto add_names = [&](const Note& note) {
    add(note.document);
    for (const auto* names : {&note.also, &note.shared}) {
      for (const std::string& name : *names) add(name);
    }
  };
  for (const Note& note : read.notes) {
    add_names(note);
    add(note.parent);
    for (const std::string& name : note.parent_also) add(name);
  }
  for (std::size_t i = 0; i < keys.documents.size(); ++i) {
    const auto state = found.documents.find(keys.documents[i]);
    if (state == found.documents.end()) continue;
    add(state->second.same_as);
    for (const Note& note : state->second.notes) add_names(note);
    for (const ReplacedDocument& one : state->second.replaced) {
      add(one.document);
      add(one.by);
    }
    for (const OtherCase& other : state->second.others) {
      for (const std::string& document : other.documents) add(document);
    }
  }
  return keys;
}

Result<AdmissionPlan> PlanAdmission(const FeedMessage& message, std::size_t record,
                                    const PlanLookup& lookup, const PlanSettings& settings) {
  if (record >= message.records.size()) {
    return Invalid("record = " + std::to_string(record) + ", expected less than " +
                   std::to_string(message.records.size()));
  }
  const FeedRecord& read = message.records[record];
  AdmissionPlan plan;
  plan.remarks = message.remarks;
  if (lookup.id_reused) {
    AddRemarks({{"id_reused", "", "the sender used this message id before, for other bytes"}},
               plan.remarks);
  }
  if (!message.production) {
    AddRemarks({{"not_production", "", "sent for training or debugging: nothing of it is used"}},
               plan.remarks);
    return plan;
  }
  const auto keys = PatientKeys(read.patient.ids, ScopeOf(message, settings.authorities));
  if (read.deleted) {
    PlanDeletion(read, keys, lookup, plan);
    return plan;
  }
  PlanContexts(message, read, keys, lookup, settings, plan);
  const JoinedContext joined = Joined(read, keys, lookup, settings);
  AddRemarks(joined.remarks, plan.remarks);
  DocumentPlan documents = PlanDocuments(message, read, keys, lookup);
  AddRemarks(documents.remarks, plan.remarks);
  plan.withdraw = documents.retracted;
  PlanCase(message, record, joined, keys, lookup, settings, documents, plan);
  for (auto& [key, state] : documents.states) plan.documents.push_back({key, std::move(state)});
  RememberCase(message, lookup.now_ms, plan);
  if (!CanBeKept(plan)) return RefuseWhole(std::move(plan));
  return plan;
}

}  // namespace consilium
