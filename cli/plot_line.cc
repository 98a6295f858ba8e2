#include <algorithm>
#include <cmath>
#include <cstddef>

#include "cli/plot_parts.h"
#include "cli/svg_plot.h"

namespace consilium::plot {
namespace {

constexpr double kPlainRadius = 3.5;
constexpr double kSmallest = 3.0;  // of markers that follow a count
constexpr double kLargestRadius = 10.0;
constexpr std::size_t kEachUpTo = 25;  // longer lines have a marker now and then

struct Shown {
  std::vector<LinePlot::Series> series;  // with the points that the axes hold
  Range x;
  Range y;
  double largest_count = 0.0;
  std::size_t outside = 0;
};

Shown Choose(const LinePlot& plot) {
  Shown shown;
  std::vector<double> xs;
  for (const LinePlot::Series& series : plot.series) {
    shown.series.push_back({series.name, {}});
    for (const LinePlot::Point& point : series.points) {
      if (!Plottable(point.x) || !Plottable(point.y)) continue;
      shown.series.back().points.push_back(point);
      xs.push_back(point.x);
    }
  }
  shown.x = RangeOr(plot.x_range, RangeOf(xs));
  std::vector<double> ys;
  for (const LinePlot::Series& series : shown.series) {
    for (const LinePlot::Point& point : series.points) {
      if (shown.x.Contains(point.x)) ys.push_back(point.y);
    }
  }
  if (plot.guide) ys.push_back(*plot.guide);
  shown.y = RangeOr(plot.y_range, RangeOf(ys));
  for (LinePlot::Series& series : shown.series) {
    const std::size_t before = series.points.size();
    series.points.erase(std::remove_if(series.points.begin(), series.points.end(),
                                       [&](const LinePlot::Point& point) {
                                         return !shown.x.Contains(point.x) ||
                                                !shown.y.Contains(point.y);
                                       }),
                        series.points.end());
    shown.outside += before - series.points.size();
    for (const LinePlot::Point& point : series.points) {
      shown.largest_count = std::max(shown.largest_count, Plottable(point.count).value_or(0.0));
    }
  }
  return shown;
}

std::vector<LegendEntry> EntriesOf(const LinePlot& plot, const Shown& shown, bool guide) {
  using Kind = LegendEntry::Kind;
  std::vector<LegendEntry> entries;
  for (std::size_t i = 0; i < plot.series.size(); ++i) {
    entries.push_back({plot.series[i].name, Kind::kLine, i});
  }
  if (!plot.diagonal.empty()) entries.push_back({plot.diagonal, Kind::kDiagonal, 0});
  if (guide) entries.push_back({plot.guide_name, Kind::kGuide, 0});
  if (!plot.count_name.empty() && shown.largest_count > 0.0) {
    entries.push_back(
        {"marker area: " + plot.count_name + ", up to " + svg::Number(shown.largest_count, 0),
         Kind::kText, 0});
  }
  return entries;
}

std::string DrawSeries(const LinePlot& plot, const Shown& shown, std::size_t index,
                       const Frame& frame) {
  const LinePlot::Series& series = shown.series[index];
  const std::size_t count = series.points.size();
  const int x_digits = DigitsOf(shown.x);
  const int y_digits = DigitsOf(shown.y);
  // Where the lines have no marker each, theirs do not fall on each other.
  const std::size_t every = count <= kEachUpTo ? 1 : count / 8;
  std::string path;
  std::string markers;
  for (std::size_t i = 0; i < count; ++i) {
    const LinePlot::Point& point = series.points[i];
    const double x = frame.x.At(point.x);
    const double y = frame.y.At(point.y);
    path += (path.empty() ? "M" : "L") + svg::Px(x) + " " + svg::Px(y);
    if ((i + (every > 1 ? index * every / 3 : 0)) % every != 0) continue;
    std::string says =
        series.name + ": " + svg::Number(point.x, x_digits) + ", " + svg::Number(point.y, y_digits);
    double radius = kPlainRadius;
    if (!plot.count_name.empty()) {
      const double share =
          shown.largest_count > 0.0
              ? std::max(Plottable(point.count).value_or(0.0), 0.0) / shown.largest_count
              : 0.0;
      radius = std::max(kSmallest, kLargestRadius * std::sqrt(share));
      if (Plottable(point.count)) {
        says += " (" + plot.count_name + " " + svg::Number(*point.count, 0) + ")";
      }
    }
    markers += Marker(index, x, y, radius, says);
  }
  if (path.empty()) return "";
  return "<path d=\"" + path + "\" class=\"line " + KeyClass(index) + "\"/>\n" +
         (plot.count_name.empty() ? markers : "<g class=\"sized\">\n" + markers + "</g>\n");
}

std::vector<std::string> Listed(const LinePlot& plot, const Shown& shown) {
  std::vector<std::string> listed;
  const auto spoken = [&](const LinePlot::Point& point) {
    return svg::Number(point.x, DigitsOf(shown.x)) + ", " + svg::Number(point.y, DigitsOf(shown.y));
  };
  for (const LinePlot::Series& series : shown.series) {
    std::string text = series.name + ": no data";
    if (!series.points.empty()) {
      text = series.name + ": " + std::to_string(series.points.size()) + " points, from (" +
             spoken(series.points.front()) + ") to (" + spoken(series.points.back()) + ")";
    }
    listed.push_back(std::move(text));
  }
  if (plot.guide && Plottable(*plot.guide)) {
    listed.push_back(plot.guide_name + ": " + svg::Number(*plot.guide, DigitsOf(shown.y)));
  }
  return listed;
}

}  // namespace

std::string Draw(const LinePlot& plot, double width) {
  const Shown shown = Choose(plot);
  const bool guide = plot.guide && Plottable(*plot.guide) && shown.y.Contains(*plot.guide);
  const Legend legend =
      DrawLegend(EntriesOf(plot, shown, guide), kMargin, width - kMargin, kMargin);
  FramePlan plan{shown.x, shown.y, false, width, kMargin + legend.height, 0.0};
  plan.area_height = std::clamp(width * 0.45, 220.0, 320.0);
  const Frame frame = PlaceFrame(plan);
  std::string body = legend.drawn + DrawFrame(frame, plot.x_label, plot.y_label);
  const double low = std::max(shown.x.low, shown.y.low);
  const double high = std::min(shown.x.high, shown.y.high);
  if (!plot.diagonal.empty() && low < high) {
    body +=
        svg::Line(frame.x.At(low), frame.y.At(low), frame.x.At(high), frame.y.At(high), "diagonal");
  }
  if (guide) {
    const double y = frame.y.At(*plot.guide);
    body += svg::Line(frame.area.left, y, frame.area.right, y, "guide");
  }
  std::size_t points = 0;
  for (std::size_t i = 0; i < shown.series.size(); ++i) {
    body += DrawSeries(plot, shown, i, frame);
    points += shown.series[i].points.size();
  }
  if (points == 0) {
    body += svg::Text((frame.area.left + frame.area.right) / 2,
                      (frame.area.top + frame.area.bottom) / 2, kFont, svg::Anchor::kMiddle,
                      "faint halo", "no data");
  }
  std::vector<std::string> remarks;
  if (shown.outside > 0) {
    remarks.push_back(std::to_string(shown.outside) +
                      (shown.outside == 1 ? " point lies" : " points lie") + " outside the axes.");
  }
  const double below = frame.area.bottom + kXAxisHeight;
  const Notes notes = DrawNotes(remarks, kMargin, width - kMargin, below);
  return Picture(plot.title, plot.description, Listed(plot, shown), width,
                 below + notes.height + (notes.height > 0 ? 4.0 : 0.0), body + notes.drawn);
}

}  // namespace consilium::plot
