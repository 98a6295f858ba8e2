// What a client asks of a model, read from any of the four forms that providers speak.
// Threads: functions without state. A request that is not understood is LlmCall::kUnknown.
#pragma once

#include <cstddef>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/scripted_http.h"

namespace consilium {

enum class LlmForm { kOpenAi, kAnthropic, kGemini, kOllama };
enum class LlmCall { kChat, kModels, kModel, kUnknown };
// How the content is to be structured; the strongest wish counts.
enum class LlmRung { kText, kJsonObject, kSchema, kTools };
// What a request may use and a server may refuse.
enum class LlmFeature {
  kSchema,
  kTools,
  kJsonObject,
  kTemperature,
  kMaxTokens,  // by this name: OpenAI's max_completion_tokens is not meant
  kStreamOptions,
  kStream,
};
inline constexpr int kLlmFeatures = 7;

const char* LlmFormName(LlmForm form);           // "openai", "anthropic", "gemini", "ollama"
const char* LlmRungName(LlmRung rung);           // "text", "json_object", "schema", "tools"
const char* LlmFeatureName(LlmFeature feature);  // "schema", ..., "stream_options", "stream"
std::optional<LlmFeature> LlmFeatureFromName(std::string_view name);

// What belongs together: the attempts at one question.
struct LlmKey {
  LlmForm form = LlmForm::kOpenAi;
  std::string model;
  std::string marker;        // what stands after "marker:" in the prompt, up to white space
  std::string stage;         // "generate", "review", or "" for prompts that are not ours
  std::string Text() const;  // "openai/model/marker/stage"
  bool operator<(const LlmKey& other) const { return Text() < other.Text(); }
  bool operator==(const LlmKey& other) const { return Text() == other.Text(); }
};

struct Asked {  // NOLINT(bugprone-exception-escape): moving JSON does not throw
  LlmKey key;
  LlmCall call = LlmCall::kUnknown;
  std::size_t nth = 1;  // request of its key, from 1
  std::string path;
  std::map<std::string, std::string> headers;  // names in lower case
  bool streamed = false;
  bool usage_in_stream = false;  // OpenAI: stream_options.include_usage
  LlmRung rung = LlmRung::kText;
  std::set<LlmFeature> features;  // that it uses
  std::string tool;               // the tool that is to be called
  bool tool_is_named = false;     // by tool_choice
  nlohmann::json schema;          // of the content or of the tool's arguments; null if none
  std::string system;             // texts of the prompt
  std::string user;
  nlohmann::json body;  // as it came; null if none
};

Asked ReadAsked(const HttpAsked& http);

// The labels of the answers that the prompt of a review shows: its lines {"label":"A",...}.
std::vector<std::string> LabelsOf(const Asked& asked);

}  // namespace consilium
