#include "worker/prescription_phrase.h"

#include <algorithm>
#include <charconv>
#include <iterator>
#include <limits>
#include <optional>
#include <string>

#include "aggregator/council/regimen.h"
#include "shared/text.h"

namespace consilium {
namespace {

constexpr std::size_t kPhraseWordsMax = 6;
constexpr int kDaysUnknown = std::numeric_limits<int>::max();

bool IsSeparator(char c) { return c == ',' || c == ';' || c == '(' || c == ')'; }

Kind KindOf(std::string_view phrase, std::string_view route) {
  if (ReadAmount(phrase)) return Kind::kDose;
  if (IsPlainlyDuration(phrase)) return Kind::kDuration;
  if (ReadFrequency(phrase) && !MayNameTheRightEye(phrase, route)) return Kind::kFrequency;
  const std::string lower = LowerAscii(phrase);
  // Rectal or prolonged release; a topical or "top-up".
  const bool ambiguous = lower == "pr" || lower == "top" || lower == "inhalation";
  if (ReadRoute(phrase) && !ambiguous) return Kind::kRoute;
  return Kind::kOther;
}

bool Holds(std::string_view text, std::string_view part) { return text.find(part) != text.npos; }

bool HoldsDigit(std::string_view text) {
  return text.find_first_of("0123456789") != std::string_view::npos;
}

// `count` of the period that `text` names, in days; never more than it may be where `text` may
// name several.
int InDays(int count, std::string_view text) {
  constexpr int kCountMax = 100000;
  count = std::min(count, kCountMax);
  if (Holds(text, "year")) return count * 365;
  if (Holds(text, "month")) return count * 28;
  if (Holds(text, "week")) return count * 7;
  if (Holds(text, "day")) return count;
  if (Holds(text, "hour")) return count / 24;
  return 0;
}

// The first number of `text` from `at` on, or the second one of a range; `otherwise` without any.
int Number(std::string_view text, std::size_t at, bool last, int otherwise) {
  int number = otherwise;
  const char* const end = text.data() + text.size();
  const char* from = text.data() + std::min(at, text.size());
  for (auto read = std::from_chars(from, end, number); read.ec == std::errc() && last;) {
    if (read.ptr == end || *read.ptr != '-') break;
    read = std::from_chars(read.ptr + 1, end, number);
  }
  return number;
}

// The days between two doses: 1 for whatever is at least daily.
int DaysBetween(std::string_view frequency) {
  if (frequency.empty()) return 1;
  const std::optional<std::string> read = ReadFrequency(frequency);
  if (!read) return kDaysUnknown;
  constexpr std::string_view kEvery = "every ";
  if (Holds(*read, "every other day")) return 2;
  if (Holds(*read, "daily")) return 1;
  const std::size_t every = read->find(kEvery);
  const int count =
      every == read->npos ? 1 : Number(*read, every + kEvery.size(), /*last=*/true, 1);
  return std::max(InDays(count, *read), 1);
}

// The least that it may be.
int DaysOf(std::string_view duration) {
  const std::optional<std::string> read = ReadDuration(duration);
  if (!read || Holds(*read, "dose")) return kDaysUnknown;
  return InDays(Number(*read, 0, /*last=*/false, 0), *read);
}

}  // namespace

std::vector<Word> ToWords(std::string_view text) {
  std::vector<Word> words;
  bool joins = false;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find_first_of(" \t\n", at), text.size());
    std::string_view word = text.substr(at, end - at);
    at = end + 1;
    bool opened = false;
    while (!word.empty() && IsSeparator(word.front())) {
      opened = word.front() == '(';
      word.remove_prefix(1);
    }
    bool after = false;
    while (!word.empty() && IsSeparator(word.back())) {
      after = after || word.back() == ',' || word.back() == ';';
      word.remove_suffix(1);
    }
    if (!word.empty()) words.push_back({word, joins, opened});
    joins = after || (joins && word.empty());
  }
  return words;
}

std::string_view Span(const std::vector<Word>& words, std::size_t first, std::size_t last) {
  const char* const begin = words[first].text.data();
  const char* const end = words[last].text.data() + words[last].text.size();
  return {begin, static_cast<std::size_t>(end - begin)};
}

Phrase PhraseAt(const std::vector<Word>& words, std::size_t i, std::string_view route) {
  // "(INH)" stands for the name, wherever it is.
  if (words[i].in_parentheses && MayBelongToAName(words[i].text)) return {};
  for (std::size_t n = std::min(kPhraseWordsMax, words.size() - i); n > 0; --n) {
    const Kind kind = KindOf(Span(words, i, i + n - 1), route);
    if (kind != Kind::kOther) return {kind, n};
  }
  return {};
}

