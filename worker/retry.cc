#include "worker/retry.h"

#include <algorithm>

namespace consilium {
namespace {

// min(backoff * 2^(n-1), max) without overflow.
std::int64_t Ceiling(std::int64_t failures, const BackendConfig& config) {
  std::int64_t ceiling = std::min(config.backoff_ms, config.backoff_ms_max);
  for (std::int64_t n = 1; n < failures && ceiling < config.backoff_ms_max; ++n) {
    ceiling = ceiling > config.backoff_ms_max / 2 ? config.backoff_ms_max : 2 * ceiling;
  }
  return ceiling;
}

}  // namespace

Verdict Judge(const Outcome& outcome, std::int64_t failed_before, std::int64_t time_left_ms,
              const BackendConfig& config, double draw) {
  Verdict verdict;
  if (outcome.status == OutcomeStatus::kOk || !outcome.retryable) return verdict;
  const std::int64_t failures = std::max<std::int64_t>(failed_before, 0) + 1;
  if (failures >= config.attempts_max) {
    verdict.dead_letter = true;
    return verdict;
  }
  const std::int64_t asked = std::max<std::int64_t>(outcome.retry_after_ms.value_or(0), 0);
  // Compared before it is added: a provider may ask for any number.
  if (asked >= time_left_ms) return verdict;
  const auto jitter =
      static_cast<std::int64_t>(draw * (static_cast<double>(Ceiling(failures, config)) + 1.0));
  if (asked + jitter >= time_left_ms) return verdict;
  verdict.retry_in_ms = asked + jitter;
  return verdict;
}

}  // namespace consilium
