// What a user of a consensus takes for granted, where the formulas say nothing, and what is
// refused.
#include "aggregator/council/consensus.h"

#include <limits>
#include <set>

#include "tests/unit/council/consensus_graphs.h"

namespace consilium {
namespace {

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

// --- what a user takes for granted

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
