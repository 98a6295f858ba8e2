// What can be wrong with a reply of a model, and who gets which wrong when.
// Threads: functions and values without state.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/http_step.h"
#include "tests/support/llm_request.h"

namespace consilium {

enum class Fault {
  kNone,
  kRateLimited,            // 429, no word about when to come again
  kRateLimitedRetryAfter,  // 429 with it: Retry-After, for Gemini RetryInfo in the body
  kHttp500,
  kOverloaded,        // 503; 529 of Anthropic
  kUnauthorised,      // 401
  kModelNotFound,     // 404
  kSlowFirstByte,     // right, but late
  kStall,             // silent from the middle on
  kEndless,           // streamed: deltas for ever; else white space for ever
  kCut,               // closed in the middle; streamed: between two events
  kReset,             // RST in the middle
  kGarbage,           // 200, and no JSON
  kErrorIn200,        // 200, and the body or an event in mid-stream is an error
  kSchemaIgnored,     // prose
  kTruncated,         // ended at max tokens
  kWrongModel,        // right, but it names another model
  kRefused,           // the model or its filter refuses, in the provider's own form
  kRefusesParameter,  // 400 that names a parameter
  kTlsFailure,        // bytes that are no TLS; without TLS a hang-up before the first byte
  kOversized,         // content of many megabytes, on one line
  kDeep,              // arrays in arrays where the content should stand
  kInvalidUtf8,       // in the content
};
inline constexpr int kFaults = 23;

const char* FaultName(Fault fault);  // "rate_limited_retry_after"
std::optional<Fault> FaultFromName(std::string_view name);

using FaultPlan = std::function<Fault(const Asked&)>;

// A plan that gives a share of the requests for answers one of some faults, by a hash of the seed,
// the request's key and its number: the order of arrival does not matter, and a test can compute it
// again. Lists of models get none.
class SeededFaults {
 public:
  // `share` in [0, 1]; `faults` equally likely.
  SeededFaults(std::uint64_t seed, double share, std::vector<Fault> faults);
  Fault operator()(const Asked& asked) const;
  Fault At(const LlmKey& key, std::size_t nth) const;

 private:
  std::uint64_t seed_;
  double share_;
  std::vector<Fault> faults_;
};

struct FaultSettings {
  // The content of an answer. Empty = ValidAnswer() of llm_answers.h.
  std::function<std::string(const Asked&)> responder;
  std::set<LlmFeature> refused;      // requests that use one get kRefusesParameter
  std::vector<std::string> models;   // others get kModelNotFound; empty = any, and one is listed
  std::vector<std::string> headers;  // "Name: value", on every reply
  milliseconds latency{0};           // before the first byte
  milliseconds gap{0};               // between the events of a stream
  milliseconds slow_first_byte{5000};
  milliseconds endless_gap{5};
  int retry_after_s = 3;
  std::size_t oversized_mb = 50;
  std::size_t deep_levels = 100000;
  // Streams end by closing the connection: then only their last event tells a whole one from a cut.
  bool streams_until_close = false;
};

// What happens to `asked` when `planned` is planned: what is refused or unknown anyway comes after.
Fault Decide(const Asked& asked, Fault planned, const FaultSettings& settings);

// Whether a whole reply with this fault is one that a client should accept.
bool IsUsable(Fault fault);

HttpStep FaultStep(const Asked& asked, Fault fault, const FaultSettings& settings);

}  // namespace consilium
