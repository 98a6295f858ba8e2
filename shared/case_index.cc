#include "shared/case_index.h"

#include <utility>

#include "shared/case_record.h"
#include "shared/redis_reply.h"
#include "store_scripts.h"

namespace consilium {
namespace {

constexpr std::size_t kExpiredItems = 2;
constexpr std::size_t kKeptItems = 8;

Result<CaseSlice::Seen> ReadSeen(const RedisReply& item) {
  if (item.items.size() != kExpiredItems && item.items.size() != kKeptItems) {
    return Unexpected("list_cases");
  }
  CaseSlice::Seen seen;
  seen.place = {ToInt(item.items[1]), item.items[0].text};
  if (item.items.size() == kExpiredItems) return seen;
  CaseSummary& summary = seen.summary.emplace();
  summary.id = seen.place.id;
  summary.accepted_ms = seen.place.accepted_ms;
  summary.deadline_ms = ToInt(item.items[2]);
  summary.state = CaseStateFromName(item.items[3].text).value_or(CaseState::kFailed);
  summary.source = item.items[4].text;
  summary.kind = item.items[5].text;
  summary.strategy = item.items[6].text;
  summary.revision = ToInt(item.items[7]);
  return seen;
}

}  // namespace

CaseIndex::CaseIndex(RedisConnection& redis, std::size_t shard)
    : redis_(redis), prefix_(ShardPrefix(shard)) {}

std::vector<RedisScript> CaseIndex::Scripts() { return {{"list_cases", kListCasesScript}}; }

void CaseIndex::List(const std::optional<CasePlace>& place, std::int64_t max,
                     Store::Done<CaseSlice> done) {
  redis_.Run(
      "list_cases", {prefix_ + "index"},
      {prefix_ + "case:", std::to_string(max), place ? std::to_string(place->accepted_ms) : "",
       place ? place->id : ""},
      Reading<CaseSlice>(std::move(done), [max](const RedisReply& reply) -> Result<CaseSlice> {
        CaseSlice slice;
        for (const RedisReply& item : reply.items) {
          auto seen = ReadSeen(item);
          if (!seen) return seen.error();
          slice.seen.push_back(std::move(*seen));
        }
        slice.end = static_cast<std::int64_t>(slice.seen.size()) < max;
        return slice;
      }));
}

}  // namespace consilium
