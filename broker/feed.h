// The feeds of recommendations of all shards as one feed.
//
// Its cursor is opaque to clients: the cursors of the shards in their order, separated by commas,
// so with one shard it is that shard's. Order is kept within a shard, which is where the revisions
// of a case are; between shards it is roughly that of time. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "shared/result.h"
#include "shared/store.h"

namespace consilium {

// "" (from the start) and "$" (from the end) mean so in every shard. kInvalid when it is no cursor
// of so many shards.
Result<std::vector<std::string>> SplitCursor(const std::string& cursor, std::size_t shards);

// At most `max` items of what the shards had after their cursors, the oldest first. A shard without
// a slice did not answer: its cursor stays, and what it has comes later.
WatchSlice MergeFeeds(const std::vector<std::string>& after,
                      const std::vector<std::optional<WatchSlice>>& slices, std::int64_t max);

}  // namespace consilium
