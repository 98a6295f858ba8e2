// Values of a reply, lenient about their JSON type. Included by .cc files only: it needs
// nlohmann/json. Threads: functions without state.
#pragma once

#include <cstddef>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "worker/answer_parser.h"

namespace consilium {

ParseProblem Mismatch(std::string text);

// Without what CleanText drops and spaces at the ends, cut at a character.
std::string CleanCut(std::string_view text, std::size_t bytes_max, bool lines);

// Strings as they are, numbers and booleans as they are written, absent and null as ""; empty for
// the rest.
std::optional<std::string> AsText(const nlohmann::json* value);

// A list of sentences becomes lines; otherwise as AsText.
std::optional<std::string> AsProse(const nlohmann::json* value);

std::optional<double> AsNumber(const nlohmann::json& value);

// A number, in any range; or one whose scale stands with it: "0.8/1", "8/10", "8 out of 10", "80%".
// Empty where the scale is doubtful: "0.8/10".
std::optional<double> AsShare(const nlohmann::json& value);

// Models answer "yes" as readily as true; absent and null are false.
std::optional<bool> AsFlag(const nlohmann::json* value);

}  // namespace consilium
