// What one case says about each of its answers: was it right, and how accurate was its model.
//
//   generation  1 or 0: right by the gold where that is known, else whether it is in the leading
//   cluster accuracy    0.75 generation + 0.25 review with gold, 0.25 generation + 0.75 review
//   without; review is the
//               model's reliability as a reviewer. Generation alone where that is not known.
//
// Source: design.md section 6; docs/chemistry.md. Threads: functions without state.
#pragma once

#include <optional>
#include <string_view>

#include "aggregator/chemistry/replay.h"
#include "shared/domain.h"

namespace consilium {

struct Judgement {
  std::optional<double> generation;  // absent: neither gold nor a leading answer
  std::optional<double> accuracy;    // absent when generation is
};

Judgement JudgeAnswer(const EvidenceAnswer& answer,
                      const std::optional<std::string_view>& leading_key);

// What the whole council said; absent when nobody judged any answer.
std::optional<std::string_view> LeadingKey(const Replay& replay, const CaseEvidence& evidence);

}  // namespace consilium
