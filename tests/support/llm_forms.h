// What the replies of each provider look like on the wire.
//
// Source: the providers' API references and what their official clients read; tests/interop checks
// the latter. Threads: functions without state; no sockets.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tests/support/llm_request.h"

namespace consilium {

struct LlmSaid {
  enum class End { kStop, kLength, kRefused };
  std::string model;  // that the reply names
  std::string content;
  End end = End::kStop;
  bool as_tool = false;    // the content is the arguments of a call of the asked tool
  bool one_piece = false;  // streamed: the content is one delta
};

struct LlmError {
  enum class Kind {
    kRateLimited,
    kServer,
    kOverloaded,
    kUnauthorised,
    kModelNotFound,
    kRefusedFeature,
    kUnknownPath,
  };
  Kind kind = Kind::kServer;
  std::optional<int> retry_after_s;
  LlmFeature feature = LlmFeature::kSchema;  // of kRefusedFeature
};

// A whole reply.
struct LlmBody {
  std::string content_type;
  std::vector<std::string> events;  // framed; a reply that is not streamed is one
  std::size_t again = 0;            // streamed: a delta that could come again and again
};

class LlmFormWriter {
 public:
  virtual ~LlmFormWriter() = default;
  virtual LlmBody Chat(const Asked& asked, const LlmSaid& said) const = 0;
  virtual std::string Models(const std::vector<std::string>& models) const = 0;
  virtual std::string Model(const std::string& model) const = 0;
  virtual int Status(LlmError::Kind kind) const;
  virtual std::string Error(const Asked& asked, const LlmError& error) const = 0;
  // The same, or anything else, as an event of a stream.
  virtual std::string Event(const std::string& data) const = 0;
  virtual std::string ErrorEvent(const Asked& asked, const LlmError& error) const;
  // Headers of a refusal that says when to come again.
  virtual std::vector<std::string> RetryAfter(int seconds) const;
};

const LlmFormWriter& WriterOf(LlmForm form);

// What the forms share.
inline constexpr char kRefusal[] = "I'm sorry, but I can't help with that request.";
inline constexpr char kEventStream[] = "text/event-stream";
// JSON text; bytes that are not UTF-8 are replaced.
std::string Dump(const nlohmann::json& value);
// About five pieces, none of which ends inside a character; at least one.
std::vector<std::string> Deltas(const LlmSaid& said);
// Roughly as a tokenizer counts.
int PromptTokens(const Asked& asked);
int CompletionTokens(const LlmSaid& said);
// The arguments of a tool call as an object; empty when they were cut.
nlohmann::json Arguments(const LlmSaid& said);

const LlmFormWriter& OpenAiWriter();
const LlmFormWriter& AnthropicWriter();
const LlmFormWriter& GeminiWriter();
const LlmFormWriter& OllamaWriter();

}  // namespace consilium
