// A case from what a record says and what is joined to it. Threads: functions without state.
#pragma once

#include <cstdint>
#include <vector>

#include "gateway/clinical/patient_context.h"
#include "gateway/clinical/record.h"
#include "shared/domain.h"
#include "shared/result.h"

namespace consilium {

struct CaseText {
  Vignette vignette;
  std::vector<Remark> remarks;  // those of patient_facts.h, and "age_conflict"
};

// The text: the notes first, in their order, with their titles; then, one line each, what is coded
// beside them: reason, allergies, diagnoses, measurements (with unit and date), immunizations, and
// what was not stated. Nothing structured that names the patient is in it; the names and numbers of
// the record are taken out of notes, titles, reason and measured values (scrub.h). Nothing is cut.
// Allergies, medications, age, sex, eGFR, weight and pregnancy are in Vignette::patient; an age
// that the notes state otherwise by more than a year stands in the text beside it, undecided.
// Errors: kUnsupported (Unread::kForm, kMissing), kInvalid (neither a note nor a reason nor an
// active diagnosis), kTooLarge (Unread::kLength; patient_facts.h).
Result<CaseText> MakeVignette(const FeedRecord& record, const JoinedContext& joined,
                              std::int64_t now_ms);

}  // namespace consilium
