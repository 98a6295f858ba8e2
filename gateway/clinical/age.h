// How old a patient is, by the birth date and by what a note says.
// Threads: functions without state.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace consilium {

struct Age {
  // Completed years; below 3 years also completed months and, below one month, days: 0.58.
  double years = 0;
  std::string text;   // "44 years", "7 months", "12 days"
  bool exact = true;  // false: the birth date is not stated to the day, it may be less by 1 year
                      // (or month)
};

// Empty when the birth date is not one, lies after `now_ms` or more than 130 years before it.
std::optional<Age> AgeAt(std::string_view birth_date, std::int64_t now_ms);

// The first age of a person that a note states, in years: "67-year-old", "67 y/o", "67yo", and
// "45F" or "45M" near its beginning. Not that of a relative ("her 3-year-old son").
std::optional<int> StatedAge(std::string_view note);

}  // namespace consilium
