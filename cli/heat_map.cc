#include "cli/heat_map.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <span>
#include <string_view>

#include "cli/color_scale.h"
#include "cli/svg.h"
#include "shared/check.h"
#include "shared/text.h"

namespace consilium {
namespace {

using svg::Escaped;
using svg::Lines;
using svg::Number;
using svg::Px;
using svg::TextWidth;

constexpr double kPad = 24.0;
constexpr double kCellMin = 12.0;
constexpr double kCellMax = 56.0;
constexpr double kSideAim = 760.0;   // of the matrix; larger cells only up to kCellMax
constexpr double kWidthMin = 480.0;  // for title and legend
constexpr double kTextMin = 8.0;     // smaller numbers are left out
constexpr std::size_t kNameBytesMax = 32;
constexpr double kSlope = 0.70710678118654752;  // of column labels: 45 degrees

constexpr std::string_view kInk = kDarkInk;
constexpr std::string_view kFaint = "#5b6470";
constexpr std::string_view kPaper = kLightInk;

std::string Shortened(const std::string& name) {
  std::string valid = ToValidUtf8(name);
  if (valid.size() <= kNameBytesMax) return valid;
  return std::string(CutUtf8(valid, kNameBytesMax - 1)) + "\xE2\x80\xA6";
}

// What the ends of the scale stand for, and how numbers are written.
struct Scale {
  bool is_signed = false;
  double top = 1.0;  // signed: from -top to top
  int digits = 2;

  double Position(double value) const { return is_signed ? 0.5 + 0.5 * value / top : value / top; }
  Color ColorOf(double value) const {
    return ColorAt(is_signed ? kDivergingOnLight : kSequentialOnLight, Position(value));
  }
  std::string Text(double value) const {
    std::string text = Number(value, digits);
    const bool zero = text.find_first_not_of("0.") == std::string::npos;
    return is_signed && !zero && text.front() != '-' ? "+" + text : text;
  }
};

// 1, 2 or 5 times a power of ten, not below `value`: an end that reads well.
double RoundUp(double value) {
  double power = std::pow(10.0, std::floor(std::log10(value)));
  for (const double step : {1.0, 2.0, 5.0}) {
    if (value <= step * power * (1.0 + 1e-9)) return step * power;
  }
  return 10.0 * power;
}

Scale ScaleOf(const HeatMap& map) {
  Scale scale;
  scale.is_signed = map.is_signed;
  if (!map.is_signed) return scale;
  double largest = 0.0;
  for (const auto& value : map.values) {
    if (value && std::isfinite(*value)) largest = std::max(largest, std::abs(*value));
  }
  // Differences below a thousandth are nothing anybody should see in colour.
  scale.top = RoundUp(std::clamp(largest, 0.001, 1e6));
  if (scale.top < 0.1) scale.digits = 3;
  if (scale.top < 0.01) scale.digits = 4;
  return scale;
}

// Where everything stands, in pixels.
struct Layout {
  std::size_t count = 0;
  double cell = 0.0;
  double label = 0.0;  // font size of names
  bool upright = false;
  std::vector<std::string> names;  // as drawn
  std::vector<std::string> title;
  std::vector<std::string> subtitle;
  double left = 0.0;  // of the matrix
  double top = 0.0;
  double width = 0.0;
  double height = 0.0;

