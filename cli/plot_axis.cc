#include "cli/plot_axis.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdio>

#include "cli/svg.h"

namespace consilium::plot {
namespace {

constexpr std::array<double, 3> kRound = {1.0, 2.0, 5.0};
constexpr double kGap = 10.0;  // pixels between two numbers along an axis

// 1, 2 or 5 times a power of ten, not below `value` > 0.
double RoundUp(double value) {
  const double power = std::pow(10.0, std::floor(std::log10(value)));
  for (const double step : kRound) {
    if (value <= step * power * (1.0 + 1e-9)) return step * power;
  }
  return 10.0 * power;
}

double RoundDown(double value) {
  const double power = std::pow(10.0, std::floor(std::log10(value)));
  for (auto step = kRound.rbegin(); step != kRound.rend(); ++step) {
    if (value >= *step * power * (1.0 - 1e-9)) return *step * power;
  }
  return power;
}

// How the multiples of `step` up to `largest` (absolute) are told apart.
std::string NumberText(double value, double step, double largest) {
  const int digits = -static_cast<int>(std::floor(std::log10(step) + 1e-9));
  if (largest < 1e6 && digits <= 5) return svg::Number(value, std::max(digits, 0));
  if (std::abs(value) < step * 1e-6) return "0";
  const int precision = static_cast<int>(std::floor(std::log10(largest) + 1e-9)) + digits + 1;
  std::array<char, 40> text{};
  std::snprintf(text.data(), text.size(), "%.*g", std::clamp(precision, 1, 15), value);
  return text.data();
}

std::vector<double> LinearValues(const Range& range, double step) {
  std::vector<double> values;
  const double first = std::ceil(range.low / step - 1e-6);
  for (double i = first; i * step <= range.high + step * 1e-6; i += 1.0) values.push_back(i * step);
  return values;
}

// 1, 2, 5 of each decade, or every `decades`-th power of ten.
std::vector<double> LogValues(const Range& range, int decades) {
  std::vector<double> values;
  const int first = static_cast<int>(std::floor(std::log10(range.low) + 1e-9));
  const int last = static_cast<int>(std::floor(std::log10(range.high) + 1e-9));
  for (int power = first; power <= last; ++power) {
    for (const double round : kRound) {
      const double value = round * std::pow(10.0, power);
      if (decades > 0 && (round > 1.0 || (power - first) % decades != 0)) continue;
      if (value >= range.low * (1 - 1e-9) && value <= range.high * (1 + 1e-9)) {
        values.push_back(value);
      }
    }
  }
  return values;
}

std::vector<Tick> Written(const Axis& axis, const std::vector<double>& values, double step) {
  double largest = step;
  for (const double value : values) largest = std::max(largest, std::abs(value));
  std::vector<Tick> ticks;
  for (const double value : values) {
    const double unit = axis.log ? std::pow(10.0, std::floor(std::log10(value) + 1e-9)) : step;
    ticks.push_back({value, axis.At(value), NumberText(value, unit, axis.log ? value : largest)});
  }
  return ticks;
}

bool Touch(const Axis& axis, const std::vector<Tick>& ticks, double size) {
  for (std::size_t i = 1; i < ticks.size(); ++i) {
    const double room = std::abs(ticks[i].at - ticks[i - 1].at);
    const double need =
        axis.from < axis.to
            ? (svg::TextWidth(ticks[i].text, size) + svg::TextWidth(ticks[i - 1].text, size)) / 2 +
                  kGap
            : size * 1.5;
    if (room < need) return true;
  }
  return false;
}

}  // namespace

bool Plottable(double value, bool log) {
  if (!std::isfinite(value) || std::abs(value) > kLargest) return false;
  return !log || value >= 1.0 / kLargest;
}

std::optional<double> Plottable(const std::optional<double>& value, bool log) {
  return value && Plottable(*value, log) ? value : std::nullopt;
}

Range RangeOf(const std::vector<double>& values, bool log) {
  std::optional<Range> found;
  for (const double value : values) {
    if (!Plottable(value, log)) continue;
    if (!found) found = Range{value, value};
    found->low = std::min(found->low, value);
    found->high = std::max(found->high, value);
  }
  if (!found) return log ? Range{1.0, 10.0} : Range{0.0, 1.0};
  if (log) {
    return {RoundDown(found->low / 1.1), RoundUp(found->high * 1.1)};
  }
  double span = found->high - found->low;
  // Neighbours that differ by rounding only are one value.
  const double size = std::max(std::abs(found->low), std::abs(found->high));
  if (span <= size * 1e-9) span = size > 0.0 ? size * 0.2 : 1.0;
  const double step = RoundUp(span / 8.0);
  Range range{std::floor((found->low - span * 0.03) / step) * step,
              std::ceil((found->high + span * 0.03) / step) * step};
  // What is never negative, or a share, gets no axis that says it could be.
  if (found->low >= 0.0) range.low = std::max(range.low, 0.0);
  if (found->low >= 0.0 && found->low < 1.0 && found->high <= 1.0) {
    range.high = std::min(range.high, 1.0);
  }
  return range;
}

Range RangeOr(const std::optional<Range>& asked, const Range& otherwise) {
  const bool fit = asked && Plottable(asked->low) && Plottable(asked->high) &&
                   asked->high - asked->low > 1e-9 * std::max(std::abs(asked->low), 1e-300);
  return fit ? *asked : otherwise;
}

int DigitsOf(const Range& range) {
  if (range.low >= range.high) return 3;
  return std::clamp(2 - static_cast<int>(std::floor(std::log10(range.high - range.low) + 1e-9)), 0,
                    9);
}

double Axis::At(double value) const {
  const double share = log ? std::log(value / range.low) / std::log(range.high / range.low)
                           : (value - range.low) / (range.high - range.low);
  return from + share * (to - from);
}

std::vector<Tick> Ticks(const Axis& axis, double size, int most) {
  std::vector<Tick> ticks;
  if (axis.log) {
    for (int decades = 0; decades < 32; ++decades) {
      ticks = Written(axis, LogValues(axis.range, decades), 1.0);
      if (ticks.size() <= static_cast<std::size_t>(most) && !Touch(axis, ticks, size)) break;
    }
    return ticks;
  }
  const double span = axis.range.high - axis.range.low;
  for (int count = std::max(most, 1); count >= 1; --count) {
    const double step = RoundUp(span / count);
    ticks = Written(axis, LinearValues(axis.range, step), step);
    if (!Touch(axis, ticks, size)) break;
  }
  return ticks;
}

}  // namespace consilium::plot
