// Cases, lanes, leases and history in Redis: the only code that knows keys and scripts.
//
// Every state change is one atomic Lua script (shared/store/*.lua) of one shard; docs/protocol.md
// draws the states. All may be sent twice: after kUnavailable the effect is unknown and the caller
// asks again.
//
// A Redis is one shard of the cluster and says so in the key "consilium:shard": "<number> of
// <count>". Its other keys, with P = "consilium:{<shard>}:"
// - P case:<id>: hash, the record of one case, its tasks and outcomes (fields below).
// - P lane:<stage>:<model>: stream of refs, group "w"; the pending entry is the lease.
// - P delayed: zset, ref -> when it goes back to its lane.
// - P timers: zset, case -> when the aggregator must look at it; exactly the live cases.
// - P events: stream of case ids for the aggregators, group "a".
// - P index: case_index.h.
// - P out: stream of published recommendations.
// - P cancels: stream of cancelled case ids, the latest ones.
// - P history: stream, append-only.  P dead: dead_store.h.
// - P counters: hash.
// - P wanted: hash, what somebody found empty and waits for ("lane <model>", "event", "out",
//   "evidence"): whoever adds to it removes the field and publishes the hint.
// - P brokers, P aggregators: zset, id -> last beat; P brokers:steady, P aggregators:steady: hash,
//   id -> since when without a gap; P beat:<id>: string (Beat), expires.
// - P evidence, P learned, P taken, and what is made of them: chemistry_store.h.
//
// Fields of a case: digest, state, v, vignette, gold, source, cancel_reason,
// kind, strategy, seating, ensemble, accepted_ms, deadline_ms, rev, rec:<n>, told (version
// whose event was restored), outcomes (their number), outcome:<n>, outcome_at:<n>, outcome_by:<by>
// (number of the latest), known (what was made of them), and per task k =
// "stage|round|model": s: state, f: leases issued, a: failed attempts, c: crashes, x: errors of
// these, e: stream entry, d: deadline, p: packet, l: labels and authors, o: outcome, t: arrival.
//
// Time is Redis' own (TIME inside the scripts), so programs' clocks do not matter.
// Threads: as RedisConnection: one loop.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "shared/messages.h"
#include "shared/redis.h"

namespace consilium {

// What a broker makes durable when it accepts a case.
struct NewCase {
  std::string id;
  std::string digest;  // SHA-256 of the packed request; same id with another digest is a conflict
  Vignette vignette;
  std::optional<std::vector<std::string>> gold_medications;
  std::string source;
  std::string kind;
  std::string strategy;
  std::string seating;
  std::vector<std::string> ensemble;
  std::int64_t deadline_ms = 0;  // from acceptance
  std::int64_t answers_ms = 0;   // from acceptance: the first timer
  std::int64_t live_cases_max = 0;
};

struct LeasedTask {
  TaskId task;
  std::int64_t fence = 0;
  std::int64_t attempts = 0;      // calls that failed before this one
  std::int64_t time_left_ms = 0;  // until its deadline
  Vignette vignette;
  std::optional<ReviewPacket> review;
  // The record is not what was accepted; the two above are unusable, and no worker may get it.
  bool corrupt = false;
};

// How an attempt ended.
struct AttemptEnd {
  enum class Kind {
    kFinal,    // the outcome is the task's; first one wins
    kRetry,    // failed; back to the lane after `delay_ms`; counts an attempt
    kRelease,  // handed back unworked; counts nothing
    kCrash,    // the worker vanished; counts a crash; dead with `outcome` at `crashes_max`
  };
  Kind kind = Kind::kFinal;
  TaskId task;
  std::int64_t fence = 0;
  std::optional<Outcome> outcome;
  std::int64_t delay_ms = 0;
  std::int64_t crashes_max = 0;
  bool dead_letter = false;  // kFinal after the last attempt: list it among the dead
};
// "stored", "retry", "released", "dead", "duplicate", "stale", "unknown".
using Disposition = std::string;

struct ReapReply {
  std::int64_t requeued = 0;
  std::int64_t dead = 0;
};

struct NewTask {
  TaskId task;
  std::int64_t deadline_ms = 0;  // absolute
  std::optional<ReviewPacket> packet;
  std::vector<std::string> labels;   // as ReviewPacket::answers ...
  std::vector<std::string> authors;  // ... and whose they are
};

// What the aggregator writes after looking at a case; applied only if the record's version is
// `version`.
struct CaseUpdate {
  std::string case_id;
  std::int64_t version = 0;
  std::optional<CaseState> state;
  std::vector<NewTask> tasks;
  std::optional<std::int64_t> timer_ms;  // absolute; a final `state` removes the timer instead
  std::optional<Recommendation> publish;
  std::optional<HistoryRecord> history;
  std::optional<EvidenceLine> evidence;
  std::optional<KnownRight> known;
  std::int64_t retention_ms = 0;  // how long the record stays once ended
};

struct WatchSlice {
  std::vector<Recommendation> items;
  std::vector<std::string> entries;  // stream ids of the items
  std::string cursor;
  bool gap = false;
};

// What the keys of a shard begin with: "consilium:{<shard>}:".
std::string ShardPrefix(std::size_t shard);

// Why an outcome cannot be recorded: the case has no recommendation, or not that revision.
Error NoOutcomeYet(const std::string& case_id, CaseState state);
Error NoRevision(const std::string& case_id, std::int64_t revision, std::int64_t last);

class Store {
 public:
  template <class T>
  using Done = std::function<void(Result<T>)>;

