#include "cli/html_page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/xml_check.h"

namespace consilium::html {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

constexpr const char* kHostile = "<script>alert(\"1\")</script> & 'x' \xff\x01 ]]> --> </style>";

plot::LinePlot Curve() {
  plot::LinePlot plot;
  plot.title = "Risk";
  plot.series = {{"a", {{0.0, 0.1, {}}, {1.0, 0.3, {}}}}};
  return plot;
}

Page Report() {
  Page page;
  page.title = "Evaluation";
  page.subtitle = "Ten models";
  page.facts = {{"Questions", "1273"}, {"Folds", "5"}};
  Table table;
  table.columns = {{"policy", false, ""}, {"right", true, "Share of questions answered right."}};
  table.rows = {{"top 3", "0.82"}, {"top 5", "0.84"}, {"short"}, {"long", "1", "surplus"}};
  table.highlighted = {1, 99};
  page.sections = {{"All numbers", "First.\nSecond.", table},
                   {"Risk & coverage", "", FigureOf(Curve())},
                   {"Words only", "Just this.", {}}};
  return page;
}

XmlElement Read(const std::string& text) {
  const auto read = ReadXml(text);
  EXPECT_TRUE(read.ok()) << read.error().text;
  return read.ok() ? read.value() : XmlElement{};
}

std::vector<std::string> TextsOf(const XmlElement& root, std::string_view name) {
  std::vector<std::string> texts;
  for (const XmlElement* element : Named(root, name)) texts.push_back(element->text);
  return texts;
}

TEST(HtmlPageTest, ShowsWhatItIsGivenInOrder) {
  const XmlElement root = Read(Write(Report()));
  EXPECT_EQ(root.Attribute("lang"), "en");
  EXPECT_THAT(TextsOf(root, "h1"), ElementsAre("Evaluation"));
  EXPECT_THAT(TextsOf(root, "h2"), ElementsAre("All numbers", "Risk & coverage", "Words only"));
  EXPECT_THAT(TextsOf(root, "p"), ElementsAre("Ten models", "First.", "Second.", "Just this."));
  EXPECT_THAT(TextsOf(root, "dd"), ElementsAre("1273", "5", "Share of questions answered right."));
  EXPECT_EQ(Named(root, "svg").size(), 2u) << "wide and narrow";
}

TEST(HtmlPageTest, TheTableOfContentsLeadsToEverySection) {
  Page page = Report();
  for (const char* heading : {"All numbers", "All numbers 2", "???", "", "All numbers-2"}) {
    page.sections.push_back({heading, "", {}});
  }
  const XmlElement root = Read(Write(page));
  std::vector<std::string> ids;
  for (const XmlElement* section : Named(root, "section")) ids.push_back(section->Attribute("id"));
  EXPECT_THAT(ids, ElementsAre("all-numbers", "risk-coverage", "words-only", "all-numbers-2",
                               "all-numbers-2-2", "section", "section-2", "all-numbers-2-3"));
  std::vector<std::string> links;
  for (const XmlElement* link : Named(root, "a"))
    links.push_back(link->Attribute("href").substr(1));
  EXPECT_EQ(links, ids);
}

TEST(HtmlPageTest, RowsHaveTheCellsOfTheColumns) {
  const XmlElement root = Read(Write(Report()));
  const auto rows = Named(root, "tr");
  ASSERT_EQ(rows.size(), 5u);
  for (const XmlElement* row : rows) EXPECT_EQ(row->children.size(), 2u);
  EXPECT_EQ(rows[2]->Attribute("class"), "highlighted");
  EXPECT_EQ(rows[1]->Attribute("class"), "");
  EXPECT_EQ(rows[1]->children[0].name, "th");
  EXPECT_EQ(rows[1]->children[0].Attribute("scope"), "row");
  EXPECT_EQ(rows[1]->children[1].Attribute("class"), "right");
  EXPECT_EQ(rows[1]->children[1].text, "0.82");
  EXPECT_EQ(rows[3]->children[1].text, "");
  const auto tips = Named(root, "abbr");
  ASSERT_EQ(tips.size(), 1u);
  EXPECT_EQ(tips[0]->Attribute("title"), "Share of questions answered right.");
}

TEST(HtmlPageTest, EveryTextIsEscaped) {
  Page page;
  page.title = page.subtitle = kHostile;
  page.facts = {{kHostile, kHostile}};
  Table table;
  table.columns = {{kHostile, false, kHostile}};
  table.rows = {{kHostile}};
  plot::ScatterPlot points;
  points.title = points.description = points.x_label = points.y_label = kHostile;
  points.points = {{kHostile, kHostile, 1.0, 1.0, {}, {}}};
  page.sections = {{kHostile, kHostile, table}, {kHostile, kHostile, FigureOf(points)}};
  const std::string text = Write(page);
  const XmlElement root = Read(text);
  EXPECT_THAT(text, Not(HasSubstr("<script")));
  EXPECT_TRUE(Named(root, "script").empty());
  const std::string shown =
      "<script>alert(\"1\")</script> & 'x' \xEF\xBF\xBD\xEF\xBF\xBD ]]> --> </style>";
  EXPECT_THAT(TextsOf(root, "h1"), ElementsAre(shown));
  EXPECT_THAT(TextsOf(root, "h2"), ElementsAre(shown, shown));
  EXPECT_THAT(TextsOf(root, "th"), testing::Contains(shown));
  EXPECT_THAT(TextsOf(root, "abbr"), ElementsAre(shown));
  EXPECT_EQ(Named(root, "style").size(), 1u);
}

// What is not there cannot be fetched; the policy makes the browser hold to it.
TEST(HtmlPageTest, NeedsNothingFromOutside) {
  const std::string text = Write(Report());
  const XmlElement root = Read(text);
  for (const char* word : {"<script", "url(", "@import", "src=", "<iframe", "onload"}) {
    EXPECT_THAT(text, Not(HasSubstr(word)));
  }
  std::string without = text;
  const std::string name_space = "xmlns=\"http://www.w3.org/2000/svg\"";
  for (auto at = without.find(name_space); at != std::string::npos; at = without.find(name_space)) {
    without.erase(at, name_space.size());
  }
  EXPECT_THAT(without, Not(HasSubstr("http:")));
  EXPECT_THAT(without, Not(HasSubstr("https:")));
  std::string policy;
  for (const XmlElement* meta : Named(root, "meta")) {
    if (meta->Attribute("http-equiv") == "Content-Security-Policy") {
      policy = meta->Attribute("content");
    }
  }
  EXPECT_EQ(policy, "default-src 'none'; style-src 'unsafe-inline'; img-src data:");
}

void CollectIds(const XmlElement& element, std::multiset<std::string>* ids) {
  if (!element.Attribute("id").empty()) ids->insert(element.Attribute("id"));
  for (const XmlElement& child : element.children) CollectIds(child, ids);
}

TEST(HtmlPageTest, IdsAreUniqueHoweverManyPicturesThereAre) {
  Page page = Report();
  plot::HeatPlot heat;
  heat.names = {"a", "b"};
  heat.values = {0.1, {}, 0.2, 0.3};
  for (int i = 0; i < 3; ++i) page.sections.push_back({"Heat", "", FigureOf(heat)});
  std::multiset<std::string> ids;
  CollectIds(Read(Write(page)), &ids);
  EXPECT_EQ(ids.size(), 6u);
  for (const std::string& id : ids) EXPECT_EQ(ids.count(id), 1u) << id;
}

TEST(HtmlPageTest, SameReportSameBytes) { EXPECT_EQ(Write(Report()), Write(Report())); }

TEST(HtmlPageTest, EmptyPagesTablesAndFiguresAreWellFormed) {
  const XmlElement nothing = Read(Write(Page{}));
  EXPECT_TRUE(Named(nothing, "nav").empty());
  Page page;
  Table empty;
  empty.columns = {{"a", false, ""}, {"b", true, ""}};
  page.sections = {{"No rows", "", empty}, {"No columns", "", Table{}}};
  page.sections.push_back({"One picture", "\n\n", Figure{plot::Draw(plot::LinePlot{}), ""}});
  const XmlElement root = Read(Write(page));
  EXPECT_THAT(TextsOf(root, "td"), ElementsAre("no rows"));
  EXPECT_EQ(Named(root, "table").size(), 1u);
  EXPECT_EQ(Named(root, "svg").size(), 1u);
  EXPECT_TRUE(Named(root, "p").empty());
}

// Whoever cannot use a mouse can scroll, and hears what the box is.
TEST(HtmlPageTest, ScrollingBoxesAreReachableAndNamed) {
  const XmlElement root = Read(Write(Report()));
  std::size_t boxes = 0;
  for (const XmlElement* box : Named(root, "div")) {
    if (box->Attribute("role") != "region") continue;
    ++boxes;
    EXPECT_EQ(box->Attribute("tabindex"), "0");
    EXPECT_NE(box->Attribute("aria-label"), "");
  }
  EXPECT_EQ(boxes, 3u) << "a table, and a picture at both widths";
}

}  // namespace
}  // namespace consilium::html
