#include "gateway/hooks/card_escape.h"
#include "shared/utf8.h"

#include <gtest/gtest.h>

namespace consilium {
namespace {

TEST(CardEscapeTest, MarkupOfOthersStaysText) {
  EXPECT_EQ(MarkdownLine("plain text, 5 mg (oral)."), "plain text, 5 mg (oral).");
  EXPECT_EQ(MarkdownLine("[click](https://evil.example/x)"),
            "\\[click\\](https:/ /evil. example/x)");
  EXPECT_EQ(MarkdownLine("![x](/p)"), "!\\[x\\](/p)");
  EXPECT_EQ(MarkdownLine("<img src=x onerror=alert(1)>"), "&lt;img src=x onerror=alert(1)&gt;");
  EXPECT_EQ(MarkdownLine("&lt;script&gt;"), "&amp;lt;script&amp;gt;");
  EXPECT_EQ(MarkdownLine("**bold** _it_ ~~s~~ `code` a|b \\*"),
            "\\*\\*bold\\*\\* \\_it\\_ \\~\\~s\\~\\~ \\`code\\` a\\|b \\\\\\*");
}

// GFM's extension links these without any brackets, other renderers link names of hosts as well;
// some do it after entities were resolved, so that only a space helps.
TEST(CardEscapeTest, BareAddressesAreNoLinks) {
  EXPECT_EQ(MarkdownLine("see https://evil.example"), "see https:/ /evil. example");
  EXPECT_EQ(MarkdownLine("see HTTPS://EVIL.COM"), "see HTTPS:/ /EVIL. COM");
  EXPECT_EQ(MarkdownLine("see ////evil"), "see / / / /evil");
  EXPECT_EQ(MarkdownLine("see WWW.e.example"), "see WWW .e. example");
  EXPECT_EQ(MarkdownLine("a@evil.example"), "a @ evil. example");
  EXPECT_EQ(MarkdownLine("mailto:a@b"), "mailto:a @ b");
  // What is not seen does not hold an address together either.
  EXPECT_EQ(MarkdownLine("https:\xe2\x80\x8b//evil"), "https:/ /evil");
  EXPECT_EQ(MarkdownLine("https&colon;//evil"), "https&amp;colon;/ /evil");
  EXPECT_EQ(MarkdownLine("evil.\xd1\x80\xd1\x84"), "evil. \xd1\x80\xd1\x84");
}

TEST(CardEscapeTest, DosesAndAbbreviationsStayAsTheyAre) {
  for (const char* text : {"0.5 mg/kg/day, e.g. p.o. or i.v.", "llama3.3:70b", "1/2 tablet b.i.d.",
                           "mL/min/1.73 m2", "Stop. Then start."}) {
    EXPECT_EQ(CleanLine(MarkdownLine(text)), text);
  }
}

TEST(CardEscapeTest, NoBlockBeginsInALine) {
  EXPECT_EQ(MarkdownLine("# heading"), "\\# heading");
  EXPECT_EQ(MarkdownLine("- item"), "\\- item");
  EXPECT_EQ(MarkdownLine("1. item"), "1\\. item");
  EXPECT_EQ(MarkdownLine("> quote"), "&gt; quote");
  EXPECT_EQ(MarkdownLine("a\n\n# heading\r\n| x | y |\n| - | - |"),
            "a # heading \\| x \\| y \\| \\| - \\| - \\|");
  EXPECT_EQ(MarkdownLine("500 mg"), "500 mg");
  EXPECT_EQ(MarkdownLine("2)"), "2\\)");
  EXPECT_EQ(MarkdownLine("2.5 mg"), "2.5 mg");
}

TEST(CardEscapeTest, UnseenAndBrokenCharactersAreGone) {
  EXPECT_EQ(CleanLine("a\xe2\x80\xae"
                      "b\xe2\x81\xa6"
                      "c\xef\xbb\xbf\x01\x1b[31m"),
            "abc [31m");
  EXPECT_EQ(CleanLine("a\xff"), "a\xef\xbf\xbd");
  EXPECT_EQ(CleanLine("\xf3\xa0\x81\x81tag"), "tag");
  EXPECT_EQ(CleanLine("  a \t\n b  "), "a b");
  EXPECT_EQ(CleanLine(""), "");
}

TEST(CardEscapeTest, LinesAreCutByCharactersAndSaySo) {
  EXPECT_EQ(CleanLine("abcdef", 6), "abcdef");
  EXPECT_EQ(CleanLine("abcdefg", 6), "abcde\u2026");
  EXPECT_EQ(CleanLine("\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4", 4),
            "\xc3\xa4\xc3\xa4\xc3\xa4\u2026");
  EXPECT_EQ(CleanLine("one two three four", 12), "one two\u2026");
  EXPECT_EQ(Utf8Characters(CleanLine(std::string(5000, 'x'), 139)), 139u);
  // No escape is cut in two.
  EXPECT_EQ(MarkdownLine("<<<<<<<<", 6), "&lt;&lt;&lt;&lt;&lt;\u2026");
}

TEST(CardEscapeTest, PlainTextHoldsNoMarkup) {
  EXPECT_EQ(PlainLine("<b>a</b> [x](y) `z` https://e.example", 100),
            "(b)a(/b) (x)(y) 'z' https:/ /e. example");
  EXPECT_EQ(PlainLine("co-amoxiclav (875/125)", 100), "co-amoxiclav (875/125)");
}

}  // namespace
}  // namespace consilium
