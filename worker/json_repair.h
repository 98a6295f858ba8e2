// JSON as models write it when they do not quite write JSON: the same content as strict JSON.
//
// Mended: single-quoted and typographic quotes around strings, keys without quotes, True, False and
// None, numbers such as .5 and +5, comments, raw line breaks and tabs in strings, commas before a
// closing bracket and, when asked for, one closing bracket that is missing at the very end. What
// can be read in two ways is not mended: values without quotes, missing commas, a cut value.
// Threads: functions without state.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace consilium {

struct RepairedJson {
  std::optional<std::string> json;  // strict; empty when `text` cannot be mended
  std::size_t end = 0;              // one past what was read of `text`, also when it failed
};

// Reads the object or array at the beginning of `text`, whatever stands after it. `may_close`: one
// missing bracket is added where the text ends, or a code fence closes, after a whole value. One
// pass over the text; at most limits::kDepthMax levels.
RepairedJson RepairJson(std::string_view text, bool may_close);

}  // namespace consilium
