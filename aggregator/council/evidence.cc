#include "aggregator/council/evidence.h"

#include <algorithm>
#include <string>
#include <utility>

#include "aggregator/council/known_right.h"

namespace consilium {
namespace {

// Sorts as the number does: of candidates that are level the earlier one led.
std::string CandidateKey(std::int64_t candidate) {
  std::string number = std::to_string(candidate);
  return std::string(number.size() < 3 ? 3 - number.size() : 0, '0') + number;
}

EvidenceAnswer MakeAnswer(const ModelResult& result, const Recommendation& recommendation,
                          const std::optional<KnownRight>& known) {
  EvidenceAnswer answer;
  answer.model = result.model;
  answer.version = result.model_served;
  answer.key = CandidateKey(*result.candidate);
  answer.weight = result.weight.value_or(1.0);
  answer.grade = result.grade;
  answer.score = result.score;
  answer.reliability = result.reliability;
  answer.latency_ms = result.latency_ms;
  answer.cost_usd = result.cost_usd;
  const auto candidate = static_cast<std::size_t>(*result.candidate);
  if (candidate < recommendation.candidates.size()) {
    const Candidate& chosen = recommendation.candidates[candidate];
    answer.right = known ? IsRight(chosen, *known) : chosen.right;
  }
  return answer;
}

}  // namespace

CaseEvidence MakeEvidence(const CaseView& view, const Recommendation& recommendation,
                          const std::optional<KnownRight>& known) {
  CaseEvidence evidence;
  evidence.case_id = view.id;
  evidence.kind = view.kind;
  evidence.source = view.source;
  evidence.strategy = view.strategy;
  evidence.decided_ms = recommendation.decided_ms;
  evidence.seated = view.ensemble;
  evidence.simulated = recommendation.simulated;
  evidence.options = static_cast<std::int64_t>(view.vignette.options.size());
  for (const ModelResult& result : recommendation.models) {
    if (result.candidate) evidence.answers.push_back(MakeAnswer(result, recommendation, known));
  }
  std::sort(evidence.answers.begin(), evidence.answers.end(),
            [](const EvidenceAnswer& a, const EvidenceAnswer& b) { return a.model < b.model; });
  return evidence;
}

EvidenceLine MakeEvidenceLine(const CaseView& view, const Recommendation& recommendation,
                              const std::optional<KnownRight>& known) {
  EvidenceLine line{MakeEvidence(view, recommendation, known), std::nullopt};
  if (!view.recommendations.empty()) {
    line.replaces = MakeEvidence(view, view.recommendations.back(), view.known);
  }
  return line;
}

}  // namespace consilium
