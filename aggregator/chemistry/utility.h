// The set of models whose recorded answers, decided by our own consensus, come out best; one model
// where no set beats it.
//
// u(X) = weighted mean over recorded cases of v(X and who answered) (replay.h), a case counting
// (|X and who answered| / |X|)^3 times its age weight: cases that show the whole set count most,
// and none is filled in. A set is chosen by search (set_search.h), ranked by u as if 20 more cases
// had come out as the average single answer does (kPriorCases), and never judged on the cases it
// was chosen on: in each of kFolds folds of cases a set is chosen on the others and scored on
// these. The set that is seated is chosen on all cases, with the smallest size whose advantage over
// the single model chosen the same way is within one standard error of the best size's; and only if
// that advantage, and that of choosing the size so, are each greater than their standard error
// (held_out.h), else that single one is seated. Deterministic: folds by case id, ties by names.
// Threads: functions without state.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "shared/domain.h"
#include "shared/result.h"

namespace consilium {

inline constexpr int kFolds = 5;

// One recorded case and what it counts by age.
struct RecordedCase {
  CaseEvidence evidence;
  double weight = 1.0;
};

struct Budget {
  std::size_t size = 3;  // most members, >= 1
  std::optional<double>
      latency_ms_max;  // of the slowest member: a model whose 95th percentile is above is left out
  std::optional<double>
      cost_usd_max;  // of all answers of one case, by mean cost; unknown cost does not fit
};

// What a model costs, as far as it is known.
struct SeatCost {
  std::string model;
  std::optional<double> latency_ms_p95;
  std::optional<double> cost_usd_mean;
};

struct UtilityChoice {
  std::vector<std::string> models;  // sorted, never empty
  double expected = 0.0;            // u(models) on all cases: optimistic, it was chosen on them
  // By cross-validation; absent with fewer than 2 folds that have cases.
  std::optional<double> held_out;         // of sets of this size
  std::optional<double> held_out_single;  // of the single model
  std::optional<double> advantage;        // held_out - held_out_single, paired by case
  std::optional<double> advantage_error;
  std::int64_t cases = 0;
  std::string reason;                 // one sentence for people
  std::vector<std::string> left_out;  // sentences: models that the budget leaves out, and why
};

// `pool`: the models that may be seated. Errors: kInvalid for an empty pool or size 0; kNotFound
// when no recorded case has an answer of a model that fits; kInvalid when the budget leaves nobody.
Result<UtilityChoice> ChooseByUtility(std::span<const RecordedCase> cases,
                                      std::span<const SeatCost> pool, const Budget& budget);

// The same for every size at once and in pieces, for a caller that may not be held up. A choice for
// at most n members is the one that ChooseByUtility makes with that size, to the last bit.
class UtilitySearch {
 public:
  // Borrows `cases` until the last step. `budget.size`: the largest that is asked for later.
  UtilitySearch(std::span<const RecordedCase> cases, std::span<const SeatCost> pool,
                const Budget& budget);
  UtilitySearch(UtilitySearch&& other) noexcept;
  UtilitySearch& operator=(UtilitySearch&& other) noexcept;
  ~UtilitySearch();

  // One piece; true while there is more.
  bool Step();
  // Once there is no more, for at most `size` members: 1..budget.size (CHECKed). Errors: as
  // ChooseByUtility.
  Result<UtilityChoice> ChoiceOf(std::size_t size) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// u(X) alone, with the weight behind it; nullopt when no case has an answer of X.
struct SetValue {
  double mean = 0.0;
  double weight = 0.0;
  std::int64_t cases = 0;  // with at least one answer of X
};
std::optional<SetValue> MeasureSet(std::span<const RecordedCase> cases,
                                   std::span<const std::string> set);

}  // namespace consilium
