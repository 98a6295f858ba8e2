#include "aggregator/council/score.h"

#include <algorithm>
#include <iterator>

#include "aggregator/council/coding.h"

namespace consilium {

Score ScoreAgainst(const std::vector<std::string>& gold,
                   const std::vector<std::string>& ingredients, const MedicationTable& table) {
  const std::vector<std::string> right = CodeNames(gold, table).ingredients;
  std::vector<std::string> both;
  std::set_intersection(right.begin(), right.end(), ingredients.begin(), ingredients.end(),
                        std::back_inserter(both));
  const std::size_t either = right.size() + ingredients.size() - both.size();
  Score score;
  score.exact = right == ingredients;
  score.jaccard =
      either == 0 ? 1.0 : static_cast<double>(both.size()) / static_cast<double>(either);
  return score;
}

}  // namespace consilium
