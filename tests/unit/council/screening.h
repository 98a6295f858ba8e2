// Safety screens in tests: tables from a folder, patients of one fact, flags as one line of text.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "aggregator/council/medication.h"
#include "aggregator/council/safety.h"
#include "shared/check.h"
#include "tests/unit/council/table_folder.h"

namespace consilium {

using Names = std::vector<std::string>;

struct Tables {
  MedicationTable medications;
  SafetyTables safety;
};

inline Tables LoadTables(const std::string& folder) {
  auto medications = MedicationTable::Load(folder);
  CHECK(medications.ok(), medications.error().text.c_str());
  auto safety = SafetyTables::Load(folder, *medications);
  CHECK(safety.ok(), safety.error().text.c_str());
  return {*std::move(medications), *std::move(safety)};
}

inline std::string Show(const SafetyFlag& flag) {
  std::string text =
      flag.severity + " " + flag.code + " [" + IngredientKey(flag.ingredients) + "] ";
  return text + flag.text + " <" + flag.rule + ">";
}

inline Names Screen(const Tables& tables, const Names& ingredients, const Patient& patient) {
  Names lines;
  for (const auto& flag : tables.safety.Screen(ingredients, patient, tables.medications)) {
    lines.push_back(Show(flag));
  }
  return lines;
}
inline Patient WithAllergies(Names allergies) {
  Patient patient;
  patient.allergies = std::move(allergies);
  patient.sex = "male";
  return patient;
}
inline Patient Taking(Names medications) {
  Patient patient;
  patient.medications = std::move(medications);
  patient.sex = "male";
  return patient;
}

}  // namespace consilium
