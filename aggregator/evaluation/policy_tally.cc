#include "aggregator/evaluation/policy_tally.h"

#include <algorithm>
#include <string>

namespace consilium {
namespace {

std::optional<double> TokensOf(const JudgedCase& judged, std::span<const std::size_t> answers) {
  double tokens = 0.0;
  for (const std::size_t i : answers) {
    const Tokens& one = judged.tokens[i];
    if (!one.prompt || !one.completion) return std::nullopt;
    tokens += *one.prompt + *one.completion;
  }
  return answers.empty() ? std::nullopt : std::optional<double>(tokens);
}

std::optional<double> AsNumber(const std::optional<bool>& value) {
  if (!value) return std::nullopt;
  return *value ? 1.0 : 0.0;
}

// The right set is among the first `count` candidates.
std::optional<double> Hit(const JudgedCase& judged, const CouncilVerdict& verdict,
                          std::size_t count) {
  if (!judged.keys[verdict.ranked.front()].set) return std::nullopt;
  for (std::size_t i = 0; i < std::min(count, verdict.ranked.size()); ++i) {
    const auto& set = judged.keys[verdict.ranked[i]].set;
    if (set && set->exact) return 1.0;
  }
  return 0.0;
}

}  // namespace

std::optional<bool> IsRight(const JudgedCase& judged, const CouncilVerdict& verdict) {
  const std::string& key = judged.keys[verdict.ranked.front()].key;
  for (const EvidenceAnswer& answer : judged.evidence.answers) {
    if (answer.key == key && answer.right) return answer.right;
  }
  return std::nullopt;
}

std::optional<double> SlowestMs(const JudgedCase& judged, std::span<const std::size_t> answers) {
  std::optional<double> slowest;
  for (const std::size_t i : answers) {
    const auto& latency = judged.evidence.answers[i].latency_ms;
    if (latency) slowest = std::max(slowest.value_or(0.0), *latency);
  }
  return slowest;
}

std::optional<double> CostOf(const JudgedCase& judged, std::span<const std::size_t> answers) {
  double cost = 0.0;
  for (const std::size_t i : answers) {
    const auto& one = judged.evidence.answers[i].cost_usd;
    if (!one) return std::nullopt;
    cost += *one;
  }
  return answers.empty() ? std::nullopt : std::optional<double>(cost);
}

void PolicyTally::AddPrice(const JudgedCase& judged, std::span<const std::size_t> answers,
                           std::size_t seats, double share) {
  calls_.Add(static_cast<double>(seats), share);
  if (const auto slowest = SlowestMs(judged, answers)) latency_.Add(*slowest / 1000, share);
  cost_.Add(CostOf(judged, answers), share);
  tokens_.Add(TokensOf(judged, answers), share);
}

void PolicyTally::AddRight(std::size_t c, const JudgedCase& judged,
                           std::span<const std::size_t> answers, std::size_t seats, double right,
                           double share) {
  AddPrice(judged, answers, seats, share);
  right_[c].Add(right, share);
  accuracy_.Add(right, share);
}

void PolicyTally::Add(std::size_t c, const JudgedCase& judged, std::span<const std::size_t> answers,
                      std::size_t seats, const CouncilVerdict& verdict, double share) {
  AddPrice(judged, answers, seats, share);
  const std::optional<double> right = AsNumber(IsRight(judged, verdict));
  right_[c].Add(right, share);
  accuracy_.Add(right, share);
  const JudgedKey& best = judged.keys[verdict.ranked.front()];
  if (best.set) {
    exact_.Add(best.set->exact ? 1.0 : 0.0, share);
    jaccard_.Add(best.set->jaccard, share);
    f1_.Add(best.set->f1, share);
  }
  hit2_.Add(Hit(judged, verdict, 2), share);
  hit3_.Add(Hit(judged, verdict, 3), share);
  unsafe_.Add(AsNumber(best.unsafe), share);
  if (!verdict.sure) return;
  abstained_.Add(*verdict.sure ? 0.0 : 1.0, share);
  if (*verdict.sure && right) risk_.Add(1.0 - *right, share);
}

void PolicyTally::Add(const PolicyTally& other, std::span<const std::size_t> cases) {
  for (std::size_t c = 0; c < cases.size(); ++c) right_[cases[c]].Add(other.right_[c]);
  forecasts_.insert(forecasts_.end(), other.forecasts_.begin(), other.forecasts_.end());
  WeightedMean PolicyTally::*const means[] = {
      &PolicyTally::accuracy_, &PolicyTally::calls_,  &PolicyTally::latency_,
      &PolicyTally::cost_,     &PolicyTally::tokens_, &PolicyTally::exact_,
      &PolicyTally::jaccard_,  &PolicyTally::f1_,     &PolicyTally::hit2_,
      &PolicyTally::hit3_,     &PolicyTally::unsafe_, &PolicyTally::abstained_,
      &PolicyTally::risk_};
  for (const auto mean : means) (this->*mean).Add(other.*mean);
}

std::vector<std::optional<double>> PolicyTally::Right() const {
  std::vector<std::optional<double>> right;
  right.reserve(right_.size());
  for (const WeightedMean& one : right_) right.push_back(one.Value());
  return right;
}

PolicyMeans PolicyTally::Means() const {
  PolicyMeans means;
  means.calls = calls_.Value();
  means.latency_s = latency_.Value();
  means.cost_usd = cost_.Value();
  means.tokens = tokens_.Value();
  means.exact = exact_.Value();
  means.jaccard = jaccard_.Value();
  means.f1 = f1_.Value();
  means.hit2 = hit2_.Value();
  means.hit3 = hit3_.Value();
  means.unsafe = unsafe_.Value();
  means.abstained = abstained_.Value();
  means.risk = risk_.Value();
  return means;
}

}  // namespace consilium
