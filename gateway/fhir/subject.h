// Which patient a resource is about.
//
// By its `subject` or `patient` alone. One without it, or whose reference leads to no Patient that
// was sent, or to several, is about nobody: it is left out with a remark, also where only one
// Patient was sent and R4 makes the member optional (Observation, DocumentReference, Composition,
// Encounter). Guessing would be right almost always, and a wrong patient once.
// Threads: functions without state.
#pragma once

#include <string>

#include "gateway/fhir/resource_reader.h"

namespace consilium {

struct FhirSubjectFound {
  const FhirEntry* patient = nullptr;
  const char* code = "";  // of the remark when there is none: "subject_missing", ...
  std::string where;
  std::string text;
};

// `resource` is of a clinical type with a subject. Where R4 makes the subject mandatory and it is
// missing, that is an issue ("required") as well.
FhirSubjectFound FindSubject(const FhirNode& resource, const FhirEntry& entry,
                             const FhirScope& scope);

}  // namespace consilium
