#include "shared/text.h"

#include <gtest/gtest.h>

namespace consilium {
namespace {

constexpr std::size_t kNone = std::string_view::npos;

TEST(Utf8Test, AcceptsEveryLengthAtItsLimits) {
  EXPECT_EQ(FindInvalidUtf8("a\x7F\xC2\x80\xDF\xBF\xE0\xA0\x80\xED\x9F\xBF\xEE\x80\x80"
                            "\xEF\xBF\xBF\xF0\x90\x80\x80\xF4\x8F\xBF\xBF"),
            kNone);
  EXPECT_EQ(FindInvalidUtf8(""), kNone);
}

TEST(Utf8Test, FindsOverlongSurrogateTooLargeTruncatedAndStrayBytes) {
  EXPECT_EQ(FindInvalidUtf8("ab\xC0\x80"), 2u);
  EXPECT_EQ(FindInvalidUtf8("\xC1\xBF"), 0u);
  EXPECT_EQ(FindInvalidUtf8("\xE0\x9F\xBF"), 0u);
  EXPECT_EQ(FindInvalidUtf8("\xED\xA0\x80"), 0u);
  EXPECT_EQ(FindInvalidUtf8("\xF0\x8F\xBF\xBF"), 0u);
  EXPECT_EQ(FindInvalidUtf8("\xF4\x90\x80\x80"), 0u);
  EXPECT_EQ(FindInvalidUtf8("\xF5\x80\x80\x80"), 0u);
  EXPECT_EQ(FindInvalidUtf8("x\xE2\x82"), 1u);
  EXPECT_EQ(FindInvalidUtf8("x\x80"), 1u);
}

TEST(Utf8Test, RepairReplacesEachBadByteAndKeepsTheRest) {
  EXPECT_EQ(ToValidUtf8("a\x80\xC3\xA9\xFF"), "a\xEF\xBF\xBD\xC3\xA9\xEF\xBF\xBD");
}

TEST(Utf8Test, CutNeverSplitsACharacter) {
  EXPECT_EQ(CutUtf8("a\xE2\x82\xAC", 4), "a\xE2\x82\xAC");
  EXPECT_EQ(CutUtf8("a\xE2\x82\xAC", 3), "a");
  EXPECT_EQ(CutUtf8("a\xE2\x82\xAC", 1), "a");
  EXPECT_EQ(CutUtf8("\xF0\x9F\x98\x80z", 3), "");
  EXPECT_EQ(CutUtf8("\x80\x80\x80\x80\x80\x80", 5).size(), 5u);
}

TEST(TrimmedTest, TakesSpacesOffTheEndsAndLeavesThoseWithin) {
  EXPECT_EQ(Trimmed(" \t a  b\r\n"), "a  b");
  EXPECT_EQ(Trimmed("a"), "a");
  EXPECT_EQ(Trimmed(" \r\n\t"), "");
  EXPECT_EQ(Trimmed(""), "");
}

TEST(QuotedTest, EscapesWhatWouldBreakALineAndCuts) {
  EXPECT_EQ(Quoted("a\"b\\c\n\t\r\x01\x7F\x80"), "\"a\\\"b\\\\c\\n\\t\\r\\x01\\x7f\\x80\"");
  EXPECT_EQ(Quoted("\xC3\xA9t\xC3\xA9"), "\"\xC3\xA9t\xC3\xA9\"");
  EXPECT_EQ(Quoted("abcdef", 3), "\"abc...\"");
}

TEST(WithoutValueTest, WhatIsLoggedOfAnErrorNamesThePlaceOnly) {
  EXPECT_EQ(WithoutValue("patient.age = \"John Smith\", expected a number"), "patient.age");
  EXPECT_EQ(WithoutValue("vignette.text: missing"), "vignette.text: missing");
}

}  // namespace
}  // namespace consilium
