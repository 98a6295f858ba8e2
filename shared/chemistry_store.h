// What the cluster has learned about its models, as Redis keeps it.
//
// Keys, with P as in store.h:
//   P evidence        stream of EvidenceLine ("e"), append-only: what every ended case says
//   P ledger          hash: the fields of a Ledger (aggregator/chemistry/ledger.h), "unreadable"
//   (lines that
//                     were skipped), and "cursor" (the last line that is in it)
//   P learning        hash: asked and done (ids of rebuilds), report (of the last one), published
//   (cursor) P imported        set of the case ids that were imported P chemistry:<kind>, P
//   ensembles   the published report and board
//
// The ledger is a fold over the stream. It is written only from the cursor that it was read at, so
// a line counts exactly once, however many aggregators learn and wherever one dies. Threads: as
// RedisConnection: one loop.
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
  std::optional<EvidenceLine> line;  // absent: it cannot be read
};

struct StoredLedger {
  std::map<std::string, std::string> fields;  // without the cursor
  std::string cursor;                         // "" = nothing learned yet
};

// What there is to learn.
struct Following {
  std::string cursor;     // where the stored ledger stands
  std::string rebuild;    // id of a rebuild that was asked for and is not done; "" = none
  std::string published;  // cursor of the reports and the board that stand published
  std::vector<StoredEvidence> lines;  // after `cursor`
};

struct LedgerUpdate {
  std::string from;  // cursor it was made from
  std::string to;
  std::vector<std::pair<std::string, std::string>> fields;  // what changed, or all
  bool replace = false;                                     // `fields` are all there are
  std::optional<RebuildReply> rebuilt;                      // answers whoever asked for a rebuild
};

class ChemistryStore {
 public:
  template <class T>
  using Done = Store::Done<T>;

  explicit ChemistryStore(RedisConnection& redis, int shard = 0);
  // The scripts that a RedisConnection used here must load.
  static std::vector<RedisScript> Scripts();

  // --- aggregator
  void Follow(std::int64_t max, Done<Following> done);
  void ReadLedger(Done<StoredLedger> done);
  // Up to `max` lines after entry `after` ("" = from the first), in order.
  void ReadEvidence(const std::string& after, std::int64_t max,
                    Done<std::vector<StoredEvidence>> done);
  // The last `max` lines up to entry `last`, the latest first.
  void ReadLatest(const std::string& last, std::int64_t max,
                  Done<std::vector<StoredEvidence>> done);
  // False: somebody else moved it on; read it again.
  void WriteLedger(const LedgerUpdate& update, Done<bool> done);
  // `cursor`: of the ledger they were made from.
  void Publish(const std::string& cursor, const std::vector<ChemistryReport>& reports,
               const SeatingBoard& board, Done<Nothing> done);

  // --- broker
  // kNotFound when nothing was learned of this kind yet.
  void ReadReport(const std::string& kind, Done<ChemistryReport> done);
  // Empty when nothing was published yet.
  void ReadBoard(Done<SeatingBoard> done);
  void AskRebuild(const std::string& id, Done<RebuildReply> done);
  void Import(const std::vector<CaseEvidence>& cases, Done<ImportReply> done);
  void ReadHistory(const std::string& after, std::int64_t max, Done<HistoryReply> done);

 private:
  std::string Key(const std::string& name) const { return prefix_ + name; }

  RedisConnection& redis_;
  std::string prefix_;
};

// Those of Store and ChemistryStore.
std::vector<RedisScript> AllScripts();

}  // namespace consilium
