#include "tests/support/xml_check.h"

#include <gtest/gtest.h>

namespace consilium {
namespace {

TEST(XmlCheckTest, ReadsElementsAttributesAndText) {
  const auto read = ReadXml("<!DOCTYPE html>\n<a b=\"1 &lt; 2\">x<c/>&amp;y<c d=\"\">z</c></a>\n");
  ASSERT_TRUE(read.ok()) << read.error().text;
  EXPECT_EQ(read.value().name, "a");
  EXPECT_EQ(read.value().Attribute("b"), "1 < 2");
  EXPECT_EQ(read.value().Attribute("none"), "");
  EXPECT_EQ(read.value().text, "x&y");
  const auto inner = Named(read.value(), "c");
  ASSERT_EQ(inner.size(), 2u);
  EXPECT_EQ(inner[1]->text, "z");
}

TEST(XmlCheckTest, RefusesWhatIsNotWellFormed) {
  const auto error = [](std::string_view text) {
    const auto read = ReadXml(text);
    return read.ok() ? "none" : read.error().text;
  };
  EXPECT_EQ(error("<a><b></a></b>"), "no </b> at byte 6");
  EXPECT_EQ(error("<a>"), "end of text at byte 3");
  EXPECT_EQ(error("<a>1 & 2</a>"), "bare & at byte 5");
  EXPECT_EQ(error("<a>&nbsp;</a>"), "bare & at byte 3");
  EXPECT_EQ(error("<a b=\"<\"/>"), "bare < at byte 6");
  EXPECT_EQ(error("<a b=1/>"), "no =\" at byte 4");
  EXPECT_EQ(error("<a b=\"1\"c=\"2\"/>"), "no space before an attribute at byte 8");
  EXPECT_EQ(error("<a b=\"1\" b=\"2\"/>"), "twice b at byte 14");
  EXPECT_EQ(error("<a/><b/>"), "more after the root at byte 4");
  EXPECT_EQ(error("<a>\xff</a>"), "invalid UTF-8 at byte 3");
  EXPECT_EQ(error("<a>\x01</a>"), "control character at byte 3");
  EXPECT_EQ(error("<a><!-- no --></a>"), "no name at byte 4");
}

}  // namespace
}  // namespace consilium
