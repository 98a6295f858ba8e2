#include "worker/prescription.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "aggregator/council/regimen.h"
#include "worker/prescription_phrase.h"
#include "shared/text.h"

namespace consilium {
namespace {

constexpr std::size_t kPrescriptionBytesMax = 400;  // longer is prose
constexpr std::size_t kWordsMax = 48;

// False when another statement of this kind was there before; conditions add to a frequency.
bool Fill(Kind kind, std::string_view phrase, Medication& m) {
  std::string* const fields[] = {nullptr, &m.dose, &m.duration, &m.frequency, &m.route};
  std::string& field = *fields[static_cast<std::size_t>(kind)];
  const std::string both = field + (field.empty() ? "" : " ") + std::string(phrase);
  if (!field.empty() && (kind != Kind::kFrequency || !ReadFrequency(both))) return false;
  field = both;
  return true;
}

// Whether word `i`, behind a name, may be a part of it; "INH 2 puffs" is inhaled.
bool BelongsToName(const std::vector<Word>& words, std::size_t i) {
  if (!MayBelongToAName(words[i].text)) return false;
  if (words[i].in_parentheses || i + 2 >= words.size()) return true;
  const std::optional<Amount> amount = ReadAmount(Span(words, i + 1, i + 2));
  return !amount || amount->unit.substr(0, 4) != "puff";
}

// The name that begins at word `i`, and how many words it has; "" when it is not clearly one name.
std::pair<std::string_view, std::size_t> NameAt(std::string_view text,
                                                const std::vector<Word>& words, std::size_t i) {
  std::size_t last = i;
  while (last + 1 < words.size() &&
         (BelongsToName(words, last + 1) || PhraseAt(words, last + 1, "").words == 0)) {
    ++last;
  }
  std::string_view name = Span(words, i, last);
  const auto excess = [&name] {
    return std::count(name.begin(), name.end(), '(') - std::count(name.begin(), name.end(), ')');
  };
  const std::size_t end = static_cast<std::size_t>(name.data() - text.data()) + name.size();
  if (excess() == 1 && end < text.size() && text[end] == ')') name = {name.data(), name.size() + 1};
  bool clear = excess() == 0 && !IsJoined(words, i, last);
  for (std::size_t j = i; j <= last; ++j) {
    clear = clear && !IsStrayNumber(words[j].text) && !HoldsStrength(words[j].text);
  }
  if (!clear) name = {};
  return {name, last + 1 - i};
}

struct Reading {
  Medication medication;
  bool bare_duration = false;  // "10 days" without "for" or "x"
};

// What is understood in full. Unless `named`, there is no name in the text.
std::optional<Reading> Read(std::string_view text, bool named) {
  if (text.size() > kPrescriptionBytesMax) return std::nullopt;
  const std::vector<Word> words = ToWords(text);
  if (words.empty() || words.size() > kWordsMax) return std::nullopt;
  Reading reading;
  Medication& m = reading.medication;
  bool days_before_frequency = false;
  bool expects_name = named;
  for (std::size_t i = 0; i < words.size();) {
    const Phrase phrase = PhraseAt(words, i, m.route);
    if (phrase.words > 0) {
      const std::string_view span = Span(words, i, i + phrase.words - 1);
      if (expects_name && phrase.kind != Kind::kDose) return std::nullopt;
      if (named && phrase.kind == Kind::kDose && IsStrength(span)) return std::nullopt;
      if (phrase.kind == Kind::kDuration) reading.bare_duration = !IsMarkedDuration(span);
      if (phrase.kind == Kind::kFrequency) days_before_frequency = !m.duration.empty();
      if (!Fill(phrase.kind, span, m)) return std::nullopt;
      i += phrase.words;
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
      if (!IsReason(words, first, last)) return std::nullopt;
      m.indication = Span(words, first, last);
      break;
    }
  }
  if (expects_name) return std::nullopt;
  PutInOneForm(m);
  const bool loose = reading.bare_duration || days_before_frequency;
  if (MayBeACycle(m.duration, m.frequency, loose)) return std::nullopt;
  return reading;
}

bool StatesNothing(const Medication& m) {
  return m.dose.empty() && m.route.empty() && m.frequency.empty() && m.duration.empty();
}

constexpr std::string Medication::*kRegimen[] = {&Medication::dose,     &Medication::unit,
                                                 &Medication::route,    &Medication::frequency,
                                                 &Medication::duration, &Medication::indication};

bool AreSame(const Medication& a, const Medication& b) {
  return a.ingredient == b.ingredient &&
         std::all_of(std::begin(kRegimen), std::end(kRegimen),
                     [&](const auto field) { return a.*field == b.*field; });
}

// Takes over what `reading` states; false, and nothing changed, where both state something else or
// together something else than each by itself.
bool Merge(const Reading& reading, Medication& m) {
  const Medication& read = reading.medication;
  for (const auto field : kRegimen) {
    if (!(read.*field).empty() && !(m.*field).empty() && read.*field != m.*field) return false;
  }
  const std::string& duration = read.duration.empty() ? m.duration : read.duration;
  const std::string& frequency = read.frequency.empty() ? m.frequency : read.frequency;
  const bool concerned = !read.duration.empty() || !read.frequency.empty();
  if (concerned && MayBeACycle(duration, frequency, reading.bare_duration)) return false;
  for (const auto field : kRegimen) {
    if (!(read.*field).empty()) m.*field = read.*field;
  }
  return true;
}

// A field that holds more than its own, "500 mg PO TID": the rest goes where it belongs if there is
// nothing yet.
void SpreadField(std::string Medication::*field, Medication& m) {
  std::string text = std::exchange(m.*field, "");
  const std::optional<Reading> read = Read(text, /*named=*/false);
  if (!read || (read->medication.*field).empty() || !Merge(*read, m)) m.*field = std::move(text);
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

bool Names(std::string_view name, std::string_view word) {
  const std::vector<Word> words = ToWords(name);
  return std::any_of(words.begin(), words.end(),
                     [&](const Word& w) { return LowerAscii(w.text) == word; });
}

// Which fields a part states, one bit each; 0 = it is no prescription with a dose.
unsigned StatedFields(const std::string& part) {
  const std::optional<Reading> read = Read(part, /*named=*/true);
  if (!read || read->medication.dose.empty()) return 0;
  const Medication& m = read->medication;
  // More of what stands before it: "heparin bolus 80 units/kg IV and infusion 18 units/kg/h IV".
  constexpr std::string_view kMore[] = {"repeat",   "infusion", "bolus",  "maintenance", "loading",
                                        "increase", "decrease", "reduce", "titrate",     "taper",
                                        "continue", "dose",     "another"};
  for (const std::string_view word : kMore) {
    if (Names(m.ingredient, word)) return 0;
  }
  unsigned stated = 0;
  for (const std::string* field : {&m.dose, &m.route, &m.frequency, &m.duration, &m.indication}) {
    stated = stated * 2 + (field->empty() ? 0 : 1);
  }
  return stated;
}

// What only one of them states may belong to all: a frequency at the end, the first word of
// "insulin glargine 20 units and lispro 5 units".
bool StandAlone(const std::vector<std::string>& parts) {
  const unsigned stated = StatedFields(parts.front());
  for (const std::string_view word : {"insulin", "vitamin"}) {
    const auto named = std::count_if(parts.begin(), parts.end(),
                                     [&](const std::string& part) { return Names(part, word); });
    if (named != 0 && named != static_cast<std::ptrdiff_t>(parts.size())) return false;
  }
  return stated != 0 && std::all_of(parts.begin(), parts.end(), [&](const std::string& part) {
           return StatedFields(part) == stated;
         });
}

void TidyOnce(Medication& m) {
  PutInOneForm(m);
  if (m.unit.empty()) SpreadField(&Medication::dose, m);
  SpreadField(&Medication::frequency, m);
  PutInOneForm(m);
  const std::optional<Reading> read = Read(m.ingredient, /*named=*/true);
  if (read && !StatesNothing(read->medication) && Merge(*read, m)) {
    m.ingredient = read->medication.ingredient;
  }
}

}  // namespace

std::optional<Medication> ReadPrescription(std::string_view text) {
  std::optional<Reading> read = Read(text, /*named=*/true);
  if (!read || StatesNothing(read->medication)) return std::nullopt;
  return std::move(read->medication);
}

std::vector<std::string> SplitPrescriptions(std::string_view text) {
  if (text.size() <= kPrescriptionBytesMax) {
    for (const bool commas : {false, true}) {
      std::vector<std::string> parts = SplitAt(text, commas);
      if (parts.size() > 1 && StandAlone(parts)) {
        for (std::string& part : parts) part = std::string(Trimmed(part));
        return parts;
      }
    }
  }
  return {std::string(text)};
}

void TidyMedication(Medication& m) {
  // What one field gives away may complete another.
  constexpr int kPassesMax = 3;
  for (int pass = 0; pass < kPassesMax; ++pass) {
    const Medication before = m;
    TidyOnce(m);
    if (AreSame(m, before)) return;
  }
}

}  // namespace consilium
