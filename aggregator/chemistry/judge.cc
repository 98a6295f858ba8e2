#include "aggregator/chemistry/judge.h"

namespace consilium {
namespace {

constexpr double kGenerationShareGold = 0.75;
constexpr double kGenerationShare = 0.25;

}  // namespace

Judgement JudgeAnswer(const EvidenceAnswer& answer,
                      const std::optional<std::string_view>& leading_key) {
  Judgement judgement;
  if (answer.right) {
    judgement.generation = *answer.right ? 1.0 : 0.0;
  } else if (leading_key) {
    judgement.generation = answer.key == *leading_key ? 1.0 : 0.0;
  } else {
    return judgement;
  }
  judgement.accuracy = judgement.generation;
  if (answer.reliability && *answer.reliability >= 0.0 && *answer.reliability <= 1.0) {
    const double share = answer.right ? kGenerationShareGold : kGenerationShare;
    judgement.accuracy = share * *judgement.generation + (1.0 - share) * *answer.reliability;
  }
  return judgement;
}

std::optional<std::string_view> LeadingKey(const Replay& replay, const CaseEvidence& evidence) {
  const auto leader = replay.Leader();
  if (!leader) return std::nullopt;
  return evidence.answers[*leader].key;
}

}  // namespace consilium
