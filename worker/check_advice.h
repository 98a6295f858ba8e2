// What to do about an outcome, for whoever configures a backend. The one table of such sentences.
// Pure.
#pragma once

#include <string>

#include "shared/config.h"
#include "shared/domain.h"

namespace consilium {

// "" for an outcome that is well. `config.url` is the one that was asked.
std::string AdviceFor(const BackendConfig& config, const Outcome& outcome);

}  // namespace consilium
