// What is kept of the documents of a case once it is known which case that is.
// Threads: functions without state.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "gateway/clinical/document_plan.h"

namespace consilium {

// Of what was refused no more is kept than a case may hold: the longest texts go (Unread::kLength).
void BoundNotes(std::vector<Note>& notes, std::size_t bytes_max);

// The states of the documents of a case, and of those that it stands in the place of, into
// `documents.states`. `keys`: of its patient; `case_id` "" = it was refused.
void KeepDocuments(const FeedMessage& message, const std::vector<std::string>& keys,
                   const PlanLookup& lookup, const std::string& case_id, const std::string& digest,
                   DocumentPlan& documents);

}  // namespace consilium
