// Names of medications as models and people write them, reduced to sets of ingredients.
//
// The table (configs/medications/*.tsv) is ours: US names as canonical, INN and BAN names, brands,
// unambiguous abbreviations, salts, combinations, classes. A name is looked up, never guessed:
// there is no distance matching, so look-alikes (hydralazine, hydroxyzine) cannot merge; an unknown
// name stays as it was stated, flagged. Metoprolol tartrate and succinate are one ingredient with
// another `form`. Threads: immutable after Load; safe to share.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "shared/result.h"

namespace consilium {

struct NormalisedName {
  enum class Kind {
    kIngredients,  // every part is in the table
    kClass,        // names a class ("a beta blocker"), not a drug
    kUnknown,      // at least one part is not in the table, is ambiguous or contradictory
  };
  Kind kind = Kind::kUnknown;
  // Canonical names, sorted, unique. For kUnknown: the known parts and the unknown ones, cleaned
  // and in lower case; for kClass: the class's one name. Empty only when the stated name has no
  // letter or digit.
  std::vector<std::string> ingredients;
  std::string form;  // where it matters clinically: "succinate", "benzathine", "liposomal"; else ""
  std::string note;  // why it is unknown or ambiguous, for people
};

class MedicationTable {
 public:
  // Reads the tables of `folder`. kInvalid naming file:line, the value and what was allowed, for a
  // duplicate name, an empty column, a wrong number of columns or bad UTF-8; kNotFound for a
  // missing file.
  static Result<MedicationTable> Load(const std::string& folder);

  NormalisedName Normalise(std::string_view stated) const;
  // Pharmacologic classes of a canonical ingredient, sorted; empty when unknown.
  const std::vector<std::string>& ClassesOf(std::string_view ingredient) const;
  bool IsClass(std::string_view name) const;
  // Number of canonical ingredients.
  std::size_t size() const;
  // SHA-256 of the tables, first 12 hex: which table a decision was made with.
  const std::string& version() const;

 private:
  struct Data;
  explicit MedicationTable(std::shared_ptr<const Data> data);
  std::shared_ptr<const Data> data_;  // shared: copies of the table are cheap and immutable
};

// "amoxicillin + clavulanate": one string per set, for people and as a key. "" for the empty set.
std::string IngredientKey(const std::vector<std::string>& sorted_ingredients);

}  // namespace consilium
