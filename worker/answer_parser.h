// What a model wrote, as an Answer or as grades: lenient about the form, strict about the content.
//
// Accepted: code fences, reasoning in <think> tags and prose around the JSON object (the one
// object that holds the expected key counts; two that differ are refused); JSON that can be mended
// (json_repair.h); other keys and wrappers around the object (reply_shape.h); numbers as strings
// and strings as numbers; a string for a medication, read as a prescription (prescription.h), with
// dose, route, frequency and duration in one form (aggregator/council/regimen.h); words for "no
// medication" (reply_medications.h); grades with their scale, "8/10" or "80%". Never guessed: a
// missing list of medications, a grade outside [0, 1], a label that is missing, unknown or given
// twice, a value that was cut off. What has two readings stays as written. What comes out is free
// of control characters and within the bounds below; written as JSON and read again it is the same.
// Threads: functions without state. The bytes come from outside: nothing in them can fail a CHECK.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "shared/domain.h"

namespace consilium {

// An answer stays under 16 KiB, so that a review packet of many fits a message (limits.h).
inline constexpr std::size_t kReplyTextBytesMax = 256u << 10;  // what a model may write at all
inline constexpr std::size_t kIngredientBytesMax = 200;
inline constexpr std::size_t kFieldBytesMax = 120;  // dose, unit, ...; only an indication is cut
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
// `complete`: the server said that the model came to its end by itself; only then one closing
// bracket may be missing at the end of the reply.
Parsed<Answer> ParseAnswer(std::string_view text, const std::map<std::string, std::string>& options,
                           bool complete = false);

// Exactly one grade for each of `labels`, in their order.
Parsed<std::vector<Grade>> ParseGrades(std::string_view text,
                                       const std::vector<std::string>& labels,
                                       bool complete = false);

}  // namespace consilium
