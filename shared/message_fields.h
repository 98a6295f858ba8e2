// The one list of fields of every struct of messages.h, as fields.h has it for domain.h. Heavy
// header: included by shared/fields_messages.cc only.
#pragma once

#include "shared/fields.h"
#include "shared/messages.h"

namespace consilium {

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
  a.May("withdraw", v.withdraw);
  a.May("reason", v.reason);
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
  a.May("cancel_reason", v.cancel_reason);
  a.Must("tasks", v.tasks);
  a.Must("recommendations", v.recommendations);
  a.May("outcomes", v.outcomes);
  a.May("known", v.known);
}

template <class A>
void Fields(A& a, Of<A, CaseListRequest> v) {
  a.May("after", v.after);
  a.May("max", v.max);
  a.May("state", v.state);
  a.May("source", v.source);
  a.May("kind", v.kind);
}

template <class A>
void Fields(A& a, Of<A, CaseSummary> v) {
  a.Must("id", v.id);
  a.Must("source", v.source);
  a.Must("kind", v.kind);
  a.Must("state", v.state);
  a.Must("strategy", v.strategy);
  a.Must("accepted_ms", v.accepted_ms);
  a.Must("deadline_ms", v.deadline_ms);
  a.Must("revision", v.revision);
}

template <class A>
void Fields(A& a, Of<A, CaseListReply> v) {
  a.Must("items", v.items);
  a.Must("cursor", v.cursor);
  a.Must("end", v.end);
  a.Must("partly", v.partly);
}

template <class A>
void Fields(A& a, Of<A, CaseOutcomeRequest> v) {
  a.Must("id", v.id);
  a.Must("by", v.by);
  a.Must("verdict", v.verdict);
  a.May("medications", v.medications);
  a.May("reason", v.reason);
  a.May("revision", v.revision);
}

