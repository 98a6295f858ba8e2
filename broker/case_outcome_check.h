// What an outcome of a case must be like to be recorded. Pure.
#pragma once

#include "shared/messages.h"
#include "shared/result.h"

namespace consilium {

// Before anything is asked of Redis. Errors: kInvalid, naming field, value and what was allowed.
Status CheckCaseOutcome(const CaseOutcomeRequest& request);

// The outcome as it is recorded, about the revision that is meant. Errors: kConflict for a case
// without a recommendation; kInvalid for a revision that is not there, and for a verdict on a
// recommendation that recommended nothing.
Result<CaseOutcome> AdmitOutcome(const CaseOutcomeRequest& request, const CaseView& view);

}  // namespace consilium
