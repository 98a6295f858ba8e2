// JSON from outside, parsed within limits. Included by .cc files only: it needs nlohmann/json.
// Threads: functions without state.
#pragma once

#include <cstddef>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "shared/limits.h"
#include "shared/result.h"

namespace consilium {

struct JsonLimits {
  std::size_t bytes = limits::kMessageBytesMax;
  std::size_t depth = limits::kDepthMax;
  std::size_t values = limits::kValuesMax;  // objects, arrays and what is in them
};

// Errors: kTooLarge over a limit; kInvalid for what is not JSON, and for a key that stands twice in
// one object (two readers of it would read two things). They name a position, never a value.
Result<nlohmann::json> ParseJson(std::string_view text, const JsonLimits& limits);

// Null when it is not there, or when the other is no object; a field with the value null is there.
const nlohmann::json* JsonField(const nlohmann::json& object, const char* field);
// Empty when it is not there or is no text.
std::string JsonText(const nlohmann::json& object, const char* field);

// As bytes; what is not UTF-8 becomes U+FFFD.
std::string JsonBytes(const nlohmann::ordered_json& value);

}  // namespace consilium
