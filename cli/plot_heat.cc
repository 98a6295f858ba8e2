#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>

#include "cli/plot_heat_values.h"
#include "cli/plot_parts.h"
#include "cli/svg_plot.h"
#include "shared/check.h"

namespace consilium::plot {
namespace {

using svg::Anchor;
using svg::Box;
using svg::Px;

constexpr std::size_t kNumbersUpTo = 12;   // names with which every cell holds its number
constexpr std::size_t kTooltipsUpTo = 64;  // more would make a file of many megabytes
constexpr double kCellMax = 46.0;
constexpr double kCellMin = 2.0;
constexpr double kSlantedFrom = 22.0;  // narrower columns: upright names, or they would touch
constexpr double kNumberFont = 9.0;    // the smallest
constexpr double kSlope = 0.70710678118654752;
constexpr double kGap = 6.0;  // between names and cells

struct Layout {
  std::size_t count = 0;
  double cell = 0.0;
  double left = 0.0;
  double top = 0.0;
  double width = 0.0;
  double font = 0.0;  // of names
  bool slanted = false;
  std::size_t every = 1;       // of how many names one is written
  double number_font = 0.0;    // 0: no numbers
  bool short_numbers = false;  // ".25"
  std::vector<std::string> names;

  double side() const { return cell * static_cast<double>(count); }
  double X(std::size_t column) const { return left + cell * static_cast<double>(column); }
  double Y(std::size_t row) const { return top + cell * static_cast<double>(row); }
};

// ".25" for "0.25": readers of correlations know it, and it is a third narrower.
std::string WithoutZero(std::string text) {
  const std::size_t at = text.find("0.");
  if (at != std::string::npos && at <= 1) text.erase(at, 1);
  return text;
}

std::string NumberIn(const HeatValues& values, double value, const Layout& layout) {
  const std::string text = values.Text(value, values.digits);
  return layout.short_numbers ? WithoutZero(text) : text;
}

// Chooses cells wide enough for the numbers of few names.
void FitNumbers(const HeatValues& values, double room, Layout* layout) {
  double widest = 0.0;
  double widest_short = 0.0;
  for (const auto& value : values.cells) {
    if (!value) continue;
    const std::string text = values.Text(*value, values.digits);
    widest = std::max(widest, svg::TextWidth(text, 1.0));
    widest_short = std::max(widest_short, svg::TextWidth(WithoutZero(text), 1.0));
  }
  if (widest == 0.0) return;
  const auto cell_for = [](double text) { return std::ceil(text * kNumberFont + 2.0); };
  layout->short_numbers = room < cell_for(widest);
  const double text = layout->short_numbers ? widest_short : widest;
  layout->cell = std::max(layout->cell, cell_for(text));
  layout->number_font = std::min(12.0, (layout->cell - 2.0) / text);
}

Layout Arrange(const HeatPlot& plot, const HeatValues& values, double width) {
  Layout layout;
  layout.count = plot.names.size();
  const double count = static_cast<double>(layout.count);
  const double label_room = std::min(160.0, width * 0.26);
  double longest = 0.0;
  for (const std::string& name : plot.names) {
    longest = std::max(longest, svg::TextWidth(svg::Shortened(name, kFont, label_room), kFont));
  }
  layout.left = kMargin + longest + kGap;
  const double beside = width - layout.left - kMargin;
  const auto cell_in = [&](double room) {
    return std::clamp(std::floor(room / count * 10.0) / 10.0, kCellMin, kCellMax);
  };
  // The last slanted name reaches beyond the cells.
  layout.cell = cell_in(beside - longest * kSlope);
  layout.slanted = layout.cell >= kSlantedFrom;
  if (!layout.slanted) layout.cell = cell_in(beside);
  if (layout.count <= kNumbersUpTo) FitNumbers(values, layout.cell, &layout);
  layout.font = std::clamp(std::floor(layout.cell * 0.8), 9.0, kFont);
  layout.every = static_cast<std::size_t>(std::ceil(layout.font * 1.2 / layout.cell));
  for (const std::string& name : plot.names) {
    layout.names.push_back(svg::Shortened(name, layout.font, longest));
  }
  layout.top = kMargin + (layout.slanted ? longest * kSlope + layout.font : longest) + kGap;
  layout.width = std::max(
      width, layout.left + layout.side() + kMargin + (layout.slanted ? longest * kSlope : 0.0));
  return layout;
}

std::string DrawNames(const HeatPlot& plot, const Layout& layout) {
  std::string out;
  const double down = layout.font * 0.35;  // from the middle to the baseline
  for (std::size_t i = 0; i < layout.count; i += layout.every) {
    out += svg::Text(layout.left - kGap, layout.Y(i) + layout.cell / 2 + down, layout.font,
                     Anchor::kEnd, "", layout.names[i], plot.names[i]);
    const std::string place = "<g transform=\"translate(" +
                              Px(layout.X(i) + layout.cell / 2 + (layout.slanted ? 0.0 : down)) +
                              " " + Px(layout.top - kGap) + ") rotate(" +
                              (layout.slanted ? "-45" : "-90") + ")\">";
    out += place +
           svg::Text(0, 0, layout.font, Anchor::kStart, "", layout.names[i], plot.names[i]) +
           "</g>\n";
  }
  return out;
}

// Slanted lines about 7 pixels apart, at least the diagonal.
std::string Hatch(const Box& box) {
  const double side = box.right - box.left;
  const int parts = std::max(1, static_cast<int>(side / 7.0));
  std::string path;
  for (int i = 1; i < 2 * parts; ++i) {
    // From the left or bottom edge up to the top or right edge.
    const double along = side * i / parts;
    const double from = std::max(0.0, along - side);
    const double length = std::min(along, side) - from;
    path += "M" + Px(box.left + from) + " " + Px(box.top + along - from) + "l" + Px(length) + " " +
            Px(-length);
  }
  return path;
}

// A rectangle with a tooltip for each cell.
std::string DrawCells(const HeatPlot& plot, const HeatValues& values, const Layout& layout) {
  const double gap = layout.cell >= 16.0 ? 1.0 : 0.0;
  std::string cells;
  std::string hatch;
  std::string numbers;
  for (std::size_t row = 0; row < layout.count; ++row) {
    for (std::size_t column = 0; column < layout.count; ++column) {
      const Box box{layout.X(column), layout.Y(row), layout.X(column) + layout.cell - gap,
                    layout.Y(row) + layout.cell - gap};
      const std::string pair =
          row == column ? plot.names[row] : plot.names[row] + ", " + plot.names[column];
      const auto& value = values.At(row, column);
      if (!value) {
        cells += svg::Rect(box, "none", row == column ? pair : pair + ": no data");
        if (row != column) hatch += Hatch(box);
        continue;
      }
      const std::string step = values.Class(values.Step(*value));
      cells += svg::Rect(box, step, pair + ": " + values.Text(*value, values.digits));
      if (layout.number_font > 0.0) {
        numbers += svg::Text(
            (box.left + box.right) / 2, (box.top + box.bottom) / 2 + layout.number_font * 0.36,
            layout.number_font, Anchor::kMiddle, step + "t", NumberIn(values, *value, layout));
      }
    }
  }
  return "<g class=\"cells\">\n" + cells + "</g>\n" +
         (hatch.empty() ? "" : "<path d=\"" + hatch + "\" class=\"hatch\"/>\n") +
         (numbers.empty() ? "" : "<g pointer-events=\"none\">\n" + numbers + "</g>\n");
}

// One path for each colour, neighbours in a row joined: a tenth of the bytes of DrawCells().
std::string DrawManyCells(const HeatValues& values, const Layout& layout) {
  std::array<std::string, kHeatSteps> paths;
  std::string none;
  std::string hatch;
  constexpr std::size_t kNone = kHeatSteps;
  const auto step_of = [&](std::size_t row, std::size_t column) {
    const auto& value = values.At(row, column);
    return value ? values.Step(*value) : kNone;
  };
  const std::string high = Px(layout.cell);
  for (std::size_t row = 0; row < layout.count; ++row) {
    for (std::size_t column = 0; column < layout.count;) {
      const std::size_t step = step_of(row, column);
      std::size_t end = column;
      for (; end < layout.count && step_of(row, end) == step; ++end) {
        if (!values.Missing(row, end)) continue;
        hatch += Hatch({layout.X(end), layout.Y(row), layout.X(end + 1), layout.Y(row + 1)});
      }
      const std::string wide = Px(layout.cell * static_cast<double>(end - column));
      std::string& path = step == kNone ? none : paths.at(step);
      path.append("M").append(Px(layout.X(column))).append(" ").append(Px(layout.Y(row)));
      path.append("h").append(wide).append("v").append(high).append("h-").append(wide).append("z");
      column = end;
    }
  }
  const auto element = [](const std::string& d, const std::string& css_class) {
    return d.empty() ? "" : "<path d=\"" + d + "\" class=\"" + css_class + "\"/>\n";
  };
  std::string out = "<g class=\"cells\">\n" + element(none, "none");
  for (std::size_t step = 0; step < kHeatSteps; ++step) {
    out += element(paths.at(step), values.Class(step));
  }
  return out + "</g>\n" + element(hatch, "hatch");
}

constexpr double kBarHeight = 82.0;

std::string DrawBar(const HeatPlot& plot, const HeatValues& values, const Layout& layout,
                    double top) {
  constexpr double kStep = 10.0;
  constexpr double kLength = kStep * static_cast<double>(kHeatSteps);
  constexpr double kThick = 12.0;
  const double x = layout.left + kLength + 96.0 <= layout.width ? layout.left : kMargin;
  const double y = top + 18.0;
  std::string out = svg::Text(x, y - 6, kFont, Anchor::kStart, "",
                              svg::Shortened(plot.value_name, kFont, layout.width - x - kMargin),
                              plot.value_name);
  out += "<g class=\"cells\">\n";
  for (std::size_t i = 0; i < kHeatSteps; ++i) {
    const double left = x + kStep * static_cast<double>(i);
    out += svg::Rect({left, y, left + kStep, y + kThick}, values.Class(i));
  }
  out += "</g>\n" + svg::Rect({x, y, x + kLength, y + kThick}, "frame");
  const int digits = std::max(values.digits, DigitsOf(values.range) - 1);
  const double middle = (values.range.low + values.range.high) / 2;
  out +=
      svg::Text(x, y + 27, kSmallFont, Anchor::kStart, "", values.Text(values.range.low, digits));
  out += svg::Text(x + kLength / 2, y + 27, kSmallFont, Anchor::kMiddle, "",
                   values.Text(middle, digits));
  out += svg::Text(x + kLength, y + 27, kSmallFont, Anchor::kEnd, "",
                   values.Text(values.range.high, digits));
  const double half = kLength / 2 - 4.0;
  out += svg::Text(x, y + 42, kSmallFont, Anchor::kStart, "faint",
                   svg::Shortened(plot.low_name, kSmallFont, half), plot.low_name);
  out += svg::Text(x + kLength, y + 42, kSmallFont, Anchor::kEnd, "faint",
                   svg::Shortened(plot.high_name, kSmallFont, half), plot.high_name);
  if (values.CountMissing() > 0) {
    const Box box{x + kLength + 16, y, x + kLength + 28, y + kThick};
    out += svg::Rect(box, "none") + "<path d=\"" + Hatch(box) + "\" class=\"hatch\"/>\n" +
           svg::Rect(box, "frame") +
           svg::Text(box.right + 6, y + 10, kSmallFont, Anchor::kStart, "", "no data");
  }
  return out;
}

std::vector<std::string> Listed(const HeatPlot& plot, const HeatValues& values) {
  std::vector<std::string> listed{std::to_string(values.count) + " names"};
  std::optional<std::size_t> low;
  std::optional<std::size_t> high;
  for (std::size_t i = 0; i < values.cells.size(); ++i) {
    if (!values.cells[i] || i / values.count == i % values.count) continue;
    if (!low || *values.cells[i] < *values.cells[*low]) low = i;
    if (!high || *values.cells[i] > *values.cells[*high]) high = i;
  }
  const auto spoken = [&](std::size_t i) {
    return plot.names[i / values.count] + " and " + plot.names[i % values.count] + ", " +
           values.Text(*values.cells[i], values.digits);
  };
  if (low) listed.push_back("Lowest: " + spoken(*low));
  if (high) listed.push_back("Highest: " + spoken(*high));
  const std::size_t missing = values.CountMissing();
  if (missing > 0) listed.push_back(std::to_string(missing) + " cells without data");
  return listed;
}

}  // namespace

std::string Draw(const HeatPlot& plot, double width) {
  CHECK(plot.values.size() == plot.names.size() * plot.names.size(),
        "a heat map has a value or none for every pair");
  const HeatValues values = HeatValuesOf(plot);
  if (plot.names.empty()) {
    return Picture(plot.title, plot.description, {"no data"}, width, 40.0,
                   svg::Text(width / 2, 24, kFont, Anchor::kMiddle, "faint", "no data"));
  }
  const Layout layout = Arrange(plot, values, width);
  std::string body = DrawNames(plot, layout);
  body += layout.count <= kTooltipsUpTo ? DrawCells(plot, values, layout)
                                        : DrawManyCells(values, layout);
  double bottom = layout.top + layout.side() + kGap;
  if (layout.every > 1) {
    const Notes notes = DrawNotes({"One of " + std::to_string(layout.every) + " names is written."},
                                  kMargin, layout.width - kMargin, bottom);
    body += notes.drawn;
    bottom += notes.height;
  }
  body += DrawBar(plot, values, layout, bottom);
  return Picture(plot.title, plot.description, Listed(plot, values), layout.width,
                 bottom + kBarHeight, body, layout.width > width);
}

}  // namespace consilium::plot
