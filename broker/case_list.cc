#include "broker/case_list.h"

#include <algorithm>
#include <charconv>
#include <string_view>

#include "shared/ids.h"
#include "shared/text.h"

namespace consilium {
namespace {

bool ReadPlace(std::string_view text, std::optional<CasePlace>& place) {
  if (text.empty()) return true;
  place.emplace();
  const auto [colon, failed] =
      std::from_chars(text.data(), text.data() + text.size(), place->accepted_ms);
  const auto digits = static_cast<std::size_t>(colon - text.data());
  if (failed != std::errc() || digits == text.size() || *colon != ':') return false;
  place->id = text.substr(digits + 1);
  return place->accepted_ms >= 0 && CheckCaseId(place->id).ok();
}

std::string WritePlace(const std::optional<CasePlace>& place) {
  return place ? std::to_string(place->accepted_ms) + ":" + place->id : "";
}

std::string WriteCursor(const CasePlaces& places) {
  const bool same = std::all_of(places.begin(), places.end(),
                                [&places](const auto& place) { return place == places.front(); });
  if (same) return WritePlace(places.front());
  std::string cursor;
  for (std::size_t shard = 0; shard < places.size(); ++shard) {
    cursor += (shard == 0 ? "" : ",") + WritePlace(places[shard]);
  }
  return cursor;
}

// Sources name their kind first and then who of it: "hl7" is also "hl7 WARD|HIS", "http" also
// "http:ehr".
bool IsFrom(std::string_view source, std::string_view wanted) {
  if (!source.starts_with(wanted)) return false;
  if (wanted.empty() || source.size() == wanted.size()) return true;
  const char next = source[wanted.size()];
  const bool is_kind = wanted.find_first_of(" :") == std::string_view::npos;
  return is_kind && (next == ' ' || next == ':');
}

bool Matches(const CaseSummary& summary, const CaseListRequest& request) {
  return (!request.state || summary.state == *request.state) &&
         IsFrom(summary.source, request.source) &&
         (request.kind.empty() || summary.kind == request.kind);
}

}  // namespace

Result<CasePlaces> ReadCasePlaces(const std::string& cursor, std::size_t shards) {
  CasePlaces places;
  bool good = true;
  for (std::size_t from = 0; good && from <= cursor.size();) {
    const std::size_t comma = std::min(cursor.find(',', from), cursor.size());
    good = places.size() < shards;
    if (good) {
      good = ReadPlace(std::string_view(cursor).substr(from, comma - from), places.emplace_back());
    }
    from = comma + 1;
  }
  if (good && places.size() == 1) places.resize(shards, places.front());
  if (good && places.size() == shards) return places;
  return Invalid("after = " + Quoted(cursor) + ", expected \"\" or a cursor of an earlier reply");
}

CaseListReply MergeCases(const CaseListRequest& request, const CasePlaces& places,
                         const std::vector<std::optional<CaseSlice>>& slices) {
  CaseListReply reply;
  std::vector<std::size_t> taken(slices.size(), 0);
  std::optional<CasePlace> last;
  for (std::int64_t looked_at = 0; looked_at < request.max; ++looked_at) {
    std::optional<std::size_t> newest;
    const auto next = [&](std::size_t shard) -> const CaseSlice::Seen& {
      return slices[shard]->seen[taken[shard]];
    };
    for (std::size_t shard = 0; shard < slices.size(); ++shard) {
      if (!slices[shard] || taken[shard] == slices[shard]->seen.size()) continue;
      if (!newest || next(*newest).place < next(shard).place) newest = shard;
    }
    if (!newest) break;
    const CaseSlice::Seen& seen = next(*newest);
    ++taken[*newest];
    last = seen.place;
    if (seen.summary && Matches(*seen.summary, request)) reply.items.push_back(*seen.summary);
  }
  CasePlaces after = places;
  reply.end = true;
  for (std::size_t shard = 0; shard < slices.size(); ++shard) {
    if (!slices[shard]) {
      reply.partly = true;
      continue;
    }
    reply.end = reply.end && slices[shard]->end && taken[shard] == slices[shard]->seen.size();
    // All that it has before `last` was taken. One that stood further on, because another did not
    // answer for a while, stays there.
    if (last && (!after[shard] || *last < *after[shard])) after[shard] = last;
  }
  reply.cursor = WriteCursor(after);
  return reply;
}

}  // namespace consilium
