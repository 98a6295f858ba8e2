#include "tests/support/ledger_model.h"

#include <cstddef>

namespace consilium {
namespace {

enum class Effect { kOk, kFinal, kQuestioned, kRetried };
struct Meaning {
  Effect effect = Effect::kRetried;
  std::string line;
};

Meaning MeaningOf(const FaultEntry& entry) {
  const LlmForm form = entry.key.form;
  switch (entry.fault) {
    case Fault::kNone:
      return {Effect::kOk, "ok"};
    case Fault::kRateLimited:
    case Fault::kRateLimitedRetryAfter:
      return {Effect::kRetried, "rate_limited http_429"};
    case Fault::kHttp500:
      return {Effect::kRetried, "error http_500"};
    case Fault::kOverloaded:
      return {Effect::kRetried, form == LlmForm::kAnthropic ? "error http_529" : "error http_503"};
    case Fault::kSlowFirstByte:
    case Fault::kStall:
      return {Effect::kRetried, "timed_out stalled"};
    case Fault::kCut:
    case Fault::kReset:
      return {Effect::kRetried, "error cut_stream"};
    case Fault::kGarbage:
      return {Effect::kRetried, "malformed not_json"};
    case Fault::kErrorIn200:
      return {Effect::kRetried, "error provider_error"};
    case Fault::kSchemaIgnored:
      return {Effect::kQuestioned, "malformed not_json"};
    case Fault::kTruncated:
      return {Effect::kQuestioned, "malformed truncated"};
    case Fault::kWrongModel:
      return {Effect::kFinal, "error wrong_model"};
    case Fault::kRefused:
      return {Effect::kFinal,
              form == LlmForm::kGemini ? "refused content_filter" : "refused refusal"};
    default:
      return {Effect::kRetried, std::string("not in this model: ") + FaultName(entry.fault)};
  }
}

}  // namespace

ExpectedEnd FollowLedger(const std::vector<FaultEntry>& requests, std::int64_t attempts_max) {
  ExpectedEnd end;
  const auto fails = [&end](const std::string& problem) {
    end.problem = problem;
    return end;
  };
  std::int64_t failed = 0;
  for (std::size_t i = 0; i < requests.size(); ++i) {
    const Meaning meaning = MeaningOf(requests[i]);
    ++end.requests;
    end.line = meaning.line;
    const bool last = i + 1 == requests.size();
    Effect effect = meaning.effect;
    if (effect == Effect::kQuestioned) {
      if (end.requests == 1) {
        if (last) return fails("an unusable reply was not questioned");
        continue;
      }
      effect = Effect::kFinal;  // for the second time
    }
    if (effect == Effect::kRetried && ++failed < attempts_max) {
      if (last) return fails("no attempt followed " + meaning.line);
      ++end.retries;
      end.requests = 0;
      continue;
    }
    end.dead = effect == Effect::kRetried;
    if (!last) {
      return fails(std::to_string(requests.size() - i - 1) +
                   " requests after the end: " + meaning.line);
    }
    return end;
  }
  return fails("no request");
}

}  // namespace consilium
