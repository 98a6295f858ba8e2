// What is known of models besides their answers: where they run and what they cost.
//
//   model,placement,usd_per_million_prompt,usd_per_million_completion
//
// Further columns are not used; an empty field is not known. Threads: functions without state.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "aggregator/evaluation/judged_case.h"
#include "shared/result.h"

namespace consilium {

struct ModelFacts {
  std::string placement;  // "local", "remote", "" = not known
  std::optional<double> usd_per_million_prompt;
  std::optional<double> usd_per_million_completion;
};

// By model. kInvalid, naming line, column and value, for anything that makes no sense: figures that
// are left out would be missing from every cost.
Result<std::map<std::string, ModelFacts>> ReadModelFacts(std::string_view csv);

// Costs of answers that have none, where tokens and both prices are known.
void AddCosts(const std::map<std::string, ModelFacts>& facts, RecordedAnswers& recorded);

}  // namespace consilium
