// The medication tables as one hash table from keys (name_text.h) to meanings.
//
// Invariant: a key has at most one meaning (ingredients, class or ambiguity); salts and noise words
// may be names as well only for salts ("potassium"), where the neighbours decide. Threads:
// immutable once built.
#pragma once

#include <array>
#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "shared/result.h"

namespace consilium {

struct TransparentHash {
  using is_transparent = void;  // NOLINT(readability-identifier-naming): the standard's name
  std::size_t operator()(std::string_view text) const {
    return std::hash<std::string_view>{}(text);
  }
};
template <class T>
using NameMap = std::unordered_map<std::string, T, TransparentHash, std::equal_to<>>;

// The text of each table, in the order of kMedicationFiles.
inline constexpr std::array<const char*, 7> kMedicationFiles = {
    "ingredients.tsv", "combinations.tsv", "classes.tsv", "salts.txt",
    "forms.tsv",       "ambiguous.tsv",    "noise.txt"};
using MedicationTexts = std::array<std::string, kMedicationFiles.size()>;

struct Meaning {
  enum class Kind { kIngredients, kClass, kAmbiguous };
  Kind kind = Kind::kIngredients;
  std::vector<std::string> names;  // ingredients, sorted; or the one class; {} when ambiguous
  std::string why;                 // of an ambiguity
  std::string where;               // "ingredients.tsv:12"
};

struct NameEntry {
  static constexpr std::size_t kNone = static_cast<std::size_t>(-1);
  std::size_t meaning = kNone;  // index into `meanings`
  bool noise = false;
  bool salt = false;
  bool form = false;
};

struct MedicationIndex {
  NameMap<NameEntry> names;
  std::vector<Meaning> meanings;
  NameMap<std::vector<std::string>> classes_of;  // ingredient -> sorted classes
  std::unordered_set<std::string> classes;
  NameMap<std::vector<std::string>> forms_of;  // ingredient -> forms that matter, as keys
  std::size_t longest = 1;                     // tokens of the longest key
};

// kInvalid as tsv.h says. `prefix` stands before the file names in messages and in `where`.
Result<MedicationIndex> BuildMedicationIndex(const MedicationTexts& texts,
                                             const std::string& prefix = "");

}  // namespace consilium
