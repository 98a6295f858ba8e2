#include "aggregator/council/regimen.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <iterator>
#include <vector>

#include "aggregator/council/coding.h"
#include "aggregator/council/regimen_text.h"
#include "aggregator/council/regimen_words.h"

namespace consilium {
namespace {

using namespace regimen_words;  // NOLINT: the tables of this file
using namespace regimen_text;   // NOLINT: and the reading of its pieces

constexpr std::size_t kFormBytesMax = 100;

Text PlainPeriod(std::string_view word) {
  if (word == "h" || word == "hr" || word == "hrs" || word == "hour" || word == "hours") {
    return "hour";
  }
  if (word == "d" || word == "day" || word == "days") return "day";
  if (word == "wk" || word == "wks" || word == "week" || word == "weeks") return "week";
  if (word == "mo" || word == "month" || word == "months") return "month";
  if (word == "min" || word == "mins" || word == "minute" || word == "minutes") return "minute";
  return {};
}

// "q6h", "every 4 to 6 hrs", "every six hours".
Text ReadEvery(std::string_view text) {
  if (!TakePrefix(text, "every ") && !TakePrefix(text, "each ")) {
    if (!TakePrefix(text, "q")) return {};
    TakeSpaces(text);
    if (text.empty() || text.front() < '0' || text.front() > '9') return {};
  }
  const Text count = TakeCount(text);
  TakeSpaces(text);
  const Text period = PlainPeriod(text);
  if (!count || !period || count->find('/') != count->npos) return {};
  const std::string every =
      *count == "1" ? "every " + *period : "every " + *count + " " + *period + "s";
  const Text known = LookUp(kFrequencies, every);
  return known ? known : every;
}

// "3 times a day", "2x/week".
Text ReadTimes(std::string_view text) {
  const Text count = TakeCount(text);
  if (!count || count->find('/') != count->npos) return {};
  TakeSpaces(text);
  if (!TakePrefix(text, "times") && !TakePrefix(text, "time") && !TakePrefix(text, "x")) return {};
  TakeSpaces(text);
  const bool daily = text == "daily" || text == "a day" || text == "per day" || text == "/day" ||
                     text == "each day" || text == "every day";
  const bool weekly = text == "weekly" || text == "a week" || text == "per week" || text == "/week";
  if (!daily && !weekly) return {};
  const auto word = std::find_if(std::begin(kCounts), std::end(kCounts),
                                 [&](const Form& form) { return form.plain == *count; });
  std::string times = *count + " times";
  if (*count == "1") {
    times = "once";
  } else if (*count == "2") {
    times = "twice";
  } else if (word != std::end(kCounts)) {
    times = std::string(word->written) + " times";
  }
  const Text known = LookUp(kFrequencies, times + (daily ? " daily" : " weekly"));
  return known ? known : times + (daily ? " daily" : " weekly");
}

Text ReadHowOften(const std::string& text) {
  if (Text known = LookUp(kFrequencies, text)) return known;
  if (Text every = ReadEvery(text)) return every;
  return ReadTimes(text);
}

// How often, then when and on what condition; each in as many words as it takes.
Text PlainFrequency(const std::string& text) {
  constexpr std::size_t kWordsMax = 12;
  std::vector<std::string> words;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find(' ', at), text.size());
    words.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  if (words.empty() || words.size() > kWordsMax) return {};
  std::string plain;
  for (std::size_t i = 0; i < words.size();) {
    Text read;
    std::size_t count = words.size() - i;
    for (; count > 0 && !read; --count) {
      std::string phrase = words[i];
      for (std::size_t j = 1; j < count; ++j) phrase += " " + words[i + j];
      read = i == 0 ? ReadHowOften(phrase) : std::nullopt;
      if (!read) read = LookUp(kConditions, phrase);
      if (read) break;
    }
    if (!read) return {};
    plain += (plain.empty() ? "" : " ") + *read;
    i += count;
  }
  if (plain.size() > kFormBytesMax) return {};
  const Text known = LookUp(kFrequencies, plain);
  return known ? known : plain;
}

struct Length {
  bool marked = false;  // "x", "for"
  std::string count;    // "7", "7-10"
  std::string period;   // "day"; "dose"
};

std::optional<Length> TakeLength(std::string_view text) {
  Length length;
  length.marked = TakePrefix(text, "for ") || TakePrefix(text, "x");
  TakeSpaces(text);
  if (!TakePrefix(text, "a total of ")) TakePrefix(text, "total of ");
  for (const std::string_view ending : {" course", " total", " in total"}) {
    if (text.size() > ending.size() && text.substr(text.size() - ending.size()) == ending) {
      text.remove_suffix(ending.size());
    }
  }
  const Text count = TakeCount(text);
  if (!count) return {};
  length.count = *count;
  const std::size_t slash = count->find('/');
  if (slash != count->npos) {  // British: sevenths of a week, fifty-seconds and twelfths of a year
    if (!text.empty()) return {};
    const std::string of = count->substr(slash + 1);
    length.count = count->substr(0, slash);
    length.period = of == "7" ? "day" : of == "52" ? "week" : of == "12" ? "month" : "";
    if (length.period.empty()) return {};
    return length;
  }
  if (!TakePrefix(text, "-")) TakeSpaces(text);
  if (text == "dose" || text == "doses") {
    length.period = "dose";
  } else if (text == "year" || text == "years") {
    length.period = "year";
  } else if (const Text period = PlainPeriod(text)) {
    length.period = *period;
  } else {
    return {};
  }
  return length;
}

// `weeks_max`: up to so many weeks are counted in days.
std::string Written(const Length& length, int weeks_max) {
  std::string count = length.count;
  std::string period = length.period;
  if (period == "week") {
    std::string days;
    std::string_view rest = count;
    while (!rest.empty()) {
      int weeks = 0;
      const auto [stop, problem] = std::from_chars(rest.data(), rest.data() + rest.size(), weeks);
      const std::size_t used = static_cast<std::size_t>(stop - rest.data());
      const bool ends = used == rest.size() || rest[used] == '-';
      if (problem != std::errc() || !ends || weeks > weeks_max) break;
      days += (days.empty() ? "" : "-") + std::to_string(weeks * 7);
      rest.remove_prefix(std::min(used + 1, rest.size()));
    }
    if (rest.empty()) {
      count = days;
      period = "day";
    }
  }
  return count + " " + period + (count == "1" ? "" : "s");
}

// Reads `text` and, when a second name for the same thing follows in parentheses, both of them:
// "oral (PO)".
template <class Read>
auto ReadTwice(std::string_view text, Read read) -> decltype(read(std::string())) {
  const std::string plain = Plainly(text);
  if (auto value = read(plain)) return value;
  const std::size_t open = plain.find(" (");
  if (open == plain.npos || plain.back() != ')') return {};
  auto first = read(plain.substr(0, open));
  auto second = read(plain.substr(open + 2, plain.size() - open - 3));
  if (!first || !second || *first != *second) return {};
  return first;
}

}  // namespace

