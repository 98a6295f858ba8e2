#include "gateway/hl7/read_observation.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <optional>
#include <string_view>
#include <utility>

#include "gateway/clinical/fold_text.h"
#include "gateway/hl7/encapsulated.h"
#include "gateway/hl7/feed_time.h"
#include "gateway/hl7/feed_values.h"
#include "shared/text.h"

namespace consilium {
namespace {

constexpr std::size_t kSingleResultBytes = 60;

template <std::size_t N>
bool IsOneOf(std::string_view word, const std::array<std::string_view, N>& words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

std::string TypeOf(const Hl7Segment& obx) { return UpperCase(Trimmed(obx.Get(2))); }
std::string StatusOf(const Hl7Segment& obx) { return UpperCase(Trimmed(obx.Get(11))); }

std::optional<double> NumberIn(std::string_view text) {
  text = Trimmed(text);
  if (!text.empty() && text.front() == '+') text.remove_prefix(1);
  double value = 0;
  const auto [at, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || at != text.data() + text.size()) return std::nullopt;
  if (!std::isfinite(value)) return std::nullopt;
  return value;
}

void ReadNumber(const Hl7Segment& obx, Fact& fact, FeedRemarks& remarks) {
  for (const Hl7Repetition one : obx.Each(5)) Append(fact.value_text, "; ", Trimmed(one.Get()));
  fact.value = NumberIn(fact.value_text);
  if (!fact.value && !fact.value_text.empty()) {
    remarks.Add("value_no_number", obx.Where(5), "NM without a number: kept as text");
  }
}

// SN: comparator, number, separator or suffix, number: "<5", "1:128", "3-5", "2+".
void ReadStructuredNumber(const Hl7Segment& obx, Fact& fact, FeedRemarks& remarks) {
  const auto part = [&](std::size_t component) {
    return std::string(Trimmed(obx.Get(5, component)));
  };
  const std::string comparator = part(1);
  const std::string number = part(2);
  const std::string rest = part(3) + part(4);
  fact.value_text = (comparator == "=" ? "" : comparator) + number + rest;
  if (fact.value_text.empty()) return;
  if (!NumberIn(number)) {
    remarks.Add("value_no_number", obx.Where(5), "SN without a number: kept as text");
  } else if ((comparator.empty() || comparator == "=") && rest.empty()) {
    fact.value = NumberIn(number);
  }
}

std::string TimesIn(const Hl7Segment& obx) {
  std::string times;
  for (const Hl7Repetition one : obx.Each(5)) {
    const std::string stated = one.Get();
    const FeedTime time = ReadFeedTime(stated);
    Append(times, "; ", time.iso.empty() ? Trimmed(stated) : std::string_view(time.iso));
  }
  return times;
}

// Types whose values name people, places and things, or are raw signals.
bool IsNotForPeople(const std::string& type) {
  static constexpr std::array<std::string_view, 19> kTypes = {
      "XPN", "PN", "XAD", "AD", "XCN", "CN", "XON", "XTN", "TN", "CX",
      "CK",  "EI", "HD",  "PL", "PPN", "NA", "MA",  "CD",  "FN"};
  return IsOneOf(type, kTypes);
}

bool HasWord(const std::string& folded, std::string_view word) {
  const std::string spaced = " " + folded + " ";
  return spaced.find(" " + std::string(word) + " ") != std::string::npos;
}

// Whether a value names or leads to a person: "Person reporting - phone number", "State case
// identifier". By the words of OBX-3, as there is no end of such codes.
// Coded values are of a list and name nobody.
bool IsIdentifying(const std::string& type, const std::string& name) {
  if (type == "CWE" || type == "CE" || type == "CNE") return false;
  static constexpr std::array<std::string_view, 10> kWords = {
      "phone", "telephone", "email", "fax", "address", "identifier", "zip", "postal", "ssn", "mrn"};
  static constexpr std::array<std::string_view, 12> kPeople = {
      "person",   "patient", "provider", "physician", "mother",  "father",
      "guardian", "contact", "reporter", "reporting", "subject", "doctor"};
  const std::string folded = FoldText(name);
  const auto has = [&](std::string_view word) { return HasWord(folded, word); };
  if (std::any_of(kWords.begin(), kWords.end(), has)) return true;
  return (has("name") || has("names")) && std::any_of(kPeople.begin(), kPeople.end(), has);
}

// The value by its type; false where it has none that is read.
bool ReadValue(const Hl7Segment& obx, const std::string& type, Fact& fact, FeedRemarks& remarks) {
  static constexpr std::array<std::string_view, 7> kCoded = {"CE", "CWE", "CNE", "CF",
                                                             "IS", "ID",  "CSU"};
  static constexpr std::array<std::string_view, 4> kTimes = {"DT", "TM", "TS", "DTM"};
  if (IsNotForPeople(type)) return false;
  if (type == "NM") {
    ReadNumber(obx, fact, remarks);
  } else if (type == "SN") {
    ReadStructuredNumber(obx, fact, remarks);
  } else if (IsOneOf(type, kCoded)) {
    fact.value_text = CodedTexts(obx, 5);
  } else if (IsOneOf(type, kTimes)) {
    fact.value_text = TimesIn(obx);
  } else {
    if (!IsTextType(obx)) {
      remarks.Add("value_type", obx.Where(2), "not a type that is read: kept as text");
    } else if (type.empty()) {
      remarks.Add("value_type", obx.Where(2), "missing: kept as text");
    }
    fact.value_text = Trimmed(obx.Text(5));
  }
  return !fact.value_text.empty();
}

// Flag, range and how final it is.
std::string DetailOf(const Hl7Segment& obx, const Observation& seen) {
  std::string detail;
  for (const Hl7Repetition one : obx.Each(8)) {
    const std::string flag = UpperCase(Trimmed(one.Get()));
    if (flag != "N") Append(detail, ", ", flag);
  }
  const std::string range = obx.Text(7);
  if (!FoldText(range).empty()) Append(detail, ", ", "ref " + std::string(Trimmed(range)));
  if (seen.preliminary) Append(detail, ", ", "preliminary");
  return detail;
}

void ReadEncapsulated(const Hl7Segment& obx, Observation& seen, FeedRemarks& remarks) {
  seen.kind = Observation::Kind::kText;
  for (const Hl7Repetition one : obx.Each(5)) {
    const auto text = TextOfEncapsulated(one);
    if (!text) {
      seen.kind = Observation::Kind::kUnreadable;
      remarks.Add("unreadable_note", obx.Where(5),
                  "encapsulated data that is no plain text: a human has to read it");
      return;
    }
    Append(seen.text, "\n", *text);
  }
}

}  // namespace

bool IsTextType(const Hl7Segment& obx) {
  static constexpr std::array<std::string_view, 4> kTypes = {"", "ST", "TX", "FT"};
  return IsOneOf(TypeOf(obx), kTypes);
}

bool IsSingleResult(const Hl7Segment& obx) {
  if (!Trimmed(obx.Get(6)).empty() || !Trimmed(obx.Get(7)).empty() ||
      !Trimmed(obx.Get(8)).empty()) {
    return true;
  }
  const std::string type = TypeOf(obx);
  if (type == "TX" || type == "FT") return false;
  const std::string text = obx.Text(5);
  return obx.Repetitions(5) <= 1 && text.size() <= kSingleResultBytes &&
         text.find('\n') == std::string::npos;
}

Observation ReadObservation(const Hl7Segment& obx, bool as_text, FeedRemarks& remarks) {
  static constexpr std::array<std::string_view, 2> kDeleted = {"D", "W"};
  static constexpr std::array<std::string_view, 2> kCorrected = {"C", "A"};
  static constexpr std::array<std::string_view, 4> kPreliminary = {"P", "R", "S", "I"};
  static constexpr std::array<std::string_view, 2> kNoResult = {"X", "N"};
  Observation seen;
  const std::string type = TypeOf(obx);
  const std::string status = StatusOf(obx);
  Coded coded = ReadCoded(obx, 3, "loinc");
  if (coded.text != coded.code) seen.name = coded.text;
  seen.deleted = IsOneOf(status, kDeleted);
  seen.corrected = IsOneOf(status, kCorrected);
  seen.preliminary = IsOneOf(status, kPreliminary);
  if (IsOneOf(status, kNoResult)) return seen;
  if (IsIdentifying(type, seen.name)) {
    remarks.Add("observation_identifying", obx.Where(3), "names or leads to a person: left out");
    return seen;
  }
  if (type == "ED" || type == "RP") {
    if (seen.deleted) {
      seen.kind = Observation::Kind::kText;
    } else if (obx.Repetitions(5) > 0 && type == "ED") {
      ReadEncapsulated(obx, seen, remarks);
    } else if (obx.Repetitions(5) > 0) {
      seen.kind = Observation::Kind::kUnreadable;
      remarks.Add("unreadable_note", obx.Where(5),
                  "a reference to a document: a human has to read it");
    }
    return seen;
  }
  if (as_text && IsTextType(obx)) {
    seen.kind = Observation::Kind::kText;
    if (!seen.deleted) seen.text = obx.Text(5);
    return seen;
  }
  Fact fact;
  fact.kind = FactKind::kMeasurement;
  const bool has_value = ReadValue(obx, type, fact, remarks);
  if (!has_value && !seen.deleted) return seen;
  if (coded.empty()) {
    remarks.Add("observation_unnamed", obx.Where(3), "a value of what is not stated: left out");
    return seen;
  }
  seen.kind = Observation::Kind::kFact;
  fact.text = std::move(coded.text);
  fact.code = std::move(coded.code);
  fact.system = std::move(coded.system);
  fact.unit = ReadCoded(obx, 6).code;
  fact.detail = DetailOf(obx, seen);
  fact.time = TimeOf(obx, 14, remarks);
  if (seen.deleted) fact.status = FactStatus::kWithdrawn;
  seen.fact = std::move(fact);
  return seen;
}

}  // namespace consilium
