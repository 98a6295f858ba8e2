#include "worker/prescription.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "aggregator/council/regimen.h"
#include "worker/text_clean.h"

namespace consilium {
namespace {

constexpr std::size_t kPrescriptionBytesMax = 400;  // longer is prose
constexpr std::size_t kWordsMax = 48;
constexpr std::size_t kPhraseWordsMax = 6;

struct Word {
  std::string_view text;  // without the separators around it
  bool joins = false;     // a comma, "+" or the like stands before it
};

bool IsSeparator(char c) { return c == ',' || c == ';' || c == '(' || c == ')'; }

// Words between spaces; separators at their ends are no part of them.
std::vector<Word> ToWords(std::string_view text) {
  std::vector<Word> words;
  bool joins = false;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find_first_of(" \t\n", at), text.size());
    std::string_view word = text.substr(at, end - at);
    at = end + 1;
    while (!word.empty() && IsSeparator(word.front())) word.remove_prefix(1);
    bool after = false;
    while (!word.empty() && IsSeparator(word.back())) {
      after = after || word.back() == ',' || word.back() == ';';
      word.remove_suffix(1);
    }
    if (!word.empty()) words.push_back({word, joins});
    joins = after || (joins && word.empty());
  }
  return words;
}

// From the first to the last of some words, as it stands in the text.
std::string_view Span(const std::vector<Word>& words, std::size_t first, std::size_t last) {
  const char* const begin = words[first].text.data();
  const char* const end = words[last].text.data() + words[last].text.size();
  return {begin, static_cast<std::size_t>(end - begin)};
}

enum class Kind { kOther, kDose, kDuration, kFrequency, kRoute };

Kind KindOf(std::string_view phrase, bool has_route) {
  if (ReadAmount(phrase)) return Kind::kDose;
  if (IsPlainlyDuration(phrase)) return Kind::kDuration;
  const std::string lower = LowerAscii(phrase);
  // Once daily or the right eye: a route by mouth settles it.
  const bool od = lower == "od" || lower == "o.d.";
  if (ReadFrequency(phrase) && (!od || has_route)) return Kind::kFrequency;
  // Rectal or prolonged release; a topical or "top-up".
  const bool ambiguous = lower == "pr" || lower == "top" || lower == "inhalation";
  if (ReadRoute(phrase) && !ambiguous) return Kind::kRoute;
  return Kind::kOther;
}

// A number that belongs to nothing understood, "500" or "10U"; not "5-fluorouracil".
bool IsStrayNumber(std::string_view word) {
  constexpr long kLettersMin = 4;
  return word.front() >= '0' && word.front() <= '9' &&
         std::count_if(word.begin(), word.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
         }) < kLettersMin;
}

bool HoldsDigit(std::string_view text) {
  return text.find_first_of("0123456789") != std::string_view::npos;
}

// Names more than one drug, says when or why, or what not to give: the doses beside it could belong
// to something else.
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

// False when another statement of this kind was there before; conditions add to a frequency.
bool Fill(Kind kind, std::string_view phrase, Medication& m) {
  std::string* const fields[] = {nullptr, &m.dose, &m.duration, &m.frequency, &m.route};
  std::string& field = *fields[static_cast<std::size_t>(kind)];
  const std::string both = field + (field.empty() ? "" : " ") + std::string(phrase);
  if (!field.empty() && (kind != Kind::kFrequency || !ReadFrequency(both))) return false;
  field = both;
  return true;
}

// The longest phrase that begins at word `i` and is understood; its number of words, 0 = none.
std::pair<Kind, std::size_t> PhraseAt(const std::vector<Word>& words, std::size_t i,
                                      bool has_route) {
  for (std::size_t n = std::min(kPhraseWordsMax, words.size() - i); n > 0; --n) {
    const Kind kind = KindOf(Span(words, i, i + n - 1), has_route);
    if (kind != Kind::kOther) return {kind, n};
  }
  return {Kind::kOther, 0};
}

// The name that begins at word `i`, and how many words it has; "" when it is not clearly one name.
std::pair<std::string_view, std::size_t> NameAt(std::string_view text,
                                                const std::vector<Word>& words, std::size_t i) {
  std::size_t last = i;
  while (last + 1 < words.size() && PhraseAt(words, last + 1, false).second == 0) ++last;
  std::string_view name = Span(words, i, last);
  const auto excess = [&name] {
    return std::count(name.begin(), name.end(), '(') - std::count(name.begin(), name.end(), ')');
  };
  const std::size_t end = static_cast<std::size_t>(name.data() - text.data()) + name.size();
  if (excess() == 1 && end < text.size() && text[end] == ')') name = {name.data(), name.size() + 1};
  bool clear = excess() == 0 && !IsJoined(words, i, last);
  for (std::size_t j = i; j <= last; ++j) clear = clear && !IsStrayNumber(words[j].text);
  if (!clear) name = {};
  return {name, last + 1 - i};
}

