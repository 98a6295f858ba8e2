#include "gateway/clinical/code_system.h"

#include <algorithm>
#include <iterator>

#include "gateway/clinical/fold_text.h"

namespace consilium {
namespace {

struct Name {
  std::string_view folded;
  std::string_view key;
};

// Source: HL7 table 0396 and hl7.org/fhir/R4/terminologies-systems.html.
constexpr Name kNames[] = {
    {"ln", "loinc"},
    {"lnc", "loinc"},
    {"loinc", "loinc"},
    {"http loinc org", "loinc"},
    {"urn oid 2 16 840 1 113883 6 1", "loinc"},
    {"2 16 840 1 113883 6 1", "loinc"},
    {"sct", "snomed"},
    {"sct2", "snomed"},
    {"snm", "snomed"},
    {"snomed", "snomed"},
    {"snomed ct", "snomed"},
    {"snomedct", "snomed"},
    {"http snomed info sct", "snomed"},
    {"urn oid 2 16 840 1 113883 6 96", "snomed"},
    {"2 16 840 1 113883 6 96", "snomed"},
    {"rxnorm", "rxnorm"},
    {"rxnorm cui", "rxnorm"},
    {"rxcui", "rxnorm"},
    {"http www nlm nih gov research umls rxnorm", "rxnorm"},
    {"urn oid 2 16 840 1 113883 6 88", "rxnorm"},
    {"i10", "icd10"},
    {"i10c", "icd10"},
    {"icd10", "icd10"},
    {"icd 10", "icd10"},
    {"icd10cm", "icd10"},
    {"icd 10 cm", "icd10"},
    {"icd10 cm", "icd10"},
    {"http hl7 org fhir sid icd 10", "icd10"},
    {"http hl7 org fhir sid icd 10 cm", "icd10"},
    {"i9", "icd9"},
    {"i9c", "icd9"},
    {"i9cdx", "icd9"},
    {"icd9", "icd9"},
    {"icd 9", "icd9"},
    {"icd9cm", "icd9"},
    {"icd 9 cm", "icd9"},
    {"http hl7 org fhir sid icd 9 cm", "icd9"},
    {"ndc", "ndc"},
    {"http hl7 org fhir sid ndc", "ndc"},
    {"cvx", "cvx"},
    {"hl70292", "cvx"},
    {"http hl7 org fhir sid cvx", "cvx"},
    {"atc", "atc"},
    {"wc", "atc"},
    {"http www whocc no atc", "atc"},
    {"ucum", "ucum"},
    {"http unitsofmeasure org", "ucum"},
};

}  // namespace

std::string CodeSystemKey(std::string_view system) {
  const std::string folded = FoldText(system);
  const auto* const found = std::find_if(std::begin(kNames), std::end(kNames),
                                         [&](const Name& name) { return name.folded == folded; });
  return found == std::end(kNames) ? folded : std::string(found->key);
}

}  // namespace consilium
