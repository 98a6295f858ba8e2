#include "shared/eval_case.h"

#include <gtest/gtest.h>

namespace consilium {
namespace {

TEST(EvalCaseTest, TheVignetteIsReadBackFromTheCaseId) {
  const auto id = EvalCaseId("run-1", "medqa:us-0004");
  ASSERT_TRUE(id.ok());
  EXPECT_EQ(*id, "eval:run-1:medqa:us-0004");
  EXPECT_EQ(VignetteOf(*id), "medqa:us-0004");
}

TEST(EvalCaseTest, OtherCasesAreNoneOfAnEvaluation) {
  for (const char* id : {"", "demo-001", "eval", "eval:", "eval:run", "eval::v1", "eval:a b:v1",
                         "Eval:run:v1", "xeval:run:v1"}) {
    EXPECT_EQ(VignetteOf(id), std::nullopt) << id;
  }
}

TEST(EvalCaseTest, NamesThatMakeNoCaseIdAreRefused) {
  EXPECT_EQ(CheckRunName("a:b").error().text, "run = \"a:b\", expected 1..32 of [A-Za-z0-9._-]");
  EXPECT_FALSE(CheckRunName(""));
  EXPECT_FALSE(CheckRunName(std::string(33, 'r')));
  EXPECT_TRUE(CheckRunName(std::string(32, 'r')));
  EXPECT_TRUE(EvalCaseId("r", std::string(121, 'v')).ok());
  EXPECT_EQ(EvalCaseId("r", "a b").error().text,
            "id \"a b\" in run r: no case id, expected 1..121 bytes of [A-Za-z0-9._:-]");
  EXPECT_FALSE(EvalCaseId("r", std::string(122, 'v')).ok());
  EXPECT_FALSE(EvalCaseId("r", "").ok());
}

}  // namespace
}  // namespace consilium