bool MayBelongToAName(std::string_view word) {
  // Isoniazid, nebivolol, "with codeine", plain capsules, half strength, penicillin V, ...
  constexpr std::string_view kOfNames[] = {"inh", "neb", "nebs", "ac", "pc",
                                           "hs",  "pv",  "io",   "bd", "inhalation"};
  std::string lower = LowerAscii(word);
  std::erase(lower, '.');
  return std::find(std::begin(kOfNames), std::end(kOfNames), lower) != std::end(kOfNames);
}

bool IsStrength(std::string_view amount) {
  const std::optional<Amount> read = ReadAmount(amount);
  if (!read) return false;
  const std::string& unit = read->unit;
  const bool by_size = Holds(unit, "/kg") || Holds(unit, "/m2");
  return unit == "%" || (Holds(unit, "/") && Holds(unit, "mL") && unit.substr(0, 2) != "mL") ||
         Holds(unit, "/puff") || Holds(unit, "/spray") || (Holds(unit, "/dose") && !by_size);
}

bool IsStrayNumber(std::string_view word) {
  constexpr long kLettersMin = 4;
  return word.front() >= '0' && word.front() <= '9' &&
         std::count_if(word.begin(), word.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
         }) < kLettersMin;
}

bool HoldsStrength(std::string_view word) {
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  for (std::size_t at = 0; at < word.size(); ++at) {
    if (!is_digit(word[at]) || (at > 0 && (is_digit(word[at - 1]) || is_letter(word[at - 1])))) {
      continue;
    }
    std::size_t end = at;
    while (end < word.size() && (is_digit(word[end]) || word[end] == '.')) ++end;
    while (end < word.size() && is_letter(word[end])) ++end;
    if (ReadAmount(word.substr(at, end - at))) return true;
  }
  return false;
}

bool IsMarkedDuration(std::string_view phrase) {
  const std::string lower = LowerAscii(phrase);
  return lower.substr(0, 1) == "x" || lower.substr(0, 4) == "for ";
}

bool MayBeACycle(std::string_view duration, std::string_view frequency, bool loose) {
  if (duration.empty()) return false;
  const int between = DaysBetween(frequency);
  return between > 1 && (loose || DaysOf(duration) < between);
}

bool IsAsNeeded(std::string_view frequency) {
  constexpr std::string_view kNeeded = "as needed";
  const std::string read = ReadFrequency(frequency).value_or("");
  return read.size() >= kNeeded.size() &&
         read.compare(read.size() - kNeeded.size(), kNeeded.size(), kNeeded) == 0;
}

bool IsJoined(const std::vector<Word>& words, std::size_t first, std::size_t last) {
  constexpr std::string_view kJoining[] = {
      "+",     "&",    "and",  "plus",    "with",        "or",     "then",   "/",       "for",
      "to",    "from", "if",   "over",    "per",         "x",      "-",      "no",      "not",
      "avoid", "stop", "hold", "without", "discontinue", "switch", "change", "instead", "and/or"};
  for (std::size_t i = first; i <= last; ++i) {
    const std::string lower = LowerAscii(words[i].text);
    if (i > first && words[i].joins) return true;
    if (lower.find('+') != lower.npos) return true;
    if (std::find(std::begin(kJoining), std::end(kJoining), lower) != std::end(kJoining)) {
      return true;
    }
  }
  return false;
}

bool IsReason(const std::vector<Word>& words, std::size_t first, std::size_t last) {
  constexpr std::string_view kOther[] = {
      "life",  "lifelong", "now",   "day",    "days",    "week",    "weeks",   "month",  "months",
      "year",  "years",    "hour",  "hours",  "night",   "nights",  "minutes", "course", "cycle",
      "dose",  "doses",    "term",  "long",   "time",    "times",   "daily",   "weekly", "once",
      "twice", "max",      "may",   "repeat", "up",      "maximum", "exceed",  "limit",  "until",
      "while", "duration", "every", "tablet", "tablets", "capsule", "puffs",   "drops",  "units"};
  if (HoldsDigit(Span(words, first, last)) || IsJoined(words, first, last)) return false;
  return std::none_of(words.begin() + static_cast<std::ptrdiff_t>(first),
                      words.begin() + static_cast<std::ptrdiff_t>(last) + 1, [&](const Word& w) {
                        return std::find(std::begin(kOther), std::end(kOther),
                                         LowerAscii(w.text)) != std::end(kOther);
                      });
}

}  // namespace consilium
