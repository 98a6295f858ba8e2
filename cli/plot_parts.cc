#include "cli/plot_parts.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

namespace consilium::plot {
namespace {

using svg::Anchor;
using svg::Px;

// Around the middle, in radii.
using Shape = std::vector<std::pair<double, double>>;

const Shape& ShapeOf(std::size_t key) {
  static const std::array<Shape, kKeys - 1> shapes = {{
      {{-0.88, -0.88}, {0.88, -0.88}, {0.88, 0.88}, {-0.88, 0.88}},  // square
      {{0, -1.2}, {1.15, 0.85}, {-1.15, 0.85}},                      // triangle
      {{0, -1.25}, {1.25, 0}, {0, 1.25}, {-1.25, 0}},                // diamond
      {{0, 1.2}, {1.15, -0.85}, {-1.15, -0.85}},                     // triangle, point down
      {{-0.4, -1.2},
       {0.4, -1.2},
       {0.4, -0.4},
       {1.2, -0.4},
       {1.2, 0.4},
       {0.4, 0.4},
       {0.4, 1.2},
       {-0.4, 1.2},
       {-0.4, 0.4},
       {-1.2, 0.4},
       {-1.2, -0.4},
       {-0.4, -0.4}},  // plus
      {{0, -0.5},
       {0.7, -1.2},
       {1.2, -0.7},
       {0.5, 0},
       {1.2, 0.7},
       {0.7, 1.2},
       {0, 0.5},
       {-0.7, 1.2},
       {-1.2, 0.7},
       {-0.5, 0},
       {-1.2, -0.7},
       {-0.7, -1.2}},  // cross
      {{0, -1.3},
       {0.38, -0.4},
       {1.24, -0.4},
       {0.6, 0.2},
       {0.78, 1.05},
       {0, 0.55},
       {-0.78, 1.05},
       {-0.6, 0.2},
       {-1.24, -0.4},
       {-0.38, -0.4}},  // star
  }};
  return shapes.at(key % kKeys - 1);
}

std::string Sample(const LegendEntry& entry, double x, double y) {
  using Kind = LegendEntry::Kind;
  switch (entry.kind) {
    case Kind::kMarker:
      return Marker(entry.key, x + 6, y, 5.0);
    case Kind::kLine:
      return "<path d=\"M" + Px(x) + " " + Px(y) + "h24\" class=\"line " + KeyClass(entry.key) +
             "\"/>\n" + Marker(entry.key, x + 12, y, 3.5);
    case Kind::kDiagonal:
      return svg::Line(x, y, x + 24, y, "diagonal");
    case Kind::kGuide:
      return svg::Line(x, y, x + 24, y, "guide");
    case Kind::kText:
      break;
  }
  return "";
}

}  // namespace

std::string Picture(std::string_view title, std::string_view description,
                    const std::vector<std::string>& listed, double width, double height,
                    const std::string& body, bool scrolls) {
  std::string said(description);
  for (const std::string& entry : listed) said += (said.empty() ? "" : " ") + entry + ".";
  return "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"plot\" role=\"img\" width=\"" +
         Px(width) + "\" height=\"" + Px(height) + "\" viewBox=\"0 0 " + Px(width) + " " +
         Px(height) + "\"" + (scrolls ? " style=\"min-width:" + Px(width) + "px\"" : "") +
         ">\n<title>" + svg::Escaped(title) + "</title>\n<desc>" + svg::Escaped(said) +
         "</desc>\n" + body + "</svg>\n";
}

std::string KeyClass(std::size_t key) {
  // The second eight repeat colours with another dash; shapes move on by one each time.
  return "k" + std::to_string(key % kKeys) + " dash" + std::to_string((key + key / kKeys) % 5);
}

std::string Marker(std::size_t key, double x, double y, double radius, std::string_view says) {
  const std::string end = " class=\"mark k" + std::to_string(key % kKeys) + "\"" +
                          (says.empty() ? "/>\n" : "><title>" + svg::Escaped(says) + "</title></");
  const std::size_t shape = (key + key / kKeys) % kKeys;
  if (shape == 0) {
    return "<circle cx=\"" + Px(x) + "\" cy=\"" + Px(y) + "\" r=\"" + Px(radius) + "\"" + end +
           (says.empty() ? "" : "circle>\n");
  }
  std::string path;
  for (const auto& [dx, dy] : ShapeOf(shape)) {
    path += (path.empty() ? "M" : "L") + Px(x + dx * radius) + " " + Px(y + dy * radius);
  }
  return "<path d=\"" + path + "Z\"" + end + (says.empty() ? "" : "path>\n");
}

Legend DrawLegend(const std::vector<LegendEntry>& entries, double left, double right, double top) {
  constexpr double kSample = 24.0;
  constexpr double kHalfSample = 12.0;
  constexpr double kBetween = 18.0;
  Legend legend;
  double x = left;
  double y = top + kLineHeight / 2;
  for (const LegendEntry& entry : entries) {
    const double sample = entry.kind == LegendEntry::Kind::kText     ? 0.0
                          : entry.kind == LegendEntry::Kind::kMarker ? kHalfSample + 6.0
                                                                     : kSample + 6.0;
    const std::string name = svg::Shortened(entry.name, kFont, right - left - sample);
    const double need = sample + svg::TextWidth(name, kFont);
    if (x > left && x + need > right) {
      x = left;
      y += kLineHeight;
    }
    legend.drawn += Sample(entry, x, y);
    legend.drawn +=
        svg::Text(x + sample, y + kFont * 0.35, kFont, Anchor::kStart, "", name, entry.name);
    x += need + kBetween;
    legend.height = y + kLineHeight / 2 + 12.0 - top;
  }
  return legend;
}

std::size_t Groups::KeyOf(const std::string& name) {
  const auto at = std::find(names_.begin(), names_.end(), name);
  if (at != names_.end()) return static_cast<std::size_t>(at - names_.begin());
  names_.push_back(name);
  return names_.size() - 1;
}

std::vector<LegendEntry> Groups::Entries() const {
  std::vector<LegendEntry> entries;
  if (names_.size() == 1 && names_.front().empty()) return entries;
  for (std::size_t key = 0; key < names_.size(); ++key) {
    entries.push_back(
        {names_[key].empty() ? "other" : names_[key], LegendEntry::Kind::kMarker, key});
  }
  return entries;
}

Frame PlaceFrame(const FramePlan& plan) {
  constexpr double kLabelRoom = 22.0;  // for the name of y
  Frame frame;
  frame.area = {kMargin, plan.top + kLabelRoom, plan.width - kMargin - 16.0,
                plan.top + kLabelRoom + plan.area_height};
  frame.y = {plan.y, false, frame.area.bottom, frame.area.top};
  double widest = 0.0;
  for (const Tick& tick : Ticks(frame.y, kSmallFont, 8)) {
    widest = std::max(widest, svg::TextWidth(tick.text, kSmallFont));
  }
  frame.area.left += widest + 8.0;
  frame.x = {plan.x, plan.log_x, frame.area.left, frame.area.right};
  return frame;
}

std::string DrawXAxis(const Axis& axis, const std::vector<Tick>& ticks, double y,
                      std::string_view label, double left, double right) {
  std::string out = svg::Line(axis.from, y, axis.to, y, "axis");
  for (const Tick& tick : ticks) {
    out += svg::Line(tick.at, y, tick.at, y + 4, "axis");
    // At the ends the text moves inwards, so that no picture cuts it.
    const double half = svg::TextWidth(tick.text, kSmallFont) / 2;
    const double x = std::clamp(tick.at, left + half, std::max(left + half, right - half));
    out += svg::Text(x, y + 17, kSmallFont, Anchor::kMiddle, "faint", tick.text);
  }
  const double middle = (axis.from + axis.to) / 2;
  const double room = 2 * std::min(middle - left, right - middle);
  return out + svg::Text(middle, y + 36, kFont, Anchor::kMiddle, "",
                         svg::Shortened(label, kFont, room), label);
}

std::string DrawFrame(const Frame& frame, std::string_view x_label, std::string_view y_label) {
  const svg::Box& area = frame.area;
  std::string out;
  for (const Tick& tick : Ticks(frame.y, kSmallFont, 8)) {
    out += svg::Line(area.left, tick.at, area.right, tick.at, "grid");
    out += svg::Text(area.left - 8, tick.at + kSmallFont * 0.35, kSmallFont, Anchor::kEnd, "faint",
                     tick.text);
  }
  const std::vector<Tick> ticks =
      Ticks(frame.x, kSmallFont, std::max(2, static_cast<int>((area.right - area.left) / 50)));
  for (const Tick& tick : ticks) {
    out += svg::Line(tick.at, area.top, tick.at, area.bottom, "grid");
  }
  out += svg::Line(area.left, area.top, area.left, area.bottom, "axis");
  out += svg::Text(kMargin, area.top - 12, kFont, Anchor::kStart, "",
                   svg::Shortened(y_label, kFont, area.right - kMargin), y_label);
  return out + DrawXAxis(frame.x, ticks, area.bottom, x_label, kMargin, area.right + 16.0);
}

Notes DrawNotes(const std::vector<std::string>& notes, double left, double right, double top) {
  Notes drawn;
  for (const std::string& note : notes) {
    for (const std::string& line : svg::Lines(note, kSmallFont, right - left)) {
      drawn.height += 16.0;
      drawn.drawn +=
          svg::Text(left, top + drawn.height - 4, kSmallFont, Anchor::kStart, "faint", line);
    }
  }
  return drawn;
}

std::string Spoken(const std::optional<double>& mean, const std::optional<Range>& interval,
                   int digits) {
  if (!mean) return "no data";
  std::string text = svg::Number(*mean, digits);
  if (interval) {
    text += " (" + svg::Number(interval->low, digits) + " to " +
            svg::Number(interval->high, digits) + ")";
  }
  return text;
}

std::optional<Range> IntervalOf(const std::optional<double>& low,
                                const std::optional<double>& high) {
  if (!Plottable(low) || !Plottable(high)) return std::nullopt;
  return Range{std::min(*low, *high), std::max(*low, *high)};
}

std::string Enumerated(const std::vector<std::string>& names) {
  std::string text;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (i > 0) text += i + 1 == names.size() ? " and " : ", ";
    text += names[i];
  }
  return text;
}

}  // namespace consilium::plot
