// Histories in CSV: what the reference writes, what spreadsheets write, and what is wrong.
#include "aggregator/chemistry/history_csv.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <string>

namespace consilium {
namespace {

constexpr const char* kHeader =
    "trial,model,task,latency,temperature,id,result,quality,generation_accuracy,variance,"
    "review_accuracy,accuracy,elapsed,strategy,created\n";

HistoryTable Parsed(const std::string& text) {
  auto table = ParseHistory(text, "h.csv");
  EXPECT_TRUE(table.ok()) << (table.ok() ? "" : table.error().text);
  return table.ok() ? *std::move(table) : HistoryTable{};
}

Error ErrorOf(const std::string& text) {
  const auto table = ParseHistory(text, "h.csv");
  return table.ok() ? Error{ErrorCode::kInternal, "no error"} : table.error();
}

// The one problem of a file with a good row and this one.
std::string WhyOf(const std::string& row) {
  const HistoryTable table = Parsed(
      "trial,model,task,quality,accuracy,latency,review_accuracy,strategy,created\n"
      "t,m,fix,5,0.5,1,1,RANDOM,2025-07-11 09:43:21\n" +
      row + "\n");
  EXPECT_EQ(table.rows.size(), 1u);
  EXPECT_EQ(table.bad_count, 1u);
  if (table.bad.size() != 1) return "not one problem";
  EXPECT_EQ(table.bad[0].line, 3u);
  return table.bad[0].why;
}

TEST(ParseHistoryTest, ARowOfTheReferenceIsReadInFull) {
  const HistoryTable table = Parsed(
      std::string(kHeader) +
      "Trial_519 0,mixtral:8x22b,classify a statement,197.0,0.6,Item_3,'Says X.' is 'false'.,"
      "0.4428948835,1.0,2.87e-07,0.9993840033631426,0.24984600084078565,7m 19s,RANDOM,"
      "2025-07-11 09:43:21\n");
  ASSERT_EQ(table.rows.size(), 1u);
  const HistoryRow& row = table.rows[0];
  EXPECT_EQ(row.line, 2u);
  EXPECT_EQ(row.trial, "Trial_519 0");
  EXPECT_EQ(row.model, "mixtral:8x22b");
  EXPECT_EQ(row.task, 0u);
  EXPECT_EQ(row.result, 0u);
  EXPECT_EQ(row.latency_s, 197.0);
  EXPECT_EQ(row.quality, 0.4428948835);
  EXPECT_EQ(row.accuracy, 0.24984600084078565);
  EXPECT_EQ(row.generation_accuracy, 1.0);
  EXPECT_EQ(row.review_accuracy, 0.9993840033631426);
  EXPECT_EQ(row.strategy, "RANDOM");
  EXPECT_EQ(row.created_ms, 1752227001000);  // date -u -d "2025-07-11 09:43:21" +%s
  EXPECT_EQ(table.tasks, std::vector<std::string>{"classify a statement"});
  EXPECT_EQ(table.results, 1u);
  EXPECT_EQ(table.bad_count, 0u);
}

TEST(ParseHistoryTest, ColumnsComeInAnyOrderAndOthersAreIgnored) {
  const HistoryTable table = Parsed(
      "shoe size,accuracy,task,model,trial, quality ,shoe size\n"
      "44,0.25,fix,m1,t1,10,45\n");
  ASSERT_EQ(table.rows.size(), 1u);
  EXPECT_EQ(table.rows[0].quality, 10.0);
  EXPECT_EQ(table.rows[0].accuracy, 0.25);
  EXPECT_EQ(table.rows[0].model, "m1");
  EXPECT_EQ(table.rows[0].latency_s, std::nullopt);
  EXPECT_EQ(table.rows[0].generation_accuracy, std::nullopt);
  EXPECT_EQ(table.rows[0].review_accuracy, std::nullopt);
  EXPECT_EQ(table.rows[0].strategy, "");
  EXPECT_EQ(table.rows[0].created_ms, 0);
}

TEST(ParseHistoryTest, BlankCellsAreNotKnown) {
  const HistoryTable table = Parsed(std::string(kHeader) + "t,m,fix,,,,,5,,,,0.5,,,\n");
  ASSERT_EQ(table.rows.size(), 1u);
  EXPECT_EQ(table.rows[0].latency_s, std::nullopt);
  EXPECT_EQ(table.rows[0].generation_accuracy, std::nullopt);
  EXPECT_EQ(table.rows[0].review_accuracy, std::nullopt);
}

TEST(ParseHistoryTest, QuotedFieldsHoldCommasQuotesAndLines) {
  const HistoryTable table = Parsed(
      "trial,model,task,quality,accuracy,result\n"
      "t,m1,\"fix, \"\"quickly\"\"\nand well\",5,0.5,\"a\n\nb,\"\n"
      "t,m2,plain \"word\",5,0.5,\"\"\n");
  ASSERT_EQ(table.rows.size(), 2u) << (table.bad.empty() ? "" : table.bad[0].why);
  EXPECT_EQ(table.tasks,
            (std::vector<std::string>{"fix, \"quickly\"\nand well", "plain \"word\""}));
  EXPECT_EQ(table.rows[0].line, 2u);
  EXPECT_EQ(table.rows[1].line, 6u);
}

TEST(ParseHistoryTest, ByteOrderMarkCarriageReturnsAndBlankLinesChangeNothing) {
  const std::string plain = "trial,model,task,quality,accuracy\nt,m,fix,5,0.5\nt,n,fix,6,0.5\n";
  for (const std::string& text :
       {std::string("\xEF\xBB\xBF") + plain,
        std::string("trial,model,task,quality,accuracy\r\nt,m,fix,5,0.5\r\nt,n,fix,6,0.5\r\n"),
        std::string("trial,model,task,quality,accuracy\rt,m,fix,5,0.5\rt,n,fix,6,0.5"),
        std::string("\ntrial,model,task,quality,accuracy\n\nt,m,fix,5,0.5\n\r\nt,n,fix,6,0.5")}) {
    const HistoryTable table = Parsed(text);
    ASSERT_EQ(table.rows.size(), 2u) << text;
    EXPECT_EQ(table.bad_count, 0u) << text;
    EXPECT_EQ(table.rows[0].trial, "t");
    EXPECT_EQ(table.rows[1].model, "n");
    EXPECT_EQ(table.rows[1].quality, 6.0);
    EXPECT_EQ(table.rows[1].accuracy, 0.5);
  }
}

TEST(ParseHistoryTest, AnswersThatMeanTheSameShareANumber) {
  const HistoryTable table = Parsed(
      "trial,model,task,quality,accuracy,result\n"
      "t,a,fix,5,0.5,'X' is FALSE.\n"
      "t,b,fix,5,0.5,\"\"\"x\"\" is false!\"\n"
      "t,c,fix,5,0.5,x is true\n"
      "t,d,fix,5,0.5,+\n"
      "t,e,fix,5,0.5,-\n"
      "t,f,fix,5,0.5,+\n"
      "t,g,fix,5,0.5,\n"
      "t,h,fix,5,0.5,\n");
  ASSERT_EQ(table.rows.size(), 8u);
  std::vector<std::size_t> results;
  for (const HistoryRow& row : table.rows) results.push_back(row.result);
  // Two blank answers are two: nothing says that they are equal.
  EXPECT_EQ(results, (std::vector<std::size_t>{0, 0, 1, 2, 3, 2, 4, 5}));
  EXPECT_EQ(table.results, 6u);
}

TEST(ParseHistoryTest, WithoutResultsEveryAnswerIsItsOwn) {
  const HistoryTable table =
      Parsed("trial,model,task,quality,accuracy\nt,a,fix,5,0.5\nt,b,fix,5,0.5\n");
  EXPECT_NE(table.rows.at(0).result, table.rows.at(1).result);
}

TEST(ParseHistoryTest, AMalformedRowIsLeftOutWithItsLineAndItsReason) {
  EXPECT_EQ(WhyOf("t,m,fix,5,0.5"), "5 fields, expected 9");
  EXPECT_EQ(WhyOf("t,m,fix,5,0.5,1,1,RANDOM,,"), "10 fields, expected 9");
  EXPECT_EQ(WhyOf("t,m,fix,5,0.5,1,1,2025-07-11 12:12:55,"),
            "strategy = \"2025-07-11 12:12:55\" is a time, its columns are shifted");
  EXPECT_EQ(WhyOf("t,m,fix,5,0.5,1,1,0.93,"),
            "strategy = \"0.93\", expected a word of at most 64 letters, digits, _ and -");
  EXPECT_EQ(WhyOf(" ,m,fix,5,0.5,1,1,,"), "trial is blank");
  EXPECT_EQ(WhyOf("t,m n,fix,5,0.5,1,1,,"),
            "model = \"m n\", expected 1..128 characters of A-Z a-z 0-9 . _ : / @ + -");
  EXPECT_EQ(WhyOf("t,,fix,5,0.5,1,1,,"),
            "model = \"\", expected 1..128 characters of A-Z a-z 0-9 . _ : / @ + -");
  EXPECT_EQ(WhyOf("t,m,,5,0.5,1,1,,"), "task is blank");
  EXPECT_EQ(WhyOf("t,m,fix,12,0.5,1,1,,"), "quality = 12, expected 0..10");
  EXPECT_EQ(WhyOf("t,m,fix,,0.5,1,1,,"), "quality is blank, expected 0..10");
  EXPECT_EQ(WhyOf("t,m,fix,good,0.5,1,1,,"), "quality = \"good\", expected 0..10");
  EXPECT_EQ(WhyOf("t,m,fix,1e999,0.5,1,1,,"), "quality = \"1e999\", expected 0..10");
  EXPECT_EQ(WhyOf("t,m,fix,5,nan,1,1,,"), "accuracy = nan, expected 0..1");
  EXPECT_EQ(WhyOf("t,m,fix,5,inf,1,1,,"), "accuracy = inf, expected 0..1");
  EXPECT_EQ(WhyOf("t,m,fix,5,,1,1,,"), "accuracy is blank, expected 0..1");
  EXPECT_EQ(WhyOf("t,m,fix,5,0.5,-3,1,,"), "latency = -3, expected 0..1000000000");
  EXPECT_EQ(WhyOf("t,m,fix,5,0.5,1,1.5,,"), "review_accuracy = 1.5, expected 0..1");
  EXPECT_EQ(WhyOf("t,m,fix,5,0.5,1,1,,2025-02-29 00:00:00"),
            "created = \"2025-02-29 00:00:00\", expected YYYY-MM-DD hh:mm:ss from 1970 on");
  EXPECT_EQ(WhyOf("t,m,\"fix\" it,5,0.5,1,1,,"), "text after a closing quote, expected a comma");
}

TEST(ParseHistoryTest, WhatAnExportAddsIsReadWhereItIsStated) {
  const HistoryTable table = Parsed(
      "trial,model,task,quality,accuracy,weight,version,case_id,simulated,created\n"
      "t,a,fix,5,0.5,0.25,\"a-2, \"\"b\"\"\",case:1,1,2025-07-11 09:43:21.078\n"
      "u,a,fix,5,0.5,,, ,0,2025-07-11T09:43:21.5Z\n"
      "v,a,fix,5,0.5,1,,not a case id,,2025-07-11 09:43:21.123456\n");
  ASSERT_EQ(table.rows.size(), 3u) << (table.bad.empty() ? "" : table.bad[0].why);
  EXPECT_EQ(table.rows[0].weight, 0.25);
  EXPECT_EQ(table.rows[0].version, "a-2, \"b\"");
  EXPECT_EQ(table.rows[0].case_id, "case:1");
  EXPECT_TRUE(table.rows[0].simulated);
  EXPECT_EQ(table.rows[0].created_ms, 1752227001078);
  EXPECT_EQ(table.rows[1].weight, std::nullopt);
  EXPECT_EQ(table.rows[1].version, "");
  EXPECT_EQ(table.rows[1].case_id, "");
  EXPECT_FALSE(table.rows[1].simulated);
  EXPECT_EQ(table.rows[1].created_ms, 1752227001500);
  EXPECT_EQ(table.rows[2].weight, 1.0);
  EXPECT_EQ(table.rows[2].case_id, "") << "no case may have that id";
  EXPECT_EQ(table.rows[2].created_ms, 1752227001123);
}

TEST(ParseHistoryTest, ATrialHasOneCaseIdAndACaseIdOneTrial) {
  const HistoryTable table = Parsed(
      "trial,model,task,quality,accuracy,case_id\n"
      "t,a,fix,5,0.5,c1\n"
      "t,b,fix,5,0.5,c2\n"
      "t,c,fix,5,0.5,\n"
      "t,d,fix,12,0.5,c1\n"
      "u,a,fix,5,0.5,c1\n"
      "u,b,fix,5,0.5,c3\n"
      "v,a,fix,5,0.5,\n"
      "v,b,fix,5,0.5,c4\n"
      "t,a,other task,5,0.5,c5\n"
      "t,e,fix,5,0.5,c1\n");
  std::vector<std::string> why;
  for (const BadRow& bad : table.bad) why.push_back(std::to_string(bad.line) + ": " + bad.why);
  EXPECT_EQ(why, (std::vector<std::string>{
                     "3: case_id = \"c2\", expected \"c1\" as in the rows before of trial \"t\"",
                     "4: case_id = \"\", expected \"c1\" as in the rows before of trial \"t\"",
                     "5: quality = 12, expected 0..10",
                     "6: case_id = \"c1\", but that is the id of trial \"t\"",
                     "9: case_id = \"c4\", expected none as in the rows before of trial \"v\""}));
  std::vector<std::string> taken;
  for (const HistoryRow& row : table.rows) taken.push_back(row.model + " " + row.case_id);
  EXPECT_EQ(taken, (std::vector<std::string>{"a c1", "b c3", "a ", "a c5", "e c1"}));
}

TEST(ParseHistoryTest, WeightAndVersionHaveBounds) {
  const HistoryTable table = Parsed(
      "trial,model,task,quality,accuracy,weight,version,simulated\n"
      "t,a,fix,5,0.5,1.01,,\n"
      "t,b,fix,5,0.5,nan,,\n"
      "t,c,fix,5,0.5,1," +
      std::string(129, 'v') +
      ",\n"
      "t,d,fix,5,0.5,1,,yes\n"
      "t,e,fix,5,0.5,1," +
      std::string(128, 'v') + ",\n");
  std::vector<std::string> why;
  for (const BadRow& bad : table.bad) why.push_back(bad.why);
  EXPECT_EQ(why,
            (std::vector<std::string>{"weight = 1.01, expected 0..1", "weight = nan, expected 0..1",
                                      "version has 129 bytes, expected at most 128",
                                      "simulated = \"yes\", expected 0..1"}));
  EXPECT_EQ(table.rows.size(), 1u);
}

TEST(ParseHistoryTest, BadRowsGiveNoTaskAndNoAnswerANumber) {
  const HistoryTable table = Parsed(
      "trial,model,task,quality,accuracy,result\n"
      "t,a,never,12,0.5,lost\n"
      "t,b,fix,5,0.5,kept\n");
  EXPECT_EQ(table.tasks, std::vector<std::string>{"fix"});
  EXPECT_EQ(table.rows.at(0).result, 0u);
  EXPECT_EQ(table.results, 1u);
}

TEST(ParseHistoryTest, AllBadRowsAreCountedAndTheFirstThousandAreKept) {
  std::string text = "trial,model,task,quality,accuracy\n";
  for (int i = 0; i < 1200; ++i) text += "t,m,fix,5\n";
  const HistoryTable table = Parsed(text);
  EXPECT_EQ(table.bad_count, 1200u);
  ASSERT_EQ(table.bad.size(), 1000u);
  EXPECT_EQ(table.bad.back().line, 1001u);
  EXPECT_TRUE(table.rows.empty());
}

TEST(ParseHistoryTest, WhatIsNoHistoryIsSaidWithItsLine) {
  EXPECT_EQ(ErrorOf(""),
            Invalid("h.csv: empty, expected a first line with the names of the columns"));
  EXPECT_EQ(ErrorOf("\xEF\xBB\xBF\n\n"),
            Invalid("h.csv: empty, expected a first line with the names of the columns"));
  EXPECT_EQ(ErrorOf("trial,model,accuracy\n"),
            Invalid("h.csv:1: no column task, quality; needed are trial, model, task, quality, "
                    "accuracy"));
  EXPECT_EQ(ErrorOf("trial,model,task,quality,accuracy,model\n"),
            Invalid("h.csv:1: column model stands twice, expected once"));
  EXPECT_EQ(ErrorOf("trial,model,task,quality,accuracy\nt,m,\xff,5,0.5\n"),
            Invalid("h.csv:2: not UTF-8"));
  EXPECT_EQ(ErrorOf("trial,model,task,quality,accuracy\nt,m,fix,5,0.5\nt,m,\"fix,5,0.5\n\n"),
            Invalid("h.csv:3: the text ends inside quotes that open in this row"));
}

TEST(ParseHistoryTest, OversizedFieldsAndHeadersAreRefused) {
  const std::string long_field((std::size_t{1} << 20) + 1, 'x');
  EXPECT_EQ(
      ErrorOf("trial,model,task,quality,accuracy\nt,m," + long_field + ",5,0.5\n"),
      (Error{ErrorCode::kTooLarge, "h.csv:2: a field is larger than 1048576 bytes, the limit"}));
  EXPECT_EQ(ErrorOf("trial,model,task,quality,accuracy" + std::string(1100, ',')),
            (Error{ErrorCode::kTooLarge, "h.csv:1: 1105 columns, expected at most 1024"}));
  const HistoryTable table =
      Parsed("trial,model,task,quality,accuracy\n" + std::string(100000, ',') + "\n");
  ASSERT_EQ(table.bad.size(), 1u);
  EXPECT_EQ(table.bad[0].why, "100001 fields, expected 5");
}

TEST(ParseHistoryTest, OnlyAHeaderIsAHistoryWithoutRows) {
  const HistoryTable table = Parsed("trial,model,task,quality,accuracy");
  EXPECT_TRUE(table.rows.empty());
  EXPECT_TRUE(table.tasks.empty());
  EXPECT_EQ(table.bad_count, 0u);
}

TEST(ParseHistoryTest, TheReferencesHistoriesAreReadButForTheirShiftedRows) {
  const auto read = [](const char* name) {
    std::ifstream file(std::string(CONSILIUM_SOURCE_DIR "/../shared/reference/") + name,
                       std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(file), {});
  };
  const std::string first = read("runs.csv");
  const std::string second = read("runs2.csv");
  if (first.empty() || second.empty()) GTEST_SKIP() << "../shared is absent: no reference";
  const HistoryTable runs = Parsed(first);
  EXPECT_EQ(runs.rows.size(), 8164u);
  EXPECT_EQ(runs.bad_count, 6u);
  std::vector<std::size_t> lines;
  for (const BadRow& bad : runs.bad) {
    lines.push_back(bad.line);
    EXPECT_NE(bad.why.find("is a time, its columns are shifted"), std::string::npos) << bad.why;
  }
  EXPECT_EQ(lines, (std::vector<std::size_t>{181, 199, 202, 224, 278, 328}));
  const HistoryTable runs2 = Parsed(second);
  EXPECT_EQ(runs2.rows.size(), 7486u);
  EXPECT_EQ(runs2.bad_count, 0u);
  EXPECT_EQ(runs2.tasks, std::vector<std::string>{"fix buggy program"});
}

}  // namespace
}  // namespace consilium
