// What `consilium eval` says of policies as one HTML page with pictures. Pure: same report, same
// bytes.
#pragma once

#include <string>

#include "cli/render_policies.h"

namespace consilium {

std::string PoliciesToHtml(const PolicyReport& report);

}  // namespace consilium
