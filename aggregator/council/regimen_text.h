// The pieces that regimen.cc reads: numbers, counts, units. Only for regimen*.cc.
//
// Take...: reads a piece at the beginning of `text` and removes it; nothing is removed when there
// is none. Threads: functions without state.
#pragma once

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>

#include "aggregator/council/regimen.h"
#include "aggregator/council/regimen_words.h"

namespace consilium::regimen_text {

using Text = std::optional<std::string>;

// Lower case, plain dashes and micro signs, full stops and commas only in numbers, single spaces.
// "" for what is too long or has a sign that folds to another number.
std::string Plainly(std::string_view text);

template <std::size_t n>
Text LookUp(const regimen_words::Form (&forms)[n], std::string_view written) {
  const auto found =
      std::find_if(std::begin(forms), std::end(forms),
                   [&](const regimen_words::Form& form) { return form.written == written; });
  if (found == std::end(forms)) return std::nullopt;
  return std::string(found->plain);
}

inline bool TakePrefix(std::string_view& text, std::string_view prefix) {
  if (text.substr(0, prefix.size()) != prefix) return false;
  text.remove_prefix(prefix.size());
  return true;
}
inline void TakeSpaces(std::string_view& text) {
  while (TakePrefix(text, " ")) {
  }
}

// One number, a range or the parts of a combination: "5-10", "0.5 to 1", "875/125". Digits stay as
// written; "1,000" loses its comma, and "1,5" is no number.
Text TakeNumbers(std::string_view& text);

// Numbers in figures or, up to fourteen, in words.
Text TakeCount(std::string_view& text);

// "mg", "mg/kg/day", "mg per 5 ml"; singular after a dose of "1".
Text PlainUnit(std::string_view written, std::string_view dose);

std::optional<Amount> PlainAmount(std::string_view text);

}  // namespace consilium::regimen_text
