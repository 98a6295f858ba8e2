#include "cli/feed/feed_format.h"

#include <gtest/gtest.h>

namespace consilium {
namespace {

FeedFormat Of(const std::string& name, std::string_view begin) {
  const auto format = DetectFormat(name, begin);
  EXPECT_TRUE(format.ok()) << name << ": " << (format.ok() ? "" : format.error().text);
  return format.ok() ? *format : FeedFormat::kCases;
}

TEST(FeedFormatTest, Hl7IsKnownByItsHeaderWhateverStandsBefore) {
  for (const std::string text :
       {"MSH|^~\\&|A", "\x0bMSH|^~\\&|A", "\xef\xbb\xbfMSH|^~\\&|A", "\r\n\r\nFHS|^~\\&|",
        "BHS|^~\\&|A", "MSH:;~\\&:A", "\xef\xbb\xbf\x0b\r\nMSH|^~\\&|A"}) {
    EXPECT_EQ(Of("a.txt", text), FeedFormat::kHl7) << text;
  }
  EXPECT_EQ(Of("a.txt", std::string("\0\0\x0bMSH|^~\\&|A", 15)), FeedFormat::kHl7);
}

TEST(FeedFormatTest, JsonIsAResourceItsLinesOrCases) {
  EXPECT_EQ(Of("a.json", "{\n \"resourceType\": \"Bundle\"}"), FeedFormat::kFhir);
  EXPECT_EQ(Of("a.json", "{\"resourceType\":\"Patient\"}"), FeedFormat::kFhir);
  EXPECT_EQ(Of("a.ndjson", "{\"resourceType\":\"Patient\"}"), FeedFormat::kBulk);
  EXPECT_EQ(Of("a.json", "{\"resourceType\":\"Patient\"}\n{\"resourceType\":\"Patient\"}"),
            FeedFormat::kBulk);
  EXPECT_EQ(Of("a.JSONL", "{\"id\":\"1\",\"text\":\"A man.\"}"), FeedFormat::kCases);
  EXPECT_EQ(Of("a.json", "[{\"text\":\"A man.\"}]"), FeedFormat::kCases);
  // The narrative of a resource is a "text" as well, and what a case quotes is no key.
  EXPECT_EQ(Of("a.ndjson", "{\"text\":{},\"resourceType\":\"Patient\"}"), FeedFormat::kBulk);
  EXPECT_EQ(Of("a.ndjson", "{\"text\":\"a \\\"resourceType\\\" in a note\"}"), FeedFormat::kCases);
}

TEST(FeedFormatTest, EverythingElseIsRefusedAndSaysWhatIsExpected) {
  for (const std::string text : {"A man with a cough.", "MSHA|", "MSH", "{\"a\":1}", "%PDF-1.4"}) {
    const auto format = DetectFormat("dir/a.txt", text);
    ASSERT_FALSE(format.ok()) << text;
    EXPECT_EQ(format.error(),
              Invalid("dir/a.txt: expected HL7 v2 (it begins with MSH, BHS or FHS, also in a frame "
                      "of MLLP), a FHIR resource (resourceType), or cases (text); --format says "
                      "which it is"));
  }
  for (const std::string text : {"", "\x0b", "\xef\xbb\xbf \r\n"}) {
    EXPECT_EQ(DetectFormat("dir/a.txt", text).error(),
              Invalid("dir/a.txt: empty, expected messages"));
  }
}

TEST(FeedFormatTest, InAFolderOnlyWholeFilesWithAKnownNameAreMeant) {
  for (const char* name :
       {"a.hl7", "a.HL7", "b.txt", "c.json", "d.jsonl", "e.ndjson", "x.y.json"}) {
    EXPECT_TRUE(IsFeedName(name)) << name;
  }
  for (const char* name :
       {"", ".a.hl7", "a.hl7.part", "a.hl7.tmp", "a.hl7~", "a.pdf", "hl7", "a"}) {
    EXPECT_FALSE(IsFeedName(name)) << name;
  }
}

}  // namespace
}  // namespace consilium
