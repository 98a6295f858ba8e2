// The search against every set there is, and the arithmetic of held-out advantages.
#include "aggregator/chemistry/set_search.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "aggregator/chemistry/held_out.h"
#include "shared/ids.h"
#include "tests/unit/chemistry/evidence_builder.h"

namespace consilium {
namespace {

std::string Numbered(const char* prefix, std::size_t number) {
  std::string name = prefix;
  name += std::to_string(number);
  return name;
}

std::vector<std::string> Named(std::size_t count) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < count; ++i) names.push_back(Numbered("m", i));
  return names;
}

// `models` at most 10. Everybody answers about half of the cases, and is right as often as its
// number says.
OutcomeTable RandomTable(std::size_t models, std::size_t cases, std::uint64_t seed) {
  OutcomeTable table(Named(models));
  SeededRandom random(seed, "table");
  for (std::size_t i = 0; i < cases; ++i) {
    EvidenceBuilder builder(Numbered("case-", i));
    for (std::size_t m = 0; m < models; ++m) {
      if (random.Unit() < 0.5) continue;
      const bool right = random.Unit() < 0.3 + 0.04 * static_cast<double>(m);
      builder.Judged(Numbered("m", m), right ? "right" : Numbered("wrong", random.Below(3)), right,
                     random.Unit());
    }
    table.Add(builder.Build(), 0.5 + random.Unit(), i % static_cast<std::size_t>(kFolds));
  }
  return table;
}

SetSearch::Price FreeFor(const OutcomeTable& table) {
  return {std::vector<double>(table.models().size(), 0.0), std::nullopt};
}

TEST(SetSearchTest, FindsTheBestOfAllSetsInMostTablesAndNeverFarFromIt) {
  int found = 0;
  int all = 0;
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    OutcomeTable table = RandomTable(9, 60, seed);
    SetSearch search(table, {3, 0.0}, FreeFor(table));
    const auto best = search.BestBySize(9, 0);
    ASSERT_EQ(best.size(), 9u);
    std::vector<double> top(10, 0.0);
    for (ModelSet set = 1; set < (1u << 9); ++set) {
      top[SizeOf(set)] = std::max(top[SizeOf(set)], search.Mean(set, 0).value_or(0.0));
    }
    for (std::size_t size = 1; size <= 9; ++size) {
      EXPECT_EQ(SizeOf(best[size - 1]), size);
      const double mean = search.Mean(best[size - 1], 0).value();
      EXPECT_GT(mean, top[size] - 0.03) << "size " << size << ", seed " << seed;
      found += mean > top[size] - 1e-9 ? 1 : 0;
      ++all;
    }
  }
  EXPECT_GE(found, all * 9 / 10) << "of " << all << " searches, seeds 1..10";
}

TEST(SetSearchTest, ValuesAreThoseOfReplay) {
  const auto evidence = EvidenceBuilder("case")
                            .Judged("m0", "x", false, 0.9)
                            .Judged("stranger", "y", true, 0.99)
                            .Judged("m1", "y", true, 0.5)
                            .Judged("m3", "y", true, 0.5)
                            .Build();
  OutcomeTable table(Named(4));
  table.Add(evidence, 1.0, 0);
  ASSERT_EQ(table.size(), 1u);
  EXPECT_EQ(table.answered(0), 0b1011u);
  EXPECT_DOUBLE_EQ(table.Value(0, 0b0001), 0.0);
  EXPECT_DOUBLE_EQ(table.Value(0, 0b1000), 1.0);
  EXPECT_DOUBLE_EQ(table.Value(0, 0b0011), 0.0) << "0.9 outweighs 0.5";
  EXPECT_DOUBLE_EQ(table.Value(0, 0b1011), 1.0) << "0.5 + 0.5 outweighs 0.9";
  EXPECT_DOUBLE_EQ(table.Value(0, 0b1111), 1.0) << "who did not answer changes nothing";
}

TEST(SetSearchTest, FourLuckyCasesDoNotPassForTheBestModel) {
  OutcomeTable table({"lucky", "poor", "solid"});
  for (std::size_t i = 0; i < 100; ++i) {
    EvidenceBuilder builder(Numbered("case-", i));
    if (i >= 1 && i <= 4) builder.Judged("lucky", "l", true);
    builder.Judged("poor", "p", i % 10 < 3).Judged("solid", "s", i % 10 != 0);
    table.Add(builder.Build(), 1.0, 0);
  }
  const auto best_single = [&](double prior_cases) {
    SetSearch search(table, {3, prior_cases}, FreeFor(table));
    return NamesOf(search.BestBySize(1, std::nullopt).front(), table.models()).front();
  };
  EXPECT_EQ(best_single(0.0), "lucky");
  EXPECT_EQ(best_single(kPriorCases), "solid");
}

TEST(SetSearchTest, PriceEndsTheSizes) {
  OutcomeTable table = RandomTable(4, 30, 1);
  SetSearch::Price price{{1.0, 1.0, 1.0, 1.0}, 2.5};
  SetSearch search(table, {3, 0.0}, price);
  EXPECT_EQ(search.BestBySize(4, std::nullopt).size(), 2u);
}

