// What evidence from elsewhere must be like to be learned from.
//
// Pure. A refusal names the case, the field, the value and what was allowed.
#pragma once

#include "shared/config.h"
#include "shared/messages.h"
#include "shared/result.h"

namespace consilium {

// Errors: kInvalid for no case or more than limits::kImportBatchMax, an id or a model name that
// cannot be, a kind that is not configured, a model that answers twice, a number out of its range,
// a case decided more than a day after `now_ms` (it would make all others old).
Status CheckImport(const ImportRequest& request, const Config& config, std::int64_t now_ms);

}  // namespace consilium
