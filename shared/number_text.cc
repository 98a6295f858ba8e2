#include "shared/number_text.h"

#include <array>
#include <charconv>
#include <cmath>

namespace consilium {

std::string ShortestDecimal(double value) {
  if (std::isnan(value)) return "nan";  // whatever its sign
  std::array<char, 32> text{};
  return {text.data(), std::to_chars(text.data(), text.data() + text.size(), value).ptr};
}

}  // namespace consilium
