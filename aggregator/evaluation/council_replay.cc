#include "aggregator/evaluation/council_replay.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "aggregator/council/cluster.h"
#include "aggregator/council/confidence.h"

namespace consilium {
namespace {

Weighing WeighRecorded(const CaseEvidence& evidence, std::span<const std::size_t> answers,
                       bool reviewed) {
  Weighing weighing;
  weighing.reviewed = reviewed;
  weighing.answers.reserve(answers.size());
  for (const std::size_t i : answers) {
    const EvidenceAnswer& recorded = evidence.answers[i];
    WeighedAnswer& answer = weighing.answers.emplace_back();
    answer.coded.model = recorded.model;
    answer.coded.key = recorded.key;
    answer.grade = recorded.grade;
    answer.weight = recorded.weight;
    answer.version = recorded.version;
    weighing.graded = weighing.graded || recorded.grade;
  }
  return weighing;
}

std::size_t PlaceOf(const JudgedCase& judged, std::string_view key) {
  const auto found = std::lower_bound(
      judged.keys.begin(), judged.keys.end(), key,
      [](const JudgedKey& one, std::string_view wanted) { return one.key < wanted; });
  return static_cast<std::size_t>(found - judged.keys.begin());
}

}  // namespace

std::optional<CouncilVerdict> DecideRecorded(const JudgedCase& judged,
                                             std::span<const std::size_t> answers,
                                             const TrackRecord* record, bool reviewed) {
  if (answers.empty()) return std::nullopt;
  const CaseEvidence& evidence = judged.evidence;
  const Weighing weighing = WeighRecorded(evidence, answers, reviewed);
  std::vector<Cluster> clusters = RankClusters(weighing);
  CouncilVerdict verdict;
  if (record != nullptr) {
    Confidence stated = StateConfidence(record, record->kind, weighing, clusters,
                                        static_cast<std::size_t>(evidence.options));
    if (!stated.probability.empty()) RankBy(stated.probability, clusters);
    verdict.confidence = stated.value;
    if (stated.value) verdict.sure = KeepsRisk(*record, *stated.value);
  }
  verdict.support = clusters.front().support;
  for (const Cluster& cluster : clusters) verdict.ranked.push_back(PlaceOf(judged, cluster.key));
  return verdict;
}

CaseEvidence Restrict(const CaseEvidence& evidence, std::span<const std::size_t> answers) {
  CaseEvidence some = evidence;
  some.answers.clear();
  for (const std::size_t i : answers) some.answers.push_back(evidence.answers[i]);
  return some;
}

}  // namespace consilium
