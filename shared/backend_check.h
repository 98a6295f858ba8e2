// What `consilium-worker --check` prints as JSON and `consilium doctor` reads: whether one backend
// would work. Plain data, in codec.h's JSON. Nothing in it is a secret, a prompt or an answer.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "shared/clock.h"
#include "shared/config.h"
#include "shared/domain.h"

namespace consilium {

struct BackendCheck {
  std::string model;  // of the backend
  std::string provider;
  bool simulated = false;  // no real model answers
  // The name of an OutcomeStatus when it was called; "not_called": it was not, and nothing is wrong
  // so far; "invalid": it cannot be made from the configuration and the environment.
  std::string status;
  std::string code;    // of the outcome; "" = none
  std::string text;    // what is wrong, for people
  std::string advice;  // what to do about it
  double latency_ms = 0.0;
  std::string model_asked;   // the provider's name for it; "" = none was asked
  std::string model_served;  // as the provider reports it; "" = not reported
  CallParameters parameters;
  Usage usage;
  bool priced = false;  // both prices are configured
  std::vector<std::string> limits;
  bool limits_kept = false;  // by Redis, together with all workers
  std::string prompts;       // folder; "" = none is needed
  std::string generate_hash;
  std::string review_hash;
  std::vector<std::string> warnings;  // lines of files that are skipped

  bool called() const { return status != "not_called" && status != "invalid"; }
};
inline constexpr const char* kCheckNotCalled = "not_called";
inline constexpr const char* kCheckInvalid = "invalid";
inline constexpr const char* kCheckOk = "ok";

// How long a check waits when nobody says: as long as a call may take, at most a minute.
inline milliseconds CheckTimeoutOf(const BackendConfig& backend) {
  return std::min(milliseconds(backend.total_ms), milliseconds(60000));
}

}  // namespace consilium
