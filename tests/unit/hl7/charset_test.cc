#include "gateway/hl7/charset.h"

#include <gtest/gtest.h>

#include <string>

#include "shared/text.h"

namespace consilium {
namespace {

struct Read {
  std::string text;
  std::string as;
  std::string remarks;

  friend bool operator==(const Read&, const Read&) = default;
};
void PrintTo(const Read& read, std::ostream* out) {
  *out << Quoted(read.text) << " as " << read.as << ", " << read.remarks;
}

Read Decoded(std::string_view bytes, const char* charset) {
  const Hl7Decoded decoded = DecodeHl7(bytes, FindHl7Charset(charset));
  Read read{decoded.text, std::string(decoded.charset->name), ""};
  for (const Remark& remark : decoded.remarks) {
    read.remarks += remark.code + " " + remark.where + ": " + remark.text + "\n";
  }
  return read;
}

TEST(CharsetTest, EveryNameOfTable0211IsKnown) {
  for (const char* name :
       {"ASCII",         "8859/1",         "8859/2",         "8859/3",   "8859/4",
        "8859/5",        "8859/6",         "8859/7",         "8859/8",   "8859/9",
        "8859/15",       "ISO IR6",        "ISO IR14",       "ISO IR87", "ISO IR159",
        "GB 18030-2000", "KS X 1001",      "CNS 11643-1992", "BIG-5",    "UNICODE",
        "UNICODE UTF-8", "UNICODE UTF-16", "UNICODE UTF-32", "JAS2020",  "JIS X 0202"}) {
    ASSERT_NE(FindHl7Charset(name), nullptr) << name;
  }
  EXPECT_EQ(FindHl7Charset("iso-8859-15")->name, "8859/15");
  EXPECT_EQ(FindHl7Charset("utf8")->name, "UNICODE UTF-8");
  EXPECT_EQ(FindHl7Charset("Windows-1252")->name, "WINDOWS-1252");
  EXPECT_EQ(FindHl7Charset(""), nullptr);
  EXPECT_EQ(FindHl7Charset("8859/10"), nullptr);
  EXPECT_EQ(FindHl7Charset(std::string(100'000, 'A')), nullptr);
}

TEST(CharsetTest, FirstRepetitionCountsUnlessOneShifts) {
  EXPECT_EQ(StatedCharset("8859/1~UNICODE UTF-8", '~')->name, "8859/1");
  EXPECT_EQ(StatedCharset("~ISO IR87", '~')->name, "ISO IR87");
  EXPECT_EQ(StatedCharset("ISO IR6~ISO IR14~ISO IR159", '~')->name, "ISO IR87");
  EXPECT_EQ(StatedCharset("", '~'), nullptr);
  EXPECT_EQ(StatedCharset("~8859/1", '~'), nullptr);
  EXPECT_EQ(StatedCharset("8859/1", '\0')->name, "8859/1");
}

TEST(CharsetTest, EachSetIsReadAsWhatItSays) {
  EXPECT_EQ(Decoded("caf\xE9", "8859/1"), (Read{"café", "8859/1", ""}));
  EXPECT_EQ(Decoded("\xB1\xE6", "8859/2"), (Read{"ąć", "8859/2", ""}));
  EXPECT_EQ(Decoded("\xA4", "8859/15"), (Read{"€", "8859/15", ""}));
  EXPECT_EQ(Decoded("\xBC\xD0\xE0\xD8\xEF", "8859/5"), (Read{"Мария", "8859/5", ""}));
  EXPECT_EQ(Decoded("\xF0\xE9", "8859/9"), (Read{"ğé", "8859/9", ""}));
  EXPECT_EQ(Decoded("caf\xC3\xA9", "UNICODE UTF-8"), (Read{"café", "UNICODE UTF-8", ""}));
  EXPECT_EQ(Decoded("\xD6\xD0\xCE\xC4", "GB 18030-2000"), (Read{"中文", "GB 18030-2000", ""}));
  EXPECT_EQ(Decoded("\xA4\xA4\xA4\xE5", "BIG-5"), (Read{"中文", "BIG-5", ""}));
  EXPECT_EQ(Decoded("\xB1\xE8", "KS X 1001"), (Read{"김", "KS X 1001", ""}));
  EXPECT_EQ(Decoded("\xD4\xD8", "ISO IR14"), (Read{"ﾔﾘ", "ISO IR14", ""}));
  EXPECT_EQ(Decoded("\x1B$B;3ED\x1B(B", "ISO IR87"), (Read{"山田", "ISO IR87", ""}));
  EXPECT_EQ(Decoded(std::string("M\0S\0\xE9\0", 6), "UNICODE UTF-16"),
            (Read{"MSé", "UNICODE UTF-16", ""}));
}

TEST(CharsetTest, AsciiIsNeverInDoubt) {
  for (const char* name : {"", "ASCII", "8859/1", "UNICODE UTF-8", "BIG-5", "UNICODE UTF-16"}) {
    const Read read = Decoded("plain text", name);
    EXPECT_EQ(read.text, "plain text");
    EXPECT_EQ(read.remarks, "");
  }
}

TEST(CharsetTest, Utf8ThatIsCalledSomethingElseIsUtf8) {
  constexpr const char* kWhy = ", read as UNICODE UTF-8: it is well-formed UTF-8\n";
  EXPECT_EQ(Decoded("caf\xC3\xA9", "8859/1"),
            (Read{"café", "UNICODE UTF-8",
                  std::string("charset_doubt MSH-18: stated as 8859/1") + kWhy}));
  EXPECT_EQ(
      Decoded("caf\xC3\xA9", "ASCII"),
      (Read{"café", "UNICODE UTF-8", std::string("charset_doubt MSH-18: stated as ASCII") + kWhy}));
  EXPECT_EQ(Decoded("caf\xC3\xA9", ""),
            (Read{"café", "UNICODE UTF-8",
                  std::string("charset_doubt MSH-18: no character set stated") + kWhy}));
  EXPECT_EQ(Decoded("Мария Петрова", "8859/5").as, "UNICODE UTF-8");
}

TEST(CharsetTest, TwoCyrillicCapitalsAreNotTakenForUtf8) {
  EXPECT_EQ(Decoded("\xC2\xB0", "8859/5"), (Read{"ТА", "8859/5", ""}));
}

TEST(CharsetTest, WhatIsCalledUtf8AndIsNotIsReadAsWindows1252) {
  EXPECT_EQ(Decoded("caf\xE9 \x80 5", "UTF-8"),
            (Read{"café € 5", "WINDOWS-1252",
                  "charset_doubt MSH-18: stated as UNICODE UTF-8, read as WINDOWS-1252: it is not "
                  "well-formed UTF-8\n"}));
}

TEST(CharsetTest, ACharacterCutInTwoDoesNotSpoilTheRest) {
  EXPECT_EQ(
      Decoded("caf\xC3\xA9 na\xC3\xAFve \xC3", "UTF-8"),
      (Read{"café naïve \xEF\xBF\xBD", "UNICODE UTF-8",
            "charset_invalid MSH-18: 1 place is not of UNICODE UTF-8; U+FFFD stands there\n"}));
}

TEST(CharsetTest, Latin1WithWindowsCharactersIsWindows1252) {
  EXPECT_EQ(Decoded("\x93quoted\x94 caf\xE9", "8859/1"),
            (Read{"“quoted” café", "WINDOWS-1252",
                  "charset_doubt MSH-18: stated as 8859/1, read as WINDOWS-1252: there are bytes "
                  "from 0x80 to 0x9F, which are text there\n"}));
}

TEST(CharsetTest, BytesThatMeanNothingNeverDropTheRest) {
  const Read read = Decoded("a\x81 b", "");
  EXPECT_EQ(read.text, "a\xEF\xBF\xBD b");
  EXPECT_EQ(read.remarks,
            "charset_doubt MSH-18: no character set stated, read as WINDOWS-1252: there are bytes "
            "beyond ASCII that are not UTF-8\n"
            "charset_invalid MSH-18: 1 place is not of WINDOWS-1252; U+FFFD stands there\n");
  EXPECT_EQ(Decoded("ab\xFF\xFF"
                    "cd",
                    "BIG-5")
                .text,
            "ab\xEF\xBF\xBD\xEF\xBF\xBD"
            "cd");
}

TEST(CharsetTest, ByteOrderMarksAreTakenOffAndBelieved) {
  EXPECT_EQ(Decoded("\xEF\xBB\xBF"
                    "caf\xC3\xA9",
                    ""),
            (Read{"café", "UNICODE UTF-8", ""}));
  EXPECT_EQ(Decoded("\xEF\xBB\xBFx", "8859/1"),
            (Read{"x", "UNICODE UTF-8",
                  "charset_doubt MSH-18: stated as 8859/1, read as UNICODE UTF-8: it begins with a "
                  "byte order mark\n"}));
  EXPECT_EQ(Decoded(std::string("\xFF\xFEM\0\xE9\0", 6), "UNICODE UTF-16"),
            (Read{"Mé", "UNICODE UTF-16", ""}));
  EXPECT_EQ(Decoded(std::string("\0\0\xFE\xFF\0\0\0M", 8), "UNICODE UTF-32"),
            (Read{"M", "UNICODE UTF-32", ""}));
  EXPECT_EQ(Decoded(std::string("M\0S\0\0\xD8", 6), "").text, "MS\xEF\xBF\xBD");
}

TEST(CharsetTest, WrittenBackAsItCame) {
  for (const char* name : {"8859/1", "8859/2", "UNICODE UTF-8", "GB 18030-2000", "ISO IR87"}) {
    const Hl7Charset& charset = *FindHl7Charset(name);
    const std::string text = charset.name == "ISO IR87" ? "山田 x" : "é x";
    EXPECT_EQ(DecodeHl7(EncodeHl7(text, charset), &charset).text, text) << name;
  }
  EXPECT_EQ(EncodeHl7("é山", *FindHl7Charset("8859/1")), "\xE9?");
  EXPECT_EQ(EncodeHl7("é", *FindHl7Charset("ASCII")), "?");
  EXPECT_EQ(EncodeHl7("a", *FindHl7Charset("UNICODE UTF-16")), std::string("\0a", 2));
}

}  // namespace
}  // namespace consilium
