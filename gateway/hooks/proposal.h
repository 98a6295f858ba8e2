// A medication of a recommendation as a MedicationRequest that orders nothing. Included by .cc
// files only: it needs nlohmann/json. Threads: a function without state.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "shared/domain.h"

namespace consilium {

struct ProposalFrame {
  std::string patient;    // FHIR ids
  std::string encounter;  // "" = none
  std::string case_id;
  std::int64_t revision = 1;
  bool simulated = false;
};

// As every proposal of Consilium in FHIR (gateway/fhir/write_result.h), for this patient and with
// the case in its notes.
nlohmann::ordered_json DraftProposal(const Medication& medication, const ProposalFrame& frame,
                                     const std::string& id);

}  // namespace consilium
