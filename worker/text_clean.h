// Text on its way into a prompt or out of a reply: what must not be in it.
// Threads: functions without state.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "shared/text.h"  // Trimmed()

namespace consilium {

// Without what a reader does not see but a model or a terminal does: control characters (a newline
// or a tab stays where `lines`, and becomes a space otherwise), zero-width and direction
// characters, tag characters and variation selectors. Bytes that are not UTF-8 become U+FFFD.
std::string CleanText(std::string_view text, bool lines);

// What stands behind the last thought in <think> tags, without one that is not closed: reasoning
// models think aloud, and their drafts are not their answer.
std::string_view WithoutThoughts(std::string_view text);

// Calls `use` with the place of each byte of a JSON text, from `start` on, that stands in no
// string, until it says false.
template <class Use>
void OutsideStrings(std::string_view json, std::size_t start, Use use) {
  bool in_string = false;
  for (std::size_t i = start; i < json.size(); ++i) {
    if (in_string && json[i] == '\\') {
      ++i;
    } else if (json[i] == '"') {
      in_string = !in_string;
    } else if (!in_string && !use(i)) {
      return;
    }
  }
}

// How deep the brackets of a JSON text nest, outside strings; for refusing it before it is parsed.
std::size_t NestingDepth(std::string_view json);

}  // namespace consilium
