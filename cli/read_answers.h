// Recorded answers as JSON lines: questions in one file, answers in another.
//
//   vignettes  {"id", "options": {"A": ..., ...}, "gold_option", ...}
//   answers    {"vignette", "model", "option", "latency_s", ...}
//
// Further fields are not used. Threads: functions without state.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "aggregator/evaluation/answer_table.h"
#include "shared/result.h"

namespace consilium {

struct AnswersRead {
  AnswerTable table;     // models by name; bad lines name their file in `why`
  std::size_t open = 0;  // questions without options, left out: nobody could choose
};

// Left out, and said: lines that are no JSON object or lack a field, an option that the question
// does not have, an answer to a question that is not there, a second answer of a model, a second
// question of an id. Errors (kInvalid): no question with options, no answer to any.
Result<AnswersRead> ReadAnswers(std::string_view vignettes, std::string_view answers);

}  // namespace consilium
