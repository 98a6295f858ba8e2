// Recorded answers as a matrix: which of the options each model chose for each question, and what
// was right. One line a question:
//
//     dataset,item,selected_item_id,gold,<model>,...,latency_s:<model>,...
//
// An option is a letter A..Z, in either case; an empty field is an answer that is missing, an empty
// gold a question whose right answer is not known. How many options a question had is not told: as
// many as its data set uses. Threads: functions without state.
#pragma once

#include <cstddef>
#include <string_view>

#include "aggregator/evaluation/judged_case.h"
#include "shared/limits.h"
#include "shared/result.h"

namespace consilium {

inline constexpr std::size_t kQuestionsMax = 100000;

// Cases "<dataset>/<item>", keys are letters. Left out, and said: a line with an unknown option, a
// latency that is no number, too few or too many fields, a question that was there before. Errors
// (kInvalid): nothing in it, no columns `item`, `gold` and of at least one model, a column twice, a
// name that no model may have, more than limits::kModelsMax models or kQuestionsMax lines, no line
// that is good, no answer at all.
Result<RecordedAnswers> ReadAnswerMatrix(std::string_view csv);

}  // namespace consilium
