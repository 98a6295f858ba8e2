#include "shared/wrong_words.h"

#include <gtest/gtest.h>

namespace consilium {
namespace {

TEST(NearestOfTest, ASlipIsForgivenAndAnotherWordIsNot) {
  const std::vector<std::string> known = {"--matrix", "--models", "--seed", "--save"};
  EXPECT_EQ(NearestOf("--matrx", known), "--matrix");
  EXPECT_EQ(NearestOf("--mtarix", known), "--matrix");
  EXPECT_EQ(NearestOf("--sede", known), "");
  EXPECT_EQ(NearestOf("--sed", known), "--seed");
  EXPECT_EQ(NearestOf("--verbose", known), "");
  EXPECT_EQ(NearestOf("x", {}), "");
}

}  // namespace
}  // namespace consilium
