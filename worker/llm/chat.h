// What is asked of a real model and what it says, in terms that all providers share. Plain data.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "shared/domain.h"
#include "worker/prompts.h"

namespace consilium {

// How a reply is held to its form, best first; docs/backends.md.
enum class Rung {
  kSchema,  // the server enforces our JSON schema
  kTool,    // a call of a function with that schema is forced
  kJson,    // any JSON object
  kPrompt,  // asked for in the prompt only
};
inline constexpr const char* kRungNames[] = {"schema", "tool", "json", "prompt"};

// What one server takes of a request: learned from what it refuses or ignores, kept while the
// process lives.
struct Dialect {
  Rung rung = Rung::kSchema;
  bool temperature = true;             // some reasoning models take none
  bool max_completion_tokens = false;  // OpenAI's newer name for max_tokens
  bool stream = true;
  bool stream_usage = true;  // OpenAI's stream_options

  friend bool operator==(const Dialect&, const Dialect&) = default;
};

// The prompt; in a second question, also the reply that could not be used and why.
struct Chat {
  Prompt prompt;
  struct Repair {
    std::string reply;  // as the model wrote it, cleaned and cut; "" = it was empty
    std::string complaint;
  };
  std::optional<Repair> repair;
};

// One HTTP request, but for what is the same for all requests of a backend.
struct LlmRequest {
  std::string path;  // behind the base URL
  std::string body;
};

// What a successful response says, streamed or whole.
struct LlmReply {
  // The response is not of the provider's form: code and text of a `malformed`.
  std::string problem_code;
  std::string problem_text;

  std::string content;     // the answer's text, or the arguments of the forced call
  bool finished = false;   // the provider said that nothing more comes
  bool by_itself = false;  // the model ended, and was not ended
  bool cut_short = false;  // because of max_tokens
  std::string refusal;     // code of a `refused`; "" = not refused
  bool failed = false;     // an error inside a success, with `error_word` when it is a word
  std::string error_word;
  std::optional<std::int64_t> prompt_tokens;
  std::optional<std::int64_t> completion_tokens;
  std::string model;  // that the provider says has answered; "" = not said
};

}  // namespace consilium
