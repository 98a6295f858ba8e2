#include "cli/output.h"

#include <gtest/gtest.h>

namespace consilium {
namespace {

TEST(ErrorLineTest, NamesTheCodeAndWhatToDo) {
  EXPECT_EQ(ErrorLine(Invalid("text: missing"), ""), "consilium: error[invalid]: text: missing\n");
  EXPECT_EQ(ErrorLine({ErrorCode::kQueueFull, "full"}, AdviceFor(ErrorCode::kQueueFull)),
            "consilium: error[queue_full]: full\n"
            "  submit again later; what was accepted before is not done twice\n");
}

TEST(ErrorJsonTest, IsOneObject) {
  EXPECT_EQ(ErrorJson({ErrorCode::kConflict, "say \"a\"\n"}),
            R"({"error":{"code":"conflict","text":"say \"a\"\n"}})");
  EXPECT_EQ(ErrorJson({ErrorCode::kConflict, "x"}, "c1"),
            R"({"case_id":"c1","error":{"code":"conflict","text":"x"}})");
}

TEST(ExitCodeOfTest, EveryErrorHasItsDocumentedCode) {
  EXPECT_EQ(ExitCodeOf(ErrorCode::kInvalid), 2);
  EXPECT_EQ(ExitCodeOf(ErrorCode::kTooLarge), 2);
  EXPECT_EQ(ExitCodeOf(ErrorCode::kUnavailable), 3);
  EXPECT_EQ(ExitCodeOf(ErrorCode::kTimeout), 3);
  EXPECT_EQ(ExitCodeOf(ErrorCode::kConflict), 4);
  EXPECT_EQ(ExitCodeOf(ErrorCode::kQueueFull), 4);
  EXPECT_EQ(ExitCodeOf(ErrorCode::kNotFound), 4);
  EXPECT_EQ(ExitCodeOf(ErrorCode::kInternal), 1);
  EXPECT_EQ(ExitCodeOf(ErrorCode::kUnsupported), 1);
}

TEST(JsonStringTest, InvalidUtf8IsReplaced) { EXPECT_EQ(JsonString("a\xFF"), "\"a\xEF\xBF\xBD\""); }

}  // namespace
}  // namespace consilium
