#include "cli/svg_plot.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstddef>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/xml_check.h"
#include "tests/unit/cli/svg_texts.h"

namespace consilium::plot {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr const char* kLongText =
    "a name that somebody wrote without thinking of pictures, <b>80</b> & \xff";

std::string Long(const std::string& end) { return kLongText + end; }

std::size_t CountOf(std::string_view what, std::string_view text) {
  std::size_t count = 0;
  for (auto at = text.find(what); at != std::string_view::npos; at = text.find(what, at + 1)) {
    ++count;
  }
  return count;
}

// At both widths; the same plot gives the same bytes.
template <typename Plot>
void ExpectReadableAtBothWidths(const Plot& plot, const std::string& which) {
  for (const double width : {kWide, kNarrow}) {
    const std::string picture = Draw(plot, width);
    EXPECT_EQ(picture, Draw(plot, width));
    ExpectReadable(picture, which + " at " + std::to_string(width));
  }
}

IntervalPlot Policies(int rows) {
  IntervalPlot plot;
  plot.title = "Share right";
  plot.description = "By policy.";
  plot.x_label = "share right";
  for (int i = 0; i < rows; ++i) {
    const double mean = 0.5 + 0.4 * std::sin(i);
    plot.rows.push_back({"policy " + std::to_string(i), "group " + std::to_string(i % 11), mean,
                         mean - 0.03, mean + 0.02});
  }
  return plot;
}

TEST(IntervalPlotTest, ShowsRowsNumbersReferenceAndLegend) {
  IntervalPlot plot = Policies(3);
  plot.rows[1] = {"chosen", "group 1", 0.7123, 0.69, 0.74};
  plot.reference = 0.6;
  plot.reference_name = "best single";
  const std::string picture = Draw(plot);
  ExpectReadable(picture, "policies");
  EXPECT_THAT(picture, HasSubstr(">chosen</text>"));
  EXPECT_THAT(picture, HasSubstr(">0.712</text>"));
  EXPECT_THAT(picture, HasSubstr(">0.690 to 0.740</text>"));
  EXPECT_THAT(picture, HasSubstr("<title>chosen: 0.712 (0.690 to 0.740)</title>"));
  EXPECT_THAT(picture, HasSubstr(">best single</text>"));
  EXPECT_THAT(picture, HasSubstr(">group 2</text>"));
  EXPECT_THAT(picture, HasSubstr("chosen: 0.712 (0.690 to 0.740). "));
  EXPECT_THAT(picture, HasSubstr("best single: 0.600.</desc>"));
  EXPECT_EQ(CountOf("class=\"reference\"", picture), 1u);
}

TEST(IntervalPlotTest, HigherMeansStandFartherRight) {
  IntervalPlot plot;
  plot.rows = {{"a", "", 0.2, {}, {}}, {"b", "", 0.9, {}, {}}};
  const auto read = ReadXml(Draw(plot));
  ASSERT_TRUE(read.ok());
  const auto circles = Named(read.value(), "circle");
  ASSERT_EQ(circles.size(), 2u) << "one group without a name has no legend";
  EXPECT_LT(std::stod(circles[0]->Attribute("cx")), std::stod(circles[1]->Attribute("cx")));
}

TEST(IntervalPlotTest, WhatIsNotKnownIsNotDrawn) {
  IntervalPlot plot;
  plot.rows = {{"nothing", "", kNan, 0.1, 0.2},
               {"mean only", "", 0.5, kInfinity, 0.7},
               {"half an interval", "", 0.6, 0.5, std::nullopt}};
  plot.reference = kNan;
  plot.reference_name = "never";
  const std::string picture = Draw(plot);
  ExpectReadable(picture, "unknown");
  EXPECT_EQ(CountOf("class=\"whisker", picture), 0u);
  EXPECT_EQ(CountOf("<circle", picture), 2u);
  EXPECT_EQ(CountOf(">no data</text>", picture), 1u);
  EXPECT_THAT(picture, Not(HasSubstr("never")));
}

TEST(IntervalPlotTest, ReadableWithNothingOneManyAndLongNames) {
  ExpectReadableAtBothWidths(IntervalPlot{}, "nothing");
  ExpectReadableAtBothWidths(Policies(1), "one");
  ExpectReadableAtBothWidths(Policies(40), "forty");
  IntervalPlot plot = Policies(12);
  for (auto& row : plot.rows) row.label = row.group = Long(row.label);
  plot.x_label = plot.reference_name = plot.title = plot.description = Long(kLongText);
  for (const double reference : {-5.0, 0.5, 5.0}) {
    plot.reference = reference;
    ExpectReadableAtBothWidths(plot, "long names");
  }
  EXPECT_THAT(Draw(plot), HasSubstr("&lt;b&gt;80&lt;/b&gt; &amp; \xEF\xBF\xBDpolicy 3</title>"));
  for (auto& row : plot.rows) row.mean = row.low = row.high = 0.5;
  plot.reference = 0.5;
  ExpectReadableAtBothWidths(plot, "all equal");
}

LinePlot Curves(int series, int points) {
  LinePlot plot;
  plot.title = "Risk";
  plot.x_label = "coverage";
  plot.y_label = "risk";
  for (int s = 0; s < series; ++s) {
    plot.series.push_back({"curve " + std::to_string(s), {}});
    for (int i = 0; i < points; ++i) {
      const double x = (i + 1.0) / points;
      plot.series.back().points.push_back({x, x * x * (s + 1) / 20.0, 10.0 * i});
    }
  }
  return plot;
}

TEST(LinePlotTest, ShowsSeriesDiagonalGuideAndCounts) {
  LinePlot plot = Curves(2, 10);
  plot.x_range = plot.y_range = Range{0, 1};
  plot.diagonal = "calibrated";
  plot.guide = 0.1;
  plot.guide_name = "accepted";
  plot.count_name = "questions";
  const std::string picture = Draw(plot);
  ExpectReadable(picture, "curves");
  EXPECT_EQ(CountOf("class=\"diagonal\"", picture), 2u) << "in the picture and in the legend";
  EXPECT_EQ(CountOf("class=\"guide\"", picture), 2u);
  EXPECT_THAT(picture, HasSubstr("class=\"line k0 dash0\""));
  EXPECT_THAT(picture, HasSubstr("class=\"line k1 dash1\""));
  EXPECT_THAT(picture, HasSubstr(">marker area: questions, up to 90</text>"));
  EXPECT_THAT(picture, HasSubstr("<title>curve 0: 0.50, 0.01 (questions 40)</title>"));
  EXPECT_THAT(picture, HasSubstr("curve 1: 10 points, from (0.10, 0.00) to (1.00, 0.10)."));
}

TEST(LinePlotTest, MarkerAreaFollowsTheCount) {
  LinePlot plot;
  plot.count_name = "questions";
  plot.series = {{"a", {{0.2, 0.5, 25.0}, {0.5, 0.5, 100.0}, {0.8, 0.5, std::nullopt}}}};
  const auto read = ReadXml(Draw(plot));
  ASSERT_TRUE(read.ok());
  std::vector<double> radii;
  for (const XmlElement* circle : Named(read.value(), "circle")) {
    radii.push_back(std::stod(circle->Attribute("r")));
  }
  ASSERT_EQ(radii.size(), 4u) << "the legend and three points";
  EXPECT_NEAR(radii[2] / radii[1], 2.0, 0.01);
  EXPECT_LT(radii[3], radii[1]);
}

TEST(LinePlotTest, PointsOutsideTheAxesAreLeftOutAndCounted) {
  LinePlot plot;
  plot.x_range = plot.y_range = Range{0, 1};
  plot.series = {{"a", {{0.5, 0.5, {}}, {0.6, 1.5, {}}, {2.0, 0.5, {}}, {kNan, 0.1, {}}}}};
  const std::string picture = Draw(plot);
  EXPECT_THAT(picture, HasSubstr(">2 points lie outside the axes.</text>"));
  EXPECT_THAT(picture, HasSubstr("a: 1 points, from (0.50, 0.50)"));
  plot.guide = 7.0;
  plot.guide_name = "far";
  EXPECT_EQ(CountOf("class=\"guide\"", Draw(plot)), 0u);
}

TEST(LinePlotTest, ReadableWithNothingOneManyAndLongNames) {
  ExpectReadableAtBothWidths(LinePlot{}, "nothing");
  ExpectReadableAtBothWidths(Curves(1, 1), "one point");
  ExpectReadableAtBothWidths(Curves(20, 300), "many");
  LinePlot plot = Curves(6, 5);
  for (auto& series : plot.series) {
    series.name = Long(series.name);
    for (auto& point : series.points) point = {4e14, -4e14, kNan};
  }
  plot.x_label = plot.y_label = plot.guide_name = plot.diagonal = plot.count_name = Long(kLongText);
  plot.guide = -4e14;
  ExpectReadableAtBothWidths(plot, "long names, all equal and large");
  for (auto& series : plot.series) {
    for (auto& point : series.points) point = {kNan, kInfinity, -1.0};
  }
  plot.guide = kNan;
  ExpectReadableAtBothWidths(plot, "no number");
}

ScatterPlot Points(int count) {
  ScatterPlot plot;
  plot.title = "Accuracy against latency";
  plot.x_label = "latency, s";
  plot.y_label = "share right";
  for (int i = 0; i < count; ++i) {
    const double y = 0.6 + 0.3 * std::sin(i * 1.3);
    plot.points.push_back({"policy " + std::to_string(i), "group " + std::to_string(i % 3),
                           std::pow(10.0, (i * 7 % 11) * 0.2), y, y - 0.02, y + 0.02});
  }
  return plot;
}

TEST(ScatterPlotTest, ShowsNamesIntervalsAndWhoIsMissing) {
  ScatterPlot plot = Points(4);
  plot.points[3].x = std::nullopt;
  plot.x_digits = 1;
  const std::string picture = Draw(plot);
  ExpectReadable(picture, "points");
  EXPECT_THAT(picture, HasSubstr(">policy 0</text>"));
  EXPECT_THAT(picture, HasSubstr("<title>policy 0: 1.0, 0.600 (0.580 to 0.620)</title>"));
  EXPECT_EQ(CountOf("class=\"whisker", picture), 9u) << "a line and two caps each";
  EXPECT_THAT(picture, HasSubstr(">Not shown, no data: policy 3.</text>"));
  EXPECT_THAT(picture, HasSubstr("Not shown, no data: policy 3.</desc>"));
}

TEST(ScatterPlotTest, LogarithmicAxisLeavesOutWhatHasNoLogarithm) {
  ScatterPlot plot;
  plot.log_x = true;
  plot.points = {{"ten", "", 10.0, 0.5, {}, {}},
                 {"hundred", "", 100.0, 0.5, {}, {}},
                 {"thousand", "", 1000.0, 0.5, {}, {}},
                 {"zero", "", 0.0, 0.5, {}, {}}};
  const std::string picture = Draw(plot);
  const auto read = ReadXml(picture);
  ASSERT_TRUE(read.ok());
  const auto circles = Named(read.value(), "circle");
  ASSERT_EQ(circles.size(), 3u);
  const auto x = [&](std::size_t i) { return std::stod(circles[i]->Attribute("cx")); };
  EXPECT_NEAR(x(1) - x(0), x(2) - x(1), 0.11);
  EXPECT_GT(x(1) - x(0), 100);
  EXPECT_THAT(picture, HasSubstr("Not shown, no data: zero."));
}

TEST(ScatterPlotTest, PointsOnTheSamePlaceHaveOneNameEachOrAreSaidToHaveNone) {
  ScatterPlot plot;
  for (int i = 0; i < 60; ++i) {
    plot.points.push_back({"point number " + std::to_string(i), "", 1.0, 0.5, {}, {}});
  }
  ExpectReadableAtBothWidths(plot, "all equal");
  const std::string picture = Draw(plot);
  std::size_t named = 0;
  for (std::size_t i = 0; i < 60; ++i) {
    named += CountOf(">" + plot.points[i].label + "</text>", picture);
  }
  EXPECT_GE(named, 4u);
  EXPECT_THAT(picture,
              HasSubstr(">No room for a name: " + std::to_string(60 - named) + " points.</text>"));
}

TEST(ScatterPlotTest, ReadableWithNothingOneManyAndLongNames) {
  ExpectReadableAtBothWidths(ScatterPlot{}, "nothing");
  ExpectReadableAtBothWidths(Points(1), "one");
  ScatterPlot plot = Points(40);
  ExpectReadableAtBothWidths(plot, "forty");
  plot.log_x = true;
  ExpectReadableAtBothWidths(plot, "forty, logarithmic");
  for (auto& point : plot.points) point.label = point.group = Long(point.label);
  plot.x_label = plot.y_label = Long(kLongText);
  ExpectReadableAtBothWidths(plot, "long names");
  for (auto& point : plot.points) point.x = kNan;
  ExpectReadableAtBothWidths(plot, "no number");
}

HeatPlot Matrix(std::size_t count, bool diverging) {
  HeatPlot plot;
  plot.title = "Chemistry";
  plot.value_name = "chemistry";
  plot.diverging = diverging;
  for (std::size_t i = 0; i < count; ++i) plot.names.push_back("model-" + std::to_string(i));
  for (std::size_t i = 0; i < count * count; ++i) {
    plot.values.push_back(std::abs(std::sin(double(i))) - (diverging ? 0.5 : 0.0));
    if (i / count == i % count) plot.values.back() = std::nullopt;
  }
  return plot;
}

// The colour class of the cell whose tooltip is `says`.
std::string ColorOf(const std::string& picture, const std::string& says) {
  const auto read = ReadXml(picture);
  if (!read.ok()) return read.error().text;
  for (const XmlElement* rect : Named(read.value(), "rect")) {
    if (rect->children.size() == 1 && rect->children[0].text == says)
      return rect->Attribute("class");
  }
  return "no cell says: " + says;
}

TEST(HeatPlotTest, CellsHaveTheColourOfTheirValueAndSayIt) {
  HeatPlot plot = Matrix(3, false);
  plot.range = Range{0, 1};
  plot.values = {std::nullopt, 0.0, 1.0, 0.5, std::nullopt, kNan, 7.0, -7.0, std::nullopt};
  const std::string picture = Draw(plot);
  ExpectReadable(picture, "three");
  EXPECT_EQ(ColorOf(picture, "model-0, model-1: 0.00"), "q0");
  EXPECT_EQ(ColorOf(picture, "model-0, model-2: 1.00"), "q20");
  EXPECT_EQ(ColorOf(picture, "model-1, model-0: 0.50"), "q10");
  EXPECT_EQ(ColorOf(picture, "model-2, model-0: 7.00"), "q20");
  EXPECT_EQ(ColorOf(picture, "model-2, model-1: -7.00"), "q0");
  EXPECT_EQ(ColorOf(picture, "model-1, model-2: no data"), "none");
  EXPECT_EQ(ColorOf(picture, "model-1"), "none") << "the diagonal";
  EXPECT_EQ(CountOf("class=\"hatch\"", picture), 2u) << "the cells and the legend";
  EXPECT_THAT(picture, HasSubstr(">no data</text>"));
  EXPECT_THAT(picture, HasSubstr("1 cells without data.</desc>"));
}

TEST(HeatPlotTest, ADivergingScaleIsWhiteAtZeroAndSymmetric) {
  HeatPlot plot = Matrix(2, true);
  plot.values = {0.0, 0.2, -0.1, std::nullopt};
  const std::string picture = Draw(plot);
  EXPECT_EQ(ColorOf(picture, "model-0: 0.00"), "d10");
  EXPECT_EQ(ColorOf(picture, "model-0, model-1: +0.20"), "d20");
  EXPECT_EQ(ColorOf(picture, "model-1, model-0: -0.10"), "d5");
  EXPECT_THAT(picture, HasSubstr(">+0.20</text>"));
  EXPECT_THAT(picture, HasSubstr(">-0.20</text>")) << "the other end of the bar";
}

// Texts with the colour that belongs to the colour of a cell.
std::size_t NumbersIn(const std::string& picture) {
  const auto read = ReadXml(picture);
  if (!read.ok()) return 0;
  std::size_t count = 0;
  for (const XmlElement* text : Named(read.value(), "text")) {
    const std::string css_class = text->Attribute("class");
    if (css_class.starts_with("q") && css_class.ends_with("t")) ++count;
  }
  return count;
}

TEST(HeatPlotTest, NumbersStandInCellsUpToTwelveNames) {
  for (const double width : {kWide, kNarrow}) {
    EXPECT_EQ(NumbersIn(Draw(Matrix(12, false), width)), 12u * 11u);
    EXPECT_EQ(NumbersIn(Draw(Matrix(13, false), width)), 0u);
  }
}

TEST(HeatPlotTest, ReadableWithNothingOneManyAndLongNames) {
  ExpectReadableAtBothWidths(HeatPlot{}, "nothing");
  for (const bool diverging : {false, true}) {
    for (const std::size_t count : {1u, 2u, 10u, 12u, 13u, 40u, 100u, 256u}) {
      ExpectReadableAtBothWidths(Matrix(count, diverging), std::to_string(count));
    }
    HeatPlot plot = Matrix(12, diverging);
    for (auto& name : plot.names) name = Long(name);
    plot.value_name = plot.low_name = plot.high_name = Long(kLongText);
    ExpectReadableAtBothWidths(plot, "long names");
    for (auto& value : plot.values) value = 0.5;
    ExpectReadableAtBothWidths(plot, "all equal");
    for (auto& value : plot.values) value = kNan;
    ExpectReadableAtBothWidths(plot, "no number");
    for (auto& value : plot.values) value = -123456.789;
    ExpectReadableAtBothWidths(plot, "large");
  }
}

TEST(HeatPlotTest, ALargeMatrixStaysASmallFile) {
  HeatPlot plot = Matrix(256, false);
  EXPECT_LT(Draw(plot).size(), 3u << 20u);
  for (auto& value : plot.values) value = std::nullopt;
  EXPECT_LT(Draw(plot).size(), 3u << 20u);
}

TEST(PlotStyleTest, SeriesHaveAContrastOfThreeToThePaper) {
  const std::string style = Style();
  const std::size_t dark = style.find("prefers-color-scheme:dark");
  ASSERT_NE(dark, std::string::npos);
  const auto luminance = [](const std::string& hex) {
    const auto part = [&](std::size_t at) {
      const double c = std::stoi(hex.substr(at, 2), nullptr, 16) / 255.0;
      return c <= 0.03928 ? c / 12.92 : std::pow((c + 0.055) / 1.055, 2.4);
    };
    return 0.2126 * part(1) + 0.7152 * part(3) + 0.0722 * part(5);
  };
  for (const auto& [from, paper] : {std::pair{std::size_t{0}, 1.0}, std::pair{dark, 0.0097}}) {
    for (int key = 0; key < 8; ++key) {
      const std::size_t at = style.find("--k" + std::to_string(key) + ":", from);
      ASSERT_NE(at, std::string::npos);
      const double ink = luminance(style.substr(at + 5, 7));
      const double contrast = (std::max(ink, paper) + 0.05) / (std::min(ink, paper) + 0.05);
      EXPECT_GE(contrast, 3.0) << style.substr(at, 12);
    }
  }
}

}  // namespace
}  // namespace consilium::plot
