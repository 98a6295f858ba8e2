// The JSON object in a text that a model wrote. Included by .cc files only: it needs nlohmann/json.
// Threads: functions without state.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>

namespace consilium {

// The first object that holds `key`; else the first object at all; empty when there is none or it
// was cut off. Objects inside of others are never taken for the reply: a model may repeat a
// patient's medications. Braces in strings do not count; trailing commas are allowed.
std::optional<nlohmann::json> FindJsonObject(std::string_view text, std::string_view key);

// Parses without exceptions; empty for what is not JSON or nests deeper than limits::kDepthMax.
std::optional<nlohmann::json> ReadJson(std::string_view text);

}  // namespace consilium
