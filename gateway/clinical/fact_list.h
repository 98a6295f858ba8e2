// A list of facts as it changes by further statements. Threads: functions without state.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "gateway/clinical/patient_context.h"

namespace consilium {

// Whether two statements are about one thing: the same kind and, where both are coded in one
// system, the same code, else the same text (folded); and the same instance. Immunizations also
// need the same time.
bool SameThing(const Fact& a, const Fact& b);

// Applies a statement: it replaces what was stated about the same thing; kWithdrawn and kInactive
// remove it; of two measurements the one with the later time stays. "There is none" removes what is
// stated of that kind, except allergies: those stay beside it until they are withdrawn one by one
// (a default "NKDA" of a form must not hide one), and a statement of one ends "there is none".
// `remarks` gets "fact_contradiction" where a statement and "there is none" met.
void ApplyFact(std::vector<SeenFact>& facts, const Fact& fact, std::int64_t seen_ms,
               std::vector<Remark>& remarks);

}  // namespace consilium
