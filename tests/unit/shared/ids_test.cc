#include "shared/ids.h"

#include <gtest/gtest.h>

#include <cmath>
#include <set>
#include <string>
#include <vector>

namespace consilium {
namespace {

TEST(CheckCaseIdTest, AcceptsWordCharactersUpTo128) {
  EXPECT_TRUE(CheckCaseId("ward-7:2026.11_A"));
  EXPECT_TRUE(CheckCaseId(std::string(128, 'x')));
}

TEST(CheckCaseIdTest, RefusesOtherTextAndSaysWhatIsAllowed) {
  EXPECT_EQ(CheckCaseId("a|b").error(),
            Invalid("id = \"a|b\", expected 1..128 characters of A-Z a-z 0-9 . _ : -"));
  EXPECT_EQ(CheckCaseId("").error().text,
            "id = \"\", expected 1..128 characters of A-Z a-z 0-9 . _ : -");
  EXPECT_EQ(CheckCaseId("a\nb").error().text,
            "id = \"a\\nb\", expected 1..128 characters of A-Z a-z 0-9 . _ : -");
  EXPECT_FALSE(CheckCaseId(std::string(129, 'x')));
  EXPECT_FALSE(CheckCaseId("\xC3\xA9"));
}

TEST(CheckModelNameTest, AcceptsNamesAsProvidersWriteThem) {
  EXPECT_TRUE(CheckModelName("llama3.3:70b"));
  EXPECT_TRUE(CheckModelName("meta/llama-3@2026+x"));
}

TEST(CheckModelNameTest, RefusesBarsAndSpaces) {
  EXPECT_EQ(CheckModelName("gpt 4|o").error().text,
            "model = \"gpt 4|o\", expected 1..128 characters of A-Z a-z 0-9 . _ : / @ + -");
}

TEST(RefTest, RoundTrips) {
  const TaskId task{"case-1", Stage::kReview, 12, "meta/llama-3"};
  EXPECT_EQ(ToRef(task), "case-1|review|12|meta/llama-3");
  EXPECT_EQ(TaskFromRef(ToRef(task)).value(), task);
}

TEST(RefTest, RefusesWhatIsNotExactlyARef) {
  for (const char* text : {"", "a", "a|review|1", "a|review|1|m|x", "a|judge|1|m", "a|review|0|m",
                           "a|review|-1|m", "a|review|01|m", "a|review|+1|m", "a|review|1 |m",
                           "|review|1|m", "a|review|1|", "a|review|99999999999999999999|m"}) {
    const Result<TaskId> task = TaskFromRef(text);
    ASSERT_FALSE(task) << text;
    EXPECT_EQ(task.error().text,
              "task = \"" + std::string(text) + "\", expected case|stage|round|model");
  }
}

TEST(RandomHexIdTest, Is32HexDigitsAndFresh) {
  std::set<std::string> seen;
  for (int i = 0; i < 100; ++i) {
    const std::string id = RandomHexId();
    EXPECT_EQ(id.size(), 32u);
    EXPECT_EQ(id.find_first_not_of("0123456789abcdef"), std::string::npos) << id;
    EXPECT_TRUE(seen.insert(id).second) << id;
  }
}

// FIPS 180-2, appendix B.
TEST(Sha256HexTest, MatchesTheStandard) {
  EXPECT_EQ(Sha256Hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(Sha256Hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

// Stored data rest on these: cases are found where they were put.
TEST(ShardOfTest, IsTheHeadOfTheSha256OfTheId) {
  // From `printf %s case-1 | sha256sum`: ba225b9895eafb5e...
  EXPECT_EQ(ShardOf("case-1", 3), 0xba225b9895eafb5eu % 3);
  EXPECT_EQ(ShardOf("case-1", 3), 0u);
  EXPECT_EQ(ShardOf("some-case", 3), 1u);
  EXPECT_EQ(ShardOf("a", 3), 1u);
  EXPECT_EQ(ShardOf("a", 7), 4u);
  EXPECT_EQ(ShardOf("00000000", 64), 15u);
  EXPECT_EQ(ShardOf("case-1", 1), 0u);
}

TEST(ShardOfTest, SpreadsSimilarIdsEvenly) {
  for (const std::size_t shards : {2u, 3u, 16u}) {
    std::vector<int> cases(shards);
    for (int i = 0; i < 16000; ++i) ++cases[ShardOf("case-" + std::to_string(i), shards)];
    const double expected = 16000.0 / static_cast<double>(shards);
    for (const int count : cases) {
      // Five deviations of a binomial count.
      EXPECT_NEAR(count, expected, 5 * std::sqrt(expected));
    }
  }
}

TEST(SeededRandomTest, IsTheSameOnEveryMachine) {
  // Computed apart from this code, from the description in ids.h.
  SeededRandom random(7, "case-1|labels");
  EXPECT_EQ(random.Next(), 0x8154e9ab1aa368d1u);
  EXPECT_EQ(random.Next(), 0x5917baa36ddaf417u);
  EXPECT_EQ(random.Below(1000), 768u);
  EXPECT_EQ(random.Unit(), 0x1.788e6aa720c64p-1);
  EXPECT_EQ(random.Normal(), -0x1.6ce130d46f510p-1);
}

TEST(SeededRandomTest, DependsOnSeedAndWords) {
  EXPECT_EQ(SeededRandom(1, "a").Next(), SeededRandom(1, "a").Next());
  EXPECT_NE(SeededRandom(1, "a").Next(), SeededRandom(2, "a").Next());
  EXPECT_NE(SeededRandom(1, "a").Next(), SeededRandom(1, "b").Next());
}

TEST(SeededRandomTest, BelowIsEvenAndInRange) {
  SeededRandom random(3, "dice");
  int counts[6] = {};
  for (int i = 0; i < 60000; ++i) ++counts[random.Below(6)];
  for (const int count : counts) EXPECT_NEAR(count, 10000, 400);
  EXPECT_EQ(random.Below(1), 0u);
}

TEST(SeededRandomTest, UnitAndNormalHaveTheirMoments) {
  SeededRandom random(5, "moments");
  double sum = 0;
  double normal_sum = 0;
  double normal_squares = 0;
  constexpr int kCount = 100000;
  for (int i = 0; i < kCount; ++i) {
    const double unit = random.Unit();
    ASSERT_GE(unit, 0.0);
    ASSERT_LT(unit, 1.0);
    sum += unit;
    const double normal = random.Normal();
    normal_sum += normal;
    normal_squares += normal * normal;
  }
  EXPECT_NEAR(sum / kCount, 0.5, 0.01);
  EXPECT_NEAR(normal_sum / kCount, 0.0, 0.02);
  EXPECT_NEAR(normal_squares / kCount, 1.0, 0.02);
}

TEST(SeededRandomTest, ShuffleKeepsTheItemsAndReachesEveryOrder) {
  std::set<std::vector<int>> orders;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    std::vector<int> items = {1, 2, 3};
    SeededRandom(seed, "order").Shuffle(items);
    EXPECT_EQ(std::set<int>(items.begin(), items.end()), (std::set<int>{1, 2, 3}));
    orders.insert(items);
  }
  EXPECT_EQ(orders.size(), 6u);
}

}  // namespace
}  // namespace consilium
