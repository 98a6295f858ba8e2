// Times as record.h has them: ISO 8601, as precise as they were stated.
// Threads: functions without state.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

namespace consilium {

// Invariant: a real date of the years 1..9999; month and day 0 = not stated, never a day without a
// month.
struct IsoTime {
  int year = 1;
  int month = 0;
  int day = 0;
  // Where what was stated begins, Unix milliseconds; without a zone as if it were UTC.
  std::int64_t begin_ms = 0;
};

// "2026", "2026-11", "2026-11-28", then "T10", "T10:15", "T10:15:00", "T10:15:00.5", then "Z" or
// "+01:00". Empty for all else.
std::optional<IsoTime> ParseIsoTime(std::string_view text);

// The date (UTC) of a time.
std::chrono::year_month_day DateOf(std::int64_t unix_ms);

}  // namespace consilium
