#include "cli/svg.h"

#include <gtest/gtest.h>

#include <string>

namespace consilium::svg {
namespace {

TEST(SvgTest, MarkupIsEscapedAndWhatXmlCannotWriteIsReplaced) {
  EXPECT_EQ(Escaped("a <b> & \"c\" 'd'"), "a &lt;b&gt; &amp; &quot;c&quot; &#39;d&#39;");
  EXPECT_EQ(Escaped("\xff|\x01|\x7f|\n|\xEF\xBF\xBF"),
            "\xEF\xBF\xBD|\xEF\xBF\xBD|\xEF\xBF\xBD|\xEF\xBF\xBD|\xEF\xBF\xBD");
  EXPECT_EQ(Escaped("Ménière"), "Ménière");
}

TEST(SvgTest, NumbersHaveNoMinusBeforeZero) {
  EXPECT_EQ(Number(-0.004, 2), "0.00");
  EXPECT_EQ(Number(-0.006, 2), "-0.01");
  EXPECT_EQ(Px(12.0), "12");
  EXPECT_EQ(Px(12.34), "12.3");
  EXPECT_EQ(Px(-0.01), "0");
}

TEST(SvgTest, LongTextIsShortenedToTheWidthBetweenCharacters) {
  EXPECT_EQ(Shortened("short", 12, 200), "short");
  const std::string name(80, 'x');
  const std::string cut = Shortened(name, 12, 100);
  EXPECT_LE(TextWidth(cut, 12), 100);
  EXPECT_GT(TextWidth(cut, 12), 80) << "as much as fits";
  EXPECT_EQ(cut.substr(cut.size() - 3), "\xE2\x80\xA6");
  EXPECT_EQ(Shortened("ééé", 10, 14), "é\xE2\x80\xA6");
  EXPECT_EQ(Shortened("bad \xff", 12, 200), "bad \xEF\xBF\xBD");
}

TEST(SvgTest, WideLettersAndScriptsAreWider) {
  EXPECT_LT(TextWidth("iiii", 12), TextWidth("nnnn", 12));
  EXPECT_LT(TextWidth("nnnn", 12), TextWidth("MMMM", 12));
  EXPECT_NEAR(TextWidth("漢", 10), 2 * TextWidth("é", 10), 1e-9);
}

TEST(SvgTest, LinesBreakAtSpacesAndFit) {
  const auto lines = Lines("one two three  four\nfive " + std::string(50, 'y'), 12, 70);
  ASSERT_GE(lines.size(), 3u);
  std::string all;
  for (const std::string& line : lines) {
    EXPECT_LE(TextWidth(line, 12), 70) << line;
    all += line + " ";
  }
  EXPECT_EQ(all.substr(0, 25), "one two three four five y");
  EXPECT_TRUE(Lines("  ", 12, 70).empty());
}

TEST(SvgTest, TextSaysItsWholeOnlyWhereItWasShortened) {
  EXPECT_EQ(Text(1, 2, 12, Anchor::kEnd, "faint", "a<b", "a<b"),
            "<text x=\"1\" y=\"2\" font-size=\"12\" text-anchor=\"end\" class=\"faint\">a&lt;b"
            "</text>\n");
  EXPECT_EQ(Text(1, 2, 12, Anchor::kStart, "", "a", "abc"),
            "<text x=\"1\" y=\"2\" font-size=\"12\"><title>abc</title>a</text>\n");
}

TEST(SvgTest, BoxesThatOnlyTouchDoNotOverlap) {
  const Box box{0, 0, 10, 10};
  EXPECT_FALSE(box.Overlaps({10, 0, 20, 10}));
  EXPECT_TRUE(box.Overlaps({9, 9, 20, 20}));
  EXPECT_TRUE(box.Contains({0, 0, 10, 5}));
  EXPECT_FALSE(box.Contains({0, 0, 10, 11}));
  const Box middle = TextBox(50, 20, 10, Anchor::kMiddle, "abc");
  EXPECT_NEAR((middle.left + middle.right) / 2, 50, 1e-9);
  EXPECT_NEAR(TextBox(50, 20, 10, Anchor::kEnd, "abc").right, 50, 1e-9);
}

}  // namespace
}  // namespace consilium::svg
