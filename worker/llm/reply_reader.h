// From a response, or from what is there instead, to the outcome of a call. Pure.
// Responses come from outside: nothing in them can fail a CHECK, and their sentences (they may
// quote the prompt) never get into a text.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "shared/config.h"
#include "shared/domain.h"
#include "worker/backend.h"
#include "shared/http/http_client.h"
#include "worker/llm/provider.h"

namespace consilium {

struct Reading {
  // All fields but provider, model_asked, parameters, prompt_hash, worker and latency_ms.
  Outcome outcome;
  bool accepted = false;  // the server took the request as it was asked
  // What the model wrote cannot be used, and why: asked once more, it may do better. Empty: no
  // second question helps.
  std::optional<std::string> complaint;
  std::string content;
  std::optional<std::int64_t> pause_ms;  // the provider wants no call for so long
};

// `deadline_bound`: the total timeout was the task's deadline. `unix_s`: now, to place dates.
Reading ReadResponse(const Provider& provider, const BackendConfig& config, const BackendCall& call,
                     const HttpReply& reply, bool deadline_bound, std::int64_t unix_s);

// By the configured prices; absent when one of the counts or prices is not known.
std::optional<double> PriceOf(const BackendConfig& config, const Usage& usage);

}  // namespace consilium
