// Reads what is about to be ordered. Threads: a function without state.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "gateway/clinical/record.h"
#include "gateway/fhir/value.h"
#include "gateway/hooks/draft_order.h"

namespace consilium {

// The MedicationRequests of a Bundle of draft orders that are about `patient` (at `base`, where a
// reference is absolute) and are not cancelled. `selections`: references or ids of those just
// selected; null: all are. At most kDraftOrdersMax; other orders are not read.
std::vector<DraftOrder> ReadDraftOrders(const FhirValue& bundle,
                                        const std::vector<std::string>* selections,
                                        std::string_view patient, std::string_view base,
                                        std::vector<Remark>& remarks);

}  // namespace consilium
