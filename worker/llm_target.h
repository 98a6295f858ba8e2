// Where the requests of a backend go, and what all of them carry.
// Threads: functions without state; the environment is only read.
#pragma once

#include <string>
#include <vector>

#include "shared/config.h"
#include "shared/result.h"
#include "worker/llm/provider.h"

namespace consilium {

struct LlmTarget {
  std::string url;                   // base, as it is shown
  std::string query;                 // "" or "?...", e.g. Azure's version
  std::vector<std::string> headers;  // "Name: value"; one of them holds the key

  // Of a request: `path` may have a query of its own.
  std::string UrlOf(const std::string& path) const;
};

// kInvalid for a URL that may not be used, and for a missing or unfit key variable.
Result<LlmTarget> MakeTarget(const BackendConfig& config, const Provider& provider);

}  // namespace consilium
