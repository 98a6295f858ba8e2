// Answers coded for comparison: the set of ingredients behind the names that a model used.
//
// A name that the table does not know stays as stated and is never merged with another one.
// Threads: functions without state.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "aggregator/council/medication.h"
#include "shared/domain.h"

namespace consilium {

// What a list of stated names comes down to.
struct IngredientSet {
  std::vector<std::string> ingredients;  // sorted, unique; {} = no medication
  bool known = true;                     // every name is one of the table's drugs
  std::vector<SafetyFlag> flags;         // "unknown_medication", one per name that is not
};
IngredientSet CodeNames(const std::vector<std::string>& names, const MedicationTable& table);

// One answer, coded. `model` and `answer` are borrowed from the record.
struct CodedAnswer {
  std::string_view model;
  const Answer* answer = nullptr;
  IngredientSet set;
  std::string option;  // closed choice: the letter, upper case; "" = none
  // Answers with the same key mean the same. Sets with an unknown name never share a key with a
  // known one; answers without medications are told apart by their option.
  std::string key;
};
CodedAnswer CodeAnswer(std::string_view model, const Answer& answer,
                       const std::map<std::string, std::string>& options,
                       const MedicationTable& table);

// The ingredients of one stated name; never empty.
NormalisedName CodeName(const std::string& stated, const MedicationTable& table);

// Lower case, without spaces at the ends, single spaces inside. Only ASCII letters change case.
std::string Folded(std::string_view text);

}  // namespace consilium
