#include "cli/plot_heat_values.h"

#include <algorithm>
#include <cmath>

#include "cli/plot_parts.h"

namespace consilium::plot {

std::size_t HeatValues::CountMissing() const {
  std::size_t missing = 0;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    if (Missing(i / count, i % count)) ++missing;
  }
  return missing;
}

std::size_t HeatValues::Step(double value) const {
  const double share = (value - range.low) / (range.high - range.low);
  return static_cast<std::size_t>(
      std::lround(std::clamp(share, 0.0, 1.0) * static_cast<double>(kHeatSteps - 1)));
}

std::string HeatValues::Text(double value, int with_digits) const {
  std::string text = svg::Number(value, with_digits);
  const bool zero = text.find_first_not_of("0.") == std::string::npos;
  return diverging && !zero && text.front() != '-' ? "+" + text : text;
}

HeatValues HeatValuesOf(const HeatPlot& plot) {
  HeatValues values{plot.names.size(), {}, {}, plot.diverging, plot.digits};
  std::vector<double> known;
  double largest = 0.0;
  for (const auto& value : plot.values) {
    values.cells.push_back(Plottable(value));
    if (!values.cells.back()) continue;
    known.push_back(*values.cells.back());
    largest = std::max(largest, std::abs(known.back()));
  }
  if (!plot.diverging) {
    values.range = RangeOr(plot.range, RangeOf(known));
    return values;
  }
  if (plot.range) largest = std::max(std::abs(plot.range->low), std::abs(plot.range->high));
  const double top = Plottable(largest) && largest > 0.0 ? largest : 1.0;
  values.range = {-top, top};
  return values;
}

}  // namespace consilium::plot
