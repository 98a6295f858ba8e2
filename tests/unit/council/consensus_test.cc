// The consensus against checked outputs, against values worked out by hand, against a quadratic
// transcription of the definition, and against what a user of a consensus takes for granted.
#include "aggregator/council/consensus.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <iostream>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace consilium {
namespace {

using Reviews = std::vector<Review>;

// "r", 7 -> "r7". Not "r" + std::to_string(7), for which gcc 12 at -O3 warns falsely (-Wrestrict).
template <class Number>
std::string Named(const char* prefix, Number number) {
  std::string name = prefix;
  name += std::to_string(number);
  return name;
}

Consensus Compute(const Reviews& reviews, const ConsensusOptions& options = {}) {
  auto result = ComputeConsensus(reviews, options);
  EXPECT_TRUE(result.ok()) << (result.ok() ? "" : result.error().text);
  return result.ok() ? *std::move(result) : Consensus{};
}

std::string ErrorOf(const Reviews& reviews, const ConsensusOptions& options = {}) {
  const auto result = ComputeConsensus(reviews, options);
  if (result.ok()) return "no error";
  EXPECT_EQ(result.error().code, ErrorCode::kInvalid);
  return result.error().text;
}

// Fails the test, and returns a row of zeros, when `id` is not there.
template <class Row>
Row Find(const std::vector<Row>& rows, const std::string& id) {
  for (const Row& row : rows) {
    if (row.id == id) return row;
  }
  ADD_FAILURE() << "no row for " << id;
  return {};
}

double QualityOf(const Consensus& consensus, const std::string& reviewer) {
  const auto quality = Find(consensus.reviewers, reviewer).quality;
  EXPECT_TRUE(quality.has_value()) << reviewer;
  return quality.value_or(-1.0);
}

// A graph in which each pair is reviewed with probability `density`, by reviewers of different
// skill.
Reviews RandomReviews(std::mt19937_64& rng, int reviewers, int items, double density) {
  std::uniform_real_distribution<double> uniform(0.0, 1.0);
  std::vector<double> truth(static_cast<std::size_t>(items));
  for (double& t : truth) t = uniform(rng);
  Reviews reviews;
  for (int r = 0; r < reviewers; ++r) {
    const double noise = uniform(rng) < 0.2 ? 0.0 : 0.5 * uniform(rng);
    const bool coarse = uniform(rng) < 0.3;
    for (int i = 0; i < items; ++i) {
      if (uniform(rng) >= density) continue;
      double grade = truth[static_cast<std::size_t>(i)] + noise * (2.0 * uniform(rng) - 1.0);
      grade = std::clamp(grade, 0.0, 1.0);
      if (coarse) grade = std::round(grade);
      reviews.push_back({Named("r", r), Named("a", i), grade});
    }
  }
  return reviews;
}

void ExpectSameBits(const Consensus& a, const Consensus& b) {
  ASSERT_EQ(a.items.size(), b.items.size());
  ASSERT_EQ(a.reviewers.size(), b.reviewers.size());
  for (std::size_t i = 0; i < a.items.size(); ++i) {
    EXPECT_EQ(a.items[i].id, b.items[i].id);
    EXPECT_EQ(a.items[i].grade, b.items[i].grade);
    EXPECT_EQ(a.items[i].variance, b.items[i].variance);
    EXPECT_EQ(a.items[i].reviews, b.items[i].reviews);
  }
  for (std::size_t r = 0; r < a.reviewers.size(); ++r) {
    EXPECT_EQ(a.reviewers[r].id, b.reviewers[r].id);
    EXPECT_EQ(a.reviewers[r].variance, b.reviewers[r].variance);
    EXPECT_EQ(a.reviewers[r].quality, b.reviewers[r].quality);
    EXPECT_EQ(a.reviewers[r].reviews, b.reviewers[r].reviews);
    EXPECT_EQ(a.reviewers[r].peer_reviews, b.reviewers[r].peer_reviews);
  }
}

// --- the definition, quadratic in the degree, pair by pair
// -------------------------------------------

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
// ---------------------------------------------------------------------------------

TEST(ConsensusTest, ReproducesTheCheckedOutputs) {
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
// -------------------------------------------------------------------------------------------

// Against the mean of the other two the deviations are 0.6, 0.3, 0.3, so the variances are 0.36,
// 0.09, 0.09; with basic precision 0.09 the weights are as 2 : 5 : 5 and the grade is 8.4 / 12. The
// sd of the grades is sqrt(0.08), so sqrt(2) sd = 0.4.
TEST(ConsensusTest, ThreeReviewersOfOneItemByHand) {
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
TEST(ConsensusTest, LeavingTheOwnGradeOutDoublesTheDeviationOfTwo) {
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
TEST(ConsensusTest, ReviewerAloneOnAnItemIsComparedWithItself) {
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
// --------------------------------------------------------------------------------------

TEST(ConsensusTest, AgreesWithTheQuadraticDefinition) {
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
TEST(ConsensusTest, LeavingOutTheHeaviestReviewerKeepsTheDigitsOfTheOthers) {
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

TEST(ConsensusTest, TenThousandReviewsOfOneItem) {
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

// --- what a user takes for granted
// -----------------------------------------------------------------------

TEST(ConsensusTest, OrderOfTheReviewsDoesNotChangeABit) {
  std::mt19937_64 rng(1);
  for (const bool use_all_data : {false, true}) {
    Reviews reviews = RandomReviews(rng, 12, 15, 0.5);
    ConsensusOptions options;
    options.use_all_data = use_all_data;
    const Consensus first = Compute(reviews, options);
    for (int shuffle = 0; shuffle < 20; ++shuffle) {
      std::shuffle(reviews.begin(), reviews.end(), rng);
      ExpectSameBits(first, Compute(reviews, options));
    }
  }
}

TEST(ConsensusTest, OutputIsSortedById) {
  std::mt19937_64 rng(2);
  const Consensus consensus = Compute(RandomReviews(rng, 12, 12, 0.8));
  const auto by_id = [](const auto& a, const auto& b) { return a.id < b.id; };
  EXPECT_TRUE(std::is_sorted(consensus.items.begin(), consensus.items.end(), by_id));
  EXPECT_TRUE(std::is_sorted(consensus.reviewers.begin(), consensus.reviewers.end(), by_id));
}

TEST(ConsensusTest, AgreementRaisesReliability) {
  const std::vector<double> truth = {0.1, 0.3, 0.5, 0.6, 0.8, 0.9};
  for (const bool use_all_data : {false, true}) {
    double previous = -1.0;
    for (const double error : {0.4, 0.3, 0.2, 0.1, 0.05, 0.0}) {
      Reviews reviews;
      for (std::size_t i = 0; i < truth.size(); ++i) {
        const std::string item = Named("a", i);
        const double sign = i % 2 == 0 ? 1.0 : -1.0;
        reviews.push_back({"r1", item, truth[i] + sign * 0.02});
        reviews.push_back({"r2", item, truth[i] - sign * 0.03});
        reviews.push_back({"r3", item, truth[i] + (i < 3 ? 0.04 : -0.04)});
        reviews.push_back({"learner", item, truth[i] + (i < 3 ? error : -error)});
      }
      ConsensusOptions options;
      options.use_all_data = use_all_data;
      const double quality = QualityOf(Compute(reviews, options), "learner");
      EXPECT_GT(quality, previous) << "error " << error;
      previous = quality;
    }
    EXPECT_GT(previous, 0.9);
  }
}

TEST(ConsensusTest, ContrarianIsLessReliableAndBarelyMovesTheGrades) {
  const std::vector<double> truth = {0.05, 0.2, 0.35, 0.7, 0.85, 0.95};
  Reviews reviews;
  for (std::size_t i = 0; i < truth.size(); ++i) {
    const std::string item = Named("a", i);
    const double sign = i % 2 == 0 ? 1.0 : -1.0;
    reviews.push_back({"r1", item, truth[i] + sign * 0.02});
    reviews.push_back({"r2", item, truth[i] - sign * 0.02});
    reviews.push_back({"r3", item, truth[i] + (i < 3 ? 0.03 : -0.03)});
    reviews.push_back({"contrarian", item, 1.0 - truth[i]});
  }
  for (const bool use_all_data : {false, true}) {
    ConsensusOptions options;
    options.use_all_data = use_all_data;
    const Consensus consensus = Compute(reviews, options);
    for (const char* reviewer : {"r1", "r2", "r3"}) EXPECT_GT(QualityOf(consensus, reviewer), 0.9);
    EXPECT_LT(QualityOf(consensus, "contrarian"), 0.1);
    for (std::size_t i = 0; i < truth.size(); ++i) {
      EXPECT_NEAR(consensus.items[i].grade, truth[i], 0.03);
    }
  }
}

TEST(ConsensusTest, PerfectAgreementKeepsTheGradesAndTrustsEveryone) {
  Reviews reviews;
  for (int r = 0; r < 4; ++r) {
    for (int i = 0; i < 5; ++i) {
      reviews.push_back({Named("r", r), Named("a", i), 0.1 + 0.17 * i});
    }
  }
  for (const bool use_all_data : {false, true}) {
    ConsensusOptions options;
    options.use_all_data = use_all_data;
    const Consensus consensus = Compute(reviews, options);
    for (std::size_t i = 0; i < consensus.items.size(); ++i) {
      EXPECT_EQ(consensus.items[i].grade, 0.1 + 0.17 * static_cast<double>(i));
      EXPECT_EQ(consensus.items[i].variance, 0.0);
    }
    for (const ReviewerConsensus& reviewer : consensus.reviewers) {
      EXPECT_EQ(reviewer.variance, 0.0);
      EXPECT_EQ(reviewer.quality, 1.0);
      EXPECT_EQ(reviewer.peer_reviews, 5u);
    }
  }
}

TEST(ConsensusTest, SparseGraphsGiveBoundedNumbersAndNeverNan) {
  const std::uint64_t seed = 99;
  SCOPED_TRACE(Named("seed ", seed));
  std::mt19937_64 rng(seed);
  for (int graph = 0; graph < 500; ++graph) {
    SCOPED_TRACE(Named("graph ", graph));
    const Reviews reviews = RandomReviews(rng, 1 + graph % 8, 1 + graph % 11, 0.25);
    std::map<std::string, std::pair<double, double>> range;
    for (const Review& review : reviews) {
      const auto [at, fresh] = range.try_emplace(review.item, review.grade, review.grade);
      at->second.first = std::min(at->second.first, review.grade);
      at->second.second = std::max(at->second.second, review.grade);
    }
    ConsensusOptions options;
    options.iterations = 1 + graph % 30;
    options.basic_precision =
        std::vector<double>{1e-12, 1e-4, 1.0, 1e6}[static_cast<std::size_t>(graph / 2 % 4)];
    options.use_all_data = graph % 2 == 1;
    const Consensus consensus = Compute(reviews, options);
    EXPECT_EQ(consensus.items.size(), range.size());
    std::size_t count = 0;
    for (const ItemConsensus& item : consensus.items) {
      EXPECT_GE(item.grade, range.at(item.id).first);
      EXPECT_LE(item.grade, range.at(item.id).second);
      EXPECT_TRUE(item.variance >= 0.0 && item.variance <= 1.0) << item.variance;
      count += item.reviews;
    }
    EXPECT_EQ(count, reviews.size());
    count = 0;
    for (const ReviewerConsensus& reviewer : consensus.reviewers) {
      EXPECT_TRUE(reviewer.variance >= 0.0 && reviewer.variance <= 1.0) << reviewer.variance;
      if (reviewer.quality) {
        EXPECT_TRUE(*reviewer.quality >= 0.0 && *reviewer.quality <= 1.0) << *reviewer.quality;
      }
      EXPECT_LE(reviewer.peer_reviews, reviewer.reviews);
      count += reviewer.reviews;
    }
    EXPECT_EQ(count, reviews.size());
  }
}

// --- where the formulas say nothing
// ----------------------------------------------------------------------

TEST(ConsensusTest, NoReviewsGiveNothing) {
  const Consensus consensus = Compute({});
  EXPECT_TRUE(consensus.items.empty());
  EXPECT_TRUE(consensus.reviewers.empty());
}

TEST(ConsensusTest, OneReviewStandsAndItsReviewerIsUnmeasured) {
  for (const bool use_all_data : {false, true}) {
    ConsensusOptions options;
    options.use_all_data = use_all_data;
    const Consensus consensus = Compute({{"r", "a", 0.7}}, options);
    ASSERT_EQ(consensus.items.size(), 1u);
    EXPECT_EQ(consensus.items[0].grade, 0.7);
    EXPECT_EQ(consensus.items[0].variance, 0.0);
    EXPECT_EQ(consensus.items[0].reviews, 1u);
    ASSERT_EQ(consensus.reviewers.size(), 1u);
    EXPECT_EQ(consensus.reviewers[0].variance, 0.0);
    EXPECT_EQ(consensus.reviewers[0].quality, std::nullopt);
    EXPECT_EQ(consensus.reviewers[0].reviews, 1u);
    EXPECT_EQ(consensus.reviewers[0].peer_reviews, 0u);
  }
}

TEST(ConsensusTest, ReviewersWithoutACommonItemAgreeOnlyWithThemselves) {
  for (const bool use_all_data : {false, true}) {
    ConsensusOptions options;
    options.use_all_data = use_all_data;
    const Consensus consensus = Compute({{"r1", "a", 0.2}, {"r2", "b", 0.8}}, options);
    EXPECT_EQ(Find(consensus.items, "a").grade, 0.2);
    EXPECT_EQ(Find(consensus.items, "b").grade, 0.8);
    for (const ReviewerConsensus& reviewer : consensus.reviewers) {
      EXPECT_EQ(reviewer.quality, 1.0);
      EXPECT_EQ(reviewer.peer_reviews, 0u);
    }
  }
}

TEST(ConsensusTest, EqualGradesHaveNoScaleForReliability) {
  Reviews reviews;
  for (int r = 0; r < 7; ++r) {
    for (int i = 0; i < 3; ++i) {
      reviews.push_back({Named("r", r), Named("a", i), 0.1});
    }
  }
  const Consensus consensus = Compute(reviews);
  for (const ItemConsensus& item : consensus.items) {
    EXPECT_EQ(item.grade, 0.1);
    EXPECT_EQ(item.variance, 0.0);
  }
  for (const ReviewerConsensus& reviewer : consensus.reviewers) {
    EXPECT_EQ(reviewer.variance, 0.0);
    EXPECT_EQ(reviewer.quality, std::nullopt);
  }
}

// The squares of such differences are zero, so the standard deviation is too.
TEST(ConsensusTest, GradesThatDifferByLessThanTheirSquaresCanTellAreEqual) {
  const double tiny = std::numeric_limits<double>::denorm_min();
  const Consensus consensus = Compute({{"r1", "a", 0.0}, {"r2", "a", tiny}});
  for (const ReviewerConsensus& reviewer : consensus.reviewers) {
    EXPECT_EQ(reviewer.variance, 0.0);
    EXPECT_EQ(reviewer.quality, std::nullopt);
  }
}

// --- refusals
// ----------------------------------------------------------------------------------------------

TEST(ConsensusTest, GradeOutsideTheRangeIsRefused) {
  const auto error = [](double grade) {
    return ErrorOf({{"r1", "a1", 0.5}, {"r2", "a1", grade}, {"r1", "a2", 0.5}});
  };
  EXPECT_EQ(error(1.5), "consensus: reviewer 'r2' graded item 'a1' 1.5, expected 0..1");
  EXPECT_EQ(error(-0.25), "consensus: reviewer 'r2' graded item 'a1' -0.25, expected 0..1");
  EXPECT_EQ(error(std::nextafter(1.0, 2.0)),
            "consensus: reviewer 'r2' graded item 'a1' 1.0000000000000002, expected 0..1");
  const double infinity = std::numeric_limits<double>::infinity();
  EXPECT_EQ(error(infinity), "consensus: reviewer 'r2' graded item 'a1' inf, expected 0..1");
  EXPECT_EQ(error(-infinity), "consensus: reviewer 'r2' graded item 'a1' -inf, expected 0..1");
  EXPECT_EQ(error(std::numeric_limits<double>::quiet_NaN()),
            "consensus: reviewer 'r2' graded item 'a1' nan, expected 0..1");
  EXPECT_EQ(error(0.0), "no error");
  EXPECT_EQ(error(1.0), "no error");
}

TEST(ConsensusTest, SecondGradeForOnePairIsRefused) {
  EXPECT_EQ(ErrorOf({{"r1", "a1", 0.5}, {"r2", "a1", 0.5}, {"r1", "a2", 0.5}, {"r1", "a1", 0.5}}),
            "consensus: reviewer 'r1' graded item 'a1' more than once, expected at most one grade");
  // The two names must not run together.
  EXPECT_EQ(ErrorOf({{"ab", "c", 0.5}, {"a", "bc", 0.5}}), "no error");
}

TEST(ConsensusTest, WhichErrorIsReportedDoesNotDependOnTheOrder) {
  Reviews reviews = {{"r1", "a2", 7.0}, {"r2", "a1", 8.0}, {"r1", "a1", 9.0}};
  std::set<std::string> errors;
  for (int rotation = 0; rotation < 3; ++rotation) {
    std::rotate(reviews.begin(), reviews.begin() + 1, reviews.end());
    errors.insert(ErrorOf(reviews));
  }
  EXPECT_EQ(errors,
            std::set<std::string>{"consensus: reviewer 'r1' graded item 'a1' 9, expected 0..1"});
}

TEST(ConsensusTest, OptionsOutOfRangeAreRefusedEvenWithoutReviews) {
  const auto with_iterations = [](int iterations) {
    ConsensusOptions options;
    options.iterations = iterations;
    return ErrorOf({}, options);
  };
  EXPECT_EQ(with_iterations(0), "consensus: iterations = 0, expected 1..1000");
  EXPECT_EQ(with_iterations(1001), "consensus: iterations = 1001, expected 1..1000");
  EXPECT_EQ(with_iterations(1), "no error");
  EXPECT_EQ(with_iterations(1000), "no error");
  const auto with_precision = [](double precision) {
    ConsensusOptions options;
    options.basic_precision = precision;
    return ErrorOf({}, options);
  };
  EXPECT_EQ(with_precision(0.0), "consensus: basic_precision = 0, expected 1e-12..1e+06");
  EXPECT_EQ(with_precision(-1.0), "consensus: basic_precision = -1, expected 1e-12..1e+06");
  EXPECT_EQ(with_precision(1e-300), "consensus: basic_precision = 1e-300, expected 1e-12..1e+06");
  EXPECT_EQ(with_precision(std::numeric_limits<double>::quiet_NaN()),
            "consensus: basic_precision = nan, expected 1e-12..1e+06");
  EXPECT_EQ(with_precision(std::numeric_limits<double>::infinity()),
            "consensus: basic_precision = inf, expected 1e-12..1e+06");
  EXPECT_EQ(with_precision(1e-12), "no error");
  EXPECT_EQ(with_precision(1e6), "no error");
}

}  // namespace
}  // namespace consilium
