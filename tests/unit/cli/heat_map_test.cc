#include "cli/heat_map.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace consilium {
namespace {

using testing::HasSubstr;
using testing::Not;

// All pairs have the value; the diagonal none.
HeatMap Uniform(std::size_t count, double value) {
  HeatMap map{"A title", "a subtitle", {}, false, {}};
  for (std::size_t i = 0; i < count; ++i) map.names.push_back("model-" + std::to_string(i));
  map.values.assign(count * count, value);
  for (std::size_t i = 0; i < count; ++i) map.values[i * count + i] = std::nullopt;
  return map;
}

void SetPair(HeatMap* map, std::size_t a, std::size_t b, std::optional<double> value) {
  const std::size_t count = map->names.size();
  map->values[a * count + b] = value;
  map->values[b * count + a] = value;
}

std::size_t CountOf(std::string_view what, std::string_view text) {
  std::size_t count = 0;
  for (auto at = text.find(what); at != std::string_view::npos; at = text.find(what, at + 1)) {
    ++count;
  }
  return count;
}

// Every element that opens closes, in order, and no text holds bare markup: what a parser asks for.
void ExpectWellFormed(const std::string& svg) {
  std::vector<std::string> open;
  for (std::size_t at = svg.find('<'); at != std::string::npos; at = svg.find('<', at + 1)) {
    const std::size_t end = svg.find('>', at);
    ASSERT_NE(end, std::string::npos);
    const std::string tag = svg.substr(at + 1, end - at - 1);
    ASSERT_EQ(tag.find('<'), std::string::npos) << tag;
    ASSERT_EQ(CountOf("\"", tag) % 2, 0u) << tag;
    if (tag.front() == '/') {
      ASSERT_FALSE(open.empty());
      ASSERT_EQ(open.back(), tag.substr(1));
      open.pop_back();
    } else if (tag.back() != '/') {
      open.push_back(tag.substr(0, tag.find(' ')));
    }
  }
  EXPECT_TRUE(open.empty());
  EXPECT_THAT(svg, Not(HasSubstr("nan")));
  EXPECT_THAT(svg, Not(HasSubstr("inf")));
}

// The fill of the cell whose tooltip is `says`.
std::string FillOf(const std::string& svg, const std::string& says) {
  const std::size_t at = svg.find("><title>" + says + "</title>");
  if (at == std::string::npos) return "no cell says: " + says;
  const std::size_t from = svg.rfind("fill=\"", at) + 6;
  return svg.substr(from, svg.find('"', from) - from);
}

TEST(HeatMapTest, ShowsTitleNamesValuesAndLegend) {
  const std::string svg = DrawHeatMap(Uniform(3, 0.25));
  ExpectWellFormed(svg);
  EXPECT_THAT(svg, HasSubstr("<title>A title</title>"));
  EXPECT_THAT(svg, HasSubstr(">a subtitle</text>"));
  EXPECT_EQ(CountOf(">model-1</text>", svg), 2u) << "a row and a column";
  EXPECT_EQ(CountOf("rotate(-45 ", svg), 3u);
  EXPECT_EQ(CountOf("<title>model-0 + model-2: 0.25</title>", svg), 1u);
  EXPECT_EQ(CountOf(">0.25</text>", svg), 6u + 1u) << "six cells and the legend";
  EXPECT_THAT(svg, HasSubstr(">0.00</text>"));
  EXPECT_THAT(svg, HasSubstr(">1.00</text>"));
  EXPECT_THAT(svg, Not(HasSubstr("no data")));
}

TEST(HeatMapTest, NeedsNothingFromOutside) {
  const std::string svg = DrawHeatMap(Uniform(3, 0.25));
  EXPECT_EQ(CountOf("http", svg), 1u) << "the name space";
  EXPECT_THAT(svg, Not(HasSubstr("<script")));
  EXPECT_THAT(svg, Not(HasSubstr("href")));
}

TEST(HeatMapTest, NamesAreEscaped) {
  HeatMap map = Uniform(2, 0.5);
  map.title = "<svg onload=\"x\">";
  map.subtitle = "a & b";
  map.names = {"<&>\"'", std::string("\x01 \xff bytes")};
  const std::string svg = DrawHeatMap(map);
  ExpectWellFormed(svg);
  EXPECT_THAT(svg, HasSubstr("<title>&lt;svg onload=&quot;x&quot;&gt;</title>"));
  EXPECT_THAT(svg, HasSubstr(">a &amp; b</text>"));
  EXPECT_THAT(svg, HasSubstr(">&lt;&amp;&gt;&quot;&#39;</text>"));
  EXPECT_THAT(svg, HasSubstr(">\xEF\xBF\xBD \xEF\xBF\xBD bytes</text>"));
}

TEST(HeatMapTest, LongNamesAreCutOnTheAxesAndWholeInTheTooltip) {
  HeatMap map = Uniform(2, 0.5);
  map.names[1] = std::string(60, 'x');
  const std::string svg = DrawHeatMap(map);
  EXPECT_THAT(svg, HasSubstr(">" + std::string(31, 'x') + "\xE2\x80\xA6</text>"));
  EXPECT_THAT(svg, HasSubstr("<title>model-0 + " + std::string(60, 'x') + ": 0.50</title>"));
}

TEST(HeatMapTest, HigherIsDarkerAndOutOfRangeIsTheEnd) {
  HeatMap map = Uniform(4, 0.0);
  SetPair(&map, 0, 1, 1.0);
  SetPair(&map, 0, 2, 1.5);
  SetPair(&map, 0, 3, -0.5);
  const std::string svg = DrawHeatMap(map);
  EXPECT_EQ(FillOf(svg, "model-1 + model-2: 0.00"), "#f8f9f3");
  EXPECT_EQ(FillOf(svg, "model-0 + model-1: 1.00"), "#182a63");
  EXPECT_EQ(FillOf(svg, "model-0 + model-2: 1.50"), "#182a63");
  EXPECT_EQ(FillOf(svg, "model-0 + model-3: -0.50"), "#f8f9f3");
}

TEST(HeatMapTest, TextIsLightOnDarkCellsOnly) {
  const std::string dark = "fill=\"#ffffff\">0.90</text>";
  const std::string light = "fill=\"#1b1f24\">0.10</text>";
  EXPECT_EQ(CountOf(dark, DrawHeatMap(Uniform(3, 0.9))), 6u);
  EXPECT_EQ(CountOf(light, DrawHeatMap(Uniform(3, 0.1))), 6u);
}

TEST(HeatMapTest, SignedValuesAreWhiteAtZeroOnASymmetricScale) {
  HeatMap map = Uniform(4, 0.0);
  map.is_signed = true;
  SetPair(&map, 0, 1, 0.04);
  SetPair(&map, 0, 2, -0.02);
  SetPair(&map, 0, 3, -0.0001);
  const std::string svg = DrawHeatMap(map);
  ExpectWellFormed(svg);
  EXPECT_EQ(FillOf(svg, "model-1 + model-2: 0.000"), "#ffffff");
  EXPECT_EQ(CountOf(">+0.050</text>", svg), 1u) << "the end of the scale, rounded up";
  EXPECT_EQ(CountOf(">-0.050</text>", svg), 1u);
  EXPECT_EQ(CountOf("<title>model-0 + model-1: +0.040</title>", svg), 1u);
  EXPECT_EQ(CountOf("<title>model-0 + model-3: 0.000</title>", svg), 1u) << "no negative zero";
  EXPECT_THAT(svg, HasSubstr(">hinder each other</text>"));
  EXPECT_NE(FillOf(svg, "model-0 + model-1: +0.040"), FillOf(svg, "model-0 + model-2: -0.020"));
}

TEST(HeatMapTest, ScaleWithNothingOnItIsFinite) {
  HeatMap map = Uniform(3, 0.0);
  map.is_signed = true;
  ExpectWellFormed(DrawHeatMap(map));
  map.values.assign(9, std::nullopt);
  ExpectWellFormed(DrawHeatMap(map));
}

TEST(HeatMapTest, WhatIsNotKnownIsHatchedAndNeverANumber) {
  HeatMap map = Uniform(3, 0.5);
  SetPair(&map, 0, 1, std::nullopt);
  SetPair(&map, 1, 2, std::numeric_limits<double>::quiet_NaN());
  const std::string svg = DrawHeatMap(map);
  ExpectWellFormed(svg);
  EXPECT_EQ(FillOf(svg, "model-0 + model-1: no data"), "url(#none)");
  EXPECT_EQ(FillOf(svg, "model-1 + model-2: no data"), "url(#none)");
  EXPECT_NE(FillOf(svg, "model-1"), "url(#none)") << "the diagonal";
  EXPECT_EQ(CountOf(">no data</text>", svg), 1u) << "the legend";
}

TEST(HeatMapTest, FewToManyModelsAreDrawn) {
  for (const std::size_t count : {1u, 2u, 20u, 60u, 256u}) {
    SCOPED_TRACE(count);
    const std::string svg = DrawHeatMap(Uniform(count, 0.5));
    ExpectWellFormed(svg);
    // Background, legend, two of the hatch, cells.
    EXPECT_EQ(CountOf("<rect", svg), count * count + 4);
  }
  EXPECT_EQ(CountOf(">0.50</text>", DrawHeatMap(Uniform(20, 0.5))), 20u * 19 + 1);
  EXPECT_EQ(CountOf(">0.50</text>", DrawHeatMap(Uniform(60, 0.5))), 1u) << "cells are too small";
}

TEST(HeatMapTest, NoModelsAreSaid) {
  const std::string svg = DrawHeatMap(Uniform(0, 0.0));
  ExpectWellFormed(svg);
  EXPECT_THAT(svg, HasSubstr(">no models</text>"));
}

TEST(HeatMapTest, LongSubtitlesAreBroken) {
  HeatMap map = Uniform(3, 0.5);
  map.subtitle.clear();
  for (int i = 0; i < 40; ++i) map.subtitle += "word ";
  const std::string svg = DrawHeatMap(map);
  EXPECT_GT(CountOf(">word word", svg), 1u);
  EXPECT_EQ(CountOf("word", svg), 40u);
}

}  // namespace
}  // namespace consilium
