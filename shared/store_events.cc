// What happens to cases: events and timers for the aggregators, their updates, the feed.
#include <memory>
#include <utility>

#include "shared/case_record.h"
#include "shared/chemistry_store.h"
#include "shared/codec.h"
#include "shared/ids.h"
#include "shared/log.h"
#include "shared/redis_reply.h"
#include "shared/seal.h"
#include "shared/store.h"
#include "shared/store_parts.h"
#include "shared/text.h"

namespace consilium {
namespace {

constexpr std::int64_t kSilentConsumerMs = 5000;

}  // namespace

void Store::TakeEvents(const std::string& owner, std::int64_t count, bool claim,
                       Done<std::vector<Event>> done) {
  redis_.Run("take_events", {Key("events"), Key("wanted")},
             {owner, std::to_string(count), std::to_string(claim ? kSilentConsumerMs : 0)},
             Reading<std::vector<Event>>(std::move(done), [](const RedisReply& reply) {
               std::vector<Event> events;
               for (std::size_t i = 0; i + 1 < reply.items.size(); i += 2) {
                 events.push_back({reply.items[i].text, reply.items[i + 1].text});
               }
               return Result<std::vector<Event>>(std::move(events));
             }));
}

void Store::AckEvents(const std::vector<Event>& events, Done<Nothing> done) {
  if (events.empty()) return done(Ok());
  std::vector<std::string> entries;
  entries.reserve(events.size());
  for (const Event& event : events) entries.push_back(event.entry);
  redis_.Run("ack_events", {Key("events")}, std::move(entries),
             Reading<Nothing>(std::move(done), [](const RedisReply&) { return Ok(); }));
}

void Store::Due(std::int64_t count, Done<DueTimers> done) {
  redis_.Run("due_timers", {Key("timers")}, {std::to_string(count)},
             Reading<DueTimers>(std::move(done), [](const RedisReply& reply) -> Result<DueTimers> {
               if (reply.items.size() < 2) return Unexpected("due_timers");
               DueTimers due;
               due.now_ms = ToInt(reply.items[0]);
               due.next_ms = ToInt(reply.items[1]);
               for (std::size_t i = 2; i < reply.items.size(); ++i)
                 due.cases.push_back(reply.items[i].text);
               return due;
             }));
}

void Store::PutOff(const std::string& case_id, std::int64_t timer_ms, Done<Nothing> done) {
  redis_.Send({"ZADD", Key("timers"), "XX", std::to_string(timer_ms), case_id},
              Reading<Nothing>(std::move(done), [](const RedisReply&) { return Ok(); }));
}

void Store::Apply(const CaseUpdate& update, Done<bool> done) {
  std::vector<std::string> keys = {
      CaseKey(update.case_id), Key("timers"),   Key("counters"), Key("out"),
      Key("history"),          Key("evidence"), Key("learned"),  Key("wanted")};
  std::vector<std::string> args = {
      update.case_id,
      std::to_string(update.version),
      HintChannel(),
      update.state ? kCaseStateNames[static_cast<std::size_t>(*update.state)] : "",
      update.timer_ms ? std::to_string(*update.timer_ms) : "",
      std::to_string(update.retention_ms),
      update.publish ? PackSealed(*update.publish) : "",
      update.history ? Pack(*update.history) : "",
      kFeedMax,
      update.evidence ? Pack(*update.evidence) : "",
      update.evidence ? LearnedMember(update.evidence->evidence) : "",
      update.known ? PackSealed(*update.known) : "",
      std::to_string(update.tasks.size())};
  for (const NewTask& task : update.tasks) {
    keys.push_back(LaneKey(task.task.stage, task.task.model));
    args.push_back(TaskKey(task.task));
    args.push_back(std::to_string(task.deadline_ms));
    args.push_back(task.packet ? PackSealed(*task.packet) : "");
    args.push_back(PackReviewKey(task.labels, task.authors));
  }
  redis_.Run("apply_update", std::move(keys), std::move(args),
             Reading<bool>(std::move(done), [](const RedisReply& reply) {
               return Result<bool>(reply.integer == 1);
             }));
}

void Store::Watch(const std::string& after, std::int64_t max, Done<WatchSlice> done) {
  if (after == "$") {
    redis_.Send({"XREVRANGE", Key("out"), "+", "-", "COUNT", "1"},
                Reading<WatchSlice>(std::move(done), [](const RedisReply& reply) {
                  WatchSlice slice;
                  slice.cursor = reply.items.empty() || reply.items[0].items.empty()
                                     ? "0-0"
                                     : reply.items[0].items[0].text;
                  return Result<WatchSlice>(std::move(slice));
                }));
    return;
  }
  if (!after.empty() && !IsStreamId(after)) {
    return done(Invalid("after = " + Quoted(after) +
                        ", expected \"\", \"$\" or a cursor of an earlier reply"));
  }
  // The oldest kept entry first, in the same pipeline: it shows whether the cursor fell off the
  // feed.
  auto oldest = std::make_shared<std::string>();
  redis_.Send({"XRANGE", Key("out"), "-", "+", "COUNT", "1"},
              [oldest](const Result<RedisReply>& reply) {
                if (reply && !reply->items.empty() && !reply->items[0].items.empty()) {
                  *oldest = reply->items[0].items[0].text;
                }
              });
  const std::string from = after.empty() ? "0-0" : after;
  // Before the look, so that whatever comes after it is told.
  redis_.Send({"HSETNX", Key("wanted"), "out", "1"}, [](const Result<RedisReply>&) {});
  redis_.Send(
      {"XRANGE", Key("out"), "(" + from, "+", "COUNT", std::to_string(max)},
      Reading<WatchSlice>(
          std::move(done), [from, oldest](const RedisReply& reply) -> Result<WatchSlice> {
            WatchSlice slice;
            slice.cursor = from;
            // Trimming takes whole blocks from the old end, so a cursor that is older than
            // the oldest kept entry may have missed some; one at "0-0" asked for whatever
            // is kept.
            slice.gap = from != "0-0" && !oldest->empty() && StreamIdLess(from, *oldest);
            for (const RedisReply& entry : reply.items) {
              if (entry.items.size() != 2 || entry.items[1].items.size() != 2)
                return Unexpected("watch");
              slice.cursor = entry.items[0].text;
              auto item = UnpackSealed<Recommendation>(entry.items[1].items[1].text);
              if (!item) {  // one that nobody can read must not hold up all others
                LogError("feed_damaged", {{"entry", slice.cursor}, {"text", item.error().text}});
                continue;
              }
              slice.items.push_back(std::move(*item));
              slice.entries.push_back(slice.cursor);
            }
            return slice;
          }));
}

}  // namespace consilium
