#include "worker/text_clean.h"

#include <gtest/gtest.h>

namespace consilium {
namespace {

TEST(TextCleanTest, InvisibleCharactersAreRemoved) {
  EXPECT_EQ(CleanText("a\u200bb\u202ec\ufeffd\u00ade", true), "abcde");
  EXPECT_EQ(CleanText("tag\U000E0041\U000E0042s", true), "tags");
  EXPECT_EQ(CleanText("var\ufe0f", true), "var");
  EXPECT_EQ(CleanText(std::string("nul\0\x1b[0m\x7f", 9), true), "nul[0m");
}

TEST(TextCleanTest, VisibleTextStaysAsItIs) {
  EXPECT_EQ(CleanText("37 °C, naïve, µg, 日本, 😀", true), "37 °C, naïve, µg, 日本, 😀");
}

TEST(TextCleanTest, LineBreaksStayOnlyWhereWanted) {
  EXPECT_EQ(CleanText("a\r\nb\tc", true), "a\nb\tc");
  EXPECT_EQ(CleanText("a\r\nb\tc", false), "a b c");
}

TEST(TextCleanTest, BytesThatAreNotUtf8AreReplaced) {
  EXPECT_EQ(CleanText("a\xff\xc3z", true), "a\uFFFD\uFFFDz");
}

TEST(TextCleanTest, NestingDepthIgnoresStrings) {
  EXPECT_EQ(NestingDepth(""), 0u);
  EXPECT_EQ(NestingDepth(R"({"a":[1,{"b":"[[[[\"{{{"}]})"), 3u);
  EXPECT_EQ(NestingDepth("]]]["), 1u);
}

}  // namespace
}  // namespace consilium
