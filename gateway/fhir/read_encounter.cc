// Encounter: https://hl7.org/fhir/R4/encounter.html
#include <utility>

#include "gateway/fhir/resource_reader.h"

namespace consilium {

void ReadEncounter(const FhirNode& encounter, const FhirContext& context, FhirDraft& draft) {
  const std::string status =
      encounter.Code("status", {"planned", "arrived", "triaged", "in-progress", "onleave",
                                "finished", "cancelled", "entered-in-error", "unknown"});
  if (!encounter.Has("status")) encounter.Missing("status");
  const std::string reason = ReadConceptTexts(encounter, "reasonCode");
  if (status == "cancelled" || status == "entered-in-error") return;
  FhirVisit visit;
  visit.id = context.entry.id;
  visit.reason = reason;
  visit.current =
      status == "arrived" || status == "triaged" || status == "in-progress" || status == "onleave";
  draft.visits.push_back(std::move(visit));
}

}  // namespace consilium
