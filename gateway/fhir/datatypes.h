// The data types of FHIR that several resources use, as values for people and programs.
// Source: FHIR R4, datatypes and references. Threads: functions without state.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "gateway/clinical/record.h"
#include "gateway/fhir/node.h"

namespace consilium {

inline constexpr std::string_view kLoinc = "http://loinc.org";
inline constexpr std::string_view kRxNorm = "http://www.nlm.nih.gov/research/umls/rxnorm";
inline constexpr std::string_view kSnomed = "http://snomed.info/sct";
inline constexpr std::string_view kUcum = "http://unitsofmeasure.org";

struct FhirConcept {
  std::string text;  // CodeableConcept.text, else a display, else the code
  std::string code;
  std::string system;
};
// A CodeableConcept: of its codings the first of `preferred`, else the one a user chose, else the
// first that has a code.
FhirConcept ReadConcept(const FhirNode& concept_node, std::string_view preferred = {});
bool HasCoding(const FhirNode& concept_node, std::string_view system, std::string_view code);
// The code of the coding of `system` (or of none), one of `allowed`; "" when the concept is absent.
// A concept without such a code makes the issue "code-invalid".
std::string ReadStatusConcept(const FhirNode& concept_node, std::string_view system,
                              const std::vector<std::string_view>& allowed);
// The texts of an array of concepts, between ", ".
std::string ReadConceptTexts(const FhirNode& parent, const char* name);

// "<5.0 mg/dL" in its parts. `unit` is UCUM where the quantity says so.
struct FhirQuantity {
  std::string value;  // as written, with comparator
  std::string unit;
  std::optional<double> number;  // without comparator
  std::string Text() const { return unit.empty() ? value : value + " " + unit; }
};
FhirQuantity ReadQuantity(const FhirNode& quantity);

// Reference of R4: literal, logical (by identifier) or conditional ("Patient?identifier=s|v").
struct FhirReference {
  std::string text;      // as written, without version; "" = only logical or absent
  std::string base;      // of a literal one: "http://host/fhir"; "" = relative
  std::string type;      // of a literal one that is RESTful, or as stated
  std::string id;        // the same; "" = not RESTful (urn:uuid:...)
  std::string fragment;  // of "#fragment": in `contained`
  std::string system;    // of the identifier
  std::string value;
  std::string display;
  bool stated = false;

  // What names the same resource for the same sender: "Type/id", else "system|value", else the
  // text.
  std::string Key() const;
};
FhirReference ReadReference(const FhirNode& reference);
// The same of the text of Reference.reference.
FhirReference ParseReference(std::string_view text);

// `system`|`value` of an Identifier; "" when it has no value.
std::string IdentifierKey(std::string_view system, std::string_view value);
std::string ReadIdentifierKey(const FhirNode& identifier);

// Dosage for people: its text, else dose, route, timing and "as needed" as far as they are stated.
std::string ReadDosage(const FhirNode& dosage);

// name[x] of one that is a dateTime or a Period (its start): onset[x], effective[x], ...
std::string ReadTimeChoice(const FhirNode& parent, const std::string& name);

// The notes (Annotation) of a resource, between "; ".
std::string ReadAnnotations(const FhirNode& parent);

// Adds `part` to a list of parts between "; ", after `label`. Nothing for an empty part.
void AddPart(std::string& list, std::string_view label, std::string_view part);

}  // namespace consilium
