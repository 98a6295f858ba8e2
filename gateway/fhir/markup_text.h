// HTML and XHTML as text that reads like what a person sees.
//
// Blocks become lines, cells are parted by " | ", items begin with "- ", character references are
// decoded; scripts, styles, comments and all tags go. No tag soup fails: what is no markup stays
// text. One pass; the result is at most as long as a few times the input.
// Threads: functions without state.
#pragma once

#include <string>
#include <string_view>

namespace consilium {

std::string MarkupText(std::string_view markup);

}  // namespace consilium
