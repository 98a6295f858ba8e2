// The dynamic program against the definition, written out over all subsets, and against values
// worked out by hand.
#include "aggregator/chemistry/interaction.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "shared/limits.h"

namespace consilium {
namespace {

using Profiles = std::vector<ModelProfile>;
constexpr auto kPublished = ChemistryVariant::kPublished;
constexpr auto kNonempty = ChemistryVariant::kNonempty;

std::string Named(std::size_t number) {
  std::string name = "m";
  name += std::to_string(number);
  return name;
}

ChemistryMatrix Compute(const Profiles& profiles, ChemistryVariant variant,
                        double usage_threshold = kUsageThreshold) {
  auto result = ComputeChemistry(profiles, variant, usage_threshold);
  EXPECT_TRUE(result.ok()) << (result.ok() ? "" : result.error().text);
  return result.ok() ? *std::move(result) : ChemistryMatrix{};
}

double CostOf(const Profiles& set, double usage_threshold = kUsageThreshold) {
  const auto cost = Cost(set, usage_threshold);
  EXPECT_TRUE(cost.ok()) << (cost.ok() ? "" : cost.error().text);
  return cost.ok() ? *cost : -1.0;
}

std::string ErrorOf(const Profiles& profiles, double usage_threshold = kUsageThreshold) {
  const auto matrix = ComputeChemistry(profiles, kNonempty, usage_threshold);
  const auto cost = Cost(profiles, usage_threshold);
  if (matrix.ok() || cost.ok()) return "no error";
  EXPECT_EQ(matrix.error(), cost.error());
  EXPECT_EQ(matrix.error().code, ErrorCode::kInvalid);
  return matrix.error().text;
}

// --- the definition, with nothing clever in it: profiles are in name order here

struct SubsetCost {
  double cost = 1.0;
  bool empty = true;  // nobody is used
};

SubsetCost DefinedCost(const Profiles& profiles, std::size_t subset, double usage_threshold) {
  std::vector<const ModelProfile*> used;
  for (std::size_t i = 0; i < profiles.size(); ++i) {
    if ((subset >> i & 1u) != 0 && profiles[i].accuracy > usage_threshold) {
      used.push_back(&profiles[i]);
    }
  }
  if (used.empty()) return {};
  std::sort(used.begin(), used.end(), [](const ModelProfile* a, const ModelProfile* b) {
    return a->quality != b->quality ? a->quality > b->quality : a->model < b->model;
  });
  double cost = 0.0;
  for (std::size_t i = 0; i < used.size(); ++i) {
    cost += (1.0 - used[i]->quality / 10.0) * (1.0 - used[i]->accuracy) / double(i + 1);
  }
  return {cost, false};
}

ChemistryMatrix BruteForce(const Profiles& profiles, ChemistryVariant variant, double threshold) {
  std::vector<std::string> names;
  for (const ModelProfile& profile : profiles) names.push_back(profile.model);
  ChemistryMatrix matrix(names);
  const std::size_t subsets = std::size_t{1} << profiles.size();
  std::vector<SubsetCost> costs;
  for (std::size_t x = 0; x < subsets; ++x) costs.push_back(DefinedCost(profiles, x, threshold));
  for (std::size_t a = 0; a < profiles.size(); ++a) {
    for (std::size_t b = a + 1; b < profiles.size(); ++b) {
      const std::size_t bit_a = std::size_t{1} << a;
      const std::size_t bit_b = std::size_t{1} << b;
      double best = 0.0;
      for (std::size_t x = 0; x < subsets; ++x) {
        if ((x & (bit_a | bit_b)) != 0) continue;
        if (variant == kNonempty && costs[x].empty) continue;
        const double none = costs[x].cost;
        const double with_a = costs[x | bit_a].cost;
        const double with_b = costs[x | bit_b].cost;
        const double both = costs[x | bit_a | bit_b].cost;
        if (none == 0.0 || with_a == 0.0 || with_b == 0.0 || both == 0.0) continue;
        best = std::max(best, std::min(1.0, std::abs(both - with_a - with_b + none) / both));
      }
      matrix.Set(a, b, best);
    }
  }
  return matrix;
}

// Each family of profiles is hard in its own way.
enum class Family {
  kPlain,
  kTies,
  kZeros,
  kScales,
  kIdentical,
  kOneDominates,
  kRounds,
  kThreshold
};
constexpr Family kFamilies[] = {Family::kPlain,  Family::kTies,      Family::kZeros,
                                Family::kScales, Family::kIdentical, Family::kOneDominates,
                                Family::kRounds, Family::kThreshold};

Profiles RandomProfiles(std::mt19937_64& rng, std::size_t count, Family family) {
  std::uniform_real_distribution<double> uniform(0.0, 1.0);
  const double shared_quality = 10.0 * uniform(rng);
  Profiles profiles;
  for (std::size_t i = 0; i < count; ++i) {
    ModelProfile profile{Named(i), 10.0 * uniform(rng), 0.4 + 0.6 * uniform(rng)};
    const double dice = uniform(rng);
    switch (family) {
      case Family::kPlain:
        break;
      case Family::kTies:  // of quality, and of everything
        profile.quality = std::round(profile.quality / 3.0) * 3.0;
        profile.accuracy = std::round(profile.accuracy * 5.0) / 5.0;
        break;
      case Family::kZeros:  // penalties of exactly 0
        if (dice < 0.5) profile.accuracy = 1.0;
        if (dice > 0.8) profile.quality = 10.0;
        break;
      case Family::kScales:  // penalties from 1e-19 to 0.5
        profile.quality = 10.0 - std::pow(10.0, 1.0 - 10.0 * uniform(rng));
        profile.accuracy = 1.0 - 0.5 * std::pow(10.0, -9.0 * uniform(rng));
        if (dice < 0.2) profile.accuracy = 1.0;
        break;
      case Family::kIdentical:
        profile.quality = shared_quality;
        profile.accuracy = 0.75;
        break;
      case Family::kOneDominates:  // chemistry near 0: many places after a pair count
        profile.accuracy = 1.0 - 0.5 * std::pow(10.0, profile.quality - 10.0);
        break;
      case Family::kRounds:  // the first guess of a ratio is often not the highest
        profile.accuracy = 1.0 - 0.49 * std::pow(10.0, profile.quality - 10.0);
        if (dice < 0.3) profile.accuracy = 1.0 - 0.01 * (1.0 - profile.accuracy);
        break;
      case Family::kThreshold:  // used only above it
        profile.accuracy = dice < 0.4 ? 0.5 : dice < 0.6 ? std::nextafter(0.5, 1.0) : 0.8;
        break;
    }
    profiles.push_back(profile);
  }
  return profiles;
}

TEST(InteractionTest, EqualsTheMaximumOverAllSubsets) {
  int pairs = 0;
  int positive = 0;
  for (const Family family : kFamilies) {
    for (unsigned seed = 0; seed < 200; ++seed) {
      SCOPED_TRACE("family " + std::to_string(int(family)) + ", seed " + std::to_string(seed));
      std::mt19937_64 rng(seed);
      const Profiles profiles = RandomProfiles(rng, seed % 10, family);
      for (const auto variant : {kPublished, kNonempty}) {
        const ChemistryMatrix expected = BruteForce(profiles, variant, kUsageThreshold);
        const ChemistryMatrix actual = Compute(profiles, variant);
        ASSERT_EQ(actual.models(), expected.models());
        for (std::size_t a = 0; a < profiles.size(); ++a) {
          for (std::size_t b = a + 1; b < profiles.size(); ++b, ++pairs) {
            ASSERT_NEAR(actual.at(a, b), expected.at(a, b), 1e-11) << a << ", " << b;
            positive += actual.at(a, b) > 0.01 ? 1 : 0;
          }
        }
      }
    }
  }
  EXPECT_EQ(pairs, 8 * 20 * 2 * (1 + 3 + 6 + 10 + 15 + 21 + 28 + 36));
  EXPECT_GT(positive, pairs / 3);
}

TEST(InteractionTest, EqualsTheMaximumOverAllSubsetsAtOtherThresholds) {
  for (unsigned seed = 0; seed < 40; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937_64 rng(seed + 1000);
    const Profiles profiles = RandomProfiles(rng, 7, Family::kPlain);
    for (const double threshold : {0.0, profiles[0].accuracy, 0.7, 1.0}) {
      const ChemistryMatrix expected = BruteForce(profiles, kNonempty, threshold);
      const ChemistryMatrix actual = Compute(profiles, kNonempty, threshold);
      for (std::size_t a = 0; a < 7; ++a) {
        for (std::size_t b = 0; b < 7; ++b) {
          ASSERT_NEAR(actual.at(a, b), expected.at(a, b), 1e-11) << threshold;
        }
      }
    }
  }
}

TEST(InteractionTest, GoesOnUntilNoRatioIsHigher) {
  // For some pair of each the first guess is too low, and so is what comes after it.
  const std::vector<Profiles> hard = {
      {{"a", 9, 0.97}, {"b", 8, 0.67}, {"c", 7, 0.66}, {"d", 6, 0.72}, {"e", 5, 0.81}},
      {{"a", 9, 0.65},
       {"b", 8, 0.51},
       {"c", 7, 0.53},
       {"d", 6, 0.65},
       {"e", 5, 0.72},
       {"f", 4, 0.74},
       {"g", 3, 0.78}}};
  for (const Profiles& profiles : hard) {
    const ChemistryMatrix expected = BruteForce(profiles, kNonempty, kUsageThreshold);
    const ChemistryMatrix actual = Compute(profiles, kNonempty);
    for (std::size_t a = 0; a < profiles.size(); ++a) {
      for (std::size_t b = a + 1; b < profiles.size(); ++b) {
        EXPECT_NEAR(actual.at(a, b), expected.at(a, b), 1e-12) << a << ", " << b;
      }
    }
  }
}

// --- by hand: penalties 0.1, 0.2, 0.3 in this order of rank
Profiles Three() {
  const double half = std::nextafter(0.5, 1.0);
  return {{"c", 4.0, half}, {"a", 8.0, half}, {"b", 6.0, half}};
}

TEST(InteractionTest, CostWeighsPenaltiesByRank) {
  EXPECT_NEAR(CostOf(Three()), 0.1 + 0.2 / 2 + 0.3 / 3, 1e-12);
  EXPECT_NEAR(CostOf({Three()[0]}), 0.3, 1e-12);
  EXPECT_EQ(CostOf({{"perfect", 10.0, 0.6}, {"unused", 0.0, 0.5}}), 0.0);
}

TEST(InteractionTest, CostIsOneWhereNobodyIsUsed) {
  EXPECT_EQ(CostOf({}), 1.0);
  EXPECT_EQ(CostOf({{"at-the-threshold", 10.0, 0.5}}), 1.0);
  EXPECT_EQ(CostOf({{"always-right", 10.0, 1.0}}, 1.0), 1.0);
}

TEST(InteractionTest, ThreeModelsByHand) {
  const ChemistryMatrix matrix = Compute(Three(), kNonempty);
  ASSERT_EQ(matrix.models(), (std::vector<std::string>{"a", "b", "c"}));
  // X = {c}: (2 * 0.3 / 6 - 0.2 / 2) / 0.3 = 0. X = {b}: (0.3 / 6) / 0.3. X = {a}: likewise.
  EXPECT_NEAR(matrix.at(0, 1), 0.0, 1e-12);
  EXPECT_NEAR(matrix.at(0, 2), 0.05 / 0.3, 1e-12);
  EXPECT_NEAR(matrix.at(1, 2), 0.05 / 0.3, 1e-12);
}

TEST(InteractionTest, AModelWithoutPenaltyCountsByItsPlace) {
  // Penalties 0, 0.1, 0.2, 0.3 by rank. Of a and b, {z} costs 0 and does not count, {c} comes to
  // (2 * 0.3 / 6 - 0.2 / 2) = 0; {z, c} pushes c back to place 2 of X:
  // (2 * 0.3 / 24 - 0.2 / 6) / (0.1 / 2 + 0.2 / 3 + 0.3 / 4), negative before its absolute value.
  const Profiles profiles = {{"z", 9.0, 1.0}, {"a", 8.0, 0.5}, {"b", 6.0, 0.5}, {"c", 4.0, 0.5}};
  const ChemistryMatrix matrix = Compute(profiles, kNonempty, 0.4);
  EXPECT_NEAR(matrix.at(0, 1), (0.2 / 6 - 0.025) / (0.05 + 0.2 / 3 + 0.075), 1e-12);
  // With z between a and b instead, z does not push a back.
  Profiles between = profiles;
  between[0].quality = 7.0;
  EXPECT_NEAR(Compute(between, kNonempty, 0.4).at(0, 1),
              (0.2 / 6 - 0.025) / (0.1 + 0.2 / 3 + 0.075), 1e-12);
  // Of z and a: {b, c} would be (2 * 0.2 / 6 + 2 * 0.3 / 24 - 0.1 / 2) / (0.05 + 0.2 / 3 + 0.3 /
  // 4), {c} alone (2 * 0.3 / 6 - 0.1 / 2) / (0.05 + 0.1).
  EXPECT_NEAR(matrix.at(0, 3), 0.05 / 0.15, 1e-12);
}

TEST(InteractionTest, TheEmptySetSaturatesThePublishedMeasure) {
  const ChemistryMatrix matrix = Compute(Three(), kPublished);
  for (std::size_t a = 0; a < 3; ++a) {
    for (std::size_t b = 0; b < 3; ++b) EXPECT_EQ(matrix.at(a, b), a == b ? 0.0 : 1.0);
  }
  // X = {} gives (1 - p_b / 2) / (p_a + p_b / 2): even p = 0.49 is capped, only p = 0.9 is not.
  const ChemistryMatrix bad = Compute({{"x", 0.0, 0.51}, {"y", 0.0, 0.51}}, kPublished);
  EXPECT_NEAR(bad.at(0, 1), 1.0, 1e-12);
  const ChemistryMatrix worst = Compute({{"x", 0.0, 0.1}, {"y", 0.0, 0.1}}, kPublished, 0.05);
  EXPECT_NEAR(worst.at(0, 1), 0.55 / 1.35, 1e-12);
}

TEST(InteractionTest, WithoutAThirdUsedModelNonemptyIsZero) {
  EXPECT_EQ(Compute({{"a", 5.0, 0.9}, {"b", 4.0, 0.8}}, kNonempty).at(0, 1), 0.0);
  EXPECT_EQ(Compute({{"a", 5.0, 0.9}, {"b", 4.0, 0.8}, {"c", 9.0, 0.5}}, kNonempty).at(0, 1), 0.0);
}

TEST(InteractionTest, UnusedModelsHaveNoChemistry) {
  const Profiles profiles = {{"a", 9.0, 0.9}, {"b", 8.0, 0.5}, {"c", 7.0, 0.8}, {"d", 6.0, 0.7}};
  for (const auto variant : {kPublished, kNonempty}) {
    const ChemistryMatrix matrix = Compute(profiles, variant);
    for (std::size_t other : {0u, 2u, 3u}) EXPECT_EQ(matrix.at(1, other), 0.0);
    EXPECT_GT(matrix.at(0, 2), 0.0);
  }
}

TEST(InteractionTest, FewOrEqualModelsHaveAClearAnswer) {
  EXPECT_EQ(Compute({}, kNonempty).size(), 0u);
  EXPECT_EQ(Compute({{"only", 5.0, 0.9}}, kPublished).models(), std::vector<std::string>{"only"});
  EXPECT_EQ(Compute({{"only", 5.0, 0.9}}, kPublished).at(0, 0), 0.0);
  Profiles same;
  for (std::size_t i = 10; i < 40; ++i) same.push_back({Named(i), 5.0, 0.9});
  const ChemistryMatrix matrix = Compute(same, kNonempty);
  for (std::size_t a = 0; a < same.size(); ++a) {
    for (std::size_t b = 0; b < same.size(); ++b) {
      EXPECT_TRUE(matrix.at(a, b) >= 0.0 && matrix.at(a, b) <= 1.0);
    }
  }
  Profiles perfect;
  for (std::size_t i = 0; i < 5; ++i) perfect.push_back({Named(i), 10.0, 1.0});
  EXPECT_EQ(Compute(perfect, kPublished).at(0, 1), 0.0) << "all costs are 0, so no X counts";
}

TEST(InteractionTest, SymmetricAndTheSameBitsInAnyOrderOfInput) {
  for (const Family family : kFamilies) {
    SCOPED_TRACE("family " + std::to_string(int(family)) + ", seed 11");
    std::mt19937_64 rng(11);
    Profiles profiles = RandomProfiles(rng, 40, family);
    const ChemistryMatrix before = Compute(profiles, kNonempty);
    std::shuffle(profiles.begin(), profiles.end(), rng);
    const ChemistryMatrix after = Compute(profiles, kNonempty);
    ASSERT_EQ(before.models(), after.models());
    for (std::size_t a = 0; a < 40; ++a) {
      EXPECT_EQ(before.at(a, a), 0.0);
      for (std::size_t b = 0; b < 40; ++b) {
        EXPECT_EQ(before.at(a, b), after.at(a, b));
        EXPECT_EQ(before.at(a, b), before.at(b, a));
        EXPECT_TRUE(before.at(a, b) >= 0.0 && before.at(a, b) <= 1.0);
      }
    }
  }
}

TEST(InteractionTest, MoreModelsNeverLowerTheChemistryOfAPair) {
  std::mt19937_64 rng(3);
  Profiles profiles = RandomProfiles(rng, 30, Family::kPlain);
  const ChemistryMatrix fewer = Compute(profiles, kNonempty);
  for (std::size_t i = 30; i < 60; ++i)
    profiles.push_back({Named(i), 10.0 * double(i % 7) / 7, 0.9});
  const ChemistryMatrix more = Compute(profiles, kNonempty);
  for (std::size_t a = 0; a < fewer.size(); ++a) {
    for (std::size_t b = a + 1; b < fewer.size(); ++b) {
      const double now = more.at(more.Find(fewer.models()[a]), more.Find(fewer.models()[b]));
      EXPECT_GE(now, fewer.at(a, b) - 1e-12);
    }
  }
}

TEST(InteractionTest, FindsModelsByName) {
  const ChemistryMatrix matrix = Compute(Three(), kNonempty);
  EXPECT_EQ(matrix.Find("a"), 0u);
  EXPECT_EQ(matrix.Find("c"), 2u);
  EXPECT_EQ(matrix.Find("bb"), 3u);
  EXPECT_EQ(ChemistryMatrix{}.Find("a"), 0u);
}

TEST(InteractionTest, BadInputIsNamed) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const double inf = std::numeric_limits<double>::infinity();
  EXPECT_EQ(ErrorOf({{"a", nan, 0.5}}), "model 'a': quality = nan, expected 0..10");
  EXPECT_EQ(ErrorOf({{"a", 10.5, 0.5}}), "model 'a': quality = 10.5, expected 0..10");
  EXPECT_EQ(ErrorOf({{"a", inf, 0.5}}), "model 'a': quality = inf, expected 0..10");
  EXPECT_EQ(ErrorOf({{"a", 1.0, -0.25}}), "model 'a': accuracy = -0.25, expected 0..1");
  EXPECT_EQ(ErrorOf({{"a", 1.0, nan}}), "model 'a': accuracy = nan, expected 0..1");
  EXPECT_EQ(ErrorOf({{"a", 1.0, 0.5}, {"b", 1.0, 0.5}, {"a", 2.0, 0.5}}),
            "model 'a' stands more than once, expected once");
  EXPECT_EQ(ErrorOf({{"a b", 1.0, 0.5}}),
            "model = \"a b\", expected 1..128 characters of A-Z a-z 0-9 . _ : / @ + -");
  EXPECT_EQ(ErrorOf({}, 1.5), "usage_threshold = 1.5, expected 0..1");
  EXPECT_EQ(ErrorOf({}, nan), "usage_threshold = nan, expected 0..1");
  Profiles many;
  for (std::size_t i = 0; i <= limits::kModelsMax; ++i) many.push_back({Named(i), 5.0, 0.9});
  EXPECT_EQ(ErrorOf(many), "profiles: 257 models, expected at most 256");
  many.pop_back();
  EXPECT_EQ(ErrorOf(many), "no error");
}

}  // namespace
}  // namespace consilium
