// What a case must be like to be accepted, and what is then made durable for it.
//
// Pure. A refusal names the field, the value and what was allowed, and never quotes case text.
#pragma once

#include "shared/config.h"
#include "shared/domain.h"
#include "shared/result.h"
#include "shared/store.h"

namespace consilium {

// The case as the store takes it: ensemble chosen, times filled in, digest of the whole request.
// Errors: kInvalid, or kTooLarge when the packed request is over `config.broker.case_bytes_max`.
// UTF-8 and the types of fields are the codec's matter and are right by now.
Result<NewCase> Admit(const CaseRequest& request, const Config& config, const SeatingBoard& board);

}  // namespace consilium
