// Names of code systems: HL7 v2 (table 0396), FHIR (uri) and common spellings of one are one.
// Threads: functions without state.
#pragma once

#include <string>
#include <string_view>

namespace consilium {

// "loinc", "snomed", "rxnorm", "icd10", "icd9", "ndc", "cvx", "atc", "ucum" for the known ones,
// else the name folded; "" for "".
std::string CodeSystemKey(std::string_view system);

}  // namespace consilium
