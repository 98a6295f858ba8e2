// What the cluster has learned about its models, as Redis keeps it.
//
// Keys, with P as in store.h:
// - P evidence: stream of EvidenceLine ("e"), append-only: what every ended case says.
// - P ledger: hash of the fields of a Ledger (aggregator/chemistry/ledger.h), and "unreadable"
//   (lines skipped), "cursor" (the last line in it), "epoch" (how often it was replaced).
// - P learning: hash: asked, done (ids of rebuilds), report (of the last one), published
//   (stamp), learner and seen (who last held the matrix, and when).
// - P learned: set of "<kind>|<case id>" of all cases in the stream (in another shard than 0: of
//   those that wait there).
// - P taken: hash, shard -> the last line of its evidence that is in the stream.
// - P chemistry:<kind>, P ensembles, P track_records: the published reports, board and records.
//
// The ledger is a fold over the stream. It is written only if it is still the one that was read, at
// the same cursor and epoch, so a line counts exactly once, however many aggregators learn and
// wherever one dies. All of it is in shard 0; the stream of every other shard holds what was not
// taken over from there yet.
//
// Threads: as RedisConnection: one loop.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "shared/messages.h"
#include "shared/redis.h"
#include "shared/store.h"

namespace consilium {

struct StoredEvidence {
  std::string entry;                 // stream id
  std::size_t bytes = 0;             // as stored
  std::optional<EvidenceLine> line;  // absent: it cannot be read
};

// Which state of the ledger: it may be moved on or replaced from this one only.
struct LedgerPlace {
  std::string cursor;      // "" = nothing learned yet
  std::int64_t epoch = 0;  // grows when it is replaced

  friend bool operator==(const LedgerPlace&, const LedgerPlace&) = default;
};

// A line that waits in a shard to be taken over.
struct WaitingEvidence {
  std::string entry;   // stream id there
  std::string member;  // of learned; "" = the line cannot be read, which is for the learner to say
  std::string line;    // as stored
};

struct StoredLedger {
  std::map<std::string, std::string> fields;  // without those of its place
  LedgerPlace place;
};

// What there is to learn.
struct Following {
  LedgerPlace place;         // where the stored ledger stands
  std::string rebuild;       // id of a rebuild that was asked for and is not done; "" = none
  std::string published;     // stamp of the reports and the board that stand published
  std::int64_t idle_ms = 0;  // since a learner that holds the matrix was here
  std::vector<StoredEvidence> lines;  // after the cursor
};

struct LedgerUpdate {
  LedgerPlace from;                                         // what it was made from
  std::string to;                                           // cursor
  std::vector<std::pair<std::string, std::string>> fields;  // what changed, or all
  bool replace = false;                                     // `fields` are all there are
  std::optional<RebuildReply> rebuilt;                      // answers whoever asked for a rebuild
};

// How P learned knows a case: what was imported as the wrong kind can be imported as the right one.
std::string LearnedMember(const CaseEvidence& evidence);

// What `published` says: which ledger it was made from, and what else it depends on.
std::string PublicationStamp(const LedgerPlace& made_from, const std::string& settings);

class ChemistryStore {
 public:
  template <class T>
  using Done = Store::Done<T>;

  explicit ChemistryStore(RedisConnection& redis, std::size_t shard = 0);
  // The scripts that a RedisConnection used here must load.
  static std::vector<RedisScript> Scripts();

  // --- aggregator
  // `holds`: learner `id` has in memory what stands stored, as far as it knows.
  void Follow(const std::string& id, bool holds, std::int64_t max, Done<Following> done);
  void ReadLedger(Done<StoredLedger> done);
  // Up to `max` lines after entry `after` ("" = from the first), in order.
  void ReadEvidence(const std::string& after, std::int64_t max,
                    Done<std::vector<StoredEvidence>> done);
  // The last `max` lines up to entry `last` ("(" before it: without it), the latest first.
  void ReadLatest(const std::string& last, std::int64_t max,
                  Done<std::vector<StoredEvidence>> done);
  // False: somebody else moved it on or replaced it; read it again.
  void WriteLedger(const LedgerUpdate& update, Done<bool> done);
  // `made_from`: the ledger. `stamp` says what else they depend on. False: left alone, they are
  // old.
  void Publish(const LedgerPlace& made_from, const std::string& stamp,
               const std::vector<ChemistryReport>& reports, const SeatingBoard& board,
               const TrackRecords& records, Done<bool> done);
  // Empty when nothing was published yet.
  void ReadTrackRecords(Done<TrackRecords> done);

  // --- between shards. Idempotent if lines are taken in their order and forgotten afterwards.
  // The oldest `max` lines of a shard other than 0.
  void ReadWaiting(std::int64_t max, Done<std::vector<WaitingEvidence>> done);
  // Adds to shard 0 what was not taken from `shard` before; how many lines that were.
  void Take(std::size_t shard, const std::vector<WaitingEvidence>& lines, Done<std::int64_t> done);
  // Removes lines that were taken, and forgets their cases, which shard 0 knows.
  void Forget(const std::vector<WaitingEvidence>& lines, Done<Nothing> done);

  // --- broker
  // kNotFound when nothing was learned of this kind yet.
  void ReadReport(const std::string& kind, Done<ChemistryReport> done);
  // Empty when nothing was published yet.
  void ReadBoard(Done<SeatingBoard> done);
  void AskRebuild(const std::string& id, Done<RebuildReply> done);
  void Import(const std::vector<CaseEvidence>& cases, Done<ImportReply> done);
  // Which of these (as in P learned) this shard knows: shard 0 of all cases, another of those whose
  // lines it did not take over yet.
  void AreKnown(const std::vector<std::string>& members, Done<std::vector<bool>> done);
  // At most `max` lines and kHistoryBytes; an unchanged cursor means the end.
  void ReadHistory(const std::string& after, std::int64_t max, Done<HistoryReply> done);

 private:
  // Of lines in one reply, so that it fits a message.
  static constexpr std::size_t kHistoryBytes = 2u << 20;

  std::string Key(const std::string& name) const { return prefix_ + name; }

  RedisConnection& redis_;
  std::string prefix_;
};

// Those of Store and ChemistryStore.
std::vector<RedisScript> AllScripts();

}  // namespace consilium
