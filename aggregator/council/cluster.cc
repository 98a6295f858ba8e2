#include "aggregator/council/cluster.h"

#include <algorithm>
#include <numeric>
#include <tuple>
#include <utility>

#include "aggregator/council/consensus.h"

namespace consilium {
namespace {

// Negative sorts below every real grade: ungraded answers come last.
double GradeOrNone(const WeighedAnswer& answer) { return answer.grade.value_or(-1.0); }

bool BetterAnswer(const WeighedAnswer* a, const WeighedAnswer* b) {
  return std::make_tuple(-GradeOrNone(*a), a->variance.value_or(0.0), a->coded.model) <
         std::make_tuple(-GradeOrNone(*b), b->variance.value_or(0.0), b->coded.model);
}

bool BetterCluster(const Cluster& a, const Cluster& b) {
  const auto rank = [](const Cluster& cluster) {
    return std::make_tuple(-cluster.support, -GradeOrNone(cluster.Best()),
                           -static_cast<std::int64_t>(cluster.answers.size()),
                           std::string_view(cluster.key));
  };
  return rank(a) < rank(b);
}

Consensus FindConsensus(const CaseRecord& record) {
  std::vector<Review> reviews;
  reviews.reserve(record.grades.size());
  for (const PeerGrade& grade : record.grades) {
    reviews.push_back({std::string(grade.reviewer), std::string(grade.author), grade.grade});
  }
  auto consensus = ComputeConsensus(reviews, ConsensusOptions{});
  CHECK(consensus.ok(), "ReadRecord lets only finite grades in range through, one per pair");
  return std::move(consensus).value();
}

// An author that did not review, or could not be compared with anybody, counts as the reviewers of
// the case do on average: being slow or unlucky lowers no weight.
void SetWeights(Weighing& weighing) {
  double mean = 0.0;
  for (const auto& [model, reliability] : weighing.reliability) mean += reliability;
  if (!weighing.reliability.empty()) mean /= static_cast<double>(weighing.reliability.size());
  double total = 0.0;
  for (WeighedAnswer& answer : weighing.answers) {
    const auto found = weighing.reliability.find(answer.coded.model);
    answer.weight = found == weighing.reliability.end() ? mean : found->second;
    if (answer.counted) total += answer.weight;
  }
  if (total > 0.0) return;
  for (WeighedAnswer& answer : weighing.answers) answer.weight = 1.0;
}

}  // namespace

Weighing Weigh(const CaseView& view, const CaseRecord& record, const MedicationTable& table,
               bool reviewed) {
  Weighing weighing;
  weighing.reviewed = reviewed;
  weighing.graded = !record.grades.empty();
  const Consensus consensus = FindConsensus(record);
  for (const ReviewerConsensus& reviewer : consensus.reviewers) {
    if (!reviewer.quality || reviewer.peer_reviews == 0) continue;
    weighing.reliability[reviewer.id] = std::clamp(*reviewer.quality, 0.0, 1.0);
  }
  for (const UsableAnswer& usable : record.answers) {
    WeighedAnswer answer;
    answer.coded = CodeAnswer(usable.model, *usable.answer, view.vignette.options, table);
    answer.version = usable.task->outcome->model_served;
    const auto item = std::lower_bound(
        consensus.items.begin(), consensus.items.end(), usable.model,
        [](const ItemConsensus& a, std::string_view model) { return a.id < model; });
    if (item != consensus.items.end() && item->id == usable.model) {
      answer.grade = item->grade;
      answer.variance = item->variance;
      answer.grades = static_cast<std::int64_t>(item->reviews);
    } else if (reviewed && !view.recommendations.empty() && usable.task->arrived_ms) {
      answer.counted = *usable.task->arrived_ms <= view.recommendations.front().decided_ms;
    }
    weighing.answers.push_back(std::move(answer));
  }
  SetWeights(weighing);
  return weighing;
}

std::vector<std::string> Cluster::Models() const {
  std::vector<std::string> models;
  models.reserve(answers.size());
  for (const WeighedAnswer* answer : answers) models.emplace_back(answer->coded.model);
  std::sort(models.begin(), models.end());
  return models;
}

std::vector<Cluster> RankClusters(const Weighing& weighing) {
  std::map<std::string_view, Cluster> by_key;
  double total = 0.0;
  for (const WeighedAnswer& answer : weighing.answers) {
    Cluster& cluster = by_key[answer.coded.key];
    cluster.key = answer.coded.key;
    cluster.answers.push_back(&answer);
    cluster.support += answer.weight * answer.grade.value_or(weighing.reviewed ? 0.0 : 1.0);
    if (answer.counted) total += answer.weight;
  }
  std::vector<Cluster> clusters;
  clusters.reserve(by_key.size());
  for (auto& [key, cluster] : by_key) {
    cluster.support = total > 0.0 ? std::clamp(cluster.support / total, 0.0, 1.0) : 0.0;
    std::sort(cluster.answers.begin(), cluster.answers.end(), BetterAnswer);
    clusters.push_back(std::move(cluster));
  }
  std::sort(clusters.begin(), clusters.end(), BetterCluster);
  return clusters;
}

void RankBy(std::vector<double>& probability, std::vector<Cluster>& clusters) {
  std::vector<std::size_t> order(clusters.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&probability](std::size_t a, std::size_t b) {
    return probability[a] > probability[b];
  });
  std::vector<double> ranked_probability;
  std::vector<Cluster> ranked;
  for (const std::size_t c : order) {
    ranked_probability.push_back(probability[c]);
    ranked.push_back(std::move(clusters[c]));
  }
  probability = std::move(ranked_probability);
  clusters = std::move(ranked);
}

}  // namespace consilium
