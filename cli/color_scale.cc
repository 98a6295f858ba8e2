#include "cli/color_scale.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace consilium {
namespace {

// Relative luminance, WCAG 2.1.
double Luminance(const Color& color) {
  const auto linear = [](double part) {
    const double c = part / 255.0;
    return c <= 0.03928 ? c / 12.92 : std::pow((c + 0.055) / 1.055, 2.4);
  };
  return 0.2126 * linear(color.red) + 0.7152 * linear(color.green) + 0.0722 * linear(color.blue);
}

}  // namespace

Color ColorAt(std::span<const Color> stops, double position) {
  const double scaled = std::clamp(position, 0.0, 1.0) * static_cast<double>(stops.size() - 1);
  const std::size_t left = std::min(static_cast<std::size_t>(scaled), stops.size() - 2);
  const double t = scaled - static_cast<double>(left);
  const Color& a = stops[left];
  const Color& b = stops[left + 1];
  return {a.red + t * (b.red - a.red), a.green + t * (b.green - a.green),
          a.blue + t * (b.blue - a.blue)};
}

std::string Hex(const Color& color) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text = "#";
  for (const double part : {color.red, color.green, color.blue}) {
    const auto byte = static_cast<std::size_t>(std::lround(std::clamp(part, 0.0, 255.0)));
    text += kDigits[byte / 16];
    text += kDigits[byte % 16];
  }
  return text;
}

std::string_view InkOn(const Color& paper) {
  // The luminance of kDarkInk is 0.014.
  const double luminance = Luminance(paper) + 0.05;
  return luminance / 0.064 >= 1.05 / luminance ? kDarkInk : kLightInk;
}

}  // namespace consilium
