// A real model behind HTTP, whichever provider's protocol it speaks: many calls at once.
//
// A call is one conversation of at most a few requests:
//   - A server that refuses the form of a request (a rung of structured output, a parameter) is
//     asked again at once without it. What it then takes is remembered by this process, and while
//     nothing is known, one call goes ahead and the others wait for it (at most 10 s).
//   - A reply that cannot be used is questioned once, with what is wrong with it.
//   - Three calls in a row whose first reply could not be used take the ladder one rung down.
// Everything else is one request. docs/backends.md has the states. Threads, time: as Backend.
#pragma once

#include <memory>

#include "shared/config.h"
#include "shared/result.h"
#include "worker/backend.h"

namespace consilium {

// kInvalid for a URL that may not be used, a missing or unfit key variable, bad prompts or a bad CA
// file. `config.prompts` names the folder of the templates.
Result<std::unique_ptr<Backend>> MakeLlmBackend(const BackendConfig& config);

}  // namespace consilium
