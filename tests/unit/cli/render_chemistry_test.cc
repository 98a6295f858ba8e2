// Tables of chemistry for people: complete where there is room, at most 80 columns always.
#include "cli/render_chemistry.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <vector>

#include "tests/unit/cli/columns.h"

namespace consilium {
namespace {

// Names of so many bytes, pairs that fall from 1 to 0 in the order of names.
ChemistryMatrix MatrixOf(std::size_t size, std::size_t name_bytes) {
  std::vector<std::string> models;
  for (std::size_t i = 0; i < size; ++i) {
    std::string name = std::to_string(1000 + i);
    name += std::string(name_bytes - name.size(), 'x');
    models.push_back(name);
  }
  ChemistryMatrix matrix(models);
  const std::size_t count = size < 2 ? 1 : size * (size - 1) / 2;
  const auto pairs = static_cast<double>(count);
  double place = 0.0;
  for (std::size_t a = 0; a < size; ++a) {
    for (std::size_t b = a + 1; b < size; ++b) matrix.Set(a, b, 1.0 - place++ / pairs);
  }
  return matrix;
}

TEST(RenderMatrixTest, SmallMatricesAreShownWhole) {
  ChemistryMatrix matrix({"a", "bb", "c"});
  matrix.Set(0, 1, 0.5);
  matrix.Set(0, 2, 0.123);
  EXPECT_EQ(RenderMatrix(matrix, ChemistryVariant::kNonempty, 0.5, kLook),
            "Chemistry of 3 models, variant nonempty, usage threshold 0.50\n"
            "           1    2    3\n"
            "   1 a     . 0.50 0.12\n"
            "   2 bb 0.50    . 0.00\n"
            "   3 c  0.12 0.00    .\n");
}

TEST(RenderMatrixTest, NobodyAndOneModelHaveNoPairs) {
  EXPECT_EQ(RenderMatrix(ChemistryMatrix{}, ChemistryVariant::kPublished, 0.5, kLook),
            "Chemistry of 0 models, variant published, usage threshold 0.50\n"
            "  Pairs       none: chemistry is between two models, and there are none\n");
  EXPECT_EQ(RenderMatrix(ChemistryMatrix({"a"}), ChemistryVariant::kPublished, 0.5, kLook),
            "Chemistry of 1 model, variant published, usage threshold 0.50\n"
            "  Pairs       none: chemistry is between two models, and there is one\n");
}

TEST(RenderMatrixTest, ManyPairsAtOneAreExplained) {
  ChemistryMatrix matrix({"a", "b", "c"});
  matrix.Set(0, 1, 1.0);
  matrix.Set(0, 2, 1.0);
  const std::string note =
      "  Note        2 of 3 pairs are at 1, the most there is; --variant nonempty tells\n"
      "              them apart\n";
  EXPECT_NE(RenderMatrix(matrix, ChemistryVariant::kPublished, 0.5, kLook).find(note),
            std::string::npos);
  EXPECT_EQ(RenderMatrix(matrix, ChemistryVariant::kNonempty, 0.5, kLook).find("Note"),
            std::string::npos);
}

TEST(RenderMatrixTest, LargeMatricesShowTheStrongestAndTheWeakestPairs) {
  const std::string text = RenderMatrix(MatrixOf(14, 6), ChemistryVariant::kNonempty, 0.5, kLook);
  EXPECT_NE(text.find("The strongest 10 of 91 pairs\n  pair    with    chemistry\n"
                      "  1000xx  1001xx   1.000000\n  1000xx  1002xx   0.989011\n"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("The weakest 10\n  pair    with    chemistry\n  1012xx  1013xx   0.010989\n"),
            std::string::npos)
      << text;
}

TEST(RenderMatrixTest, LongNamesStayInEightyColumns) {
  for (const std::size_t size : {2u, 12u, 13u, 14u, 100u}) {
    SCOPED_TRACE(size);
    ExpectAtMost80Columns(
        RenderMatrix(MatrixOf(size, 128), ChemistryVariant::kPublished, 0.5, kLook));
  }
}

LoadedHistory Loaded(const std::string& rows, const std::string& profile = "best") {
  HistoryOptions options;
  options.file = "h.csv";
  options.profile = profile;
  auto loaded = ReadHistory("trial,model,task,quality,accuracy\n" + rows, options);
  EXPECT_TRUE(loaded.ok()) << (loaded.ok() ? "" : loaded.error().text);
  return loaded.ok() ? std::move(loaded).value() : LoadedHistory{};
}

TEST(RenderHistoryTest, SaysTaskRowsAndProfiles) {
  EXPECT_EQ(RenderHistory(Loaded("1,a,fix,8,0.5\n1,b,fix,5,0.25\n1,c\n"), kLook),
            "  Task        fix\n"
            "  History     2 rows; 1 of the file were left out\n"
            "  Profiles    of each model the row with the highest accuracy, as published\n"
            "\nModels\n"
            "  #  model  quality  accuracy\n"
            "  1  a        8.000    0.5000\n"
            "  2  b        5.000    0.2500\n\n");
}

TEST(RenderHistoryTest, BestRowsThatAreAllPerfectAreExplained) {
  const std::string rows = "1,a,fix,8,1\n1,b,fix,5,1\n1,c,fix,5,0.3\n";
  EXPECT_NE(RenderHistory(Loaded(rows), kLook)
                .find("  Note        2 of 3 models were once all but perfect; --profile mean"),
            std::string::npos);
  EXPECT_EQ(RenderHistory(Loaded(rows, "mean"), kLook).find("Note"), std::string::npos);
}

ChemistryReport Report(std::size_t pairs) {
  ChemistryReport report;
  report.cases = 40;
  report.pairs.resize(1);
  for (std::size_t i = 0; i < pairs; ++i) {
    ChemistryPair pair;
    pair.a = "a";
    pair.b = "b" + std::to_string(100 + i);
    pair.synergy_cases = 7;
    pair.synergy = static_cast<double>(i) / 100 - 0.05;
    if (i > 0) pair.synergy_error = 0.01;
    report.pairs[0].push_back(pair);
  }
  return report;
}

TEST(RenderSynergyTest, BothEndsAreShownWithTheirErrors) {
  const std::string all = RenderSynergy(Report(2), kLook);
  EXPECT_EQ(all,
            "\nSynergy in 40 recorded trials\n"
            "  pair  with  synergy   error  trials\n"
            "  a     b101  -0.0400  0.0100       7\n"
            "  a     b100  -0.0500       -       7\n");
  const std::string cut = RenderSynergy(Report(20), kLook);
  EXPECT_NE(cut.find("Synergy in 40 recorded trials: the strongest and the weakest 6\n"),
            std::string::npos);
  for (const char* there : {"b119", "b114", "b105", "b100"}) {
    EXPECT_NE(cut.find(there), std::string::npos) << there;
  }
  for (const char* absent : {"b113", "b106"}) {
    EXPECT_EQ(cut.find(absent), std::string::npos) << absent;
  }
  EXPECT_NE(RenderSynergy(Report(0), kLook).find("none: no trial shows three models"),
            std::string::npos);
}

TEST(RenderRecommendedTest, AnInfiniteLossAndUnknownOutcomesAreWords) {
  RecommendedSet set;
  set.members = {{std::string(128, 'm'), 5.0, 0.5}};
  set.loss = std::numeric_limits<double>::infinity();
  set.reason = std::string(200, 'r');
  RecommendOptions options;
  const std::string text = RenderRecommended(set, Loaded("1,a,fix,8,0.5\n"), options, kLook);
  EXPECT_NE(text.find("Strategy chemistry recommends 1 of 1 model\n"), std::string::npos) << text;
  EXPECT_NE(text.find("  Loss        infinite\n"), std::string::npos) << text;
  EXPECT_NE(text.find("  Expected    not known: no trial has an answer of these models\n"),
            std::string::npos)
      << text;
  ExpectAtMost80Columns(text);
}

TEST(RenderRankingTest, SetsSayWhenThereAreFewerModelsThanAskedFor) {
  const LoadedHistory loaded = Loaded("1,a,fix,8,0.5\n1,b,fix,5,0.25\n");
  const auto ranked = RankProfiles(loaded.profiles);
  const auto sets = RankSets(ranked, {1, 5});
  ASSERT_TRUE(sets.ok());
  EXPECT_EQ(RenderRanking(ranked, *sets, loaded, kLook),
            "Models by accuracy, then quality\n"
            "  #  model  quality  accuracy\n"
            "  1  a        8.000    0.5000\n"
            "  2  b        5.000    0.2500\n"
            "\nSets of the best\n"
            "  top  models  complementarity  hypervolume  diversity\n"
            "    1       1           0.2000       0.4000     0.0000\n"
            "    5       2           0.2690       0.4000     0.1381  all there are\n"
            "\n"
            "  Task        fix\n"
            "  History     2 rows\n"
            "  Profiles    of each model the row with the highest accuracy, as published\n");
}

TEST(MatrixMapTest, HoldsEveryPairTwiceAndNoDiagonal) {
  ChemistryMatrix matrix({"a", "b"});
  matrix.Set(0, 1, 0.25);
  const HeatMap map = MatrixMap(matrix, ChemistryVariant::kNonempty, "from a file");
  EXPECT_EQ(map.title, "Chemistry, variant nonempty");
  EXPECT_EQ(map.subtitle, "from a file");
  EXPECT_FALSE(map.is_signed);
  EXPECT_EQ(map.names, (std::vector<std::string>{"a", "b"}));
  using Values = std::vector<std::optional<double>>;
  EXPECT_EQ(map.values, (Values{std::nullopt, 0.25, 0.25, std::nullopt}));
}

}  // namespace
}  // namespace consilium