Text ReadRoute(std::string_view text) {
  return ReadTwice(text, [](const std::string& plain) { return LookUp(kRoutes, plain); });
}

Text ReadFrequency(std::string_view text) {
  return ReadTwice(text, [](const std::string& plain) { return PlainFrequency(plain); });
}

Text ReadDuration(std::string_view text) {
  constexpr int kWeeksMax = 4;
  const std::optional<Length> length = TakeLength(Plainly(text));
  if (!length) return {};
  return Written(*length, kWeeksMax);
}

bool IsPlainlyDuration(std::string_view text) {
  const std::string plain = Plainly(text);
  const std::optional<Length> length = TakeLength(plain);
  if (!length) return false;
  const bool mistakable =
      length->period == "hour" || length->period == "minute" || plain.find('/') != plain.npos;
  return length->marked || !mistakable;
}

bool MayNameTheRightEye(std::string_view frequency, std::string_view route) {
  std::string words = Plainly(frequency);
  std::replace_if(
      words.begin(), words.end(), [](char c) { return c < 'a' || c > 'z'; }, ' ');
  if ((" " + words + " ").find(" od ") == std::string::npos) return false;
  const Text read = ReadRoute(route);
  return !read || *read == "ophthalmic" || *read == "topical";
}

void PutInOneForm(Medication& m) {
  if (m.unit.empty()) {
    if (auto amount = ReadAmount(m.dose)) {
      m.dose = amount->dose;
      m.unit = amount->unit;
    }
  } else if (const auto amount = ReadAmount(m.dose);
             amount && PlainUnit(Plainly(m.unit), amount->dose) == amount->unit) {
    m.dose = amount->dose;
    m.unit = amount->unit;
  }
  const std::string dose = Plainly(m.dose);
  std::string_view rest = dose;
  if (const Text numbers = TakeNumbers(rest); numbers && rest.empty()) m.dose = *numbers;
  if (const Text unit = PlainUnit(Plainly(m.unit), m.dose)) m.unit = *unit;
  if (const Text route = ReadRoute(m.route)) m.route = *route;
  if (const Text duration = ReadDuration(m.duration)) m.duration = *duration;
  if (MayNameTheRightEye(m.frequency, m.route)) return;
  if (const Text frequency = ReadFrequency(m.frequency)) {
    m.frequency = *frequency;
    return;
  }
  // "q6h prn for pain": what for stays as written.
  const std::size_t reason = m.frequency.find(" for ");
  if (reason == std::string::npos) return;
  const Text often = ReadFrequency(std::string_view(m.frequency).substr(0, reason));
  constexpr std::string_view kNeeded = "as needed";
  if (!often || often->size() < kNeeded.size() ||
      often->compare(often->size() - kNeeded.size(), kNeeded.size(), kNeeded) != 0) {
    return;
  }
  m.frequency = *often + m.frequency.substr(reason);
}

