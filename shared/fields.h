// The one list of fields of every struct of domain.h and messages.h: names on the wire, in Redis
// and in JSON, in the order in which people see them. Must: the field has to be there. May: absent
// leaves the default (people's input) or means "not known" (optionals). Heavy header: included by
// shared/fields_*.cc only, which instantiate codec.h from it.
#pragma once

#include "shared/archive.h"
#include "shared/codec.h"
#include "shared/messages.h"
#include "shared/msgpack.h"

namespace consilium {

#define CONSILIUM_ENUM_NAMES(Enum, names)        \
  template <>                                    \
  struct EnumNames<Enum> {                       \
    static constexpr const auto& kNames = names; \
  }
CONSILIUM_ENUM_NAMES(OutcomeStatus, kOutcomeStatusNames);
CONSILIUM_ENUM_NAMES(Stage, kStageNames);
CONSILIUM_ENUM_NAMES(CaseState, kCaseStateNames);
#undef CONSILIUM_ENUM_NAMES

// What a list is applied to: T to read into, const T to write from.
template <class A, class T>
using Of = std::conditional_t<A::kReads, T, const T>&;

// --- domain.h
// --------------------------------------------------------------------------------------

template <class A>
void Fields(A& a, Of<A, Patient> v) {
  a.May("age", v.age);
  a.May("sex", v.sex);
  a.May("allergies", v.allergies);
  a.May("medications", v.medications);
  a.May("pregnant", v.pregnant);
  a.May("egfr", v.egfr);
  a.May("weight_kg", v.weight_kg);
}

template <class A>
void Fields(A& a, Of<A, Vignette> v) {
  a.Must("text", v.text);
  a.May("question", v.question);
  a.May("options", v.options);
  a.May("patient", v.patient);
}

// Flat, as people write a case: the vignette's fields stand beside the others.
template <class A>
void Fields(A& a, Of<A, CaseRequest> v) {
  a.May("id", v.id);
  Fields(a, v.vignette);
  a.May("source", v.source);
  a.May("kind", v.kind);
  a.May("deadline_s", v.deadline_s);
  a.May("strategy", v.strategy);
  a.May("ensemble_size", v.ensemble_size);
  a.May("models", v.models);
  a.May("gold_medications", v.gold_medications);
}

template <class A>
void Fields(A& a, Of<A, Medication> v) {
  a.Must("ingredient", v.ingredient);
  a.May("dose", v.dose);
  a.May("unit", v.unit);
  a.May("route", v.route);
  a.May("frequency", v.frequency);
  a.May("duration", v.duration);
  a.May("indication", v.indication);
}

template <class A>
void Fields(A& a, Of<A, Answer> v) {
  a.Must("medications", v.medications);
  a.May("option", v.option);
  a.May("rationale", v.rationale);
  a.May("cautions", v.cautions);
  a.May("confidence", v.confidence);
}

template <class A>
void Fields(A& a, Of<A, Grade> v) {
  a.Must("label", v.label);
  a.Must("grade", v.grade);
  a.May("comment", v.comment);
  a.May("harm", v.harm);
}

template <class A>
void Fields(A& a, Of<A, Usage> v) {
  a.May("prompt_tokens", v.prompt_tokens);
  a.May("completion_tokens", v.completion_tokens);
  a.May("cost_usd", v.cost_usd);
}

template <class A>
void Fields(A& a, Of<A, Outcome> v) {
  a.Must("status", v.status);
  a.Must("code", v.code);
  a.Must("text", v.text);
  a.May("answer", v.answer);
  a.Must("grades", v.grades);
  a.Must("usage", v.usage);
  a.Must("latency_ms", v.latency_ms);
  a.Must("provider", v.provider);
  a.Must("model_asked", v.model_asked);
  a.Must("model_served", v.model_served);
  a.Must("prompt_hash", v.prompt_hash);
  a.Must("worker", v.worker);
  a.Must("simulated", v.simulated);
  a.Must("retryable", v.retryable);
  a.May("retry_after_ms", v.retry_after_ms);
}

template <class A>
void Fields(A& a, Of<A, TaskId> v) {
  a.Must("case_id", v.case_id);
  a.Must("stage", v.stage);
  a.Must("round", v.round);
  a.Must("model", v.model);
}

template <class A>
void Fields(A& a, Of<A, LabelledAnswer> v) {
  a.Must("label", v.label);
  a.Must("answer", v.answer);
}

template <class A>
void Fields(A& a, Of<A, ReviewPacket> v) {
  a.Must("answers", v.answers);
}

template <class A>
void Fields(A& a, Of<A, Candidate> v) {
  a.Must("ingredients", v.ingredients);
  a.Must("known", v.known);
  a.Must("support", v.support);
  a.Must("models", v.models);
  a.May("grade", v.grade);
  a.May("option", v.option);
  a.May("right", v.right);
}

template <class A>
void Fields(A& a, Of<A, FieldAgreement> v) {
  a.Must("field", v.field);
  a.Must("agreement", v.agreement);
  a.Must("values", v.values);
}

template <class A>
void Fields(A& a, Of<A, SafetyFlag> v) {
  a.Must("code", v.code);
  a.Must("severity", v.severity);
  a.Must("ingredients", v.ingredients);
  a.Must("text", v.text);
  a.Must("rule", v.rule);
}

template <class A>
void Fields(A& a, Of<A, Absence> v) {
  a.Must("model", v.model);
  a.Must("stage", v.stage);
  a.Must("why", v.why);
  a.Must("text", v.text);
}

template <class A>
void Fields(A& a, Of<A, ModelResult> v) {
  a.Must("model", v.model);
  a.Must("stage_status", v.stage_status);
  a.Must("simulated", v.simulated);
  a.Must("ingredients", v.ingredients);
  a.May("grade", v.grade);
  a.May("grade_variance", v.grade_variance);
  a.May("reliability", v.reliability);
  a.Must("grades_received", v.grades_received);
  a.May("latency_ms", v.latency_ms);
  a.May("candidate", v.candidate);
  a.May("weight", v.weight);
  a.May("model_served", v.model_served);
  a.May("cost_usd", v.cost_usd);
}

template <class A>
void Fields(A& a, Of<A, Score> v) {
  a.Must("exact", v.exact);
  a.Must("jaccard", v.jaccard);
}

template <class A>
void Fields(A& a, Of<A, Recommendation> v) {
  a.Must("case_id", v.case_id);
  a.Must("revision", v.revision);
  a.Must("status", v.status);
  a.Must("reason", v.reason);
  a.Must("medications", v.medications);
  a.Must("ingredients", v.ingredients);
  a.Must("no_medication", v.no_medication);
  a.May("option", v.option);
  a.May("support", v.support);
  a.May("confidence", v.confidence);
  a.Must("confidence_note", v.confidence_note);
  a.Must("rationale", v.rationale);
  a.Must("cautions", v.cautions);
  a.Must("candidates", v.candidates);
  a.Must("agreement", v.agreement);
  a.Must("dissent", v.dissent);
  a.Must("safety", v.safety);
  a.Must("missing", v.missing);
  a.Must("models", v.models);
  a.Must("reviewers_only", v.reviewers_only);
  a.Must("simulated", v.simulated);
  a.May("score", v.score);
  a.Must("medication_table", v.medication_table);
  a.Must("accepted_ms", v.accepted_ms);
  a.Must("decided_ms", v.decided_ms);
  a.Must("calls", v.calls);
  a.Must("usage", v.usage);
}

template <class A>
void Fields(A& a, Of<A, EvidenceAnswer> v) {
  a.Must("model", v.model);
  a.May("version", v.version);
  a.Must("key", v.key);
  a.Must("weight", v.weight);
  a.May("grade", v.grade);
  a.May("right", v.right);
  a.May("reliability", v.reliability);
  a.May("latency_ms", v.latency_ms);
  a.May("cost_usd", v.cost_usd);
}

template <class A>
void Fields(A& a, Of<A, CaseEvidence> v) {
  a.Must("case_id", v.case_id);
  a.May("kind", v.kind);
  a.May("source", v.source);
  a.May("strategy", v.strategy);
  a.Must("decided_ms", v.decided_ms);
  a.Must("seated", v.seated);
  a.Must("answers", v.answers);
  a.May("simulated", v.simulated);
}

template <class A>
void Fields(A& a, Of<A, EvidenceLine> v) {
  a.Must("evidence", v.evidence);
  a.May("replaces", v.replaces);
}

// --- messages.h
// ------------------------------------------------------------------------------------

template <class A>
void Fields(A& a, Of<A, ErrorMessage> v) {
  a.Must("code", v.code);
  a.Must("text", v.text);
  a.May("retry_after_ms", v.retry_after_ms);
}

template <class A>
void Fields(A& a, Of<A, SubmitRequest> v) {
  a.Must("request", v.request);
}

template <class A>
void Fields(A& a, Of<A, SubmitReply> v) {
  a.Must("id", v.id);
  a.Must("duplicate", v.duplicate);
  a.Must("state", v.state);
  a.Must("ensemble", v.ensemble);
  a.Must("accepted_ms", v.accepted_ms);
  a.Must("deadline_ms", v.deadline_ms);
}

template <class A>
void Fields(A& a, Of<A, CancelRequest> v) {
  a.Must("id", v.id);
}

template <class A>
void Fields(A& a, Of<A, CancelReply> v) {
  a.Must("id", v.id);
  a.Must("cancelled", v.cancelled);
  a.Must("state", v.state);
}

template <class A>
void Fields(A& a, Of<A, FetchRequest> v) {
  a.Must("id", v.id);
}

template <class A>
void Fields(A& a, Of<A, TaskView> v) {
  a.Must("task", v.task);
  a.Must("state", v.state);
  a.Must("attempts", v.attempts);
  a.Must("crashes", v.crashes);
  a.Must("leases", v.leases);
  a.Must("deadline_ms", v.deadline_ms);
  a.May("arrived_ms", v.arrived_ms);
  a.May("outcome", v.outcome);
  a.Must("labels", v.labels);
  a.Must("authors", v.authors);
}

template <class A>
void Fields(A& a, Of<A, CaseView> v) {
  a.Must("id", v.id);
  a.Must("state", v.state);
  a.Must("version", v.version);
  a.Must("vignette", v.vignette);
  a.Must("source", v.source);
  a.Must("kind", v.kind);
  a.Must("strategy", v.strategy);
  a.Must("seating", v.seating);
  a.Must("ensemble", v.ensemble);
  a.May("gold_medications", v.gold_medications);
  a.Must("accepted_ms", v.accepted_ms);
  a.Must("deadline_ms", v.deadline_ms);
  a.Must("tasks", v.tasks);
  a.Must("recommendations", v.recommendations);
}

template <class A>
void Fields(A& a, Of<A, WatchRequest> v) {
  a.Must("after", v.after);
  a.May("wait_ms", v.wait_ms);
  a.May("max", v.max);
}

template <class A>
void Fields(A& a, Of<A, WatchReply> v) {
  a.Must("items", v.items);
  a.Must("cursor", v.cursor);
  a.Must("gap", v.gap);
}

template <class A>
void Fields(A&, Of<A, StatusRequest>) {}

template <class A>
void Fields(A& a, Of<A, LaneStatus> v) {
  a.Must("model", v.model);
  a.Must("stage", v.stage);
  a.Must("waiting", v.waiting);
  a.Must("leased", v.leased);
}

template <class A>
void Fields(A& a, Of<A, WorkerStatus> v) {
  a.Must("worker", v.worker);
  a.Must("model", v.model);
  a.Must("provider", v.provider);
  a.Must("placement", v.placement);
  a.Must("simulated", v.simulated);
  a.Must("slots", v.slots);
  a.Must("in_flight", v.in_flight);
  a.Must("broker", v.broker);
}

template <class A>
void Fields(A& a, Of<A, StatusReply> v) {
  a.Must("broker", v.broker);
  a.Must("version", v.version);
  a.Must("accepting", v.accepting);
  a.Must("reason", v.reason);
  a.Must("now_ms", v.now_ms);
  a.Must("brokers", v.brokers);
  a.Must("aggregators", v.aggregators);
  a.Must("counters", v.counters);
  a.Must("live", v.live);
  a.Must("delayed", v.delayed);
  a.Must("dead", v.dead);
  a.Must("balanced", v.balanced);
  a.Must("lanes", v.lanes);
  a.Must("workers", v.workers);
}

template <class A>
void Fields(A& a, Of<A, ChemistryModel> v) {
  a.Must("model", v.model);
  a.Must("version", v.version);
  a.Must("seated", v.seated);
  a.Must("answered", v.answered);
  a.Must("effective_cases", v.effective_cases);
  a.May("quality", v.quality);
  a.May("quality_error", v.quality_error);
  a.May("accuracy", v.accuracy);
  a.May("accuracy_error", v.accuracy_error);
  a.May("latency_ms", v.latency_ms);
  a.May("latency_ms_p95", v.latency_ms_p95);
  a.May("cost_usd", v.cost_usd);
  a.Must("profiled", v.profiled);
}

template <class A>
void Fields(A& a, Of<A, ChemistryPair> v) {
  a.Must("a", v.a);
  a.Must("b", v.b);
  a.Must("together", v.together);
  a.May("chemistry", v.chemistry);
  a.Must("synergy_cases", v.synergy_cases);
  a.Must("effective_cases", v.effective_cases);
  a.May("synergy", v.synergy);
  a.May("synergy_error", v.synergy_error);
  a.May("synergy_mean", v.synergy_mean);
  a.Must("gold_cases", v.gold_cases);
  a.May("disagreement", v.disagreement);
  a.May("double_fault", v.double_fault);
  a.May("same_wrong", v.same_wrong);
  a.May("q_statistic", v.q_statistic);
  a.May("kappa", v.kappa);
}

template <class A>
void Fields(A& a, Of<A, ChemistryReport> v) {
  a.Must("kind", v.kind);
  a.Must("variant", v.variant);
  a.Must("cases", v.cases);
  a.Must("gold_cases", v.gold_cases);
  a.Must("simulated_cases", v.simulated_cases);
  a.Must("models", v.models);
  a.Must("pairs", v.pairs);
  a.Must("left_out", v.left_out);
  a.Must("unreadable", v.unreadable);
  a.Must("cursor", v.cursor);
  a.Must("made_ms", v.made_ms);
}

template <class A>
void Fields(A& a, Of<A, ChemistryRequest> v) {
  a.May("kind", v.kind);
}

template <class A>
void Fields(A& a, Of<A, SeatingEntry> v) {
  a.Must("kind", v.kind);
  a.Must("strategy", v.strategy);
  a.Must("size", v.size);
  a.Must("models", v.models);
  a.May("expected", v.expected);
  a.May("expected_error", v.expected_error);
  a.Must("cases", v.cases);
  a.Must("reason", v.reason);
}

template <class A>
void Fields(A& a, Of<A, SeatingBoard> v) {
  a.Must("made_ms", v.made_ms);
  a.Must("entries", v.entries);
}

template <class A>
void Fields(A&, Of<A, EnsemblesRequest>) {}

template <class A>
void Fields(A& a, Of<A, RebuildRequest> v) {
  a.Must("id", v.id);
}

template <class A>
void Fields(A& a, Of<A, RebuildReply> v) {
  a.Must("id", v.id);
  a.Must("state", v.state);
  a.Must("lines", v.lines);
  a.Must("identical", v.identical);
  a.Must("before", v.before);
  a.Must("after", v.after);
}

template <class A>
void Fields(A& a, Of<A, ImportRequest> v) {
  a.Must("cases", v.cases);
}

template <class A>
void Fields(A& a, Of<A, ImportReply> v) {
  a.Must("imported", v.imported);
  a.Must("duplicate", v.duplicate);
}

template <class A>
void Fields(A& a, Of<A, HistoryRequest> v) {
  a.May("after", v.after);
  a.May("max", v.max);
}

template <class A>
void Fields(A& a, Of<A, HistoryReply> v) {
  a.Must("items", v.items);
  a.Must("cursor", v.cursor);
  a.Must("unreadable", v.unreadable);
}

template <class A>
void Fields(A& a, Of<A, HeldTask> v) {
  a.Must("task", v.task);
  a.Must("fence", v.fence);
}

template <class A>
void Fields(A& a, Of<A, Hello> v) {
  a.Must("worker", v.worker);
  a.Must("model", v.model);
  a.Must("provider", v.provider);
  a.Must("placement", v.placement);
  a.Must("simulated", v.simulated);
  a.Must("slots", v.slots);
  a.Must("in_flight", v.in_flight);
}

template <class A>
void Fields(A& a, Of<A, Heartbeat> v) {
  a.Must("slots", v.slots);
  a.Must("in_flight", v.in_flight);
}

template <class A>
void Fields(A& a, Of<A, ResultMessage> v) {
  a.Must("task", v.task);
  a.Must("fence", v.fence);
  a.Must("outcome", v.outcome);
}

template <class A>
void Fields(A& a, Of<A, ReleaseMessage> v) {
  a.Must("task", v.task);
  a.Must("fence", v.fence);
}

template <class A>
void Fields(A&, Of<A, Goodbye>) {}

template <class A>
void Fields(A& a, Of<A, Welcome> v) {
  a.Must("broker", v.broker);
}

template <class A>
void Fields(A&, Of<A, HeartbeatReply>) {}

template <class A>
void Fields(A&, Of<A, WhoAreYou>) {}

template <class A>
void Fields(A& a, Of<A, TaskMessage> v) {
  a.Must("task", v.task);
  a.Must("fence", v.fence);
  a.Must("time_left_ms", v.time_left_ms);
  a.Must("vignette", v.vignette);
  a.May("review", v.review);
}

template <class A>
void Fields(A& a, Of<A, ResultAck> v) {
  a.Must("task", v.task);
  a.Must("fence", v.fence);
  a.Must("disposition", v.disposition);
}

template <class A>
void Fields(A& a, Of<A, CancelTask> v) {
  a.Must("task", v.task);
  a.Must("fence", v.fence);
}

template <class A>
void Fields(A& a, Of<A, Beat> v) {
  a.Must("id", v.id);
  a.Must("workers", v.workers);
  a.Must("accepting", v.accepting);
  a.Must("reason", v.reason);
}

template <class A>
void Fields(A& a, Of<A, HistoryRecord> v) {
  a.Must("case_id", v.case_id);
  a.Must("source", v.source);
  a.Must("kind", v.kind);
  a.Must("strategy", v.strategy);
  a.Must("seating", v.seating);
  a.Must("ensemble", v.ensemble);
  a.May("gold_medications", v.gold_medications);
  a.Must("tasks", v.tasks);
  a.Must("recommendation", v.recommendation);
}

// --- codec.h
// ---------------------------------------------------------------------------------------

template <class T>
Result<T> FromTree(Tree tree) {
  const TreePath root;
  TreeProblem problem;
  T value;
  TreeReader::Read(tree, root, problem, value);
  if (problem) return Invalid(problem.text());
  return value;
}

template <class T>
std::string Pack(const T& value) {
  return PackTree(TreeWriter::ToTree(value, Absent::kOmit));
}

template <class T>
Result<T> Unpack(std::string_view bytes) {
  Result<Tree> tree = UnpackTree(bytes);
  if (!tree) return tree.error();
  return FromTree<T>(*std::move(tree));
}

template <class T>
std::string ToJson(const T& value, int indent) {
  return WriteJson(TreeWriter::ToTree(value, Absent::kNull), indent);
}

template <class T>
Result<T> FromJson(std::string_view text) {
  Result<Tree> tree = ParseJson(text);
  if (!tree) return tree.error();
  return FromTree<T>(*std::move(tree));
}

#define CONSILIUM_CODEC(T)                        \
  template std::string Pack<T>(const T&);         \
  template Result<T> Unpack<T>(std::string_view); \
  template std::string ToJson<T>(const T&, int);  \
  template Result<T> FromJson<T>(std::string_view);

}  // namespace consilium
