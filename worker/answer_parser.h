// What a model wrote, as an Answer or as grades: lenient about the form, strict about the content.
//
// Accepted: code fences, reasoning in <think> tags and prose around the JSON object (the first
// object that holds the expected key counts), trailing commas, numbers as strings and strings as
// numbers, `drug`, `name` or `medication` for `ingredient`, a plain string for a medication. Never
// guessed: a missing list of medications, a grade outside [0, 1], a label that is missing, unknown
// or given twice. What comes out is free of control characters and within the bounds below.
// Threads: functions without state. The bytes come from outside: nothing in them can fail a CHECK.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "shared/domain.h"

namespace consilium {

// An answer stays under 16 KiB, so that a review packet of many fits a message (limits.h).
inline constexpr std::size_t kReplyTextBytesMax = 256u << 10;  // what a model may write at all
inline constexpr std::size_t kIngredientBytesMax = 200;
inline constexpr std::size_t kFieldBytesMax = 120;  // dose, unit, route, ...
inline constexpr std::size_t kMedicationBytesMax =
    10240;                                               // of all medications of an answer together
inline constexpr std::size_t kRationaleBytesMax = 3000;  // longer text is cut
inline constexpr std::size_t kCautionsBytesMax = 1500;
inline constexpr std::size_t kCommentBytesMax = 500;

struct ParseProblem {
  std::string code;  // "oversized", "not_json", "schema_mismatch"
  std::string text;  // names the field and what was expected; never what the model recommends
};

template <class T>
struct Parsed {
  T value;
  std::optional<ParseProblem> problem;  // then `value` is to be ignored
};

// `options`: the letters of a closed choice; empty = open, then a chosen option is ignored.
Parsed<Answer> ParseAnswer(std::string_view text,
                           const std::map<std::string, std::string>& options);

// Exactly one grade for each of `labels`, in their order.
Parsed<std::vector<Grade>> ParseGrades(std::string_view text,
                                       const std::vector<std::string>& labels);

}  // namespace consilium
