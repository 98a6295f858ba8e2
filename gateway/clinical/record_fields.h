// The one list of fields of every struct of record.h, patient_context.h and plan.h, as
// shared/fields.h has it for domain.h. Heavy header: included by record_fields.cc only.
#pragma once

#include "gateway/clinical/plan.h"
#include "shared/fields.h"

namespace consilium {

#define CONSILIUM_ENUM_NAMES(Enum, names)        \
  template <>                                    \
  struct EnumNames<Enum> {                       \
    static constexpr const auto& kNames = names; \
  }
CONSILIUM_ENUM_NAMES(FactKind, kFactKindNames);
CONSILIUM_ENUM_NAMES(FactStatus, kFactStatusNames);
CONSILIUM_ENUM_NAMES(NoteAction, kNoteActionNames);
CONSILIUM_ENUM_NAMES(Unread, kUnreadNames);
#undef CONSILIUM_ENUM_NAMES

// --- record.h

template <class A>
void Fields(A& a, Of<A, PatientId> v) {
  a.May("authority", v.authority);
  a.Must("value", v.value);
  a.May("type", v.type);
}

template <class A>
void Fields(A& a, Of<A, EntityId> v) {
  a.May("id", v.id);
  a.May("authority", v.authority);
  a.May("universal_id", v.universal_id);
  a.May("universal_type", v.universal_type);
}

template <class A>
void Fields(A& a, Of<A, Demographics> v) {
  a.May("ids", v.ids);
  a.May("family", v.family);
  a.May("given", v.given);
  a.May("birth_date", v.birth_date);
  a.May("sex", v.sex);
  a.May("deceased", v.deceased);
}

template <class A>
void Fields(A& a, Of<A, Fact> v) {
  a.Must("kind", v.kind);
  a.Must("status", v.status);
  a.May("text", v.text);
  a.May("code", v.code);
  a.May("system", v.system);
  a.May("instance", v.instance);
  a.May("detail", v.detail);
  a.May("value", v.value);
  a.May("value_text", v.value_text);
  a.May("unit", v.unit);
  a.May("time", v.time);
}

template <class A>
void Fields(A& a, Of<A, Note> v) {
  a.Must("action", v.action);
  a.May("document", v.document);
  a.May("parent", v.parent);
  a.May("title", v.title);
  a.May("text", v.text);
  a.May("time", v.time);
  a.May("also", v.also);
  a.May("shared", v.shared);
  a.May("parent_also", v.parent_also);
  a.May("entity", v.entity);
  a.May("unread", v.unread);
}

template <class A>
void Fields(A& a, Of<A, Remark> v) {
  a.Must("code", v.code);
  a.May("where", v.where);
  a.Must("text", v.text);
}

template <class A>
void Fields(A& a, Of<A, FeedRecord> v) {
  a.Must("patient", v.patient);
  a.May("merged", v.merged);
  a.May("deleted", v.deleted);
  a.May("facts", v.facts);
  a.May("notes", v.notes);
  a.May("question", v.question);
  a.May("reason", v.reason);
  a.May("account", v.account);
  a.May("visit", v.visit);
  a.May("placer", v.placer);
  a.May("filler", v.filler);
  a.May("reference", v.reference);
  a.May("names", v.names);
  a.May("numbers", v.numbers);
}

template <class A>
void Fields(A& a, Of<A, FeedMessage> v) {
  a.Must("door", v.door);
  a.Must("sender", v.sender);
  a.May("source", v.source);
  a.May("domain", v.domain);
  a.May("id", v.id);
  a.Must("digest", v.digest);
  a.Must("type", v.type);
  a.May("time", v.time);
  a.Must("production", v.production);
  a.Must("records", v.records);
  a.May("remarks", v.remarks);
}

// --- patient_context.h

template <class A>
void Fields(A& a, Of<A, SeenFact> v) {
  a.Must("fact", v.fact);
  a.Must("seen_ms", v.seen_ms);
}

template <class A>
void Fields(A& a, Of<A, ContextCase> v) {
  a.Must("id", v.id);
  a.Must("started_ms", v.started_ms);
}

template <class A>
void Fields(A& a, Of<A, PatientContext> v) {
  a.Must("patient", v.patient);
  a.Must("patient_seen_ms", v.patient_seen_ms);
  a.Must("facts", v.facts);
  a.May("cases", v.cases);
  a.May("visit", v.visit);
}

// --- plan.h

template <class A>
void Fields(A& a, Of<A, CaseOrigin> v) {
  a.Must("case_id", v.case_id);
  a.Must("door", v.door);
  a.Must("sender", v.sender);
  a.May("message_id", v.message_id);
  a.Must("type", v.type);
  a.Must("patient", v.patient);
  a.May("account", v.account);
  a.May("visit", v.visit);
  a.May("placer", v.placer);
  a.May("filler", v.filler);
  a.May("documents", v.documents);
  a.May("entity", v.entity);
  a.May("reference", v.reference);
  a.Must("accepted_ms", v.accepted_ms);
}

template <class A>
void Fields(A& a, Of<A, ReplacedDocument> v) {
  a.Must("document", v.document);
  a.Must("by", v.by);
}

template <class A>
void Fields(A& a, Of<A, OtherCase> v) {
  a.Must("case_id", v.case_id);
  a.May("patients", v.patients);
  a.May("documents", v.documents);
}

template <class A>
void Fields(A& a, Of<A, DocumentState> v) {
  a.May("sender", v.sender);
  a.May("same_as", v.same_as);
  a.May("case_id", v.case_id);
  a.May("case_digest", v.case_digest);
  a.May("retracted", v.retracted);
  a.May("replaced_by", v.replaced_by);
  a.May("earlier", v.earlier);
  a.May("patients", v.patients);
  a.May("notes", v.notes);
  a.May("replaced", v.replaced);
  a.May("others", v.others);
}

template <class A>
void Fields(A& a, Of<A, Withdrawal> v) {
  a.Must("case_id", v.case_id);
  a.Must("why", v.why);
  a.May("by", v.by);
}

template <class A>
void Fields(A& a, Of<A, Refusal> v) {
  a.Must("code", v.code);
  a.Must("text", v.text);
}

template <class A>
void Fields(A& a, Of<A, AdmissionPlan> v) {
  a.May("request", v.request);
  a.May("refusal", v.refusal);
  a.May("same_as", v.same_as);
  a.May("origin", v.origin);
  a.May("withdraw", v.withdraw);
  a.May("remarks", v.remarks);
}

}  // namespace consilium
