// The one list of fields of every struct of domain.h (message_fields.h: of messages.h): names on
// the wire, in Redis and in JSON, in the order in which people see them. Must: the field has to be
// there. May: absent leaves the default (people's input) or means "not known" (optionals). Heavy
// header: included by shared/fields_*.cc only, which instantiate codec.h from it.
#pragma once

#include "shared/archive.h"
#include "shared/codec.h"
#include "shared/domain.h"
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
CONSILIUM_ENUM_NAMES(CaseOutcomeVerdict, kCaseOutcomeVerdictNames);
CONSILIUM_ENUM_NAMES(KnownStatus, kKnownStatusNames);
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
void Fields(A& a, Of<A, CallParameters> v) {
  a.May("temperature", v.temperature);
  a.May("max_tokens", v.max_tokens);
  a.May("structured", v.structured);
  a.May("requests", v.requests);
  a.May("repaired", v.repaired);
}

template <class A>
void Fields(A& a, Of<A, Outcome> v) {
  a.Must("status", v.status);
  a.Must("code", v.code);
  a.Must("text", v.text);
  a.May("answer", v.answer);
  a.Must("grades", v.grades);
  a.Must("usage", v.usage);
  a.May("parameters", v.parameters);
  a.Must("latency_ms", v.latency_ms);
  a.Must("provider", v.provider);
  a.Must("model_asked", v.model_asked);
  a.Must("model_served", v.model_served);
  a.May("prompt_version", v.prompt_version);
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
  a.May("probability", v.probability);
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
  a.May("score", v.score);
  a.May("model_served", v.model_served);
  a.May("cost_usd", v.cost_usd);
}

template <class A>
void Fields(A& a, Of<A, Score> v) {
  a.Must("exact", v.exact);
  a.Must("jaccard", v.jaccard);
}

template <class A>
void Fields(A& a, Of<A, VoteWeight> v) {
  a.Must("model", v.model);
  a.Must("version", v.version);
  a.Must("weight", v.weight);
  a.Must("cases", v.cases);
}

template <class A>
void Fields(A& a, Of<A, CalibrationKnot> v) {
  a.Must("raw", v.raw);
  a.Must("confidence", v.confidence);
}

template <class A>
void Fields(A& a, Of<A, TrackRecord> v) {
  a.Must("kind", v.kind);
  a.Must("rules", v.rules);
  a.Must("reviewed", v.reviewed);
  a.Must("cases", v.cases);
  a.Must("needed", v.needed);
  a.Must("simulated", v.simulated);
  a.Must("votes", v.votes);
  a.May("support", v.support);
  a.Must("calibration", v.calibration);
  a.Must("a", v.a);
  a.Must("b", v.b);
  a.Must("knots", v.knots);
  a.Must("risk_target", v.risk_target);
  a.Must("risk_needed", v.risk_needed);
  a.May("confidence_min", v.confidence_min);
  a.Must("answered", v.answered);
  a.Must("wrong", v.wrong);
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
  a.May("track_record", v.track_record);
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
void Fields(A& a, Of<A, CaseOutcome> v) {
  a.Must("by", v.by);
  a.Must("verdict", v.verdict);
  a.May("medications", v.medications);
  a.May("reason", v.reason);
  a.May("revision", v.revision);
  a.May("at_ms", v.at_ms);
}

template <class A>
void Fields(A& a, Of<A, OutcomeVoice> v) {
  a.Must("by", v.by);
  a.May("verdict", v.verdict);
  a.May("right", v.right);
  a.May("wrong", v.wrong);
  a.May("option", v.option);
}

template <class A>
void Fields(A& a, Of<A, KnownRight> v) {
  a.Must("status", v.status);
  a.Must("voices", v.voices);
  a.Must("outcomes", v.outcomes);
}

template <class A>
void Fields(A& a, Of<A, EvidenceAnswer> v) {
  a.Must("model", v.model);
  a.May("version", v.version);
  a.Must("key", v.key);
  a.Must("weight", v.weight);
  a.May("grade", v.grade);
  a.May("score", v.score);
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
  a.May("options", v.options);
}

template <class A>
void Fields(A& a, Of<A, EvidenceLine> v) {
  a.Must("evidence", v.evidence);
  a.May("replaces", v.replaces);
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
  PackStream out;
  PackWriter::Write(out, value);
  return out.Take();
}

template <class T>
Result<T> Unpack(std::string_view bytes) {
  Result<Tree> tree = UnpackTree(bytes);
  if (!tree) return tree.error();
  return FromTree<T>(*std::move(tree));
}

template <class T>
std::string ToJson(const T& value, int indent) {
  return WriteJson(TreeWriter::ToTree(value), indent);
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
