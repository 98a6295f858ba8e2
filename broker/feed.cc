#include "broker/feed.h"

#include <algorithm>

#include "shared/case_record.h"
#include "shared/text.h"

namespace consilium {

Result<std::vector<std::string>> SplitCursor(const std::string& cursor, std::size_t shards) {
  if (cursor.empty() || cursor == "$") return std::vector<std::string>(shards, cursor);
  std::vector<std::string> places;
  for (std::size_t from = 0; from <= cursor.size();) {
    const std::size_t comma = std::min(cursor.find(',', from), cursor.size());
    places.push_back(cursor.substr(from, comma - from));
    from = comma + 1;
  }
  if (places.size() == shards && std::all_of(places.begin(), places.end(), IsStreamId)) {
    return places;
  }
  return Invalid("after = " + Quoted(cursor) +
                 ", expected \"\", \"$\" or a cursor of an earlier reply");
}

WatchSlice MergeFeeds(const std::vector<std::string>& after,
                      const std::vector<std::optional<WatchSlice>>& slices, std::int64_t max) {
  std::vector<std::size_t> taken(slices.size(), 0);
  WatchSlice merged;
  while (static_cast<std::int64_t>(merged.items.size()) < max) {
    std::optional<std::size_t> oldest;
    for (std::size_t shard = 0; shard < slices.size(); ++shard) {
      if (!slices[shard] || taken[shard] == slices[shard]->items.size()) continue;
      const auto next = [&](std::size_t s) { return slices[s]->entries[taken[s]]; };
      if (!oldest || StreamIdLess(next(shard), next(*oldest))) oldest = shard;
    }
    if (!oldest) break;
    const std::size_t item = taken[*oldest]++;
    merged.items.push_back(slices[*oldest]->items[item]);
    merged.entries.push_back(slices[*oldest]->entries[item]);
  }
  for (std::size_t shard = 0; shard < slices.size(); ++shard) {
    std::string place = after[shard].empty() ? "0-0" : after[shard];
    if (slices[shard]) {
      const WatchSlice& slice = *slices[shard];
      const bool all = taken[shard] == slice.items.size();
      if (all) place = slice.cursor;
      if (!all && taken[shard] > 0) place = slice.entries[taken[shard] - 1];
      // A gap stands before the first item: it is told with that one.
      merged.gap = merged.gap || (slice.gap && (all || taken[shard] > 0));
    }
    merged.cursor += (shard == 0 ? "" : ",") + place;
  }
  return merged;
}

}  // namespace consilium