  // Of `shard`, one of `shards`.
  explicit Store(RedisConnection& redis, std::size_t shard = 0, std::size_t shards = 1);
  // Tasks that wait in a lane for so long expire in Lease() and Reap(); 0, the default: never.
  void LimitQueueWait(std::int64_t wait_ms) { queue_wait_ms_ = wait_ms; }
  // The scripts that a RedisConnection used here must load.
  static std::vector<RedisScript> Scripts();

  // Makes sure that this Redis is the shard, which it becomes when it is still empty, or when it
  // says nothing and is `known` to have been it. kConflict when it is another one: it may be asked
  // nothing. The reply: how many cases were ever accepted here.
  void Claim(bool known, Done<std::int64_t> done);
  // Whether it says which shard it is. It does not any more when everything was deleted.
  void CheckClaim(Done<bool> done);
  // Creates the consumer groups of all lanes of `models` and of the events, where missing.
  void Prepare(const std::vector<std::string>& models, Done<Nothing> done);

  // --- broker
  void Submit(const NewCase& new_case, Done<SubmitReply> done);
  // Ends a live case; with `withdraw`, takes back what an ended one said.
  void Cancel(const CancelRequest& request, Done<CancelReply> done);
  void Fetch(const std::string& case_id, Done<CaseView> done);
  // Adds an outcome to an ended case and tells the aggregators. `at_ms` is set here. Errors:
  // kNotFound, kConflict for a case without a recommendation, kInvalid for a revision that is not
  // there, kTooLarge beyond limits::kCaseOutcomesMax, kQueueFull when Redis has no memory.
  void AddOutcome(const std::string& case_id, CaseOutcome outcome, Done<CaseOutcomeReply> done);
  // At most `count` tasks of one lane, reviews before generates, leased to broker `owner`. Tasks
  // whose case ended or whose deadline passed are dropped on the way.
  void Lease(const std::string& model, const std::string& owner, std::int64_t count,
             Done<std::vector<LeasedTask>> done);
  // Renews the leases that a worker listed and makes `owner` their broker. Returns the refs it must
  // stop (cancelled, taken over, or ended).
  void Renew(const std::string& model, const std::string& owner, const std::vector<HeldTask>& held,
             Done<std::vector<HeldTask>> done);
  void EndAttempt(const AttemptEnd& end, Done<Disposition> done);
  // Takes back leases of `model` that nobody renewed for `lease_ms` (a crash, counted; dead with
  // `dead_outcome` at `crashes_max`), or whose broker gives no sign of life for `orphan_ms` (not
  // counted).
  // Leases are judged only for a broker that has beaten without a gap for so long: after Redis
  // stood still everybody's leases look old.
  struct Judge {
    std::string owner;
    std::int64_t steady_ms = 0;
  };
  void Reap(const std::string& model, const Judge& judge, std::int64_t lease_ms,
            std::int64_t orphan_ms, std::int64_t crashes_max, const Outcome& dead_outcome,
            Done<ReapReply> done);
  // Moves due delayed tasks back to their lanes. Returns the number moved and when the next is due
  // (milliseconds from now; -1 = none).
  struct PromoteReply {
    std::int64_t moved = 0;
    std::int64_t next_ms = -1;
  };
  void Promote(Done<PromoteReply> done);
  // Looks at some live cases from `cursor` on ("0" = from the beginning) and puts back tasks that
  // somebody took out of their lanes.
  struct RestoreReply {
    std::string cursor;         // to go on with; "0" = all were seen
    std::int64_t restored = 0;  // tasks
    std::int64_t told = 0;      // cases whose event was missing
  };
  void Restore(const std::string& cursor, Done<RestoreReply> done);
  // Cases that were cancelled after `after`, a cursor; "" = none yet, only the cursor is wanted.
  struct Cancels {
    std::vector<std::string> cases;
    std::string cursor;
  };
  void ReadCancels(const std::string& after, Done<Cancels> done);
  void Watch(const std::string& after, std::int64_t max, Done<WatchSlice> done);
  // Everything of StatusReply that Redis knows.
  void Describe(const std::vector<std::string>& models, Done<StatusReply> done);
  // `kind` is "brokers" or "aggregators". The reply: how many cases were ever accepted here.
  void SendBeat(const std::string& kind, const Beat& beat, Done<std::int64_t> done);

