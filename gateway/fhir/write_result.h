// What the council recommends, in FHIR R4: a Bundle (collection) to be looked at, never an order.
//
// GuidanceResponse says how it ended; RequestGroup lists the candidates, the recommended one first;
// each medication is a MedicationRequest with status draft and intent proposal; each safety flag a
// DetectedIssue; each model that answered or graded a Provenance. Everything carries the label
// AIAST. Nothing is coded that the recommendation does not have coded: medications are text.
//
// | state of the case    | GuidanceResponse.status | besides |
// | accepted..reviewing  | in-progress             | |
// | complete             | success                 | all |
// | degraded             | success                 | all; evaluationMessage says what is missing |
// | insufficient         | data-required           | flags, provenance; no medication at all |
// | failed               | failure                 | no medication |
// | cancelled            | entered-in-error        | nothing: it was withdrawn |
//
// Bundle and GuidanceResponse have the id of the case, by which they are got (unless FHIR allows no
// such id); what can be had only within the Bundle has one made from case id, revision and place,
// and is named by urn:uuid. Written again, it is the same Bundle, byte for byte. Source: FHIR R4,
// guidanceresponse.html, requestgroup.html, detectedissue.html. Threads: functions without state.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "gateway/clinical/record.h"
#include "shared/messages.h"

namespace consilium {

// Whom a result is about, as the one who sent the case said it. A relative reference is relative to
// the one who sent it, not to us: state the identifiers too, or make it absolute where its server
// is known.
struct FhirSubject {
  std::string patient;  // "https://ehr/fhir/Patient/123", "Patient/123", "urn:uuid:..."; or ""
  std::vector<PatientId> ids;  // the first one is written
  std::string encounter;       // "Encounter/9"; "" = not stated
};

struct FhirOutput {
  std::string
      base;  // "https://host/fhir", without a slash at its end; "" = all places are urn:uuid
  std::string module;  // GuidanceResponse.moduleUri: which council; not empty
};

// The last recommendation of the case counts. JSON of a Bundle.
std::string WriteResult(const CaseView& view, const FhirSubject& subject, const FhirOutput& output);

// One medication as a MedicationRequest, draft and proposal, with what the model stated and nothing
// else. `alternative`: it is not the one that is recommended; `simulated`: no real model said so.
struct FhirProposal {
  Medication medication;
  std::string id;
  std::string case_id;
  bool alternative = false;
  bool simulated = false;
};
nlohmann::ordered_json MedicationProposal(const FhirProposal& proposal, const FhirSubject& subject);

}  // namespace consilium
