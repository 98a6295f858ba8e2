#include "aggregator/council/consensus.h"
#include "shared/number_text.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string_view>
#include <tuple>

namespace consilium {
namespace {

// What is passed along an edge of the graph: a value and how far it is to be trusted.
struct Estimate {
  double value = 0.0;
  double variance = 0.0;
};

// The edges (indices of sorted reviews) that meet in one node, node by node: `edges` from begin[n]
// to begin[n + 1] belong to node n. A node is never empty.
struct Nodes {
  std::vector<std::size_t> edges;
  std::vector<std::size_t> begin;
  std::vector<std::string_view> ids;  // by node, ascending

  std::size_t size() const { return ids.size(); }
  std::span<const std::size_t> EdgesOf(std::size_t node) const {
    return std::span(edges).subspan(begin[node], begin[node + 1] - begin[node]);
  }
};

// The running sums of a precision-weighted mean: sum of w, of w x and of w^2 v, with w = 1 / (b +
// v).
struct Sums {
  double weight = 0.0;
  double value = 0.0;
  double spread = 0.0;

  void Add(const Estimate& estimate, double basic_precision) {
    const double w = 1.0 / (basic_precision + estimate.variance);
    weight += w;
    value += w * estimate.value;
    spread += w * w * estimate.variance;
  }
  Sums operator+(const Sums& other) const {
    return {weight + other.weight, value + other.value, spread + other.spread};
  }
  // The mean is held to [low, high], which rounding could leave by a unit in the last place.
  Estimate Combine(double low, double high) const {
    return {std::clamp(value / weight, low, high), spread / (weight * weight)};
  }
};

// At every node, combines what arrives along its edges into what leaves along each of them:
// everything that arrived, or, with `leave_one_out`, everything that arrived on the other edges. A
// node with a single edge has nothing else to send, so it always sends everything.
//
// The sum over the others is the sum before plus the sum after: linear like subtracting from the
// total, but terms only ever add up, so a heavy edge cannot cancel the digits of the light ones.
std::vector<Estimate> Exchange(const Nodes& nodes, const std::vector<Estimate>& arriving,
                               double basic_precision, bool leave_one_out) {
  std::vector<Estimate> leaving(arriving.size());
  std::vector<Sums> after;
  for (std::size_t node = 0; node < nodes.size(); ++node) {
    const auto edges = nodes.EdgesOf(node);
    double low = arriving[edges[0]].value;
    double high = low;
    for (const std::size_t edge : edges) {
      low = std::min(low, arriving[edge].value);
      high = std::max(high, arriving[edge].value);
    }
    if (!leave_one_out || edges.size() == 1) {
      Sums all;
      for (const std::size_t edge : edges) all.Add(arriving[edge], basic_precision);
      for (const std::size_t edge : edges) leaving[edge] = all.Combine(low, high);
      continue;
    }
    after.assign(edges.size(), Sums{});
    for (std::size_t i = edges.size() - 1; i > 0; --i) {
      after[i - 1] = after[i];
      after[i - 1].Add(arriving[edges[i]], basic_precision);
    }
    Sums before;
    for (std::size_t i = 0; i < edges.size(); ++i) {
      leaving[edges[i]] = (before + after[i]).Combine(low, high);
      before.Add(arriving[edges[i]], basic_precision);
    }
  }
  return leaving;
}

// The graph's nodes on one side; `id` tells the node that an edge belongs to.
template <class Id>
Nodes GroupBy(const std::vector<const Review*>& reviews, Id id) {
  Nodes nodes;
  nodes.edges.resize(reviews.size());
  std::iota(nodes.edges.begin(), nodes.edges.end(), std::size_t{0});
  std::stable_sort(nodes.edges.begin(), nodes.edges.end(),
                   [&](std::size_t a, std::size_t b) { return id(*reviews[a]) < id(*reviews[b]); });
  for (std::size_t i = 0; i < nodes.edges.size(); ++i) {
    const std::string_view node = id(*reviews[nodes.edges[i]]);
    if (nodes.ids.empty() || nodes.ids.back() != node) {
      nodes.ids.push_back(node);
      nodes.begin.push_back(i);
    }
  }
  nodes.begin.push_back(nodes.edges.size());
  return nodes;
}

// Of the whole population, not of a sample. Exactly 0 when all grades are equal.
double StandardDeviation(const std::vector<const Review*>& reviews) {
  const auto [low, high] =
      std::minmax_element(reviews.begin(), reviews.end(),
                          [](const Review* a, const Review* b) { return a->grade < b->grade; });
  if ((*low)->grade == (*high)->grade) return 0.0;
  double sum = 0.0;
  for (const Review* review : reviews) sum += review->grade;
  const double count = static_cast<double>(reviews.size());
  const double mean = sum / count;
  double squares = 0.0;
  for (const Review* review : reviews) squares += (review->grade - mean) * (review->grade - mean);
  return std::sqrt(squares / count);
}

Status CheckOptions(const ConsensusOptions& options) {
  using Options = ConsensusOptions;
  if (options.iterations < Options::kIterationsMin ||
      options.iterations > Options::kIterationsMax) {
    return Invalid("consensus: iterations = " + std::to_string(options.iterations) + ", expected " +
                   std::to_string(Options::kIterationsMin) + ".." +
                   std::to_string(Options::kIterationsMax));
  }
  // Written so that NaN fails.
  if (!(options.basic_precision >= Options::kBasicPrecisionMin &&
        options.basic_precision <= Options::kBasicPrecisionMax)) {
    return Invalid("consensus: basic_precision = " + ShortestDecimal(options.basic_precision) +
                   ", expected " + ShortestDecimal(Options::kBasicPrecisionMin) + ".." +
                   ShortestDecimal(Options::kBasicPrecisionMax));
  }
  return Ok();
}

// `sorted` by item, then reviewer: equal pairs are neighbours.
Status CheckReviews(const std::vector<const Review*>& sorted) {
  for (const Review* review : sorted) {
    if (!(review->grade >= 0.0 && review->grade <= 1.0)) {
      return Invalid("consensus: reviewer '" + review->reviewer + "' graded item '" + review->item +
                     "' " + ShortestDecimal(review->grade) + ", expected 0..1");
    }
  }
  for (std::size_t i = 1; i < sorted.size(); ++i) {
    if (sorted[i - 1]->item == sorted[i]->item && sorted[i - 1]->reviewer == sorted[i]->reviewer) {
      return Invalid("consensus: reviewer '" + sorted[i]->reviewer + "' graded item '" +
                     sorted[i]->item + "' more than once, expected at most one grade");
    }
  }
  return Ok();
}

}  // namespace

Result<Consensus> ComputeConsensus(std::span<const Review> reviews,
                                   const ConsensusOptions& options) {
  if (Status status = CheckOptions(options); !status) return status.error();
  // Sums are taken in this order, whatever the order of the input: floating point is not
  // associative.
  std::vector<const Review*> sorted;
  sorted.reserve(reviews.size());
  for (const Review& review : reviews) sorted.push_back(&review);
  std::sort(sorted.begin(), sorted.end(), [](const Review* a, const Review* b) {
    return std::tie(a->item, a->reviewer) < std::tie(b->item, b->reviewer);
  });
  if (Status status = CheckReviews(sorted); !status) return status.error();
  Consensus result;
  if (sorted.empty()) return result;

  const Nodes items =
      GroupBy(sorted, [](const Review& review) { return std::string_view(review.item); });
  const Nodes reviewers =
      GroupBy(sorted, [](const Review& review) { return std::string_view(review.reviewer); });
  const double b = options.basic_precision;

  // Edge by edge: the grade with the variance of its reviewer, 1 at first; what the item answers;
  // the squared deviation of the grade from that.
  std::vector<Estimate> grades(sorted.size());
  std::vector<Estimate> opinions;
  std::vector<Estimate> deviations(sorted.size());
  const auto deviate_from = [&](const std::vector<Estimate>& center) {
    for (std::size_t e = 0; e < sorted.size(); ++e) {
      const double deviation = center[e].value - sorted[e]->grade;
      deviations[e] = {deviation * deviation, opinions[e].variance};
    }
  };

  for (std::size_t e = 0; e < sorted.size(); ++e) grades[e] = {sorted[e]->grade, 1.0};
  for (int round = 0; round < options.iterations; ++round) {
    opinions = Exchange(items, grades, b, !options.use_all_data);
    deviate_from(opinions);
    const auto variances = Exchange(reviewers, deviations, b, !options.use_all_data);
    for (std::size_t e = 0; e < sorted.size(); ++e) grades[e].variance = variances[e].value;
  }
  // The outcome leaves nothing out, except that deviations keep the weights of the last round.
  const auto item_estimates = Exchange(items, grades, b, false);
  deviate_from(item_estimates);
  const auto reviewer_estimates = Exchange(reviewers, deviations, b, false);

  std::vector<std::size_t> reviews_of_item(sorted.size());  // by edge
  for (std::size_t node = 0; node < items.size(); ++node) {
    const auto edges = items.EdgesOf(node);
    for (const std::size_t edge : edges) reviews_of_item[edge] = edges.size();
    const Estimate& estimate = item_estimates[edges[0]];
    result.items.push_back(
        {std::string(items.ids[node]), estimate.value, estimate.variance, edges.size()});
  }
  const double sd = StandardDeviation(sorted);
  for (std::size_t node = 0; node < reviewers.size(); ++node) {
    const auto edges = reviewers.EdgesOf(node);
    ReviewerConsensus reviewer;
    reviewer.id = reviewers.ids[node];
    reviewer.variance = reviewer_estimates[edges[0]].value;
    // Also absent when the grades differ by so little that the squares vanish.
    if (sd > 0.0) {
      reviewer.quality = std::max(0.0, 1.0 - std::sqrt(reviewer.variance) / (std::sqrt(2.0) * sd));
    }
    reviewer.reviews = edges.size();
    reviewer.peer_reviews = static_cast<std::size_t>(std::count_if(
        edges.begin(), edges.end(), [&](std::size_t edge) { return reviews_of_item[edge] > 1; }));
    result.reviewers.push_back(std::move(reviewer));
  }
  return result;
}

}  // namespace consilium
