// The CSS rules of a page: text, tables, facts, pictures, on light and dark paper and when printed.
// Threads: functions without state.
#pragma once

#include <string_view>

namespace consilium::html {

// The variables of colours (`--paper`, `--ink`, ...), for a rule of :root.
std::string_view PaperOnLight();
std::string_view PaperOnDark();

// The rules; they use the variables of both.
std::string_view PageStyle();

}  // namespace consilium::html
