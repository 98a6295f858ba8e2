// What everything that Consilium says in FHIR has in common: ids, references, labels, clean text.
//
// Included by .cc files only: it needs nlohmann/json. Threads: functions without state.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>

#include "gateway/fhir/write_result.h"

namespace consilium {

using FhirJson = nlohmann::ordered_json;

// Fit for a string of FHIR: UTF-8, no control characters but tab and line ends, trimmed, at most
// 64 KiB. "" = leave the member out: FHIR has no empty texts.
std::string FhirText(std::string_view text);
// Sets object[name] to the text; nothing when that is empty.
void SetText(FhirJson& object, const char* name, std::string_view text);

// "2026-11-28T10:15:00.123Z" of Unix milliseconds.
std::string FhirInstant(std::int64_t unix_ms);

// {"text": text}
FhirJson ConceptOfText(std::string_view text);
FhirJson ConceptOf(const char* system, const char* code, std::string_view text);

// The same for the same words, on every machine and forever: a UUID (version 8) of their SHA-256.
std::string DerivedId(std::string_view case_id, std::int64_t revision, std::string_view what);

// A resource of ours with its type, id, and the label AIAST: asserted by an AI.
// Source: v3-ObservationValue; HL7, AI Transparency on FHIR.
FhirJson LabelledResource(const char* type, const std::string& id);

// A FHIR id: 1..64 letters, digits, '-' and '.'.
bool IsFhirId(std::string_view id);
// Where a resource is that can be had only within its Bundle.
std::string UrnOf(const std::string& id);
FhirJson ReferenceTo(const std::string& url);

// The patient as a reference: by place and identifier, else by the case in words. A urn:uuid of the
// Bundle that was sent is no place here: it is the identifier where there is no other.
FhirJson PatientReference(const FhirSubject& subject, std::string_view case_id);

}  // namespace consilium
