#include "gateway/clinical/iso_time.h"

namespace consilium {
namespace {

using std::chrono::day;
using std::chrono::month;
using std::chrono::sys_days;
using std::chrono::year;
using std::chrono::year_month_day;

// Takes from the front of a text.
class Cursor {
 public:
  explicit Cursor(std::string_view text) : rest_(text) {}
  bool done() const { return rest_.empty(); }

  bool Take(char c) {
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  // Exactly `digits` of them, within low..high.
  std::optional<int> Number(std::size_t digits, int low, int high) {
    if (rest_.size() < digits) return std::nullopt;
    int value = 0;
    for (std::size_t i = 0; i < digits; ++i) {
      if (rest_[i] < '0' || rest_[i] > '9') return std::nullopt;
      value = value * 10 + (rest_[i] - '0');
    }
    rest_.remove_prefix(digits);
    if (value < low || value > high) return std::nullopt;
    return value;
  }
  // The digits of a fraction as milliseconds.
  std::optional<int> Milliseconds() {
    int value = 0;
    int scale = 100;
    std::size_t digits = 0;
    for (; digits < rest_.size() && rest_[digits] >= '0' && rest_[digits] <= '9'; ++digits) {
      value += (rest_[digits] - '0') * scale;
      scale /= 10;
    }
    rest_.remove_prefix(digits);
    if (digits == 0) return std::nullopt;
    return value;
  }

 private:
  std::string_view rest_;
};

// The time of day and the zone, added to `time`; false where it is neither.
bool TakeTime(Cursor& at, IsoTime& time) {
  std::int64_t ms = 0;
  const auto hour = at.Number(2, 0, 23);
  if (!hour) return false;
  ms += *hour * 3'600'000LL;
  if (at.Take(':')) {
    const auto minute = at.Number(2, 0, 59);
    if (!minute) return false;
    ms += *minute * 60'000LL;
    if (at.Take(':')) {
      const auto second = at.Number(2, 0, 60);  // 60: a leap second
      if (!second) return false;
      ms += *second * 1000LL;
      if (at.Take('.')) {
        const auto fraction = at.Milliseconds();
        if (!fraction) return false;
        ms += *fraction;
      }
    }
  }
  const bool plus = at.Take('+');
  if (plus || at.Take('-')) {
    const auto hours = at.Number(2, 0, 14);
    if (!hours || !at.Take(':')) return false;
    const auto minutes = at.Number(2, 0, 59);
    if (!minutes) return false;
    const std::int64_t offset = *hours * 3'600'000LL + *minutes * 60'000LL;
    ms += plus ? -offset : offset;
  } else {
    at.Take('Z');
  }
  time.begin_ms += ms;
  return true;
}

}  // namespace

std::optional<IsoTime> ParseIsoTime(std::string_view text) {
  Cursor at(text);
  IsoTime time;
  const auto y = at.Number(4, 1, 9999);
  if (!y) return std::nullopt;
  time.year = *y;
  if (at.Take('-')) {
    const auto m = at.Number(2, 1, 12);
    if (!m) return std::nullopt;
    time.month = *m;
    if (at.Take('-')) {
      const auto d = at.Number(2, 1, 31);
      if (!d) return std::nullopt;
      time.day = *d;
    }
  }
  const year_month_day date{year(time.year),
                            month(static_cast<unsigned>(time.month ? time.month : 1)),
                            day(static_cast<unsigned>(time.day ? time.day : 1))};
  if (!date.ok()) return std::nullopt;
  time.begin_ms = std::chrono::milliseconds(sys_days(date).time_since_epoch()).count();
  if (time.day != 0 && at.Take('T') && !TakeTime(at, time)) return std::nullopt;
  if (!at.done()) return std::nullopt;
  return time;
}

year_month_day DateOf(std::int64_t unix_ms) {
  const std::chrono::sys_time<std::chrono::milliseconds> time{std::chrono::milliseconds(unix_ms)};
  return year_month_day(std::chrono::floor<std::chrono::days>(time));
}

}  // namespace consilium
