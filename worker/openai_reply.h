// What is sent to an OpenAI-compatible server and what its replies mean; no socket, no clock.
// Source: OpenAI "Create chat completion"; spoken by vLLM, llama.cpp, Ollama and LM Studio, too.
// Threads: functions without state. Replies come from outside: nothing in them can fail a CHECK.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "shared/config.h"
#include "shared/domain.h"
#include "worker/backend.h"
#include "worker/http.h"
#include "worker/prompts.h"

namespace consilium {

// What a server was found to refuse; learned from its first refusal, kept while the process lives.
struct Dialect {
  bool json_schema = true;             // response_format
  bool temperature = true;             // reasoning models take none
  bool max_completion_tokens = false;  // their name for max_tokens

  friend bool operator==(const Dialect&, const Dialect&) = default;
};

// The body of the request.
std::string ChatRequest(const BackendConfig& config, const Dialect& dialect, const Prompt& prompt,
                        Stage stage);

// What to leave out when asking again, if `reply` refuses a parameter that `used` has; else empty.
std::optional<Dialect> LearnDialect(const HttpReply& reply, const Dialect& used);

// The outcome of one call; all fields but provider, model_asked, prompt_hash, worker and
// latency_ms. `deadline_bound`: the total timeout was the task's deadline. `unix_s` dates a
// Retry-After.
Outcome ReadChatReply(const BackendConfig& config, const BackendCall& call, const HttpReply& reply,
                      bool deadline_bound, std::int64_t unix_s);

// Milliseconds to wait, in [0, one day]: `retry_after_ms` if it is a number, else Retry-After as
// seconds or as an HTTP date (RFC 9110, section 10.2.3, all three forms); empty for anything else.
std::optional<std::int64_t> ParseRetryAfter(const std::optional<std::string>& retry_after,
                                            const std::optional<std::string>& retry_after_ms,
                                            std::int64_t unix_s);

}  // namespace consilium
