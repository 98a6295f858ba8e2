// Fields of a JSON object that may be absent or null. Errors (kInvalid) name the field and what was
// expected. Threads: functions without state.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "shared/result.h"

namespace consilium {

// Null when it is not there.
const nlohmann::json* FindField(const nlohmann::json& object, const char* field);
// It has to be there, and not empty.
Result<std::string> TextField(const nlohmann::json& object, const char* field);
// Empty when it is not there.
Result<std::optional<std::vector<std::string>>> NamesField(const nlohmann::json& object,
                                                           const char* field);
// At least 0 and at most `most`; `expected` says so to people.
Result<std::optional<double>> AmountField(const nlohmann::json& object, const char* field,
                                          const char* expected, double most);

}  // namespace consilium
