// The messages of docs/protocol.md as plain data, and the frames that carry them.
//
// On the wire a message is four ZeroMQ frames: "CSL1", the type's name, a request id (opaque, at
// most 64 bytes, echoed in the reply; empty between broker and worker), and the body as one
// MessagePack map.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "shared/domain.h"
#include "shared/result.h"

namespace consilium {

inline constexpr std::string_view kProtocol = "CSL1";

// `request` and `body` are owned; a Frame is one message without the routing id in front of it.
struct Frame {
  std::string type;
  std::string request;
  std::string body;
};

// --- any direction
// ---------------------------------------------------------------------------------

struct ErrorMessage {
  static constexpr std::string_view kType = "error";
  std::string code;  // ErrorName()
  std::string text;
  std::optional<std::int64_t> retry_after_ms;
};

// --- client -> broker, and its replies
// -------------------------------------------------------------

struct SubmitRequest {
  static constexpr std::string_view kType = "submit";
  CaseRequest request;
};
struct SubmitReply {
  static constexpr std::string_view kType = "accepted";
  std::string id;
  bool duplicate = false;  // the same content was accepted before
  CaseState state = CaseState::kAccepted;
  std::vector<std::string> ensemble;
  std::int64_t accepted_ms = 0;
  std::int64_t deadline_ms = 0;
};

struct CancelRequest {
  static constexpr std::string_view kType = "cancel";
  std::string id;
  bool withdraw = false;    // also when it has ended: what it said is taken back
  std::string reason = {};  // at most 200 bytes, nothing of a patient; "" = on request
};
struct CancelReply {
  static constexpr std::string_view kType = "cancelled";
  std::string id;
  bool cancelled = false;  // false: it had ended before and stays; `state` says how
  CaseState state = CaseState::kCancelled;
};

struct FetchRequest {
  static constexpr std::string_view kType = "fetch";
  std::string id;
};
// Everything recorded about one task.
struct TaskView {
  TaskId task;
  std::string state;          // store.h: "pending", "leased", "delayed", "done", "expired", "dead"
  std::int64_t attempts = 0;  // calls that failed and were tried again
  std::int64_t crashes = 0;   // leases lost with their worker
  std::int64_t leases = 0;    // times it was handed to a worker (the fence)
  std::int64_t deadline_ms = 0;
  std::optional<std::int64_t> arrived_ms;  // of the outcome
  std::optional<Outcome> outcome;          // final, or of the last failed attempt while delayed
  std::vector<std::string> labels;         // review: labels in the order shown ...
  std::vector<std::string> authors;        // ... and whose answers they were
};
struct CaseView {
  static constexpr std::string_view kType = "case";
  std::string id;
  CaseState state = CaseState::kAccepted;
  std::int64_t version = 0;  // of the record; grows with every change
  Vignette vignette;
  std::string source;
  std::string kind;
  std::string strategy;
  std::string seating;  // why these models: Ensemble::seating
  std::vector<std::string> ensemble;
  std::optional<std::vector<std::string>> gold_medications;
  std::int64_t accepted_ms = 0;
  std::int64_t deadline_ms = 0;
  std::string cancel_reason;                    // "" = it is not cancelled, or nobody said why
  std::vector<TaskView> tasks;                  // sorted by (stage, round, model)
  std::vector<Recommendation> recommendations;  // by revision; the last one counts
  std::vector<CaseOutcome> outcomes;            // in the order in which they came
  std::optional<KnownRight> known;              // absent until outcomes came and were looked at
};

// Cases, newest first, from a place in the list on; docs/protocol.md, "The list of cases".
struct CaseListRequest {
  static constexpr std::string_view kType = "list";
  std::string after;               // cursor of an earlier reply; "" = from the newest
  std::int64_t max = 256;          // 1..256: so many are looked at
  std::optional<CaseState> state;  // filters
  std::string source;              // as a whole or up to a space; "" = any
  std::string kind;                // exactly; "" = any
};
struct CaseSummary {
  std::string id;
  std::string source;
  std::string kind;
  CaseState state = CaseState::kAccepted;
  std::string strategy;
  std::int64_t accepted_ms = 0;
  std::int64_t deadline_ms = 0;
  std::int64_t revision = 0;  // of the latest recommendation; 0 = none yet
};
struct CaseListReply {
  static constexpr std::string_view kType = "cases";
  std::vector<CaseSummary> items;
  std::string cursor;   // to go on with
  bool end = false;     // there is no more in the shards that answered
  bool partly = false;  // not all did; what the others have comes later, under this cursor
};

// Says what was right in a case that has ended. Recorded once: the same again from the one who said
// it last is a duplicate.
struct CaseOutcomeRequest {
  static constexpr std::string_view kType = "outcome";
  std::string id;
  std::string by;  // this and the next three as in CaseOutcome
  CaseOutcomeVerdict verdict = CaseOutcomeVerdict::kStated;
  std::optional<std::vector<std::string>> medications;  // needed for "stated"
  std::string reason;                                   // at most 2000 bytes; for "overridden"
  // Of the recommendation that is meant; absent: the last one. A client that may have to ask again
  // names it.
  std::optional<std::int64_t> revision;
};
struct CaseOutcomeReply {
  static constexpr std::string_view kType = "outcome_recorded";
  std::string id;
  bool duplicate = false;
  std::int64_t count = 0;  // outcomes of the case
  CaseState state = CaseState::kComplete;
  std::optional<bool> contradictory;  // absent: not looked at yet
};

// Recommendations in the order in which they were published, from a cursor the client keeps:
// nothing is lost while it is away. `after` = "" from the oldest kept, "$" from now on (the reply
// is immediate and empty and carries the cursor), else a cursor from an earlier reply.
struct WatchRequest {
  static constexpr std::string_view kType = "watch";
  std::string after;
  std::int64_t wait_ms = 0;  // 0..60000: how long to wait for the first one
  std::int64_t max = 256;    // 1..256
};
struct WatchReply {
  static constexpr std::string_view kType = "recommendations";
  std::vector<Recommendation> items;
  std::string cursor;
  bool gap = false;  // some between `after` and here are no longer kept: fetch the cases by id
};

struct StatusRequest {
  static constexpr std::string_view kType = "status";
};
struct LaneStatus {
  std::string model;
  std::string stage;
  std::int64_t waiting = 0;  // in the lane, not leased
  std::int64_t leased = 0;
  std::optional<std::int64_t> oldest_ms;  // how long the first of the waiting has been there
};
// A broker that gave a sign of life lately, or one that did not and still has leases.
struct BrokerStatus {
  std::string id;
  bool alive = true;
  bool accepting = true;
  std::string reason;  // when not accepting
  std::int64_t leases = 0;
  bool partly = false;  // as in StatusReply
};
// The credits of one model, over all workers of the cluster.
struct CreditStatus {
  std::string model;
  std::int64_t workers = 0;
  std::int64_t slots = 0;
  std::int64_t used = 0;  // tasks at workers; above `slots` while adopted ones end
};
// One Redis as the broker that answers last saw it. Bytes; absent = not known.
struct RedisStatus {
  std::int64_t shard = 0;
  bool up = false;
  // What the check of its settings says: "good", "trusted" (not judged), "unknown", or what is
  // wrong.
  std::string settings;
  std::optional<std::int64_t> used_bytes;
  std::optional<std::int64_t> bound_bytes;  // of memory: maxmemory, or what stands for it
  std::optional<std::int64_t> file_bytes;   // append-only file
  std::optional<std::int64_t> disk_free_bytes;
  std::optional<std::int64_t> disk_bytes;
  std::string pressure;  // why new cases are refused; "" = they are not
  // Accepted cases that this broker knew of and that this Redis has forgotten: an older file was
  // put back, or everything was deleted. 0 is good.
  std::int64_t lost = 0;
};
struct WorkerStatus {
  std::string worker;
  std::string model;
  std::string provider;
  std::string placement;  // "local" or "remote"
  bool simulated = false;
  std::int64_t slots = 0;
  std::int64_t in_flight = 0;
  std::string broker;
  std::string trouble;  // Heartbeat::trouble
};
struct ShardStatus {
  std::int64_t shard = 0;
  bool accepting = true;
  std::string reason;     // when not accepting
  std::int64_t live = 0;  // cases not ended; 0 also when it does not answer
};
struct StatusReply {
  static constexpr std::string_view kType = "status_report";
  std::string broker;     // that answered
  std::string version;    // of the program
  bool accepting = true;  // whatever its id, a case is accepted
  bool partly = false;    // not accepting, but cases of some shards are
  std::string reason;     // when not accepting
  std::int64_t now_ms = 0;
  std::vector<BrokerStatus> brokers;
  std::vector<std::string> aggregators;
  std::map<std::string, std::int64_t> counters;  // accepted, complete, ..., redelivered, ...
  std::int64_t live = 0;                         // cases not ended
  std::int64_t live_max = 0;                     // beyond: queue_full
  std::int64_t delayed = 0;                      // tasks that wait for their next attempt
  std::int64_t dead = 0;                         // dead-lettered tasks
  bool balanced =
      true;  // accepted = complete + degraded + insufficient + failed + cancelled + live
  std::vector<LaneStatus> lanes;
  std::vector<CreditStatus> credits;  // by model
  std::vector<WorkerStatus> workers;
  // In their order. What stands above is the sum over those that answer.
  std::vector<ShardStatus> shards;
  std::vector<RedisStatus> redis;
};

// One failed attempt of a task.
struct AttemptError {
  std::int64_t at_ms = 0;
  std::string code;  // Outcome::code, or the name of its status
  std::string text;
  std::string worker;  // "" = not known
};
// A task that is not tried again by itself.
struct DeadLetter {
  std::string id;  // in the list; opaque
  TaskId task;
  std::int64_t died_ms = 0;
  std::int64_t attempts = 0;  // that failed and were tried again
  std::int64_t crashes = 0;
  Outcome outcome;                   // the last; its worker is the last one
  std::vector<AttemptError> errors;  // oldest first; the first 64 KiB of them
};
// Dead letters in the order in which they died. Empty filters match all.
struct DeadListRequest {
  static constexpr std::string_view kType = "dead_list";
  std::string after;       // "" = from the oldest, else a cursor from an earlier reply
  std::int64_t max = 256;  // 1..256
  std::string id;          // only this one
  std::string model;
  std::string case_id;
  std::string code;
};
struct DeadListReply {
  static constexpr std::string_view kType = "dead_letters";
  std::vector<DeadLetter> items;
  std::string cursor;  // where to go on
  bool end = false;    // there are no more
};
// Puts tasks back into their lanes as if they were new. At most 256 ids.
struct DeadRequeueRequest {
  static constexpr std::string_view kType = "dead_requeue";
  std::vector<std::string> ids;
};
struct RequeuedLetter {
  std::string id;
  std::string task;  // ref; "" when not known
  // "requeued", "before" (it was requeued earlier), "cancelled" (its case), "gone" (the record of
  // its case), "ended" (the task has another end), "unknown" (no such letter: purged, or never
  // was)
  std::string disposition;
  std::optional<std::int64_t> deadline_ms;  // of a task that was requeued
};
struct DeadRequeueReply {
  static constexpr std::string_view kType = "requeued";
  std::vector<RequeuedLetter> items;  // as asked
};
struct DeadPurgeRequest {
  static constexpr std::string_view kType = "dead_purge";
  std::vector<std::string> ids;
};
struct DeadPurgeReply {
  static constexpr std::string_view kType = "purged";
  std::int64_t purged = 0;  // the others were not there any more
};

// Asks the broker that gets it to take no more work; sent again it tells how far it is.
struct DrainRequest {
  static constexpr std::string_view kType = "drain";
  // How long it waits for results of workers, 0..86400000; absent: broker.drain_ms.
  std::optional<std::int64_t> limit_ms;
  bool undo = false;  // work again
  // The broker that is meant, as it names itself; another one does nothing. "": whoever gets it.
  std::string broker = {};
};
struct DrainReply {
  static constexpr std::string_view kType = "drain_report";
  std::string broker;
  bool draining = false;
  bool drained = false;          // nothing is left here
  std::int64_t held = 0;         // tasks at workers of this broker
  std::int64_t handed_over = 0;  // tasks left to other brokers when the limit had passed
  std::int64_t for_ms = 0;       // since it began
};

// --- worker -> broker
// ------------------------------------------------------------------------------

struct HeldTask {
  std::string task;  // ref
  std::int64_t fence = 0;
};
struct Hello {
  static constexpr std::string_view kType = "hello";
  std::string worker;  // id, fresh per process start
  std::string model;
  std::string provider;
  std::string placement;
  bool simulated = false;
  std::int64_t slots = 0;           // credits offered to this broker; 0 = nothing now
  std::vector<HeldTask> in_flight;  // a new broker adopts these leases
};
struct Heartbeat {
  static constexpr std::string_view kType = "heartbeat";
  std::int64_t slots = 0;
  std::vector<HeldTask> in_flight;  // only these leases are renewed
  std::string trouble;              // why calls wait at the worker, for people; "" = they do not
};
struct ResultMessage {
  static constexpr std::string_view kType = "result";
  std::string task;
  std::int64_t fence = 0;
  Outcome outcome;
  std::optional<std::int64_t> retry_in_ms;  // tried again after so long; absent: this ends the task
  bool dead_letter = false;                 // it ends because its attempts are used up
};
// Hands a task back unworked (drain); no attempt is counted.
struct ReleaseMessage {
  static constexpr std::string_view kType = "release";
  std::string task;
  std::int64_t fence = 0;
};
struct Goodbye {
  static constexpr std::string_view kType = "goodbye";
};

// --- broker -> worker
// ------------------------------------------------------------------------------

struct Welcome {
  static constexpr std::string_view kType = "welcome";
  std::string broker;     // incarnation
  bool draining = false;  // it hands out nothing: the others may have its slots
};
// The answer to a heartbeat; also sent when a drain begins or ends.
struct HeartbeatReply {
  static constexpr std::string_view kType = "alive";
  bool draining = false;
};
// Sent to a peer the broker does not know (it restarted): say hello again.
struct WhoAreYou {
  static constexpr std::string_view kType = "who_are_you";
};
struct TaskMessage {
  static constexpr std::string_view kType = "task";
  std::string task;  // ref
  std::int64_t fence = 0;
  std::int64_t time_left_ms = 0;  // until the task's deadline, at sending
  std::int64_t attempts = 0;      // that failed before this one
  Vignette vignette;
  std::optional<ReviewPacket> review;  // stage review only
};
// The result is stored (or was before): the worker may forget it.
struct ResultAck {
  static constexpr std::string_view kType = "result_ack";
  std::string task;
  std::int64_t fence = 0;
  std::string disposition;  // "stored", "retry", "duplicate", "stale", "unknown"
};
// The broker leaves: its tasks are to be listed to another one.
struct Leaving {
  static constexpr std::string_view kType = "leaving";
};
struct CancelTask {
  static constexpr std::string_view kType = "cancel_task";
  std::string task;
  std::int64_t fence = 0;
};

// --- chemistry
// ---------------------------------------------------------------------------------

// One model in the live matrix. What cannot be known yet is absent; errors are standard errors.
struct ChemistryModel {
  std::string model;
  std::string version;            // the latest that answered; "" = not reported
  std::int64_t seated = 0;        // cases that it was asked
  std::int64_t answered = 0;      // ... and gave a usable answer
  double effective_cases = 0;     // what they count after decay by age and version
  std::optional<double> quality;  // [0, 10]
  std::optional<double> quality_error;
  std::optional<double> accuracy;  // [0, 1]
  std::optional<double> accuracy_error;
  std::optional<double> latency_ms;      // median
  std::optional<double> latency_ms_p95;  // both of a log-normal through mean and deviation
  std::optional<double> cost_usd;        // mean of an answer, where known
  bool profiled = false;                 // has quality and accuracy, so it has chemistry
};

// Two models, a < b.
struct ChemistryPair {
  std::string a;
  std::string b;
  std::int64_t together = 0;        // cases that both answered
  std::optional<double> chemistry;  // the published measure, [0, 1]; of profiled models
  std::int64_t synergy_cases = 0;   // of `together`, with at least one more answer
  double effective_cases = 0;       // of these, after decay
  std::optional<double> synergy;    // shrunk to 0, [-2, 2]; above 0: stronger together
  std::optional<double> synergy_error;
  std::optional<double> synergy_mean;  // before shrinkage
  // Diagnostics, of the cases whose right answer is known.
  std::int64_t gold_cases = 0;
  std::optional<double> disagreement;  // share: exactly one is right
  std::optional<double> double_fault;  // share: both wrong
  std::optional<double> same_wrong;    // share: both wrong with the same answer
  std::optional<double> q_statistic;   // Yule's Q of being right, [-1, 1]
  std::optional<double> kappa;         // Cohen's kappa of being right, [-1, 1]
};

// The live matrix of one kind of task.
struct ChemistryReport {
  static constexpr std::string_view kType = "chemistry_report";
  std::string kind;
  std::string variant;  // of `chemistry`: "published" or "nonempty"
  std::int64_t cases = 0;
  std::int64_t gold_cases = 0;                    // ... whose right answer is known
  std::int64_t simulated_cases = 0;               // ... that simulated or replayed models answered
  std::vector<ChemistryModel> models;             // by name
  std::vector<std::vector<ChemistryPair>> pairs;  // per model, with the later ones
  std::int64_t left_out = 0;                      // models known and not here: too many
  std::int64_t unreadable = 0;                    // lines of evidence that were skipped
  std::string cursor;                             // the last line of evidence in it; "" = none
  std::int64_t made_ms = 0;
};
struct ChemistryRequest {
  static constexpr std::string_view kType = "chemistry";
  std::string kind;  // "" = the first configured one
};

// A recommended ensemble.
struct SeatingEntry {
  std::string kind;
  std::string strategy;   // "chemistry", "utility", "performance", "single", "explore"
  std::int64_t size = 0;  // asked for; `utility` may seat fewer
  std::vector<std::string> models;
  std::optional<double> expected;        // outcome on held-out cases, [0, 1]
  std::optional<double> expected_error;  // of the advantage over the single best model
  std::int64_t cases = 0;                // it rests on
  std::string reason;                    // one sentence for people
};
// What the aggregator recommends to seat next; brokers read it.
struct SeatingBoard {
  static constexpr std::string_view kType = "ensembles_report";
  std::int64_t made_ms = 0;
  std::vector<SeatingEntry> entries;
};
struct EnsemblesRequest {
  static constexpr std::string_view kType = "ensembles";
};

// What is known about trusting the council, one for each kind of task.
struct TrackRecords {
  static constexpr std::string_view kType = "track_records_report";
  std::int64_t made_ms = 0;
  std::vector<TrackRecord> items;
};
struct TrackRecordsRequest {
  static constexpr std::string_view kType = "track_records";
};

// Makes the matrix again from the evidence. The same id asks how far it is.
struct RebuildRequest {
  static constexpr std::string_view kType = "rebuild";
  std::string id;  // chosen by the client, as a case id
};
struct RebuildReply {
  static constexpr std::string_view kType = "rebuild_report";
  std::string id;
  std::string state;       // "waiting", "done"
  std::int64_t lines = 0;  // of evidence that it was made from
  bool identical = false;  // bit for bit what stood there before
  std::string before;      // digests (SHA-256) of the matrix
  std::string after;
};

// Evidence from elsewhere, for a warm start. Taken once by case id; without a kind it is of the
// first configured one.
struct ImportRequest {
  static constexpr std::string_view kType = "import";
  std::vector<CaseEvidence> cases;  // at most 256
};
struct ImportReply {
  static constexpr std::string_view kType = "imported";
  std::int64_t imported = 0;
  std::int64_t duplicate = 0;  // were there before
};

// The evidence in the order in which it was recorded.
struct HistoryRequest {
  static constexpr std::string_view kType = "history";
  std::string after;       // "" = from the first
  std::int64_t max = 256;  // 1..256
};
struct HistoryReply {
  static constexpr std::string_view kType = "history_slice";
  std::vector<EvidenceLine> items;
  std::string cursor;
  std::int64_t unreadable = 0;  // lines in this slice that could not be read
};

// --- kept in Redis
// ---------------------------------------------------------------------------------

// A broker's or an aggregator's sign of life; kept for a few seconds.
struct Beat {
  std::string id;
  std::vector<WorkerStatus> workers;
  bool accepting = true;
  std::string reason;
  bool partly = false;  // as in StatusReply
};

// One line of history: all that was recorded about an ended case (or a revision), without case
// text.
struct HistoryRecord {
  std::string case_id;
  std::string source;
  std::string kind;
  std::string strategy;
  std::string seating;
  std::vector<std::string> ensemble;
  std::optional<std::vector<std::string>> gold_medications;
  std::vector<TaskView> tasks;
  Recommendation recommendation;
};

}  // namespace consilium
