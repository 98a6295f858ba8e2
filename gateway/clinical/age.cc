#include "gateway/clinical/age.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>

#include "gateway/clinical/fold_text.h"
#include "gateway/clinical/iso_time.h"

namespace consilium {
namespace {

constexpr int kAgeMax = 130;
constexpr int kMonthsBelowYears = 3;
// "45F" stands in the first line of a note; later it may be a temperature.
constexpr std::size_t kShortFormBytes = 200;

std::string Counted(int count, const char* unit) {
  return std::to_string(count) + " " + unit + (count == 1 ? "" : "s");
}

double Rounded(double years) { return std::round(years * 100) / 100; }

bool IsWordByte(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         (static_cast<unsigned char>(c) & 0x80U) != 0;
}

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

std::string_view WordAt(std::string_view text, std::size_t at) {
  while (at < text.size() && !IsWordByte(text[at])) ++at;
  std::size_t end = at;
  while (end < text.size() && IsWordByte(text[end])) ++end;
  return text.substr(at, end - at);
}

std::string_view WordBefore(std::string_view text, std::size_t at) {
  while (at > 0 && !IsWordByte(text[at - 1])) --at;
  std::size_t begin = at;
  while (begin > 0 && IsWordByte(text[begin - 1])) --begin;
  return text.substr(begin, at - begin);
}

template <std::size_t N>
bool IsOneOf(std::string_view word, const std::array<std::string_view, N>& words) {
  return std::find(words.begin(), words.end(), FoldText(word)) != words.end();
}

bool IsRelative(std::string_view word) {
  static constexpr std::array<std::string_view, 20> kWords = {
      "son",      "daughter",      "child",      "children",  "brother", "sister",  "mother",
      "father",   "husband",       "wife",       "boyfriend", "partner", "sibling", "twin",
      "grandson", "granddaughter", "girlfriend", "cousin",    "aunt",    "uncle"};
  return IsOneOf(word, kWords);
}

bool IsAboutTemperature(std::string_view word) {
  static constexpr std::array<std::string_view, 8> kWords = {"temp", "temperature", "t",  "fever",
                                                             "tmax", "of",          "to", "at"};
  return IsOneOf(word, kWords);
}

// Where the words for "years old" end that begin at `at`; npos where there are none.
std::size_t EndOfYearsOld(std::string_view text, std::size_t at) {
  static constexpr std::array<std::string_view, 12> kForms = {
      "year old", "years old", "year-old", "years-old", "yr old", "yrs old",
      "yr-old",   "y/o",       "y.o.",     "y.o",       "yo",     "y o"};
  if (at < text.size() && (text[at] == ' ' || text[at] == '-')) ++at;
  for (const std::string_view form : kForms) {
    if (text.size() - std::min(at, text.size()) < form.size()) continue;
    const bool same =
        std::equal(form.begin(), form.end(), text.begin() + static_cast<std::ptrdiff_t>(at),
                   [](char f, char t) { return f == (t >= 'A' && t <= 'Z' ? t - 'A' + 'a' : t); });
    const std::size_t end = at + form.size();
    if (same && (end == text.size() || !IsWordByte(text[end]))) return end;
  }
  return std::string_view::npos;
}

bool IsShortForm(std::string_view text, std::size_t begin, std::size_t end) {
  return begin < kShortFormBytes && end < text.size() && (text[end] == 'F' || text[end] == 'M') &&
         (end + 1 == text.size() || !IsWordByte(text[end + 1])) &&
         !IsAboutTemperature(WordBefore(text, begin));
}

}  // namespace

std::optional<Age> AgeAt(std::string_view birth_date, std::int64_t now_ms) {
  const auto born = ParseIsoTime(birth_date);
  if (!born) return std::nullopt;
  const auto now = DateOf(now_ms);
  const int now_month = static_cast<int>(static_cast<unsigned>(now.month()));
  const int now_day = static_cast<int>(static_cast<unsigned>(now.day()));
  Age age;
  age.exact = born->day != 0;
  int months = (static_cast<int>(now.year()) - born->year) * 12;
  if (born->month != 0) months += now_month - born->month;
  if (born->day > now_day) --months;
  if (months < 0 || months > kAgeMax * 12 + 11) return std::nullopt;
  const int years = months / 12;
  if (years >= kMonthsBelowYears || born->month == 0) {
    age.years = years;
    age.text = Counted(years, "year");
  } else if (months > 0 || born->day == 0) {
    age.years = Rounded(months / 12.0);
    age.text = Counted(months, "month");
  } else {
    const std::int64_t days = (now_ms - born->begin_ms) / 86'400'000;
    if (days < 0) return std::nullopt;
    age.years = Rounded(static_cast<double>(days) / 365.25);
    age.text = Counted(static_cast<int>(days), "day");
  }
  return age;
}

std::optional<int> StatedAge(std::string_view note) {
  for (std::size_t i = 0; i < note.size(); ++i) {
    if (!IsDigit(note[i])) continue;
    std::size_t end = i;
    int value = 0;
    while (end < note.size() && IsDigit(note[end])) {
      if (end - i < 4) value = value * 10 + (note[end] - '0');
      ++end;
    }
    const char before = i == 0 ? ' ' : note[i - 1];
    const bool alone = !IsWordByte(before) && before != '.' && before != '-' && before != '/';
    const std::size_t old_end = EndOfYearsOld(note, end);
    if (alone && end - i <= 3 && value <= kAgeMax &&
        ((old_end != std::string_view::npos && !IsRelative(WordAt(note, old_end))) ||
         IsShortForm(note, i, end))) {
      return value;
    }
    i = end - 1;
  }
  return std::nullopt;
}

}  // namespace consilium
