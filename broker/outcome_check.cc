#include "broker/outcome_check.h"

#include <cmath>
#include <string>
#include <utility>

#include "shared/limits.h"
#include "shared/text.h"

namespace consilium {
namespace {

// Why an "ok" is none; empty when it is one.
std::string Missing(Stage stage, const Outcome& outcome) {
  if (stage == Stage::kGenerate) {
    if (!outcome.answer) return "ok without an answer";
    if (outcome.answer->medications.size() > limits::kMedicationsMax) {
      return "answer with " + std::to_string(outcome.answer->medications.size()) +
             " medications, expected at most " + std::to_string(limits::kMedicationsMax);
    }
    return "";
  }
  if (outcome.grades.empty()) return "ok without a grade";
  for (const Grade& grade : outcome.grades) {
    if (!(grade.grade >= 0.0 && grade.grade <= 1.0)) return "grade outside 0..1";
  }
  return "";
}

void Cut(std::string& text) {
  if (text.size() > limits::kTaskTextBytesMax) text = CutUtf8(text, limits::kTaskTextBytesMax);
}

}  // namespace

Outcome Sanitised(Stage stage, Outcome outcome) {
  if (outcome.status == OutcomeStatus::kOk) {
    if (std::string why = Missing(stage, outcome); !why.empty()) {
      outcome.status = OutcomeStatus::kMalformed;
      outcome.code = "bad_result";
      outcome.text = std::move(why);
      outcome.retryable = false;
    }
  }
  if (outcome.status != OutcomeStatus::kOk || stage == Stage::kReview) outcome.answer.reset();
  if (outcome.status != OutcomeStatus::kOk || stage == Stage::kGenerate) outcome.grades.clear();
  if (!std::isfinite(outcome.latency_ms) || outcome.latency_ms < 0) outcome.latency_ms = 0;
  Cut(outcome.code);
  Cut(outcome.text);
  return outcome;
}

}  // namespace consilium
