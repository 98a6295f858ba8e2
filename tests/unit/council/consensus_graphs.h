// Graphs of reviews for the tests of the consensus.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "aggregator/council/consensus.h"

namespace consilium {

using Reviews = std::vector<Review>;

// "r", 7 -> "r7". Not "r" + std::to_string(7), for which gcc 12 at -O3 warns falsely (-Wrestrict).
template <class Number>
std::string Named(const char* prefix, Number number) {
  std::string name = prefix;
  name += std::to_string(number);
  return name;
}

inline Consensus Compute(const Reviews& reviews, const ConsensusOptions& options = {}) {
  auto result = ComputeConsensus(reviews, options);
  EXPECT_TRUE(result.ok()) << (result.ok() ? "" : result.error().text);
  return result.ok() ? *std::move(result) : Consensus{};
}

inline std::string ErrorOf(const Reviews& reviews, const ConsensusOptions& options = {}) {
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

inline double QualityOf(const Consensus& consensus, const std::string& reviewer) {
  const auto quality = Find(consensus.reviewers, reviewer).quality;
  EXPECT_TRUE(quality.has_value()) << reviewer;
  return quality.value_or(-1.0);
}

// A graph in which each pair is reviewed with probability `density`, by reviewers of different
// skill.
inline Reviews RandomReviews(std::mt19937_64& rng, int reviewers, int items, double density) {
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

}  // namespace consilium
