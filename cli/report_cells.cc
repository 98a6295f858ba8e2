#include "cli/report_cells.h"

#include <array>
#include <cstdio>

namespace consilium {

std::string CsvCell(const std::optional<double>& value) {
  if (!value) return "";
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%.10g", *value);
  return text.data();
}

}  // namespace consilium