Stated StatedDose(const Medication& medication) {
  Medication m = medication;
  PutInOneForm(m);
  if (Folded(m.dose).empty()) return {};
  const std::string text = Folded(m.dose + " " + m.unit);
  // Three decimals may be a thousand written with a point, but no thousand begins with a zero.
  const std::size_t point = m.dose.find('.');
  const bool fraction = point == 0 || (point == 1 && m.dose.front() == '0');
  const bool clear = point == m.dose.npos || fraction || m.dose.size() - point != 4;
  double number = 0.0;
  const char* const end = m.dose.data() + m.dose.size();
  const auto [stop, problem] = std::from_chars(m.dose.data(), end, number);
  if (!clear || problem != std::errc() || stop != end) return {text, text};
  const double micrograms = m.unit == "g" ? 1e6 : m.unit == "mg" ? 1e3 : m.unit == "mcg" ? 1 : 0;
  std::array<char, 40> key{};
  std::snprintf(key.data(), key.size(), "%.10g", micrograms > 0 ? number * micrograms : number);
  return {text, std::string(key.data()) + " " + (micrograms > 0 ? "mcg" : Folded(m.unit))};
}

Stated StatedRoute(const Medication& medication) {
  const std::string route = Folded(ReadRoute(medication.route).value_or(medication.route));
  return {route, route};
}

Stated StatedFrequency(const Medication& medication) {
  Medication m;
  m.frequency = medication.frequency;
  m.route = medication.route;  // it tells whether "OD" is an eye
  PutInOneForm(m);
  const std::string text = Folded(m.frequency);
  return {text, LookUp(kSameFrequency, text).value_or(text)};
}

Stated StatedDuration(const Medication& medication) {
  constexpr int kWeeksMax = 1000;
  const std::string text = Folded(ReadDuration(medication.duration).value_or(medication.duration));
  const std::optional<Length> length = TakeLength(Plainly(medication.duration));
  return {text, length ? Written(*length, kWeeksMax) : text};
}

}  // namespace consilium
