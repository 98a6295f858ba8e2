#include "gateway/clinical/patient_facts.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <string>
#include <string_view>

#include "gateway/clinical/age.h"
#include "gateway/clinical/code_system.h"
#include "gateway/clinical/fold_text.h"
#include "gateway/clinical/iso_time.h"
#include "shared/limits.h"
#include "shared/text.h"

namespace consilium {
namespace {

using Names = std::vector<std::string_view>;

// What is looked for among the measurements. Names are folded.
struct Wanted {
  Names loinc;
  Names names;
  bool more_may_follow = false;  // "eGFR (MDRD)"
};

const Wanted& Egfr() {
  // Source: loinc.org, class CHEM: GFR predicted, by MDRD, CKD-EPI 2009 and 2021, cystatin C.
  static const Wanted wanted = {
      {"33914-3", "48642-3", "48643-1", "62238-1", "69405-9", "98979-8", "98980-6"},
      {"egfr", "estimated gfr", "glomerular filtration rate",
       "estimated glomerular filtration rate", "gfr"},
      true};
  return wanted;
}
const Wanted& Weight() {
  static const Wanted wanted = {{"29463-7", "3141-9"},
                                {"weight", "body weight", "patient weight", "weight measured",
                                 "body weight measured", "wt", "current weight"}};
  return wanted;
}
const Wanted& Pregnancy() {
  static const Wanted wanted = {{"82810-3", "11449-6"},
                                {"pregnancy status", "pregnant", "pregnancy", "pregnancy test"}};
  return wanted;
}

bool Has(const Names& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

bool Is(const Fact& fact, const Wanted& wanted) {
  if (fact.kind != FactKind::kMeasurement || fact.status != FactStatus::kActive) return false;
  const std::string system = CodeSystemKey(fact.system);
  if ((system == "loinc" || system.empty()) && Has(wanted.loinc, fact.code)) return true;
  const std::string name = FoldText(fact.text);
  return std::any_of(wanted.names.begin(), wanted.names.end(), [&](std::string_view start) {
    return name.substr(0, start.size()) == start &&
           (name.size() == start.size() || (wanted.more_may_follow && name[start.size()] == ' '));
  });
}

// The latest one, and of those without a time the last one stated.
const Fact* Latest(const std::vector<Fact>& facts, const Wanted& wanted) {
  const Fact* latest = nullptr;
  std::optional<IsoTime> latest_time;
  for (const Fact& fact : facts) {
    if (!Is(fact, wanted)) continue;
    const auto time = ParseIsoTime(fact.time);
    if (latest != nullptr && latest_time && (!time || time->begin_ms < latest_time->begin_ms)) {
      continue;
    }
    latest = &fact;
    latest_time = time;
  }
  return latest;
}

void Unusable(const char* what, const char* why, std::vector<Remark>& remarks) {
  remarks.push_back({"value_unusable", what, why});
}

bool IsPlainNumber(const Fact& fact) {
  return fact.value && std::isfinite(*fact.value) &&
         fact.value_text.find_first_of("<>") == std::string::npos;
}

std::optional<double> EgfrOf(const std::vector<Fact>& facts, std::vector<Remark>& remarks) {
  const Fact* fact = Latest(facts, Egfr());
  if (fact == nullptr) return std::nullopt;
  const std::string unit = FoldText(fact->unit);
  if (!IsPlainNumber(*fact)) {
    Unusable("eGFR", "not one number: it stands in the text only", remarks);
  } else if (!unit.empty() && unit.rfind("ml min", 0) != 0 && unit.rfind("mlmin", 0) != 0) {
    Unusable("eGFR", "not in mL/min: it stands in the text only", remarks);
  } else if (*fact->value < 0 || *fact->value > 250) {
    Unusable("eGFR", "not in 0..250: it stands in the text only", remarks);
  } else {
    return fact->value;
  }
  return std::nullopt;
}

// Kilograms in one of a unit; 0 = not a unit of weight that is known.
double KilogramsPer(const std::string& folded_unit) {
  static const Names kKilograms = {"kg", "kgs", "kilogram", "kilograms"};
  static const Names kPounds = {"lb", "lbs", "lb av", "pound", "pounds"};
  static const Names kGrams = {"g", "gm", "gram", "grams"};
  if (Has(kKilograms, folded_unit)) return 1;
  if (Has(kPounds, folded_unit)) return 0.45359237;
  if (Has(kGrams, folded_unit)) return 0.001;
  return 0;
}

std::optional<double> WeightOf(const std::vector<Fact>& facts, std::vector<Remark>& remarks) {
  const Fact* fact = Latest(facts, Weight());
  if (fact == nullptr) return std::nullopt;
  const double per_unit = KilogramsPer(FoldText(fact->unit));
  if (!IsPlainNumber(*fact)) {
    Unusable("weight", "not one number: it stands in the text only", remarks);
  } else if (per_unit == 0) {
    Unusable("weight", "unit not kg, g or lb: it stands in the text only", remarks);
  } else {
    const double kg = std::round(*fact->value * per_unit * 1000) / 1000;
    if (kg >= 0.2 && kg <= 700) return kg;
    Unusable("weight", "not in 0.2..700 kg: it stands in the text only", remarks);
  }
  return std::nullopt;
}

// Values in words, as LOINC answers (82810-3) and as SNOMED CT codes.
std::optional<bool> PregnancyOf(const std::vector<Fact>& facts) {
  static const Names kYes = {
      "pregnant",         "positive",           "yes",       "y",       "pos", "true",
      "patient pregnant", "currently pregnant", "la15173 0", "77386006"};
  static const Names kNo = {"not pregnant",
                            "negative",
                            "no",
                            "n",
                            "neg",
                            "false",
                            "patient not pregnant",
                            "patient currently not pregnant",
                            "la26683 5",
                            "60001007"};
  const Fact* fact = Latest(facts, Pregnancy());
  if (fact == nullptr) return std::nullopt;
  const std::string value = FoldText(fact->value_text);
  if (Has(kYes, value)) return true;
  if (Has(kNo, value)) return false;
  return std::nullopt;
}

// Words after which the safety rules read a statement otherwise: as denied, or as a relative's.
// Such a detail stands in the text only.
bool ChangesMeaning(std::string_view detail) {
  static const Names kWords = {
      "no",        "not",     "none",   "nil",         "denies",     "denied", "negative",
      "n",         "a",       "except", "but",         "besides",    "family", "mother",
      "father",    "brother", "sister", "son",         "daughter",   "parent", "sibling",
      "tolerates", "fh",      "fhx",    "grandmother", "grandfather"};
  const std::string folded = FoldText(detail);
  for (std::size_t at = 0; at < folded.size();) {
    const std::size_t end = std::min(folded.find(' ', at), folded.size());
    if (Has(kWords, std::string_view(folded).substr(at, end - at))) return true;
    at = end + 1;
  }
  return false;
}

std::string Stated(const Fact& fact) {
  constexpr std::size_t kDetailBytesMax = 200;
  std::string text = NameOf(fact);
  if (fact.detail.empty() || fact.detail.size() > kDetailBytesMax) return text;
  if (fact.kind == FactKind::kAllergy && ChangesMeaning(fact.detail)) return text;
  std::string detail = fact.detail;
  std::replace(detail.begin(), detail.end(), '(', '[');
  std::replace(detail.begin(), detail.end(), ')', ']');
  return text + " (" + detail + ")";
}

Result<std::vector<std::string>> ListOf(FactKind kind, const std::vector<Fact>& facts) {
  std::vector<std::string> list;
  for (const Fact& fact : facts) {
    if (fact.kind != kind || fact.status != FactStatus::kActive || Trimmed(NameOf(fact)).empty()) {
      continue;
    }
    list.push_back(Stated(fact));
  }
  if (list.size() > limits::kMedicationsMax) {
    return Error{ErrorCode::kTooLarge, std::string(kFactKindNames[static_cast<std::size_t>(kind)]) +
                                           ": " + std::to_string(list.size()) +
                                           " stated, expected at most " +
                                           std::to_string(limits::kMedicationsMax)};
  }
  return list;
}

}  // namespace

const std::string& NameOf(const Fact& fact) { return fact.text.empty() ? fact.code : fact.text; }

Result<Patient> MakePatient(const Demographics& patient, const std::vector<Fact>& facts,
                            std::int64_t now_ms, std::vector<Remark>& remarks) {
  Patient made;
  if (!patient.birth_date.empty()) {
    if (const auto age = AgeAt(patient.birth_date, now_ms)) {
      made.age = age->years;
      if (!age->exact) {
        remarks.push_back({"age_imprecise", "birth_date", "not stated to the day"});
      }
    } else {
      remarks.push_back({"birth_date_unusable", "birth_date",
                         "not a date of the last 130 years: the age is not known"});
    }
  }
  if (!patient.sex.empty() && patient.sex != "unknown") made.sex = patient.sex;
  auto allergies = ListOf(FactKind::kAllergy, facts);
  if (!allergies) return allergies.error();
  made.allergies = *std::move(allergies);
  auto medications = ListOf(FactKind::kMedication, facts);
  if (!medications) return medications.error();
  made.medications = *std::move(medications);
  made.egfr = EgfrOf(facts, remarks);
  made.weight_kg = WeightOf(facts, remarks);
  made.pregnant = PregnancyOf(facts);
  if (made.pregnant.value_or(false) && patient.sex == "male") {
    made.pregnant.reset();
    remarks.push_back({"pregnancy_conflict", "sex",
                       "male and pregnant were stated: neither is used"
                       " to decide on pregnancy"});
  }
  return made;
}

}  // namespace consilium
