// The strategies that `consilium eval` compares: each chooses a set of models from one half of a
// history's trials and sees nothing of the other half.
// Threads: const after construction.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "aggregator/chemistry/history_csv.h"
#include "aggregator/chemistry/interaction.h"
#include "aggregator/chemistry/set_search.h"
#include "aggregator/chemistry/utility.h"
#include "shared/result.h"

namespace consilium {

struct NamedSet {
  std::string strategy;
  std::vector<std::string> models;  // sorted; empty when the strategy has nobody to seat
};

//   performance         the N of the highest mean accuracy; performance-best: of the highest best
//                       accuracy, as published
//   local, remote       the N of the highest mean accuracy among those placed so
//   single              the one model whose recorded answers come out best
//   chemistry           published loss, profiles of best rows, variant published
//   chemistry-nonempty  the same with variant nonempty
//   chemistry-mean      the same with variant nonempty and profiles of means
//   utility             ChooseByUtility: at most N
//   utility-exact       what its search finds best, of exactly N
//   all                 every model of the half
// "random" draws from pool() and "oracle" knows the answers: history_eval.h has both.
class TrainedStrategies {
 public:
  // `cases`: the evidence of the trials of `half`. Both are borrowed.
  static Result<TrainedStrategies> Train(const TaskHistory& half,
                                         const std::vector<RecordedCase>& cases);

  const std::vector<std::string>& pool() const { return pool_; }  // sorted
  Result<std::vector<NamedSet>> Choose(std::size_t size) const;

 private:
  struct Published {
    std::string strategy;
    ChemistryMatrix matrix;
    std::vector<std::vector<std::string>> past;
  };
  TrainedStrategies(const TaskHistory& half, const std::vector<RecordedCase>& cases);

  Status AddPublished(const std::string& strategy, const std::vector<ModelProfile>& profiles,
                      ProfileBasis basis, ChemistryVariant variant);
  std::vector<std::string> Top(std::size_t size, const std::vector<std::string>& ranked,
                               const std::vector<std::string>& among) const;

  const TaskHistory& half_;
  const std::vector<RecordedCase>& cases_;
  std::vector<std::string> pool_;
  std::vector<std::string> by_mean_;  // best first
  std::vector<std::string> by_best_;
  Placement placement_;
  std::vector<Published> published_;
};

// The best set of exactly `size` models (fewer if there are fewer) by one search. Empty when no
// case has an answer of `models` (sorted).
std::vector<std::string> BestOfSize(const std::vector<RecordedCase>& cases,
                                    std::vector<std::string> models, std::size_t size,
                                    SetSearch::Rules rules);

}  // namespace consilium
