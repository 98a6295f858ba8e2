// The ids of cases that an evaluation submits: "eval:RUN:VIGNETTE". The vignette's own id can be
// read from it, so that whoever knows recorded vignettes by id knows them in every run.
// Threads: functions without state.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "shared/result.h"

namespace consilium {

// 1..32 bytes of [A-Za-z0-9._-].
Status CheckRunName(std::string_view run);
// Errors (kInvalid): what would be no case id, e.g. too long.
Result<std::string> EvalCaseId(std::string_view run, std::string_view vignette);
// Empty: `case_id` is none of an evaluation. The view is into it.
std::optional<std::string_view> VignetteOf(std::string_view case_id);

}  // namespace consilium
