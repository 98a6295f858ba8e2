// Ended cases of three models of unlike skill whose right answers are known, made by a seed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "aggregator/council/track_record.h"
#include "shared/ids.h"
#include "tests/unit/council/case_builder.h"

namespace consilium {

inline const std::vector<std::string> kPool = {"a", "b", "c"};
inline const std::vector<double> kSkill = {0.95, 0.75, 0.5};

// Closed choice of four; key "0" is right.
inline CaseEvidence Case(int number, const std::vector<std::string>& keys) {
  CaseEvidence evidence;
  evidence.case_id = "known-" + std::to_string(number);
  evidence.kind = "medication";
  evidence.decided_ms = kAccepted + number;
  evidence.options = 4;
  for (std::size_t m = 0; m < keys.size(); ++m) {
    EvidenceAnswer answer;
    answer.model = kPool[m];
    answer.version = kPool[m] + "-1";
    answer.key = keys[m];
    answer.right = keys[m] == "0";
    evidence.answers.push_back(answer);
  }
  return evidence;
}

inline std::vector<CaseEvidence> Known(int cases) {
  SeededRandom random(7, "known");
  std::vector<CaseEvidence> known;
  for (int i = 0; i < cases; ++i) {
    std::vector<std::string> keys;
    for (const double skill : kSkill) {
      keys.push_back(random.Unit() < skill ? "0" : std::to_string(1 + random.Below(3)));
    }
    known.push_back(Case(i, keys));
  }
  return known;
}

inline TrackRecordRules Rules() {
  TrackRecordRules rules;
  rules.reviewed = false;
  rules.risk_target = 0.05;
  return rules;
}

}  // namespace consilium
