#include "gateway/hl7/escape.h"

#include <gtest/gtest.h>

#include <string>

#include "gateway/hl7/message.h"
#include "shared/ids.h"

namespace consilium {
namespace {

const Hl7Charset& Charset(const char* name) { return *FindHl7Charset(name); }

std::string Read(std::string_view raw, const char* charset = "UTF-8") {
  return UnescapeHl7(raw, {}, Charset(charset)).text;
}
std::size_t Unknown(std::string_view raw) {
  return UnescapeHl7(raw, {}, Charset("ASCII")).unknown_escapes;
}

TEST(UnescapeTest, DelimitersOfThisMessage) {
  EXPECT_EQ(Read("\\F\\\\S\\\\T\\\\R\\\\E\\"), "|^&~\\");
  const Hl7Delimiters other = {':', ';', '+', '/', '\0', '\0'};
  EXPECT_EQ(UnescapeHl7("/F//S//T//R//E//P/", other, Charset("ASCII")).text, ":;&+/#");
  const Hl7Delimiters none = {'|', '^', '~', '\0', '\0', '\0'};
  EXPECT_EQ(UnescapeHl7("a\\F\\b", none, Charset("ASCII")).text, "a\\F\\b");
}

TEST(UnescapeTest, HexIsBytesOfTheCharsetOverSeveralSequencesToo) {
  EXPECT_EQ(Read("\\X41\\b\\X4344\\"), "AbCD");
  EXPECT_EQ(Read("\\XC3A9\\"), "é");
  EXPECT_EQ(Read("\\XC3\\\\XA9\\"), "é");
  EXPECT_EQ(Read("\\xe9\\", "8859/1"), "é");
  EXPECT_EQ(Read("a\\X0D\\b\\X0A\\c\\X0D0A\\d\\X000d\\e\\X0D\\\\X0A\\f"), "a\nb\nc\nd\ne\nf");
  EXPECT_EQ(Read("a\\X09\\b\\X07\\c"), "a\tbc");
  EXPECT_EQ(Read("\\XFF\\"), "ÿ");  // not of UTF-8: read as what it most likely was
}

TEST(UnescapeTest, HexDelimitersAreText) { EXPECT_EQ(Read("\\X7C5E265C467C\\"), "|^&\\F|"); }

TEST(UnescapeTest, FormattingBecomesLinesAndSpaces) {
  EXPECT_EQ(Read("a\\.br\\b\\.BR\\c"), "a\nb\nc");
  EXPECT_EQ(Read("a\\.sp\\b\\.sp2\\c\\.sp+3\\d"), "a\nb\n\nc\n\n\nd");
  EXPECT_EQ(Read("a\\.sp9999\\b"), "a\n\n\n\n\n\n\n\nb");
  EXPECT_EQ(Read("\\.ce\\Title\\.ce\\x"), "Title\nx");
  EXPECT_EQ(Read("a\\.sk3\\b\\.sk\\c"), "a   b c");
  EXPECT_EQ(Read("\\.nf\\a\\.fi\\\\H\\b\\N\\c"), "abc");
  EXPECT_EQ(Read("\\.in2\\a\\.br\\b\\.br\\\\.br\\c\\.in0\\\\.br\\d"), "  a\n  b\n\n  c\nd");
  EXPECT_EQ(Read("\\.in+4\\\\.ti-4\\1. First\\.br\\next\\.br\\\\.ti-4\\2. Second"),
            "1. First\n    next\n2. Second");
  EXPECT_EQ(Read("\\.ti3\\a\\.br\\b"), "   a\nb");
  EXPECT_EQ(Read("\\.in-9999\\a\\.ti -4\\\\.in+9999\\\\.in+9999\\\\.br\\b"),
            "a\n" + std::string(40, ' ') + "b");
}

TEST(UnescapeTest, OldFormOfALineEndHasNoCircumflex) {
  const Result<Hl7Message> message =
      ParseHl7("MSH|^~\\&|A\rOBX|1|FT|||\\.in+2\\a.^\\.sp\\b^c.^\\.sp\\\\.ti-2\\d\r");
  ASSERT_TRUE(message.ok());
  EXPECT_EQ(message->Find("OBX")->Text(5), "  a.\n  b^c.\nd");
}

TEST(UnescapeTest, UnknownStaysAndIsCounted) {
  for (const char* text : {"\\Q\\", "\\.zz\\", "\\X\\", "\\X4\\", "\\XZZ\\", "\\f\\", "\\.br1\\",
                           "\\.sp12345\\", "\\.sp-\\", "\\C12\\", "\\\\", "\\FF\\"}) {
    EXPECT_EQ(Read(text), text);
    EXPECT_EQ(Unknown(text), 2u) << text;
  }
  EXPECT_EQ(Read("\\Zabc\\"), "\\Zabc\\");
  EXPECT_EQ(Unknown("\\Zabc\\"), 1u);
  EXPECT_EQ(Read("\\C9999\\x"), "\\C9999\\x");
  EXPECT_EQ(Unknown("a\\"), 1u);
  EXPECT_EQ(Read("C:\\temp\\.br\\next"), "C:\\temp\nnext");
  EXPECT_EQ(Unknown("a\\F\\\\X41\\\\H\\\\.br\\\\.sp\\"), 0u);
}

TEST(UnescapeTest, AnEscapeDoesNotGoOverALineEnd) { EXPECT_EQ(Read("a\\Z\rb\\F\\"), "a\\Z\nb|"); }

TEST(UnescapeTest, SequencesDoNotNest) { EXPECT_EQ(Read("\\E\\F\\E\\"), "\\F\\"); }

TEST(UnescapeTest, SwitchesCharacterSets) {
  EXPECT_EQ(Read("YAMADA \\M2442\\;3ED\\C2842\\ x", "ASCII"), "YAMADA 山田 x");
  EXPECT_EQ(Read("\\M242844\\0!\\C2842\\", "ASCII"), "丂");
  EXPECT_EQ(Read("\\C2D4C\\\xC2\xBC\\C2842\\", "8859/1"), "М");  // 0xBC, as read in 8859/1
  EXPECT_EQ(Unknown("\\M2442\\;3ED\\C2842\\"), 0u);
}

TEST(EscapeTest, WhatDividesIsEscaped) {
  EXPECT_EQ(EscapeHl7("a|b^c~d&e\\f#", {}), "a\\F\\b\\S\\c\\R\\d\\T\\e\\E\\f#");
  EXPECT_EQ(EscapeHl7("a#", {'|', '^', '~', '\\', '&', '#'}), "a\\P\\");
  EXPECT_EQ(EscapeHl7("a\rb\nc\r\nd", {}), "a\\X0D\\b\\X0D\\c\\X0D\\d");
  EXPECT_EQ(EscapeHl7("a\rb\nc\r\nd", {}, Hl7TextType::kFormatted), "a\\.br\\b\\.br\\c\\.br\\d");
  EXPECT_EQ(EscapeHl7("a\x0B"
                      "b\x1C"
                      "c\td\x7F",
                      {}),
            "abc\td");
  EXPECT_EQ(EscapeHl7("\xE9", {}), "\xEF\xBF\xBD");
  EXPECT_EQ(EscapeHl7("\"\"", {}), "\\X2222\\");
  EXPECT_EQ(EscapeHl7("\"\"\"", {}), "\"\"\"");
  EXPECT_EQ(EscapeHl7("a|b^c\\d\re", {'|', '^', '\0', '\0', '\0', '\0'}), "a b c\\d e");
}

TEST(EscapeTest, TextThatAttacksStaysInItsField) {
  const Hl7Delimiters other = {':', ';', '+', '/', '%', '?'};
  const Hl7Delimiters period = {'|', '.', '~', '\\', '&', '\0'};
  for (const Hl7Delimiters& delimiters : {Hl7Delimiters{}, other, period}) {
    for (const char* text :
         {"x\rOBX|2|TX|||stop all medication", "x\nMSH|^~\\&|EVIL", "\x1C\r\x0BMSH|^~\\&|EVIL",
          "\\X0D\\PID|1", "\\.br\\PID|1", "a\\", "\\", "\\E\\F\\E\\", "::;;++//%%??", "\"\""}) {
      for (const Hl7TextType type : {Hl7TextType::kPlain, Hl7TextType::kFormatted}) {
        const char d[] = {delimiters.field,  delimiters.component,    delimiters.repetition,
                          delimiters.escape, delimiters.subcomponent, '\0'};
        std::string message = "MSH";
        message += delimiters.field;
        message += d + 1;
        if (delimiters.truncation != '\0') message += delimiters.truncation;
        message += "\rOBX";
        message += delimiters.field;
        message += EscapeHl7(text, delimiters, type);
        message += delimiters.field;
        message += "F\r";
        const Result<Hl7Message> parsed = ParseHl7(message);
        ASSERT_TRUE(parsed.ok()) << message;
        ASSERT_EQ(parsed->segments().size(), 2u) << message;
        const Hl7Segment& obx = parsed->segments()[1];
        EXPECT_EQ(obx.Fields(), 2u);
        EXPECT_EQ(obx.Repetitions(1), 1u);
        EXPECT_EQ(obx.Components(1), 1u);
        EXPECT_EQ(obx.Get(2), "F");
        EXPECT_TRUE(parsed->remarks().empty());
        std::string expected;
        for (const char c : std::string_view(text)) {
          if (c == '\r') expected += '\n';
          if (static_cast<unsigned char>(c) >= ' ' || c == '\n') expected += c;
        }
        EXPECT_EQ(obx.Get(1), expected);
        EXPECT_EQ(obx.Text(1), expected);
      }
    }
  }
}

TEST(EscapeTest, AnyTextReadsAsItWasWritten) {
  constexpr std::string_view kAlphabet = "|^~\\&#.brXFSTRE0D\n\t \"azZ\xC3\xA9";
  SeededRandom random(5, "hl7 escapes");
  for (int round = 0; round < 2000; ++round) {
    std::string text;
    for (std::uint64_t i = random.Below(12); i > 0; --i) {
      const std::size_t at = random.Below(kAlphabet.size() - 1);
      text += at + 2 == kAlphabet.size() ? std::string("é") : std::string(1, kAlphabet[at]);
    }
    for (const Hl7TextType type : {Hl7TextType::kPlain, Hl7TextType::kFormatted}) {
      const std::string raw = EscapeHl7(text, {}, type);
      EXPECT_EQ(raw.find_first_of("|^~&\r\n"), std::string::npos) << raw;
      const Hl7Text read = UnescapeHl7(raw, {}, Charset("UTF-8"));
      EXPECT_EQ(read.text, text) << raw;
      EXPECT_EQ(read.unknown_escapes, 0u) << raw;
    }
  }
}

}  // namespace
}  // namespace consilium
