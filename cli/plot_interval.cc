#include <algorithm>
#include <cstddef>

#include "cli/plot_parts.h"
#include "cli/svg_plot.h"

namespace consilium::plot {
namespace {

using svg::Anchor;

constexpr double kStackedBelow = 520.0;  // less width: names stand above their intervals
constexpr double kGap = 14.0;
constexpr double kHalfCap = 4.0;

struct Row {
  std::string label;
  std::size_t key = 0;
  std::optional<double> mean;
  std::optional<Range> interval;
  std::string number;  // "0.712"
  std::string ends;    // "0.690 to 0.734"
};

struct Layout {
  bool stacked = false;
  double width = 0.0;
  double left = 0.0;  // of the axis
  double right = 0.0;
  double label = 0.0;  // room for a name
  double row = 0.0;
};

std::vector<Row> RowsOf(const IntervalPlot& plot, Groups* groups) {
  std::vector<Row> rows;
  for (const IntervalPlot::Row& asked : plot.rows) {
    Row row{asked.label,
            groups->KeyOf(asked.group),
            Plottable(asked.mean),
            IntervalOf(asked.low, asked.high),
            "no data",
            ""};
    if (!row.mean) row.interval.reset();
    if (row.mean) row.number = svg::Number(*row.mean, plot.digits);
    if (row.interval) {
      row.ends = svg::Number(row.interval->low, plot.digits) + " to " +
                 svg::Number(row.interval->high, plot.digits);
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

double WidestOf(const std::vector<Row>& rows, std::string Row::*text) {
  double widest = 0.0;
  for (const Row& row : rows) widest = std::max(widest, svg::TextWidth(row.*text, kFont) * 1.06);
  return widest;
}

Layout Arrange(const std::vector<Row>& rows, double width) {
  Layout layout;
  layout.width = width;
  layout.stacked = width < kStackedBelow;
  const double numbers = WidestOf(rows, &Row::number) +
                         (WidestOf(rows, &Row::ends) > 0.0 ? 8.0 : 0.0) +
                         WidestOf(rows, &Row::ends);
  if (layout.stacked) {
    layout.left = kMargin + 12.0;
    layout.right = width - kMargin - 12.0;
    layout.label = width - 2 * kMargin - numbers - kGap;
    layout.row = 40.0;
  } else {
    layout.label = std::min(width * 0.34, WidestOf(rows, &Row::label));
    layout.left = kMargin + layout.label + kGap;
    layout.right = width - kMargin - numbers - kGap;
    layout.row = 26.0;
  }
  return layout;
}

std::string DrawTexts(const Row& row, const Layout& layout, double ends_width, double y) {
  const double base = layout.stacked ? y + 13 : y + layout.row / 2 + kFont * 0.35;
  const std::string label = svg::Shortened(row.label, kFont, layout.label);
  std::string out =
      layout.stacked
          ? svg::Text(kMargin, base, kFont, Anchor::kStart, "halo", label, row.label)
          : svg::Text(layout.left - kGap, base, kFont, Anchor::kEnd, "", label, row.label);
  const double right = layout.width - kMargin;
  if (!row.ends.empty()) {
    out += svg::Text(right, base, kFont, Anchor::kEnd, "faint halo", row.ends);
  }
  const double number = ends_width > 0.0 ? right - ends_width - 8.0 : right;
  return out + svg::Text(number, base, kFont, Anchor::kEnd, row.mean ? "strong halo" : "faint halo",
                         row.number);
}

std::string DrawInterval(const Row& row, const Axis& axis, double y) {
  std::string out;
  if (row.interval) {
    const double low = axis.At(row.interval->low);
    const double high = axis.At(row.interval->high);
    const std::string key = "whisker k" + std::to_string(row.key % kKeys);
    out += svg::Line(low, y, high, y, key) + svg::Line(low, y - kHalfCap, low, y + kHalfCap, key) +
           svg::Line(high, y - kHalfCap, high, y + kHalfCap, key);
  }
  if (row.mean) {
    out += Marker(row.key, axis.At(*row.mean), y, 5.0,
                  row.label + ": " + row.number + (row.ends.empty() ? "" : " (" + row.ends + ")"));
  }
  return out;
}

}  // namespace

std::string Draw(const IntervalPlot& plot, double width) {
  Groups groups;
  const std::vector<Row> rows = RowsOf(plot, &groups);
  const Layout layout = Arrange(rows, width);
  const std::optional<double> reference = Plottable(plot.reference);
  std::vector<double> values;
  std::vector<std::string> listed;
  for (const Row& row : rows) {
    if (row.mean) values.push_back(*row.mean);
    if (row.interval) values.insert(values.end(), {row.interval->low, row.interval->high});
    listed.push_back(row.label + ": " + Spoken(row.mean, row.interval, plot.digits));
  }
  if (reference) {
    values.push_back(*reference);
    listed.push_back(plot.reference_name + ": " + svg::Number(*reference, plot.digits));
  }
  const Axis axis{RangeOf(values), false, layout.left, layout.right};

  const Legend legend = DrawLegend(groups.Entries(), kMargin, width - kMargin, kMargin);
  const double top = kMargin + legend.height + (reference ? kLineHeight : 0.0);
  const double bottom =
      top + layout.row * static_cast<double>(std::max<std::size_t>(rows.size(), 1)) + 4.0;
  const std::vector<Tick> ticks =
      Ticks(axis, kSmallFont, std::max(2, static_cast<int>((layout.right - layout.left) / 50)));
  std::string body = legend.drawn;
  for (const Tick& tick : ticks) body += svg::Line(tick.at, top, tick.at, bottom, "grid");
  if (reference) {
    const double x = axis.At(*reference);
    body += svg::Line(x, top - 3, x, bottom, "reference");
    const std::string name = svg::Shortened(plot.reference_name, kSmallFont, width - 2 * kMargin);
    const double half = svg::TextWidth(name, kSmallFont) / 2;
    body += svg::Text(std::clamp(x, kMargin + half, width - kMargin - half), top - 7, kSmallFont,
                      Anchor::kMiddle, "faint", name, plot.reference_name);
  }
  if (rows.empty()) {
    body += svg::Text((layout.left + layout.right) / 2, top + layout.row / 2 + 4, kFont,
                      Anchor::kMiddle, "faint halo", "no data");
  }
  const double ends_width = WidestOf(rows, &Row::ends);
  double y = top;
  for (const Row& row : rows) {
    body += DrawTexts(row, layout, ends_width, y);
    body += DrawInterval(row, axis, layout.stacked ? y + 27 : y + layout.row / 2);
    y += layout.row;
  }
  body += DrawXAxis(axis, ticks, bottom, plot.x_label, kMargin, width - kMargin);
  return Picture(plot.title, plot.description, listed, width, bottom + kXAxisHeight, body);
}

}  // namespace consilium::plot
