#include <algorithm>
#include <cstddef>

#include "cli/plot_labels.h"
#include "cli/plot_parts.h"
#include "cli/svg_plot.h"

namespace consilium::plot {
namespace {

constexpr double kRadius = 5.5;  // of a marker, with its outline a little more
constexpr double kHalfCap = 4.0;
constexpr double kAreaHeight = 380.0;
constexpr double kLabelHeight = 15.0;
constexpr double kLabelBase = 11.5;      // baseline below the top of a name's box
constexpr std::size_t kNamedBelow = 12;  // so many left out names are written below

struct Placed {
  std::string label;
  std::size_t key = 0;
  double x = 0.0;
  double y = 0.0;
  std::optional<Range> interval;
};

struct Shown {
  std::vector<Placed> points;
  std::vector<std::string> absent;  // names
  std::vector<LegendEntry> groups;
  Range x;
  Range y;
};

Shown Choose(const ScatterPlot& plot) {
  Shown shown;
  Groups groups;
  std::vector<double> xs;
  std::vector<double> ys;
  for (const ScatterPlot::Point& point : plot.points) {
    const auto x = Plottable(point.x, plot.log_x);
    const auto y = Plottable(point.y);
    if (!x || !y) {
      shown.absent.push_back(point.label);
      continue;
    }
    shown.points.push_back(
        {point.label, groups.KeyOf(point.group), *x, *y, IntervalOf(point.low, point.high)});
    xs.push_back(*x);
    ys.push_back(*y);
    if (shown.points.back().interval) {
      ys.insert(ys.end(), {shown.points.back().interval->low, shown.points.back().interval->high});
    }
  }
  shown.groups = groups.Entries();
  shown.x = RangeOf(xs, plot.log_x);
  shown.y = RangeOf(ys);
  return shown;
}

std::string Says(const ScatterPlot& plot, const Placed& point) {
  return point.label + ": " + svg::Number(point.x, plot.x_digits) + ", " +
         Spoken(point.y, point.interval, plot.y_digits);
}

std::string DrawBar(const Placed& point, const Frame& frame) {
  if (!point.interval) return "";
  const double x = frame.x.At(point.x);
  const double low = frame.y.At(point.interval->low);
  const double high = frame.y.At(point.interval->high);
  const std::string key = "whisker k" + std::to_string(point.key % kKeys);
  return svg::Line(x, low, x, high, key) + svg::Line(x - kHalfCap, low, x + kHalfCap, low, key) +
         svg::Line(x - kHalfCap, high, x + kHalfCap, high, key);
}

struct Names {
  std::string drawn;
  std::vector<std::string> left_out;
};

Names DrawNames(const Shown& shown, const Frame& frame) {
  const double widest = (frame.area.right - frame.area.left) * 0.42;
  std::vector<std::string> texts;
  std::vector<LabelAsk> asks;
  std::vector<svg::Box> obstacles;
  for (const Placed& point : shown.points) {
    const double x = frame.x.At(point.x);
    texts.push_back(svg::Shortened(point.label, kFont, widest));
    asks.push_back({x, frame.y.At(point.y), kRadius + 1.5, svg::TextWidth(texts.back(), kFont)});
    if (point.interval) {
      obstacles.push_back({x - kHalfCap - 1, frame.y.At(point.interval->high) - 1, x + kHalfCap + 1,
                           frame.y.At(point.interval->low) + 1});
    }
  }
  const auto places = PlaceLabels(asks, kLabelHeight, frame.area, obstacles);
  Names names;
  for (std::size_t i = 0; i < places.size(); ++i) {
    const auto& place = places[i];
    if (!place) {
      names.left_out.push_back(shown.points[i].label);
      continue;
    }
    if (place->leader) {
      names.drawn += svg::Line(asks[i].x, asks[i].y, place->leader_x, place->leader_y, "leader");
    }
    // The end that faces the point stays where it is, however wide the reader's font is.
    const svg::Anchor anchor = place->box.left >= asks[i].x    ? svg::Anchor::kStart
                               : place->box.right <= asks[i].x ? svg::Anchor::kEnd
                                                               : svg::Anchor::kMiddle;
    const double x = anchor == svg::Anchor::kStart ? place->box.left
                     : anchor == svg::Anchor::kEnd ? place->box.right
                                                   : (place->box.left + place->box.right) / 2;
    names.drawn += svg::Text(x, place->box.top + kLabelBase, kFont, anchor, "halo", texts[i],
                             shown.points[i].label);
  }
  return names;
}

std::string NoteOn(std::string_view what, const std::vector<std::string>& names) {
  if (names.size() > kNamedBelow) {
    return std::string(what) + ": " + std::to_string(names.size()) + " points.";
  }
  return std::string(what) + ": " + Enumerated(names) + ".";
}

}  // namespace

std::string Draw(const ScatterPlot& plot, double width) {
  const Shown shown = Choose(plot);
  const Legend legend = DrawLegend(shown.groups, kMargin, width - kMargin, kMargin);
  const FramePlan plan{shown.x, shown.y, plot.log_x, width, kMargin + legend.height, kAreaHeight};
  const Frame frame = PlaceFrame(plan);
  std::string body = legend.drawn + DrawFrame(frame, plot.x_label, plot.y_label);
  std::string markers;
  std::vector<std::string> listed;
  for (const Placed& point : shown.points) {
    body += DrawBar(point, frame);
    markers +=
        Marker(point.key, frame.x.At(point.x), frame.y.At(point.y), kRadius, Says(plot, point));
    listed.push_back(Says(plot, point));
  }
  const Names names = DrawNames(shown, frame);
  body += names.drawn + markers;
  if (shown.points.empty()) {
    body += svg::Text((frame.area.left + frame.area.right) / 2,
                      (frame.area.top + frame.area.bottom) / 2, kFont, svg::Anchor::kMiddle,
                      "faint halo", "no data");
  }
  std::vector<std::string> remarks;
  if (!names.left_out.empty()) remarks.push_back(NoteOn("No room for a name", names.left_out));
  if (!shown.absent.empty()) remarks.push_back(NoteOn("Not shown, no data", shown.absent));
  listed.insert(listed.end(), remarks.begin(), remarks.end());
  for (std::string& entry : listed) {
    if (entry.back() == '.') entry.pop_back();
  }
  const double below = frame.area.bottom + kXAxisHeight;
  const Notes notes = DrawNotes(remarks, kMargin, width - kMargin, below);
  return Picture(plot.title, plot.description, listed, width,
                 below + notes.height + (notes.height > 0 ? 4.0 : 0.0), body + notes.drawn);
}

}  // namespace consilium::plot
