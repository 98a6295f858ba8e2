#include "cli/screen.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace consilium {
namespace {

constexpr Look kPlain{false, 80};
constexpr Look kColour{true, 80};

TEST(CleanTextTest, ControlSequencesCannotReachTheTerminal) {
  EXPECT_EQ(CleanText("take\x1b[31m 5\tmg\r\nnow\x07"), "take [31m 5 mg now");
  EXPECT_EQ(CleanText("a\xC2\x9B"
                      "b"),
            "a b");
}

TEST(CleanTextTest, DirectionOverridesAndZeroWidthBecomeASpace) {
  EXPECT_EQ(CleanText("5\xE2\x80\xAEgm"), "5 gm");
  EXPECT_EQ(CleanText("a\xE2\x80\x8B"
                      "b"),
            "a b");
}

TEST(CleanTextTest, InvalidUtf8IsReplacedAndSpacesAreTrimmed) {
  EXPECT_EQ(CleanText("  a\xFF  b  "), "a\xEF\xBF\xBD b");
}

TEST(DisplayWidthTest, CountsCells) {
  EXPECT_EQ(DisplayWidth(""), 0u);
  EXPECT_EQ(DisplayWidth("abc"), 3u);
  EXPECT_EQ(DisplayWidth("\xC3\xA9"), 1u);                  // e acute
  EXPECT_EQ(DisplayWidth("e\xCC\x81"), 1u);                 // e and a combining acute
  EXPECT_EQ(DisplayWidth("\xE6\xBC\xA2\xE5\xAD\x97"), 4u);  // two Chinese characters
}

TEST(FitTextTest, SaysThatSomethingWasCut) {
  EXPECT_EQ(FitText("amoxicillin", 20), "amoxicillin");
  EXPECT_EQ(FitText("amoxicillin", 6), "amox..");
  EXPECT_EQ(FitText("\xE6\xBC\xA2\xE5\xAD\x97\xE6\xBC\xA2", 5), "\xE6\xBC\xA2..");
}

TEST(PadTextTest, FillsLeftOrRight) {
  EXPECT_EQ(PadText("ab", 4), "ab  ");
  EXPECT_EQ(PadText("ab", 4, true), "  ab");
  EXPECT_EQ(PadText("abcdef", 4), "ab..");
}

TEST(WrapTextTest, BreaksAtSpaces) {
  const std::vector<std::string> expected{"one two", "three"};
  EXPECT_EQ(WrapText("one two three", 8), expected);
}

TEST(WrapTextTest, BreaksAWordThatIsLongerThanALine) {
  EXPECT_EQ(WrapText("ab cdefgh ij", 5), (std::vector<std::string>{"ab", "cdefg", "h ij"}));
}

TEST(WrapTextTest, EmptyTextIsOneEmptyLine) {
  EXPECT_EQ(WrapText(" \n ", 10), std::vector<std::string>{""});
}

TEST(WrapTextTest, EndsWhereACharacterIsWiderThanALine) {
  EXPECT_EQ(WrapText("\xE6\xBC\xA2\xE5\xAD\x97", 1).size(), 3u);
}

TEST(PaintTest, NoColourWithoutATerminal) {
  EXPECT_EQ(Paint("x", Tint::kRed, kPlain), "x");
  EXPECT_EQ(Paint("x", Tint::kRed, kColour), "\x1b[31mx\x1b[0m");
  EXPECT_EQ(Paint("x", Tint::kPlain, kColour), "x");
}

TEST(TableTest, AlignsColumns) {
  Table table({{"model"}, {"grade", true}});
  table.Row({"gpt-4o", "0.9"});
  table.Row({"x", "0.85"});
  EXPECT_EQ(table.Text(kPlain),
            "  model   grade\n"
            "  gpt-4o    0.9\n"
            "  x        0.85\n");
}

TEST(TableTest, StaysWithinTheWidthByNarrowingWhatMayGiveWay) {
  Table table({{"model", false, true}, {"note", false, true}, {"n", true, false}});
  table.Row({std::string(60, 'm'), std::string(90, 'n'), "12345"});
  const std::string text = table.Text(kPlain);
  std::size_t start = 0;
  while (start < text.size()) {
    const std::size_t end = text.find('\n', start);
    EXPECT_LE(DisplayWidth(text.substr(start, end - start)), 80u);
    start = end + 1;
  }
  EXPECT_NE(text.find("12345"), std::string::npos);
}

TEST(TableTest, MissingCellsAreEmptyAndCellsAreCleaned) {
  Table table({{"a"}, {"b"}});
  table.Row({"x\ny"});
  EXPECT_EQ(table.Text(kPlain, ""), "a    b\nx y\n");
}

}  // namespace
}  // namespace consilium
