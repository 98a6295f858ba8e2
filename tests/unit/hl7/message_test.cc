#include "gateway/hl7/message.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

namespace consilium {
namespace {

constexpr const char* kMsh = "MSH|^~\\&|APP|HOSP|||20261128||ADT^A01|M1|P|2.5";

Hl7Message Parsed(const std::string& payload) {
  Result<Hl7Message> message = ParseHl7(payload);
  if (!message.ok()) ADD_FAILURE() << message.error().text;
  return message.ok() ? std::move(message).value() : std::move(ParseHl7("MSH|^|\r")).value();
}

Hl7Message WithSegments(const std::string& segments) {
  return Parsed(std::string(kMsh) + "\r" + segments);
}

std::vector<std::string> Names(const Hl7Message& message) {
  std::vector<std::string> names;
  for (const Hl7Segment& segment : message.segments()) names.emplace_back(segment.name());
  return names;
}
using Words = std::vector<std::string>;

std::string RemarkOf(const Hl7Message& message, std::string_view code) {
  for (const Remark& remark : message.remarks()) {
    if (remark.code == code) return remark.where + ": " + remark.text;
  }
  return "";
}

TEST(Hl7MessageTest, NumbersOfMshCountAsTheStandardDoes) {
  const Hl7Message message = Parsed(std::string(kMsh) + "\r");
  const Hl7Segment& msh = message.msh();
  EXPECT_EQ(msh.Get(1), "|");
  EXPECT_EQ(msh.Get(2), "^~\\&");
  EXPECT_EQ(msh.Text(2), "^~\\&");
  EXPECT_EQ(msh.Repetitions(2), 1u);
  EXPECT_EQ(msh.Components(2), 1u);
  EXPECT_EQ(msh.Get(3), "APP");
  EXPECT_EQ(msh.Get(9, 2), "A01");
  EXPECT_EQ(msh.Get(10), "M1");
  EXPECT_EQ(msh.Fields(), 12u);
  EXPECT_EQ(msh.Get(13), "");
  EXPECT_EQ(msh.Get(0), "");
}

TEST(Hl7MessageTest, RepetitionsThenComponentsThenSubcomponents) {
  const Hl7Message message = WithSegments("PID|1||7^^^HOSP&1.2.3&ISO^MR~8^^^OTHER||DOE^JOHN\r");
  const Hl7Segment& pid = *message.Find("PID");
  EXPECT_EQ(pid.Fields(), 5u);
  EXPECT_EQ(pid.Repetitions(3), 2u);
  EXPECT_EQ(pid.Repetitions(2), 0u);
  EXPECT_EQ(pid.Repetitions(5), 1u);
  EXPECT_EQ(pid.Components(3), 5u);
  EXPECT_EQ(pid.Components(3, 2), 4u);
  EXPECT_EQ(pid.Get(3), "7");
  EXPECT_EQ(pid.Get(3, 4), "HOSP");
  EXPECT_EQ(pid.Get(3, 4, 1, 2), "1.2.3");
  EXPECT_EQ(pid.Text(3, 4), "HOSP&1.2.3&ISO");
  EXPECT_EQ(pid.Get(3, 4, 2), "OTHER");
  EXPECT_EQ(pid.Get(3, 4, 3), "");
  EXPECT_EQ(pid.Get(3, 6), "");
  EXPECT_EQ(pid.Get(3, 4, 1, 4), "");
  EXPECT_EQ(pid.Get(99), "");
  EXPECT_EQ(pid.Get(3, 0), "");
  EXPECT_EQ(pid.Get(3, 1, 0), "");
  EXPECT_EQ(pid.Raw(3), "7^^^HOSP&1.2.3&ISO^MR~8^^^OTHER");
  EXPECT_EQ(pid.RawRepetition(3, 2), "8^^^OTHER");
}

TEST(Hl7MessageTest, NullIsNotEmpty) {
  const Hl7Message message = WithSegments("PID|||\"\"|^\"\"|\"\r");
  const Hl7Segment& pid = *message.Find("PID");
  EXPECT_TRUE(pid.IsNull(3));
  EXPECT_EQ(pid.Get(3), "");
  EXPECT_EQ(pid.Text(3), "");
  EXPECT_FALSE(pid.IsNull(2));
  EXPECT_FALSE(pid.IsNull(4));
  EXPECT_EQ(pid.Get(4, 2), "");
  EXPECT_EQ(pid.Get(5), "\"");
  EXPECT_FALSE(pid.IsNull(5));
}

TEST(Hl7MessageTest, WordsForPeopleKeepDelimitersThatTheSenderForgotToEscape) {
  const Hl7Message message =
      WithSegments("OBX|1|TX|N||HTN & DM, BP 120^80~2nd line^^|||\rDG1|1||I10^R&B unit^I10\r");
  EXPECT_EQ(message.Find("OBX")->Text(5), "HTN & DM, BP 120^80\n2nd line");
  EXPECT_EQ(message.Find("DG1")->Text(3, 2), "R&B unit");
  EXPECT_EQ(message.Find("DG1")->Get(3, 2), "R");
}

TEST(Hl7MessageTest, EmptyRepetitionsAreEmptyLines) {
  const Hl7Message message = WithSegments("OBX|1|TX|||a~~b~\r");
  EXPECT_EQ(message.Find("OBX")->Text(5), "a\n\nb\n");
  EXPECT_EQ(message.Find("OBX")->Text(4), "");
}

TEST(Hl7MessageTest, AnEscapedDelimiterNeverSplits) {
  const Hl7Message message =
      WithSegments("OBX|1|ST|A||a\\F\\b\\S\\c\\R\\d\\T\\e\\E\\f\\X0D\\PID|F\r");
  EXPECT_EQ(Names(message), (Words{"MSH", "OBX"}));
  const Hl7Segment& obx = *message.Find("OBX");
  EXPECT_EQ(obx.Get(5), "a|b^c~d&e\\f\nPID");
  EXPECT_EQ(obx.Get(6), "F");
  EXPECT_EQ(obx.Repetitions(5), 1u);
  EXPECT_EQ(obx.Components(5), 1u);
}

TEST(Hl7MessageTest, EndsLinesInCrLfOrBothMixed) {
  for (const std::string end : {"\r", "\n", "\r\n", "\n\r", "\r\r\n", "\r\n \r\n"}) {
    const Hl7Message message = Parsed(std::string(kMsh) + end + "PID|1" + end + "PV1|1" + end);
    EXPECT_EQ(Names(message), (Words{"MSH", "PID", "PV1"}));
    EXPECT_EQ(message.Find("PID")->Get(1), "1");
    EXPECT_EQ(message.Find("PV1")->Get(1), "1");
    EXPECT_TRUE(message.remarks().empty());
  }
  const Hl7Message mixed = Parsed(std::string(kMsh) + "\nPID|1\r\nPV1|1\rEVN|A01");
  EXPECT_EQ(Names(mixed), (Words{"MSH", "PID", "PV1", "EVN"}));
  EXPECT_EQ(mixed.Find("EVN")->Get(1), "A01");
}

TEST(Hl7MessageTest, LastLineEndMayBeMissingAndJunkMayFollow) {
  EXPECT_EQ(WithSegments("PID|1").Find("PID")->Get(1), "1");
  EXPECT_EQ(WithSegments("PID|1\r\n\n \t").Find("PID")->Get(1), "1");
  const Hl7Message zeros = WithSegments(std::string("PID|1\r\0\0\x1C", 9));
  EXPECT_EQ(zeros.Find("PID")->Raw(1), "1");
  EXPECT_EQ(Parsed(kMsh).msh().Get(12), "2.5");
  EXPECT_EQ(Parsed("MSH|^~\\&").msh().Fields(), 2u);
}

TEST(Hl7MessageTest, BlanksAndByteOrderMarkMayPrecedeMsh) {
  const std::string text = kMsh;
  for (const std::string lead : {" \r\n", "\xEF\xBB\xBF", "\r\n\xEF\xBB\xBF", "\x0B", "\t"}) {
    EXPECT_EQ(Parsed(lead + text).msh().Get(10), "M1");
  }
  EXPECT_EQ(Parsed(std::string("\0\0", 2) + text).msh().Get(10), "M1");
}

TEST(Hl7MessageTest, DelimitersAreThoseOfTheMessage) {
  const Hl7Message message =
      Parsed("MSH:;~\\&:APP:HOSP:::20261128::ADT;A01:M1:P:2.3\rPID:1::7;;;H&I~8:a\\S\\b\\F\\c|^\r");
  EXPECT_EQ(message.msh().Get(9, 2), "A01");
  EXPECT_EQ(message.msh().Get(2), ";~\\&");
  EXPECT_EQ(message.Find("PID")->Get(3, 4, 1, 2), "I");
  EXPECT_EQ(message.Find("PID")->Get(4), "a;b:c|^");
  EXPECT_EQ(message.delimiters(), (Hl7Delimiters{':', ';', '~', '\\', '&', '\0'}));
}

TEST(Hl7MessageTest, DelimitersMayBeFewerOrFive) {
  const Hl7Message few = Parsed("MSH|^~|A\rOBX|1|ST|||a\\F\\b&c\r");
  EXPECT_EQ(few.delimiters(), (Hl7Delimiters{'|', '^', '~', '\0', '\0', '\0'}));
  EXPECT_EQ(few.Find("OBX")->Get(5), "a\\F\\b&c");
  EXPECT_EQ(Parsed("MSH|^|A\rOBX|1|ST|||a~b\r").Find("OBX")->Get(5), "a~b");
  const Hl7Message five = Parsed("MSH|^~\\&#|A\rOBX|1|ST|||a\\P\\b\r");
  EXPECT_EQ(five.delimiters().truncation, '#');
  EXPECT_EQ(five.Find("OBX")->Get(5), "a#b");
  EXPECT_TRUE(five.remarks().empty());
}

TEST(Hl7MessageTest, DelimitersEscapedOnceTooOftenCountOnce) {
  const Hl7Message message = Parsed("MSH|^~\\\\&|A\rPID|||a&b\r");
  EXPECT_EQ(message.delimiters(), (Hl7Delimiters{'|', '^', '~', '\\', '&', '\0'}));
  EXPECT_EQ(message.Find("PID")->Get(3, 1, 1, 2), "b");
  EXPECT_EQ(RemarkOf(message, "delimiters_doubt"), "MSH-2: a character stands there twice");
  EXPECT_EQ(Parsed("MSH|^~~&|A\r").delimiters(), (Hl7Delimiters{'|', '^', '~', '\0', '&', '\0'}));
}

TEST(Hl7MessageTest, WhatIsNoMessageIsInvalid) {
  const auto error = [](std::string_view text) {
    const Result<Hl7Message> message = ParseHl7(text);
    return message.ok() ? std::string("ok") : message.error().text;
  };
  constexpr const char* kNoMsh = "the text does not begin with MSH and a field separator";
  EXPECT_EQ(error(""), kNoMsh);
  EXPECT_EQ(error("\r\n"), kNoMsh);
  EXPECT_EQ(error("MSH"), kNoMsh);
  EXPECT_EQ(error("MSH\r"), kNoMsh);
  EXPECT_EQ(error("PID|1\rMSH|^~\\&|A\r"), kNoMsh);
  EXPECT_EQ(error("BHS|^~\\&|A\r"), kNoMsh);
  EXPECT_EQ(error("GET / HTTP/1.1\r\n"), kNoMsh);
  EXPECT_EQ(error("MSH|"), "MSH-2 is empty, expected the delimiters, such as ^~\\&");
  EXPECT_EQ(error("MSH||A\r"), "MSH-2 is empty, expected the delimiters, such as ^~\\&");
  EXPECT_EQ(error("MSHA^~\\&A"),
            "MSH-1 has \"A\", expected a printable ASCII character, no letter, digit or quote");
  EXPECT_EQ(error("MSH|^A\\&|"),
            "MSH-2 has \"A\", expected a printable ASCII character, no letter, digit or quote");
  EXPECT_EQ(error("MSH|\"~\\&|"),
            "MSH-2 has \"\\\"\", expected a printable ASCII character, no letter, digit or quote");
  EXPECT_EQ(error("MSH|^~\\&#%|"), "MSH-2 has more than 5 characters");
  constexpr const char* kSecond =
      "the text holds a second header (MSH, BHS or FHS), expected one message";
  EXPECT_EQ(error(std::string(kMsh) + "\r" + kMsh + "\r"), kSecond);
  EXPECT_EQ(error(std::string(kMsh) + "\rMSH:;~\\&:A\r"), kSecond);
  EXPECT_EQ(error(std::string(kMsh) + "\rBHS|^~\\&|A\r"), kSecond);
}

TEST(Hl7MessageTest, SegmentNamesInSmallLettersAreReadInCapitals) {
  const Hl7Message message = Parsed("msh|^~\\&|A\rpid|1\robX|1|st\r");
  EXPECT_EQ(Names(message), (Words{"MSH", "PID", "OBX"}));
  EXPECT_EQ(message.Find("OBX")->Get(2), "st");
  EXPECT_EQ(RemarkOf(message, "lower_case_segment"), "MSH: segment name not in capitals (3 times)");
}

TEST(Hl7MessageTest, LocalSegmentsAreKeptInTheirPlace) {
  const Hl7Message message = WithSegments("ZPI|x^y\rPID|1\rZ01|2\r");
  EXPECT_EQ(Names(message), (Words{"MSH", "ZPI", "PID", "Z01"}));
  EXPECT_EQ(message.Find("ZPI")->Get(1, 2), "y");
}

TEST(Hl7MessageTest, SegmentsWithoutFieldsAndAfterSpaces) {
  const Hl7Message message = WithSegments("PV1\rNTE  \r  OBX|1\r\tOBX|2\rPID");
  EXPECT_EQ(Names(message), (Words{"MSH", "PV1", "NTE", "OBX", "OBX", "PID"}));
  EXPECT_EQ(message.Find("PV1")->Fields(), 0u);
  EXPECT_EQ(message.Find("PV1")->Get(1), "");
  EXPECT_EQ(message.Find("NTE")->Fields(), 0u);
  EXPECT_EQ(message.Find("PID")->Fields(), 0u);
  EXPECT_EQ(RemarkOf(message, "indented_segment"), "OBX: segment name after spaces (2 times)");
}

TEST(Hl7MessageTest, ALineWithoutASegmentNameContinuesTheFieldBeforeIt) {
  for (const std::string end : {"\r", "\n", "\r\n"}) {
    const Hl7Message message =
        WithSegments("OBX|1|TX|N||History:" + end + end + "HR: 90" + end + "NKA" + end + "120" +
                     end + "see below|kg|20-30\rPID|1\r");
    EXPECT_EQ(Names(message), (Words{"MSH", "OBX", "PID"}));
    const Hl7Segment& obx = *message.Find("OBX");
    EXPECT_EQ(obx.Text(5), "History:\n\nHR: 90\nNKA\n120\nsee below");
    EXPECT_EQ(obx.Get(5), "History:\n\nHR: 90\nNKA\n120\nsee below");
    EXPECT_EQ(obx.Get(6), "kg");
    EXPECT_EQ(obx.Get(7), "20-30");
    EXPECT_EQ(RemarkOf(message, "continuation_line"),
              "OBX-5: line without a segment name, kept in the field before it (4 times)");
  }
}

TEST(Hl7MessageTest, ARawLineEndInAnObrDoesNotHideWhatFollows) {
  const Hl7Message message =
      WithSegments("OBR|1|P1|F1|CBC^complete\rblood count^L|||20260101\rOBX|1\r");
  EXPECT_EQ(Names(message), (Words{"MSH", "OBR", "OBX"}));
  EXPECT_EQ(message.Find("OBR")->Get(4, 2), "complete\nblood count");
  EXPECT_EQ(message.Find("OBR")->Get(7), "20260101");
}

TEST(Hl7MessageTest, WhatContinuesMsh2IsNoDelimiter) {
  const Hl7Message message = Parsed("MSH|^~\\&\rhello|x\r");
  EXPECT_EQ(message.msh().Raw(2), "^~\\&");
  EXPECT_EQ(message.msh().Get(3), "x");
  EXPECT_EQ(RemarkOf(message, "continuation_line"),
            "MSH-2: line without a segment name, kept in the field before it");
}

TEST(Hl7MessageTest, UnknownEscapesStayAndAreRemarkedOn) {
  const Hl7Message message =
      WithSegments("NTE|1||ok\\.br\\fine\rNTE|2|L|C:\\temp\\x and \\Zlocal\\ \\Q\\\r");
  EXPECT_EQ(message.segments()[2].Get(3), "C:\\temp\\x and \\Zlocal\\ \\Q\\");
  EXPECT_EQ(RemarkOf(message, "unknown_escape"),
            "NTE[2]-3: escape sequence that is not known, kept as it came (5 times)");
  EXPECT_EQ(RemarkOf(WithSegments("NTE|1||a\\.br\\b\\F\\\r"), "unknown_escape"), "");
}

TEST(Hl7MessageTest, WhereNamesThePlace) {
  const Hl7Message message = WithSegments("OBX|1\rNTE|1\rOBX|2\r");
  EXPECT_EQ(message.segments()[1].Where(5), "OBX-5");
  EXPECT_EQ(message.segments()[3].Where(5), "OBX[2]-5");
  EXPECT_EQ(message.segments()[3].Where(0), "OBX[2]");
  EXPECT_EQ(message.segments()[3].number(), 2u);
}

TEST(Hl7MessageTest, ControlBytesInTextAreNoText) {
  const Hl7Message message =
      WithSegments(std::string("OBX|1|TX|||a\x1C"
                               "b\0c\td\x7F\r",
                               20));
  EXPECT_EQ(message.Find("OBX")->Get(5), "abc\td");
}

TEST(Hl7MessageTest, StaysWholeWhenItMoves) {
  Hl7Message message = WithSegments("PID|1|x\r");
  const Hl7Segment pid = *message.Find("PID");
  const Hl7Message moved = std::move(message);
  EXPECT_EQ(pid.Get(2), "x");
  EXPECT_EQ(moved.Find("PID")->Get(2), "x");
}

TEST(Hl7MessageTest, EachIsWhatEveryNumberGivesInItsOrder) {
  const Hl7Message message =
      *ParseHl7(std::string(kMsh) + "\rPID|a^1&2~~c^\\T\\&\"\"~|x||~|\"\"\r");
  for (const Hl7Segment& segment : message.segments()) {
    for (std::size_t field = 0; field <= segment.Fields() + 1; ++field) {
      std::size_t count = 0;
      for (const Hl7Repetition one : segment.Each(field)) {
        SCOPED_TRACE(segment.Where(field) + " " + std::to_string(++count));
        EXPECT_EQ(one.Raw(), segment.RawRepetition(field, count));
        for (std::size_t part = 0; part <= 3; ++part) {
          EXPECT_EQ(one.Text(part), segment.Text(field, part, count));
          EXPECT_EQ(one.Get(part, 2), segment.Get(field, part, count, 2));
        }
      }
      EXPECT_EQ(count, segment.Repetitions(field));
    }
  }
  const Hl7Segment& pid = *message.Find("PID");
  std::vector<std::string> texts;
  for (const Hl7Repetition one : pid.Each(1)) texts.push_back(one.Text(1) + "|" + one.Text(2));
  EXPECT_EQ(texts, (std::vector<std::string>{"a|1&2", "|", "c|&&\"\"", "|"}));
  EXPECT_EQ(pid.Repetition(1, 1).Get(2, 2), "2");
  EXPECT_EQ(pid.Repetition(1, 9).Get(), "");
}

TEST(Hl7MessageTest, LimitsAreErrorsOfTheirOwn) {
  const std::string text = std::string(kMsh) + "\rPID|1|2|3\rPV1|1\r";
  const auto error = [&text](Hl7Limits limits) {
    const Result<Hl7Message> message = ParseHl7(text, nullptr, limits);
    return message.ok()
               ? "ok"
               : std::string(ErrorName(message.error().code)) + ": " + message.error().text;
  };
  EXPECT_EQ(error({}), "ok");
  EXPECT_EQ(error({.bytes = 20}), "too_large: the message has 63 bytes, expected at most 20");
  EXPECT_EQ(error({.segments = 2}), "too_large: the message has more than 2 segments");
  EXPECT_EQ(error({.fields_per_segment = 5}),
            "too_large: the message has more than 5 fields in a segment");
  EXPECT_EQ(error({.fields = 14}), "too_large: the message has more than 14 fields");
  const auto repeated = ParseHl7(std::string(kMsh) + "\rPID|1~2\rNK1|1\rNK1|1|a~b~c|d~e", nullptr,
                                 {.repetitions = 3});
  ASSERT_FALSE(repeated.ok());
  EXPECT_EQ(repeated.error(), (Error{ErrorCode::kTooLarge,
                                     "the message has more than 3 repetitions, most of them in "
                                     "NK1[2]-2: 3"}));
}

TEST(Hl7MessageTest, CharsetOfMsh18CountsElseThatOfTheSender) {
  const std::string stated = "MSH|^~\\&|A||||||ADT|1|P|2.5||||||8859/1\rPID|||M\xFCller\r";
  const Hl7Message latin = Parsed(stated);
  EXPECT_EQ(latin.Find("PID")->Get(3), "M\xC3\xBCller");
  EXPECT_EQ(latin.charset().name, "8859/1");
  EXPECT_TRUE(latin.remarks().empty());

  const std::string blank = "MSH|^~\\&|A||||||ADT|1|P|2.5\rPID|||\xCC\xE0\xF0\xE8\xFF\r";
  const Result<Hl7Message> russian = ParseHl7(blank, FindHl7Charset("windows-1251"));
  ASSERT_TRUE(russian.ok());
  EXPECT_EQ(russian->Find("PID")->Get(3), "Мария");
  EXPECT_TRUE(russian->remarks().empty());
  EXPECT_EQ(
      RemarkOf(Parsed(blank), "charset_doubt"),
      "MSH-18: no character set stated, read as WINDOWS-1252: there are bytes beyond ASCII that "
      "are not UTF-8");

  const Hl7Message unknown = Parsed("MSH|^~\\&|A||||||ADT|1|P|2.5||||||KLINGON\rPID|||x\r");
  EXPECT_EQ(RemarkOf(unknown, "charset_unknown"),
            "MSH-18: names a character set that is not known, read as ASCII");
}

TEST(Hl7MessageTest, SecondBytesOfACharacterAreNoDelimiters) {
  // In BIG-5 the second bytes of these are '|' and '\'; in ISO 2022 both bytes are below 0x80.
  const Hl7Message big5 =
      Parsed("MSH|^~\\&|A||||||ADT|1|P|2.5||||||BIG-5\rPID|||\xA5\x7C\xB3\x5C|x\r");
  EXPECT_EQ(big5.Find("PID")->Get(3), "四許");
  EXPECT_EQ(big5.Find("PID")->Get(4), "x");
  const Hl7Message japanese = Parsed(
      "MSH|^~\\&|A||||||ADT|1|P|2.5||||||~ISO IR87||ISO 2022-1994\rPID|||"
      "\x1B$B;3ED\x1B(B^\x1B$BB@O:\x1B(B|x\r");
  EXPECT_EQ(japanese.Find("PID")->Get(3, 1), "山田");
  EXPECT_EQ(japanese.Find("PID")->Get(3, 2), "太郎");
  EXPECT_EQ(japanese.Find("PID")->Get(4), "x");
}

TEST(Hl7MessageTest, WideTextIsRead) {
  const std::string narrow = "MSH|^~\\&|A||||||ADT|1|P|2.5||||||UNICODE UTF-16\rPID|||x\r";
  for (const bool little : {true, false}) {
    std::string wide;
    for (const char c : narrow) {
      if (!little) wide += '\0';
      wide += c;
      if (little) wide += '\0';
    }
    EXPECT_EQ(Parsed(wide).Find("PID")->Get(3), "x");
    EXPECT_TRUE(Parsed(wide).remarks().empty());
    EXPECT_EQ(Parsed((little ? "\xFF\xFE" : "\xFE\xFF") + wide).Find("PID")->Get(3), "x");
  }
}

TEST(Hl7MessageTest, RealMessagesAreRead) {
  std::ifstream file(CONSILIUM_SOURCE_DIR "/../shared/hl7/messages.jsonl");
  if (!file) {
    std::cerr << "real HL7 messages are not here: not checked\n";
    GTEST_SKIP() << "there is no ../shared/hl7/messages.jsonl";
  }
  int read = 0;
  for (std::string line; std::getline(file, line);) {
    const nlohmann::json record = nlohmann::json::parse(line);
    const std::string text = record["text"];
    const Result<Hl7Message> message = ParseHl7(text);
    const std::string id = record["id"];
    ASSERT_TRUE(message.ok()) << id << ": " << message.error().text;
    EXPECT_EQ(message->msh().Raw(9), std::string(record["message_type"])) << id;
    EXPECT_EQ(message->msh().Get(12), std::string(record["version"])) << id;
    ++read;
  }
  EXPECT_EQ(read, 134);
}

}  // namespace
}  // namespace consilium
