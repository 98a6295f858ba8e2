#include "gateway/hooks/proposal.h"

#include "gateway/hooks/card_detail.h"
#include "gateway/hooks/card_escape.h"

namespace consilium {

using nlohmann::ordered_json;

ordered_json DraftProposal(const Medication& medication, const ProposalFrame& frame) {
  ordered_json request = {
      {"resourceType", "MedicationRequest"},
      {"meta",
       {{"security", ordered_json::array(
                         {{{"system", "http://terminology.hl7.org/CodeSystem/v3-ObservationValue"},
                           {"code", "AIAST"},
                           {"display", "Artificial Intelligence asserted"}}})}}},
      {"status", "draft"},
      {"intent", "proposal"},
      {"medicationCodeableConcept", {{"text", CleanLine(medication.ingredient, 300)}}},
      {"subject", {{"reference", "Patient/" + frame.patient}}}};
  if (!frame.encounter.empty()) {
    request["encounter"] = {{"reference", "Encounter/" + frame.encounter}};
  }
  const std::string indication = CleanLine(medication.indication, 300);
  if (!indication.empty()) {
    request["reasonCode"] = ordered_json::array({{{"text", indication}}});
  }
  std::string note = "Proposed by a council of language models, Consilium case " + frame.case_id +
                     ", revision " + std::to_string(frame.revision) +
                     ". To be reviewed by a clinician before use.";
  if (frame.simulated) note = "SIMULATED, not medical advice. " + note;
  request["note"] = ordered_json::array({{{"text", note}}});
  const std::string dosage = CleanLine(DosageText(medication), 500);
  if (!dosage.empty()) {
    request["dosageInstruction"] = ordered_json::array({{{"text", dosage}}});
  }
  return request;
}

}  // namespace consilium
