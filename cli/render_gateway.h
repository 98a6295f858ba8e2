// What [gateway] opens, and for whom, as `consilium config check` says it.
#pragma once

#include <string>

#include "cli/screen.h"
#include "shared/config.h"

namespace consilium {

std::string RenderGateway(const Config& config, const Look& look);

}  // namespace consilium
