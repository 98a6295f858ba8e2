#include "tests/support/llm_fault.h"

#include <algorithm>
#include <array>
#include <numeric>
#include <utility>

#include "shared/check.h"
#include "shared/ids.h"
#include "shared/text.h"
#include "tests/support/llm_answers.h"
#include "tests/support/llm_forms.h"

namespace consilium {
namespace {

constexpr std::array<const char*, kFaults> kNames = {"none",
                                                     "rate_limited",
                                                     "rate_limited_retry_after",
                                                     "http_500",
                                                     "overloaded",
                                                     "unauthorised",
                                                     "model_not_found",
                                                     "slow_first_byte",
                                                     "stall",
                                                     "endless",
                                                     "cut",
                                                     "reset",
                                                     "garbage",
                                                     "error_in_200",
                                                     "schema_ignored",
                                                     "truncated",
                                                     "wrong_model",
                                                     "refused",
                                                     "refuses_parameter",
                                                     "tls_failure",
                                                     "oversized",
                                                     "deep",
                                                     "invalid_utf8"};

constexpr char kListed[] = "fault-1";
constexpr char kOtherModel[] = "another-model";
constexpr char kProse[] = "I would rather explain in words: rest, fluids, and come back tomorrow.";
// Stands in a content until the reply is written, and is then replaced by what JSON cannot say.
constexpr char kMark[] = "@@filler@@";
constexpr std::size_t kBlock = 65536;

// The feature that a drawn refusal complains about.
LlmFeature RefusedOf(const Asked& asked, const FaultSettings& settings) {
  for (const LlmFeature feature : asked.features) {
    if (settings.refused.count(feature) != 0) return feature;
  }
  switch (asked.rung) {
    case LlmRung::kTools:
      return LlmFeature::kTools;
    case LlmRung::kSchema:
      return LlmFeature::kSchema;
    case LlmRung::kJsonObject:
      return LlmFeature::kJsonObject;
    case LlmRung::kText:
      break;
  }
  return LlmFeature::kTemperature;
}

std::optional<LlmError> ErrorOf(const Asked& asked, Fault fault, const FaultSettings& settings) {
  LlmError error;
  switch (fault) {
    case Fault::kRateLimitedRetryAfter:
      error.retry_after_s = settings.retry_after_s;
      [[fallthrough]];
    case Fault::kRateLimited:
      error.kind = LlmError::Kind::kRateLimited;
      return error;
    case Fault::kHttp500:
      error.kind = LlmError::Kind::kServer;
      return error;
    case Fault::kOverloaded:
      error.kind = LlmError::Kind::kOverloaded;
      return error;
    case Fault::kUnauthorised:
      error.kind = LlmError::Kind::kUnauthorised;
      return error;
    case Fault::kModelNotFound:
      error.kind = LlmError::Kind::kModelNotFound;
      return error;
    case Fault::kRefusesParameter:
      error.kind = LlmError::Kind::kRefusedFeature;
      error.feature = RefusedOf(asked, settings);
      return error;
    default:
      break;
  }
  if (asked.call != LlmCall::kUnknown) return std::nullopt;
  error.kind = LlmError::Kind::kUnknownPath;
  return error;
}

LlmSaid SaidOf(const Asked& asked, Fault fault, const FaultSettings& settings) {
  LlmSaid said;
  said.model = fault == Fault::kWrongModel ? kOtherModel : asked.key.model;
  said.content = settings.responder ? settings.responder(asked) : ValidAnswer(asked);
  said.as_tool = asked.rung == LlmRung::kTools;
  switch (fault) {
    case Fault::kSchemaIgnored:
      said.content = kProse;
      said.as_tool = false;
      break;
    case Fault::kTruncated:
      said.content = std::string(CutUtf8(said.content, said.content.size() / 2));
      said.end = LlmSaid::End::kLength;
      break;
    case Fault::kRefused:
      said.end = LlmSaid::End::kRefused;
      said.as_tool = false;
      break;
    case Fault::kOversized:
    case Fault::kDeep:
      said.content = kMark;
      break;
    case Fault::kInvalidUtf8:
      // Into the last string of the answer.
      said.content.insert(std::min(said.content.rfind('"'), said.content.size()), kMark);
      break;
    default:
      break;
  }
  if (said.content.find(kMark) != std::string::npos) {
    said.one_piece = true;
    said.as_tool = false;
  }
  return said;
}

LlmBody BodyOf(const Asked& asked, Fault fault, const FaultSettings& settings) {
  const LlmFormWriter& writer = WriterOf(asked.key.form);
  if (asked.call == LlmCall::kChat) return writer.Chat(asked, SaidOf(asked, fault, settings));
  const std::vector<std::string> models =
      settings.models.empty() ? std::vector<std::string>{kListed} : settings.models;
  const bool all = asked.call == LlmCall::kModels;
  return {"application/json", {all ? writer.Models(models) : writer.Model(asked.key.model)}};
}

// `mark` in `parts` becomes `fill`.
void ReplaceMark(std::vector<HttpPart>& parts, const std::string& mark,
                 const std::vector<HttpPart>& fill) {
  std::vector<HttpPart> made;
  for (HttpPart& part : parts) {
    const std::size_t at = part.text.find(mark);
    if (at == std::string::npos) {
      made.push_back(std::move(part));
      continue;
    }
    made.push_back({part.text.substr(0, at)});
    made.insert(made.end(), fill.begin(), fill.end());
    made.push_back({part.text.substr(at + mark.size())});
  }
  parts = std::move(made);
}

// `count` copies of a character, in blocks.
void Repeat(std::vector<HttpPart>& parts, char c, std::size_t count) {
  parts.push_back({std::string(kBlock, c), count / kBlock});
  parts.push_back({std::string(count % kBlock, c)});
}

std::size_t SizeOf(const std::vector<HttpPart>& parts, std::size_t count) {
  return std::accumulate(
      parts.begin(), parts.begin() + static_cast<std::ptrdiff_t>(count), std::size_t{0},
      [](std::size_t sum, const HttpPart& part) { return sum + part.text.size(); });
}

// Half of the body: of a stream some whole events.
std::size_t Half(const Asked& asked, const HttpStep& step) {
  if (!asked.streamed) return SizeOf(step.parts, step.parts.size()) / 2;
  return SizeOf(step.parts, std::max<std::size_t>(1, step.parts.size() / 2));
}

void Spoil(const Asked& asked, Fault fault, const FaultSettings& settings, std::size_t again,
           HttpStep& step) {
  const LlmFormWriter& writer = WriterOf(asked.key.form);
  switch (fault) {
    case Fault::kSlowFirstByte:
      step.first = settings.slow_first_byte;
      break;
    case Fault::kStall:
      step.bytes = Half(asked, step);
      break;
    case Fault::kCut:
      step.bytes = Half(asked, step);
      step.close = true;
      break;
    case Fault::kReset:
      step.bytes = Half(asked, step) + (asked.streamed ? 10 : 0);
      step.reset = true;
      break;
    case Fault::kEndless:
      if (asked.streamed) {
        step.parts.resize(again + 1);
        step.parts.back().times = HttpPart::kForEver;
      } else {
        step.parts = {{" \n", HttpPart::kForEver}};
      }
      step.framing = HttpStep::Framing::kChunked;
      step.gap = std::max(step.gap, settings.endless_gap);
      break;
    case Fault::kGarbage: {
      const std::string garbage = "\x1f\x8b\x08 <html>no JSON";
      step.parts = {{asked.streamed ? writer.Event(garbage) : garbage}};
      break;
    }
    case Fault::kErrorIn200: {
      const LlmError error{LlmError::Kind::kOverloaded, std::nullopt, LlmFeature::kSchema};
      if (asked.streamed) {
        step.parts.resize(std::max<std::size_t>(1, step.parts.size() / 2));
        step.parts.push_back({writer.ErrorEvent(asked, error)});
      } else {
        step.parts = {{writer.Error(asked, error)}};
      }
      break;
    }
    case Fault::kTlsFailure:
      step.mute = true;
      step.break_tls = true;
      break;
    case Fault::kOversized: {
      std::vector<HttpPart> fill;
      Repeat(fill, 'x', settings.oversized_mb << 20);
      ReplaceMark(step.parts, kMark, fill);
      break;
    }
    case Fault::kDeep: {
      std::vector<HttpPart> fill;
      Repeat(fill, '[', settings.deep_levels);
      Repeat(fill, ']', settings.deep_levels);
      ReplaceMark(step.parts, "\"" + std::string(kMark) + "\"", fill);
      break;
    }
    case Fault::kInvalidUtf8:
      ReplaceMark(step.parts, kMark, {{"\xff\xfe\xc3("}});
      break;
    default:
      break;
  }
}

}  // namespace

const char* FaultName(Fault fault) { return kNames.at(static_cast<std::size_t>(fault)); }

std::optional<Fault> FaultFromName(std::string_view name) {
  const auto found = std::find(kNames.begin(), kNames.end(), name);
  if (found == kNames.end()) return std::nullopt;
  return static_cast<Fault>(found - kNames.begin());
}

SeededFaults::SeededFaults(std::uint64_t seed, double share, std::vector<Fault> faults)
    : seed_(seed), share_(share), faults_(std::move(faults)) {}

Fault SeededFaults::operator()(const Asked& asked) const {
  return asked.call == LlmCall::kChat ? At(asked.key, asked.nth) : Fault::kNone;
}

Fault SeededFaults::At(const LlmKey& key, std::size_t nth) const {
  if (faults_.empty()) return Fault::kNone;
  SeededRandom random(seed_, key.Text() + "#" + std::to_string(nth));
  if (random.Unit() >= share_) return Fault::kNone;
  return faults_[random.Below(faults_.size())];
}

Fault Decide(const Asked& asked, Fault planned, const FaultSettings& settings) {
  if (planned != Fault::kNone || asked.call == LlmCall::kUnknown) return planned;
  const std::vector<std::string>& models = settings.models;
  if (asked.call != LlmCall::kModels && !models.empty() &&
      std::find(models.begin(), models.end(), asked.key.model) == models.end()) {
    return Fault::kModelNotFound;
  }
  for (const LlmFeature feature : asked.features) {
    if (settings.refused.count(feature) != 0) return Fault::kRefusesParameter;
  }
  return Fault::kNone;
}

bool IsUsable(Fault fault) {
  return fault == Fault::kNone || fault == Fault::kSlowFirstByte || fault == Fault::kWrongModel;
}

HttpStep FaultStep(const Asked& asked, Fault fault, const FaultSettings& settings) {
  const LlmFormWriter& writer = WriterOf(asked.key.form);
  HttpStep step;
  step.headers = settings.headers;
  step.first = settings.latency;
  if (const std::optional<LlmError> error = ErrorOf(asked, fault, settings)) {
    step.status = writer.Status(error->kind);
    step.headers.emplace_back("Content-Type: application/json");
    if (error->retry_after_s) {
      for (std::string& header : writer.RetryAfter(*error->retry_after_s)) {
        step.headers.push_back(std::move(header));
      }
    }
    step.body = writer.Error(asked, *error);
    return step;
  }
  LlmBody body = BodyOf(asked, fault, settings);
  CHECK(body.again < body.events.size(), "a reply has a delta that can be repeated");
  step.headers.push_back("Content-Type: " + body.content_type);
  for (std::string& event : body.events) step.parts.push_back({std::move(event)});
  if (asked.streamed) {
    step.framing =
        settings.streams_until_close ? HttpStep::Framing::kUntilClose : HttpStep::Framing::kChunked;
    step.gap = settings.gap;
  }
  Spoil(asked, fault, settings, body.again, step);
  return step;
}

}  // namespace consilium
