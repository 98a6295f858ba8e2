// Reads what was stated about one allergy: "penicillin (anaphylaxis)", "codeine - nausea", "NKDA".
//
// Nothing is guessed: what is in no table is handed back as unknown.
// Threads: functions without state.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "aggregator/council/medication.h"
#include "aggregator/council/safety_rules.h"

namespace consilium {

struct StatedAllergy {
  enum class Manner {
    kAllergy,      // also when no reaction is stated
    kIntolerance,  // side effects only
    kFamily,       // a relative's
    kDenied,       // "not allergic to x": a denial that names something
  };
  Manner manner = Manner::kAllergy;
  std::string stated;                    // as it came
  std::vector<std::string> ingredients;  // canonical
  std::vector<std::string> classes;      // classes.tsv
  std::vector<std::string> groups;       // safety_groups.tsv
  std::vector<std::string> unknown;      // what is not understood
  std::vector<std::string> reactions;    // keys of the reaction and intolerance words
  // Says that there is none, or nothing at all.
  bool empty() const {
    return ingredients.empty() && classes.empty() && groups.empty() && unknown.empty();
  }
};

StatedAllergy ReadAllergy(std::string_view stated, const SafetyRules& rules,
                          const MedicationTable& medications);

// What a patient takes. A class that is named without a drug stands for itself.
struct StatedMedications {
  std::vector<std::string> names;    // ingredients and classes, sorted, unique
  std::vector<std::string> unknown;  // in the order stated, unique
};

StatedMedications ReadMedications(const std::vector<std::string>& stated, const SafetyRules& rules,
                                  const MedicationTable& medications);

// Whether `name` is a canonical ingredient or a class.
bool IsKnown(const std::string& name, const MedicationTable& medications);

}  // namespace consilium
