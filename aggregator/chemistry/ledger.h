// The live matrix as a fold over the evidence stream: sums per model and per pair from which
// profile, synergy and diagnostics are read.
//
// Learn() adds one line's evidence and takes back what the line replaces; the same lines in the
// same order give the same bits, so a ledger can be rebuilt from the stream and compared. The cost
// of a line depends on the models of its case, not on what was learned before.
//
// Weight of a case for a pair: 2^((t - landmark)/half-life) / version_weight^(va + vb), for a model
// alone with its own v, where v is the number of versions of a model that came before the one that
// answered (forward decay: what is old or of an earlier version counts less, without touching it
// again). The landmark moves in whole steps, which scales all sums by a power of two, exactly.
//
// Evidence is content from outside: a kind or model of an unacceptable name and a number that is
// out of range are left out, a second answer of a model too; a time is held to kTimeMaxMs. Beyond
// kKindsMax kinds, and limits::kModelsMax models of a kind, what is new is left out. Threads: none
// of its own. Source: docs/chemistry.md; forward decay: Cormode et al., ICDE 2009.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "aggregator/chemistry/replay.h"
#include "shared/domain.h"
#include "shared/result.h"

namespace consilium {

struct LedgerRules {
  double half_life_d = 90;  // days after which a case counts half, 1..36500
  // What a case counts once a newer version of the model answered, (0, 1].
  double version_weight = 0.25;

  friend bool operator==(const LedgerRules&, const LedgerRules&) = default;
};

// Sums of weight w and of w^2 over what was seen, and of w x and w x^2. Counts are whole and
// unweighted.
struct Moments {
  std::int64_t count = 0;
  double w = 0.0;
  double w2 = 0.0;
  double wx = 0.0;
  double wx2 = 0.0;
};

struct ModelSums {
  std::int64_t seated = 0;    // cases that it was asked
  std::int64_t answered = 0;  // ... and gave a usable answer
  Moments quality;            // 10 x consensus grade
  Moments accuracy;           // docs/chemistry.md: generation and review, weighted
  Moments generation;         // right by the gold (1, 0), else a member of the leading cluster
  Moments log_latency;        // ln of milliseconds
  Moments cost;               // USD, where known
  std::vector<std::string> versions;  // in the order in which they appeared; at most kVersionsMax
};
// More versions share the last place.
inline constexpr std::size_t kVersionsMax = 16;
inline constexpr std::size_t kVersionBytesMax = 128;  // of a version's name; the rest is cut
inline constexpr std::size_t kKindsMax = 64;
inline constexpr std::int64_t kEpochHalfLives = 64;
inline constexpr std::int64_t kTimeMaxMs = 4 * std::int64_t{4102444800000};  // about the year 2490

struct PairSums {
  std::int64_t together = 0;  // cases that both answered
  Moments synergy;
  std::int64_t gold = 0;  // of `together`, judged by the gold; these weigh:
  double both_right = 0.0;
  double only_first = 0.0;  // by name
  double only_second = 0.0;
  double both_wrong = 0.0;
  double same_wrong = 0.0;  // of both_wrong: with the same answer
};

struct KindSums {
  std::int64_t cases = 0;
  std::int64_t gold = 0;       // ... whose right answer is known
  std::int64_t simulated = 0;  // ... with a simulated or replayed model
  std::map<std::string, ModelSums> models;
  std::map<std::pair<std::string, std::string>, PairSums> pairs;  // first < second
};

class Ledger {
 public:
  // Rules out of range are CHECKed: they are ours.
  explicit Ledger(LedgerRules rules);

  void Learn(const EvidenceLine& line);

  const std::map<std::string, KindSums>& kinds() const { return kinds_; }

  // --- as the fields of one Redis hash: "meta", "k|<kind>", "m|<kind>|<model>",
  // "p|<kind>|<a>|<b>"; none before the first evidence, none ever goes away.
  // What changed since the last call, construction or FromFields.
  std::vector<std::pair<std::string, std::string>> TakeChanges();
  // All fields, sorted; two ledgers are the same if these are.
  std::vector<std::pair<std::string, std::string>> AllFields() const;
  // Fields of other names are ignored. kInternal, naming the field, when one is damaged; kConflict
  // when they were written under other rules or by another format.
  static Result<Ledger> FromFields(LedgerRules rules,
                                   const std::map<std::string, std::string>& fields);

 private:
  // A model's answer with the sums that it goes to.
  struct Entry;

  void Apply(const CaseEvidence& evidence, bool add);
  void CountSeats(const CaseEvidence& evidence, KindSums& kind, bool add);
  void ApplyPairs(const CaseEvidence& evidence, const CaseSynergy& synergy,
                  const std::vector<Entry>& entries, double age, KindSums& kind, bool add);
  // Null when it is not there and may not be added.
  KindSums* FindKind(const std::string& kind, bool add);
  ModelSums* FindModel(const std::string& kind, KindSums& sums, const std::string& model, bool add);
  double AgeWeight(std::int64_t decided_ms);  // moves the landmark where that is due
  void MoveLandmark(std::int64_t epoch);
  std::string FieldValue(const std::string& field) const;

  LedgerRules rules_;
  std::vector<double> version_factors_;  // 1 / version_weight^v
  std::int64_t epoch_ = 0;  // the landmark, in steps of kEpochHalfLives half-lives since 1970
  bool started_ = false;
  std::map<std::string, KindSums> kinds_;
  std::set<std::string> changed_;  // fields
};

}  // namespace consilium
