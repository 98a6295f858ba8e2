// Which models to seat next, for one kind of task and each size of council, from what was learned.
//
//   performance  the most accurate, then of the highest quality, then by name
//   single       the one model whose recorded answers come out best
//   chemistry    the published loss and hill climb on the live profiles, from the sets that sat
//   before utility      ChooseByUtility (utility.h) under the budget explore      up to
//   kExploreSets sets whose pairs sat together least
//
// Cold start: before `cold_start_cases` there are no entries at all, and brokers draw at random. A
// strategy that cannot fill a size (too few models with a profile) has no entry for it. Threads:
// const after construction. The models that may be seated are those of `pool`.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "aggregator/chemistry/interaction.h"
#include "aggregator/chemistry/ledger.h"
#include "aggregator/chemistry/utility.h"
#include "shared/messages.h"

namespace consilium {

inline constexpr std::size_t kBoardSizesMax = 10;
inline constexpr std::size_t kExploreSets = 8;

struct BoardRules {
  std::int64_t cold_start_cases = 30;
  Budget budget;  // its size is not used
};

class BoardMaker {
 public:
  // `report`: of the same sums. `window`: the latest cases, each once.
  BoardMaker(const ChemistryReport& report, std::vector<RecordedCase> window,
             std::vector<std::string> pool, const BoardRules& rules);

  // Sizes 1..sizes() can be asked for; 0 during the cold start.
  std::size_t sizes() const { return sizes_; }
  // Appends the entries of one size.
  void Recommend(std::size_t size, std::vector<SeatingEntry>& entries) const;

 private:
  void AddPerformance(SeatingEntry entry, std::vector<SeatingEntry>& entries) const;
  void AddChemistry(SeatingEntry entry, std::vector<SeatingEntry>& entries) const;
  void AddUtility(SeatingEntry entry, std::vector<SeatingEntry>& entries) const;
  void AddExploring(const SeatingEntry& entry, std::vector<SeatingEntry>& entries) const;

  std::string kind_;
  std::int64_t cases_ = 0;
  std::size_t sizes_ = 0;
  std::vector<RecordedCase> window_;
  std::vector<std::string> pool_;    // sorted
  std::vector<std::string> ranked_;  // of the pool with a profile, best first
  std::vector<SeatCost> costs_;
  std::vector<std::vector<std::string>> past_;
  std::vector<std::int64_t> together_;  // pool x pool; the diagonal: cases answered
  ChemistryMatrix matrix_;
  Budget budget_;
};

}  // namespace consilium
