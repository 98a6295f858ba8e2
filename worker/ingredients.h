// Sets of ingredients as file-based models compare them: by name, without knowledge of synonyms.
// Threads: functions without state.
#pragma once

#include <string>
#include <vector>

#include "shared/domain.h"

namespace consilium {

// Ingredients trimmed, in lower case, sorted, each once: two answers with equal sets recommend the
// same.
std::vector<std::string> LowerSet(const std::vector<std::string>& ingredients);
std::vector<std::string> LowerSet(const Answer& answer);

// |a and b| / |a or b| of two such sets, in [0, 1]; 1 when both are empty.
double Jaccard(const std::vector<std::string>& a, const std::vector<std::string>& b);

}  // namespace consilium
