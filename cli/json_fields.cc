#include "cli/json_fields.h"

#include <nlohmann/json.hpp>

#include "cli/json_names.h"

namespace consilium {

using nlohmann::json;

const json* FindField(const json& object, const char* field) {
  const auto found = object.find(field);
  return found == object.end() || found->is_null() ? nullptr : &*found;
}

Result<std::string> TextField(const json& object, const char* field) {
  const json* const found = FindField(object, field);
  if (found == nullptr) return Invalid(std::string(field) + ": missing");
  if (!found->is_string() || found->get_ref<const std::string&>().empty()) {
    return Invalid(std::string(field) + ": expected a text");
  }
  return found->get<std::string>();
}

Result<std::optional<std::vector<std::string>>> NamesField(const json& object, const char* field) {
  const json* const found = FindField(object, field);
  if (found == nullptr) return std::optional<std::vector<std::string>>();
  auto names = ReadNames(*found);
  if (!names) return Invalid(std::string(field) + ": expected an array of names");
  return names;
}

Result<std::optional<double>> AmountField(const json& object, const char* field,
                                          const char* expected, double most) {
  const json* const found = FindField(object, field);
  if (found == nullptr) return std::optional<double>();
  const double value = found->is_number() ? found->get<double>() : -1;
  if (!(value >= 0 && value <= most)) {
    return Invalid(std::string(field) + ": expected " + expected);
  }
  return std::optional<double>(value);
}

}  // namespace consilium
