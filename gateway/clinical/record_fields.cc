// codec.h for the structs of record.h, patient_context.h and plan.h.
#include "gateway/clinical/record_fields.h"

namespace consilium {

CONSILIUM_CODEC(FeedRecord)
CONSILIUM_CODEC(FeedMessage)
CONSILIUM_CODEC(PatientContext)
CONSILIUM_CODEC(CaseOrigin)
CONSILIUM_CODEC(DocumentState)
CONSILIUM_CODEC(AdmissionPlan)

}  // namespace consilium
