#include "worker/reply_values.h"

#include <charconv>
#include <cmath>
#include <utility>

#include "shared/text.h"
#include "worker/text_clean.h"

namespace consilium {
namespace {

using Json = nlohmann::json;

std::optional<double> Number(std::string_view digits) {
  double number = 0.0;
  const char* const end = digits.data() + digits.size();
  const auto [stop, problem] = std::from_chars(digits.data(), end, number);
  if (problem != std::errc() || stop != end || !std::isfinite(number)) return std::nullopt;
  return number;
}

}  // namespace

ParseProblem Mismatch(std::string text) { return {"schema_mismatch", std::move(text)}; }

std::string CleanCut(std::string_view text, std::size_t bytes_max, bool lines) {
  const std::string clean = CleanText(text, lines);
  return std::string(Trimmed(CutUtf8(Trimmed(clean), bytes_max)));
}

std::optional<std::string> AsText(const Json* value) {
  if (value == nullptr || value->is_null()) return "";
  if (value->is_string()) return value->get<std::string>();
  if (value->is_number() || value->is_boolean()) return value->dump();
  return std::nullopt;
}

std::optional<double> AsNumber(const Json& value) {
  if (value.is_number()) return value.get<double>();
  if (!value.is_string()) return std::nullopt;
  return Number(Trimmed(value.get_ref<const std::string&>()));
}

std::optional<bool> AsFlag(const Json* value) {
  if (value == nullptr || value->is_null()) return false;
  if (value->is_boolean()) return value->get<bool>();
  if (value->is_number()) return value->get<double>() != 0.0;
  if (!value->is_string()) return std::nullopt;
  const std::string word = LowerAscii(Trimmed(value->get<std::string>()));
  if (word == "true" || word == "yes" || word == "1") return true;
  if (word == "false" || word == "no" || word == "0" || word.empty()) return false;
  return std::nullopt;
}

std::optional<std::string> AsProse(const Json* value) {
  if (value == nullptr || !value->is_array()) return AsText(value);
  std::string prose;
  for (const Json& item : *value) {
    const std::optional<std::string> line = AsText(&item);
    if (!line) return std::nullopt;
    if (!prose.empty()) prose += '\n';
    prose += *line;
  }
  return prose;
}

std::optional<double> AsShare(const Json& value) {
  if (std::optional<double> number = AsNumber(value)) return number;
  if (!value.is_string()) return std::nullopt;
  std::string text = LowerAscii(value.get<std::string>());
  if (const std::size_t slash = text.find("/ "); slash != text.npos) text.erase(slash + 1, 1);
  struct Scale {
    std::string_view mark;
    double full;
  };
  constexpr Scale kScales[] = {{"%", 100},        {"percent", 100},   {"/1", 1},
                               {"/10", 10},       {"/100", 100},      {"out of 1", 1},
                               {"out of 10", 10}, {"out of 100", 100}};
  const std::string_view trimmed = Trimmed(text);
  for (const Scale& scale : kScales) {
    if (trimmed.size() <= scale.mark.size()) continue;
    const std::size_t digits = trimmed.size() - scale.mark.size();
    if (trimmed.substr(digits) != scale.mark) continue;
    const std::optional<double> number = Number(Trimmed(trimmed.substr(0, digits)));
    if (!number || !(*number >= 0.0 && *number <= scale.full)) continue;
    // "0.8%" and "1/10" may as well be a share already, with the scale named by habit.
    if (scale.full > 1 && *number > 0.0 && *number <= 1.0) return std::nullopt;
    return *number / scale.full;
  }
  return std::nullopt;
}

}  // namespace consilium
