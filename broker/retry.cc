#include "broker/retry.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "shared/limits.h"
#include "shared/text.h"

namespace consilium {
namespace {

// min(backoff * 2^(n-1), max) without overflow.
std::int64_t Ceiling(std::int64_t failures, const BrokerConfig& config) {
  std::int64_t ceiling = std::min(config.backoff_ms, config.backoff_ms_max);
  for (std::int64_t n = 1; n < failures && ceiling < config.backoff_ms_max; ++n) {
    ceiling = ceiling > config.backoff_ms_max / 2 ? config.backoff_ms_max : 2 * ceiling;
  }
  return ceiling;
}

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
  if (text.size() > limits::kReasonBytesMax) text = CutUtf8(text, limits::kReasonBytesMax);
}

}  // namespace

Verdict Judge(const Outcome& outcome, std::int64_t failed_before,
              std::optional<std::int64_t> time_left_ms, const BrokerConfig& config, double draw) {
  Verdict verdict;
  if (outcome.status == OutcomeStatus::kOk || !outcome.retryable) return verdict;
  const std::int64_t failures = std::max<std::int64_t>(failed_before, 0) + 1;
  if (failures >= config.attempts_max) {
    verdict.dead_letter = true;
    return verdict;
  }
  const std::int64_t asked = std::max<std::int64_t>(outcome.retry_after_ms.value_or(0), 0);
  // Compared before it is added: a provider may ask for any number.
  if (time_left_ms && asked >= *time_left_ms) return verdict;
  constexpr std::int64_t kLongestMs = 24LL * 3600 * 1000;
  const auto jitter =
      static_cast<std::int64_t>(draw * (static_cast<double>(Ceiling(failures, config)) + 1.0));
  const std::int64_t delay_ms = std::min(asked, kLongestMs) + jitter;
  if (time_left_ms && delay_ms >= *time_left_ms) return verdict;
  verdict.retry = true;
  verdict.delay_ms = delay_ms;
  return verdict;
}

Outcome Sanitised(Stage stage, Outcome outcome) {
  if (outcome.status == OutcomeStatus::kOk) {
    if (std::string why = Missing(stage, outcome); !why.empty()) {
      outcome.status = OutcomeStatus::kMalformed;
      outcome.code = "bad_result";
      outcome.text = std::move(why);
      outcome.retryable = true;
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
