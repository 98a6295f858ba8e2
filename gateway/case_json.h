// A case as a client of the JSON API sends it. Threads: functions without state.
#pragma once

#include <string>
#include <string_view>

#include "shared/domain.h"
#include "shared/result.h"

namespace consilium {

// One JSON object with the flat fields of `submit` (docs/protocol.md); `source` is not the client's
// to say. `id` may be absent, then it is `id_if_absent`. kInvalid names the field and what was
// expected; a field that is not known is refused, as "alergies" would be lost silently.
Result<CaseRequest> ReadCaseJson(std::string_view text, const std::string& id_if_absent);

// The id of a case that was sent without one under an Idempotency-Key (1..255 printable ASCII
// characters) by `client`: the same for the same, so that the brokers know it again.
Result<std::string> IdFromKey(std::string_view key, const std::string& client);

}  // namespace consilium