bool IsAsNeeded(std::string_view frequency) {
  constexpr std::string_view kNeeded = "as needed";
  const std::string read = ReadFrequency(frequency).value_or("");
  return read.size() >= kNeeded.size() &&
         read.compare(read.size() - kNeeded.size(), kNeeded.size(), kNeeded) == 0;
}

// What is understood in full. Unless `named`, there is no name in the text.
std::optional<Medication> Read(std::string_view text, bool named) {
  if (text.size() > kPrescriptionBytesMax) return std::nullopt;
  const std::vector<Word> words = ToWords(text);
  if (words.empty() || words.size() > kWordsMax) return std::nullopt;
  Medication m;
  bool expects_name = named;
  for (std::size_t i = 0; i < words.size();) {
    const auto [kind, count] = PhraseAt(words, i, !m.route.empty());
    if (kind != Kind::kOther) {
      if (expects_name && kind != Kind::kDose) return std::nullopt;
      if (!Fill(kind, Span(words, i, i + count - 1), m)) return std::nullopt;
      i += count;
    } else if (expects_name) {
      const auto [name, length] = NameAt(text, words, i);
      if (name.empty()) return std::nullopt;
      m.ingredient = name;
      expects_name = false;
      i += length;
    } else {
      // "for otitis media" at the end is why; so is "prn nausea".
      const std::size_t last = words.size() - 1;
      const std::size_t first = LowerAscii(words[i].text) == "for" ? i + 1 : i;
      if (!named || first > last || (first == i && !IsAsNeeded(m.frequency))) return std::nullopt;
      if (HoldsDigit(Span(words, first, last)) || IsJoined(words, first, last)) return std::nullopt;
      m.indication = Span(words, first, last);
      break;
    }
  }
  if (expects_name) return std::nullopt;
  PutInOneForm(m);
  return m;
}

bool StatesNothing(const Medication& m) {
  return m.dose.empty() && m.route.empty() && m.frequency.empty() && m.duration.empty();
}

// Takes over what `read` states; false, and nothing changed, where both state something else.
bool Merge(const Medication& read, Medication& m) {
  std::string Medication::*const fields[] = {&Medication::dose,     &Medication::unit,
                                             &Medication::route,    &Medication::frequency,
                                             &Medication::duration, &Medication::indication};
  for (const auto field : fields) {
    if (!(read.*field).empty() && !(m.*field).empty() && read.*field != m.*field) return false;
  }
  for (const auto field : fields) {
    if (!(read.*field).empty()) m.*field = read.*field;
  }
  return true;
}

// A field that holds more than its own, "500 mg PO TID": the rest goes where it belongs if there is
// nothing yet.
void SpreadField(std::string Medication::*field, Medication& m) {
  std::string text = std::exchange(m.*field, "");
  const std::optional<Medication> read = Read(text, /*named=*/false);
  if (!read || ((*read).*field).empty() || !Merge(*read, m)) m.*field = std::move(text);
}

std::vector<std::string> SplitAt(std::string_view text, bool commas) {
  constexpr std::string_view kBetween[] = {" + ", " & ", " and ", " plus ", ";", "\n"};
  std::vector<std::string> parts;
  std::string part;
  int depth = 0;
  const std::string lower = LowerAscii(text);
  for (std::size_t at = 0; at < text.size();) {
    std::size_t joint = 0;
    if (depth == 0) {
      for (const std::string_view between : kBetween) {
        if (lower.compare(at, between.size(), between) == 0) joint = between.size();
      }
      if (commas && text.compare(at, 2, ", ") == 0) {
        joint = lower.compare(at, 6, ", and ") == 0 ? 6 : 2;
      }
    }
    if (joint > 0) {
      parts.push_back(std::exchange(part, ""));
      at += joint;
      continue;
    }
    if (text[at] == '(') ++depth;
    if (text[at] == ')' && depth > 0) --depth;
    part += text[at++];
  }
  parts.push_back(std::move(part));
  return parts;
}

bool StandsAlone(const std::string& part) {
  const std::optional<Medication> read = Read(part, /*named=*/true);
  return read && !read->dose.empty();
}

}  // namespace

std::optional<Medication> ReadPrescription(std::string_view text) {
  std::optional<Medication> read = Read(text, /*named=*/true);
  if (!read || StatesNothing(*read)) return std::nullopt;
  return read;
}

std::vector<std::string> SplitPrescriptions(std::string_view text) {
  if (text.size() <= kPrescriptionBytesMax) {
    for (const bool commas : {false, true}) {
      std::vector<std::string> parts = SplitAt(text, commas);
      if (parts.size() > 1 && std::all_of(parts.begin(), parts.end(), StandsAlone)) {
        for (std::string& part : parts) part = std::string(Trimmed(part));
        return parts;
      }
    }
  }
  return {std::string(text)};
}

void TidyMedication(Medication& m) {
  PutInOneForm(m);
  if (m.unit.empty()) SpreadField(&Medication::dose, m);
  SpreadField(&Medication::frequency, m);
  PutInOneForm(m);
  if (const std::optional<Medication> read = ReadPrescription(m.ingredient)) {
    if (Merge(*read, m)) m.ingredient = read->ingredient;
  }
}

}  // namespace consilium
