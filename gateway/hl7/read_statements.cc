#include "gateway/hl7/read_statements.h"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

#include "gateway/clinical/code_system.h"
#include "gateway/clinical/fold_text.h"
#include "gateway/hl7/feed_values.h"
#include "shared/text.h"

namespace consilium {
namespace {

void SetCoded(Coded coded, FactKind kind, Fact& fact) {
  fact.kind = kind;
  fact.text = std::move(coded.text);
  fact.code = std::move(coded.code);
  fact.system = std::move(coded.system);
}

template <std::size_t N>
bool IsOneOf(std::string_view word, const std::array<std::string_view, N>& words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

// Table 0128 in words.
std::string_view SeverityOf(const Hl7Segment& segment, std::size_t field) {
  const std::string code = UpperCase(Trimmed(segment.Get(field)));
  if (code == "MI") return "mild";
  if (code == "MO") return "moderate";
  if (code == "SV") return "severe";
  return "";
}

// Words that stand where no reaction is known.
bool IsUnknown(std::string_view text) {
  static constexpr std::array<std::string_view, 12> kWords = {
      "unknown", "unk", "not known", "not specified", "unspecified",         "other",
      "u",       "n a", "na",        "none recorded", "allergies not known", "not on file"};
  return IsOneOf(FoldText(text), kWords);
}

bool IsNoneKnown(const Fact& fact) {
  static constexpr std::array<std::string_view, 16> kTexts = {"nka",
                                                              "nkda",
                                                              "nkma",
                                                              "no known allergies",
                                                              "no known allergy",
                                                              "none",
                                                              "none known",
                                                              "no allergies",
                                                              "no drug allergies",
                                                              "no known drug allergies",
                                                              "no known drug allergy",
                                                              "no known medication allergies",
                                                              "denies allergies",
                                                              "no known medication allergy",
                                                              "no known drug or food allergies",
                                                              "no allergy"};
  // Source: SNOMED CT: no known allergy; no known drug allergy.
  static constexpr std::array<std::string_view, 2> kCodes = {"716186003", "409137002"};
  const std::string system = CodeSystemKey(fact.system);
  if ((system == "snomed" || system.empty()) && IsOneOf(fact.code, kCodes)) return true;
  return IsOneOf(FoldText(fact.text), kTexts) || IsOneOf(FoldText(fact.code), kTexts);
}

bool IsPartlyNone(const Fact& fact) { return FoldText(fact.text).rfind("no known ", 0) == 0; }

// The allergen of AL1-3, IAM-3, and what is said about it; false where it says nothing.
bool ReadAllergen(const Hl7Segment& segment, Fact& fact, FeedRemarks& remarks) {
  SetCoded(ReadCoded(segment, 3), FactKind::kAllergy, fact);
  if (fact.text.empty()) return false;
  if (IsNoneKnown(fact)) {
    fact.status = FactStatus::kNoneKnown;
    return true;
  }
  if (IsPartlyNone(fact)) {
    remarks.Add("allergy_partly_none", segment.Where(3),
                "says of one kind that there is none: not the same as no known allergies");
    return false;
  }
  if (IsUnknown(fact.text)) {
    remarks.Add("allergy_unknown", segment.Where(3),
                "names no substance: not the same as no known allergies");
    return false;
  }
  fact.detail = SeverityOf(segment, 4);
  for (const Hl7Repetition one : segment.Each(5)) {
    const std::string reaction = ReadCoded(one).text;
    if (!IsUnknown(reaction)) Append(fact.detail, "; ", reaction);
  }
  return true;
}

}  // namespace

bool ReadDg1(const Hl7Segment& dg1, Fact& fact, FeedRemarks& remarks) {
  SetCoded(ReadCoded(dg1, 3), FactKind::kDiagnosis, fact);
  // Before v2.5: the coding method in DG1-2, the words in DG1-4.
  if (fact.system.empty()) fact.system = Trimmed(dg1.Get(2));
  const std::string words(Trimmed(dg1.Text(4)));
  if (!words.empty() && (fact.text.empty() || fact.text == fact.code)) fact.text = words;
  if (fact.text.empty()) return false;
  fact.time = TimeOf(dg1, 5, remarks);
  if (UpperCase(dg1.Get(21)) == "D") fact.status = FactStatus::kWithdrawn;
  return true;
}

bool ReadPrb(const Hl7Segment& prb, Fact& fact, FeedRemarks& remarks) {
  SetCoded(ReadCoded(prb, 3), FactKind::kDiagnosis, fact);
  if (fact.text.empty()) return false;
  if (FoldText(fact.text) == "no known problems") fact.status = FactStatus::kNoneKnown;
  fact.time = TimeOf(prb, 2, remarks);
  const std::string life_cycle = FoldText(ReadCoded(prb, 14).text);
  static constexpr std::array<std::string_view, 6> kEnded = {"inactive", "resolved", "i",
                                                             "r",        "rejected", "ruled out"};
  if (!TimeOf(prb, 9, remarks).empty() || IsOneOf(life_cycle, kEnded)) {
    fact.status = FactStatus::kInactive;
  }
  if (UpperCase(prb.Get(1)) == "DE") fact.status = FactStatus::kWithdrawn;
  return true;
}

bool ReadAl1(const Hl7Segment& al1, Fact& fact, FeedRemarks& remarks) {
  if (!ReadAllergen(al1, fact, remarks)) return false;
  fact.time = TimeOf(al1, 6, remarks);
  return true;
}

bool ReadIam(const Hl7Segment& iam, Fact& fact, FeedRemarks& remarks) {
  if (!ReadAllergen(iam, fact, remarks)) return false;
  // Table 0436: an intolerance and a side effect are no allergy.
  const std::string sensitivity = UpperCase(Trimmed(iam.Get(9)));
  if (sensitivity == "IN") Append(fact.detail, "; ", "intolerance");
  if (sensitivity == "SE") Append(fact.detail, "; ", "side effect");
  fact.time = TimeOf(iam, 13, remarks);
  // Table 0438: confirmed but inactive, erroneous. Table 0206: delete.
  const std::string status = UpperCase(Trimmed(iam.Get(17)));
  if (status == "I") fact.status = FactStatus::kInactive;
  if (status == "E" || UpperCase(Trimmed(iam.Get(6))) == "D") fact.status = FactStatus::kWithdrawn;
  return true;
}

}  // namespace consilium
