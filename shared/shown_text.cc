#include "shared/shown_text.h"

#include <array>
#include <cstdio>
#include <ctime>

namespace consilium {

std::string Joined(const std::vector<std::string>& parts, std::string_view between) {
  std::string text;
  for (const std::string& part : parts) {
    if (!text.empty()) text += between;
    text += part;
  }
  return text;
}

std::string IngredientsText(const std::vector<std::string>& ingredients) {
  return ingredients.empty() ? "no medication" : Joined(ingredients, " + ");
}

std::string ShareText(const std::optional<double>& share) {
  if (!share) return "-";
  std::array<char, 40> text{};
  std::snprintf(text.data(), text.size(), "%.2f", *share);
  return text.data();
}

std::string UtcText(std::int64_t unix_ms) {
  const auto seconds = static_cast<std::time_t>(unix_ms / 1000);
  std::tm utc{};
  std::array<char, 40> text{};
  if (unix_ms <= 0 || ::gmtime_r(&seconds, &utc) == nullptr) return "-";
  std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M:%S UTC", &utc);
  return text.data();
}

}  // namespace consilium
