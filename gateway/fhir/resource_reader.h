// Reads one resource into what its patient's record says. Which patient that is was decided before
// (subject.h); nothing here looks at it again.
//
// A resource that is not as R4 wants it makes issues (FhirNode) and must not be used; what is right
// and not usable makes a remark. Threads: functions without state.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "gateway/clinical/record.h"
#include "gateway/fhir/datatypes.h"
#include "gateway/fhir/scope.h"

namespace consilium {

// An Encounter of the patient that is under way, or the only one; see FinishRecord.
struct FhirVisit {
  std::string id;
  std::string reason;
  bool current = false;
};

// A record in the making, and what its readers need beside it.
struct FhirDraft {
  FeedRecord record;
  std::vector<FhirVisit> visits;
  std::string visit_of_note;  // "Encounter/..." that a note says it is of
};

// What was sent beside the resource, and where remarks go.
struct FhirContext {
  const FhirScope& scope;
  const FhirEntry& entry;  // of the resource
  std::vector<Remark>& remarks;

  void Note(const char* code, std::string where, std::string text) const;
};
inline constexpr std::size_t kFhirRemarksMax = 256;
inline constexpr std::size_t kFhirNamesMax = 16;  // of one document; the first ones count

// The types that ReadResource reads, in alphabetical order, besides Patient. The last three say
// something only through the others.
const std::vector<std::string_view>& ClinicalTypes();
bool IsClinicalType(std::string_view type);
// "patient" or "subject": the member that says whom a resource of a clinical type is about. Null
// for Medication, which is about nobody.
const char* SubjectMember(std::string_view type);

// modifierExtension or implicitRules anywhere in `resource`: what they change is not known here, so
// the resource must not be processed (R4, extensibility). Makes the issue "extension" or
// "not-supported"; true when there was none.
bool CheckModifiers(const FhirNode& resource);

void ReadResource(const FhirNode& resource, const FhirContext& context, FhirDraft& draft);
// Puts what one resource said behind what others did.
void AppendDraft(FhirDraft part, FhirDraft& whole);
// Chooses the visit: that of a note, else the one under way, else the only one; never among
// several.
FeedRecord FinishRecord(FhirDraft draft);

// The readers of the types. A fact is absent when nothing usable is stated.
Demographics ReadPatient(const FhirNode& patient);
void ReadCondition(const FhirNode& condition, const FhirContext& context, FeedRecord& record);
void ReadAllergy(const FhirNode& allergy, const FhirContext& context, FeedRecord& record);
// MedicationRequest. Proposals, plans and drafts are nothing that the patient takes: a remark.
void ReadMedicationRequest(const FhirNode& request, const FhirContext& context, FeedRecord& record);
void ReadMedicationStatement(const FhirNode& statement, const FhirContext& context,
                             FeedRecord& record);
// One that was not given is a remark.
void ReadImmunization(const FhirNode& immunization, const FhirContext& context, FeedRecord& record);
void ReadObservation(const FhirNode& observation, const FhirContext& context, FeedRecord& record);
void ReadDocumentReference(const FhirNode& document, const FhirContext& context, FhirDraft& draft);
void ReadComposition(const FhirNode& composition, const FhirContext& context, FhirDraft& draft);
void ReadEncounter(const FhirNode& encounter, const FhirContext& context, FhirDraft& draft);

// medication[x] of `parent`: the concept, or that of the Medication that the reference leads to
// (contained, or in the scope), or the reference's display. Empty text: a remark says why.
FhirConcept ReadMedicationChoice(const FhirNode& parent, const FhirContext& context);

// The names of a DocumentReference or Composition, the same by whichever route it comes: "Type/id"
// where the id is of a server; as "system|value" DocumentReference.masterIdentifier,
// Composition.identifier and the identifier of the document's Bundle, which are its alone; and
// DocumentReference.identifier, which may be that of an order or a folder. One that has none of
// them is known by whatever its Bundle names it.
void NameDocument(const FhirNode& resource, const FhirEntry& entry, Note& note);
// Puts what `code` (replaces, appends, ...) does to the document referred to into the note.
void Relate(std::string_view code, const FhirReference& target, const FhirContext& context,
            Note& note);

}  // namespace consilium
