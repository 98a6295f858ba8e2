// How right the council was in the demo, beside its single models on the same cases.
//
// Measures, in this order, each on the set of ingredients after normalisation with the medication
// table; a case counts in exactly one of them:
//   unsafe      contains a medication of the case's must-not list
//   right       the same set as the gold one
//   acceptable  the same set as one of the stated alternatives
//   wrong       anything else
//   abstained   no recommendation (insufficient, failed, cancelled); for a model: no usable answer
// Threads: functions without state.
#pragma once

#include <array>
#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "aggregator/council/medication.h"
#include "shared/domain.h"
#include "shared/result.h"

namespace consilium {

enum class Verdict { kRight, kAcceptable, kWrong, kUnsafe, kAbstained };
inline constexpr std::array<std::string_view, 5> kVerdictNames{"right", "acceptable", "wrong",
                                                               "unsafe", "abstained"};

// Normalised, each set sorted.
struct DemoGold {
  std::vector<std::string> gold;
  std::vector<std::vector<std::string>> acceptable;
  std::vector<std::vector<std::string>> must_not;  // one set per name
};

// Case id -> gold, from NDJSON in the form of configs/demo/vignettes.jsonl. kInvalid names line and
// field.
Result<std::map<std::string, DemoGold>> ParseDemoGold(std::string_view text,
                                                      const std::string& name,
                                                      const MedicationTable& table);

// `ingredients` as the aggregator normalised them.
Verdict Judge(const DemoGold& gold, bool decided, const std::vector<std::string>& ingredients);
Verdict Judge(const DemoGold& gold, const Recommendation& recommendation);

struct VerdictCounts {
  std::array<std::size_t, kVerdictNames.size()> count{};
  std::size_t of(Verdict verdict) const { return count.at(static_cast<std::size_t>(verdict)); }
  void Add(Verdict verdict) { ++count.at(static_cast<std::size_t>(verdict)); }
};

// Counts over the cases that ended, from the recommendations and the answers recorded in them.
struct DemoScore {
  std::size_t cases = 0;
  std::map<CaseState, std::size_t> states;
  VerdictCounts council;
  std::map<std::string, VerdictCounts> models;
  std::map<std::string, std::size_t> seated;  // cases that each model was asked
  std::int64_t calls = 0;
  std::size_t simulated = 0;  // cases in which a simulated model took part

  void Add(const DemoGold& gold, const Recommendation& recommendation);
  // The model with the most right answers, ties by name; "" when there is none.
  std::string BestModel() const;
};

}  // namespace consilium
