// MedicationRequest, MedicationStatement, Medication:
// https://hl7.org/fhir/R4/medicationrequest.html, medicationstatement.html, medication.html
#include <utility>

#include "gateway/fhir/resource_reader.h"

namespace consilium {
namespace {

// The resource with that id in `contained` of the resource.
const FhirValue* FindContained(const FhirValue& resource, const std::string& id) {
  const FhirValue* const contained = resource.Find("contained");
  if (contained == nullptr) return nullptr;
  for (const FhirValue& one : contained->items) {
    if (!id.empty() && one.TextOf("id") == id) return &one;
  }
  return nullptr;
}

// Code of a Medication, or the names of its ingredients where it has none.
FhirConcept ReadMedicationName(const FhirNode& medication) {
  FhirConcept named = ReadConcept(medication.Object("code"), kRxNorm);
  if (!named.text.empty()) return named;
  for (const FhirNode& ingredient : medication.Objects("ingredient")) {
    const std::string one = ReadConcept(ingredient.Object("itemCodeableConcept"), kRxNorm).text;
    if (!one.empty()) named.text += (named.text.empty() ? "" : " / ") + one;
  }
  return named;
}

std::string ReadDosages(const FhirNode& parent, const char* name) {
  std::string all;
  for (const FhirNode& dosage : parent.Objects(name)) AddPart(all, "", ReadDosage(dosage));
  return all;
}

Fact MedicationFact(const FhirConcept& named) {
  Fact fact;
  fact.kind = FactKind::kMedication;
  fact.text = named.text;
  fact.code = named.code;
  fact.system = named.system;
  return fact;
}

bool SaysNoneKnown(const FhirNode& parent) {
  constexpr std::string_view kAbsent =
      "http://hl7.org/fhir/uv/ips/CodeSystem/absent-unknown-uv-ips";
  return HasCoding(parent.Object("medicationCodeableConcept"), kAbsent, "no-known-medications");
}

bool SaysNothing(const FhirNode& parent) {
  constexpr std::string_view kAbsent =
      "http://hl7.org/fhir/uv/ips/CodeSystem/absent-unknown-uv-ips";
  return HasCoding(parent.Object("medicationCodeableConcept"), kAbsent, "no-medication-info");
}

}  // namespace

FhirConcept ReadMedicationChoice(const FhirNode& parent, const FhirContext& context) {
  const FhirNode stated = parent.Object("medicationCodeableConcept");
  if (stated) {
    FhirConcept named = ReadConcept(stated, kRxNorm);
    if (named.text.empty()) {
      context.Note("no_code", stated.path(), "states no medication");
    }
    return named;
  }
  const FhirNode member = parent.Object("medicationReference");
  if (!member) {
    parent.Missing("medication[x]");
    return {};
  }
  const FhirReference reference = ReadReference(member);
  FhirConcept named;
  if (!reference.fragment.empty()) {
    const FhirValue* const contained = FindContained(*context.entry.resource, reference.fragment);
    if (contained != nullptr && contained->TextOf("resourceType") == "Medication") {
      named = ReadMedicationName(
          FhirNode(contained, context.entry.path + ".contained", parent.issues()));
    }
  } else if (const FhirEntry* const found = context.scope.Find(reference, context.entry).entry;
             found != nullptr && found->type == "Medication") {
    named = ReadMedicationName(FhirNode(found->resource, found->path, parent.issues()));
  }
  if (named.text.empty()) named.text = reference.display;
  if (named.text.empty()) {
    context.Note("medication_unresolved", member.path(),
                 "leads to no Medication that was sent and has a name");
  }
  return named;
}

void ReadMedicationRequest(const FhirNode& request, const FhirContext& context,
                           FeedRecord& record) {
  const std::string status =
      request.Code("status", {"active", "on-hold", "cancelled", "completed", "entered-in-error",
                              "stopped", "draft", "unknown"});
  const std::string intent =
      request.Code("intent", {"proposal", "plan", "order", "original-order", "reflex-order",
                              "filler-order", "instance-order", "option"});
  if (!request.Has("status")) request.Missing("status");
  if (!request.Has("intent")) request.Missing("intent");
  const FhirConcept named = ReadMedicationChoice(request, context);
  if (named.text.empty() || status.empty() || intent.empty()) return;
  if (intent == "proposal" || intent == "plan" || intent == "option" || status == "draft") {
    context.Note("not_in_effect", request.path(),
                 status == "draft" ? "status draft: nothing that the patient takes"
                                   : "intent " + intent + ": nothing that the patient takes");
    return;
  }
  Fact fact = MedicationFact(named);
  fact.time = request.Time("authoredOn");
  const bool forbidden = request.Flag("doNotPerform").value_or(false);
  if (status == "entered-in-error") {
    fact.status = FactStatus::kWithdrawn;
  } else if (forbidden || (status != "active" && status != "unknown")) {
    fact.status = FactStatus::kInactive;
  }
  AddPart(fact.detail, "", forbidden ? "must not be given" : "");
  AddPart(fact.detail, "",
          status == "active" || status == "entered-in-error" ? ""
          : status == "unknown"                              ? "status unknown"
                                                             : status);
  AddPart(fact.detail, "because: ", ReadConcept(request.Object("statusReason")).text);
  AddPart(fact.detail, "", ReadDosages(request, "dosageInstruction"));
  AddPart(fact.detail, "for: ", ReadConceptTexts(request, "reasonCode"));
  AddPart(fact.detail, "", ReadAnnotations(request));
  record.facts.push_back(std::move(fact));
}

void ReadMedicationStatement(const FhirNode& statement, const FhirContext& context,
                             FeedRecord& record) {
  const std::string status =
      statement.Code("status", {"active", "completed", "entered-in-error", "intended", "stopped",
                                "on-hold", "unknown", "not-taken"});
  if (!statement.Has("status")) statement.Missing("status");
  const FhirConcept named = ReadMedicationChoice(statement, context);
  if (named.text.empty() || status.empty() || SaysNothing(statement)) return;
  if (status == "intended") {
    context.Note("not_in_effect", statement.path(),
                 "status intended: nothing that the patient takes yet");
    return;
  }
  Fact fact = MedicationFact(named);
  fact.time = ReadTimeChoice(statement, "effective");
  if (fact.time.empty()) fact.time = statement.Time("dateAsserted");
  if (status == "entered-in-error") {
    fact.status = FactStatus::kWithdrawn;
  } else if (status != "active" && status != "unknown") {
    fact.status = FactStatus::kInactive;
  } else if (SaysNoneKnown(statement)) {
    fact.status = FactStatus::kNoneKnown;
  }
  AddPart(fact.detail, "",
          status == "active" || status == "entered-in-error" ? ""
          : status == "unknown"                              ? "status unknown"
                                                             : status);
  AddPart(fact.detail, "because: ", ReadConceptTexts(statement, "statusReason"));
  AddPart(fact.detail, "", ReadDosages(statement, "dosage"));
  AddPart(fact.detail, "for: ", ReadConceptTexts(statement, "reasonCode"));
  AddPart(fact.detail, "", ReadAnnotations(statement));
  record.facts.push_back(std::move(fact));
}

}  // namespace consilium
