#include "cli/json_names.h"

#include <nlohmann/json.hpp>

namespace consilium {

std::optional<std::vector<std::string>> ReadNames(const nlohmann::json& value) {
  if (!value.is_array()) return std::nullopt;
  std::vector<std::string> names;
  for (const nlohmann::json& one : value) {
    if (!one.is_string()) return std::nullopt;
    names.push_back(one.get<std::string>());
  }
  return names;
}

}  // namespace consilium
