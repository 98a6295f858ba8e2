#include <gtest/gtest.h>

#include "gateway/clinical/code_system.h"
#include "gateway/clinical/fold_text.h"
#include "gateway/clinical/iso_time.h"

namespace consilium {
namespace {

TEST(FoldTextTest, CaseAccentsAndPunctuationDoNotMatter) {
  EXPECT_EQ(FoldText("  M\xC3\xBCller-L\xC3\xBC"
                     "denscheidt, "),
            "muller ludenscheidt");
  EXPECT_EQ(FoldText("O\xE2\x80\x99"
                     "Neil"),
            "o neil");
  EXPECT_EQ(FoldText("Stra\xC3\x9F"
                     "e \xC3\x86ther \xC5\x81\xC3\xB3"
                     "d\xC5\xBA"),
            "strasse aether lodz");
  EXPECT_EQ(FoldText("e\xCC\x81"), "e");
  EXPECT_EQ(FoldText("\xD0\x96\xD0\xB0"), "\xD0\xB6\xD0\xB0");
  EXPECT_EQ(FoldText("\xE6\x9D\x8E"), "\xE6\x9D\x8E");
  EXPECT_EQ(FoldText("\xC3"), "\xC3");
  EXPECT_EQ(FoldText(" .-"), "");
}

TEST(CodeSystemKeyTest, TheNamesOfASystemAreOne) {
  EXPECT_EQ(CodeSystemKey("LN"), "loinc");
  EXPECT_EQ(CodeSystemKey("http://loinc.org"), "loinc");
  EXPECT_EQ(CodeSystemKey("urn:oid:2.16.840.1.113883.6.1"), "loinc");
  EXPECT_EQ(CodeSystemKey("http://snomed.info/sct"), CodeSystemKey("SCT"));
  EXPECT_EQ(CodeSystemKey("99LOCAL"), "99local");
  EXPECT_EQ(CodeSystemKey(""), "");
}

std::int64_t BeginMs(const char* text) {
  const auto time = ParseIsoTime(text);
  return time ? time->begin_ms : -1;
}

TEST(ParseIsoTimeTest, ReadsEveryPrecision) {
  EXPECT_EQ(BeginMs("1970"), 0);
  EXPECT_EQ(BeginMs("1970-02"), 31 * 86'400'000LL);
  EXPECT_EQ(BeginMs("1970-01-02"), 86'400'000);
  EXPECT_EQ(BeginMs("1970-01-01T01"), 3'600'000);
  EXPECT_EQ(BeginMs("1970-01-01T01:01"), 3'660'000);
  EXPECT_EQ(BeginMs("1970-01-01T01:01:01.25Z"), 3'661'250);
  EXPECT_EQ(BeginMs("1970-01-01T01:00:00+01:00"), 0);
  EXPECT_EQ(BeginMs("1970-01-01T00:00:00-00:30"), 1'800'000);
  const auto month = ParseIsoTime("2024-02");
  ASSERT_TRUE(month.has_value());
  EXPECT_EQ(month->month, 2);
  EXPECT_EQ(month->day, 0);
}

TEST(ParseIsoTimeTest, RefusesWhatIsNoTime) {
  for (const char* text :
       {"", "197", "0000", "1970-13", "1970-00", "1970-02-30", "2023-02-29", "1970-01-01T24",
        "1970-01-01T10:60", "1970-01-01T10:00:00.", "1970-01-01T10:00:00+1", "1970-01-01 10:00",
        "1970-01T10", "19700101", "1970-01-01T10:00:00Zx"}) {
    EXPECT_FALSE(ParseIsoTime(text).has_value()) << text;
  }
}

TEST(DateOfTest, IsTheDayInUtc) {
  using std::chrono::year_month_day;
  EXPECT_EQ(DateOf(0), year_month_day(std::chrono::sys_days{}));
  EXPECT_EQ(DateOf(-1), year_month_day(std::chrono::sys_days{} - std::chrono::days{1}));
}

}  // namespace
}  // namespace consilium
