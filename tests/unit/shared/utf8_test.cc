#include "shared/utf8.h"

#include <gtest/gtest.h>

#include <vector>

namespace consilium {
namespace {

// The first and the last character of every length, and those around the surrogates.
const std::vector<char32_t> kCodes = {0,      0x7F,   0x80,   0x7FF,   0x800,
                                      0xD7FF, 0xE000, 0xFFFF, 0x10000, 0x10FFFF};

TEST(Utf8CharacterTest, ReadsWhatIsWritten) {
  std::string text;
  for (const char32_t code : kCodes) AppendUtf8(text, code);
  EXPECT_EQ(text, std::string("\0\x7F\xC2\x80\xDF\xBF\xE0\xA0\x80\xED\x9F\xBF\xEE\x80\x80"
                              "\xEF\xBF\xBF\xF0\x90\x80\x80\xF4\x8F\xBF\xBF",
                              26));
  std::vector<char32_t> read;
  for (std::size_t at = 0; at < text.size();) {
    const Utf8Character one = Utf8At(text, at);
    read.push_back(one.code);
    at += one.bytes;
  }
  EXPECT_EQ(read, kCodes);
  EXPECT_EQ(Utf8Characters(text), kCodes.size());
}

TEST(Utf8CharacterTest, OtherTextIsLeftByteByByteAndNeverOverrun) {
  EXPECT_EQ(Utf8At("\x80z", 0).bytes, 1u);
  for (const char* cut : {"\xC3", "\xE2\x82", "\xF0\x9F\x98"}) {
    EXPECT_EQ(Utf8At(cut, 0).code, 0xFFFDu);
    EXPECT_EQ(Utf8At(cut, 0).bytes, 1u);
  }
}

}  // namespace
}  // namespace consilium
