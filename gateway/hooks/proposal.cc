#include "gateway/hooks/proposal.h"

#include "gateway/fhir/write_result.h"
#include "gateway/hooks/card_escape.h"

namespace consilium {
namespace {

constexpr std::size_t kFieldMax = 300;

// One line each: a client puts them into fields and buttons.
Medication OneLined(const Medication& medication) {
  Medication clean;
  clean.ingredient = CleanLine(medication.ingredient, kFieldMax);
  clean.dose = CleanLine(medication.dose, kFieldMax);
  clean.unit = CleanLine(medication.unit, kFieldMax);
  clean.route = CleanLine(medication.route, kFieldMax);
  clean.frequency = CleanLine(medication.frequency, kFieldMax);
  clean.duration = CleanLine(medication.duration, kFieldMax);
  clean.indication = CleanLine(medication.indication, kFieldMax);
  return clean;
}

}  // namespace

nlohmann::ordered_json DraftProposal(const Medication& medication, const ProposalFrame& frame,
                                     const std::string& id) {
  FhirProposal proposal;
  proposal.medication = OneLined(medication);
  proposal.id = id;
  proposal.case_id = frame.case_id;
  proposal.simulated = frame.simulated;
  FhirSubject subject;
  subject.patient = "Patient/" + frame.patient;
  if (!frame.encounter.empty()) subject.encounter = "Encounter/" + frame.encounter;
  nlohmann::ordered_json request = MedicationProposal(proposal, subject);
  // Where it comes from, as it will be read in the client's own record.
  request["note"].push_back({{"text", "Consilium case " + frame.case_id + ", revision " +
                                          std::to_string(frame.revision) + "."}});
  return request;
}

}  // namespace consilium