  double side() const { return cell * static_cast<double>(count); }
  double X(std::size_t column) const { return left + cell * static_cast<double>(column); }
  double Y(std::size_t row) const { return top + cell * static_cast<double>(row); }
};

constexpr double kTitleSize = 20.0;
constexpr double kSubtitleSize = 13.0;
constexpr double kLegendHeight = 64.0;

Layout Arrange(const HeatMap& map) {
  Layout layout;
  layout.count = map.names.size();
  const double count = static_cast<double>(std::max<std::size_t>(layout.count, 1));
  layout.cell = std::clamp(std::floor(kSideAim / count), kCellMin, kCellMax);
  layout.label = std::min(13.0, std::floor(layout.cell * 0.85));
  layout.upright = layout.cell < 22.0;  // slanted lines would touch
  double longest = 0.0;
  double right = 0.0;  // beyond the matrix, by slanted names
  for (std::size_t i = 0; i < layout.count; ++i) {
    layout.names.push_back(Shortened(map.names[i]));
    const double width = TextWidth(layout.names[i], layout.label);
    longest = std::max(longest, width);
    const double from_end = layout.side() - layout.cell * (static_cast<double>(i) + 0.5);
    if (!layout.upright) right = std::max(right, width * kSlope + layout.label - from_end);
  }
  layout.left = kPad + longest + 8.0;
  layout.width = std::max(kWidthMin, layout.left + layout.side() + std::max(right, 0.0) + kPad);
  layout.title = Lines(map.title, kTitleSize, layout.width - 2 * kPad);
  layout.subtitle = Lines(map.subtitle, kSubtitleSize, layout.width - 2 * kPad);
  layout.top = kPad + kTitleSize * 1.3 * static_cast<double>(layout.title.size()) +
               kSubtitleSize * 1.5 * static_cast<double>(layout.subtitle.size()) + 12.0 +
               (layout.upright ? longest : longest * kSlope + layout.label) + 8.0;
  layout.height = layout.top + layout.side() + kLegendHeight + kPad;
  return layout;
}

std::string TextAt(double x, double y, double size, std::string_view fill, std::string_view more,
                   std::string_view text) {
  std::string out = "<text x=\"" + Px(x) + "\" y=\"" + Px(y) + "\" font-size=\"" + Px(size) +
                    "\" fill=\"" + std::string(fill) + "\"";
  if (!more.empty()) out += " " + std::string(more);
  return out + ">" + Escaped(text) + "</text>\n";
}

std::string RectAt(double x, double y, double width, double height, std::string_view fill) {
  return "<rect x=\"" + Px(x) + "\" y=\"" + Px(y) + "\" width=\"" + Px(width) + "\" height=\"" +
         Px(height) + "\" fill=\"" + std::string(fill) + "\"";
}

std::string Opening(const HeatMap& map, const Layout& layout, const Scale& scale) {
  std::string out = "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"" + Px(layout.width) +
                    "\" height=\"" + Px(layout.height) + "\" viewBox=\"0 0 " + Px(layout.width) +
                    " " + Px(layout.height) +
                    "\" role=\"img\" font-family=\"system-ui, 'Segoe UI', Roboto, Helvetica, "
                    "Arial, 'Liberation Sans', sans-serif\">\n<title>" +
                    Escaped(map.title) + "</title>\n<defs>\n<linearGradient id=\"scale\">\n";
  const std::span<const Color> stops = scale.is_signed ? kDivergingOnLight : kSequentialOnLight;
  for (std::size_t i = 0; i < stops.size(); ++i) {
    out += "<stop offset=\"" + Number(double(i) / double(stops.size() - 1), 2) +
           "\" stop-color=\"" + Hex(stops[i]) + "\"/>\n";
  }
  out +=
      "</linearGradient>\n<pattern id=\"none\" width=\"6\" height=\"6\" "
      "patternUnits=\"userSpaceOnUse\" patternTransform=\"rotate(45)\">\n"
      "<rect width=\"6\" height=\"6\" fill=\"#eceef0\"/>\n"
      "<rect width=\"2\" height=\"6\" fill=\"#b9bfc6\"/>\n</pattern>\n</defs>\n";
  return out + RectAt(0, 0, layout.width, layout.height, kPaper) + "/>\n";
}

std::string Headings(const Layout& layout) {
  std::string out;
  double y = kPad;
  for (const std::string& line : layout.title) {
    y += kTitleSize * 1.3;
    out += TextAt(kPad, y - kTitleSize * 0.4, kTitleSize, kInk, "font-weight=\"600\"", line);
  }
  for (const std::string& line : layout.subtitle) {
    y += kSubtitleSize * 1.5;
    out += TextAt(kPad, y - kSubtitleSize * 0.4, kSubtitleSize, kFaint, "", line);
  }
  return out;
}

std::string Names(const Layout& layout) {
  std::string out;
  for (std::size_t i = 0; i < layout.count; ++i) {
    out += TextAt(layout.left - 8.0, layout.Y(i) + layout.cell / 2 + layout.label * 0.35,
                  layout.label, kInk, "text-anchor=\"end\"", layout.names[i]);
  }
  for (std::size_t i = 0; i < layout.count; ++i) {
    const double x = layout.X(i) + layout.cell / 2 + layout.label * (layout.upright ? 0.35 : 0.15);
    const double y = layout.top - 8.0;
    const std::string turn = "transform=\"rotate(" + std::string(layout.upright ? "-90 " : "-45 ") +
                             Px(x) + " " + Px(y) + ")\"";
    out += TextAt(x, y, layout.label, kInk, turn, layout.names[i]);
  }
  return out;
}

// The font size at which every number fits its cell; 0 when none can be read.
double NumberSize(const HeatMap& map, const Layout& layout, const Scale& scale) {
  double widest = 0.0;
  for (const auto& value : map.values) {
    if (value && std::isfinite(*value)) {
      widest = std::max(widest, TextWidth(scale.Text(*value), 1.0));
    }
  }
  const double size = widest > 0.0 ? std::min(13.0, layout.cell * 0.86 / widest) : 0.0;
  return size >= kTextMin ? size : 0.0;
}

std::string Cells(const HeatMap& map, const Layout& layout, const Scale& scale) {
  const double size = NumberSize(map, layout, scale);
  const double gap = layout.cell >= 20.0 ? 1.0 : 0.5;
  std::string squares;
  std::string numbers;
  for (std::size_t row = 0; row < layout.count; ++row) {
    for (std::size_t column = 0; column < layout.count; ++column) {
      const auto& value = map.values[row * layout.count + column];
      const bool known = value && std::isfinite(*value);
      std::string fill = row == column ? "#dfe2e6" : "url(#none)";
      std::string says = map.names[row] + " + " + map.names[column] + ": ";
      if (row == column) says = map.names[row];
      if (known && row != column) {
        const Color color = scale.ColorOf(*value);
        fill = Hex(color);
        const std::string text = scale.Text(*value);
        says += text;
        if (size > 0.0) {
          numbers +=
              TextAt(layout.X(column) + layout.cell / 2,
                     layout.Y(row) + layout.cell / 2 + size * 0.36, size, InkOn(color), "", text);
        }
      } else if (row != column) {
        says += "no data";
      }
      squares += RectAt(layout.X(column) + gap / 2, layout.Y(row) + gap / 2, layout.cell - gap,
                        layout.cell - gap, fill) +
                 "><title>" + Escaped(says) + "</title></rect>\n";
    }
  }
  if (numbers.empty()) return squares;
  return squares + "<g text-anchor=\"middle\" pointer-events=\"none\">\n" + numbers + "</g>\n";
}

bool HasMissing(const HeatMap& map) {
  const std::size_t count = map.names.size();
  for (std::size_t i = 0; i < map.values.size(); ++i) {
    const bool known = map.values[i] && std::isfinite(*map.values[i]);
    if (!known && i / count != i % count) return true;
  }
  return false;
}

std::string Legend(const HeatMap& map, const Layout& layout, const Scale& scale) {
  constexpr double kBar = 240.0;
  constexpr double kThick = 12.0;
  const double x = layout.left + kBar + 2 * kPad + 90.0 <= layout.width ? layout.left : kPad;
  const double y = layout.top + layout.side() + 24.0;
  std::string out =
      RectAt(x, y, kBar, kThick, "url(#scale)") + " stroke=\"#c3c8ce\" stroke-width=\"0.5\"/>\n";
  for (int i = 0; i <= 4; ++i) {
    const double share = i / 4.0;
    const double value = scale.is_signed ? scale.top * (2.0 * share - 1.0) : scale.top * share;
    const std::string anchor = i == 0   ? ""
                               : i == 4 ? "text-anchor=\"end\""
                                        : "text-anchor=\"middle\"";
    out += TextAt(x + share * kBar, y + kThick + 15.0, 11.0, kInk, anchor, scale.Text(value));
  }
  out += TextAt(x, y + kThick + 30.0, 11.0, kFaint, "",
                scale.is_signed ? "hinder each other" : "none");
  out += TextAt(x + kBar, y + kThick + 30.0, 11.0, kFaint, "text-anchor=\"end\"",
                scale.is_signed ? "help each other" : "strong");
  if (HasMissing(map)) {
    out += RectAt(x + kBar + kPad, y, 2 * kThick, kThick, "url(#none)") +
           " stroke=\"#c3c8ce\" stroke-width=\"0.5\"/>\n";
    out += TextAt(x + kBar + kPad + 2 * kThick + 6.0, y + kThick - 2.0, 11.0, kInk, "", "no data");
  }
  return out;
}

}  // namespace

std::string DrawHeatMap(const HeatMap& map) {
  const std::size_t count = map.names.size();
  CHECK(map.values.size() == count * count, "a heat map has a value or none for every pair");
  const Layout layout = Arrange(map);
  const Scale scale = ScaleOf(map);
  std::string out = Opening(map, layout, scale) + Headings(layout);
  if (count == 0) {
    out += TextAt(kPad, layout.top + kPad, kSubtitleSize, kInk, "", "no models");
  } else {
    out += Names(layout) + Cells(map, layout, scale) + Legend(map, layout, scale);
  }
  return out + "</svg>\n";
}

}  // namespace consilium
