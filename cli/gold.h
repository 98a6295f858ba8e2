// What is right in a vignette, and answers judged by it; the same for recorded answers and for
// those of a running cluster.
//
//   {"id", "options": {"A": ..., ...}, "gold_option", "gold_medications", "gold_is_class",
//    "acceptable", "must_not"}
//
// A vignette with options is a closed choice: its answers are letters, right is `gold_option`.
// Without options it is open: its answers are ingredient sets, coded as live ones are, and right is
// the set of `gold_medications` or one of `acceptable` (sets). Where the right medications are
// known, and are no class of drugs (`gold_is_class`), sets are scored as well; `must_not` names
// what must not be given. Further fields are not used. Threads: functions without state.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "aggregator/council/medication.h"
#include "aggregator/evaluation/judged_case.h"
#include "shared/result.h"

namespace consilium {

struct Gold {
  std::string letters;                          // of its options; "" = open
  std::string option;                           // right; "" = not known
  std::optional<std::vector<std::string>> set;  // right ingredients
  std::vector<std::vector<std::string>> acceptable;
  // Each the ingredients of one name: a combination is meant as a whole.
  std::optional<std::vector<std::vector<std::string>>> must_not;
};

// Of a JSON object. Errors (kInvalid) name the field and what was expected.
Result<Gold> ReadGold(const nlohmann::json& vignette, const MedicationTable& table);

// What a model said, as far as it is judged.
struct StatedAnswer {
  std::optional<std::string> option;                    // a letter; "" = none
  std::optional<std::vector<std::string>> medications;  // as named
};

// Answers of one vignette with the same key mean the same. Absent: an answer without an option
// (closed) or medications (open) is missing. kInvalid: an option that the question does not have.
Result<std::optional<std::string>> AnswerKey(const StatedAnswer& stated, const Gold& gold,
                                             const MedicationTable& table);

// The case of a vignette before anybody answered.
JudgedCase OpenCase(const std::string& vignette, const Gold& gold);
// `answer` is what is known of it, with its key; whether it is right is set here. Of answers with
// one key the set is that of the first which names medications (open: of any, as they are the
// same), and the key is unsafe where one of them is.
void AddAnswer(const StatedAnswer& stated, const Gold& gold, const MedicationTable& table,
               EvidenceAnswer answer, const Tokens& tokens, JudgedCase& judged);

// Whether all ingredients of one of `must_not` are among these; all sorted.
bool NamesForbidden(const std::vector<std::vector<std::string>>& must_not,
                    const std::vector<std::string>& ingredients);

}  // namespace consilium
