// OperationOutcome: what was wrong, or what is worth knowing, as FHIR says it.
// Source: FHIR R4, operationoutcome.html. Threads: functions without state.
#pragma once

#include <string>
#include <vector>

#include "gateway/clinical/record.h"
#include "gateway/fhir/issue.h"
#include "shared/result.h"

namespace consilium {

// JSON of an OperationOutcome; one issue "informational" when there are none. Remarks become
// warnings with code "informational" and their own code in details.
std::string WriteOutcome(const std::vector<FhirIssue>& issues,
                         const std::vector<Remark>& remarks = {});
// The issue that an error of ours is.
FhirIssue IssueOf(const Error& error);

}  // namespace consilium
