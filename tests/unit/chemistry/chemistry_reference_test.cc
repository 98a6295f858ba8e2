// Chemistry, costs and losses against the checked inputs and outputs of ../shared/reference.
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "aggregator/chemistry/interaction.h"
#include "aggregator/chemistry/loss.h"

namespace consilium {
namespace {

using nlohmann::json;
constexpr double kTolerance = 1e-9;

// Skips the test, with a reason, when the folder is absent; null then.
json Load(const std::string& file) {
  const std::string path = CONSILIUM_SOURCE_DIR "/../shared/reference/" + file;
  std::ifstream stream(path);
  if (!stream) return nullptr;
  json data = json::parse(stream, nullptr, false);
  EXPECT_FALSE(data.is_discarded()) << path << " is not JSON";
  return data;
}

#define LOAD_OR_SKIP(variable, file) \
  const json variable = Load(file);  \
  if ((variable).is_null()) GTEST_SKIP() << "../shared is absent: no ../shared/reference/" file

std::vector<ModelProfile> ProfilesOf(const json& models) {
  std::vector<ModelProfile> profiles;
  for (const json& model : models) {
    profiles.push_back({model.at("model"), model.at("quality"), model.at("accuracy")});
  }
  return profiles;
}

ChemistryMatrix Compute(const std::vector<ModelProfile>& profiles, ChemistryVariant variant,
                        double usage_threshold) {
  auto matrix = ComputeChemistry(profiles, variant, usage_threshold);
  EXPECT_TRUE(matrix.ok()) << (matrix.ok() ? "" : matrix.error().text);
  return matrix.ok() ? *std::move(matrix) : ChemistryMatrix{};
}

// Every pair of the matrix must be there once. Returns how many were compared.
std::size_t ExpectPairs(const ChemistryMatrix& matrix, const json& pairs) {
  std::set<std::pair<std::size_t, std::size_t>> seen;
  for (const json& pair : pairs) {
    const std::size_t a = matrix.Find(pair.at(0).get<std::string>());
    const std::size_t b = matrix.Find(pair.at(1).get<std::string>());
    if (a == matrix.size() || b == matrix.size()) {
      ADD_FAILURE() << "unknown pair " << pair;
      continue;
    }
    EXPECT_NEAR(matrix.at(a, b), pair.at(2).get<double>(), kTolerance) << pair;
    EXPECT_EQ(matrix.at(a, b), matrix.at(b, a)) << pair;
    seen.insert(std::minmax(a, b));
  }
  EXPECT_EQ(seen.size(), matrix.size() * (matrix.size() - 1) / 2);
  return seen.size();
}

std::vector<std::size_t> PositionsOf(const ChemistryMatrix& matrix, const json& names) {
  std::set<std::size_t> positions;
  for (const json& name : names) positions.insert(matrix.Find(name.get<std::string>()));
  return {positions.begin(), positions.end()};
}

// Infinity is written as a word or as null, which JSON has instead.
void ExpectLoss(double loss, const json& expected, const std::string& what) {
  if (expected.is_number()) {
    EXPECT_NEAR(loss, expected.get<double>(), kTolerance) << what;
  } else {
    EXPECT_EQ(loss, std::numeric_limits<double>::infinity()) << what;
  }
}

TEST(ChemistryReferenceTest, CostsOfTheReferenceProgram) {
  LOAD_OR_SKIP(cases, "chemistry_public.json");
  std::size_t compared = 0;
  for (const json& c : cases) {
    for (const json& cost : c.at("costs")) {
      std::vector<ModelProfile> set;
      for (const ModelProfile& profile : ProfilesOf(c.at("models"))) {
        for (const json& name : cost.at(0)) {
          if (name == profile.model) set.push_back(profile);
        }
      }
      ASSERT_EQ(set.size(), cost.at(0).size());
      const auto actual = Cost(set, c.at("usage_threshold"));
      ASSERT_TRUE(actual.ok()) << actual.error().text;
      EXPECT_NEAR(*actual, cost.at(1).get<double>(), kTolerance) << cost;
      ++compared;
    }
  }
  EXPECT_EQ(compared, 240u);
}

TEST(ChemistryReferenceTest, BothVariantsOfTheSmallProfiles) {
  LOAD_OR_SKIP(cases, "chemistry_public.json");
  std::size_t compared = 0;
  for (std::size_t i = 0; i < cases.size(); ++i) {
    SCOPED_TRACE("case " + std::to_string(i));
    const json& c = cases[i];
    const auto profiles = ProfilesOf(c.at("models"));
    const double threshold = c.at("usage_threshold");
    compared +=
        ExpectPairs(Compute(profiles, ChemistryVariant::kPublished, threshold), c.at("chemistry"));
    compared += ExpectPairs(Compute(profiles, ChemistryVariant::kNonempty, threshold),
                            c.at("chemistry_nonempty"));
  }
  EXPECT_EQ(cases.size(), 40u);
  EXPECT_EQ(compared, 1188u);
}

TEST(ChemistryReferenceTest, LargeProfiles) {
  LOAD_OR_SKIP(cases, "chemistry_large_public.json");
  std::size_t compared = 0;
  for (const json& c : cases) {
    compared += ExpectPairs(
        Compute(ProfilesOf(c.at("models")), ChemistryVariant::kNonempty, c.at("usage_threshold")),
        c.at("chemistry_nonempty"));
  }
  EXPECT_EQ(compared, 16u * 15 / 2 + 20 * 19 / 2 + 30 * 29 / 2);
}

TEST(ChemistryReferenceTest, ProfilesOfTheTwoHistories) {
  std::size_t compared = 0;
  LOAD_OR_SKIP(first, "runs_profile.json");
  LOAD_OR_SKIP(second, "runs2_profile.json");
  for (const json* history : {&first, &second}) {
    SCOPED_TRACE(history->at("file").get<std::string>());
    compared += ExpectPairs(
        Compute(ProfilesOf(history->at("models")), ChemistryVariant::kPublished, kUsageThreshold),
        history->at("chemistry"));
  }
  EXPECT_EQ(compared, 2u * 12 * 11 / 2);
}

TEST(ChemistryReferenceTest, LossesAndTheRecommendedLoss) {
  LOAD_OR_SKIP(cases, "chemistry_public.json");
  std::size_t compared = 0;
  std::size_t recommended = 0;
  for (std::size_t i = 0; i < cases.size(); ++i) {
    SCOPED_TRACE("case " + std::to_string(i));
    const json& c = cases[i];
    const ChemistryMatrix matrix =
        Compute(ProfilesOf(c.at("models")), ChemistryVariant::kPublished, c.at("usage_threshold"));
    const ChemistryLoss loss(matrix, LossWeights{});
    EXPECT_NEAR(loss.max_total(), c.at("max_total").get<double>(), kTolerance);
    EXPECT_NEAR(loss.max_inter(), c.at("max_inter").get<double>(), kTolerance);
    for (const json& past : c.at("past_losses")) {
      ExpectLoss(loss.Loss(PositionsOf(matrix, past.at(0))), past.at(1), past.dump());
      ++compared;
    }
    const auto chosen = loss.Climb(c.at("past").get<std::vector<std::vector<std::string>>>());
    ASSERT_EQ(chosen.has_value(), !c.at("recommended").is_null());
    if (!chosen) continue;
    ExpectLoss(chosen->loss, c.at("recommended_loss"), "recommended");
    // Where losses tie the sets may differ; the reference's own has the loss it says.
    ExpectLoss(loss.Loss(PositionsOf(matrix, c.at("recommended"))), c.at("recommended_loss"),
               "the reference's set");
    EXPECT_EQ(chosen->loss, loss.Loss(PositionsOf(matrix, json(chosen->models))));
    ++recommended;
  }
  EXPECT_EQ(compared, 160u);
  EXPECT_EQ(recommended, 36u);
}

}  // namespace
}  // namespace consilium
