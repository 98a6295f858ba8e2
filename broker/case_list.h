// The lists of cases of all shards as one, newest first.
//
// Its cursor is opaque to clients: the places of the shards in their order, separated by commas, or
// one place where all stand at the same; a place is "<accepted_ms>:<case id>", "" before the newest
// case. Pure.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "shared/case_index.h"
#include "shared/messages.h"
#include "shared/result.h"

namespace consilium {

// Empty: before the newest.
using CasePlaces = std::vector<std::optional<CasePlace>>;

// kInvalid when it is no cursor of so many shards.
Result<CasePlaces> ReadCasePlaces(const std::string& cursor, std::size_t shards);

// The next `request.max` cases that the shards had after `places`, those of them that its filters
// leave. A shard without a slice did not answer: its place stays.
CaseListReply MergeCases(const CaseListRequest& request, const CasePlaces& places,
                         const std::vector<std::optional<CaseSlice>>& slices);

}  // namespace consilium
