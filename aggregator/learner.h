// Keeps the live matrix: learns the evidence of ended cases as it comes, in the order of its
// stream, and publishes the reports and the recommended ensembles.
//
//   load -> follow -> learn -> follow ...        follow -> publish, when something was learned
//     ^       |                                  follow -> rebuild, when somebody asked
//     +-------+ another aggregator has moved the matrix on, and then stopped
//
// The matrix in Redis is moved only from the cursor that it was read at, so any number of learners
// may run: one wins each step, the others stand by until it stops. What is in memory here can be
// lost at any time. Threads: none of its own; used by the aggregator's loop.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "aggregator/chemistry/board.h"
#include "aggregator/chemistry/ledger.h"
#include "aggregator/chemistry/report.h"
#include "aggregator/council/track_record.h"
#include "shared/chemistry_store.h"
#include "shared/clock.h"
#include "shared/config.h"
#include "shared/log.h"

namespace consilium {

// The matrix made again, so far.
struct MatrixRebuild {
  std::string id;  // "" = nobody asked: the stored matrix cannot be used
  LedgerPlace target;
  std::map<std::string, std::string> before;
  std::optional<Ledger> ledger;
  std::string cursor;
  std::int64_t lines = 0;
  std::int64_t unreadable = 0;
};

// What is being made for publication, one piece a turn; learning goes on between them.
struct Publication {
  LedgerPlace place;
  std::vector<std::string> kinds;  // still to be made
  std::vector<ChemistryReport> reports;
  SeatingBoard board;
  TrackRecords records;
  std::vector<std::string> unweighed;      // kinds whose track record is still to be made
  std::optional<TrackRecordMaker> record;  // of the last kind, until it is done
  std::optional<BoardMaker> maker;         // of the last report, until it is done
  TimePoint::duration worked{0};
  TimePoint next{};  // piece
};

// How far the window was read, from the latest line back.
struct WindowReading {
  std::string before;           // stream id
  std::int64_t lines = 0;       // read so far
  std::set<std::string> cases;  // whose last word was read
};

class Learner {
 public:
  Learner(const Config& config, ChemistryStore& store);

  // There is new evidence, or a rebuild was asked for.
  void OnHint() { look_at_ = TimePoint{}; }
  // Redis came back: what it holds is read again.
  void OnRedisUp();
  // Does what is due. The result is when to call again.
  TimePoint Tick(TimePoint now);

 private:
  enum class Stage { kLoad, kWindow, kFollow, kRebuild };

  void Load();
  void OnLoaded(const Result<StoredLedger>& stored);
  void ReadWindow();
  void OnLatest(const std::vector<StoredEvidence>& latest);
  void Follow();
  void OnFollowing(const Following& following);
  void StandBy(const Following& following);
  void Learn(const std::vector<StoredEvidence>& lines);
  void Remember(const EvidenceLine& line);
  void StartRebuild(const std::string& id, const StoredLedger& stored);
  void ContinueRebuild();
  void FinishRebuild();
  void BeginPublication(TimePoint now);
  void ContinuePublication(TimePoint now);
  void MakeNextReport();
  void Publish(TimePoint now);
  std::vector<RecordedCase> Window(const std::string& kind) const;
  void BeginNextRecord();
  // Reads everything again, after a pause.
  void StartOver();
  void Complain(const char* step, const Error& error);

  const Config& config_;
  ChemistryStore& store_;
  const std::string id_;
  const std::int64_t known_most_;  // cases with known outcomes that are kept, by kind
  LedgerRules ledger_rules_;
  ReportRules report_rules_;
  std::vector<std::string> pool_;
  std::string settings_;  // digest of all that a publication depends on besides the matrix

  Stage stage_ = Stage::kLoad;
  bool waiting_ = false;  // for a reply
  TimePoint look_at_{};   // when to look for something to do
  std::optional<Ledger> ledger_;
  LedgerPlace place_;  // of ledger_
  bool ours_ = false;  // ledger_ is what stands in Redis, as far as we know
  std::int64_t unreadable_ = 0;
  // By kind, the latest last: all cases, and those of which an answer is known to be right or
  // wrong.
  std::map<std::string, std::deque<CaseEvidence>> window_;
  std::map<std::string, std::deque<CaseEvidence>> known_;
  std::optional<WindowReading> backwards_;  // while the window is read
  std::optional<MatrixRebuild> rebuild_;
  bool unpublished_ = false;
  std::string announced_;  // stamp of what was published last from here
  TimePoint publish_at_{};
  std::optional<Publication> publication_;
  PowersOfTwo complaints_;
};

}  // namespace consilium
