#include "worker/ingredients.h"

#include <algorithm>
#include <iterator>

#include "shared/text.h"

namespace consilium {

std::vector<std::string> LowerSet(const std::vector<std::string>& ingredients) {
  std::vector<std::string> set;
  set.reserve(ingredients.size());
  for (const std::string& ingredient : ingredients) set.push_back(LowerAscii(Trimmed(ingredient)));
  std::sort(set.begin(), set.end());
  set.erase(std::unique(set.begin(), set.end()), set.end());
  return set;
}

std::vector<std::string> LowerSet(const Answer& answer) {
  std::vector<std::string> names;
  names.reserve(answer.medications.size());
  for (const Medication& medication : answer.medications) names.push_back(medication.ingredient);
  return LowerSet(names);
}

double Jaccard(const std::vector<std::string>& a, const std::vector<std::string>& b) {
  std::vector<std::string> both;
  std::set_intersection(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(both));
  const std::size_t either = a.size() + b.size() - both.size();
  if (either == 0) return 1.0;
  return static_cast<double>(both.size()) / static_cast<double>(either);
}

}  // namespace consilium
