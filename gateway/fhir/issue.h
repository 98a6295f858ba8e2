// What is wrong with FHIR that came in, in the words of an OperationOutcome.
// Source: FHIR R4, value sets issue-severity and issue-type. Threads: plain data.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace consilium {

struct FhirIssue {
  std::string severity;    // "fatal" (not read at all), "error" (refused), "warning", "information"
  std::string code;        // issue-type: "invalid", "structure", "required", "value", ...
  std::string expression;  // where, like FHIRPath: "Bundle.entry[3].resource.birthDate"; "" = all
  std::string diagnostics;  // the thing and what was allowed; never patient text

  friend bool operator==(const FhirIssue&, const FhirIssue&) = default;
};

// A sender learns from the first ones; a file full of mistakes does not fill the memory.
inline constexpr std::size_t kFhirIssuesMax = 64;

}  // namespace consilium
