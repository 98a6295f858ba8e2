// Pictures for a report: values in, one SVG element out, to stand in a page that has Style().
//
// Each has role="img" with <title> and <desc> (which also lists what is shown, for those who
// listen), numbered axes, and a legend; series and groups differ by colour and by marker or dash.
// Colours follow the paper, light or dark. Texts do not overlap: what has no room is shortened
// (whole in its tooltip) or named below the picture. Numbers: one that is not finite, or beyond
// 1e15, counts as absent and is never written. Unit: `width` is in CSS pixels; kWide and kNarrow
// are meant for a desk and a phone. The height follows from the content. Threads: functions without
// state. The same values give the same bytes.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/plot_axis.h"

namespace consilium::plot {

inline constexpr double kWide = 760.0;
inline constexpr double kNarrow = 320.0;

// The CSS rules that the pictures need, once in a page. They define colours as variables on :root.
std::string Style();

// Rows from top to bottom: a mean and the interval around it.
struct IntervalPlot {
  struct Row {
    std::string label;
    std::string group;           // colour and marker; "" is a group without a name
    std::optional<double> mean;  // absent: the row says "no data"
    // No interval is drawn unless both and the mean are known.
    std::optional<double> low;
    std::optional<double> high;
  };
  std::string title;
  std::string description;
  std::string x_label;  // with its unit
  std::vector<Row> rows;
  std::optional<double> reference;  // a vertical line
  std::string reference_name;
  int digits = 3;  // of the numbers beside the rows, 0..9
};

// Lines through points, in the order given.
struct LinePlot {
  struct Point {
    double x = 0.0;
    double y = 0.0;
    std::optional<double> count;  // the area of the marker follows it; absent or <= 0: the smallest
  };
  struct Series {
    std::string name;
    std::vector<Point> points;  // not plottable ones are left out
  };
  std::string title;
  std::string description;
  std::string x_label;
  std::string y_label;
  std::vector<Series> series;
  // Absent, or low not below high: from the points. Points outside are left out, and their number
  // is said below.
  std::optional<Range> x_range;
  std::optional<Range> y_range;
  std::string diagonal;         // the name of the line y = x; "" for none
  std::optional<double> guide;  // a horizontal line
  std::string guide_name;
  std::string count_name;  // what Point::count counts, for the legend; "" draws all markers alike
};

// Points with names beside them.
struct ScatterPlot {
  struct Point {
    std::string label;
    std::string group;        // as IntervalPlot::Row::group
    std::optional<double> x;  // a point without x or y is named below
    std::optional<double> y;
    std::optional<double> low;  // of y; no interval is drawn unless both are known
    std::optional<double> high;
  };
  std::string title;
  std::string description;
  std::string x_label;
  std::string y_label;
  std::vector<Point> points;
  bool log_x = false;  // then x below 1e-15 counts as absent
  int x_digits = 3;    // of tooltips and the description, 0..9
  int y_digits = 3;
};

// A square of cells.
struct HeatPlot {
  std::string title;
  std::string description;
  std::vector<std::string> names;  // of rows and columns
  // Row-major, names x names, CHECKed. Absent: hatched, but plain on the diagonal.
  std::vector<std::optional<double>> values;
  bool diverging = false;  // around 0, else from low to high
  // Values beyond it have the colour of its ends. Absent, or low not below high: from the values;
  // when diverging only the larger end counts, on both sides of 0.
  std::optional<Range> range;
  std::string value_name;  // with its unit, at the colour bar
  std::string low_name;    // what the ends of the bar mean; may be ""
  std::string high_name;
  int digits = 2;  // 0..9
};

std::string Draw(const IntervalPlot& plot, double width = kWide);
std::string Draw(const LinePlot& plot, double width = kWide);
std::string Draw(const ScatterPlot& plot, double width = kWide);
// Up to 12 names each cell holds its number, and the picture gets wider than `width` if it must.
std::string Draw(const HeatPlot& plot, double width = kWide);

}  // namespace consilium::plot
