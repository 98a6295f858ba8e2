// Reads a picture back as a person would: which texts stand where.
#pragma once

#include <gtest/gtest.h>

#include <cstdio>
#include <string>
#include <vector>

#include "cli/svg.h"
#include "tests/support/xml_check.h"

namespace consilium::plot {

struct TextOnPicture {
  std::string text;
  svg::Box box;
};

// Texts that stand upright or turned by 90 degrees; slanted ones are left out.
inline void CollectTexts(const XmlElement& element, const std::string& transform,
                         std::vector<TextOnPicture>* found) {
  for (const XmlElement& child : element.children) {
    if (child.name != "text") {
      CollectTexts(child, transform + child.Attribute("transform"), found);
      continue;
    }
    const std::string& name = child.Attribute("text-anchor");
    const svg::Anchor anchor = name == "middle" ? svg::Anchor::kMiddle
                               : name == "end"  ? svg::Anchor::kEnd
                                                : svg::Anchor::kStart;
    svg::Box box = svg::TextBox(std::stod(child.Attribute("x")), std::stod(child.Attribute("y")),
                                std::stod(child.Attribute("font-size")), anchor, child.text);
    double dx = 0.0;
    double dy = 0.0;
    if (!transform.empty()) {
      double turn = 0.0;
      ASSERT_EQ(std::sscanf(transform.c_str(), "translate(%lf %lf) rotate(%lf)", &dx, &dy, &turn),
                3)
          << transform;
      if (turn != -90.0) continue;
      box = {dx + box.top, dy - box.right, dx + box.bottom, dy - box.left};
    }
    found->push_back({child.text, box});
  }
}

// A picture that can be read: well-formed, named, no two texts on each other, none outside, and no
// number that is none.
inline void ExpectReadable(const std::string& picture, const std::string& which) {
  SCOPED_TRACE(which);
  const auto read = ReadXml(picture);
  ASSERT_TRUE(read.ok()) << read.error().text;
  const XmlElement& root = read.value();
  EXPECT_EQ(root.name, "svg");
  EXPECT_EQ(root.Attribute("role"), "img");
  ASSERT_GE(root.children.size(), 2u);
  EXPECT_EQ(root.children[0].name, "title");
  EXPECT_EQ(root.children[1].name, "desc");
  for (const char* word : {"nan", "inf", "1e+3"}) {
    EXPECT_EQ(picture.find(word), std::string::npos) << word;
  }
  std::vector<TextOnPicture> texts;
  CollectTexts(root, "", &texts);
  const svg::Box paper{0, 0, std::stod(root.Attribute("width")),
                       std::stod(root.Attribute("height"))};
  // What the picture rounds to a tenth may touch by a tenth.
  constexpr double kRounding = 0.11;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    svg::Box box = texts[i].box;
    box = {box.left + kRounding, box.top + kRounding, box.right - kRounding,
           box.bottom - kRounding};
    EXPECT_TRUE(paper.Contains(box)) << texts[i].text << ": " << box.left << " " << box.top << " "
                                     << box.right << " " << box.bottom;
    for (std::size_t j = i + 1; j < texts.size(); ++j) {
      EXPECT_FALSE(box.left < box.right && box.Overlaps(texts[j].box))
          << texts[i].text << " on " << texts[j].text;
    }
  }
}

}  // namespace consilium::plot
