#include "gateway/hl7/mllp_frame.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "shared/ids.h"

namespace consilium {
namespace {

using std::string_literals::operator""s;

constexpr std::size_t kMax = 1000;

std::string Shown(const std::optional<Result<MllpPayload>>& next) {
  if (!next->ok()) {
    return std::string(ErrorName(next->error().code)) + ": " + next->error().text;
  }
  std::string text = (*next)->begun ? "" : "(not begun) ";
  if (!(*next)->ended) text += "(not ended) ";
  return text + (*next)->bytes;
}

using Words = std::vector<std::string>;

Words Take(MllpReader& reader) {
  Words words;
  while (auto next = reader.Next()) words.push_back(Shown(next));
  return words;
}

// What comes of the bytes up to the end of the stream, and how much was garbage.
struct Heard {
  Words words;
  std::uint64_t garbage = 0;

  friend bool operator==(const Heard&, const Heard&) = default;
};
void PrintTo(const Heard& heard, std::ostream* out) {
  for (const std::string& word : heard.words) *out << testing::PrintToString(word) << ", ";
  *out << heard.garbage;
}

Heard HearPieces(const std::vector<std::string>& pieces) {
  MllpReader reader(kMax);
  Heard heard;
  for (const std::string& piece : pieces) {
    reader.Feed(piece);
    for (const std::string& word : Take(reader)) heard.words.push_back(word);
  }
  if (auto last = reader.Finish()) heard.words.push_back(Shown(last));
  EXPECT_FALSE(reader.half_read());
  heard.garbage = reader.garbage_bytes();
  return heard;
}

// Cut in no way, at every byte and everywhere: the same is heard.
Heard Hear(const std::string& bytes) {
  const Heard whole = HearPieces({bytes});
  Words single;
  for (const char c : bytes) single.emplace_back(1, c);
  EXPECT_EQ(HearPieces(single), whole);
  for (std::size_t i = 0; i <= bytes.size() && bytes.size() < 200; ++i) {
    EXPECT_EQ(HearPieces({bytes.substr(0, i), bytes.substr(i)}), whole) << "cut at " << i;
  }
  return whole;
}

TEST(MllpReaderTest, AFrameIsWhatStandsBetweenItsMarks) {
  EXPECT_EQ(Hear("\x0BMSH|^~\\&|A\rPID|1\r\x1C\r"), (Heard{{"MSH|^~\\&|A\rPID|1\r"}, 0}));
  EXPECT_EQ(Hear("\x0B\x1C\r"), (Heard{{""}, 0}));
  EXPECT_EQ(Hear(""), (Heard{{}, 0}));
}

TEST(MllpReaderTest, SeveralFramesInOneReadAllCount) {
  EXPECT_EQ(Hear("\x0B"
                 "a\x1C\r\x0B"
                 "b\x1C\r\x0B"
                 "c\x1C\r"),
            (Heard{{"a", "b", "c"}, 0}));
}

TEST(MllpReaderTest, WhatStandsBetweenFramesIsCountedAndSkipped) {
  EXPECT_EQ(Hear("\0\0\r\n \x0B"
                 "a\x1C\r\n\0\0hello\x0B"
                 "b\x1C\r\r\n"s),
            (Heard{{"a", "b"}, 15}));
  EXPECT_EQ(Hear("\xEF\xBB\xBF\x0B"
                 "a\x1C\r"),
            (Heard{{"a"}, 3}));
  EXPECT_EQ(Hear("\x0B\xEF\xBB\xBFMSH|^~\\&|\x1C\r"), (Heard{{"\xEF\xBB\xBFMSH|^~\\&|"}, 0}));
  EXPECT_EQ(Hear("\x1C\r\x1C\r"), (Heard{{}, 4}));
}

TEST(MllpReaderTest, AFrameEndsOnlyAtBothOfItsLastBytes) {
  EXPECT_EQ(Hear("\x0B"
                 "a\x1C"
                 "b\x1C\x1C\n\x1C\r"),
            (Heard{{"a\x1C"
                    "b\x1C\x1C\n"},
                   0}));
}

TEST(MllpReaderTest, ASenderMayLeaveOutTheLastByte) {
  EXPECT_EQ(Hear("\x0B"
                 "a\x1C\x0B"
                 "b\x1C"),
            (Heard{{"a", "b"}, 0}));
  EXPECT_EQ(Hear("\x0B"
                 "a\x1C\n\x0B"
                 "b\x1C\r\n"),
            (Heard{{"a", "b"}, 1}));
}

TEST(MllpReaderTest, AVerticalTabInATextIsData) {
  EXPECT_EQ(Hear("\x0B"
                 "line\x0Bline MSH|\x0BMSH is a hospital\x1C\r"),
            (Heard{{"line\x0Bline MSH|\x0BMSH is a hospital"}, 0}));
}

TEST(MllpReaderTest, AFrameThatIsCutOffByTheNextIsAnErrorAndTheNextIsRead) {
  EXPECT_EQ(Hear("\x0BMSH|^~\\&|A\rOB\x0BMSH|^~\\&|B\r\x1C\r"),
            (Heard{{"invalid: a frame began before the one of 13 bytes ended, expected 0x1C 0x0D",
                    "MSH|^~\\&|B\r"},
                   0}));
  EXPECT_EQ(Hear("\x0B\x0B\x0BMSH|^~\\&|B\r\x1C\r"), (Heard{{"MSH|^~\\&|B\r"}, 2}));
}

TEST(MllpReaderTest, AMessageWithoutItsFirstByteIsRead) {
  EXPECT_EQ(Hear("MSH|^~\\&|A\r\x1C\rmsh:;~:B\r\x1C\r"),
            (Heard{{"(not begun) MSH|^~\\&|A\r", "(not begun) msh:;~:B\r"}, 0}));
  EXPECT_EQ(Hear("\xEF\xBB\xBFMSH|^~\\&|A\r\x1C\r"), (Heard{{"(not begun) MSH|^~\\&|A\r"}, 3}));
}

TEST(MllpReaderTest, AMessageWithoutAnyFrameEndsWithTheStreamOrTheNext) {
  EXPECT_EQ(Hear("\r\nMSH|^~\\&|A\rMSA|AA|1\r"),
            (Heard{{"(not begun) (not ended) MSH|^~\\&|A\rMSA|AA|1\r"}, 2}));
  EXPECT_EQ(Hear("MSH|^~\\&|A\r\x0BMSH|^~\\&|B\r\x1C\r"),
            (Heard{{"(not begun) (not ended) MSH|^~\\&|A\r", "MSH|^~\\&|B\r"}, 0}));
}

TEST(MllpReaderTest, WordsThatLookLikeAHeaderAreGarbage) {
  EXPECT_EQ(Hear("MSH"), (Heard{{}, 3}));
  EXPECT_EQ(Hear("MSH says hello. xMSH|^~\\&|A MSH|"), (Heard{{}, 32}));
  EXPECT_EQ(Hear("GET / HTTP/1.1\r\nHost: mshost\r\n\r\n"), (Heard{{}, 32}));
}

TEST(MllpReaderTest, AStreamThatEndsWithinAFrameSaysSo) {
  EXPECT_EQ(
      Hear("\x0BMSH|^~\\&|A\r"),
      (Heard{{"invalid: the stream ended after 11 bytes of a payload, expected 0x1C 0x0D"}, 0}));
  EXPECT_EQ(Hear("\x0BMSH|^~\\&|A\r\x1C\n"), (Heard{{"MSH|^~\\&|A\r"}, 0}));
}

TEST(MllpReaderTest, APayloadAtTheLimitIsReadAndOneByteMoreIsRefused) {
  const std::string most(kMax, 'x');
  EXPECT_EQ(Hear("\x0B" + most + "\x1C\r"), (Heard{{most}, 0}));
  constexpr const char* kTooLarge = "too_large: the payload of a frame has more than 1000 bytes";
  EXPECT_EQ(Hear("\x0B" + most + "x\x1C\r\x0B" + "b\x1C\r"), (Heard{{kTooLarge, "b"}, 0}));
  EXPECT_EQ(Hear("\x0B" + most + most + "\x1C" + "x\x1C\r\x0B" + "b\x1C\r"),
            (Heard{{kTooLarge, "b"}, 0}));
  EXPECT_EQ(Hear("\x0B" + most + most + "\x0Bx\x0BMSH|^~\\&|\x1C\r"),
            (Heard{{kTooLarge, "MSH|^~\\&|"}, 0}));
  EXPECT_EQ(Hear("\x0B" + most + most + "\x1C\x0B" + "b\x1C\r"), (Heard{{kTooLarge, "b"}, 0}));
  EXPECT_EQ(Hear("\x0B" + most + most), (Heard{{kTooLarge}, 0}));
  EXPECT_EQ(Hear("MSH|^~\\&|" + most), (Heard{{kTooLarge}, 0}));
  EXPECT_EQ(Hear("\x0B" + most.substr(3) + "\x0BMSH|"), (Heard{{kTooLarge}, 0}));
}

TEST(MllpReaderTest, TheBeginningOfWhatWasRefusedIsKept) {
  MllpReader reader(20);
  reader.Feed("\x0BMSH|^~\\&|APP|HOSPITAL|||2026");
  EXPECT_EQ(Take(reader), (Words{"too_large: the payload of a frame has more than 20 bytes"}));
  EXPECT_EQ(reader.rejected(), "MSH|^~\\&|APP|HOSPITAL");
  EXPECT_TRUE(reader.half_read());
  reader.Feed("0101\x1C\r");
  EXPECT_EQ(Take(reader), Words{});
  EXPECT_FALSE(reader.half_read());
}

TEST(MllpReaderTest, TellsWhetherAFrameIsHalfRead) {
  MllpReader reader(kMax);
  reader.Feed("\r\n");
  EXPECT_EQ(Take(reader), Words{});
  EXPECT_FALSE(reader.half_read());
  EXPECT_EQ(reader.begun(), 0u);
  reader.Feed("\x0B");
  EXPECT_EQ(Take(reader), Words{});
  EXPECT_TRUE(reader.half_read());
  EXPECT_EQ(reader.begun(), 1u);
  reader.Feed("a\x1C\r\x0Bx");
  EXPECT_EQ(Take(reader), Words{"a"});
  EXPECT_TRUE(reader.half_read());
  EXPECT_EQ(reader.begun(), 2u);
  reader.Feed("\x1C\r");
  EXPECT_EQ(Take(reader), Words{"x"});
  EXPECT_FALSE(reader.half_read());
}

TEST(MllpReaderTest, ReadsOnAfterTheStreamWasFinished) {
  MllpReader reader(kMax);
  reader.Feed("\x0Bhalf");
  EXPECT_EQ(Take(reader), Words{});
  EXPECT_FALSE(reader.Finish()->ok());
  EXPECT_EQ(reader.rejected(), "half");
  EXPECT_EQ(reader.Finish(), std::nullopt);
  reader.Feed(
      "\x0B"
      "a\x1C\r");
  EXPECT_EQ(Take(reader), Words{"a"});
}

TEST(MllpReaderTest, AnyBytesAreHeardTheSameHoweverTheyAreCut) {
  const Words parts = {"\x0B", "\x1C",         "\r",         "\n",     "\0"s,
                       "M",    "MSH",          "|^~\\&|",    "B",      "BHS",
                       "x",    "\xEF\xBB\xBF", "MSH|^~\\&|", "\x1C\r", std::string(700, 'y')};
  SeededRandom random(17, "mllp");
  for (int round = 0; round < 3000; ++round) {
    std::string bytes;
    for (std::uint64_t i = random.Below(14); i > 0; --i) bytes += parts[random.Below(parts.size())];
    std::vector<std::string> pieces;
    for (std::size_t at = 0; at < bytes.size();) {
      const std::size_t count = 1 + random.Below(random.Below(2) == 0 ? 3 : 300);
      pieces.push_back(bytes.substr(at, count));
      at += count;
    }
    ASSERT_EQ(HearPieces(pieces), HearPieces({bytes})) << testing::PrintToString(bytes);
  }
}

TEST(MllpReaderTest, KeepsNothingOfWhatWasRead) {
  MllpReader reader(1u << 20);
  for (const std::size_t size : {std::size_t{10}, std::size_t{1} << 20}) {
    reader.Feed(MllpFrame(std::string(size, 'x')));
    EXPECT_TRUE(reader.Next().has_value());
    EXPECT_EQ(reader.held(), 0u);
  }
  reader.Feed(MllpFrame(std::string(1u << 20, 'x')) + "\x0b" + "MSH|");
  EXPECT_TRUE(reader.Next().has_value());
  EXPECT_LT(reader.held(), 10u) << "only the beginning of the next";
}

// With a rescan of what was read before, a megabyte byte by byte would take minutes.
TEST(MllpReaderTest, ALargeFrameByteByByteTakesLinearTime) {
  MllpReader reader(4U << 20);
  const std::string text(2U << 20, 'x');
  reader.Feed("\x0B");
  for (const char c : text) {
    reader.Feed({&c, 1});
    EXPECT_EQ(reader.Next(), std::nullopt);
  }
  reader.Feed("\x1C\r");
  auto next = reader.Next();
  ASSERT_TRUE(next && next->ok());
  EXPECT_EQ((*next)->bytes, text);
}

TEST(MllpFrameTest, APayloadIsFramedAndReadAgain) {
  EXPECT_EQ(MllpFrame("a\x1C\x1C\rb\x1C\x1C"),
            "\x0B"
            "a\rb\x1C\r");
  EXPECT_EQ(MllpFrame("MSH|^~\\&|\r"), "\x0BMSH|^~\\&|\r\x1C\r");
  EXPECT_EQ(MllpFrame(""), "\x0B\x1C\r");
  EXPECT_EQ(Hear(MllpFrame("a\x1C\rb\x1C"
                           "c\x1C")),
            (Heard{{"a\rb\x1C"
                    "c"},
                   0}));
}

}  // namespace
}  // namespace consilium