TEST(SetSearchTest, PiecesOfAnyLengthFindTheSameSets) {
  OutcomeTable table = RandomTable(8, 40, 3);
  SetSearch whole(table, {3, kPriorCases}, FreeFor(table));
  const auto best = whole.BestBySize(8, 1);
  ASSERT_EQ(best.size(), 8u);
  for (const std::size_t length : {1u, 100u, 5000u}) {
    SetSearch search(table, {3, kPriorCases}, FreeFor(table));
    SetSearch::Growth growth(8, 1);
    int pieces = 0;
    bool more = true;
    while (more) {
      std::size_t outcomes = length;
      more = search.Advance(growth, outcomes);
      EXPECT_LE(outcomes, length);
      ++pieces;
    }
    EXPECT_EQ(growth.best(), best) << "pieces of " << length;
    EXPECT_GT(pieces, 1) << "pieces of " << length;
  }
}

TEST(SetSearchTest, BestOfASizeDoesNotDependOnHowManySizesAreWanted) {
  OutcomeTable table = RandomTable(8, 40, 4);
  SetSearch search(table, {3, kPriorCases}, FreeFor(table));
  const auto best = search.BestBySize(8, std::nullopt);
  for (std::size_t size = 1; size <= 8; ++size) {
    const std::vector<ModelSet> first(best.begin(), best.begin() + static_cast<int>(size));
    EXPECT_EQ(search.BestBySize(size, std::nullopt), first);
  }
}

TEST(PairedMeanTest, ErrorIsThatOfAWeightedMeanAndNeverBelowOneCase) {
  PairedMean plain;
  for (int i = 0; i < 8; ++i) plain.Add(i % 2 == 0 ? 1.0 : 0.0, 2.0);
  EXPECT_DOUBLE_EQ(plain.effective(), 8.0);
  EXPECT_DOUBLE_EQ(plain.Mean().value(), 0.5);
  EXPECT_DOUBLE_EQ(plain.Error().value(), std::sqrt(0.25 / 7));
  EXPECT_TRUE(plain.Proven());
  PairedMean sure;
  for (int i = 0; i < 8; ++i) sure.Add(0.1, 1.0);
  EXPECT_DOUBLE_EQ(sure.Error().value(), 1.0 / 8) << "equal differences are not certainty";
  EXPECT_FALSE(sure.Proven());
  PairedMean few;
  for (int i = 0; i < 4; ++i) few.Add(1.0, 1.0);
  EXPECT_FALSE(few.Error().has_value());
  EXPECT_FALSE(few.Proven());
  EXPECT_FALSE(PairedMean().Mean().has_value());
}

// Advantages by size, the same in every fold.
std::vector<HeldOut> Sizes(const std::vector<double>& advantages, double spread) {
  std::vector<HeldOut> sizes;
  for (std::size_t i = 0; i < advantages.size(); ++i) {
    HeldOut held;
    held.size = i + 1;
    held.folds = static_cast<std::size_t>(kFolds);
    for (PairedMean& fold : held.by_fold) {
      for (int c = 0; c < 20; ++c) fold.Add(advantages[i] + (c % 2 == 0 ? spread : -spread), 1.0);
    }
    sizes.push_back(held);
  }
  return sizes;
}

TEST(SizeByTest, SmallestWithinOneErrorOfTheBestAmongTheProven) {
  EXPECT_EQ(SizeBy(Sizes({0.0, 0.10, 0.13, 0.135, 0.2}, 0.2), std::nullopt), 5u);
  EXPECT_EQ(SizeBy(Sizes({0.0, 0.10, 0.19, 0.195, 0.2}, 0.2), std::nullopt), 3u);
  EXPECT_EQ(SizeBy(Sizes({0.0, 0.01, 0.015}, 0.2), std::nullopt), 1u) << "below one error";
  EXPECT_EQ(SizeBy(Sizes({0.0, -0.3, -0.2}, 0.2), std::nullopt), 1u);
  EXPECT_EQ(SizeBy({}, std::nullopt), 1u);
  auto unscored = Sizes({0.0, 0.5}, 0.1);
  unscored[1].folds = 1;
  EXPECT_EQ(SizeBy(unscored, std::nullopt), 1u) << "one fold is no cross-validation";
}

TEST(SizeByTest, SizeThatOneFoldAloneSpeaksForHasNoAdvantageAsARule) {
  auto sizes = Sizes({0.0, 0.0}, 0.01);
  for (int c = 0; c < 20; ++c) sizes[1].by_fold[0].Add(0.5, 1.0);
  EXPECT_EQ(SizeBy(sizes, std::nullopt), 2u);
  EXPECT_EQ(SizeBy(sizes, 0), 1u);
  EXPECT_FALSE(AdvantageOfRule(sizes).Proven());
}

}  // namespace
}  // namespace consilium
