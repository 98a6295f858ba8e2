// The review round: who grades which answers, and what each grader sees.
//
// Every answer goes to council.graders other models, fewer when there are not so many; never to its
// own author. Each grader gets one task with all the answers it grades, under random labels and in
// a random order of its own; both depend on the seed, the case, the round and the grader only.
// Threads: functions without state.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "aggregator/council/council.h"
#include "aggregator/council/record.h"
#include "shared/store.h"

namespace consilium {

// The tasks of the next round: for every usable answer that no task showed yet. Empty when there is
// no such answer or no other model that could grade it. Sorted by model.
std::vector<NewTask> PlanReviews(const CaseView& view, const CaseRecord& record,
                                 const Council& council, std::int64_t deadline_ms);

// All models that may answer or grade in this case: the ensemble and the pool, sorted.
std::vector<std::string> AllModels(const CaseView& view, const Council& council);

}  // namespace consilium
