#include "gateway/hl7/batch.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace consilium {
namespace {

using Words = std::vector<std::string>;

struct Split {
  Words messages;
  Words remarks;

  friend bool operator==(const Split&, const Split&) = default;
};
void PrintTo(const Split& split, std::ostream* out) {
  *out << testing::PrintToString(split.messages) << testing::PrintToString(split.remarks);
}

Split Of(const std::string& payload) {
  const Result<Hl7Batch> batch = SplitBatch(payload);
  Split split;
  if (!batch.ok()) return {{batch.error().text}, {}};
  for (const std::string_view message : batch->messages) split.messages.emplace_back(message);
  for (const Remark& remark : batch->remarks) {
    split.remarks.push_back(remark.code + " " + remark.where + ": " + remark.text);
  }
  return split;
}

const std::string kOne = "MSH|^~\\&|A||||||ADT|1\rPID|1\r";
const std::string kTwo = "MSH|^~\\&|B||||||ADT|2\rPID|2\r";

TEST(BatchTest, OneMessageIsOneMessage) {
  EXPECT_EQ(Of(kOne), (Split{{kOne}, {}}));
  EXPECT_EQ(Of("\r\n" + kOne), (Split{{kOne}, {}}));
  EXPECT_FALSE(SplitBatch(kOne)->has_headers);
}

TEST(BatchTest, ABatchInOneFrameWithoutItsLastCrIsSplit) {
  EXPECT_EQ(Of("BHS|^~\\&|A\r" + kOne + kTwo + "BTS|2"), (Split{{kOne, kTwo}, {}}));
}

TEST(BatchTest, AFileOfBatchesIsSplit) {
  const std::string file = "FHS|^~\\&|A|||||||F1|F2|\rBHS|^~\\&|A||||||B9|B10|B11\r" + kOne +
                           "BTS|1\rBHS|^~\\&|A\r" + kTwo + "BTS|1\rFTS|2\r";
  EXPECT_EQ(Of(file), (Split{{kOne, kTwo}, {}}));
  EXPECT_TRUE(SplitBatch(file)->has_headers);
  EXPECT_EQ(SplitBatch("FHS|^~\\&|A|||||||F10|F11\r" + kOne + "FTS\r")->id, "F11");
  EXPECT_EQ(SplitBatch("BHS|^~\\&|A|||||||B10|B11\r" + kOne + "BTS|1\r")->id, "B11");
}

TEST(BatchTest, MessagesWithoutABatchAreSplitToo) {
  EXPECT_EQ(Of(kOne + kTwo), (Split{{kOne, kTwo}, {}}));
  EXPECT_EQ(Of("MSH|^~\\&|A\nPID|1\n\n  MSH:;~\\&:B\nPID:2\n"),
            (Split{{"MSH|^~\\&|A\nPID|1\n\n  ", "MSH:;~\\&:B\nPID:2\n"}, {}}));
}

TEST(BatchTest, CountsThatAreWrongAreRemarkedOn) {
  EXPECT_EQ(Of("BHS|^~\\&|A\r" + kOne + "BTS|3|x\r"),
            (Split{{kOne}, {"batch_count BTS-1: states 3, but 1 messages came"}}));
  EXPECT_EQ(Of("BHS|^~\\&|A\r" + kOne + "BTS|two\r"),
            (Split{{kOne}, {"batch_count BTS-1: states no number, but 1 messages came"}}));
  EXPECT_EQ(Of("BHS|^~\\&|A\r" + kOne + "BTS\r"), (Split{{kOne}, {}}));
  EXPECT_EQ(Of("BHS|^~\\&|A\rBTS|0\r"), (Split{{}, {}}));
  EXPECT_EQ(Of("FHS|^~\\&|A\rBHS|^~\\&|A\r" + kOne + "BTS|1\rFTS|2\r"),
            (Split{{kOne}, {"batch_count FTS-1: states 2, but 1 batches came"}}));
}

TEST(BatchTest, TrailersAndHeadersMayBeMissing) {
  EXPECT_EQ(Of("FHS|^~\\&|A\rBHS|^~\\&|A\r" + kOne),
            (Split{{kOne},
                   {"batch_trailer_missing BTS: the batch ends without BTS",
                    "batch_trailer_missing FTS: the file ends without FTS"}}));
  EXPECT_EQ(Of("BHS|^~\\&|A\r" + kOne + "BHS|^~\\&|A\r" + kTwo + "BTS|1\r"),
            (Split{{kOne, kTwo}, {"batch_trailer_missing BTS: the batch ends without BTS"}}));
  EXPECT_EQ(Of(kOne + "BTS|1\rFTS|1\r"),
            (Split{{kOne},
                   {"batch_header_missing BHS: BTS came without BHS",
                    "batch_header_missing FHS: FTS came without FHS"}}));
}

TEST(BatchTest, HeadersLendTheirDelimitersToTheirTrailers) {
  EXPECT_EQ(Of("FHS#^~\\&#A\rBHS:;~\\&:A\r" + kOne + "BTS:1\rFTS#1\r"), (Split{{kOne}, {}}));
}

TEST(BatchTest, WordsOfANoteAreNoTrailer) {
  const std::string note = "MSH|^~\\&|A\rOBX|1|TX|||BTS was seen\rBTS of 2\rFTSE fell\r";
  EXPECT_EQ(Of(note), (Split{{note}, {}}));
}

TEST(BatchTest, LinesOutsideOfAnyMessageAreRemarkedOn) {
  EXPECT_EQ(Of("hello\rBHS|^~\\&|A\rNTE|1\r" + kOne + "BTS|1\r"),
            (Split{{kOne}, {"stray_lines : 2 lines stand outside of any message"}}));
}

TEST(BatchTest, AByteOrderMarkSpeaksForAllMessages) {
  const std::string payload =
      "\xEF\xBB\xBF"
      "BHS|^~\\&|A\r" +
      kOne + "BTS|1\r";
  EXPECT_EQ(Of(payload), (Split{{kOne}, {}}));
  EXPECT_EQ(SplitBatch(payload)->charset, FindHl7Charset("UNICODE UTF-8"));
  EXPECT_EQ(SplitBatch(kOne)->charset, nullptr);
}

TEST(BatchTest, WhatHasNoHeaderIsLeftToTheParser) {
  EXPECT_EQ(Of("hello\rworld"), (Split{{"hello\rworld"}, {}}));
  EXPECT_EQ(Of(""), (Split{{""}, {}}));
  const std::string wide("M\0S\0H\0|\0^\0|\0\r\0", 14);
  EXPECT_EQ(Of(wide), (Split{{wide}, {}}));
}

TEST(BatchTest, TooManyMessagesAreRefused) {
  const Result<Hl7Batch> batch = SplitBatch(kOne + kTwo, 1);
  ASSERT_FALSE(batch.ok());
  EXPECT_EQ(batch.error(), (Error{ErrorCode::kTooLarge, "the batch has more than 1 messages"}));
}

}  // namespace
}  // namespace consilium
