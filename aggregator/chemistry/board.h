// Which models to seat next, for one kind of task and each size of council, from what was learned.
//
// - performance: the most accurate, then of the highest quality, then by name.
// - single: the one model whose recorded answers come out best.
// - chemistry: the published loss and hill climb, from the sets that sat before, on the published
//   chemistry of the models that may sit. Others take no part, whatever is known of them.
// - utility: UtilitySearch (utility.h) under the budget, of at most the size. Where it seats
//   nobody, its entry (and that of single) has no models and says why.
// - explore: kExploreSets sets whose pairs sat together least. A model is left out when it is known
//   to be slower than the budget allows, a set when what is known of its cost is above it: new
//   models have no figures yet and must be seated to get some.
//
// Cold start: before `cold_start_cases` there are no entries at all, and brokers draw at random. A
// strategy other than utility that cannot fill a size (too few models with a profile, or within the
// budget) has no entry for it. Threads: none of its own.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "aggregator/chemistry/interaction.h"
#include "aggregator/chemistry/loss.h"
#include "aggregator/chemistry/utility.h"
#include "shared/messages.h"

namespace consilium {

inline constexpr std::size_t kExploreSets = 8;

struct BoardRules {
  std::int64_t cold_start_cases = 30;
  Budget budget;  // its size is not used
  ChemistryVariant variant = ChemistryVariant::kNonempty;
  double usage_threshold = kUsageThreshold;
};

class BoardMaker {
 public:
  // `window`: the latest cases, each once. `pool`: the models that may be seated.
  BoardMaker(const ChemistryReport& report, std::vector<RecordedCase> window,
             std::vector<std::string> pool, const BoardRules& rules);

  // There will be entries for sizes 1..sizes(), at most limits::kBoardSizesMax; 0 during the cold
  // start.
  std::size_t sizes() const { return sizes_; }
  // Does one piece of the work, which is a few milliseconds for most pools, and appends what it
  // made, in order of size. True while there is more.
  bool Step(std::vector<SeatingEntry>& entries);

 private:
  void MakeMatrix();
  bool Climb();
  void Recommend(std::size_t size, std::vector<SeatingEntry>& entries) const;
  void AddPerformance(SeatingEntry entry, std::vector<SeatingEntry>& entries) const;
  void AddChemistry(SeatingEntry entry, std::vector<SeatingEntry>& entries) const;
  void AddUtility(SeatingEntry entry, std::vector<SeatingEntry>& entries) const;
  void AddExploring(const SeatingEntry& entry, std::vector<SeatingEntry>& entries) const;

  std::string kind_;
  std::int64_t cases_ = 0;
  std::size_t sizes_ = 0;
  BoardRules rules_;
  std::vector<RecordedCase> window_;
  std::vector<std::string> pool_;               // sorted
  std::vector<SeatCost> costs_;                 // by pool
  std::vector<ChemistryModel> known_;           // of the pool with a profile, best first
  std::vector<std::vector<std::string>> past_;  // where a climb starts
  std::vector<std::int64_t> together_;          // pool x pool; the diagonal: cases answered

  // Made by Step(), in this order.
  std::optional<ChemistryMatrix> matrix_;
  std::optional<UtilitySearch> search_;
  bool searched_ = false;
  std::size_t recommended_ = 0;  // sizes; of the next one:
  std::optional<ChosenSet> climbed_;
  std::size_t starts_ = 0;  // of past_
};

}  // namespace consilium
