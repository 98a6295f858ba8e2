// The decision on one case: from what is recorded to the recommendation. docs/decision.md has the
// rules.
//
// The same answers and grades give the same recommendation, whatever order they arrived in, except
// for accepted_ms, decided_ms and latencies.
//
// Threads: functions without state.
// Time: `now_ms` becomes decided_ms and tells what is overdue.
#pragma once

#include <cstddef>
#include <cstdint>

#include "aggregator/council/council.h"
#include "shared/messages.h"

namespace consilium {

// Reliability below this is named as dissent: the reviewer agrees with the others hardly better
// than two grades drawn at random do.
inline constexpr double kLowReliability = 0.25;

// Never fails: a case without any usable answer gives status failed. The revision is the number of
// recommendations recorded so far plus one.
Recommendation Decide(const CaseView& view, const Council& council, std::int64_t now_ms);

// Usable answers needed to recommend: council.quorum, at most the ensemble's size, at least 1.
std::size_t Quorum(const CaseView& view, const Council& council);

// Whether `after` tells a clinician something that `before` did not: another status, another set of
// ingredients, another option, or a new safety flag of severity high or contraindicated.
bool OutcomeChanged(const Recommendation& before, const Recommendation& after);

}  // namespace consilium
