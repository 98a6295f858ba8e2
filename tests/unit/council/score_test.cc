#include "aggregator/council/score.h"

#include <gtest/gtest.h>

#include "tests/unit/council/case_builder.h"

namespace consilium {
namespace {

struct Row {
  std::vector<std::string> gold;
  std::vector<std::string> given;
  bool exact;
  double jaccard;
};

TEST(ScoreTest, ComparesSetsAfterNormalisation) {
  const Row rows[] = {
      {{}, {}, true, 1.0},
      {{}, {"amoxicillin"}, false, 0.0},
      {{"amoxicillin"}, {}, false, 0.0},
      {{"Amoxicillin"}, {"amoxicillin"}, true, 1.0},
      {{"paracetamol"}, {"acetaminophen"}, true, 1.0},
      {{"ibuprofen", "amoxicillin"}, {"amoxicillin", "ibuprofen"}, true, 1.0},
      {{"ibuprofen", "Advil"}, {"ibuprofen"}, true, 1.0},
      {{"ibuprofen", "amoxicillin"}, {"amoxicillin"}, false, 0.5},
      {{"ibuprofen", "amoxicillin"}, {"amoxicillin", "metformin"}, false, 1.0 / 3},
      {{"xyzzylin"}, {"xyzzylin"}, true, 1.0},
      {{"xyzzylin"}, {"xyzzylol"}, false, 0.0},
  };
  for (const Row& row : rows) {
    const Score score = ScoreAgainst(row.gold, row.given, Medications());
    const std::string name = testing::PrintToString(row.gold) + testing::PrintToString(row.given);
    EXPECT_EQ(score.exact, row.exact) << name;
    EXPECT_DOUBLE_EQ(score.jaccard, row.jaccard) << name;
  }
}

}  // namespace
}  // namespace consilium
