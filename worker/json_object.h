// The JSON in a text that a model wrote. Included by .cc files only: it needs nlohmann/json.
// Threads: functions without state.
#pragma once

#include <cstddef>
#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>
#include <vector>

namespace consilium {

struct JsonInText {
  std::vector<nlohmann::json> values;  // objects, and arrays of objects, as they stand in the text
  std::size_t first_at = 0;            // where the first value begins in the text
  bool unread = false;                 // what begins like an object was cut or not to be mended
  bool unread_behind = false;          // and that stands behind all values
  std::size_t bytes_read = 0;          // work: all bytes looked at, each as often as it was
};

// What stands in the text and not inside of another value: a model may repeat a patient's
// medications in an object of its own. Nothing inside of a value that was cut off is taken. What is
// valid JSON is read as it is; the rest is mended if it can be (json_repair.h). `complete`: the
// text is known not to be cut, and one closing bracket may be missing at its end. Bounded: at most
// 64 brackets are tried, each with a fixed number of passes over the rest.
JsonInText FindJson(std::string_view text, bool complete);

// Parses without exceptions; empty for what is not JSON or nests deeper than limits::kDepthMax.
std::optional<nlohmann::json> ReadJson(std::string_view text);

}  // namespace consilium
