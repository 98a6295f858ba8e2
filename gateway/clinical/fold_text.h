// Text as it is compared: names of people and of things.
// Threads: functions without state.
#pragma once

#include <string>
#include <string_view>

namespace consilium {

// Lower case without accents (Latin; lower case only in Greek and Cyrillic), punctuation as one
// space, no spaces at the ends: "Müller-Lüdenscheidt" and "MULLER LUDENSCHEIDT" are one. What is
// not UTF-8 stays as it is.
std::string FoldText(std::string_view text);

}  // namespace consilium
