// Recorded answers: which of the options each model chose for each question, and what was right.
//
// The form of a matrix, one line a question:
//
//     dataset,item,selected_item_id,gold,<model>,...,latency_s:<model>,...
//
// An option is a letter A..Z, in either case; an empty field is an answer that is missing. How many
// options a question had is not told: as many as its data set uses. Threads: functions without
// state.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "shared/limits.h"
#include "shared/result.h"

namespace consilium {

struct RecordedAnswer {
  char option = 0;  // 'A'..'Z'
  std::optional<double> latency_s;
};

struct Question {
  std::string id;                                      // "<dataset>/<item>"
  char gold = 0;                                       // 0: not known
  std::size_t options = 0;                             // how many there were, at least 2
  std::vector<std::optional<RecordedAnswer>> answers;  // by model
};

struct BadLine {
  std::size_t line = 0;  // from 1
  std::string why;
};

struct AnswerTable {
  std::vector<std::string> models;  // in the order of the columns
  std::vector<Question> questions;  // in the order of the lines
  std::vector<BadLine> bad;         // left out, the first kBadLinesKept
  std::size_t bad_count = 0;
  std::size_t missing = 0;  // answers
};
inline constexpr std::size_t kBadLinesKept = 20;
inline constexpr std::size_t kQuestionsMax = 1000000;

// Left out, and said: a line with an unknown option, a latency that is no number, too few or too
// many fields, a question that was there before. Errors (kInvalid): nothing in it, no columns
// `item`, `gold` and of at least one model, a column twice, more than limits::kModelsMax models or
// kQuestionsMax lines, no line that is good.
Result<AnswerTable> ReadAnswerMatrix(std::string_view csv);

}  // namespace consilium
