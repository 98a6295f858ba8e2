// codec.h for the structs of domain.h.
#include "shared/fields.h"

namespace consilium {

CONSILIUM_CODEC(Patient)
CONSILIUM_CODEC(Vignette)
CONSILIUM_CODEC(CaseRequest)
CONSILIUM_CODEC(Medication)
CONSILIUM_CODEC(Answer)
CONSILIUM_CODEC(Grade)
CONSILIUM_CODEC(Usage)
CONSILIUM_CODEC(Outcome)
CONSILIUM_CODEC(TaskId)
CONSILIUM_CODEC(LabelledAnswer)
CONSILIUM_CODEC(ReviewPacket)
CONSILIUM_CODEC(Candidate)
CONSILIUM_CODEC(FieldAgreement)
CONSILIUM_CODEC(SafetyFlag)
CONSILIUM_CODEC(Absence)
CONSILIUM_CODEC(ModelResult)
CONSILIUM_CODEC(Score)
CONSILIUM_CODEC(VoteWeight)
CONSILIUM_CODEC(CalibrationKnot)
CONSILIUM_CODEC(TrackRecord)
CONSILIUM_CODEC(Recommendation)
CONSILIUM_CODEC(CaseOutcome)
CONSILIUM_CODEC(OutcomeVoice)
CONSILIUM_CODEC(KnownRight)
CONSILIUM_CODEC(EvidenceAnswer)
CONSILIUM_CODEC(CaseEvidence)
CONSILIUM_CODEC(EvidenceLine)
CONSILIUM_CODEC(std::vector<std::string>)

}  // namespace consilium
