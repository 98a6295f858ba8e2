// The consensus against checked outputs, against values worked out by hand and against a quadratic
// transcription of the definition.
#include <fstream>
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>

#include "tests/unit/council/consensus_graphs.h"

namespace consilium {
namespace {

// --- the definition, quadratic in the degree, pair by pair

using Pair = std::pair<std::string, std::string>;  // reviewer, item
struct Belief {
  double value;
  double variance;
};
struct BruteForce {
  std::map<std::string, Belief> items;
  std::map<std::string, double> reviewers;
};

Belief Weigh(const std::vector<Belief>& beliefs, double b) {
  double total = 0.0;
  for (const Belief& belief : beliefs) total += 1.0 / (b + belief.variance);
  Belief out{0.0, 0.0};
  for (const Belief& belief : beliefs) {
    const double share = 1.0 / (b + belief.variance) / total;
    out.value += share * belief.value;
    out.variance += share * share * belief.variance;
  }
  return out;
}

// `beliefs` of the pairs that share a side with `pair`, without `pair` itself where that leaves
// any.
template <class SameSide>
std::vector<Belief> Beside(const Pair& pair, const std::map<Pair, Belief>& beliefs, bool all,
                           SameSide same_side) {
  std::vector<Belief> out;
  for (const auto& [other, belief] : beliefs) {
    if (same_side(other) && (all || other != pair)) out.push_back(belief);
  }
  if (out.empty()) out.push_back(beliefs.at(pair));
  return out;
}

BruteForce Transcribe(const Reviews& reviews, const ConsensusOptions& options) {
  const double b = options.basic_precision;
  std::map<Pair, double> grade;
  for (const Review& review : reviews) grade[{review.reviewer, review.item}] = review.grade;
  std::map<Pair, Belief> to_items;
  for (const auto& [pair, g] : grade) to_items[pair] = {g, 1.0};
  std::map<Pair, Belief> to_reviewers;
  for (int round = 0; round < options.iterations; ++round) {
    std::map<Pair, Belief> deviations;
    to_reviewers.clear();
    for (const auto& [pair, g] : grade) {
      const Belief opinion =
          Weigh(Beside(pair, to_items, options.use_all_data,
                       [&, item = pair.second](const Pair& o) { return o.second == item; }),
                b);
      to_reviewers[pair] = opinion;
      deviations[pair] = {(opinion.value - g) * (opinion.value - g), opinion.variance};
    }
    for (const auto& [pair, g] : grade) {
      to_items[pair].variance =
          Weigh(Beside(pair, deviations, options.use_all_data,
                       [&, reviewer = pair.first](const Pair& o) { return o.first == reviewer; }),
                b)
              .value;
    }
  }
  BruteForce out;
  std::map<std::string, std::vector<Belief>> of_item;
  for (const auto& [pair, belief] : to_items) of_item[pair.second].push_back(belief);
  for (const auto& [item, beliefs] : of_item) out.items[item] = Weigh(beliefs, b);
  std::map<std::string, std::vector<Belief>> of_reviewer;
  for (const auto& [pair, g] : grade) {
    const double deviation = out.items[pair.second].value - g;
    of_reviewer[pair.first].push_back({deviation * deviation, to_reviewers[pair].variance});
  }
  for (const auto& [reviewer, beliefs] : of_reviewer) {
    out.reviewers[reviewer] = Weigh(beliefs, b).value;
  }
  return out;
}

// --- checked outputs

TEST(ConsensusValuesTest, ReproducesTheCheckedOutputs) {
  const std::string path = CONSILIUM_SOURCE_DIR "/../shared/reference/vancouver_public.json";
  std::ifstream file(path);
  if (!file) {
    GTEST_SKIP() << path
                 << " is absent: the consensus is NOT checked against the reference outputs";
  }
  const auto graphs = nlohmann::json::parse(file);
  ASSERT_EQ(graphs.size(), 60u);
  double grade_error = 0.0;
  double item_variance_error = 0.0;
  double reviewer_variance_error = 0.0;
  double quality_error = 0.0;
  for (std::size_t n = 0; n < graphs.size(); ++n) {
    SCOPED_TRACE(Named("graph ", n));
    const auto& graph = graphs[n];
    Reviews reviews;
    for (const auto& review : graph.at("reviews")) {
      reviews.push_back({review.at(0), review.at(1), review.at(2)});
    }
    ConsensusOptions options;
    options.iterations = graph.at("iterations");
    options.basic_precision = graph.at("basic_precision");
    options.use_all_data = graph.at("use_all_data");
    const Consensus consensus = Compute(reviews, options);
    ASSERT_EQ(consensus.items.size(), graph.at("items").size());
    ASSERT_EQ(consensus.reviewers.size(), graph.at("reviewers").size());
    const auto compare = [](double ours, double theirs, double& worst) {
      EXPECT_NEAR(ours, theirs, 1e-9);
      worst = std::max(worst, std::abs(ours - theirs));
    };
    for (const ItemConsensus& item : consensus.items) {
      const auto& expected = graph.at("items").at(item.id);
      compare(item.grade, expected.at("grade"), grade_error);
      compare(item.variance, expected.at("variance"), item_variance_error);
    }
    for (const ReviewerConsensus& reviewer : consensus.reviewers) {
      const auto& expected = graph.at("reviewers").at(reviewer.id);
      compare(reviewer.variance, expected.at("variance"), reviewer_variance_error);
      ASSERT_TRUE(reviewer.quality.has_value());
      compare(*reviewer.quality, expected.at("quality"), quality_error);
    }
  }
  std::cout << "largest errors: grade " << grade_error << ", item variance " << item_variance_error
            << ", reviewer variance " << reviewer_variance_error << ", quality " << quality_error
            << "\n";
}

// --- by hand

// Against the mean of the other two the deviations are 0.6, 0.3, 0.3, so the variances are 0.36,
// 0.09, 0.09; with basic precision 0.09 the weights are as 2 : 5 : 5 and the grade is 8.4 / 12. The
// sd of the grades is sqrt(0.08), so sqrt(2) sd = 0.4.
TEST(ConsensusValuesTest, ThreeReviewersOfOneItemByHand) {
  const Reviews reviews = {{"r1", "a", 0.2}, {"r2", "a", 0.8}, {"r3", "a", 0.8}};
  ConsensusOptions options;
  options.iterations = 1;
  options.basic_precision = 0.09;
  const Consensus consensus = Compute(reviews, options);
  ASSERT_EQ(consensus.items.size(), 1u);
  EXPECT_NEAR(consensus.items[0].grade, 0.7, 1e-15);
  EXPECT_NEAR(consensus.items[0].variance, 5.94 / 144, 1e-15);
  EXPECT_EQ(consensus.items[0].reviews, 3u);
  EXPECT_NEAR(Find(consensus.reviewers, "r1").variance, 0.25, 1e-15);
  EXPECT_NEAR(Find(consensus.reviewers, "r2").variance, 0.01, 1e-15);
  EXPECT_EQ(QualityOf(consensus, "r1"), 0.0);
  EXPECT_NEAR(QualityOf(consensus, "r2"), 0.75, 1e-14);
  EXPECT_NEAR(QualityOf(consensus, "r3"), 0.75, 1e-14);
}

// With all data both deviate by 0.2 from the mean 0.4, without by 0.4 from each other. By symmetry
// the grade is 0.4 either way, and its variance a half of that of one reviewer. The tie is an
// unstable equilibrium when nothing is left out: each round doubles the rounding error, so 20
// rounds of it fit 1e-9 and 50 would not (docs/consensus.md).
TEST(ConsensusValuesTest, LeavingTheOwnGradeOutDoublesTheDeviationOfTwo) {
  const Reviews reviews = {{"r1", "a", 0.2}, {"r2", "a", 0.6}};
  for (const bool use_all_data : {false, true}) {
    for (const int iterations : {1, 20}) {
      SCOPED_TRACE(Named(use_all_data ? "all data, " : "leave one out, ", iterations));
      ConsensusOptions options;
      options.iterations = iterations;
      options.use_all_data = use_all_data;
      const double tolerance = use_all_data && iterations > 1 ? 1e-9 : 1e-14;
      const Consensus consensus = Compute(reviews, options);
      EXPECT_NEAR(consensus.items[0].grade, 0.4, tolerance);
      EXPECT_NEAR(consensus.items[0].variance, use_all_data ? 0.02 : 0.08, tolerance);
      EXPECT_NEAR(consensus.reviewers[0].variance, 0.04, tolerance);
      EXPECT_NEAR(QualityOf(consensus, "r1"), 1.0 - std::sqrt(0.5), tolerance);
    }
  }
}

// Nobody but r1 graded b: there it meets itself (deviation 0), and that is what its weight on a is
// made of. r2 has no second item, so its weight on a comes from a. Weights on a: 1 / 0.04 and 1 /
// 0.2.
TEST(ConsensusValuesTest, ReviewerAloneOnAnItemIsComparedWithItself) {
  const Reviews reviews = {{"r1", "a", 0.2}, {"r2", "a", 0.6}, {"r1", "b", 0.5}};
  ConsensusOptions options;
  options.iterations = 1;
  options.basic_precision = 0.04;
  const Consensus consensus = Compute(reviews, options);
  EXPECT_NEAR(Find(consensus.items, "a").grade, 4.0 / 15, 1e-15);
  EXPECT_NEAR(Find(consensus.items, "a").variance, 0.16 / 36, 1e-15);
  EXPECT_EQ(Find(consensus.items, "b").grade, 0.5);
  EXPECT_NEAR(Find(consensus.items, "b").variance, 0.16, 1e-15);
  EXPECT_EQ(Find(consensus.items, "b").reviews, 1u);
  const auto r1 = Find(consensus.reviewers, "r1");
  EXPECT_NEAR(r1.variance, 1.0 / 450, 1e-15);
  EXPECT_EQ(r1.reviews, 2u);
  EXPECT_EQ(r1.peer_reviews, 1u);
  EXPECT_NEAR(Find(consensus.reviewers, "r2").variance, 1.0 / 9, 1e-15);
  EXPECT_NEAR(QualityOf(consensus, "r1"), 1.0 - std::sqrt(1.0 / 450) / std::sqrt(0.52 / 9), 1e-14);
  EXPECT_EQ(QualityOf(consensus, "r2"), 0.0);
}

// --- by brute force

TEST(ConsensusValuesTest, AgreesWithTheQuadraticDefinition) {
  std::mt19937_64 rng(20240607);
  double worst = 0.0;
  for (int graph = 0; graph < 120; ++graph) {
    SCOPED_TRACE(Named("graph ", graph));
    const double density = 0.1 + 0.3 * (graph % 4);
    const Reviews reviews = RandomReviews(rng, 1 + graph % 9, 1 + graph % 7, density);
    ConsensusOptions options;
    options.iterations = std::vector<int>{1, 2, 5, 20}[static_cast<std::size_t>(graph / 2 % 4)];
    options.basic_precision = graph % 3 == 0 ? 1e-6 : 1e-4;
    options.use_all_data = graph % 2 == 1;
    const Consensus consensus = Compute(reviews, options);
    const BruteForce expected = Transcribe(reviews, options);
    ASSERT_EQ(consensus.items.size(), expected.items.size());
    ASSERT_EQ(consensus.reviewers.size(), expected.reviewers.size());
    for (const ItemConsensus& item : consensus.items) {
      const Belief& belief = expected.items.at(item.id);
      EXPECT_NEAR(item.grade, belief.value, 1e-11);
      EXPECT_NEAR(item.variance, belief.variance, 1e-11);
      worst = std::max(worst, std::abs(item.grade - belief.value));
    }
    for (const ReviewerConsensus& reviewer : consensus.reviewers) {
      EXPECT_NEAR(reviewer.variance, expected.reviewers.at(reviewer.id), 1e-11);
    }
  }
  std::cout << "largest error of a grade: " << worst << "\n";
}

// One reviewer of 400 outweighs the rest of item a a billionfold, as it deviates nowhere else. What
// the others say to it, and so its variance on the items b, must still be right to the last digits;
// subtracting its weight from the total would leave seven.
TEST(ConsensusValuesTest, LeavingOutTheHeaviestReviewerKeepsTheDigitsOfTheOthers) {
  std::mt19937_64 rng(7);
  std::uniform_real_distribution<double> uniform(0.0, 0.5);
  Reviews reviews = {{"r0", "a", 0.9}, {"r0", "b1", 0.5}, {"r0", "b2", 0.5}};
  for (int r = 1; r < 400; ++r) reviews.push_back({Named("r", r), "a", uniform(rng)});
  ConsensusOptions options;
  options.iterations = 5;
  options.basic_precision = 1e-12;
  const Consensus consensus = Compute(reviews, options);
  const BruteForce expected = Transcribe(reviews, options);
  for (const ItemConsensus& item : consensus.items) {
    EXPECT_NEAR(item.grade, expected.items.at(item.id).value, 1e-13);
    EXPECT_NEAR(item.variance, expected.items.at(item.id).variance, 1e-13);
  }
  for (const ReviewerConsensus& reviewer : consensus.reviewers) {
    EXPECT_NEAR(reviewer.variance, expected.reviewers.at(reviewer.id), 1e-13);
  }
  EXPECT_NEAR(Find(consensus.items, "a").grade, 0.9, 1e-8);
}

TEST(ConsensusValuesTest, TenThousandReviewsOfOneItem) {
  std::mt19937_64 rng(11);
  std::uniform_real_distribution<double> uniform(0.4, 0.6);
  Reviews reviews;
  for (int r = 0; r < 10000; ++r) {
    reviews.push_back({Named("r", r), "a", uniform(rng)});
  }
  const Consensus consensus = Compute(reviews);
  ASSERT_EQ(consensus.items.size(), 1u);
  EXPECT_EQ(consensus.items[0].reviews, 10000u);
  EXPECT_NEAR(consensus.items[0].grade, 0.5, 0.01);
  EXPECT_EQ(consensus.reviewers.size(), 10000u);
}

}  // namespace
}  // namespace consilium
