// The structured part of a case, by which the safety rules work: a Patient of domain.h from what
// was stated. Nothing is guessed: what has no number, a unit that is not known or a value that
// cannot be is left out, with a remark. Threads: functions without state.
#pragma once

#include <cstdint>
#include <vector>

#include "gateway/clinical/record.h"
#include "shared/domain.h"
#include "shared/result.h"

namespace consilium {

// Remarks: "birth_date_unusable", "age_imprecise", "value_unusable" (eGFR, weight), and
// "pregnancy_conflict". kTooLarge: more allergies or medications than a case may have.
Result<Patient> MakePatient(const Demographics& patient, const std::vector<Fact>& facts,
                            std::int64_t now_ms, std::vector<Remark>& remarks);

// What people call it; the code where it has no name.
const std::string& NameOf(const Fact& fact);

}  // namespace consilium