  // --- aggregator
  // Up to `count` events for consumer `owner` (entry id, case id); `claim`: first those of
  // consumers that are silent for 5 s. Never blocks.
  struct Event {
    std::string entry;
    std::string case_id;
  };
  void TakeEvents(const std::string& owner, std::int64_t count, bool claim,
                  Done<std::vector<Event>> done);
  void AckEvents(const std::vector<Event>& events, Done<Nothing> done);
  // Cases whose timer is due, and when the next one is (milliseconds from now, -1 = none).
  struct DueTimers {
    std::int64_t now_ms = 0;
    std::vector<std::string> cases;
    std::int64_t next_ms = -1;
  };
  void Due(std::int64_t count, Done<DueTimers> done);
  // Moves the timer of a case that has one.
  void PutOff(const std::string& case_id, std::int64_t timer_ms, Done<Nothing> done);
  // False: the record changed since it was read; fetch it again and think again.
  void Apply(const CaseUpdate& update, Done<bool> done);

  // Channel on which scripts publish hints: "lane <model>", "event", "out", "evidence" when
  // somebody waits for it (P wanted), "ensembles", "cancel <case>". Hints may be lost; everything
  // is also found by polling.
  std::string HintChannel() const;

 private:
  void Withdraw(const CancelRequest& request, std::int64_t revision, std::int64_t accepted_ms,
                std::int64_t now_ms, int tries, Done<CancelReply> done);
  void Cancel(const CancelRequest& request, int tries, Done<CancelReply> done);

  // How long a cancelled case stays readable.
  static constexpr std::int64_t kCancelledRetentionMs = 30LL * 24 * 3600 * 1000;

  std::string Key(std::string_view name) const;
  std::string CaseKey(const std::string& id) const { return prefix_ + "case:" + id; }
  std::string LaneKey(Stage stage, const std::string& model) const;

  RedisConnection& redis_;
  std::size_t shard_;
  std::size_t shards_;
  std::string prefix_;
  std::int64_t queue_wait_ms_ = 0;
};

}  // namespace consilium
