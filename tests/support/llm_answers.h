// Content that is valid for what was asked. Threads: functions without state.
#pragma once

#include <string>

#include "tests/support/llm_request.h"

namespace consilium {

// One medication for a case, a grade for each label of a review; for other prompts an instance of
// the schema asked for, a short JSON object or a sentence. The same for the same model and case,
// whatever the delimiter and the order of requests; most models agree on most cases.
std::string ValidAnswer(const Asked& asked);

// `preferred` as far as the JSON schema has it, with what it requires besides filled in.
nlohmann::json FitSchema(const nlohmann::json& schema, const nlohmann::json& preferred);

}  // namespace consilium
