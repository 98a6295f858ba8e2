// Recorded answers as JSON lines: vignettes in one file (gold.h), answers in another.
//
//   {"vignette", "model", "option", "medications", "latency_s", "prompt_tokens",
//    "completion_tokens", "cost_usd"}
//
// and, where a council heard them, "grade", "weight", "reliability", "model_served", "simulated",
// as in EvidenceAnswer and CaseEvidence; without an answer, why in "status". Further fields are not
// used. Threads: functions without state.
#pragma once

#include <functional>
#include <nlohmann/json_fwd.hpp>
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

// The objects of JSON lines in turn; what is no object, or refused by `read`, is noted as a bad
// line of `name`. Blank lines are skipped.
void EachObject(std::string_view text, std::string_view name, RecordedAnswers& recorded,
                const std::function<Status(const nlohmann::json&)>& read);

// Completes what was collected, or says what is wrong with it: errors as of ReadAnswers().
Status CheckCollected(RecordedAnswers& recorded);

}  // namespace consilium
