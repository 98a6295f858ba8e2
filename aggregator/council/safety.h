// The safety screen: deterministic tables outside the vote, which can veto a recommendation or flag
// it.
//
// The tables (configs/medications/safety_*.tsv) are a starter that a pharmacist has to sign off
// before clinical use. "Unknown" is never taken for "none": an unknown pregnancy is asked about,
// not assumed away. Threads: immutable after Load; safe to share.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "aggregator/council/medication.h"
#include "shared/domain.h"
#include "shared/result.h"

namespace consilium {

class SafetyTables {
 public:
  // Reads the safety tables of `folder` and checks every name in them against `medications`.
  // kInvalid naming file:line, the value and what was allowed; kNotFound for a missing file.
  static Result<SafetyTables> Load(const std::string& folder, const MedicationTable& medications);

  // What speaks against giving `ingredients` (canonical, sorted) to this patient, worst first, in a
  // stable order. Codes: allergy, cross_reaction, interaction, pregnancy, renal, qt, duplicate,
  // age, unknown_allergy, unknown_medication. Severity "contraindicated" is a veto.
  std::vector<SafetyFlag> Screen(const std::vector<std::string>& ingredients,
                                 const Patient& patient, const MedicationTable& medications) const;

 private:
  struct Data;
  explicit SafetyTables(std::shared_ptr<const Data> data);
  std::shared_ptr<const Data> data_;  // shared: copies are cheap and immutable
};

}  // namespace consilium
