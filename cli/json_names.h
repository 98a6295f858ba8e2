// Lists of names in JSON. Threads: functions without state.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

namespace consilium {

// Absent when it is no array of texts.
std::optional<std::vector<std::string>> ReadNames(const nlohmann::json& value);

}  // namespace consilium
