#include "broker/dead_letters.h"

#include <charconv>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "shared/case_record.h"
#include "shared/codec.h"
#include "shared/text.h"

namespace consilium {
namespace {

struct Place {
  std::size_t shard = 0;
  std::string entry;  // "" = before the first one
};

// A cursor may stand before the first entry of a shard.
std::optional<Place> PlaceOf(const Hub& hub, std::string_view id, bool cursor) {
  Place place;
  const auto [colon, failed] = std::from_chars(id.data(), id.data() + id.size(), place.shard);
  const auto length = static_cast<std::size_t>(colon - id.data());
  if (failed != std::errc() || length == id.size() || *colon != ':') return std::nullopt;
  if (place.shard >= hub.shards.size()) return std::nullopt;
  place.entry = id.substr(length + 1);
  const bool good = IsStreamId(place.entry) || (cursor && place.entry.empty());
  return good ? std::optional<Place>(place) : std::nullopt;
}

std::string IdOf(std::size_t shard, const std::string& entry) {
  return std::to_string(shard) + ":" + entry;
}

// Packed letters in one reply, beside what else is in it; one letter always goes.
constexpr std::size_t kPageBytes = 2u << 20;

// Leaves out what is too much for one reply. Whoever goes on after the last one finds it.
void CutPage(DeadListReply& page) {
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < page.items.size(); ++i) {
    bytes += Pack(page.items[i]).size();
    if (i == 0 || bytes <= kPageBytes) continue;
    page.items.resize(i);
    page.cursor = page.items.back().id;
    page.end = false;
    return;
  }
}

Error NoLetter(const char* field, const std::string& id) {
  return Invalid(std::string(field) + " = " + Quoted(id) +
                 ", expected the id of a dead letter, e.g. 0:1764254400000-0");
}

// Does `step(place, its number, done)` for each of `ids` and `end` when all are done; or tells an
// error.
template <class T, class Reply, class Step, class Add>
void ForEach(Hub& hub, const std::vector<std::string>& ids, Store::Done<Reply> done, Step step,
             Add add) {
  std::vector<Place> places;
  for (const std::string& id : ids) {
    auto place = PlaceOf(hub, id, /*cursor=*/false);
    if (!place) return done(NoLetter("ids", id));
    // Before anything is done; also one that is up may belong to another place or cluster.
    const Shard& shard = hub.shards[place->shard];
    if (!shard.answering()) return done(Error{ErrorCode::kUnavailable, hub.NotAnswering(shard)});
    places.push_back(std::move(*place));
  }
  if (places.empty()) return done(Reply{});
  struct Progress {
    std::vector<T> parts;
    std::size_t left = 0;
    std::optional<Error> error;
    Store::Done<Reply> done;
  };
  auto progress = std::make_shared<Progress>();
  progress->parts.resize(places.size());
  progress->left = places.size();
  progress->done = std::move(done);
  for (std::size_t i = 0; i < places.size(); ++i) {
    step(places[i], [&hub, progress, i, shard = places[i].shard, add](Result<T> part) {
      if (part) {
        progress->parts[i] = std::move(*part);
      } else {
        progress->error = hub.Named(hub.shards[shard], part.error());
      }
      if (--progress->left > 0) return;
      if (progress->error) return progress->done(*progress->error);
      Reply reply;
      for (T& one : progress->parts) add(reply, one);
      progress->done(std::move(reply));
    });
  }
}

}  // namespace

void ListDead(Hub& hub, const DeadListRequest& request, const Store::Done<DeadListReply>& done) {
  const bool one = !request.id.empty();
  const std::string& from = one ? request.id : request.after;
  std::optional<Place> place = Place{};
  if (!from.empty()) place = PlaceOf(hub, from, !one);
  if (!place) return done(NoLetter(one ? "id" : "after", from));
  DeadListRequest there = request;
  (one ? there.id : there.after) = place->entry;
  const std::size_t shard = place->shard;
  if (!hub.shards[shard].answering()) {
    return done(Error{ErrorCode::kUnavailable, hub.NotAnswering(hub.shards[shard])});
  }
  const bool last = one || shard + 1 == hub.shards.size();
  hub.shards[shard].dead().List(there, [&hub, shard, last, done](Result<DeadListReply> list) {
    if (!list) return done(hub.Named(hub.shards[shard], list.error()));
    for (DeadLetter& letter : list->items) letter.id = IdOf(shard, letter.id);
    list->cursor = IdOf(shard, list->cursor);
    if (list->end && !last) {
      list->end = false;
      list->cursor = IdOf(shard + 1, "");
    }
    CutPage(*list);
    done(std::move(list));
  });
}

void RequeueDead(Hub& hub, const DeadRequeueRequest& request, Store::Done<DeadRequeueReply> done) {
  ForEach<RequeuedLetter>(
      hub, request.ids, std::move(done),
      [&hub](const Place& place, const auto& ended) {
        hub.shards[place.shard].dead().Requeue(
            place.entry, [ended, shard = place.shard](Result<RequeuedLetter> letter) {
              if (letter) letter->id = IdOf(shard, letter->id);
              ended(std::move(letter));
            });
      },
      [](DeadRequeueReply& reply, RequeuedLetter& letter) {
        reply.items.push_back(std::move(letter));
      });
}

void PurgeDead(Hub& hub, const DeadPurgeRequest& request, Store::Done<DeadPurgeReply> done) {
  ForEach<std::int64_t>(
      hub, request.ids, std::move(done),
      [&hub](const Place& place, const auto& ended) {
        hub.shards[place.shard].dead().Purge(place.entry, ended);
      },
      [](DeadPurgeReply& reply, std::int64_t& purged) { reply.purged += purged; });
}

}  // namespace consilium
