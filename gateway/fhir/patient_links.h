// Patients that are said to be one: Patient.link (replaces, replaced-by).
// Source: FHIR R4, patient.html#merge. Threads: functions without state.
#pragma once

#include <vector>

#include "gateway/clinical/record.h"
#include "gateway/fhir/scope.h"

namespace consilium {

// What the links of one Patient say.
struct PatientLinks {
  std::vector<const FhirEntry*> ended;  // Patients that were sent and that it replaces
  std::vector<PatientId> ended_ids;     // those that it replaces by identifier
  bool replaced = false;                // another Patient stands in its place ...
  const FhirEntry* by = nullptr;        // ... which was sent
};
PatientLinks ReadPatientLinks(const FhirNode& patient, const FhirEntry& entry,
                              const FhirScope& scope);

inline constexpr std::size_t kEndedIdsMax = 1024;  // of one record

// Adds the ids that end, without those that `record`'s patient has, and each once. False: there are
// more than kEndedIdsMax.
bool EndIds(const std::vector<PatientId>& ids, FeedRecord& record);

}  // namespace consilium
