// From values to places on an axis, and which numbers to write along it.
// Threads: functions without state.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace consilium::plot {

// Beyond it a number counts as absent: an axis could not tell its neighbours apart.
inline constexpr double kLargest = 1e15;

// Whether a plot can show it: finite and at most kLargest; on a logarithmic axis also at least
// 1 / kLargest.
bool Plottable(double value, bool log = false);
std::optional<double> Plottable(const std::optional<double>& value, bool log = false);

// Both plottable; low <= high, and of an axis low < high.
struct Range {
  double low = 0.0;
  double high = 1.0;

  bool Contains(double value) const { return low <= value && value <= high; }
};

// A range that ends on round numbers a little beyond the plottable ones of `values`; [0, 1] when
// there are none, and a range around the value when all are equal. Logarithmic: [1, 10] when none.
Range RangeOf(const std::vector<double>& values, bool log = false);

// `from` and `to`: pixels of range.low and range.high; to < from on a vertical axis.
struct Axis {
  Range range;
  bool log = false;
  double from = 0.0;
  double to = 1.0;

  double At(double value) const;
};

// The range asked for; `otherwise` where none is, or it is not one of an axis.
Range RangeOr(const std::optional<Range>& asked, const Range& otherwise);

// How many digits after the point tell values within the range apart, 0..9.
int DigitsOf(const Range& range);

struct Tick {
  double value = 0.0;
  double at = 0.0;  // pixels
  std::string text;
};

// Round numbers within the range, at most about `most`, whose texts at font size `size` do not
// touch when written along the axis.
std::vector<Tick> Ticks(const Axis& axis, double size, int most);

}  // namespace consilium::plot