template <class A>
void Fields(A& a, Of<A, CaseOutcomeReply> v) {
  a.Must("id", v.id);
  a.Must("duplicate", v.duplicate);
  a.Must("count", v.count);
  a.Must("state", v.state);
  a.May("contradictory", v.contradictory);
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
void Fields(A& a, Of<A, BrokerStatus> v) {
  a.Must("id", v.id);
  a.Must("alive", v.alive);
  a.Must("accepting", v.accepting);
  a.May("partly", v.partly);
  a.Must("reason", v.reason);
  a.Must("leases", v.leases);
}

template <class A>
void Fields(A& a, Of<A, CreditStatus> v) {
  a.Must("model", v.model);
  a.Must("workers", v.workers);
  a.Must("slots", v.slots);
  a.Must("used", v.used);
}

template <class A>
void Fields(A& a, Of<A, RedisStatus> v) {
  a.Must("shard", v.shard);
  a.Must("up", v.up);
  a.Must("settings", v.settings);
  a.May("used_bytes", v.used_bytes);
  a.May("bound_bytes", v.bound_bytes);
  a.May("file_bytes", v.file_bytes);
  a.May("disk_free_bytes", v.disk_free_bytes);
  a.May("disk_bytes", v.disk_bytes);
  a.Must("pressure", v.pressure);
  a.May("lost", v.lost);
}

template <class A>
void Fields(A& a, Of<A, LaneStatus> v) {
  a.Must("model", v.model);
  a.Must("stage", v.stage);
  a.Must("waiting", v.waiting);
  a.Must("leased", v.leased);
  a.May("oldest_ms", v.oldest_ms);
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
  a.May("trouble", v.trouble);
}

template <class A>
void Fields(A& a, Of<A, ShardStatus> v) {
  a.Must("shard", v.shard);
  a.Must("accepting", v.accepting);
  a.Must("reason", v.reason);
  a.Must("live", v.live);
}

template <class A>
void Fields(A& a, Of<A, StatusReply> v) {
  a.Must("broker", v.broker);
  a.Must("version", v.version);
  a.Must("accepting", v.accepting);
  a.May("partly", v.partly);
  a.Must("reason", v.reason);
  a.Must("now_ms", v.now_ms);
  a.Must("brokers", v.brokers);
  a.Must("aggregators", v.aggregators);
  a.Must("counters", v.counters);
  a.Must("live", v.live);
  a.Must("live_max", v.live_max);
  a.Must("delayed", v.delayed);
  a.Must("dead", v.dead);
  a.Must("balanced", v.balanced);
  a.Must("lanes", v.lanes);
  a.Must("credits", v.credits);
  a.Must("workers", v.workers);
  a.May("shards", v.shards);
  a.Must("redis", v.redis);
}

template <class A>
void Fields(A& a, Of<A, AttemptError> v) {
  a.Must("at_ms", v.at_ms);
  a.Must("code", v.code);
  a.Must("text", v.text);
  a.Must("worker", v.worker);
}

template <class A>
void Fields(A& a, Of<A, DeadLetter> v) {
  a.Must("id", v.id);
  a.Must("task", v.task);
  a.Must("died_ms", v.died_ms);
  a.Must("attempts", v.attempts);
  a.Must("crashes", v.crashes);
  a.Must("outcome", v.outcome);
  a.Must("errors", v.errors);
}

template <class A>
void Fields(A& a, Of<A, DeadListRequest> v) {
  a.May("after", v.after);
  a.May("max", v.max);
  a.May("id", v.id);
  a.May("model", v.model);
  a.May("case_id", v.case_id);
  a.May("code", v.code);
}

template <class A>
void Fields(A& a, Of<A, DeadListReply> v) {
  a.Must("items", v.items);
  a.Must("cursor", v.cursor);
  a.Must("end", v.end);
}

template <class A>
void Fields(A& a, Of<A, DeadRequeueRequest> v) {
  a.Must("ids", v.ids);
}

template <class A>
void Fields(A& a, Of<A, RequeuedLetter> v) {
  a.Must("id", v.id);
  a.Must("task", v.task);
  a.Must("disposition", v.disposition);
  a.May("deadline_ms", v.deadline_ms);
}

template <class A>
void Fields(A& a, Of<A, DeadRequeueReply> v) {
  a.Must("items", v.items);
}

template <class A>
void Fields(A& a, Of<A, DeadPurgeRequest> v) {
  a.Must("ids", v.ids);
}

template <class A>
void Fields(A& a, Of<A, DeadPurgeReply> v) {
  a.Must("purged", v.purged);
}

template <class A>
void Fields(A& a, Of<A, DrainRequest> v) {
  a.May("limit_ms", v.limit_ms);
  a.May("undo", v.undo);
  a.May("broker", v.broker);
}

template <class A>
void Fields(A& a, Of<A, DrainReply> v) {
  a.Must("broker", v.broker);
  a.Must("draining", v.draining);
  a.Must("drained", v.drained);
  a.Must("held", v.held);
  a.Must("handed_over", v.handed_over);
  a.Must("for_ms", v.for_ms);
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
void Fields(A& a, Of<A, TrackRecords> v) {
  a.Must("made_ms", v.made_ms);
  a.Must("items", v.items);
}

template <class A>
void Fields(A&, Of<A, TrackRecordsRequest>) {}

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
  a.May("trouble", v.trouble);
}

template <class A>
void Fields(A& a, Of<A, ResultMessage> v) {
  a.Must("task", v.task);
  a.Must("fence", v.fence);
  a.Must("outcome", v.outcome);
  a.May("retry_in_ms", v.retry_in_ms);
  a.May("dead_letter", v.dead_letter);
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
  a.May("draining", v.draining);
}

template <class A>
void Fields(A& a, Of<A, HeartbeatReply> v) {
  a.May("draining", v.draining);
}

template <class A>
void Fields(A&, Of<A, WhoAreYou>) {}

template <class A>
void Fields(A& a, Of<A, TaskMessage> v) {
  a.Must("task", v.task);
  a.Must("fence", v.fence);
  a.Must("time_left_ms", v.time_left_ms);
  a.May("attempts", v.attempts);
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
void Fields(A&, Of<A, Leaving>) {}

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
  a.May("partly", v.partly);
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

}  // namespace consilium
