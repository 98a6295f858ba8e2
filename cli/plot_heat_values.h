// The numbers of a heat map: which are known, their colours and their text.
// Threads: functions without state.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "cli/svg_plot.h"

namespace consilium::plot {

// Shape: cells are count x count, row-major; absent where not plottable.
struct HeatValues {
  std::size_t count = 0;
  std::vector<std::optional<double>> cells;
  Range range;  // of the colours
  bool diverging = false;
  int digits = 0;

  const std::optional<double>& At(std::size_t row, std::size_t column) const {
    return cells[row * count + column];
  }
  bool Missing(std::size_t row, std::size_t column) const {
    return row != column && !At(row, column);
  }
  std::size_t CountMissing() const;
  // Which of the kHeatSteps colours.
  std::size_t Step(double value) const;
  std::string Class(std::size_t step) const {
    return (diverging ? "d" : "q") + std::to_string(step);
  }
  // With a sign where it is diverging and not zero.
  std::string Text(double value, int with_digits) const;
};

HeatValues HeatValuesOf(const HeatPlot& plot);

}  // namespace consilium::plot
