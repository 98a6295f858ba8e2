// Numbers that may not be known, as reports for programs have them.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>

namespace consilium {

// null when not known.
inline nlohmann::ordered_json JsonOf(const std::optional<double>& value) {
  return value ? nlohmann::ordered_json(*value) : nlohmann::ordered_json(nullptr);
}
// Ten digits; empty when not known.
std::string CsvCell(const std::optional<double>& value);

}  // namespace consilium
