#include "broker/watch_desk.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "broker/feed.h"
#include "shared/codec.h"
#include "shared/limits.h"

namespace consilium {
namespace {

constexpr std::int64_t kWatchWaitMaxMs = 60000;

}  // namespace

WatchDesk::WatchDesk(ClientCalls& calls, Hub& hub)
    : calls_(calls), hub_(hub), watchers_(kWatchesMax) {}

void WatchDesk::OnWatch(const Caller& to, const WatchRequest& request) {
  for (const Status& status :
       {CheckInteger("wait_ms", request.wait_ms, 0, kWatchWaitMaxMs),
        CheckInteger("max", request.max, 1, static_cast<std::int64_t>(limits::kWatchBatchMax))}) {
    if (!status) return calls_.Fail(to, status.error());
  }
  if (!calls_.AdmitsToAll(to, hub_.NoneAnswers(), kAskAgain)) return;
  const std::uint64_t asked_at = watchers_.hints();
  ReadFeed(request.after, request.max,
           [this, to, request, asked_at, releases = releases_](const Result<WatchSlice>& slice) {
             calls_.LeaveAll();
             // Where the feed ends is no news of anybody.
             if (releases != releases_ && request.after != "$") {
               return calls_.Reply(to, WatchReply{{}, request.after, false});
             }
             if (!slice) {
               Error error = slice.error();
               if (error.code == ErrorCode::kUnavailable) error.text += kAskAgain;
               return calls_.Fail(to, error);
             }
             const bool now = !slice->items.empty() || slice->gap || request.wait_ms == 0 ||
                              request.after == "$" || hub_.stopping;
             if (now) return Serve({to}, request.after, *slice);
             ParkedWatch watch{to.peer, to.request, slice->cursor, request.max,
                               hub_.now + milliseconds(request.wait_ms)};
             if (watchers_.Park(std::move(watch), asked_at, hub_.now)) return;
             calls_.Fail(to,
                         {ErrorCode::kQueueFull,
                          std::to_string(kWatchesMax) + " watches wait at this broker, its limit"});
           });
}

void WatchDesk::ReadFeed(const std::string& after, std::int64_t max, Store::Done<WatchSlice> done) {
  const auto places = SplitCursor(after, hub_.shards.size());
  if (!places) return done(places.error());
  const auto ask = [places = *places, max](Shard& shard, const Store::Done<WatchSlice>& hear) {
    shard.store().Watch(places[shard.number()], max, hear);
  };
  const auto merge = [places = *places, max, done = std::move(done),
                      from_end = after == "$"](const std::vector<Result<WatchSlice>>& said) {
    std::vector<std::optional<WatchSlice>> slices;
    bool any = false;
    for (const Result<WatchSlice>& slice : said) {
      // Where the feed of a shard ends is not known without it; anything else comes later.
      const bool needed = from_end || slice.ok() || slice.error().code != ErrorCode::kUnavailable;
      if (!slice && needed) return done(slice.error());
      any = any || slice.ok();
      slices.push_back(slice ? std::make_optional(*slice) : std::nullopt);
    }
    if (!any) return done(said.front().error());
    done(MergeFeeds(places, slices, max));
  };
  calls_.AskAll<WatchSlice>(ask, merge);
}

void WatchDesk::Ask(const Watchers::Question& question) {
  ReadFeed(question.after, question.max, [this, question](const Result<WatchSlice>& slice) {
    const bool found = slice && (!slice->items.empty() || slice->gap);
    std::vector<Caller> callers;
    for (ParkedWatch& watch : watchers_.Answered(question, found, hub_.now)) {
      callers.push_back({std::move(watch.peer), std::move(watch.request)});
    }
    if (!callers.empty()) Serve(callers, question.after, *slice);
  });
}

void WatchDesk::Serve(const std::vector<Caller>& callers, const std::string& after,
                      const WatchSlice& slice) {
  Frame frame = MakeFrame(WatchReply{slice.items, slice.cursor, slice.gap});
  if (frame.body.size() <= limits::kMessageBytesMax || slice.items.size() <= 1) {
    for (const Caller& caller : callers) {
      frame.request = caller.request;
      calls_.Send(caller, frame);
    }
    return;
  }
  const auto half = static_cast<std::int64_t>(slice.items.size() / 2);
  ReadFeed(after, half,
           [this, callers, after, releases = releases_](const Result<WatchSlice>& smaller) {
             if (smaller && releases == releases_) return Serve(callers, after, *smaller);
             if (smaller) {
               for (const Caller& caller : callers)
                 calls_.Reply(caller, WatchReply{{}, after, false});
               return;
             }
             for (const Caller& caller : callers) calls_.Fail(caller, smaller.error());
           });
}

void WatchDesk::ReleaseWatches() {
  ++releases_;
  for (const ParkedWatch& watch : watchers_.TakeAll()) {
    calls_.Reply({watch.peer, watch.request}, WatchReply{{}, watch.after, false});
  }
}

TimePoint WatchDesk::Tick() {
  for (const ParkedWatch& watch : watchers_.TakeExpired(hub_.now)) {
    const Caller to{watch.peer, watch.request};
    if (const std::string why = hub_.NoneAnswers(); !why.empty()) {
      calls_.Fail(to, {ErrorCode::kUnavailable, why + kAskAgain});
    } else {
      calls_.Reply(to, WatchReply{{}, watch.after, false});
    }
  }
  if (!hub_.AnyAnswering()) return watchers_.next_expiry();
  for (const Watchers::Question& question : watchers_.TakeDue(hub_.now)) Ask(question);
  return watchers_.next();
}

}  // namespace consilium
