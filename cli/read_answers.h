// Recorded answers as JSON lines: vignettes in one file, answers in another.
//
//   vignettes  {"id", "options": {"A": ..., ...}, "gold_option", "gold_medications", ...}
//   answers    {"vignette", "model", "option", "medications", "latency_s", "prompt_tokens",
//               "completion_tokens", "cost_usd"}
//
// A vignette with options is a closed choice: its answers are letters, right is `gold_option`.
// Without options it is open: its answers are ingredient sets, coded as live ones are, and right is
// the set of `gold_medications` or one of `acceptable` (sets). Where the right medications are
// known, and are no class of drugs (`gold_is_class`), sets are scored as well; `must_not` names
// what must not be given. Further fields are not used. Threads: functions without state.
#pragma once

#include <string_view>

#include "aggregator/council/medication.h"
#include "aggregator/evaluation/judged_case.h"
#include "shared/result.h"

namespace consilium {

// Bad lines name their file in `why`. Left out, and said: lines that are no JSON object or lack a
// field, an option that the question does not have, an answer to a question that is not there, a
// second answer of a model, a second question of an id. An answer without an option (closed) or
// medications (open) is missing. Errors (kInvalid): no vignette, no answer to any.
Result<RecordedAnswers> ReadAnswers(std::string_view vignettes, std::string_view answers,
                                    const MedicationTable& table);

}  // namespace consilium
