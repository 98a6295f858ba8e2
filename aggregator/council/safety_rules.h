// The rows of configs/medications/safety_*.tsv, checked and ready to match.
//
// A target in a cell is an ingredient ("warfarin"), a class or a group ("@nsaid"), or an exception
// from those before it in the cell ("!celecoxib"). Threads: immutable once built.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "aggregator/council/medication.h"
#include "aggregator/council/medication_index.h"
#include "shared/result.h"

namespace consilium {

inline constexpr std::array<const char*, 9> kSafetyFiles = {
    "safety_groups.tsv", "safety_words.tsv",      "safety_allergies.tsv",
    "safety_age.tsv",    "safety_pregnancy.tsv",  "safety_interactions.tsv",
    "safety_renal.tsv",  "safety_duplicates.tsv", "safety_qt.tsv"};
using SafetyTexts = std::array<std::string, kSafetyFiles.size()>;

enum class Severity { kInfo, kCaution, kHigh, kContraindicated };
inline constexpr const char* kSeverityNames[] = {"info", "caution", "high", "contraindicated"};

struct Targets {
  std::unordered_set<std::string> ingredients;
  std::unordered_set<std::string> classes;
  std::unordered_set<std::string> groups;  // by name, for allergies stated as the group
  std::unordered_set<std::string> except;  // ingredients, although of a class above

  // `name` is an ingredient or, where a whole class was named, the class.
  bool Match(const std::string& name, const MedicationTable& medications) const;
};

// Where a row stands, as it is shown ("safety_qt.tsv:7") and in the order of lines.
struct RowId {
  std::string file;
  std::size_t line = 0;
  std::string Text() const { return file + ":" + std::to_string(line); }
};

struct AllergyRow {
  RowId id;
  Targets allergens;
  std::vector<std::string> reactions;  // keys; {} = any allergic or unstated reaction
  Targets against;
  Severity severity = Severity::kInfo;
  std::string text;
};

struct PairRow {
  RowId id;
  Targets a;
  Targets b;
  Severity severity = Severity::kInfo;
  std::string text;
};

// Of pregnancy, age, renal function, duplicates and QT risk.
struct SingleRow {
  RowId id;
  Targets targets;
  Severity severity = Severity::kInfo;
  std::string text;
  std::optional<double> below;  // eGFR in mL/min/1.73 m2, or age in years: applies when less
  std::optional<double> from;   // age in years: applies when at least
};

enum class AllergyWord {
  kReaction,     // of an allergy: "hives"
  kIntolerance,  // of a side effect: "nausea"
  kNone,         // denies allergies or medications: "nkda"
  kExcept,       // limits a denial: "except"
  kFamily,       // someone else's
  kIgnore,       // says nothing: "allergy to"
};
inline constexpr const char* kAllergyWordNames[] = {"reaction", "intolerance", "none",
                                                    "except",   "family",      "ignore"};

struct SafetyRules {
  NameMap<Targets> groups;         // group -> members
  NameMap<std::string> group_of;   // key of a stated name -> group
  NameMap<AllergyWord> words;      // key -> meaning
  std::size_t longest_phrase = 1;  // tokens, of the two above
  std::vector<AllergyRow> allergies;
  std::vector<PairRow> interactions;
  std::vector<SingleRow> pregnancy;
  std::vector<SingleRow> renal;
  std::vector<SingleRow> age;
  std::vector<SingleRow> duplicates;
  // Severity is the share of a drug in a pair: see safety_qt.tsv.
  std::vector<SingleRow> qt;
};

// kInvalid as tsv.h says. `prefix` stands before the file names in messages, not in RowId.
Result<SafetyRules> BuildSafetyRules(const SafetyTexts& texts, const MedicationTable& medications,
                                     const std::string& prefix = "");

}  // namespace consilium
