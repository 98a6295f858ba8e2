// The Vancouver consensus of a sparse graph of reviews: a grade per item, a reliability per
// reviewer.
//
// An item is whatever is graded (an answer), a reviewer whoever grades (a model). Reviewers who
// agree with the consensus of the others weigh more, which in turn moves the consensus; a fixed
// number of rounds is run. A pure function: the same set of reviews gives the same bits in any
// input order. Cost:   O(reviews * (iterations + log reviews)) time, O(reviews) memory, in both
// variants. Source: de Alfaro & Shavlovsky, arXiv 1308.5273; docs/consensus.md has the formulas and
// the guards.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "shared/result.h"

namespace consilium {

// One grade, in [0, 1], that `reviewer` gave to `item`; at most one per pair.
struct Review {
  std::string reviewer;
  std::string item;
  double grade = 0.0;
};

struct ConsensusOptions {
  // kIterationsMin..kIterationsMax. Far above the default, rounding can decide an exact tie
  // (docs/consensus.md).
  int iterations = 20;
  // Added to every variance before it is inverted, so that perfect agreement does not get infinite
  // weight. Unit: grade squared. kBasicPrecisionMin..kBasicPrecisionMax
  double basic_precision = 1e-4;
  // false: what a reviewer is compared with leaves its own grade out. true: nothing is left out.
  bool use_all_data = false;

  static constexpr int kIterationsMin = 1;
  static constexpr int kIterationsMax = 1000;
  // Inverse squares of values between these stay far inside the range of double. A variance is at
  // most 1, so at the upper end all weights are nearly equal and the grade nearly the plain mean.
  static constexpr double kBasicPrecisionMin = 1e-12;
  static constexpr double kBasicPrecisionMax = 1e6;
};

// All numbers are finite. An item without reviews is not known here, so it is not in the result.
struct ItemConsensus {
  std::string id;
  double grade = 0.0;       // Within the least and the greatest grade that the item got.
  double variance = 0.0;    // Estimated variance of `grade`, in [0, 1].
  std::size_t reviews = 0;  // Grades that the item got, at least 1.
};

struct ReviewerConsensus {
  std::string id;
  double variance = 0.0;  // Mean squared deviation from the consensus, in [0, 1].
  // The reliability: max(0, 1 - sqrt(variance) / (sqrt(2) * sd of all grades)). Absent when all
  // grades of the graph are equal: there is no scale then, and agreement says nothing about the
  // reviewer.
  std::optional<double> quality;
  std::size_t reviews = 0;  // Grades that the reviewer gave, at least 1.
  // Those of `reviews` whose item someone else graded too. With 0 the reviewer was compared with
  // nobody but itself: variance 0 and quality 1 are then no evidence.
  std::size_t peer_reviews = 0;
};

// Sorted by id, bytewise. Both are empty when there are no reviews.
struct Consensus {
  std::vector<ItemConsensus> items;
  std::vector<ReviewerConsensus> reviewers;
};

// Errors: kInvalid for an option out of range, a grade that is not finite or outside [0, 1], and
// two
//         grades for one (reviewer, item) pair.
Result<Consensus> ComputeConsensus(std::span<const Review> reviews,
                                   const ConsensusOptions& options);

}  // namespace consilium
