#include "gateway/fhir/subject.h"

#include <utility>

namespace consilium {
namespace {

using Found = FhirScope::Found;

FhirSubjectFound Nobody(const char* code, const FhirNode& member, std::string text) {
  return {nullptr, code, member.path(), std::move(text)};
}

bool IsSubjectRequired(const std::string& type) {
  return type == "Condition" || type == "AllergyIntolerance" || type == "Immunization" ||
         type == "MedicationRequest" || type == "MedicationStatement";
}

}  // namespace

FhirSubjectFound FindSubject(const FhirNode& resource, const FhirEntry& entry,
                             const FhirScope& scope) {
  const FhirNode member = resource.Object(SubjectMember(entry.type));
  if (!member) {
    if (IsSubjectRequired(entry.type)) resource.Missing(SubjectMember(entry.type));
    return Nobody("subject_missing", member,
                  "is not stated: the resource is left out, and nobody is guessed");
  }
  const FhirReference reference = ReadReference(member);
  FhirReference literal = reference;
  literal.system.clear();
  literal.value.clear();
  FhirReference logical;
  logical.type = reference.type.empty() ? "Patient" : reference.type;
  logical.system = reference.system;
  logical.value = reference.value;

  const FhirScope::Answer by_place = scope.Find(literal, entry);
  const FhirScope::Answer by_name = scope.Find(logical, entry);
  if (by_place.entry != nullptr && by_name.entry != nullptr && by_place.entry != by_name.entry) {
    return Nobody("subject_ambiguous", member,
                  "its reference and its identifier lead to two resources: left out");
  }
  if (by_place.found == Found::kSeveral || by_name.found == Found::kSeveral) {
    return Nobody("subject_ambiguous", member, "leads to more than one resource: left out");
  }
  // A reference that leads elsewhere is not mended by an identifier.
  const bool astray = !literal.text.empty() && logical.value.empty() && by_place.entry == nullptr;
  const FhirEntry* const found = by_place.entry != nullptr ? by_place.entry : by_name.entry;
  if (astray || found == nullptr) {
    return Nobody("subject_unresolved", member, "leads to no Patient that was sent: left out");
  }
  if (found->type != "Patient") {
    return Nobody("subject_not_patient", member, "is a " + found->type + ", no Patient: left out");
  }
  return {found, "", "", ""};
}

}  // namespace consilium
