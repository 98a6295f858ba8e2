// Strict, bounded reading of FHIR's JSON.
//
// ReadJsonTree is JSON alone: what an enclosing request (CDS Hooks) needs. ReadFhirJson adds what
// R4 demands of every resource: a resourceType, no empty object, array or text, null only to fill
// the places of a primitive array whose twin "_name" has something there, no control characters.
// Source: FHIR R4, "JSON representation of resources". Threads: functions without state.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <variant>

#include "gateway/fhir/issue.h"
#include "gateway/fhir/value.h"

namespace consilium {

struct FhirJsonLimits {
  std::size_t bytes_max = 16u << 20;  // a record of many years has 2 MiB; a scan in it some more
  std::size_t depth_max = 64;         // what HL7's own examples nest is below 20
  std::size_t values_max = 1u << 19;  // a value takes about 100 bytes
  std::size_t members_max = 256;      // of one object; the largest resource has about 60
};

using FhirJsonResult = std::variant<FhirValue, FhirIssue>;

// Issues (all "fatal"): "invalid" for what is not JSON, not UTF-8 or has a member twice; "too-long"
// for too many bytes; "too-costly" for what nests too deeply or has too many values.
FhirJsonResult ReadJsonTree(std::string_view bytes, const FhirJsonLimits& limits = {});

// The same and CheckFhirJson.
FhirJsonResult ReadFhirJson(std::string_view bytes, const FhirJsonLimits& limits = {});

// The first place where `resource` is not what R4 allows in any resource. An issue of code
// "structure", "value" or "required"; an empty `code` when there is none. `path` names the value.
FhirIssue CheckFhirJson(const FhirValue& resource, const std::string& path);

// The name of a resource's type, fit for a message: "" when it has none, "?" when that is no name.
std::string ResourceTypeOf(const FhirValue& resource);

// A member's name that may stand in a message: names come from outside as well.
std::string NameForPath(std::string_view name);

}  // namespace consilium
