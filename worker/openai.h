// A model behind an OpenAI-compatible server: chat completions over HTTP, many calls at once.
//
// A server that refuses a parameter (response_format, temperature, max_tokens) is asked again at
// once without it, and not asked with it again by this process; everything else is one request per
// call. Threads, time: as Backend.
#pragma once

#include <memory>

#include "shared/config.h"
#include "shared/result.h"
#include "worker/backend.h"

namespace consilium {

// kInvalid for a URL that may not be used, a missing or unfit key variable, bad prompts or a bad CA
// file. `config.prompts` names the folder of the templates.
Result<std::unique_ptr<Backend>> MakeOpenAiBackend(const BackendConfig& config);

}  // namespace consilium
