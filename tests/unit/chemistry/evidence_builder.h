// Evidence for tests in few words:
//
//   EvidenceBuilder("case-1").At(5 * kDayMs).Graded("a", "aspirin", 0.9).Graded("b", "none", 0.2)
//
// Answers keep the order in which they are added; contracts that want them by model are the test's
// to keep. Who answered was seated, unless Seat() says more.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "shared/domain.h"

namespace consilium {

inline constexpr std::int64_t kDayMs = 86400000;

class EvidenceBuilder {
 public:
  explicit EvidenceBuilder(std::string case_id, std::string kind = "medication") {
    evidence_.case_id = std::move(case_id);
    evidence_.kind = std::move(kind);
    evidence_.source = "test";
    evidence_.strategy = "all";
  }

  EvidenceBuilder& At(std::int64_t decided_ms) {
    evidence_.decided_ms = decided_ms;
    return *this;
  }
  EvidenceBuilder& Strategy(std::string strategy) {
    evidence_.strategy = std::move(strategy);
    return *this;
  }
  EvidenceBuilder& Simulated() {
    evidence_.simulated = true;
    return *this;
  }
  // A member of the ensemble that need not answer.
  EvidenceBuilder& Seat(const std::string& model) {
    auto& seated = evidence_.seated;
    if (std::find(seated.begin(), seated.end(), model) == seated.end()) seated.push_back(model);
    return *this;
  }

  // Without gold.
  EvidenceBuilder& Graded(const std::string& model, const std::string& key, double grade,
                          double weight = 1.0) {
    EvidenceAnswer answer;
    answer.model = model;
    answer.key = key;
    answer.grade = grade;
    answer.weight = weight;
    return Add(std::move(answer));
  }
  // With gold; graded too unless `grade` is absent.
  EvidenceBuilder& Judged(const std::string& model, const std::string& key, bool right,
                          std::optional<double> grade = std::nullopt, double weight = 1.0) {
    EvidenceAnswer answer;
    answer.model = model;
    answer.key = key;
    answer.right = right;
    answer.grade = grade;
    answer.weight = weight;
    return Add(std::move(answer));
  }
  EvidenceBuilder& Ungraded(const std::string& model, const std::string& key) {
    EvidenceAnswer answer;
    answer.model = model;
    answer.key = key;
    return Add(std::move(answer));
  }
  EvidenceBuilder& Add(EvidenceAnswer answer) {
    Seat(answer.model);
    evidence_.answers.push_back(std::move(answer));
    return *this;
  }

  // --- of the answer added last
  EvidenceBuilder& Version(std::string version) {
    evidence_.answers.back().version = std::move(version);
    return *this;
  }
  EvidenceBuilder& Reliability(double reliability) {
    evidence_.answers.back().reliability = reliability;
    return *this;
  }
  EvidenceBuilder& LatencyMs(double latency_ms) {
    evidence_.answers.back().latency_ms = latency_ms;
    return *this;
  }
  EvidenceBuilder& CostUsd(double cost_usd) {
    evidence_.answers.back().cost_usd = cost_usd;
    return *this;
  }

  CaseEvidence Build() const { return evidence_; }
  // A first line of the case.
  EvidenceLine Line() const { return {evidence_, std::nullopt}; }
  // A revision of what the case said before.
  EvidenceLine Replacing(CaseEvidence before) const { return {evidence_, std::move(before)}; }

 private:
  CaseEvidence evidence_;
};

}  // namespace consilium
