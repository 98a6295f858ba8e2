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

// FHIR R4: status "draft", intent "proposal" ("no authorization to act"), labelled as asserted by
// AI (v3-ObservationValue|AIAST). Nothing that was not stated is in it: no code, no requester, no
// date.
nlohmann::ordered_json DraftProposal(const Medication& medication, const ProposalFrame& frame);

}  // namespace consilium
