// Pieces that the pictures of svg_plot.h share.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/plot_axis.h"
#include "cli/svg.h"

namespace consilium::plot {

inline constexpr double kFont = 12.0;
inline constexpr double kSmallFont = 11.0;
inline constexpr double kLineHeight = 18.0;
inline constexpr double kMargin = 4.0;
inline constexpr std::size_t kKeys = 8;  // colours, and marker shapes
inline constexpr std::size_t kHeatSteps =
    21;  // colours of a heat map, odd so that one is the middle

// The picture around `body`; `listed`: what is shown, read after `description`. One that `scrolls`
// is never made smaller than it is.
std::string Picture(std::string_view title, std::string_view description,
                    const std::vector<std::string>& listed, double width, double height,
                    const std::string& body, bool scrolls = false);

// The CSS class of colour and dash for the `key`-th series.
std::string KeyClass(std::size_t key);
// A marker that covers about the area of a circle of `radius`; key 0 is a circle.
std::string Marker(std::size_t key, double x, double y, double radius, std::string_view says = {});

// One word of a legend.
struct LegendEntry {
  enum class Kind { kMarker, kLine, kDiagonal, kGuide, kText };
  std::string name;
  Kind kind = Kind::kMarker;
  std::size_t key = 0;
};
// In rows from `left` to `right`, the first below `top`. `height` is 0 without entries.
struct Legend {
  std::string drawn;
  double height = 0.0;
};
Legend DrawLegend(const std::vector<LegendEntry>& entries, double left, double right, double top);

// The names in order of first appearance.
class Groups {
 public:
  std::size_t KeyOf(const std::string& name);
  // None for a single group without a name.
  std::vector<LegendEntry> Entries() const;

 private:
  std::vector<std::string> names_;
};

// Two axes around an area, with grid, numbers and labels.
struct Frame {
  svg::Box area;
  Axis x;
  Axis y;
};
struct FramePlan {
  Range x;
  Range y;
  bool log_x = false;
  double width = 0.0;
  double top = 0.0;  // above it stands the legend
  double area_height = 0.0;
};
// The label of y stands above the area: upright text is read faster.
Frame PlaceFrame(const FramePlan& plan);
std::string DrawFrame(const Frame& frame, std::string_view x_label, std::string_view y_label);
// Numbers and label of the horizontal axis, without the grid.
std::string DrawXAxis(const Axis& axis, const std::vector<Tick>& ticks, double y,
                      std::string_view label, double left, double right);
inline constexpr double kXAxisHeight = 44.0;  // of DrawXAxis, below `y`

// Sentences below a picture.
struct Notes {
  std::string drawn;
  double height = 0.0;
};
Notes DrawNotes(const std::vector<std::string>& notes, double left, double right, double top);

// "0.71 (0.68 to 0.74)", without brackets where there is no interval; "no data" without a mean.
std::string Spoken(const std::optional<double>& mean, const std::optional<Range>& interval,
                   int digits);
// Absent unless both ends are plottable; the ends in order.
std::optional<Range> IntervalOf(const std::optional<double>& low,
                                const std::optional<double>& high);
// "a, b and c"
std::string Enumerated(const std::vector<std::string>& names);

}  // namespace consilium::plot
