// Immunization: https://hl7.org/fhir/R4/immunization.html
#include <utility>

#include "gateway/fhir/resource_reader.h"

namespace consilium {

void ReadImmunization(const FhirNode& immunization, const FhirContext& context,
                      FeedRecord& record) {
  constexpr std::string_view kCvx = "http://hl7.org/fhir/sid/cvx";
  const std::string status =
      immunization.Code("status", {"completed", "entered-in-error", "not-done"});
  for (const char* name : {"status", "vaccineCode"}) {
    if (!immunization.Has(name)) immunization.Missing(name);
  }
  const FhirNode code = immunization.Object("vaccineCode");
  const FhirConcept named = ReadConcept(code, kCvx);
  Fact fact;
  fact.kind = FactKind::kImmunization;
  fact.text = named.text;
  fact.code = named.code;
  fact.system = named.system;
  fact.time = ReadTimeChoice(immunization, "occurrence");
  if (fact.text.empty()) {
    context.Note("no_code", immunization.PathOf("vaccineCode"), "states no vaccine");
    return;
  }
  if (status == "not-done" || HasCoding(code, kCvx, "998")) {  // CVX: none given
    context.Note("not_given", immunization.path(), "refused or not given: no fact");
    return;
  }
  if (status == "entered-in-error") fact.status = FactStatus::kWithdrawn;
  const std::string dose = ReadQuantity(immunization.Object("doseQuantity")).Text();
  if (!dose.empty()) fact.detail = "given " + dose;
  const std::string route = ReadConcept(immunization.Object("route")).text;
  if (!route.empty()) fact.detail += (fact.detail.empty() ? "" : ", ") + route;
  AddPart(fact.detail, "", immunization.Flag("isSubpotent").value_or(false) ? "subpotent" : "");
  AddPart(fact.detail, "", ReadAnnotations(immunization));
  record.facts.push_back(std::move(fact));
}

}  // namespace consilium
